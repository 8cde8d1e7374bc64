package kernel

import "math"

// sliceOp makes an operation that works sample by sample ready to run on slices.
func (e *cpuExecutor) sliceOp(op Op) sliceOp {
	switch o := op.(type) {
	case ConvGradInput:
		return e.spread(o.DY, o.W, None, o.DX, o.Geometry, o.Groups, o.Add)
	case Deconv:
		return e.spread(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups, false)
	case DeconvGradInput:
		return e.convolve(e.convShape(o.DY, o.DX, o.Geometry, o.Groups), o.DY, o.DX, o.W, packForward, None, addFlag(o.Add))
	case Pool:
		return e.pool(o)
	case PoolGrad:
		return e.poolGrad(o)
	case LRN:
		return e.lrn(o)
	case LRNGrad:
		return e.lrnGrad(o)
	case Softmax:
		return e.softmax(o.X, o.Y)
	case SoftmaxGrad:
		return e.softmaxGrad(o)
	case Copy:
		return e.copyChannels(o)
	case Activation:
		return e.each(func(n int) { e.activate(o.Kind, o.Slope, e.of(o.X, n), e.of(o.Y, n)) })
	case ActivationGrad:
		return e.each(func(n int) { e.slope(o.Kind, o.Slope, e.of(o.Y, n), e.of(o.DY, n), e.of(o.DX, n), o.Add) })
	case Dropout:
		return e.dropout(o.X, o.Y, o.Ratio, o.Stream, false)
	case DropoutGrad:
		return e.dropout(o.DY, o.DX, o.Ratio, o.Stream, o.Add)
	case Crop:
		return e.crop(o)
	case CropGrad:
		return e.cropGrad(o)
	case Upsample:
		return e.resample(o.X, o.Y, upsampling(e.p.Buffers[o.X].Shape, o.Factor, o.Bilinear), false)
	case UpsampleGrad:
		return e.resample(o.DY, o.DX, upsampling(e.p.Buffers[o.DX].Shape, o.Factor, o.Bilinear).transposed(), o.Add)
	case Sum:
		return e.each(func(n int) {
			a, b, y := e.of(o.A, n), e.of(o.B, n), e.of(o.Y, n)
			copy(y, a)
			e.u.add(y, b)
		})
	}
	return e.lossOp(op)
}

// each does an operation sample by sample.
func (e *cpuExecutor) each(do func(n int)) sliceOp {
	return func(_ *worker, _, from, to int) {
		for n := from; n < to; n++ {
			do(n)
		}
	}
}

// lossOp makes a loss or its gradient ready.
func (e *cpuExecutor) lossOp(op Op) sliceOp {
	switch o := op.(type) {
	case SoftmaxLoss:
		return e.softmaxLoss(o)
	case SoftmaxLossGrad:
		return e.each(func(n int) { e.softmaxLossGrad(o, n) })
	case SquaredLoss:
		return e.distance(o.X, o.T, o.Loss, o.Weight, func(x, t float32) float32 { return (x - t) * (x - t) / 2 })
	case SquaredLossGrad:
		return e.distanceGrad(o.X, o.T, o.DX, o.Weight, o.Add, func(x, t float32) float32 { return x - t })
	case AbsoluteLoss:
		return e.distance(o.X, o.T, o.Loss, o.Weight, func(x, t float32) float32 { return float32(math.Abs(float64(x - t))) })
	case AbsoluteLossGrad:
		return e.distanceGrad(o.X, o.T, o.DX, o.Weight, o.Add, func(x, t float32) float32 { return float32(sign(float64(x - t))) })
	case SigmoidLoss:
		sum := e.distance(o.X, o.T, o.Loss, o.Weight, single(logistic))
		return func(w *worker, slice, from, to int) {
			for n := from; n < to; n++ {
				e.activate(Sigmoid, 0, e.of(o.X, n), e.of(o.P, n))
			}
			sum(w, slice, from, to)
		}
	case SigmoidLossGrad:
		return e.distanceGrad(o.P, o.T, o.DX, o.Weight, o.Add, func(p, t float32) float32 { return p - t })
	case HingeLoss:
		return e.distance(o.X, o.T, o.Loss, o.Weight, single(hinge))
	case HingeLossGrad:
		return e.distanceGrad(o.X, o.T, o.DX, o.Weight, o.Add, single(hingeSlope))
	}
	return nil // Check knows every operation
}

func (e *cpuExecutor) activate(k ActivationKind, slope float32, x, y []float32) {
	switch k {
	case ReLU:
		e.u.relu(x, y)
	case LeakyReLU:
		for i, v := range x {
			if v < 0 {
				v *= slope
			}
			y[i] = v
		}
	default:
		for i, v := range x {
			y[i] = float32(activate(k, float64(slope), float64(v)))
		}
	}
}

func (e *cpuExecutor) slope(k ActivationKind, slope float32, y, dy, dx []float32, add bool) {
	if k == ReLU {
		e.u.reluGrad(y, dy, dx, add)
		return
	}
	for i, v := range y {
		g := dy[i]
		switch {
		case k == Sigmoid:
			g *= v * (1 - v)
		case k == Tanh:
			g *= 1 - v*v
		case v <= 0:
			g *= slope
		}
		if add {
			g += dx[i]
		}
		dx[i] = g
	}
}

// dropout numbers the elements of a sample channel by channel, as Keep is defined.
func (e *cpuExecutor) dropout(x, y ID, ratio float32, stream int, add bool) sliceOp {
	s, scale := e.p.Buffers[x].Shape, 1/(1-ratio)
	plane := s.H * s.W
	return e.each(func(n int) {
		mx, my := e.of(x, n), e.of(y, n)
		i := 0
		for p := range plane {
			for c := range s.C {
				v := mx[i]
				if e.step.Training {
					if Keep(e.step.Seed, e.step.Iteration, stream, e.step.First+n, c*plane+p, ratio) {
						v *= scale
					} else {
						v = 0
					}
				}
				if add {
					v += my[i]
				}
				my[i] = v
				i++
			}
		}
	})
}

// copyChannels copies a run of each place.
func (e *cpuExecutor) copyChannels(o Copy) sliceOp {
	sx, sy := e.p.Buffers[o.X].Shape, e.p.Buffers[o.Y].Shape
	if o.Channels == sx.C && o.Channels == sy.C { // all of it lies together
		sx.H, sx.W, sx.C, sy.C, o.Channels = 1, 1, sx.Sample(), sy.Sample(), sx.Sample()
	}
	return e.each(func(n int) {
		x, y := e.of(o.X, n), e.of(o.Y, n)
		for p := range sx.H * sx.W {
			from, to := x[p*sx.C+o.From:p*sx.C+o.From+o.Channels], y[p*sy.C+o.To:p*sy.C+o.To+o.Channels]
			if o.Add {
				e.u.add(to, from)
			} else {
				copy(to, from)
			}
		}
	})
}

// single is f of float32s, computed in double.
func single(f func(x, t float64) float64) func(x, t float32) float32 {
	return func(x, t float32) float32 { return float32(f(float64(x), float64(t))) }
}

// distance sums f of the numbers of a sample and its target.
func (e *cpuExecutor) distance(x, t, loss ID, weight float32, f func(x, t float32) float32) sliceOp {
	return e.each(func(n int) {
		target, total := e.of(t, n), float32(0)
		for i, v := range e.of(x, n) {
			total += f(v, target[i])
		}
		e.of(loss, n)[0] = weight * total
	})
}

func (e *cpuExecutor) distanceGrad(x, t, dx ID, weight float32, add bool, f func(x, t float32) float32) sliceOp {
	return e.each(func(n int) {
		scale := e.step.Scale * weight
		target, grad := e.of(t, n), e.of(dx, n)
		for i, v := range e.of(x, n) {
			g := scale * f(v, target[i])
			if add {
				g += grad[i]
			}
			grad[i] = g
		}
	})
}
