package widgets

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget         = (*thumbnails)(nil)
	_ fyne.Tappable       = (*thumbnails)(nil)
	_ fyne.DoubleTappable = (*thumbnails)(nil)
	_ desktop.Mouseable   = (*thumbnails)(nil)
)

// thumbnails is what scrolls: as high as all cells, with objects for those that are seen.
type thumbnails struct {
	widget.BaseWidget
	grid    *ThumbnailGrid
	cells   []*cell
	objects []fyne.CanvasObject
	redraw  canvas.Rectangle // refreshing it has the window drawn again without any picture being uploaded again
	pressed bool             // by a mouse, which has done what a tap does
	downs   [2]int           // items of the last two presses
	fits    map[string]fitted
	fitSide float32 // of the cells that fits is for
}

// fitted is a label as a cell has room for it; measuring is slow, and most labels are the names of a few classes.
type fitted struct {
	text string
	size fyne.Size
}

func (t *thumbnails) fit(label string) fitted {
	if t.fitSide != t.grid.side() || len(t.fits) > 2000 {
		t.fits, t.fitSide = map[string]fitted{}, t.grid.side()
	}
	f, ok := t.fits[label]
	if !ok {
		f.text = Ellipsis(label, t.grid.side()-8, labelSize, fyne.TextStyle{})
		f.size = fyne.MeasureText(f.text, labelSize, fyne.TextStyle{})
		t.fits[label] = f
	}
	return f
}

func newThumbnails(g *ThumbnailGrid) *thumbnails {
	t := &thumbnails{grid: g}
	t.objects = []fyne.CanvasObject{&t.redraw}
	t.ExtendBaseWidget(t)
	return t
}

// MinSize implements fyne.CanvasObject.
func (t *thumbnails) MinSize() fyne.Size {
	g := t.grid
	columns := g.columns()
	rows := (g.n + columns - 1) / columns
	return fyne.NewSize(10, max(1, float32(rows)*(g.side()+gapBetween)-gapBetween))
}

// at returns the item at a position, −1 where there is none.
func (t *thumbnails) at(p fyne.Position) int {
	g := t.grid
	step := g.side() + gapBetween
	column, row := int(p.X/step), int(p.Y/step)
	if i := row*g.columns() + column; p.X >= 0 && p.Y >= 0 && column < g.columns() && i < g.n {
		return i
	}
	return -1
}

// MouseDown implements desktop.Mouseable. It chooses at once: a tap would come only when it is sure not to become a double one.
func (t *thumbnails) MouseDown(e *desktop.MouseEvent) {
	item := t.at(e.Position)
	t.pressed, t.downs[0], t.downs[1] = true, t.downs[1], item
	if e.Button == desktop.MouseButtonSecondary && t.grid.chosen[item] {
		return // a menu for all that is chosen
	}
	t.grid.press(item, e.Modifier)
}

// MouseUp implements desktop.Mouseable.
func (t *thumbnails) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable, for what has no mouse.
func (t *thumbnails) Tapped(e *fyne.PointEvent) {
	if t.pressed {
		t.pressed = false
		return
	}
	t.grid.press(t.at(e.Position), modifiers())
}

// DoubleTapped implements fyne.DoubleTappable.
func (t *thumbnails) DoubleTapped(e *fyne.PointEvent) {
	item := t.at(e.Position)
	if t.pressed && t.downs[0] != t.downs[1] { // two quick clicks on two cells
		t.pressed = false
		return
	}
	if !t.pressed {
		t.grid.press(item, 0)
	}
	t.pressed = false
	t.grid.open(item)
}

// update puts the cells on the items that are seen; all of them again, or only those that have come into sight. Item i lives in cell i
// modulo the number of cells, so that scrolling by a row changes the cells of one row.
func (t *thumbnails) update(anew bool) {
	g := t.grid
	first, last := g.visible()
	pixels := g.side() * g.scale()
	g.loader.want(first, last, int(math.Ceil(float64(pixels))))
	if need := last - first; need > len(t.cells) {
		for need += g.columns(); len(t.cells) < need; {
			c := &cell{item: -1}
			c.init()
			t.cells = append(t.cells, c)
			t.objects = append(t.objects, &c.back, &c.picture, &c.cross[0], &c.cross[1], &c.chip, &c.text)
			for k := range c.frame {
				t.objects = append(t.objects, &c.frame[k])
			}
		}
		anew = true
	}
	for _, c := range t.cells {
		if c.item >= 0 && (anew || c.item < first || c.item >= last) {
			c.clear()
		}
	}
	columns, step := g.columns(), g.side()+gapBetween
	for i := first; i < last; i++ {
		c := t.cells[i%len(t.cells)]
		if c.item == i {
			continue
		}
		c.item = i
		c.place(fyne.NewPos(float32(i%columns)*step, float32(i/columns)*step), g.side())
		label := ""
		if g.label != nil && g.side() >= leastLabelled {
			label = g.label(i)
		}
		c.write(t.fit(label))
		c.choose(g.chosen[i])
		c.show(g.loader.get(i), pixels)
	}
}

// choose updates which cells are chosen.
func (t *thumbnails) choose() {
	for _, c := range t.cells {
		if c.item >= 0 {
			c.choose(t.grid.chosen[c.item])
		}
	}
	canvas.Refresh(&t.redraw)
}

// CreateRenderer implements fyne.Widget.
func (t *thumbnails) CreateRenderer() fyne.WidgetRenderer { return &thumbnailsRenderer{t: t} }

type thumbnailsRenderer struct{ t *thumbnails }

func (r *thumbnailsRenderer) Destroy()                     {}
func (r *thumbnailsRenderer) Objects() []fyne.CanvasObject { return r.t.objects }
func (r *thumbnailsRenderer) MinSize() fyne.Size           { return r.t.MinSize() }
func (r *thumbnailsRenderer) Layout(fyne.Size)             {}

func (r *thumbnailsRenderer) Refresh() {
	r.t.fits = nil // the theme may be another
	r.t.fitSide = 0
	r.t.update(true)
	canvas.Refresh(r.t)
}

const (
	labelSize     float32 = 10
	leastLabelled float32 = 32 // the smallest cell with a label
)

// cell is the objects of one thumbnail.
type cell struct {
	item    int // −1: unused
	at      fyne.Position
	back    canvas.Rectangle // where there is no picture, and beside one that is not square
	picture canvas.Image
	cross   [2]canvas.Line // on what cannot be read
	chip    canvas.Rectangle
	text    canvas.Text
	frame   [4]canvas.Rectangle // round what is chosen: filled, for that is sharp on every screen
}

func (c *cell) init() {
	c.picture.FillMode = canvas.ImageFillContain
	c.chip.FillColor = color.NRGBA{A: 165} // white letters are read on it over white too
	c.chip.BottomRightCornerRadius = 3
	c.text.TextSize, c.text.Color = labelSize, color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	c.clear()
}

func (c *cell) clear() {
	c.item = -1
	c.back.Hidden, c.picture.Hidden, c.chip.Hidden, c.text.Hidden = true, true, true, true
	c.cross[0].Hidden, c.cross[1].Hidden = true, true
	for k := range c.frame {
		c.frame[k].Hidden = true
	}
}

func (c *cell) place(p fyne.Position, side float32) {
	c.at = p
	all := fyne.NewSquareSize(side)
	c.back.FillColor = Colour(ColourField)
	c.back.Move(p)
	c.back.Resize(all)
	c.picture.Move(p)
	c.picture.Resize(all)
	low, high := side*.36, side*.64
	for k := range c.cross {
		c.cross[k].StrokeColor, c.cross[k].StrokeWidth = Fade(Colour(ColourFaint), .7), 1.5
	}
	c.cross[0].Position1, c.cross[0].Position2 = p.AddXY(low, low), p.AddXY(high, high)
	c.cross[1].Position1, c.cross[1].Position2 = p.AddXY(low, high), p.AddXY(high, low)
	const line = 2
	for k, r := range [4][4]float32{{0, 0, side, line}, {0, side - line, side, line}, {0, line, line, side - 2*line}, {side - line, line, line, side - 2*line}} {
		c.frame[k].FillColor = Colour(ColourAccent)
		c.frame[k].Move(p.AddXY(r[0], r[1]))
		c.frame[k].Resize(fyne.NewSize(r[2], r[3]))
	}
}

func (c *cell) write(label fitted) {
	c.text.Text = label.text
	c.text.Hidden, c.chip.Hidden = label.text == "", label.text == ""
	const height = 15
	c.chip.Move(c.at)
	c.chip.Resize(fyne.NewSize(label.size.Width+6, height))
	c.text.Move(c.at.AddXY(3, (height-label.size.Height)/2))
}

func (c *cell) choose(on bool) {
	for k := range c.frame {
		c.frame[k].Hidden = !on
	}
}

// show puts a picture into the cell, or what stands for one that is not there. pixels is the cell's side on the screen.
func (c *cell) show(t thumbnail, pixels float32) {
	c.cross[0].Hidden, c.cross[1].Hidden = !t.failed, !t.failed
	c.picture.Hidden, c.back.Hidden = t.img == nil, t.img != nil && t.opaque
	if t.img == nil {
		c.picture.Image = nil
		return
	}
	mode := canvas.ImageScaleFastest
	if m := max(t.img.Rect.Dx(), t.img.Rect.Dy()); m < crispPixels && float32(m) <= pixels {
		mode = canvas.ImageScalePixels
	}
	if c.picture.Image != t.img || c.picture.ScaleMode != mode {
		c.picture.Image, c.picture.ScaleMode = t.img, mode
		c.picture.Refresh()
	}
}
