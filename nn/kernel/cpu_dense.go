package kernel

// A fully connected layer is a product over the whole batch. While weights change they are the large operand and are read where they lie, once in a step
// for each product; what is packed is the batch. Weights that stay, or that are few beside the batch, are packed instead, and the batch is read where it lies.

// block is the part of a product's sum that is done at a time, so that what is used again lies in the second-level cache.
const block = 512

// batchPart and outputsPart are how many samples and outputs of a product a job takes at most: sums and operands of so many lie in the second-level cache
// together, and each is used again often enough for what it took to come there.
const batchPart, outputsPart = 256, 256

// inputs returns where a fully connected layer finds the numbers of a sample in the order of its weights, channel by channel, and their distance from
// sample to sample; and a stage that puts them there, if they lie otherwise.
func (e *cpuExecutor) inputs(x ID) (data func() []float32, stride int, list []stage) {
	s := e.p.Buffers[x].Shape
	in := s.Sample()
	if !spatial(s) {
		return func() []float32 { return e.arena[e.at[x]:] }, e.stride, nil
	}
	e.needs.flat = max(e.needs.flat, e.p.Batch*in)
	return func() []float32 { return e.flat }, in, []stage{{e.samples, func(_ *worker, n int) {
		toChannels(s, e.flat[n*in:(n+1)*in], e.of(x, n))
	}}}
}

// mostPacked is how many weights are packed beside the ones that the host sees.
const mostPacked = 1 << 22

// dense computes the product.
func (e *cpuExecutor) dense(o Dense, relu bool) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	if e.p.Batch < few {
		return e.denseFew(o, relu)
	}
	if in*out <= mostPacked && (len(e.p.Update) == 0 || e.p.Batch*(in+out) > in*out) {
		return []stage{e.densePacked(o, relu)}
	}
	return e.denseLarge(o, relu)
}

// parts is into how many parts a job's share of samples and outputs is cut.
func (e *cpuExecutor) parts(out, most int) (chunks, bands int) {
	chunks = ceilDiv(e.p.Batch, batchPart)
	return chunks, max(min(ceilDiv(out, most), ceilDiv(sliceCount, chunks)), ceilDiv(out, outputsPart))
}

// densePacked computes rows of samples and lanes of outputs, with weights that are packed in panels of outputs.
func (e *cpuExecutor) densePacked(o Dense, relu bool) stage {
	s, u := e.p.Buffers[o.X].Shape, e.u
	in, out := s.Sample(), e.sample(o.Y)
	width := min(2, ceilDiv(out, u.lanes)) * u.lanes
	panels := ceilDiv(out, width)
	chunks, bands := e.parts(out, width)
	packed := e.packedFilters(packKey{o.W, packDense, 1, width}, panels*in*width, panels, func(_ *worker, job int, dst, w []float32) {
		channels, plane := s.C, s.H*s.W
		if !spatial(s) {
			channels, plane = 1, in
		}
		lanes := min(width, out-job*width)
		for c := range channels { // the batch has the channels of a place side by side, the weights have not
			u.transpose(dst[(job*in+c)*width:], w[job*width*in+c*plane:], channels*width, in, lanes, plane)
		}
	})
	bias, flags := e.bias(o.B), convFlags(relu)
	return stage{fixed(bands * chunks), func(w *worker, job int) {
		t := w.tile()
		from, to := job%bands*panels/bands, (job%bands+1)*panels/bands
		first, end := job/bands*e.samples()/chunks, (job/bands+1)*e.samples()/chunks
		x, y := e.arena[e.at[o.X]:], e.arena[e.at[o.Y]:]
		t.am, t.ak, t.offs, t.segs, t.bk, t.ldc = 4*e.stride, 4, &noOffset, 1, 4*width, 4*e.stride
		for k := 0; k < in; k += block {
			t.k, t.flags = min(block, in-k), 0
			if k > 0 {
				t.flags = addC
			}
			if k+t.k == in {
				t.flags |= flags
			}
			for p := from; p < to; p++ {
				lanes := min(width, out-p*width)
				u.across(t, lanes)
				parts := cutInto(end-first, u.rowsOf(lanes))
				t.b = &packed[(p*in+k)*width]
				if bias != nil {
					t.bias = &bias[p*width]
				}
				if p+1 < to {
					t.fetch(&packed[((p+1)*in+k)*width], t.k*width, parts.n*t.turns())
				}
				for i := range parts.n {
					n, last := first+parts.from(i), first+parts.from(i+1)
					t.a, t.c = &x[n*e.stride+k], &y[n*e.stride+p*width]
					t.run(last - n)
				}
			}
		}
	}}
}

// denseLarge computes the transposed product: rows are outputs, lanes are samples.
func (e *cpuExecutor) denseLarge(o Dense, relu bool) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	data, stride, list := e.inputs(o.X)
	width, rows := e.u.denseTile(e.p.Batch)
	panels := ceilDiv(e.p.Batch, width)
	chunks, bands := e.parts(out, rows)
	e.needs.packed = max(e.needs.packed, panels*width*in)
	e.reserve(ceilDiv(out, bands) * ceilDiv(panels, chunks) * width)
	const part = 128
	list = append(list, stage{fixed(ceilDiv(in, part)), func(_ *worker, job int) {
		from, to := job*part, min((job+1)*part, in)
		for n := 0; n < e.samples(); n += width {
			e.u.transpose(e.packed[(n/width*in+from)*width:], data()[n*stride+from:], width, stride, min(width, e.samples()-n), to-from)
		}
	}})
	return append(list, stage{fixed(bands * chunks), func(w *worker, job int) {
		t, u := w.tile(), e.u
		weights, bias := e.mem[o.W], e.bias(o.B)
		from, to := job%bands*out/bands, (job%bands+1)*out/bands
		panels := ceilDiv(e.samples(), width)
		first, end := job/bands*panels/chunks*width, min((job/bands+1)*panels/chunks*width, e.samples())
		if first >= end {
			return
		}
		ld := ceilDiv(end-first, width) * width
		parts := cutInto(to-from, rows)
		t.am, t.ak, t.offs, t.segs = 4*in, 4, &noOffset, 1
		t.bk, t.ldc = 4*width, 4*ld
		for k := 0; k < in; k += block {
			t.k, t.flags = min(block, in-k), 0
			if k > 0 {
				t.flags = addC
			}
			for n := first; n < end; n += width {
				u.across(t, min(width, end-n))
				t.b = &e.packed[(n/width*in+k)*width]
				if n+width < end {
					t.fetch(&e.packed[((n/width+1)*in+k)*width], t.k*width, parts.n*t.turns())
				}
				for i := range parts.n {
					r, last := parts.from(i), parts.from(i+1)
					t.a, t.c = &weights[(from+r)*in+k], &w.scratch[r*ld+n-first]
					t.run(last - r)
				}
			}
		}
		y := e.arena[first*e.stride+e.at[o.Y]+from:]
		u.transpose(y, w.scratch, e.stride, ld, to-from, end-first)
		for n := range end - first {
			y := y[n*e.stride : n*e.stride+to-from]
			if bias != nil {
				u.add(y, bias[from:to])
			}
			if relu {
				u.relu(y, y)
			}
		}
	}})
}

// ways is how many rows may lie a multiple of a page apart and still all have a place in the first-level cache.
const ways = 8

// denseTile returns how many samples and outputs a tile of a fully connected layer takes: what reads the least for each multiply-add.
func (u *unit) denseTile(batch int) (width, rows int) {
	all, best := ceilDiv(batch, u.lanes), 0.0
	for v := 1; v <= min(4, all); v++ {
		most, cost := min(u.most[v], ways), 0.0
		for left := all; left > 0; left -= v {
			n := float64(min(v, left))
			cost += n + .2*(n+float64(most))/float64(most)
		}
		if best == 0 || cost < best {
			best, width, rows = cost, v*u.lanes, most
		}
	}
	return width, rows
}

// denseFew does a few samples one by one: the time is that of reading the weights.
func (e *cpuExecutor) denseFew(o Dense, relu bool) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	data, stride, list := e.inputs(o.X)
	const band = 16
	return append(list, stage{fixed(ceilDiv(out, band)), func(_ *worker, job int) {
		weights, bias := e.mem[o.W], e.bias(o.B)
		for i := job * band; i < min((job+1)*band, out); i++ {
			row := weights[i*in : (i+1)*in]
			for n := range e.samples() {
				v := e.u.dot(row, data()[n*stride:n*stride+in])
				if bias != nil {
					v += bias[i]
				}
				if relu {
					v = max(v, 0)
				}
				e.of(o.Y, n)[i] = v
			}
		}
	}})
}

// denseGradInput computes rows of samples, lanes of inputs; each job packs its part of the weights, some rows at a time.
func (e *cpuExecutor) denseGradInput(o DenseGradInput) []stage {
	s := e.p.Buffers[o.DX].Shape
	in, out := s.Sample(), e.sample(o.DY)
	width := 2 * e.u.lanes
	rows := e.u.rowsOf(width)
	// Inputs of a job, and rows of weights that are packed at a time: sums and weights of so many lie in the second-level cache together.
	most := min(max(near*4/e.p.Batch/width, 2), 16)
	band := min(max(ceilDiv(in, 2*sliceCount*width), 1), most) * width
	depth := 2 * near / band
	e.reserve(depth * band)
	flat := spatial(s)
	if flat {
		e.needs.flat = max(e.needs.flat, e.p.Batch*in)
	}
	list := []stage{{fixed(ceilDiv(in, band)), func(w *worker, job int) {
		t, u := w.tile(), e.u
		weights := e.mem[o.W]
		dx, ldc := e.arena[e.at[o.DX]:], e.stride
		if flat {
			dx, ldc = e.flat, in
		}
		dy := e.arena[e.at[o.DY]:]
		t.am, t.ak, t.offs, t.segs = 4*e.stride, 4, &noOffset, 1
		t.bk, t.ldc = 4*width, 4*ldc
		from, to := job*band, min((job+1)*band, in)
		parts := cutInto(e.samples(), rows)
		for k := 0; k < out; k += depth {
			t.k = min(depth, out-k)
			for i := range t.k {
				row := weights[(k+i)*in+from : (k+i)*in+to]
				for at := i * width; len(row) > 0; at += depth * width {
					row = row[copy(w.scratch[at:at+width], row):]
				}
			}
			t.flags = 0
			if k > 0 || o.Add && !flat {
				t.flags = addC
			}
			for j := from; j < to; j += width {
				u.across(t, min(width, to-j))
				t.b = &w.scratch[(j-from)*depth]
				for i := range parts.n {
					n, end := parts.from(i), parts.from(i+1)
					t.a, t.c = &dy[n*e.stride+k], &dx[n*ldc+j]
					t.run(end - n)
				}
			}
		}
	}}}
	if !flat {
		return list
	}
	plane := s.H * s.W
	return append(list, stage{e.samples, func(_ *worker, n int) {
		dx, from := e.of(o.DX, n), e.flat[n*in:(n+1)*in]
		if !o.Add {
			toPlaces(s, dx, from)
			return
		}
		for i, v := range from {
			dx[i%plane*s.C+i/plane] += v
		}
	}})
}

// denseGradWeights computes rows of outputs, lanes of inputs; the sum runs over the samples.
func (e *cpuExecutor) denseGradWeights(o DenseGradWeights) []stage {
	in, out := e.sample(o.X), e.sample(o.DY)
	data, stride, list := e.inputs(o.X)
	width := 2 * e.u.lanes
	rows := e.u.rowsOf(width)
	panels := ceilDiv(in, width)
	e.needs.packed = max(e.needs.packed, panels*width*e.p.Batch)
	jobs := ceilDiv(out, rows)
	if panels*width*e.p.Batch > near*12 { // the packed batch is far away: it should be worth fetching
		jobs = min(jobs, max(ceilDiv(out, 4*rows), 4*sliceCount))
	}
	const line = 16 // room for the rows of a tile
	e.reserve(ceilDiv(ceilDiv(out, jobs), rows) * line * e.p.Batch)
	const part = 8 // panels of a packing job
	list = append(list, stage{fixed(ceilDiv(panels, part)), func(_ *worker, job int) {
		for p := job * part; p < min((job+1)*part, panels); p++ {
			for n := range e.samples() {
				at := (p*e.samples() + n) * width
				copy(e.packed[at:at+width], data()[n*stride+p*width:n*stride+min((p+1)*width, in)])
			}
		}
	}}, stage{fixed(jobs), func(w *worker, job int) {
		t, u := w.tile(), e.u
		dw, dy := e.mem[o.DW], e.arena[e.at[o.DY]:]
		size := e.samples() * width // of a panel
		t.am, t.ak, t.offs, t.segs, t.k = 4, 4*line, &noOffset, 1, e.samples()
		t.bk, t.ldc, t.flags = 4*width, 4*in, 0
		if e.step.Add {
			t.flags = addC
		}
		from, to := job*out/jobs, (job+1)*out/jobs
		parts := cutInto(to-from, rows)
		for i := range parts.n {
			for n := range e.samples() {
				at := (i*e.samples() + n) * line
				copy(w.scratch[at:at+line], dy[n*e.stride+from+parts.from(i):n*e.stride+from+parts.from(i+1)])
			}
		}
		for p := range panels {
			u.across(t, min(width, in-p*width))
			t.b = &e.packed[p*size]
			if p+1 < panels {
				t.fetch(&e.packed[(p+1)*size], size, parts.n*t.turns())
			}
			for i := range parts.n {
				r, last := parts.from(i), parts.from(i+1)
				t.a, t.c = &w.scratch[i*e.samples()*line], &dw[(from+r)*in+p*width]
				t.run(last - r)
			}
		}
	}})
	if o.DB == None {
		return list
	}
	return append(list, stage{fixed(1), func(*worker, int) {
		db := e.mem[o.DB]
		if !e.step.Add {
			clear(db)
		}
		for n := range e.samples() {
			e.u.add(db, e.of(o.DY, n))
		}
	}})
}
