package kernel

import "math"

// Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016) does a convolution of 3×3 on tiles of 4×4
// places, or of 5×5 on tiles of 2×2, by 36 products of tiles × channels with channels × filters: four, or not quite three, times fewer multiplications than
// there are by definition. With Bᵀ, G and Aᵀ for the points 0, 1, −1, 2, −2, ∞:
//
//	Y  = Aᵀ·[(G·W·Gᵀ) ⊙ (Bᵀ·X·B)]·A
//	DW = Gᵀ·[(Bᵀ·X·B) ⊙ (A·DY·Aᵀ)]·G
//
// The gradient of the input is Y of the turned convolution.

// winogradTile is the width of what is transformed, winogradPoints the number of products.
const (
	winogradTile   = 6
	winogradPoints = winogradTile * winogradTile
)

// winograd is a convolution done so.
type winograd struct {
	*convShape
	tile         int // places of the output of a tile, in each direction
	down, across int // tiles of a sample
	big          *convShape
	filter       []float32 // G, 6 × kernel
	turnedFilter []float32 // Gᵀ
}

// winograd returns the convolution in this way, or nil where that is impossible: other kernels, strides, channels that fill no vectors, or no functions for it.
// With a dilation the places of a tile are as far apart as what the kernel sees.
func (c *convShape) winograd() *winograd {
	k := c.Kernel.H
	if c.u.winogradInput == nil || c.Kernel.W != k || k != 3 && k != 5 || c.Stride != (Pair{1, 1}) ||
		c.in.C%c.u.lanes != 0 || c.out.C%c.u.lanes != 0 {
		return nil
	}
	w := &winograd{convShape: c, tile: winogradTile + 1 - k}
	down, across := ceilDiv(ceilDiv(c.out.H, c.Dilation.H), w.tile), ceilDiv(ceilDiv(c.out.W, c.Dilation.W), w.tile)
	w.down, w.across = down*c.Dilation.H, across*c.Dilation.W
	// The image with padding, and with zeros where the last tiles reach beyond it.
	big := *c
	big.padded, big.height, big.pitch = true, c.Dilation.H*(down*w.tile+k-1), c.Dilation.W*(across*w.tile+k-1)
	w.big = &big
	scale := [winogradTile]float32{1. / 4, -1. / 6, -1. / 6, 1. / 24, 1. / 24, 1}
	w.filter, w.turnedFilter = make([]float32, winogradTile*k), make([]float32, winogradTile*k)
	for i, point := range [winogradTile]float64{0, 1, -1, 2, -2, math.Inf(1)} {
		for j := range k {
			v := scale[i] * float32(math.Pow(point, float64(j)))
			if math.IsInf(point, 1) {
				v = 0
				if j == k-1 {
					v = 1
				}
			}
			w.filter[i*k+j], w.turnedFilter[j*winogradTile+i] = v, v
		}
	}
	return w
}

// tiles returns how many a sample has.
func (w *winograd) tiles() int { return w.down * w.across }

// span returns where tile i of a row or column of size places begins, and how many of its places there are.
func (w *winograd) span(i, dilation, size int) (from, n int) {
	from = i/dilation*dilation*w.tile + i%dilation
	return from, max(min(ceilDiv(size-from, dilation), w.tile), 0)
}

// edged calls f for the runs of numbers that the first h×v places of a tile share with the memory for a tile at the edge, which has no places between.
func (w *winograd) edged(h, v int, f func(image, edge, n int)) {
	c, n := w.out.C, w.out.C
	runs := v
	if w.Dilation.W == 1 {
		n, runs = v*c, 1
	}
	for r := range h {
		for q := range runs {
			f((r*w.Dilation.H*w.out.W+q*w.Dilation.W)*c, (r*w.tile+q)*c, n)
		}
	}
}

// pays estimates whether this way is quicker than the direct one for so many samples at a time, in cycles of each: products, the calls that do them, transforms,
// and reading the transformed filters, of which there are more.
func (w *winograd) pays(samples int) bool {
	const call, transform = 25, 100 // cycles; of a transform for each vector
	atOnce := w.atOnce(samples)
	speed := 2 * float64(w.u.lanes) * .7
	most := w.u.rowsOf(min(w.width, w.fg))
	panels := w.groups * w.panels
	direct := float64(w.taps*w.whole*w.out.C)/speed + float64(call*panels*w.rows*ceilDiv(w.places, most))
	products := float64(winogradPoints*w.tiles()*w.cg*w.out.C)/speed + float64(call*winogradPoints*panels*ceilDiv(w.tiles()*atOnce, most))/float64(atOnce)
	transforms := float64(transform * w.tiles() * (w.in.C + w.out.C) / w.u.lanes)
	filters := float64(4*winogradPoints*w.cg*w.out.C) / 3 / float64(atOnce)
	if 4*winogradPoints*w.cg*w.out.C < cached {
		filters /= 4
	}
	return max(products, filters)+transforms < .9*direct
}

// packedLen returns the memory of transformed filters: for each group, each panel and each product channels × the panel's width.
func (w *winograd) packedLen() int { return winogradPoints * w.groups * w.panels * w.cg * w.width }

// pack transforms one panel of filters, given as packed by pack or packTurned of the convolution.
func (w *winograd) pack(job int, dst, src, tmp []float32) {
	k, row := w.Kernel.H, w.cg*w.width
	src = src[job*w.taps*w.width:]
	dst = dst[job*winogradPoints*row:]
	for a := range k { // along the kernel's rows: k×k to k×6
		w.u.mix(&tmp[a*winogradTile*row], &src[a*k*row], &w.filter[0], winogradTile, k, 4*row, 4*row, row)
	}
	for j := range winogradTile { // along its columns: k×6 to 6×6
		w.u.mix(&dst[j*row], &tmp[j*row], &w.filter[0], winogradTile, k, 4*winogradTile*row, 4*winogradTile*row, row)
	}
}

// unpack transforms one panel of the sums of products back to a gradient in the order of packed filters.
func (w *winograd) unpack(job int, dst, src, tmp []float32) {
	k, row := w.Kernel.H, w.cg*w.width
	src = src[job*winogradPoints*row:]
	dst = dst[job*w.taps*w.width:]
	for j := range winogradTile { // 6×6 to k×6
		w.u.mix(&tmp[j*row], &src[j*row], &w.turnedFilter[0], k, winogradTile, 4*winogradTile*row, 4*winogradTile*row, row)
	}
	for a := range k { // k×6 to k×k
		w.u.mix(&dst[a*k*row], &tmp[a*winogradTile*row], &w.turnedFilter[0], k, winogradTile, 4*row, 4*row, row)
	}
}

// tmpLen returns what pack and unpack need.
func (w *winograd) tmpLen() int { return w.Kernel.H * winogradTile * w.cg * w.width }

// input transforms some rows of tiles of a sample, given as img with its padding: each product's tiles × channels lie apart by points numbers; the
// sample's begin at tile first.
func (w *winograd) input(dst []float32, points, first int, img, scratch []float32, from, to int) {
	c, line := w.in.C, w.big.pitch*w.in.C
	for i := from; i < to; i++ {
		h, _ := w.span(i, w.Dilation.H, w.out.H)
		for j := range w.across {
			v, _ := w.span(j, w.Dilation.W, w.out.W)
			w.u.winogradInput(&dst[(first+i*w.across+j)*c], &img[h*line+v*c], &scratch[0], 4*line*w.Dilation.H, 4*c*w.Dilation.W, 4*points, c)
		}
	}
}

// gradient transforms the gradient dy of a sample's output likewise. edge has room for a tile.
func (w *winograd) gradient(dst []float32, points, first int, dy, edge, scratch []float32) {
	c, line := w.out.C, w.out.W*w.out.C
	for i := range w.down {
		top, h := w.span(i, w.Dilation.H, w.out.H)
		for j := range w.across {
			left, v := w.span(j, w.Dilation.W, w.out.W)
			src, rs, cs := edge, w.tile*c, c
			if at := top*line + left*c; h == w.tile && v == w.tile {
				src, rs, cs = dy[at:], line*w.Dilation.H, c*w.Dilation.W
			} else {
				clear(edge)
				w.edged(h, v, func(image, to, n int) { copy(edge[to:to+n], dy[at+image:]) })
			}
			w.u.winogradGradient[w.tile](&dst[(first+i*w.across+j)*c], &src[0], &scratch[0], 4*rs, 4*cs, 4*points, c)
		}
	}
}

// output transforms products back to some rows of tiles of the sample y, with bias and ReLU or added to what is there. edge has room for a tile.
func (w *winograd) output(y, src []float32, points, first int, bias, edge, scratch []float32, flags, from, to int) {
	c, line, least := w.out.C, w.out.W*w.out.C, float32(math.Inf(-1))
	if flags&rectify != 0 {
		least = 0
	}
	for i := from; i < to; i++ {
		top, h := w.span(i, w.Dilation.H, w.out.H)
		for j := range w.across {
			left, v := w.span(j, w.Dilation.W, w.out.W)
			at, dst, rs, cs := top*line+left*c, edge, w.tile*c, c
			direct := h == w.tile && v == w.tile && flags&addC == 0
			if direct {
				dst, rs, cs = y[at:], line*w.Dilation.H, c*w.Dilation.W
			}
			w.u.winogradOutput[w.tile](&dst[0], &src[(first+i*w.across+j)*c], &scratch[0], &bias[0], 4*rs, 4*cs, 4*points, c, least)
			if direct {
				continue
			}
			w.edged(h, v, func(image, from, n int) {
				if part := edge[from : from+n]; flags&addC != 0 {
					w.u.add(y[at+image:at+image+n], part)
				} else {
					copy(y[at+image:], part)
				}
			})
		}
	}
}

// atOnce returns how many of some samples are transformed before their products are computed: so few that what is transformed stays in the second-level cache, but
// enough that the filters, which are read once for all of them, are worth reading.
func (w *winograd) atOnce(samples int) int {
	const tiles, numbers = 48, 1 << 17
	enough := max(ceilDiv(tiles, w.tiles()), numbers/(winogradPoints*w.tiles()*(w.in.C+w.out.C)))
	return max(min(enough, samples), 1)
}

// room is what a worker needs for some samples at a time: transformed inputs and outputs, the padded sample, a tile and the transforms' scratch.
type room struct {
	in, out, img, edge, scratch []float32
	inPoints, outPoints         int // distance of the products
}

func (w *winograd) roomLen(samples int) int {
	rows := samples * w.tiles()
	return winogradPoints*(rows*(w.in.C+w.out.C)+2*16) + w.big.imageLen() + w.tile*w.tile*w.out.C + winogradPoints*w.u.lanes
}

func (w *winograd) room(s []float32, samples int) (r room) {
	take := func(n int) []float32 { part := s[:n]; s = s[n:]; return part }
	rows := samples * w.tiles()
	// Products a multiple of a page apart would meet in the same places of the caches.
	r.inPoints, r.outPoints = rows*w.in.C+16, rows*w.out.C+16
	r.in, r.out = take(winogradPoints*r.inPoints), take(winogradPoints*r.outPoints)
	r.img, r.edge, r.scratch = take(w.big.imageLen()), take(w.tile*w.tile*w.out.C), take(winogradPoints*w.u.lanes)
	return r
}

// multiply does one product, of rows transformed tiles with the transformed filters of one panel; there are winogradPoints for each panel.
func (w *winograd) multiply(wk *worker, r *room, rows int, packed []float32, product int) {
	u, t := w.u, wk.tile()
	t.am, t.ak, t.offs, t.segs, t.k = 4*w.in.C, 4, &noOffset, 1, w.cg
	t.bk, t.ldc, t.flags = 4*w.width, 4*w.out.C, 0
	job, p := product/winogradPoints, product%winogradPoints
	group, panel := job/w.panels, job%w.panels
	lanes := min(w.width, w.fg-panel*w.width)
	u.across(t, lanes)
	parts := cutInto(rows, u.rowsOf(lanes))
	size := w.cg * w.width
	t.b = &packed[product*size]
	if rest := packed[(product+1)*size:]; len(rest) > 0 {
		t.fetch(&rest[0], min(size, len(rest)), parts.n*t.turns())
	}
	for k := range parts.n {
		i, end := parts.from(k), parts.from(k+1)
		t.a = &r.in[p*r.inPoints+i*w.in.C+group*w.cg]
		t.c = &r.out[p*r.outPoints+i*w.out.C+group*w.fg+panel*w.width]
		t.run(end - i)
	}
}

// products returns how many there are.
func (w *winograd) products() int { return winogradPoints * w.groups * w.panels }

// gradWeights adds the products of rows transformed tiles with transformed gradients to sums, which are in the order of transformed filters.
func (w *winograd) gradWeights(wk *worker, r *room, rows int, sums []float32, flags int) {
	u, t := w.u, wk.tile()
	t.am, t.ak, t.offs, t.segs, t.k = 4, 4*w.in.C, &noOffset, 1, rows
	t.bk, t.ldc, t.flags = 4*w.out.C, 4*w.width, flags
	for job := range w.groups * w.panels {
		group, panel := job/w.panels, job%w.panels
		lanes := min(w.width, w.fg-panel*w.width)
		u.across(t, lanes)
		parts := cutInto(w.cg, u.rowsOf(lanes))
		for p := range winogradPoints {
			t.b = &r.out[p*r.outPoints+group*w.fg+panel*w.width]
			for k := range parts.n {
				m, end := parts.from(k), parts.from(k+1)
				t.a = &r.in[p*r.inPoints+group*w.cg+m]
				t.c = &sums[((job*winogradPoints+p)*w.cg+m)*w.width]
				t.run(end - m)
			}
		}
	}
}

// winogradFilters prepares a convolution in this way, with filters packed for the direct way first; nil where the direct way is better for so many samples at a
// time.
func (e *cpuExecutor) winogradFilters(c *convShape, samples int, key packKey, packDirect func(job int, dst, w []float32)) (*winograd, []float32) {
	w := c.winograd()
	if w == nil || !w.pays(samples) {
		return nil, nil
	}
	key.kind += packWinograd
	e.reserve(max(w.roomLen(w.atOnce(samples)), c.packedLen()+w.tmpLen()))
	return w, e.packedFilters(key, w.packedLen(), w.groups*w.panels, func(wk *worker, job int, dst, weights []float32) {
		direct := wk.scratch[:c.packedLen()]
		packDirect(job, direct, weights)
		w.pack(job, dst, direct, wk.scratch[c.packedLen():])
	})
}

// convWinograd does a convolution, or the gradient of an input by a turned one; nil where the direct way is better.
func (e *cpuExecutor) convWinograd(c *convShape, x, y ID, key packKey, packDirect func(job int, dst, w []float32), bias []float32, flags int) sliceOp {
	samples := min(e.together, e.sliceSize)
	w, packed := e.winogradFilters(c, samples, key, packDirect)
	if w == nil {
		return nil
	}
	if bias == nil {
		bias = memory(w.out.C)
	}
	atOnce := w.atOnce(samples)
	part := func(wk *worker, from, to int) {
		r := w.room(wk.scratch, to-from)
		for n := from; n < to; n++ {
			w.input(r.in, r.inPoints, (n-from)*w.tiles(), w.big.pad(r.img, e.of(x, n)), r.scratch, 0, w.down)
		}
		for p := range w.products() {
			w.multiply(wk, &r, (to-from)*w.tiles(), packed, p)
		}
		for n := from; n < to; n++ {
			w.output(e.of(y, n), r.out, r.outPoints, (n-from)*w.tiles(), bias, r.edge, r.scratch, flags, 0, w.down)
		}
	}
	return func(wk *worker, _, from, to int) {
		for ; from < to; from += atOnce {
			part(wk, from, min(from+atOnce, to))
		}
	}
}

// winogradShared does a convolution of a few samples, each part of it shared among workers; nil where the direct way is better.
func (e *cpuExecutor) winogradShared(c *convShape, o Conv, flags int) []stage {
	w, packed := e.winogradFilters(c, e.p.Batch, packKey{o.W, packForward, o.Groups, c.vectors}, c.pack)
	if w == nil {
		return nil
	}
	bias := e.bias(o.B)
	if bias == nil {
		bias = memory(w.out.C)
	}
	images := e.p.Batch * w.big.imageLen()
	e.needs.image = max(e.needs.image, images+w.roomLen(e.p.Batch))
	shared := func() room { return w.room(e.image[images:], e.p.Batch) }
	rows := func() int { return e.samples() * w.down }
	edge := w.tile * w.tile * w.out.C
	return []stage{
		{func() int { return e.samples() * w.big.height }, func(_ *worker, job int) {
			n := job / w.big.height
			w.big.padRow(e.image[n*w.big.imageLen():], e.of(o.X, n), job%w.big.height)
		}},
		{rows, func(wk *worker, job int) {
			r, n, row := shared(), job/w.down, job%w.down
			w.input(r.in, r.inPoints, n*w.tiles(), e.image[n*w.big.imageLen():], wk.scratch, row, row+1)
		}},
		{fixed(w.products()), func(wk *worker, job int) {
			r := shared()
			w.multiply(wk, &r, e.samples()*w.tiles(), packed, job)
		}},
		{rows, func(wk *worker, job int) {
			r, n, row := shared(), job/w.down, job%w.down
			w.output(e.of(o.Y, n), r.out, r.outPoints, n*w.tiles(), bias, wk.scratch[:edge], wk.scratch[edge:], flags, row, row+1)
		}},
	}
}

// sumsOf is how many numbers the sums of products of a gradient of weights may be: they must stay in the second-level cache.
const sumsOf = 1 << 18

// gradWeightsWinograd is the slice's part of the gradient of the weights, and how the sums of the slices become a gradient in the order of packed filters; nil
// where the direct way is better.
func (e *cpuExecutor) gradWeightsWinograd(c *convShape, x, dy ID) (w *winograd, do func(wk *worker, from, to int, sums []float32, first bool)) {
	samples := min(e.together, e.sliceSize)
	w = c.winograd()
	if w == nil || w.packedLen() > sumsOf || !w.pays(samples) {
		return nil, nil
	}
	atOnce := w.atOnce(samples)
	e.reserve(max(w.roomLen(atOnce), c.packedLen()+w.tmpLen()))
	part := func(wk *worker, from, to int, sums []float32, flags int) {
		r := w.room(wk.scratch, to-from)
		for n := from; n < to; n++ {
			w.input(r.in, r.inPoints, (n-from)*w.tiles(), w.big.pad(r.img, e.of(x, n)), r.scratch, 0, w.down)
			w.gradient(r.out, r.outPoints, (n-from)*w.tiles(), e.of(dy, n), r.edge, r.scratch)
		}
		w.gradWeights(wk, &r, (to-from)*w.tiles(), sums, flags)
	}
	return w, func(wk *worker, from, to int, sums []float32, first bool) {
		for ; from < to; from += atOnce {
			part(wk, from, min(from+atOnce, to), sums, addFlag(!first)) // the first products are written over the sums of the step before
			first = false
		}
	}
}
