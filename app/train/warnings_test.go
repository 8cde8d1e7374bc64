package train

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// entry returns the field of a setting.
func (f *form) entry(key string) *widgets.Entry {
	i := slices.IndexFunc(f.fields, func(t *field) bool { return t.key == key })
	if i < 0 {
		return nil
	}
	return f.fields[i].entry
}

// said returns all that the curves say.
func said(p *Page) string {
	text := ""
	for _, r := range p.remarks() {
		text += r.text + "\n"
	}
	return text
}

func TestTrainRefusesWrongSettings(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		h := pagetest.New(t, language, false, New)
		p := h.Page().(*Page)
		h.Session().ImportSample("shapes", data.Classification)
		h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
		for key, text := range map[string]string{"epochs": "abc", "batch": "0", "rate": "5000"} {
			p.form.entry(key).Field.SetText(text)
		}
		h.Golden("wrong-" + language)
		p.train()
		if len(h.Faults) != 1 || fault.Code(h.Faults[0]) != "training.settings" || h.State().Training != nil {
			t.Fatalf("wrong settings: %v", h.Faults)
		}
		for _, key := range []string{"epochs", "batch", "rate"} {
			if name := h.Text("train.field." + key); !strings.Contains(h.FaultText(h.Faults[0]), name) {
				t.Errorf("it does not say that %s is wrong: %s", name, h.FaultText(h.Faults[0]))
			}
		}
		if f := h.Window().Canvas().Focused(); f != p.form.entry("epochs").Field {
			t.Errorf("the cursor is in %v", f)
		}
		for key, text := range map[string]string{"epochs": "1,000", "batch": "16", "rate": "0.01"} {
			p.form.entry(key).Field.SetText(text)
		}
		if err := p.form.refusal(); err != nil || p.config.Epochs != 1000 || p.config.Batch != 16 || p.config.Rate != .01 {
			t.Errorf("right settings: %v, %+v", err, p.config)
		}
	}
}

func TestWhatIsWrongStaysInSight(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	fold := func() {
		p.form.advanced = !p.form.advanced
		p.form.build()
	}
	fold()
	p.form.entry("epochs").Field.SetText("x")
	fold()
	if e := p.form.entry("epochs"); e.Field.Text != "x" || !e.Wrong() {
		t.Errorf("folding makes %q of what was typed", e.Field.Text)
	}
	p.form.change(func(c *train.Config) { c.Policy, c.Gamma, c.Step, c.Power = "multistep", 0, nil, 0 })
	steps := p.form.entry("step")
	if steps == nil || p.form.entry("power") != nil {
		t.Fatal("another policy has not its own parameters")
	}
	for _, wrong := range []string{"", "x", "0", "50, 150"} {
		if steps.Field.SetText(wrong); !steps.Wrong() || p.form.refusal() == nil {
			t.Errorf("steps at %q are taken", wrong)
		}
	}
	steps.Field.SetText("50, 85")
	if steps.Wrong() || !slices.Equal(p.config.Step, []float64{50, 85}) {
		t.Errorf("the steps are %v", p.config.Step)
	}
}

// Nothing measured by one run is told of another, and nothing of a run that ended as if it went on.
func TestWhatIsSaidBelongsToTheRun(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("shapes", data.Classification) // three classes, the run has ten
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	s := synthetic(t, h.State(), epochs([]float64{2, 1.2, 1.1}, []float64{2, 1.2, 1.1}))
	p.Update(s)
	if text := said(p); strings.Contains(text, "hardly learns") || !strings.Contains(text, "learned well") {
		t.Errorf("a loss of 1.1 is chance level among three classes, not among ten: %q", text)
	}
	s = synthetic(t, h.State(), epochs([]float64{.4, .2, .1}, []float64{.3, .15, .16}))
	p.Update(s)
	if text, row := said(p), percent(s.Runs[0].Info.Best); row != "95.0 %" || !strings.Contains(text, row) || !strings.Contains(p.curves.plot.Data().Marks[0].Text, row) {
		t.Errorf("the best is %s in the table, but %q in words and %q in the plot", row, text, p.curves.plot.Data().Marks[0].Text)
	}

	for _, c := range []struct {
		state, says string
		snapshots   []float64
	}{
		{train.Interrupted, "ended at epoch 0.40", nil},
		{train.Diverged, "nothing of the run is kept", nil},
		{train.Diverged, "last good snapshot is kept", []float64{.3}},
	} {
		s := synthetic(t, h.State(), nil)
		s.Runs[0].Info.State, s.Runs[0].Info.Snapshots = c.state, c.snapshots
		for i := 1; i <= 40; i++ {
			s.Curves["run 1"].Loss = append(s.Curves["run 1"].Loss, session.Point{X: float64(i) / 100, Y: 2})
		}
		p.Update(s)
		if text := said(p); !strings.Contains(text, c.says) || strings.Contains(text, "in progress") {
			t.Errorf("of a run that ended as %s before its first epoch it says %q", c.state, text)
		}
	}
	s = synthetic(t, h.State(), nil)
	p.Update(s)
	if text := said(p); !strings.Contains(text, "before its first step") {
		t.Errorf("of a run without a step it says %q", text)
	}
}

// training returns the tab with a run that goes on for a while.
func training(t *testing.T) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("shapes", data.Classification)
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	p.form.change(func(c *train.Config) { c.Epochs, c.Rate = 40, .005 })
	p.train()
	return h, p
}

func TestARunTakesARateThatIsTypedToTheEnd(t *testing.T) {
	h, p := training(t)
	h.Until("steps", func(s *session.State) bool { return s.Training != nil && s.Training.Iteration > 1 && p.form.locked })
	rate := p.form.entry("rate")
	for _, text := range []string{"5", "50", "5000"} {
		rate.Field.SetText(text)
	}
	rate.OnFocused(false)
	if at := h.Session().State().Training.Config.Rate; at != .005 || !rate.Wrong() {
		t.Errorf("a rate of 5000 is wrong: %v, and the run takes %g", rate.Wrong(), at)
	}
	for _, text := range []string{"4", "4e-", "4e-3"} {
		rate.Field.SetText(text)
	}
	if at := h.Session().State().Training.Config.Rate; at != .005 {
		t.Errorf("on the way to 4e-3 the run takes %g", at)
	}
	rate.Field.OnSubmitted("")
	h.Until("the rate", func(s *session.State) bool { return s.Training.Config.Rate == .004 })
	if p.form.entry("rate") != rate {
		t.Error("the form is built anew under the cursor")
	}
	h.Session().Stop(h.State().Training.Run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })
}

func TestFiltersBelongToTheRun(t *testing.T) {
	h, p := training(t)
	h.Until("filters while it trains", func(s *session.State) bool { return s.Training != nil && s.Training.Probe != nil })
	h.Session().Stop(h.State().Training.Run)
	h.Until("filters that it learned", func(s *session.State) bool {
		return s.Training == nil && p.learned.sheet.Data().Cells > 0 && strings.Contains(p.learned.title.Text(), "learned")
	})
	good := h.State().Run

	p.form.entry("rate").Field.SetText("100") // diverges at once
	p.train()
	h.Until("another run", func(s *session.State) bool { return s.Run != good })
	if p.learned.sheet.Data().Cells != 0 && h.State().Training != nil && h.State().Training.Probe == nil {
		t.Error("a new run begins with the filters of the one before")
	}
	h.Until("its end", func(s *session.State) bool {
		return s.Training == nil && strings.Contains(p.learned.lack, "kept no weights")
	})
	p.Update(h.State())
	if p.learned.sheet.Data().Cells != 0 || p.learned.scale.Visible() || p.learned.lack == "" {
		t.Error("a run without weights has filters")
	}

	if err := os.WriteFile(filepath.Join(h.State().Runs[1].Folder, "weights.safetensors"), []byte("damaged"), 0o666); err != nil {
		t.Fatal(err)
	}
	h.Session().ChooseRun(good)
	h.Until("a reason", func(s *session.State) bool {
		return s.Run == good && strings.Contains(p.learned.lack, "weights.safetensors")
	})
	if p.learned.sheet.Data().Cells != 0 {
		t.Error("damaged weights have filters")
	}
}

func TestAnUnreadableRunSaysWhy(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	s := *h.State()
	broken := session.Run{Name: "run 7", Folder: t.TempDir(), Err: fault.New("train.run.damaged", "%s is damaged. The run's snapshots can still be used as models.", "run.json")}
	s.Runs, s.Run = []session.Run{broken}, "run 7"
	p.Update(&s)
	if cells := p.list.rows[0].Cells(); cells[1] != "손상됨" || cells[3] != "" {
		t.Errorf("its row is %q", cells)
	}
	if text := said(p); !strings.Contains(text, "run.json 파일이 손상되었습니다") {
		t.Errorf("of it is said %q", text)
	}
	if !strings.Contains(p.learned.lack, "run 7") {
		t.Errorf("in place of filters it says %q", p.learned.lack)
	}
}

func TestAxesOfAnEmptyRun(t *testing.T) {
	if got := speedAxis(emptyCurve).Format(1); got != "" {
		t.Errorf("an empty run has %q images a second", got)
	}
	a := figureAxis(metric.Deciding(data.Classification), []widgets.PlotPoint{{X: 1, Y: .9815}})
	if got := a.Value(.98149); got != "98.1 %" {
		t.Errorf("98.149 %% is written as %s", got)
	}
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	p.Update(synthetic(t, h.State(), nil))
	if w := p.curves.plot.Data().Right; w.Min != 0 || math.Signbit(w.Min) || w.Max != 1 {
		t.Errorf("the axis of accuracy goes from %g to %g", w.Min, w.Max)
	}
}
