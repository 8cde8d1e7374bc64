package training

import (
	"fmt"
	"math"

	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// findRate tries rising learning rates and shows what came of it. The form's button tells how far it is.
func (f *form) findRate() {
	p, button := f.p, f.find
	if err := f.refusal(); err != nil {
		p.host.Fault(err)
		return
	}
	button.Enable(false)
	button.SetText(p.text("find.busy", 0))
	p.host.Session().FindRate(p.config, func(done, total int) { button.SetText(p.text("find.busy", 100*done/total)) }, func(s train.RateSearch, err error) {
		button.Enable(true)
		button.SetText(p.text("find"))
		if err != nil {
			p.host.Fault(err)
			return
		}
		f.showRates(s)
	})
}

// showRates draws the loss over the rates that were tried, and offers the one that is suggested.
func (f *form) showRates(s train.RateSearch) {
	p := f.p
	plot := widgets.NewLinePlot()
	series := widgets.PlotSeries{Name: p.text("loss"), Colour: widgets.ColourAccent}
	for i, rate := range s.Rates {
		series.Points = append(series.Points, widgets.PlotPoint{X: math.Log10(rate), Y: s.Losses[i]})
	}
	power := func(v float64) string { return fmt.Sprintf("%.2g", math.Pow(10, v)) }
	plot.SetData(widgets.PlotData{
		Series: []widgets.PlotSeries{series},
		Marks:  []widgets.PlotMark{{X: math.Log10(s.Suggested), Text: widgets.FormatNumber(s.Suggested), Colour: widgets.ColourGood}},
		X:      widgets.PlotAxis{Min: math.Floor(series.Points[0].X), Max: math.Ceil(series.Points[len(series.Points)-1].X), Format: power},
		Head:   func(x float64) string { return p.text("field.rate") + " " + power(x) },
	})
	var hide func()
	space := widgets.NewText("", widgets.ColourText)
	take := widgets.NewButton(p.text("find.take", s.Suggested), widgets.Primary, func() {
		hide()
		f.change(func(c *train.Config) { c.Rate = s.Suggested })
		f.build()
	})
	leave := widgets.NewButton(p.text("find.leave"), widgets.Plain, func() { hide() })
	hide = p.host.Dialog(p.text("find.title"), widgets.Column(widgets.Gap,
		widgets.Sized(520, 240, plot), widgets.Sized(520, 0, widgets.NewParagraph(p.text("find.about", s.Suggested), widgets.ColourText)), widgets.LineGrowing(8, space, space, leave, take)))
}
