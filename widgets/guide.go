package widgets

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// NewGuide returns what an empty tab shows instead of a blank: a picture, what to do in steps, and buttons that do it.
func NewGuide(icon func() fyne.Resource, title string, steps []string, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	picture := newIconPicture(icon)
	lines := []fyne.CanvasObject{
		Sized(0, 64, picture),
		NewParagraph(title, ColourText).Centred().bigger(),
	}
	for i, s := range steps {
		text := NewParagraph(s, ColourQuiet)
		lines = append(lines, Beside(10, text, Sized(16, 0, NewText(strconv.Itoa(i+1), ColourAccent).Bold()), text))
	}
	if len(buttons) > 0 {
		lines = append(lines, container.NewCenter(Line(8, buttons...)))
	}
	return container.NewCenter(Sized(430, 0, Column(12, lines...)))
}

func (p *Paragraph) bigger() *Paragraph { p.size, p.bold = 17, true; return p }

// iconPicture is an icon that is redrawn when the theme changes.
type iconPicture struct {
	widget.BaseWidget
	icon func() fyne.Resource
}

func newIconPicture(icon func() fyne.Resource) *iconPicture {
	p := &iconPicture{icon: icon}
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *iconPicture) CreateRenderer() fyne.WidgetRenderer {
	r := &iconPictureRenderer{p: p}
	r.picture.FillMode = canvas.ImageFillContain
	r.picture.Resource = p.icon()
	return r
}

type iconPictureRenderer struct {
	p       *iconPicture
	picture canvas.Image
}

func (r *iconPictureRenderer) Destroy()                     {}
func (r *iconPictureRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{&r.picture} }
func (r *iconPictureRenderer) MinSize() fyne.Size           { return fyne.NewSize(24, 24) }
func (r *iconPictureRenderer) Layout(size fyne.Size)        { r.picture.Resize(size) }

func (r *iconPictureRenderer) Refresh() {
	r.picture.Resource = r.p.icon()
	r.picture.Refresh()
}

// ListRow is a row of a short list: columns of text, chosen by a click.
type ListRow struct {
	widget.BaseWidget
	cells    []string
	columns  []float32 // widths; one that is 0 takes the rest, below 0 stands at the right
	chosen   bool
	hovered  bool
	OnTapped func()
	OnMenu   func(at fyne.Position) // right click, or a click on the dots at its end
}

// rowMenu is the width of the dots at the end of a row that has a menu.
const rowMenu = 26

// NewListRow makes a row with columns of the widths; one of 0 takes what is left, and widths below 0 align to the right.
func NewListRow(columns []float32, cells []string, tapped func()) *ListRow {
	r := &ListRow{columns: columns, cells: cells, OnTapped: tapped}
	r.ExtendBaseWidget(r)
	return r
}

// Set changes texts and whether it is chosen.
func (r *ListRow) Set(cells []string, chosen bool) {
	if r.chosen == chosen && slices.Equal(r.cells, cells) {
		return
	}
	r.cells, r.chosen = cells, chosen
	r.Refresh()
}

// Cells returns its texts.
func (r *ListRow) Cells() []string { return r.cells }

// Tapped implements fyne.Tappable.
func (r *ListRow) Tapped(e *fyne.PointEvent) {
	if r.OnMenu != nil && e.Position.X > r.Size().Width-rowMenu-4 {
		r.OnMenu(e.AbsolutePosition)
		return
	}
	if r.OnTapped != nil {
		r.OnTapped()
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (r *ListRow) TappedSecondary(e *fyne.PointEvent) {
	if r.OnMenu != nil {
		r.OnMenu(e.AbsolutePosition)
	}
}

// MouseIn implements desktop.Hoverable.
func (r *ListRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *ListRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *ListRow) MouseOut() { r.hovered = false; r.Refresh() }

// CreateRenderer implements fyne.Widget.
func (r *ListRow) CreateRenderer() fyne.WidgetRenderer {
	x := &listRowRenderer{r: r}
	x.Refresh()
	return x
}

type listRowRenderer struct {
	r       *ListRow
	back    canvas.Rectangle
	texts   []*canvas.Text
	dots    canvas.Text
	objects []fyne.CanvasObject
}

func (x *listRowRenderer) Destroy()                     {}
func (x *listRowRenderer) Objects() []fyne.CanvasObject { return x.objects }
func (x *listRowRenderer) MinSize() fyne.Size           { return fyne.NewSize(60, 28) }

func (x *listRowRenderer) Layout(size fyne.Size) {
	x.back.Resize(size)
	rest := size.Width - 2*Gap
	if x.r.OnMenu != nil {
		rest -= rowMenu
		x.dots.Move(fyne.NewPos(size.Width-rowMenu, (size.Height-fyne.MeasureText(x.dots.Text, TextSize, x.dots.TextStyle).Height)/2))
	}
	for _, w := range x.r.columns {
		rest -= max(w, -w)
	}
	at := Gap
	for i, t := range x.texts {
		w := x.r.columns[i]
		right := w < 0
		if w == 0 {
			w = max(0, rest)
		}
		w = max(w, -w)
		t.Text = Ellipsis(x.r.cells[i], w-6, TextSize, t.TextStyle)
		m := fyne.MeasureText(t.Text, TextSize, t.TextStyle)
		px := at
		if right {
			px = at + w - m.Width
		}
		t.Move(fyne.NewPos(px, (size.Height-m.Height)/2))
		at += w
	}
}

func (x *listRowRenderer) Refresh() {
	r := x.r
	for len(x.texts) < len(r.cells) {
		x.texts = append(x.texts, canvas.NewText("", nil))
	}
	x.back.FillColor = nil
	if r.chosen {
		x.back.FillColor = Colour(ColourTint)
	} else if r.hovered {
		x.back.FillColor = Fade(Colour(ColourQuiet), .08)
	}
	x.objects = []fyne.CanvasObject{&x.back}
	for i, t := range x.texts[:len(r.cells)] {
		t.TextSize, t.TextStyle.Bold, t.Color = TextSize, r.chosen, Colour(ColourText)
		if r.chosen {
			t.Color = Colour(ColourAccent)
		} else if i > 0 && r.columns[i] >= 0 {
			t.Color = Colour(ColourQuiet)
		}
		x.objects = append(x.objects, t)
	}
	if r.OnMenu != nil {
		x.dots.Text, x.dots.TextSize, x.dots.TextStyle.Bold, x.dots.Color = "⋯", TextSize, true, Colour(ColourFaint)
		if r.hovered || r.chosen {
			x.dots.Color = Colour(ColourQuiet)
		}
		x.objects = append(x.objects, &x.dots)
	}
	x.Layout(r.Size())
	canvas.Refresh(r)
}

// ThumbRow is a row of a list with a small picture before two lines of text.
type ThumbRow struct {
	widget.BaseWidget
	title, detail   string
	picture         *Picture
	chosen, hovered bool
	OnTapped        func()
}

// NewThumbRow makes a row.
func NewThumbRow(tapped func()) *ThumbRow {
	r := &ThumbRow{picture: NewPicture(), OnTapped: tapped}
	r.ExtendBaseWidget(r)
	return r
}

// Set changes texts and whether it is chosen.
func (r *ThumbRow) Set(title, detail string, chosen bool) {
	if r.title != title || r.detail != detail || r.chosen != chosen {
		r.title, r.detail, r.chosen = title, detail, chosen
		r.Refresh()
	}
}

// Picture returns the small picture.
func (r *ThumbRow) Picture() *Picture { return r.picture }

// Tapped implements fyne.Tappable.
func (r *ThumbRow) Tapped(*fyne.PointEvent) {
	if r.OnTapped != nil {
		r.OnTapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (r *ThumbRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *ThumbRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *ThumbRow) MouseOut() { r.hovered = false; r.Refresh() }

// CreateRenderer implements fyne.Widget.
func (r *ThumbRow) CreateRenderer() fyne.WidgetRenderer {
	x := &thumbRowRenderer{r: r}
	x.Refresh()
	return x
}

type thumbRowRenderer struct {
	r             *ThumbRow
	back          canvas.Rectangle
	title, detail canvas.Text
}

func (x *thumbRowRenderer) Destroy()           {}
func (x *thumbRowRenderer) MinSize() fyne.Size { return fyne.NewSize(100, 42) }

func (x *thumbRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&x.back, x.r.picture, &x.title, &x.detail}
}

func (x *thumbRowRenderer) Layout(size fyne.Size) {
	x.back.Resize(size)
	x.r.picture.Move(fyne.NewPos(10, 4))
	x.r.picture.Resize(fyne.NewSize(34, 34))
	x.title.Text = Ellipsis(x.r.title, size.Width-60, TextSize, x.title.TextStyle)
	x.detail.Text = Ellipsis(x.r.detail, size.Width-60, SmallSize, x.detail.TextStyle)
	x.title.Move(fyne.NewPos(54, 3))
	x.detail.Move(fyne.NewPos(54, 21))
}

func (x *thumbRowRenderer) Refresh() {
	x.back.FillColor = nil
	title, detail := ColourText, ColourQuiet
	if x.r.chosen {
		x.back.FillColor = Colour(ColourTint)
		title, detail = ColourAccent, ColourAccent
	} else if x.r.hovered {
		x.back.FillColor = Fade(Colour(ColourQuiet), .08)
	}
	x.title.TextSize, x.title.TextStyle.Bold, x.title.Color = TextSize, true, Colour(title)
	x.detail.TextSize, x.detail.Color = SmallSize, Colour(detail)
	x.Layout(x.r.Size())
	canvas.Refresh(x.r)
}
