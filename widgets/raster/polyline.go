package raster

import (
	"image"
	"image/color"
	"math"
)

// A Pen draws antialiased lines onto a picture. It keeps its memory from one drawing to the next.
type Pen struct {
	mask    []uint8
	w, h    int
	touched image.Rectangle // of the mask, by the present line
}

// A Vertex of a line, in pixels; one that is not a number breaks the line.
type Vertex struct{ X, Y float32 }

// Line draws a polyline of a width in a colour. Where the line crosses itself it is not drawn twice, so that pale lines stay even.
func (p *Pen) Line(dst *image.RGBA, points []Vertex, width float32, c color.NRGBA) {
	b := dst.Bounds()
	if p.w != b.Dx() || p.h != b.Dy() {
		p.w, p.h = b.Dx(), b.Dy()
		p.mask = make([]uint8, p.w*p.h)
	}
	p.touched = image.Rectangle{}
	for i := 1; i < len(points); i++ {
		p.segment(points[i-1], points[i], width/2)
	}
	for y := p.touched.Min.Y; y < p.touched.Max.Y; y++ {
		row := dst.Pix[y*dst.Stride:]
		mask := p.mask[y*p.w : (y+1)*p.w]
		for x := p.touched.Min.X; x < p.touched.Max.X; x++ {
			m := mask[x]
			if m == 0 {
				continue
			}
			a := uint32(m) * uint32(c.A) / 255
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				row[4*x+k] = uint8((uint32(row[4*x+k])*(255-a) + uint32(v)*a) / 255)
			}
			row[4*x+3] = uint8(a + uint32(row[4*x+3])*(255-a)/255)
			mask[x] = 0
		}
	}
}

// Area fills what lies between two lines that go from left to right, with soft edges above and below. Where one of them is broken nothing is filled.
func Area(dst *image.RGBA, upper, lower []Vertex, c color.NRGBA) {
	b := dst.Bounds()
	above, below := 0, 0
	for x := range b.Dx() {
		at := float32(x) + .5
		y0, ok0 := height(upper, &above, at)
		y1, ok1 := height(lower, &below, at)
		if !ok0 || !ok1 {
			continue
		}
		if y0 > y1 {
			y0, y1 = y1, y0
		}
		for y := clip(y0, b.Dy()); y < clip(y1+1, b.Dy()); y++ {
			cover := min(float32(y+1), y1) - max(float32(y), y0)
			if cover <= 0 {
				continue
			}
			a := uint32(float32(c.A) * min(1, cover))
			p := dst.Pix[dst.PixOffset(b.Min.X+x, b.Min.Y+y):][:4]
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				p[k] = uint8((uint32(p[k])*(255-a) + uint32(v)*a) / 255)
			}
			p[3] = uint8(a + uint32(p[3])*(255-a)/255)
		}
	}
}

// height of a line at x; i is the segment where the search begins, and where it ended.
func height(line []Vertex, i *int, x float32) (float32, bool) {
	for ; *i+1 < len(line); *i++ {
		a, b := line[*i], line[*i+1]
		if x < a.X {
			return 0, false
		}
		if x <= b.X {
			y := a.Y
			if b.X > a.X {
				y += (b.Y - a.Y) * (x - a.X) / (b.X - a.X)
			}
			return y, y == y
		}
	}
	return 0, false
}

// segment covers the mask around a line from a to b.
func (p *Pen) segment(a, b Vertex, half float32) {
	if a.X != a.X || a.Y != a.Y || b.X != b.X || b.Y != b.Y {
		return
	}
	reach := half + 1
	x0, x1 := clip(min(a.X, b.X)-reach, p.w), clip(max(a.X, b.X)+reach+1, p.w)
	y0, y1 := clip(min(a.Y, b.Y)-reach, p.h), clip(max(a.Y, b.Y)+reach+1, p.h)
	dx, dy := b.X-a.X, b.Y-a.Y
	length := dx*dx + dy*dy
	for y := y0; y < y1; y++ {
		fy := float32(y) + .5 - a.Y
		for x := x0; x < x1; x++ {
			fx := float32(x) + .5 - a.X
			t := float32(0)
			if length > 0 {
				t = max(0, min(1, (fx*dx+fy*dy)/length))
			}
			ex, ey := fx-t*dx, fy-t*dy
			cover := half + .5 - float32(math.Sqrt(float64(ex*ex+ey*ey)))
			if cover <= 0 {
				continue
			}
			v := uint8(min(1, cover) * 255)
			if m := &p.mask[y*p.w+x]; *m < v {
				*m = v
			}
		}
	}
	p.touched = p.touched.Union(image.Rect(x0, y0, x1, y1))
}

func clip(v float32, n int) int {
	switch {
	case !(v > 0):
		return 0
	case v >= float32(n):
		return n
	}
	return int(v)
}

// Dash cuts a line into dashes of on and gaps of off pixels; the gaps are breaks.
func Dash(points []Vertex, on, off float32) []Vertex {
	nan := float32(math.NaN())
	var out []Vertex
	left, drawing := on, true
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length := float32(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y)))
		if !(length > 0) || math.IsInf(float64(length), 0) {
			continue
		}
		if drawing && (len(out) == 0 || out[len(out)-1] != a) {
			out = append(out, Vertex{nan, nan}, a)
		}
		for at := float32(0); at < length; {
			step := min(left, length-at)
			at += step
			left -= step
			p := Vertex{a.X + (b.X-a.X)*at/length, a.Y + (b.Y-a.Y)*at/length}
			if drawing {
				out = append(out, p)
			}
			if left <= 0 {
				drawing = !drawing
				left = off
				if drawing {
					left = on
					out = append(out, Vertex{nan, nan}, p)
				}
			}
		}
	}
	return out
}

// Thin keeps, of the points that fall into one column of pixels, the first, the least, the largest and the last: the drawing stays the
// same, and takes no more time than there are columns.
func Thin(points []Vertex) []Vertex {
	if len(points) < 8 {
		return points
	}
	out := points[:0:0]
	for i := 0; i < len(points); {
		column := int(points[i].X)
		j, low, high := i, i, i
		for ; j < len(points) && int(points[j].X) == column && points[j].X == points[j].X; j++ {
			if points[j].Y < points[low].Y {
				low = j
			}
			if points[j].Y > points[high].Y {
				high = j
			}
		}
		if j == i { // not a number
			out = append(out, points[i])
			i++
			continue
		}
		last := -1
		for _, k := range [4]int{i, min(low, high), max(low, high), j - 1} {
			if k > last {
				out = append(out, points[k])
				last = k
			}
		}
		i = j
	}
	return out
}
