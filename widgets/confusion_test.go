package widgets

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// confusionOf returns a matrix of n classes, of which each has 90 images that are right and 10 that were taken for the next class.
func confusionOf(n int) Confusion {
	d := Confusion{Counts: make([][]int, n), Figures: make([]float64, n), TotalHead: "images", FigureHead: "recall"}
	for i := range n {
		d.Names = append(d.Names, fmt.Sprint("class number ", i))
		d.Counts[i] = make([]int, n)
		d.Counts[i][i] = 90
		d.Counts[i][(i+1)%n] += 10
		d.Figures[i] = .9
	}
	return d
}

func matrixOf(t testing.TB, n int, width, height float32) (*ConfusionMatrix, fyne.Window) {
	themed(t)
	m := NewConfusionMatrix()
	w := test.NewTempWindow(t, m)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(width, height))
	m.SetData(confusionOf(n))
	return m, w
}

func (m *ConfusionMatrix) middle(row, column int) fyne.Position {
	at, size := m.drawing.place.cell(matrixCell{row, column})
	return at.AddXY(size.Width/2, size.Height/2)
}

func TestConfusionMatrixChoosesCells(t *testing.T) {
	m, _ := matrixOf(t, 5, 600, 400)
	var told []string
	m.OnSelected = func(truth, predicted int) { told = append(told, fmt.Sprint(truth, predicted)) }
	tap := func(p fyne.Position) { m.Tapped(&fyne.PointEvent{Position: p}) }
	tap(m.middle(1, 3))
	tap(m.middle(1, 3))
	for _, key := range []fyne.KeyName{fyne.KeyDown, fyne.KeyRight, fyne.KeyRight, fyne.KeyUp, fyne.KeyLeft, fyne.KeyF1, fyne.KeyEscape, fyne.KeyRight} {
		m.TypedKey(&fyne.KeyEvent{Name: key})
	}
	tap(fyne.NewPos(2, 2)) // beside the cells
	tap(m.middle(4, 4).AddXY(m.drawing.place.width, 0))
	if got := fmt.Sprint(told); got != "[1 3 2 3 2 4 1 4 1 3 -1 -1 0 0 -1 -1]" {
		t.Errorf("told %s", got)
	}
	m.Select(4, 0)
	m.SetData(confusionOf(5))
	if row, column := m.Selected(); row != 4 || column != 0 {
		t.Errorf("%d, %d is chosen", row, column)
	}
	m.SetData(confusionOf(3))
	if row, _ := m.Selected(); row != -1 || !m.drawing.chosen.Hidden {
		t.Error("a cell that is gone is chosen")
	}
	m.Select(0, 3)
	if row, _ := m.Selected(); row != -1 {
		t.Error("a cell that is not there is chosen")
	}
	m.SetData(Confusion{})
	m.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	tap(fyne.NewPos(100, 100))
	if len(told) != 8 {
		t.Errorf("an empty matrix told %v", told[8:])
	}
}

func TestConfusionMatrixExplainsTheCellUnderThePointer(t *testing.T) {
	m, _ := matrixOf(t, 5, 600, 400)
	m.OnHover = func(truth, predicted int) string { return fmt.Sprint(truth, " as ", predicted) }
	at := m.middle(2, 4)
	m.MouseMoved(mouseAt(at.X, at.Y))
	if d := m.drawing; d.tip.text != "2 as 4" || d.hovered.Hidden || d.tip.back.Hidden {
		t.Errorf("%q is said", d.tip.text)
	}
	m.Tapped(&fyne.PointEvent{Position: at})
	if d := m.drawing; d.tip.text != "2 as 4" || d.hovered.Hidden {
		t.Error("a click hides the sentence")
	}
	m.MouseMoved(mouseAt(3, 3))
	if d := m.drawing; d.tip.text != "" || !d.hovered.Hidden || !d.tip.back.Hidden {
		t.Errorf("beside the cells %q is said", d.tip.text)
	}
	m.MouseMoved(mouseAt(at.X, at.Y))
	m.SetData(confusionOf(3))
	if m.drawing.tip.text != "" || !m.drawing.hovered.Hidden {
		t.Error("what is said of another matrix stays")
	}
	m.MouseMoved(mouseAt(at.X, at.Y))
	m.MouseOut()
	if !m.drawing.hovered.Hidden || !m.drawing.tip.back.Hidden {
		t.Error("the sentence stays when the pointer has left")
	}
}

// At any size and number of classes all is within the widget, and no name lies on another.
func TestConfusionMatrixFits(t *testing.T) {
	themed(t)
	m := NewConfusionMatrix()
	test.NewTempWindow(t, m)
	for _, n := range []int{1, 2, 3, 10, 21, 100, 151, 1000} {
		m.SetData(confusionOf(n))
		for _, size := range []fyne.Size{{Width: 200, Height: 160}, {Width: 333, Height: 500}, {Width: 500, Height: 380}, {Width: 1024, Height: 640}, {Width: 1900, Height: 1000}} {
			for _, sloped := range []bool{true, false} {
				p := m.layOut(size, sloped)
				what := fmt.Sprintf("%d classes at %v, may slope %v", n, size, sloped)
				right, bottom := p.x+float32(n)*p.width, p.y+float32(n)*p.height
				if p.width <= 0 || p.height <= 0 || right > size.Width || bottom > size.Height || max(p.total, p.figure, p.bar+p.barRoom) > size.Width {
					t.Errorf("%s: the cells end at %g, %g, the rows at %g", what, right, bottom, max(p.total, p.figure))
				}
				if p.sloped && right-p.width/2+3+p.columnRoom*.71 > size.Width+1 {
					t.Errorf("%s: the last name leaves the widget", what)
				}
				if float32(p.rowStep)*p.height < 14 && n > 1 || p.sloped && float32(p.columnStep)*p.width < 17 || !p.sloped && p.columnRoom < 20 {
					t.Errorf("%s: each %d. row of %g and each %d. column of %g has a name", what, p.rowStep, p.height, p.columnStep, p.width)
				}
				if p.cellText > 0 && n*n > mostCellTexts {
					t.Errorf("%s: all cells have texts", what)
				}
			}
			m.Resize(size)
			if objects := len(test.WidgetRenderer(m).Objects()); objects > mostCellTexts+4*n+20 || n >= 100 && objects > 500 {
				t.Errorf("%d classes at %v have %d objects", n, size, objects)
			}
		}
	}
}

func TestConfusionMatrixColoursByShare(t *testing.T) {
	m, w := matrixOf(t, 4, 600, 400)
	colours := m.colours()
	got := w.Canvas().Capture()
	is := func(got image.Image, row, column int, inside float32, want color.NRGBA) {
		t.Helper()
		at, _ := m.drawing.place.cell(matrixCell{row, column})
		r, g, b, _ := got.At(pixel(at.X+inside), pixel(at.Y+inside)).RGBA()
		if c := (color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}); c != want {
			t.Errorf("cell %d, %d is %v, not %v", row, column, c, want)
		}
	}
	is(got, 2, 2, 3, colours.of(90, .9, true))
	is(got, 2, 3, 3, colours.of(10, .1, false))
	is(got, 2, 0, 3, colours.none)
	if a, b := colours.of(90, .9, true), colours.of(10, .1, true); a == b || colours.of(1, .001, false) == colours.none {
		t.Error("shares of .9 and .1 have one colour, or one image of a thousand is not seen")
	}
	if colours.of(5, .05, false) == colours.of(10, .1, false) {
		t.Error("confusions of .05 and .1 have one colour")
	}
	m.SetData(confusionOf(1000)) // cells smaller than pixels
	got = w.Canvas().Capture()
	for _, i := range []int{0, 333, 999} {
		is(got, i, i, 0, colours.of(90, .9, true))
	}
}

func TestConfusionMatrixWritesCountsAndShares(t *testing.T) {
	m, _ := matrixOf(t, 2, 600, 400)
	d := Confusion{Names: []string{"a", "b"}, Counts: [][]int{{1_234_567, 5_000}, {0, 24_000_000}}, TotalHead: "pixels"}
	m.SetData(d)
	all := func() (out []string) {
		for _, t := range textsOf(m) {
			if t != "" {
				out = append(out, t)
			}
		}
		return out
	}
	equal(t, all(), "a", "1.2M", "b", "24M", "pixels", "a", "b", "1,234,567", "5,000", "0", "24,000,000")
	d.Shares = true
	m.SetData(d)
	equal(t, all(), "a", "1.2M", "b", "24M", "pixels", "a", "b", "1", ".00", "0", "1")
	m.Resize(fyne.NewSize(220, 160))
	d.Shares = false
	m.SetData(d)
	equal(t, all(), "a", "b", "a", "b", "1,234,567", "5,000", "0", "24,000,000")
	m.SetData(confusionOf(30))
	for _, o := range test.WidgetRenderer(m).Objects() {
		if t2, ok := o.(*canvas.Text); ok && t2.Text == "90" {
			t.Error("counts are written in cells that are too small for them")
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1.0k", 9_949: "9.9k", 9_951: "10k", 999_499: "999k", 999_500: "1.0M", 12_345_678: "12M", 3_000_000_000: "3.0G"} {
		if got := compactCount(n); got != want {
			t.Errorf("%d is written %q, not %q", n, got, want)
		}
	}
}

func BenchmarkConfusionMatrix(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, _ := matrixOf(b, n, 1024, 640)
			for b.Loop() {
				m.drawing.update()
				m.drawing.draw(1024, 640)
			}
		})
	}
}
