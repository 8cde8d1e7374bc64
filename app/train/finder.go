package train

import (
	"fmt"
	"math"

	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// findRate tries rising learning rates and shows what came of it, unless another network or data set was chosen meanwhile. The form's button tells how far it is, and breaks it off.
func (f *form) findRate() {
	p := f.p
	if p.finding != "" { // a second click breaks it off
		p.host.Session().StopFinding()
		p.finding = ""
		f.showFinding()
		return
	}
	if err := f.refusal(); err != nil {
		p.host.Fault(err)
		return
	}
	network, dataset := p.state.Network, p.state.Dataset
	p.finding = p.text("find.busy", 0)
	f.showFinding()
	told := func(done, total int) {
		p.finding = p.text("find.busy", 100*done/total)
		p.form.showFinding()
	}
	p.host.Session().FindRate(p.config, told, func(s train.RateSearch, err error) {
		p.finding = ""
		p.form.showFinding()
		switch {
		case err != nil:
			p.host.Fault(err)
		case p.state.Network == network && p.state.Dataset == dataset:
			p.form.showRates(s)
		}
	})
}

// showFinding puts on the button whether rates are being tried.
func (f *form) showFinding() {
	if f.find == nil {
		return
	}
	if f.p.finding == "" {
		f.find.SetText(f.p.text("find"))
	} else {
		f.find.SetText(f.p.finding)
	}
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
		p.config.Rate = s.Suggested
		if !p.form.locked {
			p.form.set(p.config)
		}
	})
	leave := widgets.NewButton(p.text("find.leave"), widgets.Plain, func() { hide() })
	hide = p.host.Dialog(p.text("find.title"), widgets.Column(widgets.Gap,
		widgets.Sized(520, 240, plot), widgets.Sized(520, 0, widgets.NewParagraph(p.text("find.about", s.Suggested), widgets.ColourText)), widgets.LineGrowing(8, space, space, leave, take)))
}
