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

// lrn normalises place by place, the channels with zeros before and after them.
func (e *cpuExecutor) lrn(o LRN) sliceOp {
	s := e.p.Buffers[o.X].Shape
	before := (o.Size - 1) / 2
	alpha, vectors := o.Alpha/float32(o.Size), e.normVectors(s.C, o.Beta)
	room := s.C + o.Size + slack
	e.reserve(room)
	return func(w *worker, _, from, to int) {
		squares := w.scratch[:room]
		clear(squares)
		for n := from; n < to; n++ {
			x, y, scale := e.of(o.X, n), e.of(o.Y, n), e.of(o.S, n)
			for ; len(x) > 0; x, y, scale = x[s.C:], y[s.C:], scale[s.C:] {
				middle := squares[before : before+s.C]
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
	}
}

func (e *cpuExecutor) lrnGrad(o LRNGrad) sliceOp {
	s := e.p.Buffers[o.X].Shape
	before := o.Size - (o.Size-1)/2 - 1
	factor, vectors := 2*o.Alpha*o.Beta/float32(o.Size), e.normVectors(s.C, o.Beta)
	room := s.C + o.Size + slack
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
