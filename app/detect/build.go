package detect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconDetect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")},
		widgets.NewButton(p.text("guide.train"), widgets.Primary, func() { p.host.Go("train") })))
	p.root, p.main = container.NewStack(), nil
	p.Update(p.state)
	return p.root
}

// buildMain makes the tab for the method of the chosen run.
func (p *Page) buildMain() {
	title, name, summary, right := p.method.controls()
	p.list, p.rows = widgets.Column(0), nil
	p.heading = widgets.NewHeading("")
	scroll := widgets.Loose(container.NewVScroll(p.list))
	left := widgets.NewPanel(widgets.ColumnGrowing(4, scroll, widgets.Inset(11, 12, 0, 12, p.heading), scroll)).Padded(1)
	middle := p.buildMiddle(title, name, summary)
	next := widgets.NewButton(p.text("drop"), widgets.Primary, p.open)
	panel := widgets.NewPanel(right)
	column := widgets.ColumnGrowing(widgets.Gap, panel, panel, next)
	p.main = widgets.Beside(widgets.Gap, middle, widgets.Sized(170, 0, left), middle, widgets.Sized(246, 0, column))
	p.showPhotos()
	p.showPhoto()
}

func (p *Page) buildMiddle(title, name, summary fyne.CanvasObject) fyne.CanvasObject {
	p.title = widgets.NewText("", widgets.ColourText).Bold().Natural()
	p.size = widgets.NewText("", widgets.ColourQuiet)
	p.view = widgets.NewPhotoView()
	p.view.OnHover = p.hovered
	p.view.OnClass = p.areas.onClass
	p.top = widgets.LineGrowing(14, p.size, p.title, p.size, title)
	p.under = widgets.NewText("", widgets.ColourQuiet).Small()
	p.buildEmpty()
	photo := container.NewStack(p.view, p.empty)
	picture := widgets.NewPanel(widgets.ColumnGrowing(6, photo, widgets.Sized(0, 22, p.top), photo, widgets.Sized(0, 15, p.under)))
	p.progress = widgets.NewProgress()
	p.cancel = widgets.NewButton(p.host.Text("cancel"), widgets.Linked, func() {
		p.host.Session().CancelDetect()
		p.looking = false
		p.showProgress(0, 0)
		p.showFound()
	})
	p.progress.Hide()
	p.cancel.Hide()
	head := widgets.LineGrowing(8, p.progress, name, p.progress, p.cancel)
	below := widgets.NewPanel(widgets.Column(2, widgets.Sized(0, 22, head), summary))
	return widgets.ColumnGrowing(widgets.Gap, picture, picture, below)
}

// buildEmpty makes what stands in place of a photo: where to drop one, and what else can be done.
func (p *Page) buildEmpty() {
	key := p.method.key() + "empty."
	guide := widgets.NewGuide(
		func() fyne.Resource { return resources.IconDetect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("empty.title"), []string{p.text("empty.1"), p.text(key + "2"), p.text(key + "3")},
		widgets.NewButton(p.text("empty.open"), widgets.Plain, p.open), widgets.NewButton(p.text("example"), widgets.Plain, p.method.tryExample))
	p.empty = container.NewStack(widgets.NewFrame(widgets.ColourLine), guide)
}
