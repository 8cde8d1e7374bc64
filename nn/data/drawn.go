package data

import "math"

// source returns a function that gives, for a point of the part, the point of the image that lies there.
func (d Drawn) source() func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(d.angle)
	halfW, halfH := float64(d.Part.X)/2, float64(d.Part.Y)/2
	left, top := float64(d.X+d.dx), float64(d.Y+d.dy)
	return func(x, y float64) (float64, float64) {
		u, v := (x-halfW)/d.factor, (y-halfH)/d.factor
		if d.mirror {
			u = -u
		}
		return u*cos + v*sin + halfW + left, v*cos - u*sin + halfH + top
	}
}

// Point returns where a point of the image lies in the part; both are in pixels from the top left corner.
func (d Drawn) Point(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(d.angle)
	halfW, halfH := float64(d.Part.X)/2, float64(d.Part.Y)/2
	x, y = x-float64(d.X+d.dx)-halfW, y-float64(d.Y+d.dy)-halfH
	u, v := x*cos-y*sin, x*sin+y*cos
	if d.mirror {
		u = -u
	}
	return u*d.factor + halfW, v*d.factor + halfH
}

// ClassMap returns the classes of the pixels of the part, of those of the image: of each the class of the nearest pixel, Void where it comes from outside. The map is
// written into dst where it has room.
func (d Drawn) ClassMap(src, dst []uint16) []uint16 { return drawMap(d, src, dst, Void) }

// InstanceMap does with instances what ClassMap does with classes; outside there is none.
func (d Drawn) InstanceMap(src, dst []uint32) []uint32 { return drawMap(d, src, dst, 0) }

func drawMap[T uint16 | uint32](d Drawn, src, dst []T, outside T) []T {
	dst = resized(dst, d.Part.X*d.Part.Y)
	source := d.source()
	for i := range dst {
		x, y := source(float64(i%d.Part.X)+.5, float64(i/d.Part.X)+.5)
		dst[i] = outside
		if column, row := int(math.Floor(x)), int(math.Floor(y)); column >= 0 && column < d.From.X && row >= 0 && row < d.From.Y {
			dst[i] = src[row*d.From.X+column]
		}
	}
	return dst
}

// Polygon brings an outline to the part; parts of it may lie outside.
func (d Drawn) Polygon(o Polygon) Polygon { return o.moved(d.Point) }

// Box returns the smallest box in the part around what becomes of a box of the image, which is larger than the thing where it is turned. It reports whether anything of it
// lies in the part.
func (d Drawn) Box(b Box) (Box, bool) {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corner := range [][2]float32{{b.X, b.Y}, {b.X + b.W, b.Y}, {b.X, b.Y + b.H}, {b.X + b.W, b.Y + b.H}} {
		x, y := d.Point(float64(corner[0]), float64(corner[1]))
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return b.clipped(x0, y0, x1, y1, d.Part.X, d.Part.Y)
}
