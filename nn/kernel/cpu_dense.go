package kernel

// A fully connected layer is a product over the whole batch. Its weights are the large operand and are read where they lie, once in a step
// for each product; what is packed is the batch.

// block is the part of a product's sum that is done at a time, so that the operand that is used again lies in the second-level cache.
const block = 1024

// depth is how many rows of weights are packed at a time for the gradient of the input.
const depth = 128

// inputs gives where a fully connected layer finds the numbers of a sample in the order of its weights, channel by channel, and their distance from
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

// rowsFor is how many rows of weights a tile has: rows that lie a multiple of a page apart meet in the same places of the first-level cache, of
// which there are eight or more.
func (e *cpuExecutor) rowsFor(lanes, in int) int {
	rows := e.u.rowsOf(lanes)
	if in%1024 == 0 {
		rows = min(rows, 8)
	}
	return rows
}

// dense computes the transposed product: rows are outputs, lanes are samples. So the weights need no packing.
func (e *cpuExecutor) dense(o Dense, relu bool) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	if e.p.Batch < few {
		return e.denseFew(o, relu)
	}
	data, stride, list := e.inputs(o.X)
	width := min(4, ceilDiv(e.p.Batch, e.u.lanes)) * e.u.lanes
	rows := e.rowsFor(width, in)
	band := 4 * rows // outputs of a job
	e.needs.packed = max(e.needs.packed, ceilDiv(e.p.Batch, width)*width*in)
	e.reserve(band * width)
	const part = 128
	list = append(list, stage{fixed(ceilDiv(in, part)), func(_ *worker, job int) {
		from, to := job*part, min((job+1)*part, in)
		for n := range e.samples() {
			at := (n/width*in+from)*width + n%width
			for _, v := range data()[n*stride+from : n*stride+to] {
				e.packed[at] = v
				at += width
			}
		}
	}})
	return append(list, stage{fixed(ceilDiv(out, band)), func(w *worker, job int) {
		t, u := &w.t, e.u
		weights, bias := e.mem[o.W], e.bias(o.B)
		t.am, t.ak, t.offs, t.segs = 4*in, 4, &noOffset, 1
		t.bk, t.ldc, t.bias = 4*width, 4*width, nil
		from, to := job*band, min((job+1)*band, out)
		for panel := 0; panel*width < e.samples(); panel++ {
			lanes := min(width, e.samples()-panel*width)
			for k := 0; k < in; k += block {
				t.k = min(block, in-k)
				t.b = &e.packed[(panel*in+k)*width]
				t.flags = 0
				if k > 0 {
					t.flags = addC
				}
				for r := from; r < to; r += rows {
					t.a, t.c = &weights[r*in+k], &w.scratch[(r-from)*width]
					u.run(t, min(rows, to-r), lanes)
				}
			}
			for l := range lanes {
				y, at := e.of(o.Y, panel*width+l)[from:to], l
				for i := range y {
					v := w.scratch[at]
					if bias != nil {
						v += bias[from+i]
					}
					if relu {
						v = max(v, 0)
					}
					y[i] = v
					at += width
				}
			}
		}
	}})
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
	band := min(max(ceilDiv(in, 2*sliceCount*width), 1), 16) * width // inputs of a job
	e.reserve(depth * band)
	flat := spatial(s)
	if flat {
		e.needs.flat = max(e.needs.flat, e.p.Batch*in)
	}
	list := []stage{{fixed(ceilDiv(in, band)), func(w *worker, job int) {
		t, u := &w.t, e.u
		weights := e.mem[o.W]
		dx, ldc := e.arena[e.at[o.DX]:], e.stride
		if flat {
			dx, ldc = e.flat, in
		}
		dy := e.arena[e.at[o.DY]:]
		t.am, t.ak, t.offs, t.segs = 4*e.stride, 4, &noOffset, 1
		t.bk, t.ldc, t.bias = 4*width, 4*ldc, nil
		from, to := job*band, min((job+1)*band, in)
		tiles := ceilDiv(e.samples(), rows)
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
				t.b = &w.scratch[(j-from)*depth]
				for tile := range tiles {
					n, end := tile*e.samples()/tiles, (tile+1)*e.samples()/tiles
					t.a, t.c = &dy[n*e.stride+k], &dx[n*ldc+j]
					u.run(t, end-n, min(width, to-j))
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
	const part = 8 // panels of a packing job
	list = append(list, stage{fixed(ceilDiv(panels, part)), func(_ *worker, job int) {
		for p := job * part; p < min((job+1)*part, panels); p++ {
			for n := range e.samples() {
				at := (p*e.samples() + n) * width
				copy(e.packed[at:at+width], data()[n*stride+p*width:n*stride+min((p+1)*width, in)])
			}
		}
	}}, stage{fixed(ceilDiv(out, rows)), func(w *worker, job int) {
		t, u := &w.t, e.u
		dw, dy := e.mem[o.DW], e.arena[e.at[o.DY]:]
		t.am, t.ak, t.offs, t.segs, t.k = 4, 4*e.stride, &noOffset, 1, e.samples()
		t.bk, t.ldc, t.bias, t.flags = 4*width, 4*in, nil, 0
		if e.step.Add {
			t.flags = addC
		}
		from, to := job*rows, min((job+1)*rows, out)
		t.a = &dy[from]
		for p := range panels {
			t.b, t.c = &e.packed[p*e.samples()*width], &dw[from*in+p*width]
			u.run(t, to-from, min(width, in-p*width))
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
