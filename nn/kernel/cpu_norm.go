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

// normVectors is for how many channels of a normalisation there are vector functions: whole vectors, at the usual power.
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
		if vectors > 0 {
			e.u.lrnTo(&y[0], &scale[0], &x[0], &squares[0], o.Size, vectors, alpha, 1)
		}
		for c := vectors; c < s.C; c++ {
			sum := float32(0)
			for _, v := range squares[c : c+o.Size] {
				sum += v
			}
			scale[c] = 1 + alpha*sum
			y[c] = x[c] * powNeg(scale[c], o.Beta)
		}
	}
}

// lrnRoom is what one place takes, with zeros around.
func lrnRoom(s Shape, size int) int { return s.C + size + slack }

func (e *cpuExecutor) lrn(o LRN) sliceOp {
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
	if s.Sample() < sharedNumbers {
		return nil
	}
	e.reserve(lrnRoom(s, o.Size))
	return []stage{{func() int { return e.samples() * s.H }, func(w *worker, job int) {
		e.lrnRows(o, w, job/s.H, job%s.H, job%s.H+1)
	}}}
}

func (e *cpuExecutor) lrnGrad(o LRNGrad) sliceOp {
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
				if vectors > 0 {
					e.u.lrnRatioTo(&ratio[before], &dy[0], &y[0], &scale[0], vectors)
				}
				for c := vectors; c < s.C; c++ {
					ratio[before+c] = dy[c] * y[c] / scale[c]
				}
				if vectors > 0 {
					e.u.lrnGradTo(&grad[0], &dy[0], &x[0], &scale[0], &ratio[0], o.Size, vectors, factor, 1)
				}
				for c := vectors; c < s.C; c++ {
					sum := float32(0)
					for _, v := range ratio[c : c+o.Size] {
						sum += v
					}
					grad[c] = dy[c]*powNeg(scale[c], o.Beta) - factor*x[c]*sum
				}
				if o.Add {
					e.u.add(dx[:s.C], grad)
				} else {
					copy(dx, grad)
				}
			}
		}
	}
}
