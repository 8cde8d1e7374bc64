package widgets

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// barsOf shows n classes in a list ten rows high; class i has 10·(i+1) images.
func barsOf(t testing.TB, n int) *ClassBars {
	themed(t)
	c := NewClassBars()
	w := test.NewTempWindow(t, c)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(200, 10*RowHeight))
	var rows []ClassRow
	for i := range n {
		rows = append(rows, ClassRow{Name: fmt.Sprint("class ", i), Count: 10 * (i + 1), Parts: []int{6 * (i + 1), 3 * (i + 1), i + 1}})
	}
	c.SetRows(rows, "all")
	return c
}

func (c *ClassBars) line(t testing.TB, row int) *classLine {
	t.Helper()
	for i, shown := range c.content.shown {
		if shown == row {
			return c.content.lines[i]
		}
	}
	t.Fatalf("row %d is not shown", row)
	return nil
}

func TestClassBarsShowCounts(t *testing.T) {
	c := barsOf(t, 1000)
	if n := len(c.content.lines); n > 13 {
		t.Errorf("%d lines for ten rows", n)
	}
	all := c.line(t, 0)
	if all.name.Text != "all" || all.count.Text != "5,005,000" || !all.name.TextStyle.Bold || all.back.Hidden || all.back.FillColor != Colour(ColourTint) {
		t.Errorf("the first row shows %q, %q", all.name.Text, all.count.Text)
	}
	c.Select(999)
	last := c.line(t, 1000)
	if last.count.Text != "10,000" || last.count.Color != Colour(ColourAccent) {
		t.Errorf("the last class shows %q, %q", last.name.Text, last.count.Text)
	}
	for k, share := range [3]float32{6, 3, 1} {
		if got := last.bars[k].Size().Width / last.bars[2].Size().Width; last.bars[k].Hidden || !close2(got, share) {
			t.Errorf("part %d is %v times the test split", k, got)
		}
	}
	if end := last.bars[2].Position().X + last.bars[2].Size().Width; end > last.count.Position().X-10 {
		t.Errorf("the largest bar ends at %v, its count begins at %v", end, last.count.Position().X)
	}
	if half := c.line(t, 995).bars[0].Size().Width / last.bars[0].Size().Width; !close2(half, .995) {
		t.Errorf("bars are not on one scale: %v", half)
	}
}

func TestClassBarsChoose(t *testing.T) {
	c := barsOf(t, 30)
	var told []int
	c.OnSelected = func(i int) { told = append(told, i) }
	p := mouseAt(20, 3*RowHeight+4)
	c.content.MouseDown(p)
	c.content.Tapped(&p.PointEvent) // what the driver sends after it
	if c.chosen != 2 || c.line(t, 3).back.Hidden || !c.line(t, 0).back.Hidden {
		t.Fatalf("%d is chosen", c.chosen)
	}
	c.content.Tapped(&fyne.PointEvent{Position: fyne.NewPos(20, 4)}) // a finger
	for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyDown, fyne.KeyPageDown, fyne.KeyEnd, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyHome, fyne.KeyF1} {
		c.TypedKey(&fyne.KeyEvent{Name: key})
		c.line(t, c.chosen+1) // it is in sight
	}
	if fmt.Sprint(told) != "[2 -1 0 10 29 19 -1]" {
		t.Fatalf("told %v", told)
	}
	c.Select(25)
	c.SetRows([]ClassRow{{Name: "only", Count: 3}}, "all")
	if c.chosen != -1 || len(told) != 7 {
		t.Fatalf("%d is chosen of one class", c.chosen)
	}
	if l := c.line(t, 1); l.bars[0].Hidden || !l.bars[1].Hidden {
		t.Error("a class without parts has no bar")
	}
	c.SetRows(nil, "all")
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if c.line(t, 0).count.Text != "0" {
		t.Error("no classes, but a count")
	}
}
