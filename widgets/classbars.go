package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget    = (*ClassBars)(nil)
	_ fyne.Focusable = (*ClassBars)(nil)
)

// ClassRow is a class with how many images it has.
type ClassRow struct {
	Name  string
	Count int   // −1: not known yet
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
	content *rowList[*classLine]

	OnSelected func(index int) // −1: all
}

// NewClassBars makes an empty list.
func NewClassBars() *ClassBars {
	c := &ClassBars{chosen: -1}
	c.content = newRowList(c, RowHeight, func() *classLine { return newClassLine(c) })
	c.ExtendBaseWidget(c)
	return c
}

// SetRows shows classes; allLabel is the name of the row that stands for all of them.
func (c *ClassBars) SetRows(rows []ClassRow, allLabel string) {
	total := ClassRow{Name: allLabel}
	letters := map[rune]float32{}
	c.most, c.names = 1, 16
	for _, r := range rows {
		total.Count += max(r.Count, 0)
		c.most = max(c.most, r.Count)
		c.names = max(c.names, letterWidths(r.Name, letters))
	}
	c.counts = fyne.MeasureText(Thousands(c.most), TextSize, fyne.TextStyle{}).Width
	c.rows = append([]ClassRow{total}, rows...)
	c.content.rows = len(c.rows)
	if c.chosen >= len(rows) {
		c.chosen = -1
	}
	c.Refresh()
}

// SetTotal says how many images the row that stands for all has, where an image may have several classes.
func (c *ClassBars) SetTotal(images int) {
	c.rows[0].Count = images
	c.counts = fyne.MeasureText(Thousands(max(c.most, images)), TextSize, fyne.TextStyle{}).Width
	c.Refresh()
}

// letterWidths adds up the widths of a text's letters, of which those met before are known: measuring a thousand names would take too long.
func letterWidths(text string, known map[rune]float32) float32 {
	width := float32(0)
	for _, letter := range text {
		w, ok := known[letter]
		if !ok {
			w = fyne.MeasureText(string(letter), TextSize, fyne.TextStyle{}).Width
			known[letter] = w
		}
		width += w
	}
	return width
}

// Select chooses a class without telling and brings it into sight; −1: all.
func (c *ClassBars) Select(index int) {
	c.chosen = max(-1, index)
	c.content.reveal(c.chosen + 1)
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

// press does what a click on a row asks for.
func (c *ClassBars) press(row int) { c.choose(row - 1) }

// FocusGained implements fyne.Focusable.
func (c *ClassBars) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (c *ClassBars) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (c *ClassBars) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *ClassBars) TypedKey(e *fyne.KeyEvent) {
	if row := c.content.step(e.Name, c.chosen+1); row != c.chosen+1 {
		c.choose(row - 1)
	}
}

// Refresh implements fyne.CanvasObject.
func (c *ClassBars) Refresh() {
	c.content.scroll.Refresh()
	c.content.update(true)
}

// CreateRenderer implements fyne.Widget.
func (c *ClassBars) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(c.content.scroll)
}

// MinSize implements fyne.CanvasObject.
func (c *ClassBars) MinSize() fyne.Size { return fyne.NewSize(120, 3*RowHeight) }

// Resize implements fyne.CanvasObject.
func (c *ClassBars) Resize(size fyne.Size) {
	if size != c.Size() {
		c.BaseWidget.Resize(size)
		c.content.update(true)
	}
}

// classLine is the objects of one row.
type classLine struct {
	list        *ClassBars
	back        canvas.Rectangle
	bars        [3]canvas.Rectangle
	name, count canvas.Text
}

func newClassLine(c *ClassBars) *classLine {
	l := &classLine{list: c}
	l.name.TextSize, l.count.TextSize = TextSize, TextSize
	for k := range l.bars {
		l.bars[k].CornerRadius = 1
	}
	l.clear()
	return l
}

func (l *classLine) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&l.back, &l.bars[0], &l.bars[1], &l.bars[2], &l.name, &l.count}
}

func (l *classLine) clear() {
	l.back.Hidden, l.name.Hidden, l.count.Hidden = true, true, true
	for k := range l.bars {
		l.bars[k].Hidden = true
	}
}

func (l *classLine) show(row int, y, width float32, hovered bool) {
	c := l.list
	data, chosen := c.rows[row], row == c.chosen+1
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
	if data.Count < 0 {
		l.count.Text = "…"
	}
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
