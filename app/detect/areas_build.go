package detect

import (
	"fmt"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/widgets"
)

func (m *areas) controls() (title, name, summary, right fyne.CanvasObject) {
	p, s := m.p, &m.summary
	s.way, s.count, s.time = widgets.NewRow(p.text("areas.way"), ""), widgets.NewRow(p.text("areas.count"), ""), widgets.NewRow(p.text("time"), "")
	m.shown = nil
	return widgets.Line(0), widgets.Line(8, widgets.NewHeading(p.text("areas.method")).Natural(), p.host.Info("segmentation")),
		widgets.Shares(28, []float32{1.3, 1, 1}, s.way, s.count, s.time), m.buildRight()
}

func (m *areas) buildRight() fyne.CanvasObject {
	p := m.p
	m.waySwitch = widgets.NewSegmented([]string{p.text("areas.whole"), p.text("areas.pieces")}, func(i int) {
		m.way = whole + i
		p.search()
	})
	m.because = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	m.because.Hide()
	percent := func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }
	opacity := widgets.NewSliderRow(p.text("areas.opacity"), 0, 1, .05, m.opacity, percent, func(v float64) {
		m.opacity = v
		m.restyle()
	})
	outline := widgets.NewCheck(p.text("areas.outline"), m.outline, func(on bool) {
		m.outline = on
		m.restyle()
	})
	m.legend = widgets.NewLegend()
	m.legend.OnHidden = func(class int, hidden bool) {
		if class < len(m.hidden) {
			m.hidden[class] = hidden
			m.restyle()
		}
	}
	m.legend.OnHighlighted = func(class int) { p.view.HighlightClass(class) }
	m.rateButton = widgets.NewButton(p.text("areas.measure"), widgets.Linked, m.measure)
	m.rateButton.Hide()
	m.savePicture = widgets.NewButton(p.text("areas.save.picture"), widgets.Plain, func() { m.saveAs(".areas.png", m.picture()) })
	m.saveMask = widgets.NewButton(p.text("areas.save.mask"), widgets.Plain, func() { m.saveAs(".mask.png", mask) })
	m.form = widgets.Column(6,
		widgets.NewHeading(p.text("method")), m.waySwitch,
		widgets.NewParagraph(p.text("areas.when"), widgets.ColourQuiet).Small(), m.because,
		widgets.NewHeading(p.text("areas.show")), opacity, outline)
	legend := widgets.Inset(0, -widgets.Gap, 0, -widgets.Gap, m.legend) // its rows reach to the edges of the panel
	m.right = widgets.ColumnGrowing(6, legend, m.form, legend, m.rateButton, widgets.Column(8,
		widgets.NewButton(p.text("example"), widgets.Plain, m.tryExample),
		widgets.Shares(8, []float32{1, 1}, m.savePicture, m.saveMask)))
	return m.right
}
