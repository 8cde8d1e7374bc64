package kernel

// A fully connected layer is a product over the whole batch. Its weights are the large operand and are read where they lie, once in a step
// for each product; what is packed is the batch.

// block is the part of a product's sum that is done at a time, so that what is used again lies in the second-level cache.
const block = 512

// crowd is how many sums of a product are under way at a time in a job.
const crowd = 1 << 17

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

// dense computes the transposed product: rows are outputs, lanes are samples. So the weights are copied row by row: where they lie, rows are
// often a multiple of a page apart and would meet in the same places of the first-level cache.
func (e *cpuExecutor) dense(o Dense, relu bool) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	if e.p.Batch < few {
		return e.denseFew(o, relu)
	}
	data, stride, list := e.inputs(o.X)
	width := min(2, ceilDiv(e.p.Batch, e.u.lanes)) * e.u.lanes
	rows := e.u.rowsOf(width)
	// The more outputs a job has, the more often a part of the batch is used again once it is near.
	jobs := max(min(ceilDiv(out, rows), sliceCount), ceilDiv(out, 16*rows))
	band := ceilDiv(out, jobs)
	const ld = block + 16
	e.needs.packed = max(e.needs.packed, ceilDiv(e.p.Batch, width)*width*in)
	samples := min(max(crowd/band/width, 1), ceilDiv(e.p.Batch, width)) * width
	e.reserve(band * (ld + samples))
	const part = 128
	list = append(list, stage{fixed(ceilDiv(in, part)), func(_ *worker, job int) {
		from, to := job*part, min((job+1)*part, in)
		for n := 0; n < e.samples(); n += width {
			e.u.transpose(e.packed[(n/width*in+from)*width:], data()[n*stride+from:], width, stride, min(width, e.samples()-n), to-from)
		}
	}})
	return append(list, stage{fixed(jobs), func(w *worker, job int) {
		t, u := &w.t, e.u
		weights, bias := e.mem[o.W], e.bias(o.B)
		from, to := job*out/jobs, (job+1)*out/jobs
		tiles := ceilDiv(to-from, rows)
		copied, sums := w.scratch[:band*ld], w.scratch[band*ld:band*(ld+samples)]
		t.am, t.ak, t.offs, t.segs = 4*ld, 4, &noOffset, 1
		t.bk, t.ldc, t.bias = 4*width, 4*samples, nil
		for first := 0; first < e.samples(); first += samples {
			end := min(first+samples, e.samples())
			for k := 0; k < in; k += block {
				t.k, t.flags = min(block, in-k), 0
				if k > 0 {
					t.flags = addC
				}
				for r := from; r < to; r++ {
					copy(copied[(r-from)*ld:], weights[r*in+k:r*in+k+t.k])
				}
				for n := first; n < end; n += width {
					t.b = &e.packed[(n/width*in+k)*width]
					for tile := range tiles {
						r, last := tile*(to-from)/tiles, (tile+1)*(to-from)/tiles
						t.a, t.c = &copied[r*ld], &sums[r*samples+n-first]
						u.run(t, last-r, min(width, end-n))
					}
				}
			}
			y := e.arena[first*e.stride+e.at[o.Y]+from:]
			u.transpose(y, sums, e.stride, samples, to-from, end-first)
			for n := range end - first {
				y := y[n*e.stride : n*e.stride+to-from]
				if bias != nil {
					u.add(y, bias[from:to])
				}
				if relu {
					u.relu(y, y)
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
	const line = 16
	e.reserve(line * e.p.Batch)
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
		t.am, t.ak, t.offs, t.segs, t.k = 4, 4*line, &noOffset, 1, e.samples()
		t.bk, t.ldc, t.bias, t.flags = 4*width, 4*in, nil, 0
		if e.step.Add {
			t.flags = addC
		}
		from, to := job*rows, min((job+1)*rows, out)
		for n := range e.samples() {
			copy(w.scratch[n*line:(n+1)*line], dy[n*e.stride+from:n*e.stride+to])
		}
		t.a = &w.scratch[0]
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
