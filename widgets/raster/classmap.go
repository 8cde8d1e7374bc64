package raster

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// Void is the index of a place that has no class.
const Void uint16 = 0xffff

// A ClassMap has the class of each place of a picture, as semantic segmentation predicts it: Height×Width indices, row by row, Void where there is none.
type ClassMap struct {
	Classes       []uint16
	Width, Height int
}

// NewClassMap returns a map of height×width indices, which it keeps. It panics if there are more or fewer of them.
func NewClassMap(classes []uint16, width, height int) ClassMap {
	if width < 0 || height < 0 || width > 0 && height > len(classes)/width || len(classes) != width*height {
		panic("raster: a class map's size is not that of its indices")
	}
	return ClassMap{classes, width, height}
}

// At returns the class of the place in column x and row y, Void beside the map.
func (m ClassMap) At(x, y int) uint16 {
	if x < 0 || y < 0 || x >= m.Width || y >= m.Height {
		return Void
	}
	return m.Classes[y*m.Width+x]
}

// A Part is a rectangle of a map, in places; it may reach beyond the map.
type Part struct{ X, Y, Width, Height float64 }

// Whole returns the part that is all of the map.
func (m ClassMap) Whole() Part { return Part{Width: float64(m.Width), Height: float64(m.Height)} }

// ClassPaint is how a class map is drawn.
type ClassPaint struct {
	Colours []color.NRGBA // by class; classes beyond them, and those with opacity 0, are not drawn
	Edge    color.NRGBA   // of the line between two areas, on the side of the lower or right one; opacity 0: none
	Line    int           // width of that line in pixels
}

// ClassColours returns the colours of n classes with an opacity of 0 to 1.
func ClassColours(n int, opacity float64) []color.NRGBA {
	colours := make([]color.NRGBA, n)
	for i := range colours {
		colours[i] = ClassColour(i)
		colours[i].A = Opacity(opacity)
	}
	return colours
}

// Opacity returns a share of 0 to 1 as a colour's A.
func Opacity(share float64) uint8 {
	if !(share > 0) { // NaN too
		return 0
	}
	return uint8(min(1, share)*255 + .5)
}

// Draw replaces dst with a part of the map, stretched to dst's size: each pixel has the colour of the place under its centre. Pixels beside the map become transparent.
func (m ClassMap) Draw(dst *image.RGBA, part Part, paint ClassPaint) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if w == 0 || h == 0 {
		return
	}
	columns, rows := places(part.X, part.Width, w, m.Width), places(part.Y, part.Height, h, m.Height)
	x0, x1 := inside(columns)
	line := 0
	if paint.Edge.A > 0 {
		line = max(0, paint.Line)
	}
	t := tableOf(paint)
	areas := make([][]uint16, line+1) // of the last rows of pixels
	for i := range areas {
		areas[i] = make([]uint16, x1-x0)
	}
	for y := range h {
		pixels := dst.Pix[y*dst.Stride : y*dst.Stride+4*w]
		if rows[y] < 0 {
			clear(pixels)
			continue
		}
		here, above := areas[y%len(areas)], areas[max(0, y-line)%len(areas)]
		if rows[max(0, y-line)] < 0 {
			above = here
		}
		if y > 0 && rows[y] == rows[y-1] {
			copy(here, areas[(y-1)%len(areas)])
			if rows[max(0, y-line)] == rows[max(0, y-1-line)] { // enlarged: the same places once more
				copy(pixels, dst.Pix[(y-1)*dst.Stride:])
				continue
			}
		} else {
			t.areas(here, m.Classes[int(rows[y])*m.Width:][:m.Width], columns[x0:x1])
		}
		clear(pixels[:4*x0])
		clear(pixels[4*x1:])
		t.fill(pixels[4*x0:4*x1], here)
		if line > 0 {
			t.outline(pixels[4*x0:4*x1], here, above, line)
		}
	}
}

// places returns the place under the centre of each of n pixels over which a length from start is spread; −1 outside 0…size−1.
func places(start, length float64, n, size int) []int32 {
	out := make([]int32, n)
	for i := range out {
		at := math.Floor(start + (float64(i)+.5)*length/float64(n))
		if !(at >= 0 && at < float64(size)) { // NaN too
			at = -1
		}
		out[i] = int32(at)
	}
	return out
}

// inside returns the range of places that are not −1.
func inside(places []int32) (from, to int) {
	for to = len(places); to > 0 && places[to-1] < 0; to-- {
	}
	for from < to && places[from] < 0 {
		from++
	}
	return from, to
}

// classTable has what the rows of a class map are drawn with.
type classTable struct {
	area    []uint16 // by class; the last entry stands for all classes that are not drawn: between two of those there is no line
	colours []uint32 // by area
	edge    uint32
}

func tableOf(p ClassPaint) *classTable {
	n := min(len(p.Colours), int(Void))
	t := &classTable{area: make([]uint16, n+1), colours: make([]uint32, n+1), edge: premultiplied(p.Edge)}
	t.area[n] = uint16(n)
	for i, c := range p.Colours[:n] {
		t.area[i], t.colours[i] = uint16(i), premultiplied(c)
		if c.A == 0 {
			t.area[i] = uint16(n)
		}
	}
	return t
}

// premultiplied returns a colour as image.RGBA has its four bytes.
func premultiplied(c color.NRGBA) uint32 {
	r, g, b, a := c.RGBA()
	return r>>8 | g>>8<<8 | b>>8<<16 | a>>8<<24
}

// areas looks up the area of each pixel of a row.
func (t *classTable) areas(dst, classes []uint16, columns []int32) {
	dst = dst[:len(columns)]
	none := uint16(len(t.area) - 1)
	for x, column := range columns {
		dst[x] = t.area[min(classes[column], none)]
	}
}

// fill gives each pixel of a row its area's colour.
func (t *classTable) fill(pixels []uint8, areas []uint16) {
	colours := t.colours
	for _, a := range areas {
		binary.LittleEndian.PutUint32(pixels, colours[a])
		pixels = pixels[4:]
	}
}

// outline makes those pixels the edge whose area is another one line pixels to the left or above.
func (t *classTable) outline(pixels []uint8, areas, above []uint16, line int) {
	above = above[:len(areas)]
	for x, a := range areas {
		if a != above[x] || x >= line && a != areas[x-line] {
			binary.LittleEndian.PutUint32(pixels[4*x:], t.edge)
		}
	}
}
