package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*Rail)(nil)
	_ desktop.Hoverable = (*railTab)(nil)
	_ fyne.Focusable    = (*railTab)(nil)
)

// RailWidth is the width of the strip of tabs.
const RailWidth = 76

// RailItem is a tab: its name and its icon in a colour.
type RailItem struct {
	Name string
	Icon func(color.Color) fyne.Resource
}

// Rail is the strip of tabs at the left edge of the window.
type Rail struct {
	widget.BaseWidget
	tabs     []*railTab
	chosen   int
	OnChosen func(i int)
}

// NewRail makes a strip; the first tab is chosen.
func NewRail(items []RailItem, chosen func(i int)) *Rail {
	r := &Rail{OnChosen: chosen}
	for i, item := range items {
		t := &railTab{rail: r, i: i, item: item}
		t.ExtendBaseWidget(t)
		r.tabs = append(r.tabs, t)
	}
	r.ExtendBaseWidget(r)
	return r
}

// Choose chooses a tab without telling.
func (r *Rail) Choose(i int) {
	before := r.chosen
	r.chosen = i
	r.tabs[before].Refresh()
	r.tabs[i].Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *Rail) CreateRenderer() fyne.WidgetRenderer {
	x := &railRenderer{r: r}
	x.Refresh()
	return x
}

type railRenderer struct {
	r    *Rail
	back canvas.Rectangle
	edge canvas.Line
}

func (x *railRenderer) Destroy() {}

func (x *railRenderer) MinSize() fyne.Size {
	return fyne.NewSize(RailWidth, 52+64*float32(len(x.r.tabs)))
}

func (x *railRenderer) Objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{&x.back}
	for _, t := range x.r.tabs {
		all = append(all, t)
	}
	return append(all, &x.edge)
}

func (x *railRenderer) Layout(size fyne.Size) {
	x.back.Resize(size)
	for i, t := range x.r.tabs {
		t.Move(fyne.NewPos(0, 52+64*float32(i)))
		t.Resize(fyne.NewSize(size.Width, 64))
	}
	x.edge.Position1, x.edge.Position2 = fyne.NewPos(size.Width-.5, 0), fyne.NewPos(size.Width-.5, size.Height)
}

func (x *railRenderer) Refresh() {
	x.back.FillColor = Colour(ColourRail)
	x.edge.StrokeColor, x.edge.StrokeWidth = Colour(ColourLine), 1
	x.back.Refresh()
	x.edge.Refresh()
	for _, t := range x.r.tabs {
		t.Refresh()
	}
}

// railTab is one tab.
type railTab struct {
	widget.BaseWidget
	rail             *Rail
	i                int
	item             RailItem
	hovered, focused bool
}

// Tapped implements fyne.Tappable.
func (t *railTab) Tapped(*fyne.PointEvent) {
	t.rail.Choose(t.i)
	if t.rail.OnChosen != nil {
		t.rail.OnChosen(t.i)
	}
}

// MouseIn implements desktop.Hoverable.
func (t *railTab) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (t *railTab) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *railTab) MouseOut() { t.hovered = false; t.Refresh() }

// FocusGained implements fyne.Focusable.
func (t *railTab) FocusGained() { t.focused = true; t.Refresh() }

// FocusLost implements fyne.Focusable.
func (t *railTab) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune implements fyne.Focusable.
func (t *railTab) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (t *railTab) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn {
		t.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *railTab) CreateRenderer() fyne.WidgetRenderer {
	x := &railTabRenderer{t: t}
	x.icon.FillMode = canvas.ImageFillContain
	x.Refresh()
	return x
}

type railTabRenderer struct {
	t          *railTab
	back, mark canvas.Rectangle
	icon       canvas.Image
	name       canvas.Text
}

func (x *railTabRenderer) Destroy()           {}
func (x *railTabRenderer) MinSize() fyne.Size { return fyne.NewSize(RailWidth, 64) }

func (x *railTabRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&x.back, &x.mark, &x.icon, &x.name}
}

func (x *railTabRenderer) Layout(size fyne.Size) {
	x.back.Resize(size)
	x.mark.Resize(fyne.NewSize(3, size.Height))
	x.icon.Move(fyne.NewPos((size.Width-22)/2, 11))
	x.icon.Resize(fyne.NewSize(22, 22))
	m := fyne.MeasureText(x.t.item.Name, SmallSize, x.name.TextStyle)
	x.name.Move(fyne.NewPos((size.Width-m.Width)/2, 39))
	x.name.Resize(m)
}

func (x *railTabRenderer) Refresh() {
	chosen := x.t.rail.chosen == x.t.i
	c := Colour(ColourQuiet)
	x.back.FillColor, x.mark.FillColor = nil, nil
	switch {
	case chosen:
		c = Colour(ColourAccent)
		x.back.FillColor, x.mark.FillColor = Colour(ColourTint), Colour(ColourAccent)
	case x.t.hovered || x.t.focused:
		x.back.FillColor = Fade(Colour(ColourQuiet), .1)
	}
	x.icon.Resource = x.t.item.Icon(c)
	x.name.Text, x.name.TextSize, x.name.Color = x.t.item.Name, SmallSize, c
	x.name.TextStyle.Bold = chosen
	x.Layout(x.t.Size())
	x.back.Refresh()
	x.mark.Refresh()
	x.icon.Refresh()
	x.name.Refresh()
}
