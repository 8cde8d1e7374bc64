package widgets

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"golang.org/x/image/draw"

	"github.com/convscope/convscope/widgets/raster"
)

const (
	maxLabels               = 300 // more cannot be read
	tabHeight       float32 = 15
	boxLine         float32 = 2
	crispFrom       float32 = 2 // enlarged more than this, pixels are shown as squares
	leastStride     float32 = 3 // finer squares would be one grey
	knownLabelWidth         = 4000
)

// photoDrawing is the objects of a PhotoView, one above the other: the photo, the heat map, lines, the window, labels. Each part is
// redrawn on its own, for uploading a photo takes longer than everything else.
type photoDrawing struct {
	v             *PhotoView
	clip          *container.Clip
	inside        *fyne.Container
	picture, heat canvas.Image
	lines         *canvas.Raster
	window        [2]canvas.Rectangle // a pale edge round the outline
	labels        []*photoLabel
	tip           *tip // of the class under the pointer
	objects       []fyne.CanvasObject
	widths        map[string]fyne.Size

	levels   []*image.RGBA   // the photo, and halved again and again
	crop     *image.RGBA     // the part that is seen of an enlarged photo
	cropped  image.Rectangle // in the photo
	seen     fyne.Position   // corner of the part of the view that the photo covers
	seenSize fyne.Size
	buffer   *image.RGBA // of lines
}

// photoLabel is a box's label on its tab.
type photoLabel struct {
	tab  canvas.Rectangle
	text canvas.Text
	box  int
}

func newPhotoDrawing(v *PhotoView) *photoDrawing {
	d := &photoDrawing{v: v, tip: newTip(), widths: map[string]fyne.Size{}}
	d.picture.FillMode, d.heat.FillMode = canvas.ImageFillStretch, canvas.ImageFillStretch
	d.heat.ScaleMode = canvas.ImageScaleFastest
	d.lines = canvas.NewRaster(d.draw)
	d.window[0].StrokeColor, d.window[0].StrokeWidth = color.NRGBA{R: 255, G: 255, B: 255, A: 220}, 4
	d.window[1].StrokeWidth = 2
	d.inside = container.NewWithoutLayout(&d.picture, &d.heat, d.lines, &d.window[0], &d.window[1])
	d.clip = container.NewClip(d.inside)
	d.objects = append([]fyne.CanvasObject{d.clip}, d.tip.objects()...)
	d.picture.Hidden, d.heat.Hidden, d.lines.Hidden, d.window[0].Hidden, d.window[1].Hidden = true, true, true, true, true
	return d
}

// scale is pixels of the screen per unit.
func (d *photoDrawing) scale() float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(d.v); c != nil {
		return c.Scale()
	}
	return 1
}

// all redraws everything: another photo, another theme.
func (d *photoDrawing) all() {
	d.picture.Image, d.heat.Image = nil, nil
	d.place()
	canvas.Refresh(d.v)
}

// place puts everything where zoom and pan want it.
func (d *photoDrawing) place() {
	v := d.v
	if !v.Visible() {
		return // Show refreshes
	}
	shown := v.img != nil && v.Size().Width > 0 && v.Size().Height > 0
	d.picture.Hidden, d.lines.Hidden = !shown, !shown
	if shown {
		o, k := v.place()
		b := v.img.Bounds()
		right, bottom := o.X+float32(b.Dx())*k, o.Y+float32(b.Dy())*k
		d.seen = fyne.NewPos(max(0, o.X), max(0, o.Y))
		d.seenSize = fyne.NewSize(max(0, min(right, v.Size().Width)-d.seen.X), max(0, min(bottom, v.Size().Height)-d.seen.Y))
		d.show(o, k)
		d.lines.Move(d.seen)
		d.lines.Resize(d.seenSize)
	}
	d.warm()
	d.overlay()
}

// show puts the photo there: from the halving nearest to its size, or, much enlarged, the part that is seen, pixel by pixel.
func (d *photoDrawing) show(o fyne.Position, k float32) {
	img, mode := d.level(0), canvas.ImageScaleFastest
	at, size := o, fyne.NewSize(float32(img.Rect.Dx())*k, float32(img.Rect.Dy())*k)
	if k > crispFrom {
		mode = canvas.ImageScalePixels
		part := image.Rect(
			int((d.seen.X-o.X)/k), int((d.seen.Y-o.Y)/k),
			int((d.seen.X+d.seenSize.Width-o.X)/k)+1, int((d.seen.Y+d.seenSize.Height-o.Y)/k)+1,
		).Intersect(img.Rect)
		if part != d.cropped || d.picture.Image != d.crop {
			d.cut(img, part)
		}
		img = d.crop
		at = o.AddXY(float32(part.Min.X)*k, float32(part.Min.Y)*k)
		size = fyne.NewSize(float32(part.Dx())*k, float32(part.Dy())*k)
	} else {
		n := 0
		for r := k * d.scale(); r <= .5 && min(img.Rect.Dx(), img.Rect.Dy()) > 1; r *= 2 {
			n++
			img = d.level(n)
		}
	}
	d.picture.Move(at)
	d.picture.Resize(size)
	if d.picture.Image != img || d.picture.ScaleMode != mode {
		d.picture.Image, d.picture.ScaleMode = img, mode
		d.picture.Refresh()
	}
}

// warm shows the heat map.
func (d *photoDrawing) warm() {
	v := d.v
	d.heat.Hidden = v.heat == nil || d.picture.Hidden
	if d.heat.Hidden {
		d.heat.Image = nil
		canvas.Refresh(d.lines)
		return
	}
	o, k := v.place()
	b := v.img.Bounds()
	d.heat.Move(o)
	d.heat.Resize(fyne.NewSize(float32(b.Dx())*k, float32(b.Dy())*k))
	if d.heat.Image != v.heat || d.heat.Translucency != 1-v.opacity {
		d.heat.Image, d.heat.Translucency = v.heat, 1-v.opacity
		d.heat.Refresh()
	}
	canvas.Refresh(d.lines)
}

// overlay redraws lines and labels, and the window.
func (d *photoDrawing) overlay() {
	if !d.v.Visible() {
		return
	}
	n := 0
	if !d.lines.Hidden {
		for i := max(0, len(d.v.boxes)-maxLabels); i < len(d.v.boxes); i++ {
			if i != d.v.chosen && d.label(n, i) {
				n++
			}
		}
		if d.v.chosen >= 0 && d.label(n, d.v.chosen) {
			n++
		}
	}
	for _, l := range d.labels[n:] {
		l.tab.Hidden, l.text.Hidden, l.box = true, true, -1
	}
	canvas.Refresh(d.lines)
	d.follow()
}

// label writes a box's label on a tab above it, or inside where there is no room; false: it has none, or is not seen.
func (d *photoDrawing) label(n, i int) bool {
	box := d.v.boxes[i]
	if box.Label == "" {
		return false
	}
	o, k := d.v.place()
	left, top, right, bottom := o.X+box.X*k, o.Y+box.Y*k, o.X+(box.X+box.Width)*k, o.Y+(box.Y+box.Height)*k
	end := d.seen.Add(d.seenSize)
	if right < d.seen.X || bottom < d.seen.Y || left > end.X || top > end.Y {
		return false
	}
	if n == len(d.labels) {
		l := &photoLabel{}
		d.labels = append(d.labels, l)
		d.inside.Objects = append(d.inside.Objects, &l.tab, &l.text)
	}
	l, m := d.labels[n], d.measure(box.Label)
	x := max(d.seen.X, min(left-boxLine/2, end.X-m.Width-8))
	y := top - tabHeight
	if y < d.seen.Y {
		y = max(d.seen.Y, top)
	}
	l.box = i
	l.tab.Hidden, l.text.Hidden = false, false
	l.tab.FillColor = color.NRGBA{R: box.Colour.R, G: box.Colour.G, B: box.Colour.B, A: 255}
	l.tab.Move(fyne.NewPos(x, y))
	l.tab.Resize(fyne.NewSize(m.Width+8, tabHeight))
	l.text.Text, l.text.TextSize, l.text.Color = box.Label, SmallSize, raster.Ink(box.Colour)
	l.text.Move(fyne.NewPos(x+4, y+(tabHeight-m.Height)/2))
	return true
}

// measure returns how large a label is; the same ones come again at every movement of a slider.
func (d *photoDrawing) measure(label string) fyne.Size {
	m, ok := d.widths[label]
	if !ok {
		if len(d.widths) > knownLabelWidth {
			clear(d.widths)
		}
		m = fyne.MeasureText(label, SmallSize, fyne.TextStyle{})
		d.widths[label] = m
	}
	return m
}

// labelAt returns the box whose label is at a position, −1: none.
func (d *photoDrawing) labelAt(p fyne.Position) int {
	for n := len(d.labels) - 1; n >= 0; n-- {
		l := d.labels[n]
		at, size := l.tab.Position(), l.tab.Size()
		if !l.tab.Hidden && p.X >= at.X && p.Y >= at.Y && p.X < at.X+size.Width && p.Y < at.Y+size.Height {
			return l.box
		}
	}
	return -1
}

// follow outlines the window whose middle is nearest to the pointer.
func (d *photoDrawing) follow() {
	g := d.v.grid
	hidden := g == nil || d.lines.Hidden || g.Columns < 1 || g.Rows < 1
	if d.window[0].Hidden && hidden {
		return
	}
	d.window[0].Hidden, d.window[1].Hidden = hidden, hidden
	if !hidden {
		row, column := d.windowAt()
		o, k := d.v.place()
		step, width, height := g.sizes()
		x, y := o.X+float32(column)*step*k, o.Y+float32(row)*step*k
		accent := Colour(ColourAccent)
		d.window[1].StrokeColor, d.window[1].FillColor = accent, Fade(accent, .1)
		for i, pad := range [2]float32{2, 1} {
			d.window[i].Move(fyne.NewPos(x-pad, y-pad))
			d.window[i].Resize(fyne.NewSize(width*k+2*pad, height*k+2*pad))
		}
	}
	canvas.Refresh(&d.window[0])
}

// windowAt returns the row and column of the window under the pointer; the first one where there is no pointer.
func (d *photoDrawing) windowAt() (row, column int) {
	x, y, inside := d.v.At(d.v.pointer)
	if !d.v.hovered || !inside {
		return 0, 0
	}
	g := d.v.grid
	step, width, height := g.sizes()
	nearest := func(at, size float32, n int) int {
		return max(0, min(n-1, int(math.Round(float64((at-size/2)/step)))))
	}
	return nearest(y, height, g.Rows), nearest(x, width, g.Columns)
}

// sizes of stride and window in pixels of the photo.
func (g *PhotoGrid) sizes() (step, width, height float32) {
	scale := float32(g.Scale)
	if !(scale > 0) {
		scale = 1
	}
	return max(1, float32(g.Stride)) * scale, float32(g.Width) * scale, float32(g.Height) * scale
}

// draw paints areas, squares and outlines, sharp on the screen's pixels; w×h are those of the part of the view that the photo covers.
func (d *photoDrawing) draw(w, h int) image.Image {
	if d.buffer == nil || d.buffer.Rect.Dx() != w || d.buffer.Rect.Dy() != h {
		d.buffer = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	v := d.v
	if v.img == nil || d.seenSize.Width <= 0 {
		clear(d.buffer.Pix)
		return d.buffer
	}
	scale := float32(w) / d.seenSize.Width
	o, k := v.place()
	o, k = fyne.NewPos((o.X-d.seen.X)*scale, (o.Y-d.seen.Y)*scale), k*scale
	if v.classes != nil {
		d.areas(o, k, scale)
	} else {
		clear(d.buffer.Pix)
	}
	if v.grid != nil {
		d.squares(v.grid, o, k, scale)
	}
	for i, b := range v.boxes {
		if i != v.chosen {
			d.outline(b, o, k, boxLine*scale)
		}
	}
	if v.chosen >= 0 {
		b := v.boxes[v.chosen]
		white := b
		white.Colour = color.NRGBA{R: 255, G: 255, B: 255, A: 255}
		d.outline(white, o, k, 6*scale)
		d.outline(b, o, k, 4*scale)
		b.Colour.A = 36
		d.fill(pixel(o.X+b.X*k), pixel(o.Y+b.Y*k), pixel(o.X+(b.X+b.Width)*k), pixel(o.Y+(b.Y+b.Height)*k), b.Colour)
	}
	return d.buffer
}

// pixel returns the nearest one to a place; what is far outside stays outside.
func pixel(v float32) int { return int(math.Round(float64(max(-1e6, min(1e6, v))))) }

func (d *photoDrawing) fill(x0, y0, x1, y1 int, c color.NRGBA) {
	if x0 < x1 && y0 < y1 {
		draw.Draw(d.buffer, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Over)
	}
}

// outline draws a box's edge, half of its width inside and half outside.
func (d *photoDrawing) outline(b PhotoBox, o fyne.Position, k, width float32) {
	t := max(1, pixel(width))
	x0, y0 := pixel(o.X+b.X*k)-t/2, pixel(o.Y+b.Y*k)-t/2
	x1, y1 := pixel(o.X+(b.X+b.Width)*k)+t-t/2, pixel(o.Y+(b.Y+b.Height)*k)+t-t/2
	x1, y1 = max(x1, x0+2*t), max(y1, y0+2*t)
	d.fill(x0, y0, x1, y0+t, b.Colour)
	d.fill(x0, y1-t, x1, y1, b.Colour)
	d.fill(x0, y0+t, x0+t, y1-t, b.Colour)
	d.fill(x1-t, y0+t, x1, y1-t, b.Colour)
}

// squares draws where the window stops.
func (d *photoDrawing) squares(g *PhotoGrid, o fyne.Position, k, scale float32) {
	step, width, height := g.sizes()
	if step*k < leastStride*scale {
		return
	}
	t := max(1, pixel(scale))
	pale := color.NRGBA{R: 255, G: 255, B: 255, A: 90}
	right, bottom := float32(g.Columns-1)*step+width, float32(g.Rows-1)*step+height
	x0, y0, x1, y1 := pixel(o.X), pixel(o.Y), pixel(o.X+right*k), pixel(o.Y+bottom*k)
	for c := 0; float32(c)*step <= right; c++ {
		x := pixel(o.X + float32(c)*step*k)
		d.fill(x, y0, x+t, y1, pale)
	}
	for r := 0; float32(r)*step <= bottom; r++ {
		y := pixel(o.Y + float32(r)*step*k)
		d.fill(x0, y, x1, y+t, pale)
	}
}
