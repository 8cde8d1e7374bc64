package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets/raster"
)

var (
	_ fyne.Widget         = (*PhotoView)(nil)
	_ fyne.Scrollable     = (*PhotoView)(nil)
	_ fyne.Draggable      = (*PhotoView)(nil)
	_ fyne.DoubleTappable = (*PhotoView)(nil)
	_ desktop.Hoverable   = (*PhotoView)(nil)
)

// PhotoBox is a box over a photo.
type PhotoBox struct {
	X, Y, Width, Height float32 // pixels of the photo
	Label               string
	Colour              color.NRGBA
}

// PhotoGrid is where a sliding window stops.
type PhotoGrid struct {
	Width, Height int // of the window, in pixels of the photo
	Stride        int
	Rows, Columns int
}

// PhotoView shows a photo with boxes, the squares of a sliding window, or a heat map over it. The wheel zooms, dragging pans, a double
// click shows all.
type PhotoView struct {
	widget.BaseWidget
	img     image.Image
	boxes   []PhotoBox
	grid    *PhotoGrid
	heat    *image.RGBA
	opacity float64
	chosen  int
	zoom    float32 // 1: the whole photo fits
	pan     fyne.Position
	pointer *fyne.Position
	OnHover func(x, y float32, inside bool)
	OnBox   func(index int)
}

// NewPhotoView makes an empty view.
func NewPhotoView() *PhotoView {
	v := &PhotoView{zoom: 1, chosen: -1}
	v.ExtendBaseWidget(v)
	return v
}

// SetImage shows a photo; zoom and place stay if it is as large as the one before.
func (v *PhotoView) SetImage(img image.Image) {
	if v.img == nil || img == nil || v.img.Bounds().Size() != img.Bounds().Size() {
		v.zoom, v.pan = 1, fyne.Position{}
	}
	if v.img != img {
		v.boxes, v.heat, v.chosen = nil, nil, -1
	}
	v.img = img
	v.Refresh()
}

// SetBoxes shows boxes, the last on top.
func (v *PhotoView) SetBoxes(boxes []PhotoBox) {
	v.boxes = boxes
	if v.chosen >= len(boxes) {
		v.chosen = -1
	}
	v.Refresh()
}

// Boxes are the boxes shown.
func (v *PhotoView) Boxes() []PhotoBox { return v.boxes }

// SetGrid shows the squares of a sliding window, nil: none.
func (v *PhotoView) SetGrid(g *PhotoGrid) { v.grid = g; v.Refresh() }

// SetHeat lays a picture over the photo, nil: none.
func (v *PhotoView) SetHeat(img *image.RGBA, opacity float64) {
	v.heat, v.opacity = img, opacity
	v.Refresh()
}

// Fit shows the whole photo.
func (v *PhotoView) Fit() { v.zoom, v.pan = 1, fyne.Position{}; v.Refresh() }

// place is where the photo's corner lies and how large a pixel of it is.
func (v *PhotoView) place() (fyne.Position, float32) {
	if v.img == nil {
		return fyne.Position{}, 1
	}
	b, size := v.img.Bounds(), v.Size()
	k := min(size.Width/float32(b.Dx()), size.Height/float32(b.Dy()), 16) * v.zoom
	return fyne.NewPos((size.Width-float32(b.Dx())*k)/2+v.pan.X, (size.Height-float32(b.Dy())*k)/2+v.pan.Y), k
}

// At is the place in the photo at a position.
func (v *PhotoView) At(p fyne.Position) (x, y float32, inside bool) {
	if v.img == nil {
		return 0, 0, false
	}
	o, k := v.place()
	x, y = (p.X-o.X)/k, (p.Y-o.Y)/k
	b := v.img.Bounds()
	return x, y, x >= 0 && y >= 0 && x < float32(b.Dx()) && y < float32(b.Dy())
}

// Scrolled implements fyne.Scrollable: it zooms around the pointer.
func (v *PhotoView) Scrolled(e *fyne.ScrollEvent) {
	if v.img == nil {
		return
	}
	x, y, _ := v.At(e.Position)
	factor := float32(1.2)
	if e.Scrolled.DY < 0 {
		factor = 1 / factor
	}
	v.zoom = max(1, min(32, v.zoom*factor))
	if v.zoom == 1 {
		v.pan = fyne.Position{}
	} else {
		o, k := v.place()
		v.pan = v.pan.AddXY(e.Position.X-(o.X+x*k), e.Position.Y-(o.Y+y*k))
	}
	v.Refresh()
}

// Dragged implements fyne.Draggable.
func (v *PhotoView) Dragged(e *fyne.DragEvent) {
	if v.zoom > 1 {
		v.pan = v.pan.AddXY(e.Dragged.DX, e.Dragged.DY)
		v.Refresh()
	}
}

// DragEnd implements fyne.Draggable.
func (v *PhotoView) DragEnd() {}

// DoubleTapped implements fyne.DoubleTappable.
func (v *PhotoView) DoubleTapped(*fyne.PointEvent) { v.Fit() }

// Tapped implements fyne.Tappable: it chooses the smallest box there.
func (v *PhotoView) Tapped(e *fyne.PointEvent) {
	x, y, _ := v.At(e.Position)
	best := -1
	for i, b := range v.boxes {
		if x < b.X || y < b.Y || x >= b.X+b.Width || y >= b.Y+b.Height {
			continue
		}
		if best < 0 || b.Width*b.Height <= v.boxes[best].Width*v.boxes[best].Height {
			best = i
		}
	}
	v.chosen = best
	v.Refresh()
	if v.OnBox != nil {
		v.OnBox(best)
	}
}

// MouseIn implements desktop.Hoverable.
func (v *PhotoView) MouseIn(e *desktop.MouseEvent) { v.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (v *PhotoView) MouseMoved(e *desktop.MouseEvent) {
	v.pointer = &e.Position
	if v.OnHover != nil {
		v.OnHover(v.At(e.Position))
	}
	if v.grid != nil {
		v.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (v *PhotoView) MouseOut() {
	v.pointer = nil
	if v.OnHover != nil {
		v.OnHover(0, 0, false)
	}
	if v.grid != nil {
		v.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (v *PhotoView) CreateRenderer() fyne.WidgetRenderer {
	r := &photoRenderer{v: v}
	r.picture.FillMode, r.heat.FillMode = canvas.ImageFillStretch, canvas.ImageFillStretch
	r.heat.ScaleMode = canvas.ImageScaleFastest
	r.lines = canvas.NewRaster(r.draw)
	r.inside = container.NewWithoutLayout()
	r.clip = container.NewClip(r.inside)
	r.Refresh()
	return r
}

type photoRenderer struct {
	v             *PhotoView
	picture, heat canvas.Image
	lines         *canvas.Raster
	img           *image.RGBA
	pen           raster.Pen
	texts         []*canvas.Text
	tabs          []*canvas.Rectangle
	clip          *container.Clip
	inside        *fyne.Container
}

func (r *photoRenderer) Destroy()                     {}
func (r *photoRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.clip} }
func (r *photoRenderer) MinSize() fyne.Size           { return fyne.NewSize(80, 80) }
func (r *photoRenderer) Layout(size fyne.Size)        { r.clip.Resize(size); r.update() }

func (r *photoRenderer) Refresh() {
	r.update()
	if r.v.img != nil {
		r.picture.Refresh()
		r.heat.Refresh()
		r.lines.Refresh()
	}
	canvas.Refresh(r.v)
}

// maxLabels bounds the labels that are written: more cannot be read.
const maxLabels = 300

func (r *photoRenderer) update() {
	v := r.v
	r.inside.Objects = r.inside.Objects[:0]
	if v.img == nil {
		return
	}
	o, k := v.place()
	b := v.img.Bounds()
	size := fyne.NewSize(float32(b.Dx())*k, float32(b.Dy())*k)
	r.picture.Image = v.img
	r.picture.ScaleMode = canvas.ImageScaleFastest
	if k > 2 {
		r.picture.ScaleMode = canvas.ImageScalePixels
	}
	r.picture.Move(o)
	r.picture.Resize(size)
	r.inside.Objects = append(r.inside.Objects, &r.picture)
	if v.heat != nil {
		r.heat.Image, r.heat.Translucency = v.heat, 1-v.opacity
		r.heat.Move(o)
		r.heat.Resize(size)
		r.inside.Objects = append(r.inside.Objects, &r.heat)
	}
	r.lines.Resize(v.Size())
	r.inside.Objects = append(r.inside.Objects, r.lines)
	first := max(0, len(v.boxes)-maxLabels)
	for i, box := range v.boxes[first:] {
		r.label(i, box, o, k)
	}
}

// label writes a box's label on a tab above it, or inside where there is no room.
func (r *photoRenderer) label(i int, box PhotoBox, o fyne.Position, k float32) {
	if box.Label == "" {
		return
	}
	for len(r.texts) <= i {
		r.texts = append(r.texts, canvas.NewText("", nil))
		r.tabs = append(r.tabs, canvas.NewRectangle(nil))
	}
	t, tab := r.texts[i], r.tabs[i]
	m := fyne.MeasureText(box.Label, SmallSize, fyne.TextStyle{})
	x, y := o.X+box.X*k, o.Y+box.Y*k-15
	if y < 0 {
		y = o.Y + box.Y*k
	}
	x = max(0, min(x, r.v.Size().Width-m.Width-8))
	tab.FillColor = box.Colour
	tab.Move(fyne.NewPos(x, y))
	tab.Resize(fyne.NewSize(m.Width+8, 15))
	t.Text, t.TextSize, t.Color = box.Label, SmallSize, raster.Ink(box.Colour)
	t.Move(fyne.NewPos(x+4, y+(15-m.Height)/2))
	r.inside.Objects = append(r.inside.Objects, tab, t)
}

// draw paints the squares and the outlines.
func (r *photoRenderer) draw(w, h int) image.Image {
	if r.img == nil || r.img.Rect.Dx() != w || r.img.Rect.Dy() != h {
		r.img = image.NewRGBA(image.Rect(0, 0, w, h))
	} else {
		clear(r.img.Pix)
	}
	v := r.v
	if v.img == nil || v.Size().Width < 1 {
		return r.img
	}
	scale := float32(w) / v.Size().Width
	o, k := v.place()
	frame := func(x, y, width, height, line float32, c color.NRGBA) {
		x, y = (o.X+x*k)*scale, (o.Y+y*k)*scale
		width, height = width*k*scale, height*k*scale
		r.pen.Line(r.img, []raster.Vertex{{X: x, Y: y}, {X: x + width, Y: y}, {X: x + width, Y: y + height}, {X: x, Y: y + height}, {X: x, Y: y}}, line*scale, c)
	}
	if g := v.grid; g != nil {
		r.squares(g, o, k, scale, frame)
	}
	for i, b := range v.boxes {
		line := float32(2)
		if i == v.chosen {
			line = 4
		}
		frame(b.X, b.Y, b.Width, b.Height, line, b.Colour)
	}
	return r.img
}

// squares paints where the window stops, and the window under the pointer.
func (r *photoRenderer) squares(g *PhotoGrid, o fyne.Position, k, scale float32, frame func(x, y, w, h, line float32, c color.NRGBA)) {
	pale := color.NRGBA{R: 255, G: 255, B: 255, A: 70}
	right, bottom := float32((g.Columns-1)*g.Stride+g.Width), float32((g.Rows-1)*g.Stride+g.Height)
	if float32(g.Stride)*k >= 3 { // finer ones would be one grey
		for c := 0; c <= g.Columns; c++ {
			x := (o.X + float32(c*g.Stride)*k) * scale
			r.pen.Line(r.img, []raster.Vertex{{X: x, Y: o.Y * scale}, {X: x, Y: (o.Y + bottom*k) * scale}}, scale, pale)
		}
		for c := 0; c <= g.Rows; c++ {
			y := (o.Y + float32(c*g.Stride)*k) * scale
			r.pen.Line(r.img, []raster.Vertex{{X: o.X * scale, Y: y}, {X: (o.X + right*k) * scale, Y: y}}, scale, pale)
		}
	}
	row, column := 0, 0
	if r.v.pointer != nil {
		if x, y, inside := r.v.At(*r.v.pointer); inside {
			column = max(0, min(g.Columns-1, (int(x)-g.Width/2+g.Stride/2)/g.Stride))
			row = max(0, min(g.Rows-1, (int(y)-g.Height/2+g.Stride/2)/g.Stride))
		}
	}
	frame(float32(column*g.Stride), float32(row*g.Stride), float32(g.Width), float32(g.Height), 2, color.NRGBA{R: 255, G: 220, B: 60, A: 230})
}
