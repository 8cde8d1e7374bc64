package vision

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	p.list, p.rows = widgets.Column(0), nil
	p.heading = widgets.NewHeading("")
	scroll := widgets.Loose(container.NewVScroll(p.list))
	left := widgets.NewPanel(widgets.ColumnGrowing(4, scroll, widgets.Inset(11, 12, 0, 12, p.heading), scroll)).Padded(1)
	middle := p.buildMiddle()
	p.main = widgets.Beside(widgets.Gap, middle, widgets.Sized(170, 0, left), middle, widgets.Sized(246, 0, p.buildRight()))
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconDetect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")},
		widgets.NewButton(p.text("guide.train"), widgets.Primary, func() { p.host.Go("train") })))
	p.root = container.NewStack()
	p.Update(p.state)
	p.showPhotos()
	p.showPhoto()
	return p.root
}

func (p *Page) buildMiddle() fyne.CanvasObject {
	p.title = widgets.NewText("", widgets.ColourText).Bold().Natural()
	p.size = widgets.NewText("", widgets.ColourQuiet)
	modes := widgets.NewSegmented([]string{p.text("boxes"), p.text("heat")}, func(i int) {
		p.heat = i
		p.showFound()
	})
	modes.Choose(p.heat)
	p.view = widgets.NewPhotoView()
	p.view.OnHover = p.hovered
	top := widgets.LineGrowing(14, p.size, p.title, p.size, modes, p.host.Info("heat-map"))
	p.top = top
	p.under = widgets.NewText("", widgets.ColourQuiet).Small()
	p.buildEmpty()
	photo := container.NewStack(p.view, p.empty)
	picture := widgets.NewPanel(widgets.ColumnGrowing(6, photo, widgets.Sized(0, 22, top), photo, widgets.Sized(0, 15, p.under)))
	s := &p.summary
	s.window, s.count, s.time = widgets.NewRow("", ""), widgets.NewRow(p.text("windows"), ""), widgets.NewRow(p.text("time"), "")
	p.progress = widgets.NewProgress()
	p.cancel = widgets.NewButton(p.host.Text("cancel"), widgets.Linked, func() {
		p.host.Session().CancelDetect()
		p.looking = false
		p.showProgress(0, 0)
		p.showFound()
	})
	p.progress.Hide()
	p.cancel.Hide()
	head := widgets.LineGrowing(8, p.progress, widgets.NewHeading(p.text("method.window")).Natural(), p.host.Info("sliding-window"), p.progress, p.cancel)
	below := widgets.NewPanel(widgets.Column(2, widgets.Sized(0, 22, head),
		widgets.Shares(28, []float32{1, 1, 1}, s.window, s.count, s.time)))
	return widgets.ColumnGrowing(widgets.Gap, picture, picture, below)
}

// buildEmpty makes what stands in place of a photo: where to drop one, and what else can be done.
func (p *Page) buildEmpty() {
	guide := widgets.NewGuide(
		func() fyne.Resource { return resources.IconDetect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("empty.title"), []string{p.text("empty.1"), p.text("empty.2"), p.text("empty.3")},
		widgets.NewButton(p.text("empty.open"), widgets.Plain, p.open), widgets.NewButton(p.text("example"), widgets.Plain, p.tryExample))
	p.empty = container.NewStack(widgets.NewFrame(widgets.ColourLine), guide)
}

func (p *Page) buildRight() fyne.CanvasObject {
	const w = 104
	share := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	threshold := widgets.NewSliderRow(p.text("threshold"), .05, .99, .01, p.threshold, share, func(v float64) {
		p.threshold = v
		p.showFound()
	})
	overlap := widgets.NewSliderRow(p.text("overlap"), 0, .9, .01, p.overlap, share, func(v float64) {
		p.overlap = v
		p.showFound()
	})
	p.windowN = widgets.NewNumber(float64(p.side()), 4, 4096, true, func(v float64) { p.window = int(v); p.look() })
	p.strideN = widgets.NewNumber(float64(p.step()), 1, 4096, true, func(v float64) { p.stride = int(v); p.look() })
	p.windowN.OnWrong, p.strideN.OnWrong = p.look, p.look
	var scaleNames []string
	for _, s := range scaleChoices {
		var parts []string
		for _, v := range s {
			parts = append(parts, widgets.FormatNumber(v))
		}
		scaleNames = append(scaleNames, strings.Join(parts, " "))
	}
	p.foundAll = widgets.NewHeading("")
	p.found = widgets.Column(0)
	rows := widgets.Column(6,
		widgets.NewHeading(p.text("method")),
		widgets.FormRow(p.text("how"), 128, widgets.NewChoice([]string{p.text("method.window")}, 0, nil)),
		page.NumberRow(p.host, p.text("window"), w, p.windowN),
		page.NumberRow(p.host, p.text("stride"), w, p.strideN, p.host.Info("stride")),
		widgets.FormRow(p.text("scales"), w, widgets.NewChoice(scaleNames, p.scales, func(i int) { p.scales = i; p.look() })),
		threshold, overlap,
		widgets.Line(8, widgets.NewCheck(p.text("squares"), p.grid, func(on bool) { p.grid = on; p.showFound() }), p.host.Info("iou")),
		widgets.Sized(0, 26, p.foundAll))
	scroll := widgets.NewScroll(p.found)
	example := widgets.NewButton(p.text("example"), widgets.Plain, p.tryExample)
	p.saving = widgets.NewButton(p.text("save"), widgets.Plain, p.save)
	panel := widgets.NewPanel(widgets.ColumnGrowing(4, scroll, rows, scroll, widgets.Column(8, example, p.saving)))
	next := widgets.NewButton(p.text("drop"), widgets.Primary, p.open)
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, next)
}
