package train

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// synthetic returns a state with a run whose curves are made up.
func synthetic(t testing.TB, s *session.State, epochs []train.Epoch) *session.State {
	t.Helper()
	spec, err := nn.Standard("lenet", nn.Shape{C: 1, H: 28, W: 28}, 10)
	if err != nil {
		t.Fatal(err)
	}
	c := &session.Curve{Iterations: 1200, PerEpoch: 100, Epochs: epochs}
	config := train.DefaultsFor(spec)
	config.Epochs = 12
	for i := 1; i <= 100*len(epochs); i++ {
		x := float64(i) / 100
		c.Loss = append(c.Loss, session.Point{X: x, Y: 2.3*math.Exp(-x) + .05 + .1*math.Exp(-x/2)*math.Sin(float64(i*i))})
		c.Rate = append(c.Rate, session.Point{X: x, Y: train.Rate(config, i, 1200)})
		c.Speed = append(c.Speed, session.Point{X: x, Y: 2000 + 100*math.Sin(x)})
		if i%20 == 0 {
			h := train.Health{Iteration: i, Epoch: x}
			for k, name := range []string{"conv1", "conv2", "ip1", "ip2"} {
				h.Layers = append(h.Layers, train.LayerHealth{
					Name: name, Gradient: math.Pow(2.5, float64(k)) * math.Exp(-x/3), Weight: 10, Update: .02 * math.Exp(-x/3), Dead: math.NaN(),
				})
			}
			c.Health = append(c.Health, h)
		}
	}
	next := *s
	run := session.Run{Name: "run 1", Folder: t.TempDir(), Info: train.RunInfo{Config: config, Spec: spec, State: train.Finished, Epochs: epochs}}
	for _, e := range epochs {
		if e.Best {
			run.Info.Best, run.Info.BestEpoch = e.Val[metric.Accuracy], e.Epoch
		}
	}
	next.Runs, next.Run = []session.Run{run}, "run 1"
	next.Curves = map[string]*session.Curve{"run 1": c}
	return &next
}

func epochs(loss, val []float64) []train.Epoch {
	var out []train.Epoch
	best := math.Inf(1)
	for i := range loss {
		e := train.Epoch{Iteration: 100 * (i + 1), Epoch: float64(i + 1), TrainLoss: loss[i], Train: metric.Values{metric.Accuracy: 1 - loss[i]/3}, ValLoss: val[i], Val: metric.Values{metric.Accuracy: 1 - val[i]/3}}
		if val[i] < best {
			best, e.Best = val[i], true
		}
		out = append(out, e)
	}
	return out
}

func TestCurves(t *testing.T) {
	h := pagetest.New(t, "ko", true, New)
	p := h.Page().(*Page)
	h.Pump()
	p.Update(synthetic(t, h.State(), epochs([]float64{.4, .2, .12, .1, .08}, []float64{.3, .2, .15, .14, .14})))
	h.Golden("curves")
	if d := p.curves.layers.Data(); len(d.Series) != 4 || len(d.Series[0].Points) != 25 || d.Series[3].Name != "ip2" || !d.Left.Log {
		t.Errorf("of the layers it draws %+v", d.Series)
	}
	p.curves.view = viewUpdates
	p.draw(true)
	if v := p.curves.layers.Data().Series[0].Points[0].Y; math.Abs(v-.002*math.Exp(-.2/3)) > 1e-9 {
		t.Errorf("the first update is %g of the weights", v)
	}
	p.curves.view = viewSpeed
	p.draw(true)
	if d := p.curves.layers.Data(); len(d.Series) != 1 || len(d.Series[0].Points) != 500 {
		t.Errorf("the speed has %d lines", len(d.Series))
	}
	d := p.curves.plot.Data()
	if len(d.Series) != 5 || len(d.Series[2].Points) != 5 || len(d.Marks) != 1 {
		t.Errorf("the plot has %d series and %d marks", len(d.Series), len(d.Marks))
	}
}

func TestWhatTheCurvesSay(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	for _, c := range []struct {
		name, says string
		epochs     []train.Epoch
	}{
		{"well", "It learned well", epochs([]float64{.4, .2, .12}, []float64{.3, .2, .15})},
		{"overfitting", "Overfitting: since epoch 2", epochs([]float64{.4, .2, .1, .05, .02}, []float64{.3, .2, .25, .3, .35})},
		{"gap", "is well above the training loss", epochs([]float64{.4, .2, .1}, []float64{.5, .45, .4})},
		{"no validation", "no validation images", []train.Epoch{{Epoch: 1, TrainLoss: .3, ValLoss: math.NaN()}}},
	} {
		p.Update(synthetic(t, h.State(), c.epochs))
		text := ""
		for _, r := range p.remarks() {
			text += r.text + "\n"
			if r.concept != "" {
				h.Explain(r.concept)
			}
		}
		if !strings.Contains(text, c.says) {
			t.Errorf("%s: it says %q", c.name, text)
		}
	}
}

// What the curves say is of the run's own task: what decides for it, and not a number of another one.
func TestWhatTheCurvesSayIsOfTheTask(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	list := epochs([]float64{.4, .2, .12}, []float64{.3, .2, .15})
	for i := range list {
		list[i].Val = metric.Values{metric.MeanIoU: .601, metric.PixelAccuracy: .9}
	}
	s := synthetic(t, h.State(), list)
	s.Runs[0].Info.Task = data.Segmentation
	p.Update(s)
	if says := p.remarks(); len(says) == 0 || !strings.Contains(says[0].text, "60.1 %") {
		t.Errorf("it says %+v", says)
	}
}

// What classes weigh is told beside the curves, those of the largest weights first; before the run starts, how far the counting is.
func TestClassWeightsAreTold(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	s := synthetic(t, h.State(), epochs([]float64{.4, .2}, []float64{.3, .2}))
	c := *s.Curves[s.Run]
	c.Weighed = &train.Weighed{Classes: []string{"road", "sky", "pole", "car", "tree"}, Weights: []float32{.3, .4, 7.25, 2, 1}}
	s.Curves[s.Run] = &c
	p.Update(s)
	says := p.remarks()[0]
	if h.Explain(says.concept); !strings.Contains(says.text, "pole 7.25, car 2, tree 1, sky 0.4, …") {
		t.Errorf("it says %q", says.text)
	}
	s.Curves, s.Training = nil, &session.Training{Run: s.Run, Counting: train.Counting{Done: 30, Images: 4000}}
	p.Update(s)
	if says = p.remarks()[0]; !strings.Contains(says.text, "30 of 4") {
		t.Errorf("before the start it says %q", says.text)
	}
}

func TestTrainPauseStopResume(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	p.train()
	if len(h.Faults) != 1 || fault.Code(h.Faults[0]) != "session.dataset.none" {
		t.Fatalf("training on nothing: %v", h.Faults)
	}
	h.Faults = nil
	h.Session().ImportSample("shapes", data.Classification)
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	p.form.change(func(c *train.Config) { c.Epochs, c.Rate = 40, .005 })
	p.train()
	h.Until("filters while it trains", func(s *session.State) bool {
		return s.Training != nil && s.Training.Iteration > 3 && s.Training.Probe != nil
	})
	h.Session().Pause(h.State().Training.Run)
	h.Until("the pause", func(s *session.State) bool { return s.Training.Paused })
	at := h.State().Training.Iteration
	if p.actions.mode != "paused" {
		t.Errorf("the buttons are those of %q", p.actions.mode)
	}
	h.Session().SetRate(h.State().Training.Run, .003)
	h.Session().Continue(h.State().Training.Run)
	h.Until("more", func(s *session.State) bool { return s.Training.Iteration > at && s.Training.Config.Rate == .003 })
	h.Session().DeleteDataset(h.State().Dataset)
	h.Until("a refusal", func(*session.State) bool { return len(h.Faults) == 1 })
	h.Faults = nil
	h.Session().Stop(h.State().Training.Run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })
	r := h.State().ChosenRun()
	if r == nil || r.Info.State != train.Stopped || len(r.Info.Snapshots) == 0 {
		t.Fatalf("the stopped run is %+v", r)
	}
	if !strings.HasSuffix(p.actions.mode, r.Name) {
		t.Errorf("the buttons are those of %q", p.actions.mode)
	}
	before := r.Info.Iteration
	if err := h.Session().ResumeRun(r.Name); err != nil {
		t.Fatal(err)
	}
	h.Until("it goes on", func(s *session.State) bool { return s.Training != nil && s.Training.Iteration > before })
	h.Session().Stop(h.State().Training.Run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })

	h.Picked = t.TempDir()
	for _, kind := range []string{"png", "svg", "csv"} {
		path := filepath.Join(h.Picked, "run 1."+kind)
		p.export(path, kind)
		h.Until(kind, func(*session.State) bool {
			info, err := os.Stat(path)
			return err == nil && info.Size() > 200
		})
	}
	h.Answer = "나의 실행"
	if err := h.Session().RenameRun(r.Name, h.Answer, func(string) {}); err != nil {
		t.Error(err)
	}
	h.Until("the new name", func(s *session.State) bool { return s.Run == "나의 실행" })
	h.Session().DeleteRun("나의 실행")
	h.Until("no run", func(s *session.State) bool { return len(s.Runs) == 0 })
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestForm(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	p.form.advanced = true
	for _, policy := range train.Policies() {
		p.form.change(func(c *train.Config) { c.Policy, c.Gamma, c.Step, c.Power = policy.Name, 0, nil, 0 })
		p.form.build()
		if err := p.config.Check(); err != nil {
			t.Errorf("%s: %v", policy.Name, err)
		}
	}
}

// Of many layers a few are drawn: the first, the last and some between.
func TestManyLayers(t *testing.T) {
	var h train.Health
	for i := range 40 {
		h.Layers = append(h.Layers, train.LayerHealth{Name: string(rune('A' + i)), Gradient: 1, Weight: 1, Update: 1})
	}
	h.Layers = append(h.Layers, train.LayerHealth{Name: "relu", Gradient: math.NaN(), Weight: math.NaN(), Update: math.NaN(), Dead: .5})
	series := layerSeries([]train.Health{h, h}, train.LayerHealth.Ratio)
	if len(series) != mostLayers || series[0].Name != "A" || series[mostLayers-1].Name != string(rune('A'+39)) || len(series[0].Points) != 2 {
		t.Errorf("of 40 layers it draws %+v", series)
	}
}
