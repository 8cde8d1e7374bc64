package widgets

import (
	"image/color"
	"math"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// textsOf returns the texts that a widget shows.
func textsOf(w fyne.Widget) []string {
	var out []string
	for _, o := range test.WidgetRenderer(w).Objects() {
		if t, ok := o.(*canvas.Text); ok {
			out = append(out, t.Text)
		}
	}
	return out
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%q is shown, not %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%q is shown, not %q", got, want)
		}
	}
}

func pointAt(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}}
}

func TestHistogram(t *testing.T) {
	themed(t)
	h := NewHistogram()
	test.NewTempWindow(t, h)
	h.Resize(fyne.NewSize(200, 84))
	h.SetValues(nil, 0, 0, nil)
	equal(t, textsOf(h))

	h.SetValues([]int{1, 4000, 0, 2}, -1, 3, func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) })
	equal(t, textsOf(h), "-1.0", "3.0", "0.0")
	var heights []float32
	for _, o := range test.WidgetRenderer(h).Objects() {
		if b, ok := o.(*canvas.Rectangle); ok {
			heights = append(heights, b.Size().Height)
			if end := b.Position().Y + b.Size().Height; end > 84-16 || b.Position().Y < 0 {
				t.Errorf("a bar goes from %g to %g", b.Position().Y, end)
			}
		}
	}
	if len(heights) != 4 || heights[0] < 1 || heights[2] != 0 || heights[1] < 50 {
		t.Errorf("the bars of 1, 4000, 0 and 2 are %v high", heights)
	}

	h.MouseMoved(pointAt(75, 40))
	equal(t, textsOf(h), "-1.0", "3.0", "0.0", "0.0 … 1.0:  4,000")
	h.SetValues([]int{7}, 0, 2, nil) // the bar under the mouse is gone
	equal(t, textsOf(h), "0", "2")
	h.MouseMoved(pointAt(500, 40))
	equal(t, textsOf(h), "0", "2", "0 … 2:  7")
	h.MouseOut()
	equal(t, textsOf(h), "0", "2")
}

func TestProbabilityBars(t *testing.T) {
	themed(t)
	b := NewProbabilityBars()
	test.NewTempWindow(t, b)
	b.Resize(fyne.NewSize(170, 200))
	red := color.NRGBA{R: 200, A: 255}
	b.SetRows([]ProbabilityRow{{Label: "6", Value: 1}, {Label: "a label much longer than its place", Value: .0449, Colour: red}, {Label: "x", Value: math.NaN()}, {Label: "y", Value: 7}})
	texts := textsOf(b)
	equal(t, []string{texts[0], texts[1], texts[3], texts[5]}, "6", "100.0 %", "4.5 %", "–")
	if long := []rune(texts[2]); long[len(long)-1] != '…' {
		t.Errorf("a long label is written as %q", texts[2])
	}
	if h := b.MinSize().Height; h < 4*24 {
		t.Errorf("four rows are %g high", h)
	}
	var bars []*canvas.Rectangle
	for _, o := range test.WidgetRenderer(b).Objects() {
		if r, ok := o.(*canvas.Rectangle); ok {
			bars = append(bars, r)
			if r.Position().X+r.Size().Width > 170-smallWidth("100.0 %") {
				t.Error("a bar runs into its percentage")
			}
		}
	}
	if len(bars) != 8 || bars[1].Size() != bars[0].Size() || bars[7].Size() != bars[6].Size() || bars[5].Size().Width > 1 {
		t.Error("the bars of 1, not a number and 7 are not full, empty and full")
	}
	if bars[3].FillColor != red || bars[1].FillColor != Colour(ColourAccent) {
		t.Error("the bars' colours are not the rows'")
	}
}
