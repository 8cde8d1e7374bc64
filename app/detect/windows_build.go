package detect

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/widgets"
)

func (m *windows) controls() (title, name, summary, right fyne.CanvasObject) {
	p := m.p
	modes := widgets.NewSegmented([]string{p.text("boxes"), p.text("heat")}, func(i int) {
		m.heat = i
		p.showFound()
	})
	modes.Choose(m.heat)
	s := &m.summary
	s.window, s.count, s.time = widgets.NewRow("", ""), widgets.NewRow(p.text("windows"), ""), widgets.NewRow(p.text("time"), "")
	return widgets.Line(14, modes, p.host.Info("heat-map")),
		widgets.Line(8, widgets.NewHeading(p.text("method.window")).Natural(), p.host.Info("sliding-window")),
		widgets.Shares(28, []float32{1, 1, 1}, s.window, s.count, s.time), m.buildRight()
}

func (m *windows) buildRight() fyne.CanvasObject {
	const w = 104
	p := m.p
	share := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	threshold := widgets.NewSliderRow(p.text("threshold"), .05, .99, .01, m.threshold, share, func(v float64) {
		m.threshold = v
		p.showFound()
	})
	overlap := widgets.NewSliderRow(p.text("overlap"), 0, .9, .01, m.overlap, share, func(v float64) {
		m.overlap = v
		p.showFound()
	})
	m.windowN = widgets.NewNumber(float64(m.side()), 4, 4096, true, func(v float64) { m.window = int(v); p.search() })
	m.strideN = widgets.NewNumber(float64(m.step()), 1, 4096, true, func(v float64) { m.stride = int(v); p.search() })
	m.windowN.OnWrong, m.strideN.OnWrong = p.search, p.search
	var scaleNames []string
	for _, s := range scaleChoices {
		var parts []string
		for _, v := range s {
			parts = append(parts, widgets.FormatNumber(v))
		}
		scaleNames = append(scaleNames, strings.Join(parts, " "))
	}
	m.foundAll = widgets.NewHeading("")
	m.found = widgets.Column(0)
	rows := widgets.Column(6,
		widgets.NewHeading(p.text("method")),
		widgets.FormRow(p.text("how"), 128, widgets.NewChoice([]string{p.text("method.window")}, 0, nil)),
		page.NumberRow(p.host, p.text("window"), w, m.windowN),
		page.NumberRow(p.host, p.text("stride"), w, m.strideN, p.host.Info("stride")),
		widgets.FormRow(p.text("scales"), w, widgets.NewChoice(scaleNames, m.scales, func(i int) { m.scales = i; p.search() })),
		threshold, overlap,
		widgets.Line(8, widgets.NewCheck(p.text("squares"), m.grid, func(on bool) { m.grid = on; p.showFound() }), p.host.Info("iou")),
		widgets.Sized(0, 26, m.foundAll))
	scroll := widgets.NewScroll(m.found)
	example := widgets.NewButton(p.text("example"), widgets.Plain, m.tryExample)
	m.saving = widgets.NewButton(p.text("save"), widgets.Plain, m.save)
	return widgets.ColumnGrowing(4, scroll, rows, scroll, widgets.Column(8, example, m.saving))
}
