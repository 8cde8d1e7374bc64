package train

import (
	"math"
	"slices"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// withShapes gives the tab on the sample of shapes.
func withShapes(t *testing.T) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.New(t, "en", true, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("shapes", data.Classification)
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	return h, p
}

func TestASolverBringsItsRate(t *testing.T) {
	_, p := withShapes(t)
	usual := p.config.Rate
	for _, s := range train.Solvers() {
		p.form.change(func(c *train.Config) { *c = c.WithSolver(s.Name, p.form.usualRate()) })
		want := usual
		if s.Rate > 0 {
			want = s.Rate
		}
		if p.config.Solver != s.Name || p.config.Rate != want || p.form.rate.Field.Text != widgets.FormatNumber(want) {
			t.Errorf("%s: the rate is %g, shown as %s, not %g", s.Name, p.config.Rate, p.form.rate.Field.Text, want)
		}
	}
}

func TestAugmentationIsShown(t *testing.T) {
	h, p := withShapes(t)
	p.form.augment = true
	p.form.build()
	h.Until("samples", func(*session.State) bool { return p.form.samples.Data().Cells == samplesShown })
	same := func() int {
		d, n := p.form.samples.Data(), 0
		size := len(d.Values) / d.Cells
		for i := range d.Cells {
			if slices.Equal(d.Values[i*size:(i+1)*size], d.Values[:size]) {
				n++
			}
		}
		return n
	}
	if n := same(); n != samplesShown {
		t.Errorf("without augmentation %d of %d pictures are the image", n, samplesShown)
	}
	before := p.form.sampled
	p.form.change(func(c *train.Config) { c.Augment = data.Augmentation{Shift: 9, Rotate: 40} })
	h.Until("other samples", func(*session.State) bool { return p.form.sampled != before && same() == 1 })
	h.Golden("augmentation")
}

func TestSmallerSamplesStandInTheMiddle(t *testing.T) {
	s := sheetOf([]data.Pixels{{W: 4, H: 4, C: 1, Pix: make([]byte, 16)}, {W: 2, H: 2, C: 1, Pix: []byte{9, 9, 9, 9}}})
	want := []float32{0, 0, 0, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 0, 0, 0}
	if s.Cells != 2 || !slices.Equal(s.Values[16:], want) {
		t.Errorf("%+v", s)
	}
}

// A run starts from another one's weights with frozen layers; the two are compared; settings are taken over.
func TestStartCompareAndTakeOver(t *testing.T) {
	h, p := withShapes(t)
	p.form.change(func(c *train.Config) { c.Epochs = 1 })
	p.train()
	h.Until("the first run", func(s *session.State) bool {
		return s.Training == nil && s.ChosenRun() != nil && s.ChosenRun().Info.State == train.Finished
	})
	first := *h.State().ChosenRun()
	p.Update(h.State())
	p.form.start = true
	p.form.build()
	layers := nn.Trainable(h.State().ChosenNetwork().Spec)
	p.form.change(func(c *train.Config) { c.Weights, c.Freeze = first.Folder, layers[:1] })
	if p.form.startedFrom() != first.Name {
		t.Errorf("the form says it starts from %q", p.form.startedFrom())
	}
	p.train()
	h.Until("the second run", func(s *session.State) bool {
		return s.Training == nil && s.Run != first.Name && s.ChosenRun() != nil && s.ChosenRun().Info.State == train.Finished
	})
	events, err := train.ReadEvents(h.State().ChosenRun().Folder)
	if err != nil || !slices.ContainsFunc(events, func(e train.Event) bool { _, ok := e.(train.Transferred); return ok }) {
		t.Errorf("the second run did not start from weights: %v", err)
	}
	p.Update(h.State())
	p.Compare(first.Name)
	h.Until("the curves of both", func(*session.State) bool { return len(p.others()) == 1 })
	p.draw(true)
	series := p.curves.plot.Data().Series
	if len(series) != 8 || series[1].Name != first.Name+" · "+p.text("val-loss") || len(series[1].Points) != 1 {
		t.Errorf("the plot has %d lines: %+v", len(series), series[1])
	}
	p.Compare("")
	if n := len(p.curves.plot.Data().Series); n != 5 {
		t.Errorf("with nothing laid over the plot has %d lines", n)
	}
	h.Answer = "x"
	p.extend(first)
	if len(h.Faults) != 1 {
		t.Errorf("x epochs more: %v", h.Faults)
	}
	h.Faults, h.Answer = nil, "2"
	p.extend(first)
	h.Until("two epochs more", func(s *session.State) bool { return s.Training == nil && len(s.Curves[first.Name].Epochs) == 3 })
	p.takeSettings(first.Info.Spec.Name, first.Info.Config)
	if p.config.Weights != "" || p.config.Epochs != 1 {
		t.Errorf("the settings that were taken over: %+v", p.config)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestFindRateInTheWindow(t *testing.T) {
	h, p := withShapes(t)
	p.form.findRate()
	if p.finding == "" {
		t.Error("it does not say that rates are tried")
	}
	p.form.findRate() // a second click breaks it off
	if p.finding != "" {
		t.Error("it says that rates are tried still")
	}
	p.form.findRate()
	p.form.build() // whatever is changed meanwhile
	h.Until("a rate", func(*session.State) bool { return p.finding == "" })
	if len(h.Faults) > 0 || h.Dialogs != 1 {
		t.Errorf("%d windows that suggest a rate, %v", h.Dialogs, h.Faults)
	}
}

func TestLayersOfAHistory(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	c := &session.Curve{PerEpoch: 10, Loss: []session.Point{{X: .1, Y: 2}, {X: .2, Y: 1}, {X: .3, Y: math.NaN()}}, Rate: []session.Point{{X: .1, Y: .5}, {X: .25, Y: .1}}}
	steps := p.history(c).Steps
	if len(steps) != 3 || steps[1].Rate != .5 || steps[2].Rate != .1 || steps[1].Loss != 1 {
		t.Errorf("%+v", steps)
	}
}

// Three seeds are trained one after the other and laid over as a band; stopping one holds those that wait.
func TestSeeds(t *testing.T) {
	h, p := withShapes(t)
	p.form.advanced = true
	p.form.build()
	p.form.change(func(c *train.Config) { c.Epochs = 2 })
	p.sweep.seeds = 3
	p.train()
	waited := 0
	h.Until("three runs", func(s *session.State) bool {
		waited = max(waited, len(s.Waiting))
		return s.Training == nil && len(s.Waiting) == 0 && len(s.Runs) == 3 && !slices.ContainsFunc(s.Runs, func(r session.Run) bool { return r.Info.State != train.Finished })
	})
	if waited != 2 {
		t.Errorf("%d runs waited", waited)
	}
	p.Update(h.State())
	if got := p.siblings(); len(got) != 3 {
		t.Fatalf("%d seeds of one run", len(got))
	}
	p.Compare(allSeeds)
	h.Until("all curves", func(*session.State) bool { return len(p.others()) == 3 })
	p.draw(true)
	series := p.curves.plot.Data().Series
	if len(series) != 9 {
		t.Fatalf("%d lines", len(series))
	}
	least, most, mean := series[0].Lower, series[0].Points, series[2].Points
	for i := range mean {
		if len(mean) != 2 || !(least[i].Y <= mean[i].Y && mean[i].Y <= most[i].Y && least[i].Y < most[i].Y) {
			t.Errorf("epoch %d: %g to %g, mean %g", i+1, least[i].Y, most[i].Y, mean[i].Y)
		}
	}
	p.sweep.seeds, p.sweep.rates = 2, []float64{.5, p.config.Rate, .001}
	if list := p.configs(); len(list) != 6 || list[2].Rate != .5 || list[5].Rate != .001 || list[5].Seed != p.config.Seed+1 {
		t.Errorf("%d runs: %+v", len(list), list)
	}
	p.sweep.rates, p.sweep.batches = nil, []float64{32}
	if list := p.configs(); len(list) != 4 || list[1].Batch != p.config.Batch || list[2].Batch != 32 {
		t.Errorf("%d runs: %+v", len(list), list)
	}
	p.sweep.batches = nil
	p.form.change(func(c *train.Config) { c.Epochs = 200 })
	p.train()
	h.Until("a start", func(s *session.State) bool {
		return s.Training != nil && s.Training.Iteration > 1 && len(s.Waiting) == 1
	})
	h.Session().Stop(h.State().Training.Run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil && len(s.Waiting) == 1 })
	if n := len(h.State().Runs); n != 4 {
		t.Errorf("%d runs after a stop", n)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestParseRates(t *testing.T) {
	if rates, ok := parseRates("0.01, .1"); !ok || !slices.Equal(rates, []float64{.01, .1}) {
		t.Errorf("%v, %t", rates, ok)
	}
	if rates, ok := parseRates("  "); !ok || len(rates) != 0 {
		t.Errorf("%v, %t", rates, ok)
	}
	for _, wrong := range []string{"x", "0", "-1", ".1, .1", "1e9", ".1,"} {
		if rates, ok := parseRates(wrong); ok {
			t.Errorf("%q is read as %v", wrong, rates)
		}
	}
}

// Where there is more than the processor to train on, the choice is in sight; what is found or chosen later is shown then.
func TestTheChoiceOfADevice(t *testing.T) {
	h, p := withShapes(t)
	with := func(devices ...session.Device) {
		s := *h.Session().State()
		s.Devices = append([]session.Device{{Kind: "auto", Measured: true}, {Kind: "cpu"}}, devices...)
		p.Update(&s)
	}
	with()
	rows := len(p.form.body.Objects)
	with(session.Device{Kind: "gpu", Name: "GPU · X"})
	if got := len(p.form.body.Objects); got != rows+1 {
		t.Errorf("with an adapter the form has %d rows, without %d", got, rows)
	}
	p.form.advanced = true
	p.form.build()
	rows = len(p.form.body.Objects)
	with()
	if got := len(p.form.body.Objects); got != rows {
		t.Errorf("with the further settings there are %d rows with an adapter and %d without", rows, got)
	}
}
