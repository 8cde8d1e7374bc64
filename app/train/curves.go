package train

import (
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// The large plot, and the small one of the learning rate.

// curves are the plots of the chosen run.
type curves struct {
	title     *widgets.Text
	top       *fyne.Container // with it and the tools
	plot      *widgets.LinePlot
	rate      *widgets.LinePlot
	layers    *widgets.LinePlot // of each layer, or images a second
	view      int               // which of these
	smoothing float64
	log       bool
	versus    string // run that is laid over the chosen one, or allSeeds

	run    string // whose curves are drawn
	drawn  *session.Curve
	over   string    // what is drawn of what is laid over
	slowly time.Time // when the small plots were drawn last
}

// buildCurves makes the large plot with its tools.
func (p *Page) buildCurves() fyne.CanvasObject {
	c := &p.curves
	c.plot, c.rate, c.layers, c.drawn = widgets.NewLinePlot().Opaque(), widgets.NewLinePlot().Opaque(), widgets.NewLinePlot().Opaque(), nil
	c.rate.SetCompact(true)
	scales := widgets.NewSegmented([]string{p.text("linear"), p.text("log")}, func(i int) {
		p.curves.log = i == 1
		p.draw(true)
	})
	if p.curves.log {
		scales.Choose(1)
	}
	smooth := widgets.NewSlider(0, .98, .02, p.curves.smoothing, func(v float64) {
		p.curves.smoothing = v
		p.draw(true)
	})
	c.title = widgets.NewText(p.curvesTitle(), widgets.ColourText).Bold().Natural()
	space := widgets.NewText("", widgets.ColourText)
	export := widgets.NewButton("↓ PNG · SVG · CSV", widgets.Quiet, nil)
	export.OnTapped = func() { p.exportMenu(export) }
	compare := widgets.NewButton(p.text("compare"), widgets.Quiet, nil)
	compare.OnTapped = func() { p.compareMenu(compare) }
	c.top = widgets.LineGrowing(14, space, c.title, scales,
		widgets.NewText(p.text("smoothing"), widgets.ColourQuiet).Natural(), widgets.Sized(80, 22, smooth), space, compare, export)
	return widgets.NewPanel(widgets.ColumnGrowing(4, p.curves.plot, widgets.Sized(0, 22, c.top), p.curves.plot)).Around(p.curves.plot)
}

// curvesTitle names what is drawn: the loss, and the figure of the task.
func (p *Page) curvesTitle() string {
	return p.text("curves", p.host.Text("metric."+metric.Deciding(p.task()).Key))
}

// draw shows the curves of the chosen run.
func (p *Page) draw(always bool) {
	c := p.curve()
	over := p.overlaid()
	if c == p.curves.drawn && over == p.curves.over && !always {
		return
	}
	if p.curves.run != p.state.Run { // what was zoomed into was another run
		p.curves.run = p.state.Run
		for _, plot := range []*widgets.LinePlot{p.curves.plot, p.curves.rate, p.curves.layers} {
			plot.Reset()
		}
		p.curves.slowly = time.Time{}
	}
	p.curves.drawn, p.curves.over = c, over
	p.curves.title.Set(p.curvesTitle())
	p.curves.top.Refresh() // another title has another width
	config, _ := p.configOf()
	if c == nil {
		c = &session.Curve{}
	}
	p.curves.plot.SetData(p.plotData(c, config))
	if !always && time.Since(p.curves.slowly) < 500*time.Millisecond && p.state.Live() { // the small ones change too little to be drawn ten times a second
		return
	}
	p.curves.slowly = time.Now()
	axis := widgets.PlotAxis{Max: float64(config.Epochs)}
	plan := p.plan(config, c)
	rate := points(c.Rate)
	p.curves.rate.SetData(widgets.PlotData{
		Series: []widgets.PlotSeries{
			{Points: plan, Colour: widgets.ColourFaint, Dashed: true},
			{Name: p.text("rate"), Points: rate, Colour: widgets.ColourQuiet},
		}, X: axis, Head: p.epochHead(c),
	})
	p.drawLayers(c, axis)
}

// speedAxis counts whole images; where none was measured it has no numbers.
func speedAxis(c *session.Curve) widgets.PlotAxis {
	return widgets.PlotAxis{Format: func(v float64) string {
		if len(c.Speed) == 0 {
			return ""
		}
		return widgets.Thousands(int(math.Round(v)))
	}}
}

// plotData returns what the large plot shows: the losses, and the figures of the task at the right.
func (p *Page) plotData(c *session.Curve, config train.Config) widgets.PlotData {
	raw := points(c.Loss)
	valLoss := measured(c.Epochs, func(e train.Epoch) float64 { return e.ValLoss })
	d := widgets.PlotData{
		Series: []widgets.PlotSeries{
			{Name: p.text("train-loss"), Points: raw, Colour: widgets.ColourAccent, Faint: true},
			{Name: p.text("train-loss"), Points: widgets.SmoothPlot(raw, p.curves.smoothing), Colour: widgets.ColourAccent},
			{Name: p.text("val-loss"), Points: valLoss, Colour: widgets.ColourValidation, Dots: len(valLoss) < 40},
		},
		X:     widgets.PlotAxis{Max: float64(config.Epochs)},
		Left:  widgets.PlotAxis{Log: p.curves.log},
		Head:  p.epochHead(c),
		Marks: p.marks(c),
	}
	for _, m := range plotted(p.task()) {
		learned := measured(c.Epochs, func(e train.Epoch) float64 { return e.Train.Get(m.Key) })
		val := measured(c.Epochs, func(e train.Epoch) float64 { return e.Val.Get(m.Key) })
		d.Right = figureAxis(m, append(slices.Clone(val), learned...))
		d.Series = append(d.Series,
			widgets.PlotSeries{Name: p.figureName("train", m), Points: learned, Colour: widgets.ColourAccent, Right: true, Dashed: true},
			widgets.PlotSeries{Name: p.figureName("val", m), Points: val, Colour: widgets.ColourValidation, Right: true, Dashed: true})
	}
	d.Series = append(p.overlay(), d.Series...) // its own curves lie on top
	return d
}

// figureName names a figure of training or validation, or at its best.
func (p *Page) figureName(of string, m metric.Metric) string {
	return p.host.Text("metric."+of, p.host.Text("metric."+m.Key))
}

// epochHead returns the first line of what is read out under the pointer.
func (p *Page) epochHead(c *session.Curve) func(float64) string {
	per := c.PerEpoch
	return func(x float64) string {
		if per == 0 {
			return p.text("at", x)
		}
		return p.text("at.iteration", x, widgets.Thousands(int(x*float64(per))))
	}
}

// marks returns the best epoch and what was noticed.
func (p *Page) marks(c *session.Curve) []widgets.PlotMark {
	var marks []widgets.PlotMark
	if best := bestOf(c.Epochs); best.Epoch > 0 && len(c.Epochs) > 1 {
		text := p.text("best", best.Epoch)
		m := metric.Deciding(p.task())
		if v := best.Val.Get(m.Key); !math.IsNaN(v) {
			text += " · " + figureText(m, v)
		}
		marks = append(marks, widgets.PlotMark{X: best.Epoch, Text: text, Colour: widgets.ColourGood})
	}
	for _, s := range c.RateChanges {
		marks = append(marks, widgets.PlotMark{X: s.Epoch, Text: p.text("rate-changed", changedRate(c, s)), Colour: widgets.ColourAccent})
	}
	const most = 6
	for i, w := range c.Warnings {
		if i < most {
			marks = append(marks, widgets.PlotMark{X: w.Epoch, Text: p.text("jump"), Colour: widgets.ColourCaution})
		}
	}
	return marks
}

// changedRate returns the rate in force after a change: the base rate that was given, as far as the policy has let it fall.
func changedRate(c *session.Curve, s train.RateChanged) float64 {
	for _, r := range c.Rate {
		if r.X > s.Epoch {
			return r.Y
		}
	}
	return s.Rate
}

// plan returns the learning rate that is to come: over the whole run, if it has not begun.
func (p *Page) plan(c train.Config, of *session.Curve) []widgets.PlotPoint {
	last := of.Iterations
	if last == 0 {
		last = 1000
	}
	const n = 400
	out := make([]widgets.PlotPoint, 0, n+1)
	c = c.WithPolicyDefaults()
	done := 0.
	if k := len(of.Rate); k > 0 { // what was is drawn as it was
		done = of.Rate[k-1].X
	}
	for i := 0; i <= n; i++ {
		at := min(last-1, i*last/n)
		if float64(i)/n*float64(c.Epochs) < done {
			continue
		}
		out = append(out, widgets.PlotPoint{X: float64(i) / n * float64(c.Epochs), Y: train.Rate(c, at, last)})
	}
	if len(out) < 2 { // nothing is left to come
		return nil
	}
	return out
}

func points(from []session.Point) []widgets.PlotPoint {
	out := make([]widgets.PlotPoint, len(from))
	for i, p := range from {
		out[i] = widgets.PlotPoint(p)
	}
	return out
}
