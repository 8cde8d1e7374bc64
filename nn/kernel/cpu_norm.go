package kernel

import "math"

// powNeg is s^−beta; at the usual ¾ by square roots.
func powNeg(s, beta float32) float32 {
	if beta == .75 {
		root := math.Sqrt(float64(s))
		return float32(1 / (root * math.Sqrt(root)))
	}
	return float32(math.Pow(float64(s), -float64(beta)))
}

// normVectors returns for how many channels of a normalisation there are vector functions: whole vectors, at the usual power.
func (e *cpuExecutor) normVectors(channels int, beta float32) int {
	return e.u.whole(channels, e.u.lrnTo != nil && beta == .75)
}

// lrnRows normalises some rows of a sample, place by place, the channels with zeros before and after them.
func (e *cpuExecutor) lrnRows(o LRN, w *worker, n, from, to int) {
	s := e.p.Buffers[o.X].Shape
	alpha, vectors := o.Alpha/float32(o.Size), e.normVectors(s.C, o.Beta)
	squares := w.scratch[:lrnRoom(s, o.Size)]
	clear(squares)
	middle := squares[(o.Size-1)/2:][:s.C]
	line := s.W * s.C
	x, y, scale := e.of(o.X, n)[from*line:to*line], e.of(o.Y, n)[from*line:to*line], e.of(o.S, n)[from*line:to*line]
	for ; len(x) > 0; x, y, scale = x[s.C:], y[s.C:], scale[s.C:] {
		for c, v := range x[:s.C] {
			middle[c] = v * v
		}
		e.u.normalise(y, scale, x[:s.C], squares, o.Size, vectors, alpha, o.Beta)
	}
}

// normalise does scale = 1 + alpha·Σ squares over size numbers from each on, and y = x·scale^−beta; of the first numbers with vectors.
func (u *unit) normalise(y, scale, x, squares []float32, size, vectors int, alpha, beta float32) {
	if vectors > 0 {
		u.lrnTo(&y[0], &scale[0], &x[0], &squares[0], size, vectors, alpha, 1)
	}
	for i := vectors; i < len(x); i++ {
		sum := float32(0)
		for _, v := range squares[i : i+size] {
			sum += v
		}
		scale[i] = 1 + alpha*sum
		y[i] = x[i] * powNeg(scale[i], beta)
	}
}

// ratios does ratio = dy·y/scale, of the first numbers with vectors.
func (u *unit) ratios(ratio, dy, y, scale []float32, vectors int) {
	if vectors > 0 {
		u.lrnRatioTo(&ratio[0], &dy[0], &y[0], &scale[0], vectors)
	}
	for i := vectors; i < len(dy); i++ {
		ratio[i] = dy[i] * y[i] / scale[i]
	}
}

// normaliseGrad does grad = dy·scale^−beta − factor·x·Σ ratios over size numbers from each on; of the first numbers with vectors.
func (u *unit) normaliseGrad(grad, dy, x, scale, ratios []float32, size, vectors int, factor, beta float32) {
	if vectors > 0 {
		u.lrnGradTo(&grad[0], &dy[0], &x[0], &scale[0], &ratios[0], size, vectors, factor, 1)
	}
	for i := vectors; i < len(grad); i++ {
		sum := float32(0)
		for _, v := range ratios[i : i+size] {
			sum += v
		}
		grad[i] = dy[i]*powNeg(scale[i], beta) - factor*x[i]*sum
	}
}

// lrnRoom returns what one place takes, with zeros around.
func lrnRoom(s Shape, size int) int { return s.C + size + slack }

func (e *cpuExecutor) lrn(o LRN) sliceOp {
	if o.Within {
		return e.lrnWithin(o)
	}
	s := e.p.Buffers[o.X].Shape
	e.reserve(lrnRoom(s, o.Size))
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			e.lrnRows(o, w, n, 0, s.H)
		}
	}
}

// lrnShared normalises a few samples, shared among workers by rows; nil if that is not worth it.
func (e *cpuExecutor) lrnShared(o LRN) []stage {
	s := e.p.Buffers[o.X].Shape
	if o.Within || s.Sample() < sharedNumbers {
		return nil
	}
	e.reserve(lrnRoom(s, o.Size))
	return []stage{{func() int { return e.samples() * s.H }, func(w *worker, job int) {
		e.lrnRows(o, w, job/s.H, job%s.H, job%s.H+1)
	}}}
}

// windows returns for each place the places around it, size × size of them, as far as they are there.
func windows(s Shape, size int) []window {
	var list []window
	for h := range s.H {
		for w := range s.W {
			top, bottom := around(h, size, s.H)
			left, right := around(w, size, s.W)
			list = append(list, window{h0: top, h1: bottom, w0: left, w1: right})
		}
	}
	return list
}

// sumAround sums, for each place and channel, a sample's numbers at the places around.
func (u *unit) sumAround(dst, src []float32, s Shape, at []window) {
	line := s.W * s.C
	for i, w := range at {
		u.sumWindow(dst[i*s.C:(i+1)*s.C], src[w.h0*line+w.w0*s.C:], w.h1-w.h0, w.w1-w.w0, line, s.C, 1)
	}
}

// lrnWithin normalises within each channel: sums over places, and the rest as across channels with sums of a single number.
func (e *cpuExecutor) lrnWithin(o LRN) sliceOp {
	s := e.p.Buffers[o.X].Shape
	at, length := windows(s, o.Size), s.Sample()
	alpha, vectors := o.Alpha/float32(o.Size*o.Size), e.normVectors(length, o.Beta)
	e.reserve(2*length + slack)
	return func(w *worker, _, from, to int) {
		squares, sums := w.scratch[:length], w.scratch[length:2*length]
		for n := from; n < to; n++ {
			x, y, scale := e.of(o.X, n), e.of(o.Y, n), e.of(o.S, n)
			for i, v := range x {
				squares[i] = v * v
			}
			e.u.sumAround(sums, squares, s, at)
			e.u.normalise(y, scale, x, sums, 1, vectors, alpha, o.Beta)
		}
	}
}

func (e *cpuExecutor) lrnWithinGrad(o LRNGrad) sliceOp {
	s := e.p.Buffers[o.X].Shape
	at, length := windows(s, o.Size), s.Sample()
	factor, vectors := 2*o.Alpha*o.Beta/float32(o.Size*o.Size), e.normVectors(length, o.Beta)
	e.reserve(2*length + slack)
	return func(w *worker, _, from, to int) {
		ratio, sums := w.scratch[:length], w.scratch[length:2*length]
		for n := from; n < to; n++ {
			x, y, scale, dy, dx := e.of(o.X, n), e.of(o.Y, n), e.of(o.S, n), e.of(o.DY, n), e.of(o.DX, n)
			e.u.ratios(ratio, dy, y, scale, vectors)
			e.u.sumAround(sums, ratio, s, at)
			grad := ratio
			e.u.normaliseGrad(grad, dy, x, scale, sums, 1, vectors, factor, o.Beta)
			if o.Add {
				e.u.add(dx, grad)
			} else {
				copy(dx, grad)
			}
		}
	}
}

func (e *cpuExecutor) lrnGrad(o LRNGrad) sliceOp {
	if o.Within {
		return e.lrnWithinGrad(o)
	}
	s := e.p.Buffers[o.X].Shape
	before := o.Size - (o.Size-1)/2 - 1
	factor, vectors := 2*o.Alpha*o.Beta/float32(o.Size), e.normVectors(s.C, o.Beta)
	room := lrnRoom(s, o.Size)
	e.reserve(room + s.C)
	return func(w *worker, _, from, to int) {
		ratio, grad := w.scratch[:room], w.scratch[room:room+s.C]
		clear(ratio)
		for n := from; n < to; n++ {
			x, y, scale, dy, dx := e.of(o.X, n), e.of(o.Y, n), e.of(o.S, n), e.of(o.DY, n), e.of(o.DX, n)
			for ; len(x) > 0; x, y, scale, dy, dx = x[s.C:], y[s.C:], scale[s.C:], dy[s.C:], dx[s.C:] {
				e.u.ratios(ratio[before:], dy[:s.C], y, scale, vectors)
				e.u.normaliseGrad(grad, dy, x, scale, ratio, o.Size, vectors, factor, o.Beta)
				if o.Add {
					e.u.add(dx[:s.C], grad)
				} else {
					copy(dx, grad)
				}
			}
		}
	}
}
