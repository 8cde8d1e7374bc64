package widgets

import (
	"fmt"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// legendOf shows n classes and their mean; class i has the figure i/n and the share 1/n.
func legendOf(t testing.TB, n int, width, height float32) *Legend {
	themed(t)
	l := NewLegend()
	w := test.NewTempWindow(t, l)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(width, height))
	var rows []LegendRow
	for i, c := range ClassColours(n) {
		rows = append(rows, LegendRow{Name: fmt.Sprint("class ", i), Colour: c, Share: 1 / float64(n), Figure: float64(i) / float64(n)})
	}
	l.SetRows(LegendHeads{Title: "Classes", Share: "pixels", Figure: "IoU"}, rows, &LegendRow{Name: fmt.Sprint("mean of ", n), Share: math.NaN(), Figure: .5})
	return l
}

func (l *Legend) line(t testing.TB, row int) *legendLine {
	t.Helper()
	for i, shown := range l.content.shown {
		if shown == row {
			return l.content.lines[i]
		}
	}
	t.Fatalf("row %d is not shown", row)
	return nil
}

func TestLegendShowsColoursAndNumbers(t *testing.T) {
	l := legendOf(t, 200, 300, 20*legendRow)
	if n := len(l.content.lines); n > 22 {
		t.Errorf("%d lines for twenty rows", n)
	}
	n := l.line(t, 10)
	if n.swatch.FillColor != ClassColour(10) || n.name.Text != "class 10" || n.share.Text != "0.5 %" || n.figure.Text != ".05" {
		t.Errorf("%v, %q, %q, %q", n.swatch.FillColor, n.name.Text, n.share.Text, n.figure.Text)
	}
	foot := test.WidgetRenderer(l).(*legendRenderer).foot
	if foot.name.Text != "mean of 200" || foot.figure.Text != ".50" || !foot.share.Hidden || !foot.bar.Hidden {
		t.Errorf("below: %q, %q", foot.name.Text, foot.figure.Text)
	}
	if end := foot.name.Position().Y; end > 20*legendRow-20 || end < 18*legendRow {
		t.Errorf("the mean stands at %g of %g", end, 20*legendRow)
	}
	l.Highlight(199)
	if n := l.line(t, 199); n.figure.Text != ".99" || n.back.Hidden {
		t.Errorf("the last class: %q", n.figure.Text)
	}
}

// Nothing lies over anything else, at any width and with any columns.
func TestLegendColumns(t *testing.T) {
	for _, heads := range []LegendHeads{{}, {Share: "pixels"}, {Figure: "IoU, test split"}, {"Classes", "pixels", "IoU, test split"}} {
		l := legendOf(t, 12, 100, 20*legendRow)
		rows := l.Rows()
		rows[0].Name = "a name that is far too long for its place"
		l.SetRows(heads, rows, nil)
		for width := float32(120); width < 420; width += 7 {
			l.Resize(fyne.NewSize(width, 400))
			n := l.line(t, 0)
			at := n.name.Position().X + fyne.MeasureText(n.name.Text, TextSize, n.name.TextStyle).Width
			next := func(what string, hidden bool, left, right float32) {
				if hidden {
					return
				}
				if left < at {
					t.Errorf("%+v at %g: %s begins at %g, what is before it ends at %g", heads, width, what, left, at)
				}
				at = right
			}
			share, figure := fyne.MeasureText("100.0 %", SmallSize, fyne.TextStyle{}).Width, fyne.MeasureText("1.00", TextSize, fyne.TextStyle{}).Width
			c := l.columns(width)
			bar := func() { next("the bar", n.track.Hidden, c.bar, c.bar+c.barRoom) }
			if c.hasFigure {
				next("the share", n.share.Hidden, c.share-share, c.share)
				bar()
				next("the figure", n.figure.Hidden, c.figure-figure, c.figure)
			} else {
				bar()
				next("the share", n.share.Hidden, c.share-share, c.share)
			}
			if at > width {
				t.Errorf("%+v at %g: it ends at %g", heads, width, at)
			}
			if n.figure.Hidden != (heads.Figure == "") || heads.Figure == "" && n.share.Hidden != (heads.Share == "") {
				t.Errorf("%+v at %g: a column is missing", heads, width)
			}
		}
	}
}

func TestLegendHidesAndHighlights(t *testing.T) {
	l := legendOf(t, 30, 300, 10*legendRow)
	var told []string
	l.OnHidden = func(class int, hidden bool) { told = append(told, fmt.Sprint(class, hidden)) }
	l.OnHighlighted = func(class int) { told = append(told, fmt.Sprint(class)) }
	says := func(want string) {
		t.Helper()
		if got := fmt.Sprint(told); got != want {
			t.Errorf("told %s, not %s", got, want)
		}
		told = nil
	}
	over := func(row float32) { l.content.MouseMoved(mouseAt(20, row*legendRow+4)) }
	over(2)
	over(2.3)
	over(3)
	says("[2 3]")
	p := mouseAt(20, 3*legendRow+4)
	l.content.MouseDown(p)
	l.content.Tapped(&p.PointEvent) // what the driver sends after it
	says("[3 true]")
	if n := l.line(t, 3); n.swatch.FillColor == n.swatch.StrokeColor || n.back.Hidden || !l.Hidden()[3] {
		t.Error("the hidden class looks like the others")
	}
	l.content.MouseOut()
	says("[-1]")
	for _, key := range []fyne.KeyName{fyne.KeySpace, fyne.KeyEnd, fyne.KeySpace, fyne.KeyReturn, fyne.KeyUp, fyne.KeyHome, fyne.KeyUp, fyne.KeyF1} {
		l.TypedKey(&fyne.KeyEvent{Name: key})
	}
	says("[29 29 true 29 false 28 0]")
	l.FocusLost()
	says("[-1]")

	l.SetHidden([]bool{true})
	l.Highlight(5)
	says("[]")
	if h := l.Hidden(); !h[0] || h[3] || len(h) != 30 || l.line(t, 5).back.Hidden {
		t.Errorf("hidden: %v", h)
	}
	l.SetRows(LegendHeads{}, l.Rows()[:2], nil)
	if l.lit != -1 || !l.Hidden()[0] || l.MinSize().Height != 3*legendRow || l.HeightFor(100) != 2*legendRow {
		t.Error("a class that is gone is highlighted, or the first is not hidden any more")
	}
	l.SetRows(LegendHeads{}, nil, nil)
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	says("[]")
}

func TestFigureText(t *testing.T) {
	for v, want := range map[float64]string{0: ".00", .664: ".66", 1: "1.00", .999: "1.00", math.Inf(1): "+Inf"} {
		if got := figureText(v); got != want {
			t.Errorf("%g is written %q, not %q", v, got, want)
		}
	}
	if figureText(math.NaN()) != "–" {
		t.Error("what is not a number has a figure")
	}
}
