package kernel

// A convolution is a product without a matrix of patches: with the channels of a place side by side, what a row of the kernel sees is one run
// of the image, the runs of neighbouring places lie a fixed distance apart, and the tiles of the product read A straight from there. Where there
// is padding they read from a copy of the sample with zeros around.

// convShape is the geometry of one convolution with everything that its loops need.
type convShape struct {
	Geometry
	u       *unit
	in, out Shape // of one sample, N = 1
	groups  int
	cg, fg  int // channels and filters of a group
	taps    int // cg × kernel height × kernel width

	vectors, width, panels int // filters of a group are cut into panels of so many vectors

	padded        bool
	height, pitch int   // of the image with padding
	run           int   // numbers of A that follow each other: a row of the kernel, or the channels of one place of it
	offs          []int // where these runs begin, in bytes
	rows, places  int   // output rows, places of a row; pointwise convolutions see the image as one row
	rowOffs       []int // where the rows' windows begin in the image, in bytes
	whole         int   // places of the output
	strips        int   // parts of the output that are computed at a time: rows, or some places of a pointwise convolution
	parts         []sumPart
	spans         []span
}

// A sumPart is a part of the sum over the taps, so small that its weights stay near while a panel goes over the image.
type sumPart struct {
	first, segs, k int // segments from first on, k numbers of each
	from           int // the first of these numbers within the segment
	tap            int // the number of the first tap
}

// A span is a part of the places of the output, so small that a panel of its gradient stays near.
type span struct {
	row, rows int // rows of the output, if it is cut into rows
	from, k   int // places of each
}

// near is how many numbers of an operand stay in the second-level cache beside all else. (Parts that stay in the first level were tried: what is
// gained is lost again by adding to C more often.)
const near = 1 << 15

func newConvShape(u *unit, in, out Shape, g Geometry, groups int) *convShape {
	in.N, out.N = 1, 1
	c := &convShape{Geometry: g, u: u, in: in, out: out, groups: groups, cg: in.C / groups, fg: out.C / groups, whole: out.H * out.W}
	c.taps = c.cg * g.Kernel.H * g.Kernel.W
	c.height, c.pitch = (out.H-1)*g.Stride.H+(g.Kernel.H-1)*g.Dilation.H+1, (out.W-1)*g.Stride.W+(g.Kernel.W-1)*g.Dilation.W+1
	c.padded = g.Pad != Pair{} || c.height > in.H || c.pitch > in.W
	if !c.padded {
		c.height, c.pitch = in.H, in.W
	}
	if groups == 1 && g.Dilation.W == 1 {
		c.run = g.Kernel.W * in.C
		for a := range g.Kernel.H {
			c.offs = append(c.offs, 4*a*g.Dilation.H*c.pitch*in.C)
		}
	} else {
		c.run = c.cg
		for a := range g.Kernel.H {
			for b := range g.Kernel.W {
				c.offs = append(c.offs, 4*(a*g.Dilation.H*c.pitch+b*g.Dilation.W)*in.C)
			}
		}
	}
	c.rows, c.places = out.H, out.W
	if !c.padded && g.Kernel == (Pair{1, 1}) && g.Stride == (Pair{1, 1}) && in.W == out.W {
		c.rows, c.places = 1, c.whole
	}
	for i := range c.rows {
		c.rowOffs = append(c.rowOffs, 4*i*g.Stride.H*c.pitch*in.C)
	}
	c.choosePanels()
	c.strips = c.rows
	if c.rows == 1 {
		c.strips = max(ceilDiv(c.places, u.rowsOf(min(c.width, c.fg)))/tilesOfStrip, 1)
	}
	c.cut()
	return c
}

// tilesOfStrip is how many tiles of places a strip of a pointwise convolution has at least.
const tilesOfStrip = 4

// strip returns the places from–to of one row of the output.
func (c *convShape) strip(i int) (row, from, to int) {
	if c.rows > 1 {
		return i, 0, c.places
	}
	tiles := ceilDiv(c.places, c.u.rowsOf(min(c.width, c.fg)))
	return 0, i * tiles / c.strips * c.places / tiles, (i + 1) * tiles / c.strips * c.places / tiles
}

// cut makes the parts of sums.
func (c *convShape) cut() {
	most := max(near/c.width, 1) // numbers of a sum for which an operand is near
	if group := most / c.run; group > 0 {
		for i := 0; i < len(c.offs); i += group {
			c.parts = append(c.parts, sumPart{i, min(group, len(c.offs)-i), c.run, 0, i * c.run})
		}
	} else {
		pieces := ceilDiv(c.run, most)
		for i := range c.offs {
			for j := range pieces {
				from, to := j*c.run/pieces, (j+1)*c.run/pieces
				c.parts = append(c.parts, sumPart{i, 1, to - from, from, i*c.run + from})
			}
		}
	}
	if group := most / c.places; group > 0 {
		for i := 0; i < c.rows; i += group {
			c.spans = append(c.spans, span{i, min(group, c.rows-i), 0, c.places})
		}
		return
	}
	pieces := ceilDiv(c.places, most)
	for i := range c.rows {
		for j := range pieces {
			from, to := j*c.places/pieces, (j+1)*c.places/pieces
			c.spans = append(c.spans, span{i, 1, from, to - from})
		}
	}
}

// choosePanels takes the width of panels that costs the least: cycles of a tile are bounded by multiply-adds, by loads and by the time that
// a sum takes, and last tiles and panels may be smaller.
func (c *convShape) choosePanels() {
	best := 0.0
	for v := 1; v <= 4; v++ {
		width := v * c.u.lanes
		cost := 0.0
		for f := 0; f < c.fg; f += width {
			vectors := ceilDiv(min(width, c.fg-f), c.u.lanes)
			tiles := ceilDiv(c.places, c.u.most[vectors])
			m := float64(c.places) / float64(tiles)
			n := float64(vectors)
			cost += float64(tiles) * (max(m*n/2, (m+n)/2, 4) + 1)
		}
		if best == 0 || cost < best {
			best, c.vectors, c.width = cost, v, width
		}
	}
	c.panels = ceilDiv(c.fg, c.width)
}

// turned returns the convolution that computes the gradient of the input from that of the output when the stride is 1: kernel turned
// by 180°, channels and filters exchanged, padding to match. There is none where the padding exceeds the kernel.
func (c *convShape) turned() *convShape {
	g := c.Geometry
	g.Pad = Pair{(g.Kernel.H-1)*g.Dilation.H - g.Pad.H, (g.Kernel.W-1)*g.Dilation.W - g.Pad.W} // PadEnd follows from the sizes
	if g.Stride != (Pair{1, 1}) || g.Pad.H < 0 || g.Pad.W < 0 {
		return nil
	}
	return newConvShape(c.u, c.out, c.in, g, c.groups)
}

// imageLen returns the memory that a sample with its padding takes.
func (c *convShape) imageLen() int {
	if !c.padded {
		return 0
	}
	return c.height * c.pitch * c.in.C
}

// pad returns the sample with zeros around, in dst where there is padding.
func (c *convShape) pad(dst, x []float32) []float32 {
	if !c.padded {
		return x
	}
	for h := range c.height {
		c.padRow(dst, x, h)
	}
	return dst
}

// padRow writes one row of the sample with zeros around.
func (c *convShape) padRow(dst, x []float32, h int) {
	line, n := c.pitch*c.in.C, c.in.W*c.in.C
	row := dst[h*line : (h+1)*line]
	if h < c.Pad.H || h >= c.Pad.H+c.in.H {
		clear(row)
		return
	}
	left := min(c.Pad.W*c.in.C, line)
	clear(row[:left])
	row = row[left:]
	clear(row[copy(row, x[(h-c.Pad.H)*n:(h-c.Pad.H+1)*n]):])
}

// packedLen returns the memory of the packed filters: for each group, each panel, each tap (place in the kernel, channel) a row of the panel's width.
func (c *convShape) packedLen() int { return c.groups * c.panels * c.taps * c.width }

func (c *convShape) packJobs() int { return c.groups * c.panels }

// eachFilter calls f for each filter of a panel of a group: its number within the panel, and where its weights begin.
func (c *convShape) eachFilter(job int, f func(lane, weights int)) {
	group, panel := job/c.panels, job%c.panels
	for lane := range min(c.width, c.fg-panel*c.width) {
		f(lane, (group*c.fg+panel*c.width+lane)*c.taps)
	}
}

// pack writes one panel of filters w.
func (c *convShape) pack(job int, dst, w []float32) {
	dst = dst[job*c.taps*c.width : (job+1)*c.taps*c.width]
	kk := c.Kernel.H * c.Kernel.W
	c.eachFilter(job, func(lane, from int) {
		w := w[from : from+c.taps]
		for ch := range c.cg {
			at := ch*c.width + lane
			for _, v := range w[ch*kk : (ch+1)*kk] {
				dst[at] = v
				at += c.cg * c.width
			}
		}
	})
}

// unpack adds a packed gradient to that of the weights of the filters of one panel, or replaces it.
func (c *convShape) unpack(job int, dw, src []float32, add bool) {
	src = src[job*c.taps*c.width : (job+1)*c.taps*c.width]
	kk := c.Kernel.H * c.Kernel.W
	c.eachFilter(job, func(lane, from int) {
		w := dw[from : from+c.taps]
		if !add {
			clear(w)
		}
		for ch := range c.cg {
			at, w := ch*c.width+lane, w[ch*kk:(ch+1)*kk]
			for i := range w {
				w[i] += src[at]
				at += c.cg * c.width
			}
		}
	})
}

// packTurned packs, for the turned convolution c, the filters w of the one that it was turned from.
func (c *convShape) packTurned(job int, dst, w []float32) {
	dst = dst[job*c.taps*c.width : (job+1)*c.taps*c.width]
	kk := c.Kernel.H * c.Kernel.W
	group, panel := job/c.panels, job%c.panels
	lanes := min(c.width, c.fg-panel*c.width)
	for f := range c.cg { // a channel of the turned convolution is a filter of the other, and the other way round
		w := w[((group*c.cg+f)*c.fg+panel*c.width)*kk:]
		for lane := range lanes {
			at := ((kk-1)*c.cg+f)*c.width + lane
			for _, v := range w[lane*kk : (lane+1)*kk] {
				dst[at] = v
				at -= c.cg * c.width
			}
		}
	}
}

// sample computes the output y of a sample from img, which has its padding; next is the one that follows, or nil.
func (c *convShape) sample(w *worker, img, next, packed, bias, y []float32, flags int) {
	t := w.tile()
	if c.rows > 1 || c.strips == 1 || c.packedLen() > cached/4 {
		for job := range c.packJobs() {
			c.forward(w, img, packed, bias, y, flags, job, 0, c.strips)
		}
		return
	}
	// All weights stay near, and places go by once.
	for i := range c.strips {
		_, from, to := c.strip(i)
		rest := img[to*c.in.C:]
		if i == c.strips-1 {
			rest = next
		}
		if len(rest) > 0 {
			turns := c.taps / unrolled * ceilDiv(to-from, c.u.rowsOf(min(c.width, c.fg))) * c.panels
			t.fetch(&rest[0], min((to-from)*c.in.C, len(rest)), turns)
		}
		for job := range c.packJobs() {
			c.forward(w, img, packed, bias, y, flags, job, i, i+1)
		}
	}
}

// forward computes some strips of one panel of one group of a sample: from img, which has its padding, into y.
func (c *convShape) forward(w *worker, img, packed, bias, y []float32, flags, job, from, to int) {
	u, t := c.u, &w.t
	group, panel := job/c.panels, job%c.panels
	f := group*c.fg + panel*c.width
	lanes := min(c.width, c.fg-panel*c.width)
	most := u.rowsOf(lanes)
	t.am, t.ak = 4*c.Stride.W*c.in.C, 4
	t.bk, t.ldc = 4*c.width, 4*c.out.C
	u.across(t, lanes)
	t.bias = nil
	if bias != nil {
		t.bias = &bias[f]
	}
	for n, part := range c.parts {
		t.offs, t.segs, t.k = &c.offs[part.first], part.segs, part.k
		at, size := (job*c.taps+part.tap)*c.width, part.segs*part.k*c.width
		t.b = &packed[at]
		if to-from > 1 || c.strips == 1 { // the weights that come next
			_, first, last := c.strip(from)
			after := min(at+size, len(packed)-1)
			t.fetch(&packed[after], min(size, len(packed)-after), (to-from)*ceilDiv(last-first, most)*t.turns())
		}
		t.flags = flags & addC
		if n > 0 {
			t.flags = addC
		}
		if n == len(c.parts)-1 {
			t.flags |= flags & rectify
		}
		for i := from; i < to; i++ {
			r, first, last := c.strip(i)
			row := img[c.rowOffs[r]/4+group*c.cg+part.from:]
			parts := cutInto(last-first, most)
			for k := range parts.n {
				j, end := first+parts.from(k), first+parts.from(k+1)
				t.a = &row[j*c.Stride.W*c.in.C]
				t.c = &y[(r*c.places+j)*c.out.C+f]
				t.run(end - j)
			}
		}
	}
}

// gradWeights adds the gradient of the weights by one sample to dw, which is in the order of packed filters. next is the gradient of the output of the sample that
// follows, or nil.
func (c *convShape) gradWeights(w *worker, img, dy, next, dw []float32) {
	u, t := c.u, w.tile()
	t.am, t.ak = 4, 4*c.Stride.W*c.in.C
	t.bk, t.ldc, t.flags = 4*c.out.C, 4*c.width, addC
	most := u.rowsOf(min(c.width, c.fg))
	for i, s := range c.spans {
		t.offs, t.segs, t.k = &c.rowOffs[s.row], s.rows, s.k
		begin := (s.row*c.places + s.from) * c.out.C
		end := begin + s.rows*s.k*c.out.C
		rest := dy[end:]
		if i == len(c.spans)-1 {
			rest = next
		}
		if len(rest) > 0 {
			t.fetch(&rest[0], min(end-begin, len(rest)), c.packJobs()*len(c.offs)*ceilDiv(c.run, most)*t.turns())
		}
		for job := range c.packJobs() {
			group, panel := job/c.panels, job%c.panels
			lanes := min(c.width, c.fg-panel*c.width)
			u.across(t, lanes)
			parts := cutInto(c.run, u.rowsOf(lanes))
			t.b = &dy[begin+group*c.fg+panel*c.width]
			at := job * c.taps * c.width
			for _, off := range c.offs {
				from := img[off/4+group*c.cg+s.from*c.Stride.W*c.in.C:]
				for k := range parts.n {
					m, end := parts.from(k), parts.from(k+1)
					t.a = &from[m]
					t.c = &dw[at+m*c.width]
					t.run(end - m)
				}
				at += c.run * c.width
			}
		}
	}
}

// pointwise tells a convolution whose places each see one place of the input, of all channels.
func (c *convShape) pointwise() bool {
	return c.groups == 1 && !c.padded && c.Kernel == (Pair{1, 1}) && c.Stride == (Pair{1, 1}) && c.in.C >= c.u.lanes
}

// gradPointwise adds the gradient of the weights of a pointwise convolution by some samples, stride numbers apart, to dw, filters × channels: with channels in the
// vectors, of which there are many, and not filters, of which there may be few; and in the weights' own order.
func (c *convShape) gradPointwise(w *worker, x, dy []float32, samples, stride int, dw []float32) {
	u, t := c.u, w.tile()
	vectors := c.gradVectors()
	width, parts := vectors*u.lanes, cutInto(c.out.C, u.most[vectors])
	panels := ceilDiv(c.in.C, width)
	t.am, t.ak, t.bk = 4, 4*c.out.C, 4*c.in.C
	t.ldc, t.flags, t.skip = 4*c.in.C, addC, 4*(stride-c.whole*c.in.C)
	pieces, together := ceilDiv(c.whole, placesOfPiece), max(placesOfPiece/c.whole, 1)
	var offs [placesOfPiece]int
	for i := range min(together, samples) {
		offs[i] = 4 * i * stride
	}
	t.offs = &offs[0]
	for n := 0; n < samples; n += together {
		t.segs = min(together, samples-n)
		for piece := range pieces {
			from, to := piece*c.whole/pieces, (piece+1)*c.whole/pieces
			t.k = to - from
			// The next piece, or the first sample of the next ones.
			ahead := n*stride + to*c.in.C
			if piece == pieces-1 {
				ahead = (n + together) * stride
			}
			if ahead < len(x) {
				t.fetch(&x[ahead], min((to-from)*c.in.C, len(x)-ahead), parts.n*panels*t.turns())
			}
			for ch := 0; ch < c.in.C; ch += width {
				u.across(t, min(width, c.in.C-ch))
				t.b = &x[n*stride+from*c.in.C+ch]
				for k := range parts.n {
					f, end := parts.from(k), parts.from(k+1)
					t.a, t.c = &dy[n*stride+from*c.out.C+f], &dw[f*c.in.C+ch]
					t.run(end - f)
				}
			}
		}
	}
}

// placesOfPiece is about how many places of a sample the gradient of a pointwise convolution takes at a time: so few that all their channels stay near.
const placesOfPiece = 112

// gradVectors returns how many vectors of channels a tile of that gradient takes: what costs the least.
func (c *convShape) gradVectors() int {
	best, vectors := 0.0, 0
	for v := 1; v <= 4; v++ {
		all, tiles := ceilDiv(c.in.C, c.u.lanes), ceilDiv(c.out.C, c.u.most[v])
		m := float64(c.out.C) / float64(tiles)
		cost := 0.0
		for left := all; left > 0; left -= v {
			n := float64(min(v, left))
			cost += float64(tiles) * (m*n/2 + .1*(m+n) + 1)
		}
		if vectors == 0 || cost < best {
			best, vectors = cost, v
		}
	}
	return vectors
}

// Scattering is the other way to the gradient of the input, for any stride: at each place of the kernel the gradient of the output is multiplied with
// the weights of that place and added to the places of the input that it sees.

// scatters reports whether scattering is better than a turned convolution: where that does not exist, or where most of what it multiplies with is padding.
func (c *convShape) scatters() bool {
	turned := c.turned()
	return turned == nil || 4*turned.whole > 5*c.whole
}

// scatterPanels are panels of the channels of a group.
func (c *convShape) scatterPanels() (width, panels int) {
	width = min(2, ceilDiv(c.cg, c.u.lanes)) * c.u.lanes
	return width, ceilDiv(c.cg, width)
}

// scatterJobs returns how many parts the packing for scatter has: groups × places of the kernel.
func (c *convShape) scatterJobs() int { return c.groups * c.Kernel.H * c.Kernel.W }

func (c *convShape) scatterLen() int {
	width, panels := c.scatterPanels()
	return c.scatterJobs() * panels * c.fg * width
}

// packScattered packs the weights of one group and one place of the kernel: for each panel of channels and each filter a row of the panel's width.
func (c *convShape) packScattered(job int, dst, w []float32) {
	width, panels := c.scatterPanels()
	kk := c.Kernel.H * c.Kernel.W
	group, place := job/kk, job%kk
	dst = dst[job*panels*c.fg*width:]
	for f := range c.fg {
		w := w[(group*c.fg+f)*c.taps+place:]
		for ch := range c.cg {
			dst[(ch/width*c.fg+f)*width+ch%width] = w[ch*kk]
		}
	}
}

// scatter adds the gradient of the input of one sample to img, which has room for the padding.
func (c *convShape) scatter(w *worker, dy, packed, img []float32) {
	u, t := c.u, w.tile()
	width, panels := c.scatterPanels()
	t.am, t.ak, t.offs, t.segs, t.k = 4*c.out.C, 4, &noOffset, 1, c.fg
	t.bk, t.ldc, t.flags = 4*width, 4*c.Stride.W*c.in.C, addC
	for job := range c.scatterJobs() {
		group, a, b := job/c.Kernel.H/c.Kernel.W, job/c.Kernel.W%c.Kernel.H, job%c.Kernel.W
		for p := range panels {
			lanes := min(width, c.cg-p*width)
			t.b = &packed[(job*panels+p)*c.fg*width]
			at := (a*c.Dilation.H*c.pitch+b*c.Dilation.W)*c.in.C + group*c.cg + p*width
			u.across(t, lanes)
			parts := cutInto(c.places, u.rowsOf(lanes))
			for i := range c.rows {
				for k := range parts.n {
					j, end := parts.from(k), parts.from(k+1)
					t.a = &dy[(i*c.places+j)*c.out.C+group*c.fg]
					t.c = &img[c.rowOffs[i]/4+at+j*c.Stride.W*c.in.C]
					t.run(end - j)
				}
			}
		}
	}
}

// unpad writes the sample without the zeros around it, or adds it.
func (c *convShape) unpad(dx, img []float32, add bool) {
	line, n := c.pitch*c.in.C, c.in.W*c.in.C
	for h := range c.in.H {
		to := dx[h*n : (h+1)*n]
		if h+c.Pad.H >= c.height {
			if !add {
				clear(to) // no window sees it
			}
			continue
		}
		row := img[(h+c.Pad.H)*line : (h+c.Pad.H+1)*line]
		from := row[min(c.Pad.W*c.in.C, line):]
		from = from[:min(n, len(from))]
		if add {
			c.u.add(to[:len(from)], from)
		} else {
			clear(to[copy(to, from):])
		}
	}
}
