package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// A TableColumn is a column of a Table.
type TableColumn struct {
	Title  string
	Width  float32
	Right  bool // numbers stand at the right
	Marked bool // stands out
}

// A TableRow is a row of a Table.
type TableRow struct {
	Key    string
	Cells  []string
	Marked []bool      // cells that stand out; nil for none
	Colour color.Color // of the dot before it, while it is ticked
	Ticked bool
	Chosen bool
}

// A Table lists things with their properties. Rows can be ticked and chosen; a click on a column's title asks for them in its order.
type Table struct {
	widget.BaseWidget
	columns    []TableColumn
	rows       []TableRow
	sorted     int // column
	descending bool
	head       *tableLine
	lines      []*tableLine
	list       *fyne.Container

	OnSort   func(column int)
	OnTick   func(key string)
	OnChoose func(key string)
	OnMenu   func(key string, at fyne.Position)
}

// NewTable makes an empty table.
func NewTable() *Table {
	t := &Table{list: Column(0)}
	t.head = newTableLine(t, -1)
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer implements fyne.Widget.
func (t *Table) CreateRenderer() fyne.WidgetRenderer {
	rows := Loose(container.NewVScroll(t.list))
	return widget.NewSimpleRenderer(container.NewHScroll(ColumnGrowing(0, rows, t.head, rows)))
}

// Set shows rows, which are sorted by a column already.
func (t *Table) Set(columns []TableColumn, rows []TableRow, sorted int, descending bool) {
	headed := slices.Equal(t.columns, columns) && t.sorted == sorted && t.descending == descending
	before := t.rows
	t.columns, t.rows, t.sorted, t.descending = columns, rows, sorted, descending
	if !headed {
		t.head.Refresh()
	}
	for len(t.lines) < len(rows) {
		t.lines = append(t.lines, newTableLine(t, len(t.lines)))
	}
	for i := range rows {
		if !headed || i >= len(before) || !same(before[i], rows[i]) {
			t.lines[i].Refresh()
		}
	}
	if len(t.list.Objects) != len(rows) || !headed {
		t.list.Objects = t.list.Objects[:0]
		for _, l := range t.lines[:len(rows)] {
			t.list.Objects = append(t.list.Objects, l)
		}
		t.list.Refresh()
	}
}

func same(a, b TableRow) bool {
	return a.Key == b.Key && a.Colour == b.Colour && a.Ticked == b.Ticked && a.Chosen == b.Chosen && slices.Equal(a.Cells, b.Cells) && slices.Equal(a.Marked, b.Marked)
}

// Rows returns what is shown.
func (t *Table) Rows() []TableRow { return t.rows }

// Columns returns those that are shown.
func (t *Table) Columns() []TableColumn { return t.columns }

const (
	tableTick = 40 // width of tick and dot before a row's cells
	tableLow  = 26 // height of a row
	tableAir  = 12 // beside the text of a cell
)

// left returns where the cells begin: after the tick, in a table that has them.
func (t *Table) left() float32 {
	if t.OnTick == nil {
		return tableAir
	}
	return tableTick
}

// tableLine is a row, or with index −1 the titles.
type tableLine struct {
	widget.BaseWidget
	t       *Table
	index   int
	hovered bool
}

func newTableLine(t *Table, index int) *tableLine {
	l := &tableLine{t: t, index: index}
	l.ExtendBaseWidget(l)
	return l
}

// row returns what the line shows; of the titles none.
func (l *tableLine) row() *TableRow {
	if l.index < 0 || l.index >= len(l.t.rows) {
		return nil
	}
	return &l.t.rows[l.index]
}

// Tapped implements fyne.Tappable.
func (l *tableLine) Tapped(e *fyne.PointEvent) {
	t, row := l.t, l.row()
	switch {
	case row == nil:
		x := t.left()
		for i, c := range t.columns {
			if e.Position.X >= x && e.Position.X < x+c.Width && t.OnSort != nil {
				t.OnSort(i)
				return
			}
			x += c.Width
		}
	case t.OnTick != nil && e.Position.X < tableTick:
		t.OnTick(row.Key)
	case t.OnChoose != nil:
		t.OnChoose(row.Key)
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (l *tableLine) TappedSecondary(e *fyne.PointEvent) {
	if row := l.row(); row != nil && l.t.OnMenu != nil {
		l.t.OnMenu(row.Key, e.AbsolutePosition)
	}
}

// MouseIn implements desktop.Hoverable.
func (l *tableLine) MouseIn(*desktop.MouseEvent) { l.hovered = true; l.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (l *tableLine) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (l *tableLine) MouseOut() { l.hovered = false; l.Refresh() }

// Cursor implements desktop.Cursorable.
func (l *tableLine) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (l *tableLine) CreateRenderer() fyne.WidgetRenderer {
	r := &tableLineRenderer{l: l}
	r.box.StrokeWidth, r.box.CornerRadius = 1.5, 3
	r.Refresh()
	return r
}

type tableLineRenderer struct {
	l       *tableLine
	back    canvas.Rectangle
	box     canvas.Rectangle
	tick    [2]canvas.Line
	dot     canvas.Circle
	texts   []*canvas.Text
	objects []fyne.CanvasObject
}

func (r *tableLineRenderer) Destroy()                     {}
func (r *tableLineRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *tableLineRenderer) MinSize() fyne.Size {
	w := r.l.t.left()
	for _, c := range r.l.t.columns {
		w += c.Width
	}
	return fyne.NewSize(w, tableLow)
}

func (r *tableLineRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	mid := size.Height / 2
	r.box.Move(fyne.NewPos(Gap-4, mid-7))
	r.box.Resize(fyne.NewSize(14, 14))
	r.tick[0].Position1, r.tick[0].Position2 = fyne.NewPos(Gap-1, mid), fyne.NewPos(Gap+2, mid+3)
	r.tick[1].Position1, r.tick[1].Position2 = fyne.NewPos(Gap+2, mid+3), fyne.NewPos(Gap+7, mid-3)
	r.dot.Move(fyne.NewPos(Gap+15, mid-4))
	r.dot.Resize(fyne.NewSize(8, 8))
	x := r.l.t.left()
	for i, c := range r.l.t.columns {
		if i >= len(r.texts) {
			break
		}
		t := r.texts[i]
		t.Text = Ellipsis(r.cell(i), c.Width-tableAir, t.TextSize, t.TextStyle)
		m := fyne.MeasureText(t.Text, t.TextSize, t.TextStyle)
		px := x
		switch {
		case c.Right:
			px = x + c.Width - m.Width
		case i > 0:
			px = x + tableAir
		}
		t.Move(fyne.NewPos(px, (size.Height-m.Height)/2))
		x += c.Width
	}
}

// cell returns the text of a column.
func (r *tableLineRenderer) cell(i int) string {
	t, row := r.l.t, r.l.row()
	if row == nil {
		title := t.columns[i].Title
		if r.l.index < 0 && i == t.sorted {
			if t.descending {
				return title + " ↓"
			}
			return title + " ↑"
		}
		return title
	}
	if i < len(row.Cells) {
		return row.Cells[i]
	}
	return ""
}

func (r *tableLineRenderer) Refresh() {
	l, row := r.l, r.l.row()
	columns := l.t.columns
	for len(r.texts) < len(columns) {
		r.texts = append(r.texts, canvas.NewText("", nil))
	}
	r.back.FillColor = color.Transparent
	switch {
	case row == nil:
		r.back.FillColor = Fade(Colour(ColourQuiet), .06)
	case row.Chosen:
		r.back.FillColor = Colour(ColourTint)
	case l.hovered:
		r.back.FillColor = Fade(Colour(ColourQuiet), .08)
	}
	r.objects = append(r.objects[:0], &r.back)
	if row != nil && l.t.OnTick != nil {
		r.box.FillColor, r.box.StrokeColor = color.Transparent, Colour(ColourFaint)
		if row.Ticked {
			r.box.FillColor, r.box.StrokeColor = Colour(ColourAccent), Colour(ColourAccent)
		}
		r.objects = append(r.objects, &r.box)
		if row.Ticked {
			for i := range r.tick {
				r.tick[i].StrokeColor, r.tick[i].StrokeWidth = Colour(ColourPanel), 2
				r.objects = append(r.objects, &r.tick[i])
			}
			if row.Colour != nil {
				r.dot.FillColor = row.Colour
				r.objects = append(r.objects, &r.dot)
			}
		}
	}
	for i, t := range r.texts[:len(columns)] {
		t.TextSize, t.TextStyle.Bold, t.Color = TextSize, false, Colour(ColourQuiet)
		switch {
		case row == nil:
			t.TextSize, t.TextStyle.Bold = SmallSize, true
			if columns[i].Marked {
				t.Color = Colour(ColourAccent)
			}
		case i == 0:
			t.Color, t.TextStyle.Bold = Colour(ColourText), row.Chosen
		case i < len(row.Marked) && row.Marked[i]:
			t.Color, t.TextStyle.Bold = Colour(ColourAccent), true
		case row.Ticked:
			t.Color = Colour(ColourText)
		}
		r.objects = append(r.objects, t)
	}
	r.Layout(l.Size())
	canvas.Refresh(l)
}
