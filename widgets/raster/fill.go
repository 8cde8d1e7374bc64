package raster

import (
	"image"
	"image/color"

	"golang.org/x/image/vector"
)

// A Brush fills antialiased polygons on a picture. It keeps its memory from one drawing to the next.
type Brush struct{ z vector.Rasterizer }

// Polygon fills the inside of points, in pixels.
func (b *Brush) Polygon(dst *image.RGBA, points []Vertex, c color.NRGBA) {
	if len(points) < 3 {
		return
	}
	x0, y0, x1, y1 := points[0].X, points[0].Y, points[0].X, points[0].Y
	for _, p := range points {
		if p.X != p.X || p.Y != p.Y {
			return
		}
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	d := dst.Bounds()
	left, top, right, bottom := max(d.Min.X, int(x0)-1), max(d.Min.Y, int(y0)-1), min(d.Max.X, int(x1)+2), min(d.Max.Y, int(y1)+2)
	if left >= right || top >= bottom {
		return
	}
	// Only the polygon's own box is rasterised: a canvas has many small ones.
	b.z.Reset(right-left, bottom-top)
	ox, oy := float32(left), float32(top)
	b.z.MoveTo(points[0].X-ox, points[0].Y-oy)
	for _, p := range points[1:] {
		b.z.LineTo(p.X-ox, p.Y-oy)
	}
	b.z.ClosePath()
	b.z.Draw(dst, image.Rect(left, top, right, bottom), image.NewUniform(c), image.Point{})
}

// Curve returns a Bézier curve from a to b that leaves and arrives horizontally, as points.
func Curve(a, b Vertex, n int) []Vertex {
	bend := (b.X - a.X) / 2
	if bend < 0 {
		bend = -bend
	}
	bend = max(bend, 24)
	c, d := Vertex{a.X + bend, a.Y}, Vertex{b.X - bend, b.Y}
	out := make([]Vertex, n+1)
	for i := range out {
		t := float32(i) / float32(n)
		u := 1 - t
		out[i] = Vertex{
			X: u*u*u*a.X + 3*u*u*t*c.X + 3*u*t*t*d.X + t*t*t*b.X,
			Y: u*u*u*a.Y + 3*u*u*t*c.Y + 3*u*t*t*d.Y + t*t*t*b.Y,
		}
	}
	return out
}
