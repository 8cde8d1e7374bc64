package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// network is a chain with a branch.
func network() []Block {
	return []Block{
		{Name: "data", Group: "input", C: 1, H: 28, W: 28, Output: true, Label: "28×28×1"},
		{Name: "a", Group: "filters", C: 20, H: 24, W: 24, Inputs: []string{"data"}, Output: true, Label: "24×24×20"},
		{Name: "b", Group: "filters", C: 8, H: 24, W: 24, Inputs: []string{"data"}, Output: true, Label: "24×24×8"},
		{Name: "both", Group: "join", C: 28, H: 24, W: 24, Inputs: []string{"a", "b"}, Output: true},
		{Name: "loss", Group: "loss", C: 1, H: 1, W: 1, Inputs: []string{"both"}, Problem: "needs a fully connected layer before it"},
	}
}

func canvasOf(t testing.TB) *BlockCanvas {
	themed(t)
	c := NewBlockCanvas()
	w := test.NewTempWindow(t, c)
	w.Resize(fyne.NewSize(800, 500))
	c.SetBlocks(ArrangeBlocks(network(), 0))
	return c
}

// middle of a block in the widget.
func middle(c *BlockCanvas, name string) fyne.Position {
	b := c.blocks[c.index[name]]
	return c.Place(b.X, b.Y)
}

func drag(c *BlockCanvas, from, to fyne.Position, mods fyne.KeyModifier) {
	c.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}, Modifier: mods})
	c.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: to}, Dragged: fyne.NewDelta(to.X-from.X, to.Y-from.Y)})
	c.MouseUp(nil)
	c.DragEnd()
}

func TestArrangedBlocksDoNotOverlap(t *testing.T) {
	for _, width := range []float32{0, 250} {
		blocks := ArrangeBlocks(network(), width)
		for i, a := range blocks {
			fa := faceOf(a)
			for _, b := range blocks[i+1:] {
				fb := faceOf(b)
				if a.X+fa.w/2+fa.d > b.X-fb.w/2 && b.X+fb.w/2+fb.d > a.X-fa.w/2 && a.Y+fa.h/2 > b.Y-fb.h/2-fb.d && b.Y+fb.h/2 > a.Y-fa.h/2-fa.d {
					t.Errorf("at width %g %s and %s overlap", width, a.Name, b.Name)
				}
			}
		}
	}
	cycle := []Block{{Name: "x", Inputs: []string{"y"}}, {Name: "y", Inputs: []string{"x"}}}
	if len(ArrangeBlocks(cycle, 0)) != 2 {
		t.Error("a circle is not arranged")
	}
}

func TestAllIsSeenAfterFit(t *testing.T) {
	c := canvasOf(t)
	for _, b := range c.blocks {
		if p := c.Place(b.X, b.Y); p.X < 0 || p.Y < 0 || p.X > 800 || p.Y > 500 {
			t.Errorf("%s lies at %v", b.Name, p)
		}
	}
	before := c.Zoom()
	c.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(100, 100)}, Scrolled: fyne.NewDelta(0, 10)})
	if c.Zoom() <= before {
		t.Error("the wheel does not zoom")
	}
	c.DoubleTapped(&fyne.PointEvent{Position: fyne.NewPos(2, 2)})
	if c.Zoom() != before {
		t.Error("a double click does not show all again")
	}
}

func TestGestures(t *testing.T) {
	c := canvasOf(t)
	var selected []string
	var moved, joined, cut, deleted []string
	c.OnSelected = func(names []string) { selected = names }
	c.OnMoved = func(names []string, dx, dy float32) { moved = names }
	c.OnConnected = func(from, to string) { joined = []string{from, to} }
	c.OnDisconnected = func(from, to string) { cut = []string{from, to} }
	c.OnDeleted = func(names []string) { deleted = names }

	at := middle(c, "a")
	drag(c, at, at.AddXY(30, 10), 0)
	if len(selected) != 1 || selected[0] != "a" || len(moved) != 1 {
		t.Errorf("selected %v, moved %v", selected, moved)
	}
	x, y := port(c.blocks[c.index["a"]])
	drag(c, c.Place(x, y), middle(c, "loss"), 0)
	if len(joined) != 2 || joined[0] != "a" || joined[1] != "loss" {
		t.Errorf("joined %v", joined)
	}
	way := c.curve(c.blocks[0], c.blocks[1])
	drag(c, fyne.NewPos(way[16].X, way[16].Y), fyne.NewPos(way[16].X, way[16].Y), 0)
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if len(cut) != 2 || cut[0] != "data" || cut[1] != "a" {
		t.Errorf("cut %v", cut)
	}
	drag(c, fyne.NewPos(1, 1), fyne.NewPos(799, 499), fyne.KeyModifierShift)
	if len(c.Selected()) != 5 {
		t.Errorf("a frame around all selects %v", c.Selected())
	}
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if len(deleted) != 5 {
		t.Errorf("deleted %v", deleted)
	}
	c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if len(c.Selected()) != 0 {
		t.Error("escape selects nothing else")
	}
	c.TypedShortcut(&fyne.ShortcutSelectAll{})
	if len(c.Selected()) != 5 {
		t.Error("Ctrl+A does not select all")
	}
	before := c.pan
	drag(c, fyne.NewPos(3, 3), fyne.NewPos(53, 3), 0)
	if c.pan.X != before.X+50 {
		t.Error("dragging the empty canvas does not pan")
	}
}

func BenchmarkCanvas(b *testing.B) {
	c := canvasOf(b)
	r := c.CreateRenderer().(*blocksRenderer)
	for b.Loop() {
		r.update()
		r.draw(800, 600)
	}
}
