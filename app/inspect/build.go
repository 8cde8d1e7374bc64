package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	left := p.buildLeft()
	middle := p.buildSheet()
	right := p.buildRight()
	p.maps = widgets.Beside(widgets.Gap, middle, widgets.Sized(192, 0, left), middle, widgets.Sized(246, 0, right))
	p.evaluate.build()
	p.main = p.buildPages()
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconInspect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")},
		widgets.NewButton(p.text("guide.train"), widgets.Primary, func() { p.host.Go("train") })))
	p.root = container.NewStack()
	p.rows = nil
	p.evaluate.rebuilt()
	p.Update(p.state)
	p.showView()
	return p.root
}

func (p *Page) buildLeft() fyne.CanvasObject {
	p.picture = widgets.NewPicture()
	p.seen = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	p.predictions = widgets.NewProbabilityBars()
	as := widgets.NewSegmented([]string{p.text("as.image"), p.text("as.tensor")}, func(i int) {
		p.tensor = i == 1
		p.showImage()
	})
	if p.tensor {
		as.Choose(1)
	}
	open := widgets.NewButton(p.text("open"), widgets.Plain, p.open).Low()
	p.nextImage = widgets.NewButton(p.text("another"), widgets.Plain, p.another).Low()
	height := &pictureHeight{}
	imagePanel := widgets.NewPanel(widgets.Column(6,
		widgets.NewHeading(p.text("image")), container.New(height, p.picture), widgets.Line(0, as), p.seen, p.predictions,
		widgets.Shares(6, []float32{1, 1}, open, p.nextImage)))
	p.list = widgets.Column(0)
	scroll := widgets.Loose(container.NewVScroll(p.list))
	layers := widgets.NewPanel(widgets.ColumnGrowing(4, scroll, widgets.Inset(11, 12, 0, 12, widgets.NewHeading(p.text("layers"))), scroll)).Padded(1)
	return container.New(&imageAbove{height}, imagePanel, layers)
}

// pictureHeight is the layout of the picture alone.
type pictureHeight struct{ now float32 }

func (h *pictureHeight) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leastPicture, max(leastPicture, h.now))
}

func (h *pictureHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
}

// imageAbove puts the image's panel above that of the layers.
type imageAbove struct{ picture *pictureHeight }

func (*imageAbove) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(120, 300) }

func (a *imageAbove) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	a.picture.now = leastPicture
	spare := size.Height - widgets.Gap - leastLayers - objects[0].MinSize().Height
	a.picture.now = leastPicture + max(0, min(spare, mostPicture-leastPicture))
	h := objects[0].MinSize().Height
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(size.Width, h))
	objects[1].Move(fyne.NewPos(0, h+widgets.Gap))
	objects[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-h-widgets.Gap)))
}

func (p *Page) buildSheet() fyne.CanvasObject {
	p.title = widgets.NewText("", widgets.ColourText).Bold().Natural()
	p.what = widgets.NewSegmented([]string{p.text("maps"), p.text("filters")}, func(i int) {
		p.filters = i == 1
		p.unit = -1
		p.showLayer()
	})
	p.whatBox = container.NewStack(p.what)
	p.scaleBox = widgets.NewChoice([]string{p.text("scale.layer"), p.text("scale.map")}, 0, func(i int) {
		p.local = i == 1
		p.showLayer()
	})
	if p.local {
		p.scaleBox.Choose(1)
	}
	p.epochs = widgets.NewChoice(nil, -1, func(i int) {
		p.snapshot = p.epochOf[i]
		p.ask()
	})
	p.chooser = widgets.Line(10, p.title, p.whatBox, p.host.Info("feature-map"))
	right := widgets.Line(10, widgets.Sized(108, 26, p.scaleBox), widgets.Sized(100, 26, p.epochs))
	p.sheet = widgets.NewContactSheet()
	p.sheet.OnChosen = func(cell int) {
		p.unit = cell
		p.showUnit()
	}
	p.sheet.OnHovered = p.hovered
	p.bar, p.read = widgets.NewScaleBar(), widgets.NewText("", widgets.ColourQuiet).Small().Aligned(fyne.TextAlignTrailing)
	p.message = widgets.NewParagraph("", widgets.ColourQuiet).Centred()
	p.asking = container.NewCenter(widgets.NewButton(p.text("open.long"), widgets.Plain, p.open))
	p.messages = container.NewCenter(widgets.Sized(360, 0, widgets.Column(12, p.message, p.asking)))
	p.scaleLine = widgets.LineGrowing(8, p.read, p.bar, p.read)
	return widgets.NewPanel(container.New(sheetLayout{}, p.chooser, right, container.NewStack(p.sheet, p.messages), p.scaleLine))
}

// sheetLayout puts what chooses above the sheet, in two lines where one has no room, and the scale below it.
type sheetLayout struct{}

func (sheetLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 200) }

func (sheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const line, gap = 26, 8
	left, right, sheet, scale := objects[0], objects[1], objects[2], objects[3]
	l, r, foot := left.MinSize().Width, right.MinSize().Width, scale.MinSize().Height
	y := float32(0)
	left.Move(fyne.NewPos(0, y))
	left.Resize(fyne.NewSize(l, line))
	if l+2*gap+r <= size.Width {
		right.Move(fyne.NewPos(size.Width-r, y))
	} else {
		y += line + gap/2
		right.Move(fyne.NewPos(0, y))
	}
	right.Resize(fyne.NewSize(r, line))
	y += line + gap
	sheet.Move(fyne.NewPos(0, y))
	sheet.Resize(fyne.NewSize(size.Width, max(0, size.Height-y-gap-foot)))
	scale.Move(fyne.NewPos(0, size.Height-foot))
	scale.Resize(fyne.NewSize(size.Width, foot))
}

func (p *Page) buildRight() fyne.CanvasObject {
	p.unitTitle = widgets.NewHeading(p.text("unit.none"))
	p.enlarged, p.kernel = widgets.NewPicture(), widgets.NewPicture()
	u := &p.unitRows
	u.mean, u.max, u.sum = widgets.NewRow(p.text("mean"), ""), widgets.NewRow(p.text("max"), ""), widgets.NewRow(p.text("sum"), "")
	p.unitNote = widgets.NewParagraph("", widgets.ColourText).Small()
	f := &p.facts
	f.shape, f.mean, f.span = widgets.NewRow(p.text("shape"), ""), widgets.NewRow(p.text("mean-deviation"), ""), widgets.NewRow(p.text("span"), "")
	f.zeros, f.parameters = widgets.NewRow(p.text("zeros"), ""), widgets.NewRow(p.text("parameters"), "")
	p.histogram = widgets.NewHistogram()
	rows := widgets.Column(6,
		p.unitTitle, widgets.Shares(10, []float32{1, 1}, widgets.Sized(0, 104, p.enlarged), widgets.Sized(0, 104, p.kernel)),
		u.mean, u.max, u.sum, widgets.NewNote(p.unitNote),
		widgets.Sized(0, 24, widgets.NewHeading(p.text("layer"))), p.histogram, f.shape, f.mean, f.span, f.zeros, f.parameters)
	p.aside = rows
	panel := widgets.NewPanel(widgets.NewScroll(rows))
	next := widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("detect") })
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, next)
}
