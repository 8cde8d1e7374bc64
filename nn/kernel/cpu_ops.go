package kernel

import "math"

// sliceOp makes an operation that works sample by sample ready to run on slices.
func (e *cpuExecutor) sliceOp(op Op) sliceOp {
	switch o := op.(type) {
	case Conv:
		return e.conv(o)
	case ConvGradInput:
		return e.convGradInput(o)
	case Pool:
		return e.pool(o)
	case PoolGrad:
		return e.poolGrad(o)
	case LRN:
		return e.lrn(o)
	case LRNGrad:
		return e.lrnGrad(o)
	case Softmax:
		return func(_, _, from, to int) { e.softmax(o.X, o.Y, from, to) }
	case SoftmaxGrad:
		return e.softmaxGrad(o)
	case Copy:
		return e.copyChannels(o)
	case Activation:
		return func(_, _, from, to int) { activateAll(o.Kind, e.of(o.X, from, to), e.of(o.Y, from, to)) }
	case ActivationGrad:
		return func(_, _, from, to int) {
			slopeAll(o.Kind, e.of(o.Y, from, to), e.of(o.DY, from, to), e.of(o.DX, from, to), o.Add)
		}
	case Dropout:
		return e.dropout(o.X, o.Y, o.Ratio, o.Stream, false)
	case DropoutGrad:
		return e.dropout(o.DY, o.DX, o.Ratio, o.Stream, o.Add)
	case Sum:
		return func(_, _, from, to int) {
			a, b, y := e.of(o.A, from, to), e.of(o.B, from, to), e.of(o.Y, from, to)
			for i := range y {
				y[i] = a[i] + b[i]
			}
		}
	}
	return e.lossOp(op)
}

// lossOp makes a loss or its gradient ready.
func (e *cpuExecutor) lossOp(op Op) sliceOp {
	switch o := op.(type) {
	case SoftmaxLoss:
		return func(_, _, from, to int) {
			e.softmax(o.X, o.P, from, to)
			for n := from; n < to; n++ {
				e.mem[o.Loss][n] = o.Weight * crossEntropy(e.of(o.P, n, n+1), e.mem[o.Labels], n)
			}
		}
	case SoftmaxLossGrad:
		return func(_, _, from, to int) {
			for n := from; n < to; n++ {
				e.softmaxLossGrad(o, n)
			}
		}
	case SquaredLoss:
		return e.distance(o.X, o.T, o.Loss, o.Weight, func(d float32) float32 { return d * d / 2 })
	case SquaredLossGrad:
		return e.distanceGrad(o.X, o.T, o.DX, o.Weight, o.Add, func(d float32) float32 { return d })
	case AbsoluteLoss:
		return e.distance(o.X, o.T, o.Loss, o.Weight, func(d float32) float32 { return float32(math.Abs(float64(d))) })
	case AbsoluteLossGrad:
		return e.distanceGrad(o.X, o.T, o.DX, o.Weight, o.Add, func(d float32) float32 { return float32(sign(float64(d))) })
	}
	return nil // Check knows every operation
}

func activateAll(k ActivationKind, x, y []float32) {
	switch k {
	case ReLU:
		for i, v := range x {
			y[i] = max(v, 0)
		}
	default:
		for i, v := range x {
			y[i] = float32(activate(k, float64(v)))
		}
	}
}

func slopeAll(k ActivationKind, y, dy, dx []float32, add bool) {
	for i, v := range y {
		g := dy[i]
		switch {
		case k == Sigmoid:
			g *= v * (1 - v)
		case k == Tanh:
			g *= 1 - v*v
		case v <= 0:
			g = 0
		}
		if add {
			g += dx[i]
		}
		dx[i] = g
	}
}

func (e *cpuExecutor) dropout(x, y ID, ratio float32, stream int, add bool) sliceOp {
	size, scale := e.sample(x), 1/(1-ratio)
	return func(_, _, from, to int) {
		for n := from; n < to; n++ {
			mx, my := e.of(x, n, n+1), e.of(y, n, n+1)
			for i := range size {
				v := mx[i]
				if e.step.Training {
					if Keep(e.step.Seed, e.step.Iteration, stream, e.step.First+n, i, ratio) {
						v *= scale
					} else {
						v = 0
					}
				}
				if add {
					v += my[i]
				}
				my[i] = v
			}
		}
	}
}

// eachPlane calls f for every channel of the samples from–to with its place in the input and in the output.
func (e *cpuExecutor) eachPlane(x, y ID, from, to int, f func(x, y []float32)) {
	sx, sy := e.p.Buffers[x].Shape, e.p.Buffers[y].Shape
	px, py := sx.H*sx.W, sy.H*sy.W
	for i := from * sx.C; i < to*sx.C; i++ {
		f(e.mem[x][i*px:(i+1)*px], e.mem[y][i*py:(i+1)*py])
	}
}

func (e *cpuExecutor) pool(o Pool) sliceOp {
	windows := newWindows(e.p.Buffers[o.X].Shape, e.p.Buffers[o.Y].Shape, o.Geometry)
	plane := windows.maximum
	if o.Average {
		plane = windows.mean
	}
	return func(_, _, from, to int) { e.eachPlane(o.X, o.Y, from, to, plane) }
}

func (e *cpuExecutor) poolGrad(o PoolGrad) sliceOp {
	windows := newWindows(e.p.Buffers[o.X].Shape, e.p.Buffers[o.Y].Shape, o.Geometry)
	px, py := windows.in.H*windows.in.W, windows.out.H*windows.out.W
	return func(_, _, from, to int) {
		dx := e.of(o.DX, from, to)
		if !o.Add {
			clear(dx)
		}
		x, dy := e.of(o.X, from, to), e.of(o.DY, from, to)
		for ; len(dx) > 0; x, dx, dy = x[px:], dx[px:], dy[py:] {
			if o.Average {
				windows.spread(dy[:py], dx[:px])
			} else {
				windows.toPeaks(x[:px], dy[:py], dx[:px])
			}
		}
	}
}

// windows are the places of a pooling over one channel.
type windows struct {
	in, out Shape
	at      []window // in reading order of the output
}

func newWindows(in, out Shape, g Geometry) *windows {
	w := &windows{in: in, out: out}
	for i := range out.H {
		for j := range out.W {
			w.at = append(w.at, g.window(in, i, j))
		}
	}
	return w
}

func (s *windows) maximum(x, y []float32) {
	width := s.in.W
	for i := range s.at {
		w := &s.at[i]
		best := x[w.h0*width+w.w0]
		for h := w.h0; h < w.h1; h++ {
			for _, v := range x[h*width+w.w0 : h*width+w.w1] {
				if v > best {
					best = v
				}
			}
		}
		y[i] = best
	}
}

func (s *windows) mean(x, y []float32) {
	width := s.in.W
	for i := range s.at {
		w := &s.at[i]
		sum := float32(0)
		for h := w.h0; h < w.h1; h++ {
			for _, v := range x[h*width+w.w0 : h*width+w.w1] {
				sum += v
			}
		}
		y[i] = sum / float32(w.area)
	}
}

// toPeaks adds each gradient to the first maximum of its window.
func (s *windows) toPeaks(x, dy, dx []float32) {
	width := s.in.W
	for i := range s.at {
		w := &s.at[i]
		at := w.h0*width + w.w0
		best := x[at]
		for h := w.h0; h < w.h1; h++ {
			for k, v := range x[h*width+w.w0 : h*width+w.w1] {
				if v > best {
					best, at = v, h*width+w.w0+k
				}
			}
		}
		dx[at] += dy[i]
	}
}

// spread adds each gradient, divided by the area, to its whole window.
func (s *windows) spread(dy, dx []float32) {
	width := s.in.W
	for i := range s.at {
		w := &s.at[i]
		g := dy[i] / float32(w.area)
		for h := w.h0; h < w.h1; h++ {
			row := dx[h*width+w.w0 : h*width+w.w1]
			for k := range row {
				row[k] += g
			}
		}
	}
}

func (e *cpuExecutor) lrn(o LRN) sliceOp {
	s := e.p.Buffers[o.X].Shape
	plane := s.H * s.W
	return func(_, _, from, to int) {
		for n := from; n < to; n++ {
			x, y, scale := e.of(o.X, n, n+1), e.of(o.Y, n, n+1), e.of(o.S, n, n+1)
			fill(scale, 1)
			for c := range s.C {
				a, b := around(c, o.Size, s.C)
				row := scale[c*plane : (c+1)*plane]
				for k := a; k < b; k++ {
					for i, v := range x[k*plane : (k+1)*plane] {
						row[i] += o.Alpha / float32(o.Size) * v * v
					}
				}
			}
			for i, v := range x {
				y[i] = v * powNeg(scale[i], o.Beta)
			}
		}
	}
}

// powNeg is s^−beta; at the usual ¾ by square roots.
func powNeg(s, beta float32) float32 {
	if beta == .75 {
		root := math.Sqrt(float64(s))
		return float32(1 / (root * math.Sqrt(root)))
	}
	return float32(math.Pow(float64(s), -float64(beta)))
}

func (e *cpuExecutor) lrnGrad(o LRNGrad) sliceOp {
	s := e.p.Buffers[o.X].Shape
	plane := s.H * s.W
	factor := 2 * o.Alpha * o.Beta / float32(o.Size)
	e.reserve(s.Sample() + plane)
	return func(worker, _, from, to int) {
		ratio, sums := e.scratch[worker][:s.Sample()], e.scratch[worker][s.Sample():s.Sample()+plane]
		for n := from; n < to; n++ {
			x, y, scale := e.of(o.X, n, n+1), e.of(o.Y, n, n+1), e.of(o.S, n, n+1)
			dy, dx := e.of(o.DY, n, n+1), e.of(o.DX, n, n+1)
			for i := range ratio {
				ratio[i] = dy[i] * y[i] / scale[i]
			}
			for c := range s.C {
				clear(sums)
				for k := max(c-(o.Size-(o.Size-1)/2-1), 0); k < min(c+(o.Size-1)/2+1, s.C); k++ {
					for i, v := range ratio[k*plane : (k+1)*plane] {
						sums[i] += v
					}
				}
				for i, total := range sums {
					j := c*plane + i
					v := dy[j]*powNeg(scale[j], o.Beta) - factor*x[j]*total
					if o.Add {
						v += dx[j]
					}
					dx[j] = v
				}
			}
		}
	}
}

func (e *cpuExecutor) softmax(x, y ID, from, to int) {
	s := e.p.Buffers[x].Shape
	plane := s.H * s.W
	for n := from; n < to; n++ {
		mx, my := e.of(x, n, n+1), e.of(y, n, n+1)
		for p := range plane {
			top := float32(math.Inf(-1))
			for i := p; i < len(mx); i += plane {
				top = max(top, mx[i])
			}
			sum := float32(0)
			for i := p; i < len(mx); i += plane {
				v := float32(math.Exp(float64(mx[i] - top)))
				my[i] = v
				sum += v
			}
			for i := p; i < len(mx); i += plane {
				my[i] /= sum
			}
		}
	}
}

func (e *cpuExecutor) softmaxGrad(o SoftmaxGrad) sliceOp {
	s := e.p.Buffers[o.Y].Shape
	plane := s.H * s.W
	return func(_, _, from, to int) {
		for n := from; n < to; n++ {
			y, dy, dx := e.of(o.Y, n, n+1), e.of(o.DY, n, n+1), e.of(o.DX, n, n+1)
			for p := range plane {
				sum := float32(0)
				for i := p; i < len(y); i += plane {
					sum += dy[i] * y[i]
				}
				for i := p; i < len(y); i += plane {
					v := y[i] * (dy[i] - sum)
					if o.Add {
						v += dx[i]
					}
					dx[i] = v
				}
			}
		}
	}
}

func (e *cpuExecutor) copyChannels(o Copy) sliceOp {
	s := e.p.Buffers[o.X].Shape
	plane := s.H * s.W
	return func(_, _, from, to int) {
		for n := from; n < to; n++ {
			x := e.of(o.X, n, n+1)[o.From*plane : (o.From+o.Channels)*plane]
			y := e.of(o.Y, n, n+1)[o.To*plane : (o.To+o.Channels)*plane]
			if !o.Add {
				copy(y, x)
				continue
			}
			for i, v := range x {
				y[i] += v
			}
		}
	}
}

// crossEntropy is −log of the probability of a sample's class; 0 for a sample without one.
func crossEntropy(p, labels []float32, n int) float32 {
	l := label(labels, n, len(p))
	if l < 0 {
		return 0
	}
	if p[l] != p[l] {
		return p[l]
	}
	return float32(-math.Log(max(float64(p[l]), leastProbability)))
}

func (e *cpuExecutor) softmaxLossGrad(o SoftmaxLossGrad, n int) {
	p, dx := e.of(o.P, n, n+1), e.of(o.DX, n, n+1)
	l := label(e.mem[o.Labels], n, len(p))
	scale := e.step.Scale * o.Weight
	for c, v := range p {
		switch {
		case l < 0:
			v = 0
		case c == l:
			v--
		}
		v *= scale
		if o.Add {
			v += dx[c]
		}
		dx[c] = v
	}
}

// distance sums f of the differences of a sample and its target.
func (e *cpuExecutor) distance(x, t, loss ID, weight float32, f func(float32) float32) sliceOp {
	return func(_, _, from, to int) {
		for n := from; n < to; n++ {
			target, total := e.of(t, n, n+1), float32(0)
			for i, v := range e.of(x, n, n+1) {
				total += f(v - target[i])
			}
			e.mem[loss][n] = weight * total
		}
	}
}

func (e *cpuExecutor) distanceGrad(x, t, dx ID, weight float32, add bool, f func(float32) float32) sliceOp {
	return func(_, _, from, to int) {
		scale := e.step.Scale * weight
		target, grad := e.of(t, from, to), e.of(dx, from, to)
		for i, v := range e.of(x, from, to) {
			g := scale * f(v-target[i])
			if add {
				g += grad[i]
			}
			grad[i] = g
		}
	}
}

// updates makes one stage of all updates, cut into parts.
func (e *cpuExecutor) updates(ops []Op) []stage {
	type part struct {
		o        *Update
		from, to int
	}
	var parts []part
	for _, op := range ops {
		o := op.(Update)
		for from := 0; from < len(e.mem[o.W]); from += chunk {
			parts = append(parts, part{&o, from, min(from+chunk, len(e.mem[o.W]))})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []stage{{fixed(len(parts)), func(_, job int) { e.updatePart(parts[job].o, parts[job].from, parts[job].to) }}}
}

func (e *cpuExecutor) updatePart(o *Update, from, to int) {
	w, g, h := e.mem[o.W][from:to], e.mem[o.G][from:to], e.mem[o.History[0]][from:to]
	rate, decay, mu := e.step.Rate*o.RateFactor, e.step.Decay*o.DecayFactor, o.Momentum
	switch o.Kind {
	case SGD:
		for i := range w {
			v := mu*h[i] + rate*(g[i]+decay*w[i])
			h[i] = v
			w[i] -= v
		}
	case Nesterov:
		for i := range w {
			v := mu*h[i] + rate*(g[i]+decay*w[i])
			w[i] -= (1+mu)*v - mu*h[i]
			h[i] = v
		}
	case Adam:
		second := e.mem[o.History[1]][from:to]
		t := float64(e.step.Iteration + 1)
		step := rate / float32(1-math.Pow(float64(mu), t))
		root := float32(1 / math.Sqrt(1-math.Pow(float64(o.Beta2), t)))
		for i := range w {
			grad := g[i] + decay*w[i]
			h[i] = mu*h[i] + (1-mu)*grad
			second[i] = o.Beta2*second[i] + (1-o.Beta2)*grad*grad
			w[i] -= step * h[i] / (float32(math.Sqrt(float64(second[i])))*root + o.Epsilon)
		}
	}
}
