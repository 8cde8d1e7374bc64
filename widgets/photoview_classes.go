package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/widgets/raster"
)

// ClassStyle is how a class map lies over a photo.
type ClassStyle struct {
	Colours []color.NRGBA // by class, as ClassColours gives them; classes beyond them are not drawn
	Opacity float64       // 0…1
	Outline bool          // a dark line where one area ends
	Hidden  []bool        // by class; shorter, or nil: the others are shown
}

// The highlighted class is more opaque than the others by litMore, the others are less so by litLess.
const (
	litMore = .25
	litLess = .3
)

// ClassColours returns the colours of n classes, opaque.
func ClassColours(n int) []color.NRGBA { return raster.ClassColours(n, 1) }

// SetClassMap lays a class map over the photo, stretched to its size: it may have fewer places than the photo has pixels. nil: none. The map is not to change while it is shown.
func (v *PhotoView) SetClassMap(m *raster.ClassMap) {
	if m == nil && v.classes == nil {
		return
	}
	v.classes = m
	v.drawing.overlay()
	v.nameClass()
}

// SetClassStyle changes how the class map is drawn, of this photo and of those to come.
func (v *PhotoView) SetClassStyle(s ClassStyle) {
	v.style = s
	v.classesChanged()
}

// HighlightClass brings out one class against the others; −1: none.
func (v *PhotoView) HighlightClass(class int) {
	if class != v.lit {
		v.lit = class
		v.classesChanged()
	}
}

func (v *PhotoView) classesChanged() {
	if v.classes != nil {
		v.drawing.overlay()
	}
}

// ClassAt returns the class of a place in the photo; −1: void, no class map or beside the photo.
func (v *PhotoView) ClassAt(x, y float32) int {
	if v.classes == nil || v.img == nil || x < 0 || y < 0 {
		return -1
	}
	b := v.img.Bounds()
	c := v.classes.At(int(x*float32(v.classes.Width)/float32(b.Dx())), int(y*float32(v.classes.Height)/float32(b.Dy())))
	if c == raster.Void {
		return -1
	}
	return int(c)
}

// nameClass reports the class under the pointer and shows the label that it gets for it.
func (v *PhotoView) nameClass() {
	x, y, inside := v.At(v.pointer)
	inside = inside && v.hovered && v.classes != nil
	text := ""
	if v.OnClass != nil && inside {
		text = v.OnClass(int(x), int(y), v.ClassAt(x, y))
	} else if v.OnClass != nil && v.named {
		v.OnClass(-1, -1, -1)
	}
	v.named = inside
	v.drawing.tip.show(text, v.pointer, v.Size())
}

// paint returns the style with what is hidden and highlighted.
func (v *PhotoView) paint(line int) raster.ClassPaint {
	s := v.style
	p := raster.ClassPaint{Colours: make([]color.NRGBA, len(s.Colours)), Line: line}
	if s.Outline {
		p.Edge = raster.EdgeColour
	}
	hidden := func(c int) bool { return c < len(s.Hidden) && s.Hidden[c] }
	lit := v.lit >= 0 && v.lit < len(s.Colours) && !hidden(v.lit)
	for c, colour := range s.Colours {
		opacity := s.Opacity
		switch {
		case hidden(c):
			continue
		case lit && c == v.lit:
			opacity += litMore
		case lit:
			opacity *= litLess
		}
		colour.A = max(1, raster.Opacity(opacity)) // not 0: the outline of a class without opacity is seen
		p.Colours[c] = colour
	}
	return p
}

// areas draws the class map on the part of the view that the photo covers; o is the photo's corner and k the size of its pixels, in pixels of the buffer.
func (d *photoDrawing) areas(o fyne.Position, k, scale float32) {
	m, b := d.v.classes, d.v.img.Bounds()
	toX, toY := float64(m.Width)/float64(b.Dx()), float64(m.Height)/float64(b.Dy())
	m.Draw(d.buffer, raster.Part{
		X: -float64(o.X) / float64(k) * toX, Width: float64(d.buffer.Rect.Dx()) / float64(k) * toX,
		Y: -float64(o.Y) / float64(k) * toY, Height: float64(d.buffer.Rect.Dy()) / float64(k) * toY,
	}, d.v.paint(max(1, pixel(scale))))
}
