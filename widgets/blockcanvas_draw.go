package widgets

import (
	"image"
	"image/color"
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/widgets/raster"
)

// CreateRenderer implements fyne.Widget.
func (c *BlockCanvas) CreateRenderer() fyne.WidgetRenderer {
	r := &blocksRenderer{c: c, inside: container.NewWithoutLayout()}
	r.picture = canvas.NewRaster(r.draw)
	r.clip = container.NewClip(r.inside)
	r.Refresh()
	return r
}

type blocksRenderer struct {
	c       *BlockCanvas
	picture *canvas.Raster
	img     *image.RGBA
	pen     raster.Pen
	brush   raster.Brush
	back    canvas.Rectangle
	texts   textPool
	clip    *container.Clip
	inside  *fyne.Container
}

func (r *blocksRenderer) Destroy()                     {}
func (r *blocksRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.clip} }
func (r *blocksRenderer) MinSize() fyne.Size           { return fyne.NewSize(100, 100) }

func (r *blocksRenderer) Layout(size fyne.Size) {
	r.clip.Resize(size)
	r.picture.Resize(size)
	r.back.Resize(size)
	r.update()
}

func (r *blocksRenderer) Refresh() {
	r.update()
	r.picture.Refresh()
	canvas.Refresh(r.c)
}

func (r *blocksRenderer) text(s string, x, y, size float32, c color.Color, bold bool) {
	t := r.texts.next()
	t.Text, t.TextSize, t.Color, t.TextStyle = s, size, c, fyne.TextStyle{Bold: bold}
	m := fyne.MeasureText(s, size, t.TextStyle)
	t.Move(fyne.NewPos(x-m.Width/2, y))
	t.Resize(m)
	r.inside.Objects = append(r.inside.Objects, t)
}

// moved returns where a block is drawn: with the drag that is going on.
func (c *BlockCanvas) moved(b Block) Block {
	if c.gesture.kind == moving && c.selected[b.Name] {
		b.X += (c.gesture.to.X - c.gesture.from.X) / c.zoom
		b.Y += (c.gesture.to.Y - c.gesture.from.Y) / c.zoom
	}
	return b
}

// textScale returns how large texts are: they shrink less than the blocks do.
func (c *BlockCanvas) textScale() float32 { return min(1.15, max(.62, c.zoom+.1)) }

// update writes the texts.
func (r *blocksRenderer) update() {
	c := r.c
	r.back.FillColor = Colour(ColourCanvas)
	r.texts.used, r.inside.Objects = 0, append(r.inside.Objects[:0], &r.back, r.picture)
	small, normal := SmallSize*c.textScale(), TextSize*c.textScale()
	// Where there is no room for all names some are left out, but not those of blocks that are chosen or cannot work: better than names on names.
	var written []textPlace
	for _, first := range []bool{true, false} {
		for _, b := range c.blocks {
			if first != (b.Wrong || c.selected[b.Name]) {
				continue
			}
			b = c.moved(b)
			f := faceOf(b)
			below := c.Place(b.X+f.d/2, b.Y+f.h/2)
			name := Colour(ColourText)
			if b.Wrong {
				name = Colour(ColourBad)
				r.mark(b)
			}
			place := textPlace{below.X, below.Y, fyne.MeasureText(b.Name, normal, fyne.TextStyle{Bold: true}).Width, 9 + 2*normal*1.35}
			if slices.ContainsFunc(written, place.covers) || !first && r.overBlock(b, place) {
				continue
			}
			written = append(written, place)
			r.text(b.Name, below.X, below.Y+9, normal, name, true)
			r.text(b.Detail, below.X, below.Y+9+normal*1.35, small, Colour(ColourQuiet), false)
		}
	}
	labelled := map[string]bool{}
	c.wires(func(from, to Block) {
		if labelled[from.Name] || from.Label == "" || c.zoom < .45 {
			return
		}
		labelled[from.Name] = true
		x, y := c.labelPlace(c.moved(from), c.moved(to), fyne.MeasureText(from.Label, small, fyne.TextStyle{}).Width)
		r.text(from.Label, x, y-small*1.9, small, Colour(ColourQuiet), false)
	})
}

// textPlace is where a block's texts are: the middle of their upper edge, and how large they are.
type textPlace struct{ x, y, width, height float32 }

func (p textPlace) covers(q textPlace) bool {
	return max(p.x-q.x, q.x-p.x) < (p.width+q.width)/2 && p.y < q.y+q.height && q.y < p.y+p.height
}

// overBlock reports whether a block's texts would lie over another block. Those of a chosen one are written all the same.
func (r *blocksRenderer) overBlock(of Block, texts textPlace) bool {
	c := r.c
	return slices.ContainsFunc(c.blocks, func(o Block) bool {
		if o.Name == of.Name {
			return false
		}
		f, o := faceOf(o), c.moved(o)
		top := c.Place(o.X+f.d/2, o.Y-f.h/2-f.d)
		return texts.covers(textPlace{top.X, top.Y, (f.w + f.d) * c.zoom, (f.h + f.d) * c.zoom})
	})
}

// mark puts a sign on a block that cannot work: red alone is not seen by all.
func (r *blocksRenderer) mark(b Block) {
	size := TextSize * min(1.4, max(.7, r.c.zoom*1.2))
	at := r.c.Place(b.X, b.Y)
	r.text("!", at.X, at.Y-fyne.MeasureText("!", size, fyne.TextStyle{Bold: true}).Height/2, size, Colour(ColourOnAccent), true)
}

// labelPlace returns the middle of a wire's shape of a width, and the wire below it: on the wire where it fits, else above the block that it leaves.
func (c *BlockCanvas) labelPlace(from, to Block, width float32) (x, y float32) {
	way := c.curve(from, to)
	first, last := way[0], way[len(way)-1]
	if last.X < first.X { // beside the block that it leaves
		return first.X + width/2 + 5, first.Y
	}
	arrow := 8 * c.zoom
	if last.X-first.X >= width+arrow {
		mid := way[len(way)/2]
		return mid.X - arrow/2, mid.Y
	}
	f := faceOf(from)
	at := c.Place(from.X+f.d/2, from.Y-f.h/2-f.d)
	return at.X, at.Y - 6
}

// draw paints dots, wires and blocks.
func (r *blocksRenderer) draw(w, h int) image.Image {
	if r.img == nil || r.img.Rect.Dx() != w || r.img.Rect.Dy() != h {
		r.img = image.NewRGBA(image.Rect(0, 0, w, h))
	} else {
		clear(r.img.Pix)
	}
	c := r.c
	if c.Size().Width < 1 {
		return r.img
	}
	k := float32(w) / c.Size().Width
	r.dots(k)
	c.wires(func(from, to Block) { r.drawWire(from, to, k) })
	if c.gesture.kind == joining {
		x, y := port(c.blocks[c.index[c.gesture.block]])
		a, b := c.Place(x, y), c.gesture.to
		r.pen.Line(r.img, scaled(raster.Curve(raster.Vertex{X: a.X, Y: a.Y}, raster.Vertex{X: b.X, Y: b.Y}, 24), k), 2*k, ours(ColourAccent))
	}
	for _, b := range c.blocks {
		r.drawBlock(c.moved(b), k)
	}
	if g := c.gesture; g.kind == framing {
		box := rectangle(g.from.X, g.from.Y, g.to.X-g.from.X, g.to.Y-g.from.Y)
		r.brush.Polygon(r.img, scaled(box, k), Fade(Colour(ColourAccent), .1))
		r.pen.Line(r.img, scaled(append(box, box[0]), k), k, ours(ColourAccent))
	}
	return r.img
}

func ours(name fyne.ThemeColorName) color.NRGBA {
	return color.NRGBAModel.Convert(Colour(name)).(color.NRGBA)
}

func scaled(points []raster.Vertex, k float32) []raster.Vertex {
	out := make([]raster.Vertex, len(points))
	for i, p := range points {
		out[i] = raster.Vertex{X: p.X * k, Y: p.Y * k}
	}
	return out
}

func rectangle(x, y, w, h float32) []raster.Vertex {
	return []raster.Vertex{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + h}, {X: x, Y: y + h}}
}

// rounded returns a rectangle with round corners.
func rounded(x, y, w, h, radius float32) []raster.Vertex {
	var out []raster.Vertex
	for corner, at := range [4][2]float32{{x + w - radius, y + radius}, {x + w - radius, y + h - radius}, {x + radius, y + h - radius}, {x + radius, y + radius}} {
		for i := range 7 {
			a := (float64(corner-1) + float64(i)/6) * math.Pi / 2
			out = append(out, raster.Vertex{X: at[0] + radius*float32(math.Cos(a)), Y: at[1] + radius*float32(math.Sin(a))})
		}
	}
	return append(out, out[0])
}

// dots paints the points of the background.
func (r *blocksRenderer) dots(k float32) {
	c := r.c
	step := 20 * c.zoom
	for step < 14 {
		step *= 2
	}
	line := ours(ColourLine)
	x0, y0 := math.Mod(float64(c.pan.X), float64(step)), math.Mod(float64(c.pan.Y), float64(step))
	size := max(1, int(k+.5))
	for y := float32(y0); y < c.Size().Height; y += step {
		for x := float32(x0); x < c.Size().Width; x += step {
			for dy := range size {
				for dx := range size {
					px, py := int(x*k)+dx, int(y*k)+dy
					if px >= 0 && py >= 0 && px < r.img.Rect.Dx() && py < r.img.Rect.Dy() {
						r.img.Set(px, py, line)
					}
				}
			}
		}
	}
}

// drawWire paints a wire with its arrow.
func (r *blocksRenderer) drawWire(from, to Block, k float32) {
	c := r.c
	way := scaled(c.curve(c.moved(from), c.moved(to)), k)
	ink, width := ours(ColourQuiet), 1.3*k
	if c.wire == [2]string{from.Name, to.Name} {
		ink, width = ours(ColourAccent), 2.5*k
	}
	end := way[len(way)-1]
	r.pen.Line(r.img, way, width, ink)
	s := 7 * k * min(1, max(.6, c.zoom))
	r.brush.Polygon(r.img, []raster.Vertex{end, {X: end.X - s, Y: end.Y - s*.55}, {X: end.X - s, Y: end.Y + s*.55}}, ink)
}

// drawBlock paints a block as a box.
func (r *blocksRenderer) drawBlock(b Block, k float32) {
	c := r.c
	f := faceOf(b)
	p := c.Place(b.X-f.w/2, b.Y-f.h/2)
	w, h, d := f.w*c.zoom, f.h*c.zoom, f.d*c.zoom
	if p.X > c.Size().Width+20 || p.Y > c.Size().Height+20 || p.X+w+d < -20 || p.Y+h < -20 {
		return
	}
	base := GroupColour(b.Group)
	if b.Wrong {
		base = ours(ColourBad)
	}
	paper := ours(ColourCanvas)
	front, top, side := base, raster.Mix(base, paper, .38), raster.Mix(base, paper, .6)
	front = raster.Mix(front, paper, .12)
	r.brush.Polygon(r.img, scaled(rectangle(p.X, p.Y, w, h), k), front)
	r.brush.Polygon(r.img, scaled([]raster.Vertex{{X: p.X, Y: p.Y}, {X: p.X + d, Y: p.Y - d}, {X: p.X + w + d, Y: p.Y - d}, {X: p.X + w, Y: p.Y}}, k), top)
	r.brush.Polygon(r.img, scaled([]raster.Vertex{{X: p.X + w, Y: p.Y}, {X: p.X + w + d, Y: p.Y - d}, {X: p.X + w + d, Y: p.Y + h - d}, {X: p.X + w, Y: p.Y + h}}, k), side)
	if c.selected[b.Name] {
		r.pen.Line(r.img, scaled(rounded(p.X-5, p.Y-d-5, w+d+10, h+d+10, 4), k), 2*k, ours(ColourAccent))
	}
	if b.Output && (c.hovered == b.Name || c.gesture.kind == joining && c.gesture.block == b.Name) {
		x, y := port(b)
		q := c.Place(x, y)
		r.pen.Line(r.img, []raster.Vertex{{X: q.X * k, Y: q.Y * k}, {X: q.X * k, Y: q.Y * k}}, 12*k, ours(ColourAccent))
		r.pen.Line(r.img, []raster.Vertex{{X: q.X * k, Y: q.Y * k}, {X: q.X * k, Y: q.Y * k}}, 6*k, ours(ColourPanel))
	}
}
