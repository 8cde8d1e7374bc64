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

// Padded sets the distance of its content.
func (p *Panel) Padded(pad float32) *Panel { p.pad = pad; return p }

// Filled sets the colour behind its content.
func (p *Panel) Filled(c fyne.ThemeColorName) *Panel { p.fill = c; return p }

// HeightFor is the height that it takes at a width.
func (p *Panel) HeightFor(width float32) float32 {
	return heightOf(p.content, width-2*p.pad) + 2*p.pad
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{p: p}
	r.back.CornerRadius = Radius
	r.applyTheme()
	return r
}

type panelRenderer struct {
	p    *Panel
	back canvas.Rectangle
}

func (r *panelRenderer) Destroy() {}

func (r *panelRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.back, r.p.content}
}

func (r *panelRenderer) MinSize() fyne.Size {
	return r.p.content.MinSize().AddWidthHeight(2*r.p.pad, 2*r.p.pad)
}

func (r *panelRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.p.content.Move(fyne.NewPos(r.p.pad, r.p.pad))
	r.p.content.Resize(fyne.NewSize(max(0, size.Width-2*r.p.pad), max(0, size.Height-2*r.p.pad)))
}

func (r *panelRenderer) applyTheme() {
	r.back.FillColor = Colour(r.p.fill)
	if r.p.border {
		r.back.StrokeColor, r.back.StrokeWidth = Colour(ColourLine), 1
	}
}

func (r *panelRenderer) Refresh() {
	r.applyTheme()
	r.back.Refresh()
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
