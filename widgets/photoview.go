package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets/raster"
)

var (
	_ fyne.Widget         = (*PhotoView)(nil)
	_ fyne.Scrollable     = (*PhotoView)(nil)
	_ fyne.Draggable      = (*PhotoView)(nil)
	_ fyne.Tappable       = (*PhotoView)(nil)
	_ fyne.DoubleTappable = (*PhotoView)(nil)
	_ fyne.Focusable      = (*PhotoView)(nil)
	_ desktop.Hoverable   = (*PhotoView)(nil)
	_ desktop.Mouseable   = (*PhotoView)(nil)
	_ desktop.Cursorable  = (*PhotoView)(nil)
)

// PhotoBox is a box over a photo, in its pixels.
type PhotoBox = raster.Box

// PhotoGrid is where a sliding window stops.
type PhotoGrid struct {
	Width, Height int // of the window, in pixels of what the network sees
	Stride        int // likewise
	Rows, Columns int
	Scale         float64 // pixels of the photo for one of what the network sees; 0: 1
}

// PhotoView shows a photo with boxes, a class map, the squares of a sliding window, or a heat map over it. The wheel zooms around the pointer,
// dragging pans, a double click shows all; + − 0 and the arrows do the same.
type PhotoView struct {
	widget.BaseWidget
	img      image.Image
	boxes    []PhotoBox
	grid     *PhotoGrid
	heat     *image.RGBA
	opacity  float64
	classes  *raster.ClassMap
	style    ClassStyle
	lit      int           // class; −1: none
	named    bool          // OnClass was told a place in the photo last
	chosen   int           // −1: no box
	zoom     float32       // 1: the whole photo fits
	pan      fyne.Position // of the photo's middle from the view's
	pointer  fyne.Position
	hovered  bool
	pressed  bool // by a mouse, which does what a tap does
	dragging bool
	drawing  *photoDrawing

	OnHover func(x, y float32, inside bool) // pixels of the photo
	OnBox   func(index int)                 // −1: clicked beside all boxes

	// OnClass is told the pixel of the photo under the pointer and its class in the class map, −1 where it has none, and returns what the
	// label at the pointer says, "" for no label. −1, −1, −1: the pointer left the photo.
	OnClass func(x, y, class int) string
}

// mostEnlarged is how large a pixel of the photo becomes at most, unless the whole of a tiny one is shown.
const mostEnlarged = 32

// NewPhotoView makes an empty view.
func NewPhotoView() *PhotoView {
	v := &PhotoView{zoom: 1, chosen: -1, lit: -1}
	v.drawing = newPhotoDrawing(v)
	v.ExtendBaseWidget(v)
	return v
}

// SetImage shows a photo, nil: none. Zoom and place stay if it is as large as the one before; boxes, class map and heat map of another photo go.
func (v *PhotoView) SetImage(img image.Image) {
	if v.img == nil || img == nil || v.img.Bounds().Size() != img.Bounds().Size() {
		v.zoom, v.pan = 1, fyne.Position{}
	}
	if v.img != img {
		v.boxes, v.classes, v.heat, v.chosen = nil, nil, nil, -1
	}
	if img != nil && img.Bounds().Empty() {
		img = nil
	}
	v.img = img
	v.drawing.levels = nil
	v.Refresh()
	v.nameClass()
}

// SetBoxes shows boxes, the last on top. Nothing but the boxes is redrawn.
func (v *PhotoView) SetBoxes(boxes []PhotoBox) {
	v.boxes = boxes
	if v.chosen >= len(boxes) {
		v.chosen = -1
	}
	v.drawing.overlay()
}

// Boxes returns the boxes shown.
func (v *PhotoView) Boxes() []PhotoBox { return v.boxes }

// SelectBox highlights a box without reporting it; −1: none.
func (v *PhotoView) SelectBox(index int) {
	v.chosen = max(-1, min(len(v.boxes)-1, index))
	v.drawing.overlay()
}

// SetGrid shows the squares of a sliding window, nil: none.
func (v *PhotoView) SetGrid(g *PhotoGrid) {
	v.grid = g
	v.drawing.overlay()
}

// SetHeat lays a picture over the photo, stretched to its size, with an opacity of 0 to 1; nil: none.
func (v *PhotoView) SetHeat(img *image.RGBA, opacity float64) {
	if img != nil && img.Rect.Empty() {
		img = nil
	}
	v.heat, v.opacity = img, max(0, min(1, opacity))
	v.drawing.heat.Image = nil // the same one may have other values now
	v.drawing.warm()
}

// Fit shows the whole photo.
func (v *PhotoView) Fit() {
	v.zoom, v.pan = 1, fyne.Position{}
	v.drawing.place()
}

// fitting returns how large a pixel of the photo is when all of it fits.
func (v *PhotoView) fitting() float32 {
	b, size := v.img.Bounds(), v.Size()
	return max(1e-3, min(size.Width/float32(b.Dx()), size.Height/float32(b.Dy())))
}

// place returns where the photo's corner lies and how large a pixel of it is.
func (v *PhotoView) place() (fyne.Position, float32) {
	if v.img == nil {
		return fyne.Position{}, 1
	}
	b, size := v.img.Bounds(), v.Size()
	k := v.fitting() * v.zoom
	return fyne.NewPos((size.Width-float32(b.Dx())*k)/2+v.pan.X, (size.Height-float32(b.Dy())*k)/2+v.pan.Y), k
}

// At returns the place in the photo at a position.
func (v *PhotoView) At(p fyne.Position) (x, y float32, inside bool) {
	if v.img == nil {
		return 0, 0, false
	}
	o, k := v.place()
	x, y = (p.X-o.X)/k, (p.Y-o.Y)/k
	b := v.img.Bounds()
	return x, y, x >= 0 && y >= 0 && x < float32(b.Dx()) && y < float32(b.Dy())
}

// zoomBy enlarges by a factor around a position, which keeps showing the same place of the photo.
func (v *PhotoView) zoomBy(factor float32, around fyne.Position) {
	if v.img == nil {
		return
	}
	x, y, _ := v.At(around)
	v.zoom = max(1, min(max(1, mostEnlarged/v.fitting()), v.zoom*factor))
	o, k := v.place()
	v.moveBy(around.X-(o.X+x*k), around.Y-(o.Y+y*k))
}

// moveBy pans, as far as there is more of the photo to see.
func (v *PhotoView) moveBy(dx, dy float32) {
	if v.img == nil {
		return
	}
	b, k := v.img.Bounds(), v.fitting()*v.zoom
	bound := func(at, photo, view float32) float32 {
		room := max(0, photo-view) / 2
		return max(-room, min(room, at))
	}
	v.pan.X = bound(v.pan.X+dx, float32(b.Dx())*k, v.Size().Width)
	v.pan.Y = bound(v.pan.Y+dy, float32(b.Dy())*k, v.Size().Height)
	v.drawing.place()
	v.hover()
}

// Resize implements fyne.CanvasObject.
func (v *PhotoView) Resize(size fyne.Size) {
	if size == v.Size() {
		return
	}
	v.BaseWidget.Resize(size)
	v.moveBy(0, 0)
}

// Scrolled implements fyne.Scrollable: it zooms around the pointer.
func (v *PhotoView) Scrolled(e *fyne.ScrollEvent) {
	turn := max(-50, min(50, e.Scrolled.DY)) // a notch is 10 to 25, a touch pad sends small parts
	v.zoomBy(float32(math.Exp(float64(turn)*.008)), e.Position)
}

// Dragged implements fyne.Draggable.
func (v *PhotoView) Dragged(e *fyne.DragEvent) {
	v.dragging = true
	v.pointer = e.Position
	v.moveBy(e.Dragged.DX, e.Dragged.DY)
}

// DragEnd implements fyne.Draggable.
func (v *PhotoView) DragEnd() {}

// MouseDown implements desktop.Mouseable.
func (v *PhotoView) MouseDown(*desktop.MouseEvent) {
	v.pressed, v.dragging = true, false
	if c := fyne.CurrentApp().Driver().CanvasForObject(v); c != nil {
		c.Focus(v)
	}
}

// MouseUp implements desktop.Mouseable. It chooses at once: a tap would come only when it is sure not to become a double one.
func (v *PhotoView) MouseUp(e *desktop.MouseEvent) {
	if e.Button == desktop.MouseButtonPrimary && !v.dragging {
		v.pick(e.Position)
	}
}

// Tapped implements fyne.Tappable, for what has no mouse.
func (v *PhotoView) Tapped(e *fyne.PointEvent) {
	if !v.pressed {
		v.pick(e.Position)
	}
	v.pressed = false
}

// DoubleTapped implements fyne.DoubleTappable.
func (v *PhotoView) DoubleTapped(*fyne.PointEvent) {
	v.pressed = false
	v.Fit()
}

// pick chooses the box at a position.
func (v *PhotoView) pick(p fyne.Position) {
	v.chosen = v.boxAt(p)
	v.drawing.overlay()
	if v.OnBox != nil {
		v.OnBox(v.chosen)
	}
}

// boxAt returns the box whose label is at a position, else the smallest one around it; −1: none.
func (v *PhotoView) boxAt(p fyne.Position) int {
	if i := v.drawing.labelAt(p); i >= 0 {
		return i
	}
	x, y, _ := v.At(p)
	best := -1
	for i, b := range v.boxes {
		if x < b.X || y < b.Y || x >= b.X+b.Width || y >= b.Y+b.Height {
			continue
		}
		if best < 0 || b.Width*b.Height <= v.boxes[best].Width*v.boxes[best].Height {
			best = i
		}
	}
	return best
}

// MouseIn implements desktop.Hoverable.
func (v *PhotoView) MouseIn(e *desktop.MouseEvent) { v.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (v *PhotoView) MouseMoved(e *desktop.MouseEvent) {
	v.pointer, v.hovered = e.Position, true
	v.hover()
}

// MouseOut implements desktop.Hoverable.
func (v *PhotoView) MouseOut() {
	v.hovered = false
	v.drawing.follow()
	v.nameClass()
	if v.OnHover != nil {
		v.OnHover(0, 0, false)
	}
}

// hover reports what is under the pointer.
func (v *PhotoView) hover() {
	if !v.hovered {
		return
	}
	v.drawing.follow()
	v.nameClass()
	if v.OnHover != nil {
		v.OnHover(v.At(v.pointer))
	}
}

// Cursor implements desktop.Cursorable.
func (v *PhotoView) Cursor() desktop.Cursor {
	if v.OnBox != nil && v.hovered && v.boxAt(v.pointer) >= 0 {
		return desktop.PointerCursor
	}
	if _, _, inside := v.At(v.pointer); v.classes != nil && inside {
		return desktop.CrosshairCursor
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable.
func (v *PhotoView) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (v *PhotoView) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (v *PhotoView) TypedRune(r rune) {
	middle := fyne.NewPos(v.Size().Width/2, v.Size().Height/2)
	switch r {
	case '+', '=':
		v.zoomBy(1.25, middle)
	case '-':
		v.zoomBy(1/1.25, middle)
	case '0':
		v.Fit()
	}
}

// TypedKey implements fyne.Focusable.
func (v *PhotoView) TypedKey(e *fyne.KeyEvent) {
	const step = 40
	switch e.Name {
	case fyne.KeyLeft:
		v.moveBy(step, 0)
	case fyne.KeyRight:
		v.moveBy(-step, 0)
	case fyne.KeyUp:
		v.moveBy(0, step)
	case fyne.KeyDown:
		v.moveBy(0, -step)
	}
}

// CreateRenderer implements fyne.Widget.
func (v *PhotoView) CreateRenderer() fyne.WidgetRenderer { return &photoRenderer{d: v.drawing} }

type photoRenderer struct{ d *photoDrawing }

func (r *photoRenderer) Destroy()                     {}
func (r *photoRenderer) Objects() []fyne.CanvasObject { return r.d.objects }
func (r *photoRenderer) MinSize() fyne.Size           { return fyne.NewSize(80, 80) }
func (r *photoRenderer) Layout(size fyne.Size)        { r.d.clip.Resize(size) }
func (r *photoRenderer) Refresh()                     { r.d.all() }
