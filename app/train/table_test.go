package train

import (
	"math"
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

// unfold shows all sections of the form.
func unfold(p *Page) {
	*p.form.unfolded = unfolded{advanced: true, augment: true, start: true, sweep: true}
	p.form.build()
}

// The form takes each setting as `cnn` does: what one of them makes can be typed in the other.
func TestTheFormHasEverySetting(t *testing.T) {
	_, p := withShapes(t)
	unfold(p)
	for _, s := range train.Settings() {
		if s.Group == "" {
			continue
		}
		if s.Applies != nil { // a policy that has it
			for _, policy := range train.Policies() {
				if c := (train.Config{Policy: policy.Name}); s.Matters(c) {
					p.form.change(func(c *train.Config) { c.Policy, c.Gamma, c.Step, c.Power = policy.Name, 0, nil, 0 })
				}
			}
		}
		if key := "train.field." + s.Key; !p.host.Has(key) {
			t.Errorf("%s has no text", key)
		}
		right, wrong := typedFor(s)
		e := p.form.entry(s.Key)
		if e == nil {
			if len(right) > 0 {
				t.Errorf("%s is not in the form", s.Key)
			}
			continue
		}
		for _, text := range right {
			e.Field.SetText(text)
			var want train.Config
			if e.Wrong() || !s.Parse(&want, text) || s.Text(p.config) != s.Text(want) || p.config.Check() != nil {
				t.Errorf("%s: %q makes %s, %v", s.Key, text, s.Text(p.config), p.config.Check())
			}
		}
		for _, text := range wrong {
			if e.Field.SetText(text); !e.Wrong() {
				t.Errorf("%s takes %q", s.Key, text)
			}
		}
		e.Field.SetText(right[0])
	}
}

// typedFor are texts that a setting takes and does not take; none of one that is chosen.
func typedFor(s train.Setting) (right, wrong []string) {
	switch v := s.Values.(type) {
	case train.Number:
		low, high := v.Low, v.High
		if v.Over {
			low = math.Nextafter(low, high)
			wrong = append(wrong, widgets.FormatNumber(v.Low))
		}
		return []string{widgets.FormatNumber(low), widgets.FormatNumber(high)}, append(wrong, widgets.FormatNumber(v.Low-1), widgets.FormatNumber(v.High*1.01), "many")
	case train.Seed:
		return []string{"0", "18446744073709551615"}, []string{"-1", "1.5", "18446744073709551616"}
	case train.Percentages:
		return []string{"85, 50", "33"}, []string{"", "0", "50, 101"}
	case train.LayerFactors:
		return []string{"conv1 0.1", ""}, []string{"conv1", "conv1 101", "conv9 1"}
	}
	return nil, nil
}

// What a setting is called in a refusal is what the form calls it, in its language.
func TestARefusalNamesTheSetting(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	c := train.Defaults()
	c.WeightDecay = 200
	err := c.Check()
	if fault.Code(err) != "train.setting.range" || !strings.Contains(err.Error(), "weight decay is 200") || !strings.Contains(h.FaultText(err), "가중치 감쇠") {
		t.Errorf("%v: %s", err, h.FaultText(err))
	}
}

// The comparison tells of every setting that can make runs differ, and marks it where they do.
func TestEverySettingIsCompared(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	changes := map[string]func(*train.Config){
		"solver":        func(c *train.Config) { c.Solver = "adam" },
		"policy":        func(c *train.Config) { c.Policy = "exp" },
		"loss":          func(c *train.Config) { c.Loss = "hinge-loss" },
		"class-weights": func(c *train.Config) { c.ClassWeights = train.BalancedClassWeights },
		"mean":          func(c *train.Config) { c.Mean = "none" },
		"mirror":        func(c *train.Config) { c.Augment = data.Augmentation{Mirror: true} },
		"step":          func(c *train.Config) { c.Step = []float64{7} },
		"weights":       func(c *train.Config) { c.Weights = "/a/b" },
		"freeze":        func(c *train.Config) { c.Freeze = []string{"conv1"} },
		"layer-rates":   func(c *train.Config) { c.LayerRates = map[string]float64{"conv1": 2} },
		"seed":          func(c *train.Config) { c.Seed = math.MaxUint64 },
	}
	for _, s := range train.Settings() {
		if s.Within == train.NoColumn {
			continue
		}
		other := train.Defaults()
		if n, ok := s.Values.(train.Number); ok {
			n.Set(&other, n.High)
		} else {
			changes[s.Key](&other)
		}
		run := func(name string, c train.Config) session.Run {
			r := session.Run{Name: name}
			r.Info.Config = c
			return r
		}
		runs := []session.Run{run("a", train.Defaults()), run("b", train.Defaults()), run("c", other)}
		p.comparison.ticked = []string{"a", "b", "c"}
		p.comparison.tabulate(runs)
		key := s.Within
		if key == "" {
			key = s.Key
		}
		at := slices.Index(p.comparison.keys, key)
		if at < 0 {
			t.Errorf("%s has no column where runs differ in it: %v", s.Key, p.comparison.keys)
			continue
		}
		rows := p.comparison.table.Rows()
		if marked := []bool{rows[0].Marked[at], rows[1].Marked[at], rows[2].Marked[at]}; !slices.Equal(marked, []bool{false, false, true}) {
			t.Errorf("%s: marked are %v of %q, %q", s.Key, marked, rows[0].Cells[at], rows[2].Cells[at])
		}
		if n := strings.Join(p.comparison.keys, " "); strings.Contains(n, "validate") {
			t.Errorf("columns are %s", n)
		}
	}
}

// The comparison names the figure that it draws: that of the task of the ticked runs.
func TestTheComparisonNamesItsFigure(t *testing.T) {
	_, p := withShapes(t)
	m := &p.comparison
	run := func(name string, task data.Task) session.Run {
		r := session.Run{Name: name}
		r.Info.Task = task
		return r
	}
	state := *p.state
	state.Runs = []session.Run{run("classes", data.Classification), run("pixels", data.Segmentation)}
	p.state = &state
	for _, r := range state.Runs {
		m.ticked = []string{r.Name}
		m.draw()
		if got, want := m.metrics.Name(drawsFigure), p.figureName("val", metric.Deciding(r.Info.Task)); got != want {
			t.Errorf("of %s it says %q, not %q", r.Info.Task, got, want)
		}
	}
}

// A plot whose losses are on a logarithmic axis can be exported, whatever there is to draw.
func TestExportOnALogarithmicAxis(t *testing.T) {
	for name, points := range map[string][]widgets.PlotPoint{
		"falling": {{X: 0, Y: 2}, {X: 1, Y: .5}, {X: 2, Y: 0}}, "one value": {{X: 1, Y: .5}, {X: 2, Y: .5}}, "nothing": {{X: 1, Y: math.NaN()}},
	} {
		d := widgets.PlotData{
			X: widgets.PlotAxis{Max: 2}, Left: widgets.PlotAxis{Log: true},
			Series: []widgets.PlotSeries{{Name: "loss", Points: points, Colour: widgets.ColourAccent}},
		}
		for _, kind := range []string{"png", "svg"} {
			if err := writePlot(filepath.Join(t.TempDir(), "plot."+kind), kind, d, exportWords{"run", "epoch", "loss", "accuracy"}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
