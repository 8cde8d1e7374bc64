package data

import "math"

// A Placement says where a frame of pixels lies in another one: the point x, y of the first is the point ScaleX·x+X, ScaleY·y+Y of the second. Points are in pixels from
// the top left corner; pixel i, j is the square from i, j to i+1, j+1. It brings pixels, masks, polygons and boxes from one frame to the other, and Inverse back.
type Placement struct {
	FromW, FromH   int // size of the first frame
	W, H           int // size of the second one
	ScaleX, ScaleY float64
	X, Y           float64
}

// Place returns where an image of fromW×fromH pixels lies in one of w×h after a resize: parts of it may lie outside, or parts of the new frame outside of it. Scaled sizes and
// offsets are whole numbers.
func Place(fromW, fromH, w, h int, how Resize) Placement {
	fullW, fullH := scaled(fromW, fromH, w, h, how)
	return Placement{
		FromW: fromW, FromH: fromH, W: w, H: h,
		ScaleX: float64(fullW) / float64(fromW), ScaleY: float64(fullH) / float64(fromH),
		X: float64(centred(fullW, w)), Y: float64(centred(fullH, h)),
	}
}

// centred returns where an axis of full pixels begins in the middle of one of n: below 0 where it is longer.
func centred(full, n int) int {
	if full >= n {
		return -((full - n) / 2)
	}
	return (n - full) / 2
}

// IsIdentity reports whether both frames are the same.
func (p Placement) IsIdentity() bool {
	return p.FromW == p.W && p.FromH == p.H && p.ScaleX == 1 && p.ScaleY == 1 && p.X == 0 && p.Y == 0
}

// Then returns the placement of the first frame of p in the second one of q, whose first frame is p's second.
func (p Placement) Then(q Placement) Placement {
	return Placement{
		FromW: p.FromW, FromH: p.FromH, W: q.W, H: q.H,
		ScaleX: p.ScaleX * q.ScaleX, ScaleY: p.ScaleY * q.ScaleY, X: p.X*q.ScaleX + q.X, Y: p.Y*q.ScaleY + q.Y,
	}
}

// Inverse returns the way back.
func (p Placement) Inverse() Placement {
	return Placement{
		FromW: p.W, FromH: p.H, W: p.FromW, H: p.FromH,
		ScaleX: 1 / p.ScaleX, ScaleY: 1 / p.ScaleY, X: -p.X / p.ScaleX, Y: -p.Y / p.ScaleY,
	}
}

// Point brings a point to the second frame.
func (p Placement) Point(x, y float64) (float64, float64) { return p.ScaleX*x + p.X, p.ScaleY*y + p.Y }

// covers returns the pixels of the second frame that the first one covers: from x0, y0 to before x1, y1. Those of Place are covered as a whole or not at all.
func (p Placement) covers() (x0, y0, x1, y1 int) {
	left, top := p.Point(0, 0)
	right, bottom := p.Point(float64(p.FromW), float64(p.FromH))
	return centreFrom(left, p.W), centreFrom(top, p.H), centreFrom(right, p.W), centreFrom(bottom, p.H)
}

// Restore brings the pixels of the second frame back to the first one, black where the second frame does not have it. What a smaller frame has lost stays lost.
func (p Placement) Restore(px Pixels) Pixels {
	if p.IsIdentity() {
		return px
	}
	x0, y0, x1, y1 := p.covers() // of the second frame
	part := Pixels{W: x1 - x0, H: y1 - y0, C: px.C}
	for y := y0; y < y1; y++ {
		part.Pix = append(part.Pix, px.Pix[(y*px.W+x0)*px.C:(y*px.W+x1)*px.C]...)
	}
	left, top, right, bottom := p.Inverse().covers() // of the first one
	if part.W < 1 || part.H < 1 || right <= left || bottom <= top {
		part.H = 0
	} else {
		part = fit(part, right-left, bottom-top, Squash)
	}
	out := Pixels{W: p.FromW, H: p.FromH, C: px.C, Pix: make([]byte, p.FromW*p.FromH*px.C)}
	for y := range part.H {
		copy(out.Pix[((top+y)*out.W+left)*px.C:], part.Pix[y*part.W*px.C:(y+1)*part.W*px.C])
	}
	return out
}

// Box brings a box to the second frame and cuts off what lies outside. It reports whether anything is left.
func (p Placement) Box(b Box) (Box, bool) {
	x0, y0 := p.Point(float64(b.X), float64(b.Y))
	x1, y1 := p.Point(float64(b.X+b.W), float64(b.Y+b.H))
	return b.clipped(x0, y0, x1, y1, p.W, p.H)
}

// clipped returns the box with other edges, cut off at those of a frame of w×h pixels, and reports whether anything is left.
func (b Box) clipped(x0, y0, x1, y1 float64, w, h int) (Box, bool) {
	x0, y0 = max(x0, 0), max(y0, 0)
	x1, y1 = min(x1, float64(w)), min(y1, float64(h))
	b.X, b.Y, b.W, b.H = float32(x0), float32(y0), float32(x1-x0), float32(y1-y0)
	return b, b.W > 0 && b.H > 0
}

// Polygon brings an outline to the second frame; parts may lie outside.
func (p Placement) Polygon(o Polygon) Polygon { return o.moved(p.Point) }

// moved returns the outline with its points elsewhere.
func (o Polygon) moved(to func(x, y float64) (float64, float64)) Polygon {
	points := make([][2]float32, len(o.Points))
	for i, at := range o.Points {
		x, y := to(float64(at[0]), float64(at[1]))
		points[i] = [2]float32{float32(x), float32(y)}
	}
	o.Points = points
	return o
}

// outside reports whether nothing of an outline can lie in a frame of w×h pixels.
func (o Polygon) outside(w, h int) bool {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, at := range o.Points {
		x, y := float64(at[0]), float64(at[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return x1 <= 0 || y1 <= 0 || x0 >= float64(w) || y0 >= float64(h)
}

// nearest returns, for each of n pixels of the second frame, on an axis, the pixel of the first one in which its centre lies: below 0 before that
// frame, its length or more behind it.
func nearest(n int, scale, offset float64) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = int(math.Floor((float64(i) + .5 - offset) / scale))
	}
	return out
}

// ClassMap brings a map of the classes of pixels to the second frame: of each pixel the class of the nearest one, so that no new classes come up, and
// Void where there is none. The map is written into dst where it has room.
func (p Placement) ClassMap(src, dst []uint16) []uint16 { return placeMap(p, src, dst, Void) }

// InstanceMap does with instances what ClassMap does with classes; outside there is none.
func (p Placement) InstanceMap(src, dst []uint32) []uint32 { return placeMap(p, src, dst, 0) }

func placeMap[T uint16 | uint32](p Placement, src, dst []T, outside T) []T {
	dst = resized(dst, p.W*p.H)
	columns, rows := nearest(p.W, p.ScaleX, p.X), nearest(p.H, p.ScaleY, p.Y)
	for j, row := range rows {
		to := dst[j*p.W : (j+1)*p.W]
		if row < 0 || row >= p.FromH {
			fill(to, outside)
			continue
		}
		from := src[row*p.FromW : (row+1)*p.FromW]
		for i, column := range columns {
			to[i] = outside
			if column >= 0 && column < len(from) {
				to[i] = from[column]
			}
		}
	}
	return dst
}

// Truth brings all that is true of the first frame to the second one. What lies outside of it as a whole is left out; where the first frame does not reach, pixels
// are void. Its masks must be those of the first frame.
func (p Placement) Truth(t Truth) (Truth, error) {
	if p.IsIdentity() {
		return t, nil
	}
	out := Truth{Class: t.Class}
	if t.Boxes != nil {
		out.Boxes = make([]Box, 0, len(t.Boxes)) // that there is none is known
	}
	for _, b := range t.Boxes {
		if b, ok := p.Box(b); ok {
			out.Boxes = append(out.Boxes, b)
		}
	}
	if t.Polygons != nil {
		out.Polygons = make([]Polygon, 0, len(t.Polygons))
	}
	for _, o := range t.Polygons {
		if o := p.Polygon(o); !o.outside(p.W, p.H) {
			out.Polygons = append(out.Polygons, o)
		}
	}
	if t.Masks != nil {
		out.Masks = make([]Mask, 0, len(t.Masks)+1)
	}
	columns, rows := nearest(p.W, p.ScaleX, p.X), nearest(p.H, p.ScaleY, p.Y)
	for _, m := range t.Masks {
		runs, inside, err := p.runs(m.Runs, columns, rows)
		if err != nil {
			return Truth{}, err
		}
		if m.Runs = runs; inside {
			out.Masks = append(out.Masks, m)
		}
	}
	if t.Masks != nil || t.Polygons != nil {
		if runs, any := p.uncovered(); any {
			out.Masks = append(out.Masks, Mask{Class: -1, Void: true, Runs: runs})
		}
	}
	return out, nil
}

// runs brings the runs of a mask to the second frame and reports whether any pixel of it is left. columns and rows are the nearest pixels on both axes.
func (p Placement) runs(runs []uint32, columns, rows []int) (placed []uint32, inside bool, err error) {
	type span struct{ from, to int } // columns of a row
	spans := make([][]span, p.FromH)
	err = eachRun(runs, p.FromW, p.FromH, func(from, to int) {
		for from < to { // a run goes on in the next row
			row := from / p.FromW
			end := min(to, (row+1)*p.FromW)
			spans[row] = append(spans[row], span{from - row*p.FromW, end - row*p.FromW})
			from = end
		}
	})
	if err != nil {
		return nil, false, err
	}
	first := make([]int, p.FromW+1) // pixel of the second frame, by column of the first one, that lies in it or behind
	i := 0
	for column := range first {
		for i < len(columns) && columns[i] < column {
			i++
		}
		first[column] = i
	}
	var r RunEncoder
	for j, row := range rows {
		if row < 0 || row >= p.FromH {
			continue
		}
		for _, s := range spans[row] {
			if from, to := first[s.from], first[s.to]; from < to {
				r.Add(j*p.W+from, j*p.W+to)
			}
		}
	}
	inside = len(r.runs) > 0
	return r.Finish(p.W * p.H), inside, nil
}

// uncovered returns the runs of the pixels that the first frame does not reach, and reports whether there are any.
func (p Placement) uncovered() (runs []uint32, any bool) {
	x0, y0, x1, y1 := p.covers()
	if x0 == 0 && y0 == 0 && x1 == p.W && y1 == p.H {
		return nil, false
	}
	var r RunEncoder
	add := func(from, to int) {
		if from < to {
			r.Add(from, to)
		}
	}
	for j := range p.H {
		if row := j * p.W; j < y0 || j >= y1 {
			add(row, row+p.W)
		} else {
			add(row, row+x0)
			add(row+x1, row+p.W)
		}
	}
	return r.Finish(p.W * p.H), true
}
