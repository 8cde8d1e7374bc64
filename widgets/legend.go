package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget        = (*Legend)(nil)
	_ fyne.Focusable     = (*Legend)(nil)
	_ desktop.Cursorable = (*Legend)(nil)
)

// LegendRow is a class of a legend.
type LegendRow struct {
	Name   string
	Colour color.NRGBA
	Share  float64 // of the pixels, 0…1
	Figure float64 // 0…1, of how well the class is predicted, as its IoU; NaN: none
}

// LegendHeads are what stands above a legend; what is "" has no column.
type LegendHeads struct {
	Title         string // of the names; it has no column either way
	Share, Figure string
}

// Legend lists classes with their colours, their shares of the pixels and a figure each. Pointing at a row, or going there with the arrow keys, highlights the class; a click, Enter or Space hides it or shows it again.
type Legend struct {
	widget.BaseWidget
	heads   LegendHeads
	rows    []LegendRow
	foot    *LegendRow
	hidden  []bool
	lit     int     // −1: none
	names   float32 // width of the widest name
	content *rowList[*legendLine]

	OnHidden      func(class int, hidden bool)
	OnHighlighted func(class int) // −1: none
}

const (
	legendRow  float32 = 24
	legendHead float32 = 20
	legendFoot float32 = 30
	swatch     float32 = 10
)

// NewLegend makes an empty legend.
func NewLegend() *Legend {
	l := &Legend{lit: -1}
	l.content = newRowList(l, legendRow, func() *legendLine { return newLegendLine(l) })
	l.content.onHover = l.highlight
	l.ExtendBaseWidget(l)
	return l
}

// SetRows shows classes; foot is a row below them for their mean, nil: none. Classes that are hidden stay so.
func (l *Legend) SetRows(heads LegendHeads, rows []LegendRow, foot *LegendRow) {
	l.heads, l.rows, l.foot = heads, rows, foot
	letters := map[rune]float32{}
	l.names = 16
	for _, r := range rows {
		l.names = max(l.names, letterWidths(r.Name, letters))
	}
	if l.lit >= len(rows) {
		l.lit = -1
	}
	for len(l.hidden) < len(rows) {
		l.hidden = append(l.hidden, false)
	}
	l.content.rows = len(rows)
	l.Refresh()
}

// Rows returns the classes shown.
func (l *Legend) Rows() []LegendRow { return l.rows }

// SetHidden says which classes are hidden, without telling; those beyond the list are shown.
func (l *Legend) SetHidden(hidden []bool) {
	l.hidden = make([]bool, max(len(l.rows), len(hidden)))
	copy(l.hidden, hidden)
	l.content.update(true)
}

// Hidden reports of each class whether it is hidden.
func (l *Legend) Hidden() []bool { return slices.Clone(l.hidden) }

// Highlight marks a class without telling and brings it into sight; −1: none.
func (l *Legend) Highlight(class int) {
	if class == l.lit {
		return
	}
	l.lit = max(-1, min(len(l.rows)-1, class))
	l.content.reveal(l.lit)
	l.content.update(true)
}

func (l *Legend) highlight(class int) {
	if class == l.lit {
		return
	}
	l.Highlight(class)
	if l.OnHighlighted != nil {
		l.OnHighlighted(l.lit)
	}
}

// press hides a class, or shows it again.
func (l *Legend) press(class int) {
	l.hidden[class] = !l.hidden[class]
	l.content.update(true)
	if l.OnHidden != nil {
		l.OnHidden(class, l.hidden[class])
	}
}

// FocusGained implements fyne.Focusable.
func (l *Legend) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (l *Legend) FocusLost() { l.highlight(l.content.hovered) }

// TypedRune implements fyne.Focusable.
func (l *Legend) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *Legend) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if l.lit >= 0 {
			l.press(l.lit)
		}
	default:
		if row := l.content.step(e.Name, l.lit); row != l.lit {
			l.highlight(row)
		}
	}
}

// Resize implements fyne.CanvasObject.
func (l *Legend) Resize(size fyne.Size) {
	if size != l.Size() {
		l.BaseWidget.Resize(size)
		l.content.update(true)
	}
}

// MinSize implements fyne.CanvasObject.
func (l *Legend) MinSize() fyne.Size {
	return fyne.NewSize(120, l.head()+3*legendRow+l.below())
}

// HeightFor returns the height at which no row has to be scrolled to.
func (l *Legend) HeightFor(float32) float32 {
	return l.head() + float32(len(l.rows))*legendRow + l.below()
}

// head and below are the heights of what stands above the rows and below them.
func (l *Legend) head() float32 {
	if l.heads == (LegendHeads{}) {
		return 0
	}
	return legendHead
}

func (l *Legend) below() float32 {
	if l.foot == nil {
		return 0
	}
	return legendFoot
}

// Cursor implements desktop.Cursorable.
func (l *Legend) Cursor() desktop.Cursor { return desktop.PointerCursor }
