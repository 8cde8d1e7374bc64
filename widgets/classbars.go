package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var _ fyne.Widget = (*ClassBars)(nil)

// ClassRow is a class with how many images it has.
type ClassRow struct {
	Name  string
	Count int
	Parts []int // of Count: training, validation, test
}

// ClassBars lists classes with bars; the first row stands for all of them.
type ClassBars struct {
	widget.BaseWidget
	rows       []ClassRow // the first: all
	chosen     int        // −1: all
	most       int
	names      float32 // width of the names
	list       *widget.List
	OnSelected func(index int)
}

// NewClassBars makes an empty list.
func NewClassBars() *ClassBars {
	c := &ClassBars{chosen: -1}
	c.list = widget.NewList(
		func() int { return len(c.rows) },
		func() fyne.CanvasObject { return newClassLine(c) },
		func(i int, o fyne.CanvasObject) { o.(*classLine).show(i) },
	)
	c.list.HideSeparators = true
	c.ExtendBaseWidget(c)
	return c
}

// SetRows shows classes; all is the name of the row that stands for all of them.
func (c *ClassBars) SetRows(rows []ClassRow, all string) {
	total := ClassRow{Name: all}
	c.most, c.names = 1, 16
	for _, r := range rows {
		total.Count += r.Count
		c.most = max(c.most, r.Count)
		c.names = max(c.names, fyne.MeasureText(r.Name, TextSize, fyne.TextStyle{}).Width)
	}
	c.names = min(c.names, 84)
	c.rows = append([]ClassRow{total}, rows...)
	if c.chosen >= len(rows) {
		c.chosen = -1
	}
	c.list.Refresh()
}

// Select chooses a class without telling; −1: all.
func (c *ClassBars) Select(index int) {
	c.chosen = index
	c.list.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *ClassBars) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewThemeOverride(c.list, tight{}))
}

// tight is the current theme with rows of a list directly below each other.
type tight struct{ compact }

// Size implements fyne.Theme.
func (t tight) Size(n fyne.ThemeSizeName) float32 {
	if n == "padding" {
		return 0
	}
	return t.compact.Size(n)
}

// classLine is a row of the list.
type classLine struct {
	widget.BaseWidget
	list    *ClassBars
	i       int
	hovered bool
}

func newClassLine(c *ClassBars) *classLine {
	l := &classLine{list: c}
	l.ExtendBaseWidget(l)
	return l
}

func (l *classLine) show(i int) { l.i = i; l.Refresh() }

// Tapped implements fyne.Tappable.
func (l *classLine) Tapped(*fyne.PointEvent) {
	l.list.Select(l.i - 1)
	if l.list.OnSelected != nil {
		l.list.OnSelected(l.i - 1)
	}
}

// MouseIn implements desktop.Hoverable.
func (l *classLine) MouseIn(*desktop.MouseEvent) { l.hovered = true; l.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (l *classLine) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (l *classLine) MouseOut() { l.hovered = false; l.Refresh() }

// CreateRenderer implements fyne.Widget.
func (l *classLine) CreateRenderer() fyne.WidgetRenderer {
	r := &classLineRenderer{l: l}
	r.Refresh()
	return r
}

type classLineRenderer struct {
	l           *classLine
	back        canvas.Rectangle
	name, count canvas.Text
	bars        [3]canvas.Rectangle
}

func (r *classLineRenderer) Destroy()           {}
func (r *classLineRenderer) MinSize() fyne.Size { return fyne.NewSize(80, RowHeight) }

func (r *classLineRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.back, &r.bars[0], &r.bars[1], &r.bars[2], &r.name, &r.count}
}

func (r *classLineRenderer) Layout(size fyne.Size) {
	c, i := r.l.list, r.l.i
	if i >= len(c.rows) {
		return
	}
	row := c.rows[i]
	r.back.Resize(size)
	h := fyne.MeasureText("0", TextSize, r.name.TextStyle).Height
	y := (size.Height - h) / 2
	left := Gap
	room := c.names
	if i == 0 {
		room = size.Width - 90
	}
	r.name.Text = Ellipsis(row.Name, room, TextSize, r.name.TextStyle)
	r.name.Move(fyne.NewPos(left, y))
	r.count.Text = Thousands(row.Count)
	w := fyne.MeasureText(r.count.Text, TextSize, r.count.TextStyle).Width
	r.count.Move(fyne.NewPos(size.Width-Gap-w, y))
	x := left + c.names + 14
	width := max(0, size.Width-Gap-52-x) * float32(row.Count) / float32(c.most)
	for k := range r.bars {
		b := &r.bars[k]
		part := 0
		if k < len(row.Parts) {
			part = row.Parts[k]
		} else if k == 0 && len(row.Parts) == 0 {
			part = row.Count
		}
		share := float32(0)
		if row.Count > 0 {
			share = width * float32(part) / float32(row.Count)
		}
		b.Hidden = i == 0 || share <= 0
		b.Move(fyne.NewPos(x, size.Height/2-4))
		b.Resize(fyne.NewSize(share, 8))
		x += share
	}
}

func (r *classLineRenderer) Refresh() {
	chosen := r.l.i-1 == r.l.list.chosen
	r.back.FillColor = nil
	r.name.Color, r.count.Color = Colour(ColourText), Colour(ColourQuiet)
	bold := fyne.TextStyle{Bold: chosen}
	if chosen {
		r.back.FillColor = Colour(ColourTint)
		r.name.Color, r.count.Color = Colour(ColourAccent), Colour(ColourAccent)
	} else if r.l.hovered {
		r.back.FillColor = Fade(Colour(ColourQuiet), .08)
	}
	r.name.TextSize, r.count.TextSize, r.name.TextStyle, r.count.TextStyle = TextSize, TextSize, bold, bold
	r.bars[0].FillColor, r.bars[1].FillColor, r.bars[2].FillColor = Fade(Colour(ColourAccent), .85), Fade(Colour(ColourValidation), .85), Colour(ColourFaint)
	for k := range r.bars {
		r.bars[k].CornerRadius = 1
	}
	r.Layout(r.l.Size())
	canvas.Refresh(r.l)
}
