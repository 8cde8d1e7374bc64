package kernel

import (
	"math"
	"unsafe"
)

// A unit is what does the arithmetic: a vector unit of the processor, or plain Go. What is missing (nil) is done in plain Go.
type unit struct {
	name     string
	lanes    int                  // numbers of a vector
	most     [5]int               // rows that a tile of 1…4 vectors can have
	tiles    *[2][5][]func(*byte) // for A along (ak is one number) and across (am is)
	peak     func(n int)          // n turns of multiply-adds on registers alone, to compare benchmarks with
	peakWork int                  // multiply-adds of one turn

	// The functions of many numbers take a whole number of vectors; the methods below do the rest in plain Go.
	addTo       func(dst, src *float32, n int)
	subTo       func(dst, src *float32, n int)
	mulTo       func(dst, src *float32, n int)
	reluTo      func(dst, src *float32, n int)
	reluGradTo  func(dx, dy, y *float32, n int)
	reluGradAdd func(dx, dy, y *float32, n int)
	sgdStep     func(w, g, h *float32, n int, rate, decay, mu float32)
	nesterov    func(w, g, h *float32, n int, rate, decay, mu float32)
	dotOf       func(a, b *float32, n int) float32
	expTo       func(dst, src *float32, n int)
	poolMax     func(y, x *float32, kh, kw, rs, cs, n int)
	poolMaxGrad func(dx, x, y, dy *float32, kh, kw, rs, cs, n int)
	poolSum     func(y, x *float32, kh, kw, rs, cs, n int, scale float32)
	poolSpread  func(dx, dy *float32, kh, kw, rs, cs, n int, scale float32)
	transposed  func(dst, src *float32, ldd, lds, n int)

	// Winograd's transforms: of six by six places of the input, to and from tiles of 2×2 and 4×4 places of the output.
	winogradInput    func(dst, src, scratch *float32, rs, cs, dp, n int)
	winogradOutput   [5]func(dst, src, scratch, bias *float32, rs, cs, dp, n int, least float32)
	winogradGradient [5]func(dst, src, scratch *float32, rs, cs, dp, n int)
	mix              func(dst, src, matrix *float32, rows, columns, ds, ss, n int)

	lrnTo      func(y, s, x, squares *float32, size, n int, alpha, one float32)
	lrnRatioTo func(r, dy, y, s *float32, n int)
	lrnGradTo  func(dx, dy, x, s, ratio *float32, size, n int, factor, one float32)

	momentsOf   func(mean, squares, x *float32, places, stride, n int, share float32)
	normSums    func(db, dw, dy, x, mean *float32, places, stride, n int)
	normScale   func(y, x, mean, a, b *float32, places, stride, n int, least float32)
	normGrad    func(dx, dy, x, mean, a, b, c *float32, places, stride, n int)
	normGradAdd func(dx, dy, x, mean, a, b, c *float32, places, stride, n int)
}

// plainUnit computes in plain Go.
var plainUnit = unit{name: "Go", lanes: 8, most: [5]int{0, 8, 4, 2, 2}, peak: peakGo, peakWork: 8}

// slack is how many numbers beyond its end a vector may be read from any memory of the device.
const slack = 64

// memory makes room for n numbers that vectors may be read from.
func memory(n int) []float32 {
	s := make([]float32, n, n+slack)
	hugePages(s)
	return s
}

// tileArgs is a tile of a product: C[i,j] = Σ A·B for a few rows i and the lanes of 1…4 vectors j. The sum runs over segments of k numbers
// each; A is read wherever it lies, B has its vectors side by side, one row for each number of the sum. Distances are in bytes. The order of the fields is known to
// the generator of the kernels.
type tileArgs struct {
	a      *float32
	am, ak int  // from row to row of A, from number to number of the sum
	offs   *int // of each segment in A
	segs   int  // at least 1
	k      int  // of a segment, at least 1
	b      *float32
	bk     int // from number to number of the sum
	c      *float32
	ldc    int // from row to row
	bias   *float32
	last   int // lanes of the last vector that are stored
	mask   int // the same as bits
	flags  int
	skip   int // from the end of B in a segment to its beginning in the next

	// What is fetched into the second-level cache meanwhile: turn bytes from ahead on for each turn, of unrolled numbers of a segment.
	ahead uintptr // a hint that may lie behind the end of any memory, so no pointer
	turn  int

	// What the kernels do not read.
	lanes int
	tiles []func(*byte) // by rows; nil in plain Go
}

// noOffset is for a sum of one segment.
var noOffset int

// What a tile does beside multiplying. Without addC its sums begin with the bias, or with zero where that is nil.
const (
	addC = 1 << iota
	rectify
)

// unrolled is how many numbers of a sum a turn of a tile's loop takes, as the generator of the kernels has it.
const unrolled = 4

// fetch has the next tiles, of so many turns together, fetch n numbers that will soon be read.
func (t *tileArgs) fetch(from *float32, n, turns int) {
	t.ahead, t.turn = uintptr(unsafe.Pointer(from)), min(ceilDiv(4*n, max(turns, 1)), 64*unrolled)
}

// turns returns how many a tile has.
func (t *tileArgs) turns() int { return t.segs * (t.k / unrolled) }

// across has the next tiles compute so many lanes. The distances of A are set before.
func (u *unit) across(t *tileArgs, lanes int) {
	vectors := ceilDiv(lanes, u.lanes)
	t.lanes, t.last = lanes, lanes-(vectors-1)*u.lanes
	t.mask = 1<<t.last - 1
	if u.tiles == nil {
		return
	}
	way := 0
	if t.ak != 4 {
		way = 1
	}
	t.tiles = u.tiles[way][vectors]
}

// run computes a tile of so many rows, at most as many as u.most has for its lanes.
func (t *tileArgs) run(rows int) {
	if t.tiles == nil {
		t.plain(rows)
		return
	}
	t.tiles[rows]((*byte)(unsafe.Pointer(t)))
}

// rowsOf returns the most rows of a tile of lanes numbers.
func (u *unit) rowsOf(lanes int) int { return u.most[ceilDiv(lanes, u.lanes)] }

// A cut divides things into n parts whose sizes differ by one at most.
type cut struct{ n, size, larger int }

// cutInto cuts things into as few parts of at most so many as there can be.
func cutInto(things, most int) cut {
	n := max(ceilDiv(things, most), 1)
	return cut{n, things / n, things % n}
}

// from returns where a part begins.
func (c cut) from(part int) int { return part*c.size + min(part, c.larger) }

// beyond returns the number that lies some bytes behind p.
func beyond(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// plain computes a tile in plain Go, row by row.
func (t *tileArgs) plain(rows int) {
	lanes := t.lanes
	var acc [32]float32
	offs := unsafe.Slice(t.offs, t.segs)
	for i := range rows {
		sums := acc[:lanes]
		c := unsafe.Slice(beyond(t.c, i*t.ldc), lanes)
		switch {
		case t.flags&addC != 0:
			copy(sums, c)
		case t.bias != nil:
			copy(sums, unsafe.Slice(t.bias, lanes))
		default:
			clear(sums)
		}
		for s, off := range offs {
			for k := range t.k {
				v := *beyond(t.a, i*t.am+off+k*t.ak)
				for j, w := range unsafe.Slice(beyond(t.b, s*t.skip+(s*t.k+k)*t.bk), lanes) {
					sums[j] += v * w
				}
			}
		}
		for j, v := range sums {
			if t.flags&rectify != 0 {
				v = max(v, 0)
			}
			c[j] = v
		}
	}
}

// whole returns how many of n numbers fill vectors, if there is a function for vectors.
func (u *unit) whole(n int, vectors bool) int {
	if !vectors {
		return 0
	}
	return n / u.lanes * u.lanes
}

// add does dst += src.
func (u *unit) add(dst, src []float32) {
	n := u.whole(len(dst), u.addTo != nil)
	if n > 0 {
		u.addTo(&dst[0], &src[0], n)
	}
	dst, src = dst[n:], src[n:]
	for i := range dst {
		dst[i] += src[i]
	}
}

// sub does dst −= src.
func (u *unit) sub(dst, src []float32) {
	n := u.whole(len(dst), u.subTo != nil)
	if n > 0 {
		u.subTo(&dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] -= src[i]
	}
}

// mul does dst ·= src.
func (u *unit) mul(dst, src []float32) {
	n := u.whole(len(dst), u.mulTo != nil)
	if n > 0 {
		u.mulTo(&dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] *= src[i]
	}
}

// relu does y = max(x, 0).
func (u *unit) relu(x, y []float32) {
	n := u.whole(len(x), u.reluTo != nil)
	if n > 0 {
		u.reluTo(&y[0], &x[0], n)
	}
	for i := n; i < len(x); i++ {
		y[i] = max(x[i], 0)
	}
}

// reluGrad does dx = dy where y > 0, else 0; or adds that.
func (u *unit) reluGrad(y, dy, dx []float32, add bool) {
	n := u.whole(len(y), u.reluGradTo != nil)
	if n > 0 && add {
		u.reluGradAdd(&dx[0], &dy[0], &y[0], n)
	} else if n > 0 {
		u.reluGradTo(&dx[0], &dy[0], &y[0], n)
	}
	for i := n; i < len(y); i++ {
		g := dy[i]
		if y[i] <= 0 {
			g = 0
		}
		if add {
			g += dx[i]
		}
		dx[i] = g
	}
}

// exp does dst = eˣ of src, between the least normal number and e⁸⁸; not-a-number stays.
func (u *unit) exp(dst, src []float32) {
	n := u.whole(len(src), u.expTo != nil)
	if n > 0 {
		u.expTo(&dst[0], &src[0], n)
	}
	for i := n; i < len(src); i++ {
		dst[i] = float32(math.Exp(min(max(float64(src[i]), leastExponent), mostExponent)))
	}
}

// The bounds of what exp is taken of.
const (
	leastExponent = -87.33654
	mostExponent  = 88
)

// dot is Σ a·b.
func (u *unit) dot(a, b []float32) float32 {
	n, total := u.whole(len(a), u.dotOf != nil), float32(0)
	if n > 0 {
		total = u.dotOf(&a[0], &b[0], n)
	}
	var lane [8]float32
	a, b = a[n:], b[n:len(a)]
	for ; len(a) >= 8; a, b = a[8:], b[8:] {
		for i := range lane {
			lane[i] += a[i] * b[i]
		}
	}
	for i, v := range a {
		total += v * b[i]
	}
	for _, v := range lane {
		total += v
	}
	return total
}

// transpose writes rows of columns numbers, lds numbers apart, as columns rows of rows numbers, ldd numbers apart.
func (u *unit) transpose(dst, src []float32, ldd, lds, rows, columns int) {
	r, c := 0, 0
	if u.transposed != nil {
		r, c = rows/8*8, columns/8*8
	}
	const part = 64 // columns at a time, so that the lines of dst that they go to are still near for the next rows
	for from := 0; from < c; from += part {
		for i := 0; i < r; i += 8 {
			u.transposed(&dst[from*ldd+i], &src[i*lds+from], 4*ldd, 4*lds, min(part, c-from)/8)
		}
	}
	for i := range rows {
		from := 0
		if i < r {
			from = c
		}
		at := from*ldd + i
		for _, v := range src[i*lds+from : i*lds+columns] {
			dst[at] = v
			at += ldd
		}
	}
}
