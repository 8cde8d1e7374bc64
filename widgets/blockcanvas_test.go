package widgets

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// network returns a chain with a branch.
func network() []Block {
	return []Block{
		{Name: "data", Group: "input", C: 1, H: 28, W: 28, Output: true, Label: "28×28×1"},
		{Name: "a", Group: "filters", C: 20, H: 24, W: 24, Inputs: []string{"data"}, Output: true, Label: "24×24×20"},
		{Name: "b", Group: "filters", C: 8, H: 24, W: 24, Inputs: []string{"data"}, Output: true, Label: "24×24×8"},
		{Name: "both", Group: "join", C: 28, H: 24, W: 24, Inputs: []string{"a", "b"}, Output: true},
		{Name: "loss", Group: "loss", C: 1, H: 1, W: 1, Inputs: []string{"both"}, Wrong: true},
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

// chain is LeNet as far as the canvas knows.
func chain() []Block {
	shapes := []Block{
		{Name: "data", C: 1, H: 28, W: 28, Label: "28×28×1"},
		{Name: "conv1", C: 20, H: 24, W: 24, Label: "24×24×20"},
		{Name: "pool1", C: 20, H: 12, W: 12, Label: "12×12×20"},
		{Name: "conv2", C: 50, H: 8, W: 8, Label: "8×8×50"},
		{Name: "pool2", C: 50, H: 4, W: 4, Label: "4×4×50"},
		{Name: "ip1", C: 500, H: 1, W: 1, Label: "500"},
		{Name: "relu1", C: 500, H: 1, W: 1, Label: "500"},
		{Name: "ip2", C: 10, H: 1, W: 1, Label: "10"},
		{Name: "loss", C: 1, H: 1, W: 1},
	}
	for i := range shapes[1:] {
		shapes[i].Output, shapes[i+1].Inputs = true, []string{shapes[i].Name}
	}
	return shapes
}

// In a small window blocks take several rows rather than become illegible; shapes stand beside blocks, never on them.
func TestArrangedForTheSizeOfTheCanvas(t *testing.T) {
	themed(t)
	c := NewBlockCanvas()
	w := test.NewTempWindow(t, c)
	c.Arrange(chain())
	c.Select("conv1")
	for _, size := range []fyne.Size{fyne.NewSize(770, 560), fyne.NewSize(490, 420), fyne.NewSize(490, 300), fyne.NewSize(770, 560)} {
		w.Resize(size)
		rows := map[int]bool{}
		for _, b := range c.blocks {
			rows[int(b.Y)] = true
		}
		if one := size.Width > 700; one != (len(rows) == 1) {
			t.Errorf("%v: %d rows", size, len(rows))
		}
		if size.Height > 400 && c.Zoom() < legible {
			t.Errorf("%v: drawn at %g", size, c.Zoom())
		}
		small := SmallSize * c.textScale()
		c.wires(func(from, to Block) {
			width := fyne.MeasureText(from.Label, small, fyne.TextStyle{}).Width
			x, y := c.labelPlace(from, to, width)
			for _, b := range c.blocks {
				f := faceOf(b)
				p, q := c.Place(b.X-f.w/2, b.Y-f.h/2-f.d), c.Place(b.X+f.w/2+f.d, b.Y+f.h/2)
				if x+width/2 > p.X && x-width/2 < q.X && y-small*.5 > p.Y && y-small*1.9 < q.Y {
					t.Errorf("%v: the shape %s lies on %s", size, from.Label, b.Name)
				}
			}
			for i, v := range c.curve(from, to) {
				for _, b := range c.blocks {
					f := faceOf(b)
					p, q := c.Place(b.X-f.w/2, b.Y-f.h/2-f.d), c.Place(b.X+f.w/2+f.d, b.Y+f.h/2)
					if i > 0 && v.X > p.X+1 && v.X < q.X-1 && v.Y > p.Y && v.Y < q.Y {
						t.Errorf("%v: the wire from %s to %s runs under %s", size, from.Name, to.Name, b.Name)
					}
				}
			}
		})
	}
}

// The wire to the next row passes the texts below the block that it leaves.
func TestWireToTheNextRowPassesTexts(t *testing.T) {
	c := canvasOf(t)
	a := Block{Name: "drop6", Detail: "드롭아웃 0.5 드롭아웃 0.5", X: 300, Output: true}
	c.SetBlocks([]Block{a, {Name: "fc7", X: 0, Y: 160, Inputs: []string{"drop6"}}})
	text := fyne.MeasureText(a.Detail, SmallSize*c.textScale(), fyne.TextStyle{}).Width
	right := c.Place(a.X+faceOf(a).d/2, 0).X + text/2
	if way := c.curve(c.blocks[0], c.blocks[1]); way[16].X < right {
		t.Errorf("the wire turns at %g, the text ends at %g", way[16].X, right)
	}
}

// Where there is no room on the wire a shape stands above the block that it leaves.
func TestShapeWithoutRoom(t *testing.T) {
	c := canvasOf(t)
	a := Block{Name: "a", C: 20, H: 24, W: 24, X: 0, Y: 0, Output: true, Label: "24×24×20"}
	b := Block{Name: "b", C: 20, H: 24, W: 24, X: 80, Y: 0, Inputs: []string{"a"}}
	c.SetBlocks([]Block{a, b})
	f := faceOf(a)
	if _, y := c.labelPlace(a, b, 50); y > c.Place(0, -f.h/2-f.d).Y {
		t.Error("a shape without room lies on its block")
	}
	if _, y := c.labelPlace(a, b, 5); y < c.Place(0, -f.h/2-f.d).Y {
		t.Error("a shape with room is not on its wire")
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

// Where there is no room for all names, none is written on another, and those of chosen blocks are there.
func TestNamesAreNotWrittenOnNames(t *testing.T) {
	themed(t)
	c := NewBlockCanvas()
	w := test.NewTempWindow(t, c)
	var blocks []Block
	for i := range 60 {
		b := Block{Name: fmt.Sprintf("a-long-name-of-block-%d", i), C: 8, H: 8, W: 8}
		if i > 0 {
			b.Inputs = []string{blocks[i-1].Name}
		}
		blocks = append(blocks, b)
	}
	c.Arrange(blocks)
	c.Select("a-long-name-of-block-33")
	w.Resize(fyne.NewSize(700, 300))
	r := test.WidgetRenderer(c).(*blocksRenderer)
	r.update()
	names, chosen := 0, false
	for _, o := range r.inside.Objects {
		if text, ok := o.(*canvas.Text); ok && strings.HasPrefix(text.Text, "a-long-name") {
			names++
			chosen = chosen || text.Text == "a-long-name-of-block-33"
		}
	}
	if names == 0 || names >= 60 || !chosen {
		t.Errorf("%d of 60 names are written, the chosen one: %t", names, chosen)
	}
}
