package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

var _ fyne.Widget = (*Panel)(nil)

// Panel is a card with rounded corners.
type Panel struct {
	widget.BaseWidget
	content fyne.CanvasObject
	pad     float32
	fill    fyne.ThemeColorName
	border  bool
	opaque  fyne.CanvasObject // see Around; may be nil
}

// NewPanel makes a card around a content with the usual distance.
func NewPanel(content fyne.CanvasObject) *Panel {
	p := &Panel{content: content, pad: Gap, fill: ColourPanel, border: true}
	p.ExtendBaseWidget(p)
	return p
}

// NewNote makes a tinted card for a hint.
func NewNote(content fyne.CanvasObject) *Panel {
	p := &Panel{content: content, pad: 10, fill: ColourTint}
	p.ExtendBaseWidget(p)
	return p
}

// Around leaves out what a direct child of the content fills by itself, so that its pixels are not drawn twice in every frame.
func (p *Panel) Around(opaque fyne.CanvasObject) *Panel { p.opaque = opaque; return p }

// Padded sets the distance of its content.
func (p *Panel) Padded(pad float32) *Panel { p.pad = pad; return p }

// Filled sets the colour behind its content.
func (p *Panel) Filled(c fyne.ThemeColorName) *Panel { p.fill = c; return p }

// HeightFor returns the height that it takes at a width.
func (p *Panel) HeightFor(width float32) float32 {
	return heightOf(p.content, width-2*p.pad) + 2*p.pad
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{p: p}
	for i := range r.corners {
		r.corners[i].CornerRadius = Radius
	}
	r.applyTheme()
	return r
}

// panelRenderer draws the card of plain rectangles and four small rounded ones in its corners. One large rounded rectangle looks the same, but its
// shader runs for every pixel of it, which takes most of a frame where there is no graphics card.
type panelRenderer struct {
	p       *Panel
	corners [4]canvas.Rectangle // rounded
	middle  [4]canvas.Rectangle // between the corners, from top to bottom: above, below, left and right of what is opaque
	sides   [2]canvas.Rectangle // between the corners at the left and at the right
	edges   [4]canvas.Rectangle // top, bottom, left, right
}

func (r *panelRenderer) Destroy() {}

func (r *panelRenderer) Objects() []fyne.CanvasObject {
	all := make([]fyne.CanvasObject, 0, 15)
	for i := range r.corners {
		all = append(all, &r.corners[i])
	}
	all = append(all, &r.middle[0], &r.middle[1], &r.middle[2], &r.middle[3], &r.sides[0], &r.sides[1])
	if r.p.border {
		for i := range r.edges {
			all = append(all, &r.edges[i])
		}
	}
	return append(all, r.p.content)
}

func (r *panelRenderer) MinSize() fyne.Size {
	return r.p.content.MinSize().AddWidthHeight(2*r.p.pad, 2*r.p.pad)
}

func (r *panelRenderer) Layout(size fyne.Size) {
	const corner = 2 * Radius
	w, h := size.Width, size.Height
	place := func(o *canvas.Rectangle, x, y, width, height float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(max(0, width), max(0, height)))
	}
	for i := range r.corners {
		place(&r.corners[i], float32(i%2)*(w-corner), float32(i/2)*(h-corner), corner, corner)
	}
	place(&r.sides[0], 0, Radius, Radius, h-2*Radius)
	place(&r.sides[1], w-Radius, Radius, Radius, h-2*Radius)
	place(&r.edges[0], Radius, 0, w-2*Radius, 1)
	place(&r.edges[1], Radius, h-1, w-2*Radius, 1)
	place(&r.edges[2], 0, Radius, 1, h-2*Radius)
	place(&r.edges[3], w-1, Radius, 1, h-2*Radius)
	r.p.content.Move(fyne.NewPos(r.p.pad, r.p.pad))
	r.p.content.Resize(fyne.NewSize(max(0, w-2*r.p.pad), max(0, h-2*r.p.pad)))
	x0, y0, x1, y1 := w-Radius, h, w-Radius, h // of what is opaque: nothing, at the end
	if o := r.p.opaque; o != nil {
		at, size := o.Position(), o.Size()
		x0, y0 = at.X+r.p.pad, at.Y+r.p.pad
		x1, y1 = x0+size.Width, y0+size.Height
	}
	place(&r.middle[0], Radius, 0, w-2*Radius, y0)
	place(&r.middle[1], Radius, y1, w-2*Radius, h-y1)
	place(&r.middle[2], Radius, y0, x0-Radius, y1-y0)
	place(&r.middle[3], x1, y0, w-Radius-x1, y1-y0)
}

func (r *panelRenderer) applyTheme() {
	fill, line := Colour(r.p.fill), Colour(ColourLine)
	for i := range r.corners {
		r.corners[i].FillColor = fill
		if r.p.border {
			r.corners[i].StrokeColor, r.corners[i].StrokeWidth = line, 1
		}
		r.edges[i].FillColor = line
	}
	r.sides[0].FillColor, r.sides[1].FillColor = fill, fill
	for i := range r.middle {
		r.middle[i].FillColor = fill
	}
}

func (r *panelRenderer) Refresh() {
	r.applyTheme()
	canvas.Refresh(r.p)
}

// Fill is a surface of one of the theme's colours.
type Fill struct {
	widget.BaseWidget
	colour fyne.ThemeColorName
	radius float32
}

// NewFill makes a surface.
func NewFill(c fyne.ThemeColorName) *Fill {
	f := &Fill{colour: c}
	f.ExtendBaseWidget(f)
	return f
}

// Rounded rounds its corners.
func (f *Fill) Rounded(radius float32) *Fill { f.radius = radius; return f }

// Set changes the colour.
func (f *Fill) Set(c fyne.ThemeColorName) {
	if f.colour != c {
		f.colour = c
		f.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (f *Fill) CreateRenderer() fyne.WidgetRenderer {
	r := &fillRenderer{f: f}
	r.Refresh()
	return r
}

type fillRenderer struct {
	f    *Fill
	back canvas.Rectangle
}

func (r *fillRenderer) Destroy()                     {}
func (r *fillRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{&r.back} }
func (r *fillRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r *fillRenderer) Layout(size fyne.Size)        { r.back.Resize(size) }

func (r *fillRenderer) Refresh() {
	r.back.FillColor, r.back.CornerRadius = Colour(r.f.colour), r.f.radius
	r.back.Refresh()
}

// Frame is a field: rounded, filled, with an outline of one of the theme's colours.
type Frame struct {
	widget.BaseWidget
	colour fyne.ThemeColorName
}

// NewFrame makes an outline.
func NewFrame(c fyne.ThemeColorName) *Frame {
	f := &Frame{colour: c}
	f.ExtendBaseWidget(f)
	return f
}

// Set changes the colour.
func (f *Frame) Set(c fyne.ThemeColorName) {
	if f.colour != c {
		f.colour = c
		f.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (f *Frame) CreateRenderer() fyne.WidgetRenderer {
	r := &frameRenderer{f: f}
	r.line.CornerRadius, r.line.StrokeWidth = FieldRadius, 1
	r.Refresh()
	return r
}

type frameRenderer struct {
	f    *Frame
	line canvas.Rectangle
}

func (r *frameRenderer) Destroy()                     {}
func (r *frameRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{&r.line} }
func (r *frameRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r *frameRenderer) Layout(size fyne.Size)        { r.line.Resize(size) }

func (r *frameRenderer) Refresh() {
	r.line.FillColor, r.line.StrokeColor = Colour(ColourField), Colour(r.f.colour)
	r.line.Refresh()
}

// box is a widget that is made of others.
type box struct {
	widget.BaseWidget
	content fyne.CanvasObject
}

// CreateRenderer implements fyne.Widget.
func (b *box) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(b.content) }

// Row is a quiet name at the left and a value at the right.
type Row struct {
	box
	name, value *Text
}

// NewRow makes a row.
func NewRow(name, value string) *Row {
	r := &Row{name: NewText(name, ColourQuiet).Natural(), value: NewText(value, ColourText).Aligned(fyne.TextAlignTrailing)}
	r.content = Sized(0, RowHeight-2, LineGrowing(8, r.value, r.name, r.value))
	r.ExtendBaseWidget(r)
	return r
}

// Set changes the value.
func (r *Row) Set(value string) { r.value.Set(value) }

// SetName changes the name.
func (r *Row) SetName(name string) {
	if r.name.Text() != name {
		r.name.Set(name)
		r.Refresh()
	}
}

// SetColour changes the value's colour.
func (r *Row) SetColour(c fyne.ThemeColorName) { r.value.SetColour(c) }
