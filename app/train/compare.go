package train

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/widgets"
)

// allSeeds stands for the runs that differ from the chosen one in their seed alone.
const allSeeds = "*"

// compareMenu offers the runs that can be laid over the chosen one.
func (p *Page) compareMenu(under fyne.CanvasObject) {
	items := []*fyne.MenuItem{fyne.NewMenuItem(p.text("compare.table"), func() { p.ShowComparison(true) })}
	add := func(text, versus string) {
		item := fyne.NewMenuItem(text, func() { p.Compare(versus) })
		item.Checked = versus == p.curves.versus && versus != ""
		items = append(items, item)
	}
	if p.curves.versus != "" {
		add(p.text("compare.none"), "")
	}
	if n := len(p.siblings()); n > 1 {
		add(p.text("compare.seeds", n), allSeeds)
	}
	for _, r := range p.state.Runs {
		if r.Name != p.state.Run && r.Err == nil {
			add(r.Name+" · "+p.recipe(r), r.Name)
		}
	}
	p.menu(under, items...)
}

// Compare lays a run, or all seeds, over the chosen one; "" takes it away.
func (p *Page) Compare(versus string) {
	p.curves.versus = versus
	s := p.host.Session()
	if versus == allSeeds {
		for _, r := range p.siblings() {
			s.ReadCurve(r.Name)
		}
	} else {
		s.ReadCurve(versus)
	}
	p.draw(true)
}

// siblings returns the runs of the chosen one's network and settings, whatever their seed, itself among them.
func (p *Page) siblings() []session.Run {
	chosen := p.state.ChosenRun()
	if chosen == nil || chosen.Err != nil {
		return nil
	}
	var list []session.Run
	for _, r := range p.state.Runs {
		same := r.Name != chosen.Name && r.Info.Config.Seed == chosen.Info.Config.Seed || slices.ContainsFunc(list, func(o session.Run) bool { return o.Info.Config.Seed == r.Info.Config.Seed })
		if r.Err == nil && !same && reflect.DeepEqual(butSeed(r), butSeed(*chosen)) { // of each seed one: a run that went back to an epoch has its run's
			list = append(list, r)
		}
	}
	return list
}

// butSeed returns all that makes a run what it is but its seed.
func butSeed(r session.Run) any {
	c := r.Info.Config
	c.Seed = 0
	return []any{r.Info.Spec.Name, r.Info.Dataset, c}
}

// others returns the curves that are laid over that of the chosen run, as far as they are read.
func (p *Page) others() []*session.Curve {
	names := []string{p.curves.versus}
	if p.curves.versus == allSeeds {
		names = nil
		for _, r := range p.siblings() {
			names = append(names, r.Name)
		}
	}
	var list []*session.Curve
	for _, name := range names {
		if c := p.state.Curves[name]; c != nil && (p.curves.versus == allSeeds || name != p.state.Run) {
			list = append(list, c)
		}
	}
	return list
}

// overlaid returns what is laid over, to notice when that changes.
func (p *Page) overlaid() string {
	key := p.curves.versus
	for _, c := range p.others() {
		key += fmt.Sprint(" ", len(c.Epochs))
	}
	return key
}

// overlay returns the lines that are laid over.
func (p *Page) overlay() []widgets.PlotSeries {
	list := p.others()
	if len(list) == 0 || p.curves.versus == allSeeds && len(list) < 2 { // one alone is no band
		return nil
	}
	loss := func(i int, c *session.Curve) float64 { return c.Epochs[i].ValLoss }
	m := metric.Deciding(p.task())
	figure := func(i int, c *session.Curve) float64 { return c.Epochs[i].Val.Get(m.Key) }
	name := func(text string) string { return p.curves.versus + " · " + text }
	var series []widgets.PlotSeries
	if p.curves.versus == allSeeds {
		name = func(text string) string { return p.text("compare.mean", len(list)) + " · " + text }
		for _, right := range []bool{false, true} {
			of := loss
			if right {
				of = figure
			}
			least, _, most := band(list, of)
			series = append(series, widgets.PlotSeries{Points: most, Lower: least, Colour: widgets.ColourGood, Right: right})
		}
	} else {
		series = append(series, widgets.PlotSeries{Name: name(p.text("train-loss")), Points: widgets.SmoothPlot(points(list[0].Loss), max(p.curves.smoothing, .9)), Colour: widgets.ColourQuiet})
	}
	_, meanLoss, _ := band(list, loss)
	_, meanFigure, _ := band(list, figure)
	return append(series,
		widgets.PlotSeries{Name: name(p.text("val-loss")), Points: meanLoss, Colour: widgets.ColourGood},
		widgets.PlotSeries{Name: name(p.figureName("val", m)), Points: meanFigure, Colour: widgets.ColourGood, Right: true, Dashed: true})
}

// band returns the least, the mean and the largest of a number of each validation, as far as all curves have it.
func band(list []*session.Curve, of func(i int, c *session.Curve) float64) (least, mean, most []widgets.PlotPoint) {
	for i := 0; ; i++ {
		low, high, sum := math.Inf(1), math.Inf(-1), 0.
		for _, c := range list {
			if i >= len(c.Epochs) {
				return least, mean, most
			}
			v := of(i, c)
			low, high, sum = math.Min(low, v), math.Max(high, v), sum+v
		}
		if math.IsNaN(sum) {
			continue
		}
		x := list[0].Epochs[i].Epoch
		least, most = append(least, widgets.PlotPoint{X: x, Y: low}), append(most, widgets.PlotPoint{X: x, Y: high})
		mean = append(mean, widgets.PlotPoint{X: x, Y: sum / float64(len(list))})
	}
}
