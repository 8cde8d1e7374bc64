package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*ConfusionMatrix)(nil)
	_ fyne.Tappable     = (*ConfusionMatrix)(nil)
	_ fyne.Focusable    = (*ConfusionMatrix)(nil)
	_ desktop.Hoverable = (*ConfusionMatrix)(nil)
)

// Confusion is what a confusion matrix shows.
type Confusion struct {
	Names   []string  // of the classes
	Counts  [][]int   // a row for each true class, a column for each predicted one
	Shares  bool      // cells have their shares of their rows written in them, not the counts
	Figures []float64 // of each class, 0…1, as its recall or IoU; NaN: it has none; nil: no class has

	TotalHead, FigureHead string // above the sums of the rows and the figures
}

// ConfusionMatrix shows how often each class was taken for each other one, coloured by share of the row: the diagonal in the accent's colour, what was confused in the validation's. A click or the arrow keys choose a cell.
type ConfusionMatrix struct {
	widget.BaseWidget
	data    Confusion
	totals  []int   // of the rows
	most    float64 // largest share beside the diagonal
	chosen  matrixCell
	hovered matrixCell
	drawing *matrixDrawing

	OnSelected func(truth, predicted int) // −1, −1: none
	// OnHover returns the sentence about a cell that is shown beside the pointer, "" for none.
	OnHover func(truth, predicted int) string
}

// matrixCell is a cell's row and column.
type matrixCell struct{ row, column int }

var noCell = matrixCell{-1, -1}

// NewConfusionMatrix makes an empty matrix.
func NewConfusionMatrix() *ConfusionMatrix {
	m := &ConfusionMatrix{chosen: noCell, hovered: noCell}
	m.drawing = newMatrixDrawing(m)
	m.ExtendBaseWidget(m)
	return m
}

// SetData shows a matrix. What is chosen stays chosen if there is such a cell.
func (m *ConfusionMatrix) SetData(d Confusion) {
	m.data, m.most = d, 0
	m.totals = make([]int, len(d.Names))
	for i, row := range d.Counts {
		for _, n := range row {
			m.totals[i] += n
		}
		for j := range row {
			if i != j {
				m.most = max(m.most, m.share(i, j))
			}
		}
	}
	if n := len(d.Names); m.chosen.row >= n || m.chosen.column >= n {
		m.chosen = noCell
	}
	m.MouseOut() // what was said about the cell under the pointer may be no longer so
	m.redraw()
}

// Data returns what is shown.
func (m *ConfusionMatrix) Data() Confusion { return m.data }

// share of a row's total, 0…1; of an empty row 0.
func (m *ConfusionMatrix) share(row, column int) float64 {
	return float64(m.data.Counts[row][column]) / float64(max(1, m.totals[row]))
}

// Select chooses a cell without telling; −1, −1: none.
func (m *ConfusionMatrix) Select(truth, predicted int) {
	n := len(m.data.Names)
	if truth < 0 || predicted < 0 || truth >= n || predicted >= n {
		truth, predicted = -1, -1
	}
	m.chosen = matrixCell{truth, predicted}
	m.redraw()
}

// Selected returns the cell that is chosen; −1, −1: none.
func (m *ConfusionMatrix) Selected() (truth, predicted int) { return m.chosen.row, m.chosen.column }

func (m *ConfusionMatrix) redraw() {
	if m.Visible() {
		m.Refresh()
	}
}

// choose does what a click or a key asks for.
func (m *ConfusionMatrix) choose(c matrixCell) {
	if c == m.chosen {
		return
	}
	m.Select(c.row, c.column)
	if m.OnSelected != nil {
		m.OnSelected(m.chosen.row, m.chosen.column)
	}
}

// Tapped implements fyne.Tappable.
func (m *ConfusionMatrix) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(m); c != nil {
		c.Focus(m)
	}
	m.choose(m.drawing.place.at(e.Position))
}

// MouseIn implements desktop.Hoverable.
func (m *ConfusionMatrix) MouseIn(e *desktop.MouseEvent) { m.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (m *ConfusionMatrix) MouseMoved(e *desktop.MouseEvent) {
	m.hovered = m.drawing.place.at(e.Position)
	text := ""
	if m.OnHover != nil && m.hovered != noCell {
		text = m.OnHover(m.hovered.row, m.hovered.column)
	}
	m.drawing.point(text, e.Position)
}

// MouseOut implements desktop.Hoverable.
func (m *ConfusionMatrix) MouseOut() {
	m.hovered = noCell
	m.drawing.point("", fyne.Position{})
}

// FocusGained implements fyne.Focusable.
func (m *ConfusionMatrix) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (m *ConfusionMatrix) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (m *ConfusionMatrix) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: the arrows go from cell to cell.
func (m *ConfusionMatrix) TypedKey(e *fyne.KeyEvent) {
	to, n := m.chosen, len(m.data.Names)
	switch e.Name {
	case fyne.KeyLeft:
		to.column--
	case fyne.KeyRight:
		to.column++
	case fyne.KeyUp:
		to.row--
	case fyne.KeyDown:
		to.row++
	case fyne.KeyEscape:
		m.choose(noCell)
		return
	default:
		return
	}
	if n > 0 {
		m.choose(matrixCell{max(0, min(n-1, to.row)), max(0, min(n-1, to.column))})
	}
}
