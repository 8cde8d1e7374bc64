package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/widgets"
)

// The pages, in their order.
const (
	pageMaps = iota
	pageEvaluate
)

// turn goes to a page.
func (p *Page) turn(to int) {
	p.at = to
	p.showPage()
	p.Update(p.state)
}

func (p *Page) showPage() {
	visible(p.maps, p.at == pageMaps)
	visible(p.evaluate.object, p.at == pageEvaluate)
	visible(p.evaluate.tools, p.at == pageEvaluate)
	p.pageRow.Refresh()
}

// buildPages puts the pages behind each other, below the row that names them.
func (p *Page) buildPages() fyne.CanvasObject {
	p.pages = widgets.NewSegmented([]string{p.text("page.maps"), p.text("page.evaluate")}, p.turn)
	space := widgets.NewText("", widgets.ColourText)
	p.pageRow = widgets.LineGrowing(8, space, p.pages, space, p.evaluate.tools)
	all := container.NewStack(p.maps, p.evaluate.object)
	p.pages.Choose(p.at)
	p.showPage()
	return widgets.ColumnGrowing(8, all, widgets.Sized(0, 28, p.pageRow), all)
}
