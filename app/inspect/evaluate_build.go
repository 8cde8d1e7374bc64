package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/widgets"
)

// build makes the page in the present language.
func (e *evaluate) build() {
	e.buildTools()
	matrix := e.buildMatrix()
	e.buildWrong()
	left := widgets.ColumnGrowing(widgets.Gap, matrix, matrix, e.wrongBox)
	e.object = widgets.Beside(widgets.Gap, left, left, widgets.Sized(246, 0, e.buildFigures()))
}

// buildTools makes what stands in the row of the pages: what is measured, and the button that does it.
func (e *evaluate) buildTools() {
	e.sets = widgets.NewChoice(nil, -1, func(i int) {
		e.dataset = e.names[i]
		e.choose()
	})
	e.splits = widgets.NewChoice(nil, -1, func(i int) {
		e.split = evaluationSplits()[i]
		e.choose()
	})
	e.start = widgets.NewButton(e.text("evaluate.start"), widgets.Primary, e.begin).Low()
	e.tools = widgets.Line(8, widgets.Sized(150, 26, e.sets), widgets.Sized(150, 26, e.splits), e.start)
}

// buildMatrix makes the panel of the confusion matrix.
func (e *evaluate) buildMatrix() fyne.CanvasObject {
	shares := widgets.NewSegmented([]string{e.text("evaluate.counts"), e.text("evaluate.shares")}, func(i int) {
		e.shares = i == 1
		e.showMatrix()
	})
	if e.shares {
		shares.Choose(1)
	}
	e.chooser = widgets.Line(18, shares)
	e.counted = widgets.NewText("", widgets.ColourQuiet).Small().Aligned(fyne.TextAlignTrailing)
	e.top = widgets.LineGrowing(10, e.counted, widgets.NewText(e.text("evaluate.confusion"), widgets.ColourText).Bold().Natural(), e.host.Info("confusion"), e.chooser, e.counted)
	e.matrix = widgets.NewConfusionMatrix()
	e.matrix.OnHover = e.hovered
	e.message = widgets.NewParagraph("", widgets.ColourQuiet).Centred()
	e.messages = container.NewCenter(widgets.Sized(400, 0, e.message))
	e.progress, e.told = widgets.NewProgress(), widgets.NewText("", widgets.ColourQuiet).Aligned(fyne.TextAlignCenter)
	e.busy = container.NewCenter(widgets.Sized(260, 0, widgets.Column(10, e.told, e.progress,
		container.NewCenter(widgets.NewButton(e.host.Text("cancel"), widgets.Plain, e.cancel)))))
	content := container.NewStack(e.matrix, e.messages, e.busy)
	return widgets.NewPanel(widgets.ColumnGrowing(8, content, widgets.Sized(0, 26, e.top), content))
}

// wrongSide is how large the images that were not answered right are.
const wrongSide = 104

// buildWrong makes the panel of the images that were not answered right.
func (e *evaluate) buildWrong() {
	e.worst = widgets.NewText("", widgets.ColourText).Bold()
	hint := widgets.NewText(e.text("evaluate.wrong.hint"), widgets.ColourQuiet).Small().Natural()
	e.grid = widgets.NewThumbnailGrid(e.load, e.host.Session().Post)
	e.grids = append(e.grids, e.grid)
	e.grid.SetCellSize(wrongSide)
	e.grid.OnSelected = e.open
	e.wrongBox = widgets.Sized(0, wrongSide+64, widgets.NewPanel(widgets.ColumnGrowing(8, e.grid, widgets.LineGrowing(8, e.worst, e.worst, hint), e.grid)))
}

// buildFigures makes the column at the right.
func (e *evaluate) buildFigures() fyne.CanvasObject {
	e.heading = widgets.NewHeading("")
	e.rows = widgets.Column(4)
	e.note = widgets.NewParagraph("", widgets.ColourText).Small()
	e.noteBox = widgets.NewNote(e.note)
	e.aside = widgets.Column(8, e.heading, e.rows, e.noteBox)
	panel := widgets.NewPanel(widgets.NewScroll(e.aside))
	next := widgets.NewButton(e.text("next"), widgets.Primary, func() { e.host.Go("detect") })
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, next)
}
