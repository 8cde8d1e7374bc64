package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// rowLine is the objects of one row of a list.
type rowLine interface {
	objects() []fyne.CanvasObject
	clear()                                       // hides them
	show(row int, y, width float32, hovered bool) // and places them
}

// rowOwner is the widget that a list of rows is a part of: it has the focus, and does what a click asks for.
type rowOwner interface {
	fyne.CanvasObject
	fyne.Focusable
	press(row int)
}

// rowList is rows that scroll: as high as all of them, with objects for those only that are seen.
type rowList[L rowLine] struct {
	widget.BaseWidget
	owner   rowOwner
	scroll  *container.Scroll
	height  float32 // of a row
	rows    int
	newLine func() L
	lines   []L
	shown   []int // row of each line; −1: unused
	objects []fyne.CanvasObject
	redraw  canvas.Rectangle // refreshing it has the window drawn again
	hovered int              // row, −1: none
	pressed bool             // by a mouse, which has done what a tap does
	onHover func(row int)    // may be nil
}

func newRowList[L rowLine](owner rowOwner, height float32, newLine func() L) *rowList[L] {
	r := &rowList[L]{owner: owner, height: height, newLine: newLine, hovered: -1}
	r.objects = []fyne.CanvasObject{&r.redraw}
	r.ExtendBaseWidget(r)
	r.scroll = container.NewVScroll(r)
	r.scroll.OnScrolled = func(fyne.Position) { r.update(false) }
	return r
}

// MinSize implements fyne.CanvasObject.
func (r *rowList[L]) MinSize() fyne.Size {
	return fyne.NewSize(10, float32(max(1, r.rows))*r.height)
}

// at returns the row at a position, −1: none.
func (r *rowList[L]) at(p fyne.Position) int {
	if row := int(p.Y / r.height); p.Y >= 0 && row < r.rows {
		return row
	}
	return -1
}

// reveal scrolls just so far that a row is seen.
func (r *rowList[L]) reveal(row int) {
	y, height := float32(row)*r.height, r.scroll.Size().Height
	if row < 0 || row >= r.rows || height < r.height {
		return
	}
	offset := r.scroll.Offset.Y
	if y+r.height > offset+height {
		offset = y + r.height - height
	}
	r.scroll.ScrollToOffset(fyne.NewPos(0, max(0, min(offset, y))))
}

// step returns the row that a key goes to from another, −1 where there are none.
func (r *rowList[L]) step(key fyne.KeyName, row int) int {
	page := max(1, int(r.scroll.Size().Height/r.height))
	switch key {
	case fyne.KeyUp:
		row--
	case fyne.KeyDown:
		row++
	case fyne.KeyPageUp:
		row -= page
	case fyne.KeyPageDown:
		row += page
	case fyne.KeyHome:
		row = 0
	case fyne.KeyEnd:
		row = r.rows - 1
	}
	return max(min(0, r.rows-1), min(r.rows-1, row))
}

func (r *rowList[L]) press(p fyne.Position) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(r.owner); c != nil {
		c.Focus(r.owner)
	}
	if row := r.at(p); row >= 0 {
		r.owner.press(row)
	}
}

// MouseDown implements desktop.Mouseable.
func (r *rowList[L]) MouseDown(e *desktop.MouseEvent) {
	r.pressed = true
	r.press(e.Position)
}

// MouseUp implements desktop.Mouseable.
func (r *rowList[L]) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable, for what has no mouse.
func (r *rowList[L]) Tapped(e *fyne.PointEvent) {
	if !r.pressed {
		r.press(e.Position)
	}
	r.pressed = false
}

// MouseIn implements desktop.Hoverable.
func (r *rowList[L]) MouseIn(e *desktop.MouseEvent) { r.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (r *rowList[L]) MouseMoved(e *desktop.MouseEvent) { r.hover(r.at(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (r *rowList[L]) MouseOut() { r.hover(-1) }

func (r *rowList[L]) hover(row int) {
	if row == r.hovered {
		return
	}
	r.hovered = row
	if r.onHover != nil {
		r.onHover(row)
	}
	r.update(true)
}

// update puts lines on the rows that are seen; all of them again, or those only that have come into sight.
func (r *rowList[L]) update(all bool) {
	if !r.owner.Visible() {
		return // Show refreshes
	}
	first := min(r.rows, int(max(0, r.scroll.Offset.Y)/r.height))
	last := min(r.rows, first+int(r.scroll.Size().Height/r.height)+2)
	for len(r.lines) < last-first {
		l := r.newLine()
		r.lines, r.shown = append(r.lines, l), append(r.shown, -1)
		r.objects = append(r.objects, l.objects()...)
		all = true
	}
	for i, l := range r.lines {
		if all || r.shown[i] < first || r.shown[i] >= last {
			l.clear()
			r.shown[i] = -1
		}
	}
	for row := first; row < last; row++ {
		if i := row % len(r.lines); r.shown[i] != row {
			r.lines[i].show(row, float32(row)*r.height, r.Size().Width, row == r.hovered)
			r.shown[i] = row
		}
	}
	canvas.Refresh(&r.redraw)
}

// CreateRenderer implements fyne.Widget.
func (r *rowList[L]) CreateRenderer() fyne.WidgetRenderer { return &rowListRenderer[L]{r} }

type rowListRenderer[L rowLine] struct{ r *rowList[L] }

func (r *rowListRenderer[L]) Destroy()                     {}
func (r *rowListRenderer[L]) Objects() []fyne.CanvasObject { return r.r.objects }
func (r *rowListRenderer[L]) MinSize() fyne.Size           { return r.r.MinSize() }
func (r *rowListRenderer[L]) Layout(fyne.Size)             { r.r.update(true) }
func (r *rowListRenderer[L]) Refresh()                     { r.r.update(true) }
