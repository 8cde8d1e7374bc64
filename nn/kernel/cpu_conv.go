package kernel

// A convolution runs sample by sample as a product: filters × taps times taps × places, where a tap is a channel and a place in the
// kernel. Patches are packed straight into the product's panels; the matrix of all patches is never written.

// convShape is the geometry of one convolution with everything that its loops need.
type convShape struct {
	Geometry
	in, out Shape // of one sample, N = 1
	groups  int
	cg, fg  int // channels and filters of a group
	taps    int // cg × kernel height × kernel width
	places  int // output height × width
}

func newConvShape(in, out Shape, g Geometry, groups int) convShape {
	in.N, out.N = 1, 1
	cs := convShape{Geometry: g, in: in, out: out, groups: groups, cg: in.C / groups, fg: out.C / groups}
	cs.taps, cs.places = cs.cg*g.Kernel.H*g.Kernel.W, out.H*out.W
	return cs
}

// turned is the convolution that computes the gradient of the input from that of the output when the stride is 1: kernel turned
// by 180°, channels and filters exchanged, padding to match.
func (cs convShape) turned() convShape {
	g := cs.Geometry
	g.Pad = Pair{(g.Kernel.H-1)*g.Dilation.H - g.Pad.H, (g.Kernel.W-1)*g.Dilation.W - g.Pad.W}
	return newConvShape(cs.out, cs.in, g, cs.groups)
}

// tap splits a tap into channel and place in the kernel.
func (cs *convShape) tap(k int) (c, a, b int) {
	kk := cs.Kernel.H * cs.Kernel.W
	return k / kk, k % kk / cs.Kernel.W, k % cs.Kernel.W
}

// packPatches writes the panel of taps × lanes for the places j…j+lanes of a sample: dst[k·width+l] is what tap k sees at place j+l of x,
// the channels of one group.
func (cs *convShape) packPatches(dst []float32, width, lanes, j int, x []float32) {
	if lanes < width {
		clear(dst[:cs.taps*width])
	}
	k := 0
	for c := range cs.cg {
		plane := x[c*cs.in.H*cs.in.W : (c+1)*cs.in.H*cs.in.W]
		for a := range cs.Kernel.H {
			for b := range cs.Kernel.W {
				cs.packTap(dst[k*width:k*width+lanes], j, a, b, plane)
				k++
			}
		}
	}
}

// packTap writes what one tap sees at the places from j on.
func (cs *convShape) packTap(dst []float32, j, a, b int, plane []float32) {
	for l := 0; l < len(dst); {
		row, col := (j+l)/cs.out.W, (j+l)%cs.out.W
		n := min(cs.out.W-col, len(dst)-l)
		cs.packRow(dst[l:l+n], row*cs.Stride.H-cs.Pad.H+a*cs.Dilation.H, col*cs.Stride.W-cs.Pad.W+b*cs.Dilation.W, plane)
		l += n
	}
}

// packRow writes what a tap sees along a row: the image's row h from w on, a stride apart, zero outside.
func (cs *convShape) packRow(dst []float32, h, w int, plane []float32) {
	if h < 0 || h >= cs.in.H {
		clear(dst)
		return
	}
	line := plane[h*cs.in.W : (h+1)*cs.in.W]
	if cs.Stride.W == 1 && w >= 0 && w+len(dst) <= len(line) {
		line = line[w : w+len(dst)]
		for i := range dst {
			dst[i] = line[i]
		}
		return
	}
	for i := range dst {
		if uint(w) < uint(len(line)) {
			dst[i] = line[w]
		} else {
			dst[i] = 0
		}
		w += cs.Stride.W
	}
}

// packTaps writes the panel of places × lanes for the taps k…k+lanes: dst[p·width+l] is what tap k+l sees at place p.
func (cs *convShape) packTaps(dst []float32, width, lanes, k int, x []float32) {
	if lanes < width {
		clear(dst[:cs.places*width])
	}
	for l := range lanes {
		c, a, b := cs.tap(k + l)
		plane := x[c*cs.in.H*cs.in.W : (c+1)*cs.in.H*cs.in.W]
		at := l
		for i := range cs.out.H {
			h := i*cs.Stride.H - cs.Pad.H + a*cs.Dilation.H
			if h < 0 || h >= cs.in.H {
				for range cs.out.W {
					dst[at] = 0
					at += width
				}
				continue
			}
			line := plane[h*cs.in.W : (h+1)*cs.in.W]
			w := b*cs.Dilation.W - cs.Pad.W
			for range cs.out.W {
				if uint(w) < uint(len(line)) {
					dst[at] = line[w]
				} else {
					dst[at] = 0
				}
				at += width
				w += cs.Stride.W
			}
		}
	}
}

// packedWeights is the memory of the packed filters of all groups.
func (cs *convShape) packedWeights(t tile) int { return cs.groups * packedLen(t, cs.fg, cs.taps) }

// packWeights packs the filters of one panel of one group; there are weightJobs of them.
func (cs *convShape) packWeights(t tile, job int, dst, w []float32) {
	panels := ceilDiv(cs.fg, t.rows)
	group, panel := job/panels, job%panels
	f := panel * t.rows
	dst = dst[(group*panels+panel)*t.rows*cs.taps:]
	pack(dst, t.rows, min(t.rows, cs.fg-f), cs.taps, w[(group*cs.fg+f)*cs.taps:], cs.taps, 1)
}

func (cs *convShape) weightJobs(t tile) int { return cs.groups * ceilDiv(cs.fg, t.rows) }

// packTurned packs, for the turned convolution, the filters w of the one that it was turned from.
func (cs *convShape) packTurned(t tile, job int, dst, w []float32) {
	panels := ceilDiv(cs.fg, t.rows)
	group, panel := job/panels, job%panels
	kk := cs.Kernel.H * cs.Kernel.W
	dst = dst[(group*panels+panel)*t.rows*cs.taps:]
	for l := range t.rows {
		c := panel*t.rows + l // a filter of the turned convolution is a channel of the other
		for k := range cs.taps {
			v := float32(0)
			if c < cs.fg {
				f := k / kk // and the other way round
				v = w[((group*cs.cg+f)*cs.fg+c)*kk+kk-1-k%kk]
			}
			dst[k*t.rows+l] = v
		}
	}
}

// forward adds the convolution of one sample to y, with filters packed by packWeights or packTurned.
func (cs *convShape) forward(t tile, x, packed, y, scratch []float32) {
	panel, tmp := scratch[:cs.taps*t.cols], scratch[cs.taps*t.cols:]
	panels := ceilDiv(cs.fg, t.rows)
	for g := range cs.groups {
		xg := x[g*cs.cg*cs.in.H*cs.in.W:]
		yg := y[g*cs.fg*cs.places : (g+1)*cs.fg*cs.places]
		for j := 0; j < cs.places; j += t.cols {
			lanes := min(t.cols, cs.places-j)
			cs.packPatches(panel, t.cols, lanes, j, xg)
			for i := range panels {
				a := packed[(g*panels+i)*t.rows*cs.taps:]
				t.add(cs.taps, a, panel, yg[i*t.rows*cs.places+j:], cs.places, cs.fg-i*t.rows, lanes, tmp)
			}
		}
	}
}

// forwardScratch is what a worker needs for forward.
func (cs *convShape) forwardScratch(t tile) int { return cs.taps*t.cols + t.rows*t.cols }

// gradWeights adds the gradient of the weights by one sample to dw.
func (cs *convShape) gradWeights(t tile, x, dy, dw, scratch []float32) {
	panels := ceilDiv(cs.fg, t.rows)
	a, rest := scratch[:panels*t.rows*cs.places], scratch[panels*t.rows*cs.places:]
	panel, tmp := rest[:cs.places*t.cols], rest[cs.places*t.cols:]
	for g := range cs.groups {
		xg := x[g*cs.cg*cs.in.H*cs.in.W:]
		dyg := dy[g*cs.fg*cs.places:]
		dwg := dw[g*cs.fg*cs.taps : (g+1)*cs.fg*cs.taps]
		for i := range panels {
			f := i * t.rows
			pack(a[f*cs.places:], t.rows, min(t.rows, cs.fg-f), cs.places, dyg[f*cs.places:], cs.places, 1)
		}
		for k := 0; k < cs.taps; k += t.cols {
			lanes := min(t.cols, cs.taps-k)
			cs.packTaps(panel, t.cols, lanes, k, xg)
			for i := range panels {
				t.add(cs.places, a[i*t.rows*cs.places:], panel, dwg[i*t.rows*cs.taps+k:], cs.taps, cs.fg-i*t.rows, lanes, tmp)
			}
		}
	}
}

func (cs *convShape) gradWeightsScratch(t tile) int {
	return (ceilDiv(cs.fg, t.rows)*t.rows+t.cols)*cs.places + t.rows*t.cols
}

// scatter adds the gradient of the input for any stride: a panel of taps × places is computed and each number added to the element of
// dx that its tap sees. packed are the filters packed by packTransposed.
func (cs *convShape) scatter(t tile, dy, packed, dx, scratch []float32) {
	panels := ceilDiv(cs.taps, t.rows)
	panel, cols := scratch[:cs.fg*t.cols], scratch[cs.fg*t.cols:cs.fg*t.cols+panels*t.rows*t.cols]
	for g := range cs.groups {
		dyg := dy[g*cs.fg*cs.places:]
		dxg := dx[g*cs.cg*cs.in.H*cs.in.W : (g+1)*cs.cg*cs.in.H*cs.in.W]
		for j := 0; j < cs.places; j += t.cols {
			lanes := min(t.cols, cs.places-j)
			pack(panel, t.cols, lanes, cs.fg, dyg[j:], 1, cs.places)
			clear(cols)
			for i := range panels {
				a := packed[(g*panels+i)*t.rows*cs.fg:]
				t.run(cs.fg, &a[0], &panel[0], &cols[i*t.rows*t.cols], t.cols)
			}
			cs.addPatches(cols, t.cols, lanes, j, dxg)
		}
	}
}

// addPatches adds a panel of taps × places to the image that the taps see.
func (cs *convShape) addPatches(cols []float32, width, lanes, j int, dx []float32) {
	for k := range cs.taps {
		c, a, b := cs.tap(k)
		plane := dx[c*cs.in.H*cs.in.W : (c+1)*cs.in.H*cs.in.W]
		for l, v := range cols[k*width : k*width+lanes] {
			h := (j+l)/cs.out.W*cs.Stride.H - cs.Pad.H + a*cs.Dilation.H
			w := (j+l)%cs.out.W*cs.Stride.W - cs.Pad.W + b*cs.Dilation.W
			if uint(h) < uint(cs.in.H) && uint(w) < uint(cs.in.W) {
				plane[h*cs.in.W+w] += v
			}
		}
	}
}

func (cs *convShape) scatterScratch(t tile) int {
	return cs.fg*t.cols + ceilDiv(cs.taps, t.rows)*t.rows*t.cols
}

// packTransposed packs one panel of taps of one group for scatter.
func (cs *convShape) packTransposed(t tile, job int, dst, w []float32) {
	panels := ceilDiv(cs.taps, t.rows)
	group, panel := job/panels, job%panels
	k := panel * t.rows
	dst = dst[(group*panels+panel)*t.rows*cs.fg:]
	pack(dst, t.rows, min(t.rows, cs.taps-k), cs.fg, w[group*cs.fg*cs.taps+k:], 1, cs.taps)
}

func (cs *convShape) transposedJobs(t tile) int { return cs.groups * ceilDiv(cs.taps, t.rows) }

func (cs *convShape) packedTransposed(t tile) int { return cs.groups * packedLen(t, cs.taps, cs.fg) }
