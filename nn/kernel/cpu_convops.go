package kernel

// filters packs the filters of a convolution for going forward.
func (e *cpuExecutor) filters(c *convShape, w ID) []float32 {
	return e.packedFilters(packKey{w, packForward, c.groups, c.vectors}, c.packedLen(), c.packJobs(), anywhere(c.pack))
}

// anywhere returns a packing that needs no worker.
func anywhere(pack func(job int, dst, w []float32)) func(*worker, int, []float32, []float32) {
	return func(_ *worker, job int, dst, w []float32) { pack(job, dst, w) }
}

func (e *cpuExecutor) bias(id ID) []float32 {
	if id == None {
		return nil
	}
	return e.mem[id]
}

func convFlags(relu bool) int {
	if relu {
		return rectify
	}
	return 0
}

func (e *cpuExecutor) convShape(x, y ID, g Geometry, groups int) *convShape {
	return newConvShape(e.u, e.p.Buffers[x].Shape, e.p.Buffers[y].Shape, g, groups)
}

// following returns a buffer of the sample after n, nil behind the last one before to.
func (e *cpuExecutor) following(id ID, n, to int) []float32 {
	if n+1 >= to {
		return nil
	}
	return e.of(id, n+1)
}

// conv does a convolution sample by sample.
func (e *cpuExecutor) conv(o Conv, relu bool) sliceOp {
	return e.convolve(e.convShape(o.X, o.Y, o.Geometry, o.Groups), o.X, o.Y, o.W, packForward, o.B, convFlags(relu))
}

// convolve does a convolution with filters packed in an order: forward, or turned where c is a turned convolution.
func (e *cpuExecutor) convolve(c *convShape, x, y, w ID, order int, b ID, flags int) sliceOp {
	bias, key, pack := e.bias(b), packKey{w, order, c.groups, c.vectors}, c.pack
	if order == packTurned {
		pack = c.packTurned
	}
	if do := e.convWinograd(c, x, y, key, pack, bias, flags); do != nil {
		return do
	}
	packed := e.packedFilters(key, c.packedLen(), c.packJobs(), anywhere(pack))
	e.reserve(c.imageLen())
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			c.sample(w, c.pad(w.scratch, e.of(x, n)), e.following(x, n, to), packed, bias, e.of(y, n), flags)
		}
	}
}

// sharedWork is how many multiply-adds of a convolution are worth sharing among workers.
const sharedWork = 1 << 22

// convShared does a convolution of a few samples, shared among workers by panels and rows; nil if that is not worth it.
func (e *cpuExecutor) convShared(o Conv, relu bool) []stage {
	c := e.convShape(o.X, o.Y, o.Geometry, o.Groups)
	if c.taps*c.whole*c.out.C < sharedWork {
		return nil
	}
	bias, flags := e.bias(o.B), convFlags(relu)
	if list := e.winogradShared(c, o, flags); list != nil {
		return list
	}
	packed := e.filters(c, o.W)
	e.needs.image = max(e.needs.image, e.p.Batch*c.imageLen())
	parts := max(min(ceilDiv(4*sliceCount, c.packJobs()), c.strips), 1)
	var list []stage
	if c.padded {
		list = append(list, stage{func() int { return e.samples() * c.height }, func(_ *worker, job int) {
			n := job / c.height
			c.padRow(e.image[n*c.imageLen():], e.of(o.X, n), job%c.height)
		}})
	}
	return append(list, stage{func() int { return e.samples() * c.packJobs() * parts }, func(w *worker, job int) {
		part, panel, n := job%parts, job/parts%c.packJobs(), job/parts/c.packJobs()
		img := e.of(o.X, n)
		if c.padded {
			img = e.image[n*c.imageLen() : (n+1)*c.imageLen()]
		}
		w.tile()
		c.forward(w, img, packed, bias, e.of(o.Y, n), flags, panel, part*c.strips/parts, (part+1)*c.strips/parts)
	}})
}

// spread is the gradient of the input of a convolution, or the transposed convolution of dy, then with a bias perhaps.
func (e *cpuExecutor) spread(dy, w, b, dx ID, g Geometry, groups int, add bool) sliceOp {
	c := e.convShape(dx, dy, g, groups)
	if !c.scatters() {
		return e.convolve(c.turned(), dy, dx, w, packTurned, b, addFlag(add))
	}
	bias := e.bias(b)
	packed := e.packedFilters(packKey{w, packScattered, groups, 0}, c.scatterLen(), c.scatterJobs(), anywhere(c.packScattered))
	e.reserve(c.imageLen())
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			dx, add := e.of(dx, n), add
			if bias != nil {
				add = true
				for at := 0; at < len(dx); at += len(bias) {
					copy(dx[at:], bias)
				}
			}
			img := dx
			if c.padded {
				img = w.scratch[:c.imageLen()]
			}
			if c.padded || !add {
				clear(img)
			}
			c.scatter(w, e.of(dy, n), packed, img)
			if c.padded {
				c.unpad(dx, img, add)
			}
		}
	}
}

func addFlag(add bool) int {
	if add {
		return addC
	}
	return 0
}

// correlate is the gradient dw of the weights of a convolution from x to a gradient dy, and db of biases that were added to the values whose gradient is biased. It sums
// each slice into memory of its own, and then the slices in order.
func (e *cpuExecutor) correlate(x, dy, dw, biased, db ID, g Geometry, groups int) (sliceOp, []stage) {
	c := e.convShape(x, dy, g, groups)
	s := e.p.Buffers[biased].Shape
	length, channels := c.packedLen(), s.C
	win, gradWeights := e.gradWeightsWinograd(c, x, dy)
	switch {
	case win != nil:
		length = win.packedLen()
	case c.pointwise():
		length = c.out.C * c.in.C
		gradWeights = func(w *worker, from, to int, sums []float32, first bool) {
			if first {
				clear(sums)
			}
			c.gradPointwise(w, e.ofAll(x, from, to), e.ofAll(dy, from, to), to-from, e.stride, sums)
		}
	default:
		gradWeights = func(w *worker, from, to int, sums []float32, first bool) {
			if first {
				clear(sums)
			}
			for n := from; n < to; n++ {
				c.gradWeights(w, c.pad(w.scratch, e.of(x, n)), e.of(dy, n), e.following(dy, n, to), sums)
			}
		}
	}
	e.reserve(max(c.imageLen(), channels))
	parts := make([][]float32, sliceCount)
	for i := range parts {
		parts[i] = memory(length + channels)
	}
	do := func(w *worker, slice, from, to int) {
		sums, bias := parts[slice][:length], parts[slice][length:]
		first := e.begins(slice, from)
		if first {
			clear(bias)
		}
		gradWeights(w, from, to, sums, first)
		if db == None {
			return
		}
		for n := from; n < to; n++ {
			e.u.sumWindow(w.scratch[:channels], e.of(biased, n), 1, s.H*s.W, 0, channels, 1)
			e.u.add(bias, w.scratch[:channels])
		}
	}
	sum := e.unpackSum(c, win, dw, parts, length)
	if c.pointwise() { // its parts are in the weights' own order
		sum = e.sumParts(dw, parts, length, 0)
	}
	list := []stage{sum}
	if db == None {
		return do, list
	}
	return do, append(list, e.sumParts(db, parts, channels, length))
}

// sumParts adds n numbers of the parts of the slices, from offset on, to a gradient.
func (e *cpuExecutor) sumParts(to ID, parts [][]float32, n, offset int) stage {
	return stage{fixed(ceilDiv(n, chunk)), func(_ *worker, job int) {
		from, end := job*chunk, min((job+1)*chunk, n)
		d := e.mem[to][from:end]
		if !e.step.Add {
			clear(d)
		}
		for _, p := range parts[:e.activeSlices()] {
			e.u.add(d, p[offset+from:offset+end])
		}
	}}
}

// unpackSum adds the parts of the slices, which are in the order of packed or transformed filters, to the gradient of the weights.
func (e *cpuExecutor) unpackSum(c *convShape, win *winograd, to ID, parts [][]float32, length int) stage {
	jobs := c.packJobs()
	return stage{fixed(jobs), func(w *worker, job int) {
		from, end := job*length/jobs, (job+1)*length/jobs
		for _, p := range parts[1:e.activeSlices()] {
			e.u.add(parts[0][from:end], p[from:end])
		}
		sums := parts[0]
		if win != nil {
			sums = w.scratch[:c.packedLen()]
			win.unpack(job, sums, parts[0], w.scratch[c.packedLen():])
		}
		c.unpack(job, e.mem[to], sums, e.step.Add)
	}}
}
