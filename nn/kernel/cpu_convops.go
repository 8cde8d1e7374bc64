package kernel

// filters packs the filters of a convolution for going forward.
func (e *cpuExecutor) filters(c *convShape, w ID) []float32 {
	return e.packedFilters(packKey{w, packForward, c.groups, c.vectors}, c.packedLen(), c.packJobs(), anywhere(c.pack))
}

// anywhere is a packing that needs no worker.
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

// following is a buffer of the sample after n, nil behind the last one before to.
func (e *cpuExecutor) following(id ID, n, to int) []float32 {
	if n+1 >= to {
		return nil
	}
	return e.of(id, n+1)
}

// conv does a convolution sample by sample.
func (e *cpuExecutor) conv(o Conv, relu bool) sliceOp {
	c := e.convShape(o.X, o.Y, o.Geometry, o.Groups)
	bias, flags := e.bias(o.B), convFlags(relu)
	if do := e.convWinograd(c, o.X, o.Y, packKey{o.W, packForward, o.Groups, c.vectors}, c.pack, bias, flags); do != nil {
		return do
	}
	packed := e.filters(c, o.W)
	e.reserve(c.imageLen())
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			c.sample(w, c.pad(w.scratch, e.of(o.X, n)), e.following(o.X, n, to), packed, bias, e.of(o.Y, n), flags)
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

func (e *cpuExecutor) convGradInput(o ConvGradInput) sliceOp {
	c := e.convShape(o.DX, o.DY, o.Geometry, o.Groups)
	if c.scatters() {
		packed := e.packedFilters(packKey{o.W, packScattered, o.Groups, 0}, c.scatterLen(), c.scatterJobs(), anywhere(c.packScattered))
		e.reserve(c.imageLen())
		return func(w *worker, _, from, to int) {
			for n := from; n < to; n++ {
				dx := e.of(o.DX, n)
				img := dx
				if c.padded {
					img = w.scratch[:c.imageLen()]
				}
				if c.padded || !o.Add {
					clear(img)
				}
				c.scatter(w, e.of(o.DY, n), packed, img)
				if c.padded {
					c.unpad(dx, img, o.Add)
				}
			}
		}
	}
	turned, flags := c.turned(), 0
	if o.Add {
		flags = addC
	}
	key := packKey{o.W, packTurned, o.Groups, turned.vectors}
	if do := e.convWinograd(turned, o.DY, o.DX, key, turned.packTurned, nil, flags); do != nil {
		return do
	}
	packed := e.packedFilters(key, turned.packedLen(), turned.packJobs(), anywhere(turned.packTurned))
	e.reserve(turned.imageLen())
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			turned.sample(w, turned.pad(w.scratch, e.of(o.DY, n)), e.following(o.DY, n, to), packed, nil, e.of(o.DX, n), flags)
		}
	}
}

// convGradWeights sums each slice into memory of its own, and then the slices in order.
func (e *cpuExecutor) convGradWeights(o ConvGradWeights) (sliceOp, []stage) {
	c := e.convShape(o.X, o.DY, o.Geometry, o.Groups)
	length, filters := c.packedLen(), c.out.C
	win, gradWeights := e.gradWeightsWinograd(c, o.X, o.DY)
	switch {
	case win != nil:
		length = win.packedLen()
	case c.pointwise():
		length = c.out.C * c.in.C
		gradWeights = func(w *worker, from, to int, sums []float32) {
			c.gradPointwise(w, e.ofAll(o.X, from, to), e.ofAll(o.DY, from, to), to-from, e.stride, sums)
		}
	default:
		gradWeights = func(w *worker, from, to int, sums []float32) {
			for n := from; n < to; n++ {
				c.gradWeights(w, c.pad(w.scratch, e.of(o.X, n)), e.of(o.DY, n), e.following(o.DY, n, to), sums)
			}
		}
	}
	e.reserve(max(c.imageLen(), filters))
	parts := make([][]float32, sliceCount)
	for i := range parts {
		parts[i] = memory(length + filters)
	}
	do := func(w *worker, slice, from, to int) {
		sums, db := parts[slice][:length], parts[slice][length:]
		if e.begins(slice, from) {
			clear(parts[slice])
		}
		gradWeights(w, from, to, sums)
		if o.DB == None {
			return
		}
		for n := from; n < to; n++ {
			e.u.sumWindow(w.scratch[:filters], e.of(o.DY, n), 1, c.whole, 0, filters, 1)
			e.u.add(db, w.scratch[:filters])
		}
	}
	sum := e.unpackSum(c, win, o.DW, parts, length)
	if c.pointwise() { // its parts are in the weights' own order
		sum = e.sumParts(o.DW, parts, length, 0)
	}
	list := []stage{sum}
	if o.DB == None {
		return do, list
	}
	return do, append(list, e.sumParts(o.DB, parts, filters, length))
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
