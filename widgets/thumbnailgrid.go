package widgets

import (
	"context"
	"image"
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget         = (*ThumbnailGrid)(nil)
	_ fyne.Focusable      = (*ThumbnailGrid)(nil)
	_ fyne.Tappable       = (*thumbnails)(nil)
	_ desktop.Mouseable   = (*thumbnails)(nil)
	_ fyne.DoubleTappable = (*thumbnails)(nil)
)

// ThumbnailGrid shows many images as small pictures. It holds as many cells as are seen, however many images there are; pictures are
// loaded in the background, and what has scrolled away is not loaded any more.
type ThumbnailGrid struct {
	widget.BaseWidget
	n       int
	label   func(item int) string
	cell    float32
	chosen  map[int]bool
	primary int // −1: none
	anchor  int
	focused bool
	loader  *thumbnailLoader
	scroll  *container.Scroll
	content *thumbnails
	mods    fyne.KeyModifier // held when the mouse went down

	OnSelected func(primary int)
	OnOpened   func(item int)
}

// gapBetween cells.
const gapBetween = 1

// NewThumbnailGrid makes an empty grid. load runs on background goroutines; post brings a function to the window's goroutine.
func NewThumbnailGrid(load func(ctx context.Context, item int) (image.Image, error), post func(func())) *ThumbnailGrid {
	g := &ThumbnailGrid{cell: 55, chosen: map[int]bool{}, primary: -1}
	g.loader = newThumbnailLoader(load, post, g.arrived)
	g.content = &thumbnails{grid: g}
	g.content.ExtendBaseWidget(g.content)
	g.scroll = container.NewVScroll(g.content)
	g.scroll.OnScrolled = func(fyne.Position) { g.content.Refresh() }
	g.ExtendBaseWidget(g)
	return g
}

// SetItems shows n images with labels; pictures that were loaded are forgotten.
func (g *ThumbnailGrid) SetItems(n int, label func(item int) string) {
	g.n, g.label = n, label
	g.chosen, g.primary = map[int]bool{}, -1
	g.loader.forget()
	g.relayout()
}

// SetCellSize sets the side of a cell, 24 to 256.
func (g *ThumbnailGrid) SetCellSize(size float32) {
	size = max(24, min(256, size))
	if size == g.cell {
		return
	}
	top := 0
	if columns := g.columns(); columns > 0 {
		top = int(g.scroll.Offset.Y/(g.cell+gapBetween)) * columns
	}
	g.cell = size
	g.loader.setSide(int(size))
	g.relayout()
	g.reveal(top, true)
}

func (g *ThumbnailGrid) relayout() {
	g.content.Refresh()
	g.scroll.Refresh()
	if limit := max(0, g.content.MinSize().Height-g.scroll.Size().Height); g.scroll.Offset.Y > limit {
		g.scroll.ScrollToOffset(fyne.NewPos(0, limit))
	}
	g.content.Refresh()
}

// Selected are the chosen items in order.
func (g *ThumbnailGrid) Selected() []int {
	var all []int
	for i := range g.chosen {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}

// Select chooses items without telling; the last is the primary one.
func (g *ThumbnailGrid) Select(items ...int) {
	g.chosen, g.primary = map[int]bool{}, -1
	for _, i := range items {
		if i >= 0 && i < g.n {
			g.chosen[i], g.primary, g.anchor = true, i, i
		}
	}
	g.content.Refresh()
}

// Close stops loading and waits for its end.
func (g *ThumbnailGrid) Close() { g.loader.close() }

func (g *ThumbnailGrid) columns() int {
	return max(1, int((g.scroll.Size().Width-8+gapBetween)/(g.cell+gapBetween)))
}

// visible are the items that can be seen.
func (g *ThumbnailGrid) visible() (first, last int) {
	columns, step := g.columns(), g.cell+gapBetween
	row := int(g.scroll.Offset.Y / step)
	rows := int(g.scroll.Size().Height/step) + 2
	return min(g.n, row*columns), min(g.n, (row+rows)*columns)
}

// arrived is told by the loader, on the window's goroutine.
func (g *ThumbnailGrid) arrived(item int, t thumbnail) {
	for _, c := range g.content.cells {
		if c.item == item && !c.hidden {
			c.show(t)
		}
	}
}

// choose goes to an item, as a click or a key does.
func (g *ThumbnailGrid) choose(item int, mods fyne.KeyModifier) {
	if item < 0 || item >= g.n {
		return
	}
	switch {
	case mods&fyne.KeyModifierShift != 0:
		g.chosen = map[int]bool{}
		for i := min(g.anchor, item); i <= max(g.anchor, item); i++ {
			g.chosen[i] = true
		}
		g.primary = item
	case mods&(fyne.KeyModifierControl|fyne.KeyModifierSuper) != 0:
		if g.chosen[item] {
			delete(g.chosen, item)
		} else {
			g.chosen[item] = true
		}
		g.primary, g.anchor = item, item
	default:
		g.chosen = map[int]bool{item: true}
		g.primary, g.anchor = item, item
	}
	g.reveal(item, false)
	g.content.Refresh()
	if g.OnSelected != nil {
		g.OnSelected(g.primary)
	}
}

// reveal scrolls so that an item is seen, at the top or just so.
func (g *ThumbnailGrid) reveal(item int, top bool) {
	y := float32(item/g.columns()) * (g.cell + gapBetween)
	offset := g.scroll.Offset.Y
	switch {
	case top || y < offset:
		offset = y
	case y+g.cell > offset+g.scroll.Size().Height:
		offset = y + g.cell - g.scroll.Size().Height
	}
	if offset != g.scroll.Offset.Y {
		g.scroll.ScrollToOffset(fyne.NewPos(0, max(0, offset)))
	}
}

// FocusGained implements fyne.Focusable.
func (g *ThumbnailGrid) FocusGained() { g.focused = true }

// FocusLost implements fyne.Focusable.
func (g *ThumbnailGrid) FocusLost() { g.focused = false }

// TypedRune implements fyne.Focusable.
func (g *ThumbnailGrid) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (g *ThumbnailGrid) TypedKey(e *fyne.KeyEvent) {
	columns := g.columns()
	page := columns * max(1, int(g.scroll.Size().Height/(g.cell+gapBetween)))
	at := max(0, g.primary)
	switch e.Name {
	case fyne.KeyLeft:
		at--
	case fyne.KeyRight:
		at++
	case fyne.KeyUp:
		at -= columns
	case fyne.KeyDown:
		at += columns
	case fyne.KeyPageUp:
		at -= page
	case fyne.KeyPageDown:
		at += page
	case fyne.KeyHome:
		at = 0
	case fyne.KeyEnd:
		at = g.n - 1
	case fyne.KeyReturn, fyne.KeyEnter:
		if g.OnOpened != nil && g.primary >= 0 {
			g.OnOpened(g.primary)
		}
		return
	default:
		return
	}
	g.choose(max(0, min(g.n-1, at)), 0)
}

// TypedShortcut takes Ctrl+A.
func (g *ThumbnailGrid) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutSelectAll); !ok {
		return
	}
	for i := range g.n {
		g.chosen[i] = true
	}
	g.content.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (g *ThumbnailGrid) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(g.scroll)
}

// MinSize implements fyne.CanvasObject.
func (g *ThumbnailGrid) MinSize() fyne.Size { return fyne.NewSize(80, 80) }

// Resize implements fyne.CanvasObject.
func (g *ThumbnailGrid) Resize(size fyne.Size) {
	g.BaseWidget.Resize(size)
	g.relayout()
}

// thumbnails is what scrolls: as high as all cells, with objects for those that are seen.
type thumbnails struct {
	widget.BaseWidget
	grid  *ThumbnailGrid
	cells []*cell
}

// MinSize implements fyne.CanvasObject.
func (t *thumbnails) MinSize() fyne.Size {
	g := t.grid
	rows := (g.n + g.columns() - 1) / g.columns()
	return fyne.NewSize(10, float32(rows)*(g.cell+gapBetween))
}

func (t *thumbnails) at(p fyne.Position) int {
	g := t.grid
	step := g.cell + gapBetween
	column, row := int(p.X/step), int(p.Y/step)
	if column >= g.columns() {
		return -1
	}
	if i := row*g.columns() + column; i < g.n {
		return i
	}
	return -1
}

// MouseDown implements desktop.Mouseable: it remembers which keys are held.
func (t *thumbnails) MouseDown(e *desktop.MouseEvent) { t.grid.mods = e.Modifier }

// MouseUp implements desktop.Mouseable.
func (t *thumbnails) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable.
func (t *thumbnails) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(t.grid); c != nil {
		c.Focus(t.grid)
	}
	t.grid.choose(t.at(e.Position), t.grid.mods)
}

// DoubleTapped implements fyne.DoubleTappable.
func (t *thumbnails) DoubleTapped(e *fyne.PointEvent) {
	i := t.at(e.Position)
	t.grid.choose(i, 0)
	if i >= 0 && t.grid.OnOpened != nil {
		t.grid.OnOpened(i)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *thumbnails) CreateRenderer() fyne.WidgetRenderer { return &thumbnailsRenderer{t: t} }

type thumbnailsRenderer struct {
	t       *thumbnails
	objects []fyne.CanvasObject
}

func (r *thumbnailsRenderer) Destroy()                     {}
func (r *thumbnailsRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *thumbnailsRenderer) MinSize() fyne.Size           { return r.t.MinSize() }
func (r *thumbnailsRenderer) Layout(fyne.Size)             { r.update() }

func (r *thumbnailsRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.t)
}

// update puts the cells on the items that are seen. A cell keeps its item while that is seen, so that scrolling changes few of them.
func (r *thumbnailsRenderer) update() {
	t, g := r.t, r.t.grid
	first, last := g.visible()
	need := last - first
	for len(t.cells) < need {
		c := newCell()
		t.cells = append(t.cells, c)
		r.objects = append(r.objects, &c.picture, &c.cross, &c.shade, &c.text, &c.frame)
	}
	columns, step := g.columns(), g.cell+gapBetween
	g.loader.want(first, last)
	// Item i lives in cell i modulo the number of cells.
	for _, c := range t.cells {
		c.seen = false
	}
	for i := first; i < last; i++ {
		c := t.cells[i%len(t.cells)]
		c.seen = true
		label := ""
		if g.label != nil {
			label = g.label(i)
		}
		c.place(fyne.NewPos(float32(i%columns)*step, float32(i/columns)*step), g.cell, label, g.chosen[i])
		c.item = i
		c.show(g.loader.get(i))
	}
	for _, c := range t.cells {
		c.hide(!c.seen)
	}
}

// cell is the objects of one thumbnail.
type cell struct {
	item    int
	seen    bool
	hidden  bool
	picture canvas.Image
	cross   canvas.Line // on what cannot be read
	shade   canvas.Text // behind the label
	text    canvas.Text
	frame   canvas.Rectangle
}

func newCell() *cell {
	c := &cell{item: -1}
	c.picture.FillMode = canvas.ImageFillContain
	return c
}

func (c *cell) place(p fyne.Position, side float32, label string, chosen bool) {
	c.picture.Move(p)
	c.picture.Resize(fyne.NewSize(side, side))
	c.cross.Position1, c.cross.Position2 = p.AddXY(side*.3, side*.7), p.AddXY(side*.7, side*.3)
	c.cross.StrokeColor, c.cross.StrokeWidth = Colour(ColourFaint), 1
	text := Ellipsis(label, side-6, 10, fyne.TextStyle{})
	c.shade.Text, c.shade.TextSize, c.shade.Color = text, 10, color.NRGBA{A: 200}
	c.shade.Move(p.AddXY(4, 2))
	c.text.Text, c.text.TextSize, c.text.Color = text, 10, color.NRGBA{R: 255, G: 255, B: 255, A: 235}
	c.text.Move(p.AddXY(3, 1))
	c.frame.Move(p)
	c.frame.Resize(fyne.NewSize(side, side))
	c.frame.FillColor, c.frame.StrokeColor, c.frame.StrokeWidth = nil, Colour(ColourAccent), 0
	if chosen {
		c.frame.StrokeWidth = 3
	}
}

func (c *cell) hide(on bool) {
	c.hidden = on
	for _, o := range []fyne.CanvasObject{&c.picture, &c.shade, &c.text, &c.frame} {
		if on {
			o.Hide()
		} else {
			o.Show()
		}
	}
	if on {
		c.cross.Hide()
	}
}

// show puts a picture into the cell, or what stands for one that is not there.
func (c *cell) show(t thumbnail) {
	c.cross.Hidden = !t.failed
	if c.picture.Image == t.img && t.img != nil {
		return
	}
	c.picture.Image = t.img
	if t.img == nil {
		c.picture.Image = waiting
	}
	c.picture.ScaleMode = canvas.ImageScaleFastest
	if b := c.picture.Image.Bounds(); b.Dx() < 64 {
		c.picture.ScaleMode = canvas.ImageScalePixels
	}
	c.picture.Refresh()
}

// waiting stands for a picture that is not there yet.
var waiting = func() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	img.Pix = []uint8{24, 24, 24, 40}
	return img
}()
