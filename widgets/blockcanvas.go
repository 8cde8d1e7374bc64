package widgets

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets/raster"
)

var (
	_ fyne.Widget         = (*BlockCanvas)(nil)
	_ fyne.Focusable      = (*BlockCanvas)(nil)
	_ fyne.Scrollable     = (*BlockCanvas)(nil)
	_ fyne.Draggable      = (*BlockCanvas)(nil)
	_ fyne.DoubleTappable = (*BlockCanvas)(nil)
	_ fyne.Shortcutable   = (*BlockCanvas)(nil)
	_ desktop.Hoverable   = (*BlockCanvas)(nil)
	_ desktop.Mouseable   = (*BlockCanvas)(nil)
)

// Block is a block on the canvas.
type Block struct {
	Name   string // bold, below the block
	Detail string // small, below the name
	Group  string // gives the colour
	// Output shape, which the drawn size follows; 0 where it is not known.
	C, H, W int
	X, Y    float32  // centre of the front face
	Inputs  []string // names of the blocks it is fed from
	Output  bool     // something can be fed from it
	Label   string   // on the wires that leave it: its shape
	Wrong   bool     // it cannot work
}

// BlockCanvas shows a network as blocks and wires, and lets them be moved, joined, cut and deleted. It changes nothing itself: it reports what was
// done, and is given the new blocks.
type BlockCanvas struct {
	widget.BaseWidget
	blocks   []Block
	index    map[string]int
	selected map[string]bool
	wire     [2]string // the wire that is selected; "" for none
	zoom     float32
	pan      fyne.Position // of the canvas' origin in the widget
	fitted   bool          // the view follows the size of the widget until it is moved
	free     bool          // the canvas places the blocks
	row      float32       // how wide a row of them may be
	hovered  string
	gesture  gesture
	focused  bool

	Covered        float32 // height at the top that something else lies over
	OnSelected     func(names []string)
	OnMoved        func(names []string, dx, dy float32)
	OnConnected    func(from, to string)
	OnDisconnected func(from, to string)
	OnDeleted      func(names []string)
	OnShortcut     func(name string)
}

// What is being done with the mouse.
type gestureKind uint8

const (
	still gestureKind = iota
	panning
	moving  // blocks
	joining // a wire from a port
	framing // a selection
)

type gesture struct {
	kind     gestureKind
	from, to fyne.Position // in the widget
	block    string
}

// NewBlockCanvas makes an empty canvas.
func NewBlockCanvas() *BlockCanvas {
	c := &BlockCanvas{zoom: 1, fitted: true, index: map[string]int{}, selected: map[string]bool{}}
	c.ExtendBaseWidget(c)
	return c
}

// SetBlocks shows blocks at their places; zoom, view and what is selected stay.
func (c *BlockCanvas) SetBlocks(blocks []Block) {
	c.free = false
	c.set(blocks)
}

// Arrange shows blocks and finds places for them: in as few rows as can be read at the canvas' size.
func (c *BlockCanvas) Arrange(blocks []Block) {
	c.free = true
	c.set(ArrangeBlocks(blocks, c.row))
}

// Blocks returns the blocks with the places that they have.
func (c *BlockCanvas) Blocks() []Block { return c.blocks }

func (c *BlockCanvas) set(blocks []Block) {
	c.blocks = blocks
	c.index = indexOf(blocks)
	for name := range c.selected {
		if _, ok := c.index[name]; !ok {
			delete(c.selected, name)
		}
	}
	if c.fitted {
		c.fit()
	}
	c.Refresh()
}

func indexOf(blocks []Block) map[string]int {
	index := make(map[string]int, len(blocks))
	for i, b := range blocks {
		index[b.Name] = i
	}
	return index
}

// Select selects blocks without telling.
func (c *BlockCanvas) Select(names ...string) {
	c.selected, c.wire = map[string]bool{}, [2]string{}
	for _, n := range names {
		if _, ok := c.index[n]; ok {
			c.selected[n] = true
		}
	}
	c.Refresh()
}

// Selected returns the names of the selected blocks, in the order of the blocks.
func (c *BlockCanvas) Selected() []string {
	var names []string
	for _, b := range c.blocks {
		if c.selected[b.Name] {
			names = append(names, b.Name)
		}
	}
	return names
}

func (c *BlockCanvas) tell() {
	c.Refresh()
	if c.OnSelected != nil {
		c.OnSelected(c.Selected())
	}
}

// Zoom returns how large the canvas is drawn.
func (c *BlockCanvas) Zoom() float32 { return c.zoom }

// At returns the place on the canvas of a position in the widget.
func (c *BlockCanvas) At(p fyne.Position) (x, y float32) {
	return (p.X - c.pan.X) / c.zoom, (p.Y - c.pan.Y) / c.zoom
}

// Place returns the position in the widget of a place on the canvas.
func (c *BlockCanvas) Place(x, y float32) fyne.Position {
	return fyne.NewPos(x*c.zoom+c.pan.X, y*c.zoom+c.pan.Y)
}

// Fit shows all blocks, and goes on to while the widget changes its size.
func (c *BlockCanvas) Fit() {
	c.fitted = true
	c.fit()
	c.Refresh()
}

// legible is the zoom from which all texts can be read, and shapes fit on their wires.
const legible = .66

// mostRows is how many rows are tried.
const mostRows = 12

func (c *BlockCanvas) fit() {
	size := c.Size().SubtractWidthHeight(0, c.Covered)
	if len(c.blocks) == 0 || size.Width < 20 {
		c.zoom, c.pan = 1, fyne.NewPos(40, size.Height/2)
		return
	}
	if c.free {
		c.arrange(size)
	}
	x0, y0, x1, y1 := extent(c.blocks)
	c.zoom = max(.2, zoomFor(c.blocks, size))
	c.pan = fyne.NewPos((size.Width-(x0+x1)*c.zoom)/2, c.Covered+(size.Height-(y0+y1)*c.zoom)/2)
}

// arrange lays the blocks out in the fewest rows that can be read at a size, or in those that are drawn largest.
func (c *BlockCanvas) arrange(size fyne.Size) {
	whole := ArrangeBlocks(c.blocks, 0)
	x0, _, x1, _ := extent(whole)
	best, zoom := whole, zoomFor(whole, size)
	c.row = 0
	for rows := 2; rows <= mostRows && zoom < legible; rows++ {
		width := (x1-x0)/float32(rows) + columnGap
		blocks := ArrangeBlocks(c.blocks, width)
		if z := zoomFor(blocks, size); z > zoom {
			best, zoom, c.row = blocks, z, width
		}
	}
	c.blocks = best
}

// Resize implements fyne.CanvasObject.
func (c *BlockCanvas) Resize(size fyne.Size) {
	c.BaseWidget.Resize(size)
	if c.fitted {
		c.fit()
	}
	c.Refresh()
}

// MinSize implements fyne.CanvasObject.
func (c *BlockCanvas) MinSize() fyne.Size { return fyne.NewSize(100, 100) }

// hit returns the block at a position, or "".
func (c *BlockCanvas) hit(p fyne.Position) string {
	x, y := c.At(p)
	for i := len(c.blocks) - 1; i >= 0; i-- {
		b := c.blocks[i]
		f := faceOf(b)
		if x >= b.X-max(f.w/2, 12)-4 && x <= b.X+max(f.w/2, 12)+f.d+4 && y >= b.Y-f.h/2-f.d-4 && y <= b.Y+f.h/2+34 {
			return b.Name
		}
	}
	return ""
}

// hitPort returns the block whose port is at a position, or "".
func (c *BlockCanvas) hitPort(p fyne.Position) string {
	for _, b := range c.blocks {
		if !b.Output {
			continue
		}
		x, y := port(b)
		q := c.Place(x, y)
		if d := p.Subtract(q); d.X*d.X+d.Y*d.Y < 81 {
			return b.Name
		}
	}
	return ""
}

// hitWire returns the wire at a position.
func (c *BlockCanvas) hitWire(p fyne.Position) (wire [2]string) {
	c.wires(func(from, to Block) {
		for _, v := range c.curve(from, to) {
			if dx, dy := v.X-p.X, v.Y-p.Y; dx*dx+dy*dy < 36 {
				wire = [2]string{from.Name, to.Name}
			}
		}
	})
	return wire
}

// wires calls do for each wire.
func (c *BlockCanvas) wires(do func(from, to Block)) { wiresOf(c.blocks, c.index, do) }

func wiresOf(blocks []Block, index map[string]int, do func(from, to Block)) {
	for _, b := range blocks {
		for _, in := range b.Inputs {
			if i, ok := index[in]; ok {
				do(blocks[i], b)
			}
		}
	}
}

// curve returns a wire's way in the widget.
func (c *BlockCanvas) curve(from, to Block) []raster.Vertex {
	x0, y0 := port(from)
	x1, y1 := entry(to)
	a, b := c.Place(x0, y0), c.Place(x1, y1)
	if math.Abs(float64(a.Y-b.Y)) < 1 && b.X > a.X {
		out := make([]raster.Vertex, 17)
		for i := range out {
			out[i] = raster.Vertex{X: a.X + (b.X-a.X)*float32(i)/16, Y: a.Y}
		}
		return out
	}
	if b.X < a.X { // back to the beginning of the next row: around the blocks, above those of the row that it leads to
		f, text := faceOf(from), fyne.MeasureText(from.Detail, SmallSize*c.textScale(), fyne.TextStyle{}).Width
		turn := max(22*c.zoom, text/2-(f.w+f.d)/2*c.zoom+6) // clear of the texts below it
		top := y1
		for _, o := range c.blocks {
			if f := faceOf(o); math.Abs(float64(o.Y-to.Y)) < 1 {
				top = min(top, o.Y-f.h/2-f.d)
			}
		}
		above := c.Place(0, top-14).Y
		return along(raster.Vertex{X: a.X, Y: a.Y}, raster.Vertex{X: a.X + turn, Y: a.Y}, raster.Vertex{X: a.X + turn, Y: above},
			raster.Vertex{X: b.X - turn, Y: above}, raster.Vertex{X: b.X - turn, Y: b.Y}, raster.Vertex{X: b.X, Y: b.Y})
	}
	return raster.Curve(raster.Vertex{X: a.X, Y: a.Y}, raster.Vertex{X: b.X, Y: b.Y}, 32)
}

// along puts points on a way of straight pieces, dense enough to be hit.
func along(corners ...raster.Vertex) []raster.Vertex {
	out := corners[:1:1]
	for i := 1; i < len(corners); i++ {
		a, b := corners[i-1], corners[i]
		for k := 1; k <= 16; k++ {
			t := float32(k) / 16
			out = append(out, raster.Vertex{X: a.X + (b.X-a.X)*t, Y: a.Y + (b.Y-a.Y)*t})
		}
	}
	return out
}

// MouseDown implements desktop.Mouseable.
func (c *BlockCanvas) MouseDown(e *desktop.MouseEvent) {
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(c); canvas != nil {
		canvas.Focus(c)
	}
	c.gesture = gesture{from: e.Position, to: e.Position}
	if name := c.hitPort(e.Position); name != "" {
		c.gesture.kind, c.gesture.block = joining, name
		return
	}
	if name := c.hit(e.Position); name != "" {
		c.gesture.kind, c.gesture.block = moving, name
		many := e.Modifier&(fyne.KeyModifierShift|fyne.KeyModifierControl|fyne.KeyModifierSuper) != 0
		switch {
		case many && c.selected[name]:
			delete(c.selected, name)
		case many:
			c.selected[name] = true
		case !c.selected[name]:
			c.selected = map[string]bool{name: true}
		}
		c.wire = [2]string{}
		c.tell()
		return
	}
	c.gesture.kind = panning
	if e.Modifier&fyne.KeyModifierShift != 0 {
		c.gesture.kind = framing
	}
	c.selected, c.wire = map[string]bool{}, c.hitWire(e.Position)
	c.tell()
}

// MouseUp implements desktop.Mouseable.
func (c *BlockCanvas) MouseUp(*desktop.MouseEvent) { c.finish() }

// Dragged implements fyne.Draggable.
func (c *BlockCanvas) Dragged(e *fyne.DragEvent) {
	c.gesture.to = e.Position
	if c.gesture.kind == panning {
		c.fitted = false
		c.pan = c.pan.AddXY(e.Dragged.DX, e.Dragged.DY)
	}
	c.Refresh()
}

// DragEnd implements fyne.Draggable.
func (c *BlockCanvas) DragEnd() { c.finish() }

// finish ends what was done with the mouse.
func (c *BlockCanvas) finish() {
	g := c.gesture
	c.gesture = gesture{}
	dx, dy := (g.to.X-g.from.X)/c.zoom, (g.to.Y-g.from.Y)/c.zoom
	switch g.kind {
	case moving:
		if (dx != 0 || dy != 0) && c.OnMoved != nil {
			c.fitted = false
			c.OnMoved(c.Selected(), dx, dy)
		}
	case joining:
		if to := c.hit(g.to); to != "" && to != g.block && c.OnConnected != nil {
			c.OnConnected(g.block, to)
		}
	case framing:
		x0, y0 := c.At(fyne.NewPos(min(g.from.X, g.to.X), min(g.from.Y, g.to.Y)))
		x1, y1 := c.At(fyne.NewPos(max(g.from.X, g.to.X), max(g.from.Y, g.to.Y)))
		for _, b := range c.blocks {
			if b.X >= x0 && b.X <= x1 && b.Y >= y0 && b.Y <= y1 {
				c.selected[b.Name] = true
			}
		}
		c.tell()
	}
	c.Refresh()
}

// Scrolled implements fyne.Scrollable: it zooms around the pointer.
func (c *BlockCanvas) Scrolled(e *fyne.ScrollEvent) {
	x, y := c.At(e.Position)
	factor := float32(1.12)
	if e.Scrolled.DY < 0 {
		factor = 1 / factor
	}
	c.fitted = false
	c.zoom = max(.2, min(3, c.zoom*factor))
	c.pan = fyne.NewPos(e.Position.X-x*c.zoom, e.Position.Y-y*c.zoom)
	c.Refresh()
}

// DoubleTapped implements fyne.DoubleTappable: on the empty canvas it shows all.
func (c *BlockCanvas) DoubleTapped(e *fyne.PointEvent) {
	if c.hit(e.Position) == "" {
		c.Fit()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *BlockCanvas) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *BlockCanvas) MouseMoved(e *desktop.MouseEvent) {
	name := c.hitPort(e.Position)
	if name == "" {
		name = c.hit(e.Position)
	}
	if name != c.hovered {
		c.hovered = name
		c.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (c *BlockCanvas) MouseOut() { c.hovered = ""; c.Refresh() }

// FocusGained implements fyne.Focusable.
func (c *BlockCanvas) FocusGained() { c.focused = true }

// FocusLost implements fyne.Focusable.
func (c *BlockCanvas) FocusLost() { c.focused = false }

// TypedRune implements fyne.Focusable.
func (c *BlockCanvas) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *BlockCanvas) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyDelete, fyne.KeyBackspace:
		switch {
		case c.wire[0] != "" && c.OnDisconnected != nil:
			w := c.wire
			c.wire = [2]string{}
			c.OnDisconnected(w[0], w[1])
		case len(c.selected) > 0 && c.OnDeleted != nil:
			c.OnDeleted(c.Selected())
		}
	case fyne.KeyEscape:
		c.Select()
		c.tell()
	}
}

// TypedShortcut implements fyne.Shortcutable: copy, paste, select all, undo and redo are told, the others are the window's.
func (c *BlockCanvas) TypedShortcut(s fyne.Shortcut) {
	name := ""
	switch s.(type) {
	case *fyne.ShortcutCopy:
		name = "copy"
	case *fyne.ShortcutPaste:
		name = "paste"
	case *fyne.ShortcutUndo:
		name = "undo"
	case *fyne.ShortcutRedo:
		name = "redo"
	case *fyne.ShortcutSelectAll:
		for _, b := range c.blocks {
			c.selected[b.Name] = true
		}
		c.tell()
		return
	default:
		handOn(c, s)
		return
	}
	if c.OnShortcut != nil {
		c.OnShortcut(name)
	}
}

// Distances of blocks that are arranged: between columns, and between rows.
const columnGap, rowGap = 66, 40

// labelMargin is how much longer than its shape a wire is: for the arrow, and for the frame of what is selected.
const labelMargin = 34

// textHeight is the room for the texts below a block.
const textHeight = 56
