package kernel

import "math"

// Normalising a batch needs its statistics before the first number of its output, so it cuts the way of samples through the operations in two: the slices
// before it sum what they see, one stage puts the sums together in the order of the samples, and the slices after it go on from there. Sums are those of a
// sample first, about its own mean, so that nothing is lost where the mean is far from zero.

// moments gives, for each channel of a sample, the mean over its places and the sum of the squared distances from it.
func (u *unit) moments(mean, squares, x []float32, channels int) {
	places := len(x) / channels
	share := 1 / float32(places)
	n := u.whole(channels, u.momentsOf != nil)
	if n > 0 {
		u.momentsOf(&mean[0], &squares[0], &x[0], places, 4*channels, n, share)
	}
	for c := n; c < channels; c++ {
		sum := float32(0)
		for i := c; i < len(x); i += channels {
			sum += x[i]
		}
		m, total := sum*share, float32(0)
		for i := c; i < len(x); i += channels {
			total += (x[i] - m) * (x[i] - m)
		}
		mean[c], squares[c] = m, total
	}
}

// gradSums gives, for each channel of a sample, the sums of dy and of dy·(x−mean).
func (u *unit) gradSums(db, dw, dy, x, mean []float32, channels int) {
	n := u.whole(channels, u.normSums != nil)
	if n > 0 {
		u.normSums(&db[0], &dw[0], &dy[0], &x[0], &mean[0], len(x)/channels, 4*channels, n)
	}
	for c := n; c < channels; c++ {
		b, w := float32(0), float32(0)
		for i := c; i < len(x); i += channels {
			b += dy[i]
			w += dy[i] * (x[i] - mean[c])
		}
		db[c], dw[c] = b, w
	}
}

// scale does y = max((x−mean)·a + b, least), channel by channel; not-a-number stays.
func (u *unit) scale(y, x, mean, a, b []float32, channels int, least float32) {
	n := u.whole(channels, u.normScale != nil)
	if n > 0 {
		u.normScale(&y[0], &x[0], &mean[0], &a[0], &b[0], len(x)/channels, 4*channels, n, least)
	}
	for c := n; c < channels; c++ {
		for i := c; i < len(x); i += channels {
			y[i] = max((x[i]-mean[c])*a[c]+b[c], least)
		}
	}
}

// blend does dx = (dy + (x−mean)·b − c)·a, channel by channel, or adds it.
func (u *unit) blend(dx, dy, x, mean, a, b, c []float32, channels int, add bool) {
	n := u.whole(channels, u.normGrad != nil)
	if n > 0 && add {
		u.normGradAdd(&dx[0], &dy[0], &x[0], &mean[0], &a[0], &b[0], &c[0], len(x)/channels, 4*channels, n)
	} else if n > 0 {
		u.normGrad(&dx[0], &dy[0], &x[0], &mean[0], &a[0], &b[0], &c[0], len(x)/channels, 4*channels, n)
	}
	for k := n; k < channels; k++ {
		for i := k; i < len(x); i += channels {
			v := (dy[i] + (x[i]-mean[k])*b[k] - c[k]) * a[k]
			if add {
				v += dx[i]
			}
			dx[i] = v
		}
	}
}

// perSample is memory for two numbers of each channel of each sample.
type perSample struct {
	mem      []float32
	channels int
}

func (e *cpuExecutor) perSample(channels int) perSample {
	return perSample{memory(2 * e.p.Batch * channels), channels}
}

func (p perSample) of(n int) (first, second []float32) {
	s := p.mem[2*n*p.channels:]
	return s[:p.channels], s[p.channels : 2*p.channels]
}

// channelwise makes a stage of something that each channel has alone.
func channelwise(channels int, do func(from, to int)) stage {
	const part = 32
	return stage{fixed(ceilDiv(channels, part)), func(_ *worker, job int) { do(job*part, min((job+1)*part, channels)) }}
}

// batchNorm returns what goes before the batch's statistics are there, the stage that puts them together, and what goes after.
func (e *cpuExecutor) batchNorm(o BatchNorm, relu bool) (before sliceOp, merge stage, after sliceOp) {
	s := e.p.Buffers[o.X].Shape
	sums, plane := e.perSample(s.C), float64(s.H*s.W)
	a := memory(s.C)
	least := float32(math.Inf(-1))
	if relu {
		least = 0
	}
	before = func(_ *worker, _, from, to int) {
		for n := from; n < to && e.step.Training && !o.Fixed; n++ {
			mean, squares := sums.of(n)
			e.u.moments(mean, squares, e.of(o.X, n), s.C)
		}
	}
	merge = channelwise(s.C, func(from, to int) {
		mean, variance, shift, scale := e.mem[o.Mean], e.mem[o.Variance], e.mem[o.Shift], e.mem[o.Scale]
		count := plane * float64(e.samples())
		for c := from; c < to; c++ {
			m, v := float64(mean[c]), float64(variance[c])
			if e.step.Training && !o.Fixed {
				m, v = 0, 0
				for n := range e.samples() {
					of, _ := sums.of(n)
					m += float64(of[c])
				}
				m /= float64(e.samples())
				for n := range e.samples() {
					of, squares := sums.of(n)
					v += float64(squares[c]) + plane*(float64(of[c])-m)*(float64(of[c])-m)
				}
				mean[c] += o.Rate * float32(m-float64(mean[c]))
				variance[c] += o.Rate * float32(v/max(count-1, 1)-float64(variance[c]))
				v /= count
			}
			inverse := 1 / math.Sqrt(v+float64(o.Epsilon))
			shift[c], scale[c] = float32(m), float32(inverse)
			a[c] = float32(float64(e.mem[o.W][c]) * inverse)
		}
	})
	return before, merge, e.each(func(n int) { e.u.scale(e.of(o.Y, n), e.of(o.X, n), e.mem[o.Shift], a, e.mem[o.B], s.C, least) })
}

// batchNormGrad likewise; after is nil where no gradient of the input is asked for.
func (e *cpuExecutor) batchNormGrad(o BatchNormGrad) (before sliceOp, merge stage, after sliceOp) {
	s := e.p.Buffers[o.X].Shape
	sums, plane := e.perSample(s.C), float64(s.H*s.W)
	a, b, c := memory(s.C), memory(s.C), memory(s.C)
	before = e.each(func(n int) {
		db, dw := sums.of(n)
		e.u.gradSums(db, dw, e.of(o.DY, n), e.of(o.X, n), e.mem[o.Shift], s.C)
	})
	merge = channelwise(s.C, func(from, to int) {
		count := plane * float64(e.samples())
		for k := from; k < to; k++ {
			db, dw := 0.0, 0.0
			for n := range e.samples() {
				first, second := sums.of(n)
				db += float64(first[k])
				dw += float64(second[k])
			}
			scale := float64(e.mem[o.Scale][k])
			dw *= scale
			// dx = w·scale·(dy − (db + (x−m)·scale·dw)/count)
			a[k], b[k], c[k] = float32(float64(e.mem[o.W][k])*scale), float32(-scale*dw/count), float32(db/count)
			if !e.step.Training || o.Fixed {
				b[k], c[k] = 0, 0
			}
			if o.DW != None {
				put(e.mem[o.DW], k, dw, e.step.Add)
				put(e.mem[o.DB], k, db, e.step.Add)
			}
		}
	})
	if o.DX == None {
		return before, merge, nil
	}
	return before, merge, e.each(func(n int) {
		e.u.blend(e.of(o.DX, n), e.of(o.DY, n), e.of(o.X, n), e.mem[o.Shift], a, b, c, s.C, o.Add)
	})
}
