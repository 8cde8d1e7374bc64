package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*ClassBars)(nil)
	_ fyne.Focusable    = (*ClassBars)(nil)
	_ fyne.Tappable     = (*classRows)(nil)
	_ desktop.Mouseable = (*classRows)(nil)
	_ desktop.Hoverable = (*classRows)(nil)
)

// ClassRow is a class with how many images it has.
type ClassRow struct {
	Name  string
	Count int
	Parts []int // of Count: training, validation, test; none: one bar
}

// ClassBars lists classes with bars; the first row stands for all of them. It holds as many rows as are seen.
type ClassBars struct {
	widget.BaseWidget
	rows    []ClassRow // the first: all
	chosen  int        // −1: all
	most    int        // images of the largest class
	names   float32    // width of the widest name
	counts  float32    // and count
	scroll  *container.Scroll
	content *classRows

	OnSelected func(index int) // −1: all
}

// NewClassBars makes an empty list.
func NewClassBars() *ClassBars {
	c := &ClassBars{chosen: -1}
	c.content = &classRows{list: c, hovered: -1}
	c.content.objects = []fyne.CanvasObject{&c.content.redraw}
	c.content.ExtendBaseWidget(c.content)
	c.scroll = container.NewVScroll(c.content)
	c.scroll.OnScrolled = func(fyne.Position) { c.content.update(false) }
	c.ExtendBaseWidget(c)
	return c
}

// SetRows shows classes; allLabel is the name of the row that stands for all of them.
func (c *ClassBars) SetRows(rows []ClassRow, allLabel string) {
	total := ClassRow{Name: allLabel}
	letters := map[rune]float32{} // measuring a thousand names would take too long
	c.most, c.names = 1, 16
	for _, r := range rows {
		total.Count += r.Count
		c.most = max(c.most, r.Count)
		width := float32(0)
		for _, letter := range r.Name {
			w, ok := letters[letter]
			if !ok {
				w = fyne.MeasureText(string(letter), TextSize, fyne.TextStyle{}).Width
				letters[letter] = w
			}
			width += w
		}
		c.names = max(c.names, width)
	}
	c.counts = fyne.MeasureText(Thousands(c.most), TextSize, fyne.TextStyle{}).Width
	c.rows = append([]ClassRow{total}, rows...)
	if c.chosen >= len(rows) {
		c.chosen = -1
	}
	c.Refresh()
}

// Select chooses a class without telling and brings it into sight; −1: all.
func (c *ClassBars) Select(index int) {
	c.chosen = max(-1, index)
	c.reveal()
	c.content.update(true)
}

// choose does what a click or a key asks for.
func (c *ClassBars) choose(index int) {
	if index < -1 || index >= len(c.rows)-1 {
		return
	}
	c.Select(index)
	if c.OnSelected != nil {
		c.OnSelected(index)
	}
}

// reveal scrolls just so far that the chosen row is seen.
func (c *ClassBars) reveal() {
	y, height := float32(c.chosen+1)*RowHeight, c.scroll.Size().Height
	if c.chosen+1 >= len(c.rows) || height < RowHeight {
		return
	}
	offset := c.scroll.Offset.Y
	if y+RowHeight > offset+height {
		offset = y + RowHeight - height
	}
	c.scroll.ScrollToOffset(fyne.NewPos(0, max(0, min(offset, y))))
}

// FocusGained implements fyne.Focusable.
func (c *ClassBars) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (c *ClassBars) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (c *ClassBars) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *ClassBars) TypedKey(e *fyne.KeyEvent) {
	page := max(1, int(c.scroll.Size().Height/RowHeight))
	at := c.chosen
	switch e.Name {
	case fyne.KeyUp:
		at--
	case fyne.KeyDown:
		at++
	case fyne.KeyPageUp:
		at -= page
	case fyne.KeyPageDown:
		at += page
	case fyne.KeyHome:
		at = -1
	case fyne.KeyEnd:
		at = len(c.rows) - 2
	}
	if at = max(-1, min(len(c.rows)-2, at)); at != c.chosen {
		c.choose(at)
	}
}

// Refresh implements fyne.CanvasObject.
func (c *ClassBars) Refresh() {
	c.scroll.Refresh()
	c.content.update(true)
}

// CreateRenderer implements fyne.Widget.
func (c *ClassBars) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.scroll) }

// MinSize implements fyne.CanvasObject.
func (c *ClassBars) MinSize() fyne.Size { return fyne.NewSize(120, 3*RowHeight) }

// Resize implements fyne.CanvasObject.
func (c *ClassBars) Resize(size fyne.Size) {
	if size != c.Size() {
		c.BaseWidget.Resize(size)
		c.content.update(true)
	}
}

// classRows is what scrolls: as high as all rows, with objects for those that are seen.
type classRows struct {
	widget.BaseWidget
	list    *ClassBars
	lines   []*classLine
	objects []fyne.CanvasObject
	redraw  canvas.Rectangle // refreshing it has the window drawn again
	hovered int              // row, −1: none
	pressed bool             // by a mouse, which has done what a tap does
}

// MinSize implements fyne.CanvasObject.
func (r *classRows) MinSize() fyne.Size {
	return fyne.NewSize(10, float32(max(1, len(r.list.rows)))*RowHeight)
}

// at is the row at a position, −1: none.
func (r *classRows) at(p fyne.Position) int {
	if row := int(p.Y / RowHeight); p.Y >= 0 && row < len(r.list.rows) {
		return row
	}
	return -1
}

func (r *classRows) press(p fyne.Position) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(r.list); c != nil {
		c.Focus(r.list)
	}
	if row := r.at(p); row >= 0 {
		r.list.choose(row - 1)
	}
}

// MouseDown implements desktop.Mouseable.
func (r *classRows) MouseDown(e *desktop.MouseEvent) {
	r.pressed = true
	r.press(e.Position)
}

// MouseUp implements desktop.Mouseable.
func (r *classRows) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable, for what has no mouse.
func (r *classRows) Tapped(e *fyne.PointEvent) {
	if !r.pressed {
		r.press(e.Position)
	}
	r.pressed = false
}

// MouseIn implements desktop.Hoverable.
func (r *classRows) MouseIn(e *desktop.MouseEvent) { r.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (r *classRows) MouseMoved(e *desktop.MouseEvent) {
	if row := r.at(e.Position); row != r.hovered {
		r.hovered = row
		r.update(true)
	}
}

// MouseOut implements desktop.Hoverable.
func (r *classRows) MouseOut() {
	r.hovered = -1
	r.update(true)
}

// update puts lines on the rows that are seen; all of them anew, or those only that have come into sight.
func (r *classRows) update(anew bool) {
	c := r.list
	if !c.Visible() {
		return // Show refreshes
	}
	first := min(len(c.rows), int(max(0, c.scroll.Offset.Y)/RowHeight))
	last := min(len(c.rows), first+int(c.scroll.Size().Height/RowHeight)+2)
	for len(r.lines) < last-first {
		l := newClassLine()
		r.lines = append(r.lines, l)
		r.objects = append(r.objects, &l.back, &l.bars[0], &l.bars[1], &l.bars[2], &l.name, &l.count)
		anew = true
	}
	for _, l := range r.lines {
		if anew || l.row < first || l.row >= last {
			l.clear()
		}
	}
	for row := first; row < last; row++ {
		if l := r.lines[row%len(r.lines)]; l.row != row {
			l.show(c, row, row == r.hovered)
		}
	}
	canvas.Refresh(&r.redraw)
}

// CreateRenderer implements fyne.Widget.
func (r *classRows) CreateRenderer() fyne.WidgetRenderer { return &classRowsRenderer{r} }

type classRowsRenderer struct{ r *classRows }

func (r *classRowsRenderer) Destroy()                     {}
func (r *classRowsRenderer) Objects() []fyne.CanvasObject { return r.r.objects }
func (r *classRowsRenderer) MinSize() fyne.Size           { return r.r.MinSize() }
func (r *classRowsRenderer) Layout(fyne.Size)             { r.r.update(true) }
func (r *classRowsRenderer) Refresh()                     { r.r.update(true) }

// classLine is the objects of one row.
type classLine struct {
	row         int // −1: unused
	back        canvas.Rectangle
	bars        [3]canvas.Rectangle
	name, count canvas.Text
}

func newClassLine() *classLine {
	l := &classLine{}
	l.name.TextSize, l.count.TextSize = TextSize, TextSize
	for k := range l.bars {
		l.bars[k].CornerRadius = 1
	}
	l.clear()
	return l
}

func (l *classLine) clear() {
	l.row = -1
	l.back.Hidden, l.name.Hidden, l.count.Hidden = true, true, true
	for k := range l.bars {
		l.bars[k].Hidden = true
	}
}

func (l *classLine) show(c *ClassBars, row int, hovered bool) {
	l.row = row
	data, width, y := c.rows[row], c.content.Size().Width, float32(row)*RowHeight
	chosen := row == c.chosen+1
	l.back.Hidden = !chosen && !hovered
	l.back.FillColor = Fade(Colour(ColourQuiet), .08)
	l.name.Color, l.count.Color = Colour(ColourText), Colour(ColourQuiet)
	if chosen {
		l.back.FillColor = Colour(ColourTint)
		l.name.Color, l.count.Color = Colour(ColourAccent), Colour(ColourAccent)
	}
	l.back.Move(fyne.NewPos(0, y))
	l.back.Resize(fyne.NewSize(width, RowHeight))

	style := fyne.TextStyle{Bold: chosen || row == 0}
	l.name.TextStyle, l.count.TextStyle = style, style
	l.name.Hidden, l.count.Hidden = false, false
	l.count.Text = Thousands(data.Count)
	m := fyne.MeasureText(l.count.Text, TextSize, style)
	top := y + (RowHeight-m.Height)/2
	l.count.Move(fyne.NewPos(width-Gap-m.Width, top))
	room := min(c.names, .36*width)
	left := Gap + room + Gap
	if row == 0 {
		room = width - 3*Gap - m.Width
	} else if style.Bold {
		room += Gap / 2 // bold letters are wider
	}
	l.name.Text = Ellipsis(data.Name, room+1, TextSize, style)
	l.name.Move(fyne.NewPos(Gap, top))
	if row > 0 {
		l.draw(data, left, y, max(0, width-Gap-c.counts-18-left)/float32(c.most))
	}
}

// draw stacks the parts of a class; unit is the length for one image.
func (l *classLine) draw(data ClassRow, x, y, unit float32) {
	const height = 8
	parts := data.Parts
	if len(parts) == 0 {
		parts = []int{data.Count}
	}
	for k, colour := range [3]fyne.ThemeColorName{ColourAccent, ColourValidation, ColourFaint} {
		if k >= len(parts) || parts[k] <= 0 {
			continue
		}
		b := &l.bars[k]
		w := max(1, float32(parts[k])*unit) // the smallest class is seen
		b.Hidden = false
		b.FillColor = Fade(Colour(colour), .85)
		b.Move(fyne.NewPos(x, y+(RowHeight-height)/2))
		b.Resize(fyne.NewSize(w, height))
		x += w
	}
}
