package widgets

import (
	"context"
	"image"
	"maps"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*ThumbnailGrid)(nil)
	_ fyne.Focusable    = (*ThumbnailGrid)(nil)
	_ fyne.Shortcutable = (*ThumbnailGrid)(nil)
)

// ThumbnailGrid shows many images as small pictures. It holds as many cells as are seen, however many images there are; pictures are
// loaded in the background, and what has scrolled away is not loaded any more.
type ThumbnailGrid struct {
	widget.BaseWidget
	n       int
	label   func(item int) string
	cell    float32 // side
	chosen  map[int]bool
	primary int // −1: none
	anchor  int // where a range begins
	wide    int // columns at the last layout
	loader  *thumbnailLoader
	scroll  *container.Scroll
	content *thumbnails

	OnSelected func(primary int) // −1: none
	OnOpened   func(item int)    // by a double click or Enter
}

const (
	gapBetween    = 1 // between cells
	barRoom       = 8 // for the scroll bar
	leastCell     = 24
	mostCell      = 256
	firstCellSize = 55
)

// NewThumbnailGrid makes an empty grid. load runs on background goroutines, two at a time, and is cancelled when its image is not seen
// any more; post brings a function to the window's goroutine. Close ends the goroutines.
func NewThumbnailGrid(load func(ctx context.Context, item int) (image.Image, error), post func(func())) *ThumbnailGrid {
	g := &ThumbnailGrid{cell: firstCellSize, chosen: map[int]bool{}, primary: -1}
	g.loader = newThumbnailLoader(load, post, g.arrived)
	g.content = newThumbnails(g)
	g.scroll = container.NewVScroll(g.content)
	g.scroll.OnScrolled = func(fyne.Position) { g.content.update(false) }
	g.ExtendBaseWidget(g)
	return g
}

// SetItems shows n images with labels, none of them chosen. Pictures that were loaded are forgotten; the place stays where there are
// still images.
func (g *ThumbnailGrid) SetItems(n int, label func(item int) string) {
	g.n, g.label = max(0, n), label
	g.chosen, g.primary, g.anchor = map[int]bool{}, -1, 0
	g.loader.forget()
	g.relayout(g.scroll.Offset.Y)
}

// SetCellSize sets the side of a cell, 24 to 256; the first image that is seen stays at the top.
func (g *ThumbnailGrid) SetCellSize(size float32) {
	size = max(leastCell, min(mostCell, size))
	if size == g.cell {
		return
	}
	top := g.top()
	g.cell = size
	g.relayout(g.rowOf(top))
}

// relayout arranges everything again with the rows from a height on in sight.
func (g *ThumbnailGrid) relayout(offset float32) {
	g.wide = g.columns()
	limit := g.content.MinSize().Height - g.scroll.Size().Height
	g.scroll.Offset.Y = max(0, min(offset, limit))
	g.scroll.Refresh()
}

// Selected returns the chosen items in order.
func (g *ThumbnailGrid) Selected() []int { return slices.Sorted(maps.Keys(g.chosen)) }

// Select chooses items without telling and brings the last, which is the primary one, into sight.
func (g *ThumbnailGrid) Select(items ...int) {
	g.chosen, g.primary = map[int]bool{}, -1
	for _, i := range items {
		if i >= 0 && i < g.n {
			g.chosen[i], g.primary, g.anchor = true, i, i
		}
	}
	if g.primary >= 0 {
		g.reveal(g.primary)
	}
	g.content.choose()
}

// Refresh asks for the labels again and draws all; pictures that were loaded stay.
func (g *ThumbnailGrid) Refresh() { g.relayout(g.scroll.Offset.Y) }

// Close stops loading and waits for its end.
func (g *ThumbnailGrid) Close() { g.loader.close() }

func (g *ThumbnailGrid) columns() int {
	return max(1, int((g.scroll.Size().Width-barRoom+gapBetween)/(g.cell+gapBetween)))
}

// side of a cell as it is drawn: a little more than was asked for, so that the columns fill the width.
func (g *ThumbnailGrid) side() float32 {
	room := g.scroll.Size().Width - barRoom + gapBetween
	return max(g.cell, float32(int(room/float32(g.columns())))-gapBetween)
}

// top returns the first item that is seen whole.
func (g *ThumbnailGrid) top() int {
	return int((g.scroll.Offset.Y+g.side()/2)/(g.side()+gapBetween)) * max(1, g.wide)
}

func (g *ThumbnailGrid) rowOf(item int) float32 {
	return float32(item/g.columns()) * (g.side() + gapBetween)
}

// visible returns the items that can be seen, from first to before last.
func (g *ThumbnailGrid) visible() (first, last int) {
	columns, step := g.columns(), g.side()+gapBetween
	row := int(max(0, g.scroll.Offset.Y) / step)
	rows := int(g.scroll.Size().Height/step) + 2
	return min(g.n, row*columns), min(g.n, (row+rows)*columns)
}

// scale is pixels of the screen per unit.
func (g *ThumbnailGrid) scale() float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		return c.Scale()
	}
	return 1
}

// arrived is told by the loader, on the window's goroutine.
func (g *ThumbnailGrid) arrived(item int, t thumbnail) {
	if len(g.content.cells) == 0 {
		return
	}
	if c := g.content.cells[item%len(g.content.cells)]; c.item == item {
		c.show(t, g.side()*g.scale())
		if g.Visible() {
			canvas.Refresh(&g.content.redraw)
		}
	}
}

// press is a click on an item, or beside all of them (−1).
func (g *ThumbnailGrid) press(item int, mods fyne.KeyModifier) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(g)
	}
	g.choose(item, mods)
}

func (g *ThumbnailGrid) open(item int) {
	if g.OnOpened != nil && item >= 0 && item < g.n {
		g.OnOpened(item)
	}
}

// choose goes to an item, as a click or a key does, with the modifiers that extend what is chosen.
func (g *ThumbnailGrid) choose(item int, mods fyne.KeyModifier) {
	extend := mods&(fyne.KeyModifierControl|fyne.KeyModifierSuper) != 0
	switch {
	case item < 0 || item >= g.n:
		if extend || mods&fyne.KeyModifierShift != 0 {
			return
		}
		g.chosen, g.primary = map[int]bool{}, -1
	case mods&fyne.KeyModifierShift != 0:
		if !extend {
			g.chosen = map[int]bool{}
		}
		for i := min(g.anchor, item); i <= max(g.anchor, item); i++ {
			g.chosen[i] = true
		}
		g.primary = item
	case extend && g.chosen[item]:
		delete(g.chosen, item)
		g.anchor = item
		if g.primary == item || len(g.chosen) == 0 {
			g.primary = g.nearest(item)
		}
	case extend:
		g.chosen[item] = true
		g.primary, g.anchor = item, item
	default:
		g.chosen = map[int]bool{item: true}
		g.primary, g.anchor = item, item
	}
	if item >= 0 && item < g.n {
		g.reveal(item)
	}
	g.tell()
}

func (g *ThumbnailGrid) tell() {
	g.content.choose()
	if g.OnSelected != nil {
		g.OnSelected(g.primary)
	}
}

// nearest of the chosen items to one, −1: none is chosen.
func (g *ThumbnailGrid) nearest(item int) int {
	best := -1
	for _, i := range g.Selected() {
		if best < 0 || max(i-item, item-i) < max(best-item, item-best) {
			best = i
		}
	}
	return best
}

// reveal scrolls just so far that an item is seen.
func (g *ThumbnailGrid) reveal(item int) {
	y, height := g.rowOf(item), g.scroll.Size().Height
	offset := g.scroll.Offset.Y
	if y+g.side() > offset+height {
		offset = y + g.side() - height
	}
	offset = max(0, min(offset, y))
	if offset != g.scroll.Offset.Y {
		g.scroll.ScrollToOffset(fyne.NewPos(0, offset))
		g.content.update(false)
	}
}

// FocusGained implements fyne.Focusable.
func (g *ThumbnailGrid) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (g *ThumbnailGrid) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (g *ThumbnailGrid) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (g *ThumbnailGrid) TypedKey(e *fyne.KeyEvent) {
	columns := g.columns()
	page := columns * max(1, int((g.scroll.Size().Height+gapBetween)/(g.side()+gapBetween)))
	at := g.primary
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
		g.open(g.primary)
		return
	default:
		return
	}
	if g.n == 0 {
		return
	}
	if g.primary < 0 && e.Name != fyne.KeyHome && e.Name != fyne.KeyEnd {
		at = g.top() // the first key goes to what is seen
	} else if (e.Name == fyne.KeyUp || e.Name == fyne.KeyPageUp) && at < 0 {
		at = g.primary % columns // the column stays
	}
	g.choose(max(0, min(g.n-1, at)), modifiers()&fyne.KeyModifierShift)
}

// TypedShortcut implements fyne.Shortcutable: it chooses everything.
func (g *ThumbnailGrid) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutSelectAll); !ok || g.n == 0 {
		return
	}
	for i := range g.n {
		g.chosen[i] = true
	}
	g.primary = max(0, g.primary)
	g.tell()
}

// modifiers returns the keys that are held, where the driver knows.
func modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// CreateRenderer implements fyne.Widget.
func (g *ThumbnailGrid) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(g.scroll)
}

// MinSize implements fyne.CanvasObject.
func (g *ThumbnailGrid) MinSize() fyne.Size { return fyne.NewSize(80, 80) }

// Resize implements fyne.CanvasObject; the first image that is seen stays at the top.
func (g *ThumbnailGrid) Resize(size fyne.Size) {
	if size == g.Size() {
		return
	}
	top, wide := g.top(), g.wide
	g.BaseWidget.Resize(size)
	offset := g.scroll.Offset.Y
	if g.columns() != wide {
		offset = g.rowOf(top)
	}
	g.relayout(offset)
}
