package kernel

// pooling is the geometry of a pooling. At one place of its output all channels are done at once, since they lie side by side.
type pooling struct {
	in, out Shape
	at      []window // in reading order of the output
}

func (e *cpuExecutor) pooling(x, y ID, g Geometry) *pooling {
	p := &pooling{in: e.p.Buffers[x].Shape, out: e.p.Buffers[y].Shape}
	for i := range p.out.H {
		for j := range p.out.W {
			p.at = append(p.at, g.window(p.in, i, j))
		}
	}
	return p
}

// forward pools some rows of a sample.
func (p *pooling) forward(u *unit, average bool, x, y []float32, from, to int) {
	channels, line := p.in.C, p.in.W*p.in.C
	for i := from * p.out.W; i < to*p.out.W; i++ {
		w := &p.at[i]
		x, y := x[(w.h0*p.in.W+w.w0)*channels:], y[i*channels:(i+1)*channels]
		if average {
			u.sumWindow(y, x, w.h1-w.h0, w.w1-w.w0, line, channels, 1/float32(w.area))
		} else {
			u.maxWindow(y, x, w.h1-w.h0, w.w1-w.w0, line, channels)
		}
	}
}

func (e *cpuExecutor) pool(o Pool) sliceOp {
	p := e.pooling(o.X, o.Y, o.Geometry)
	return e.each(func(n int) { p.forward(e.u, o.Average, e.of(o.X, n), e.of(o.Y, n), 0, p.out.H) })
}

// sharedNumbers is how many numbers of an operation other than a product are worth sharing among workers.
const sharedNumbers = 1 << 16

// poolShared pools a few samples, shared among workers by rows; nil if that is not worth it.
func (e *cpuExecutor) poolShared(o Pool) []stage {
	p := e.pooling(o.X, o.Y, o.Geometry)
	if p.in.Sample() < sharedNumbers {
		return nil
	}
	return []stage{{func() int { return e.samples() * p.out.H }, func(_ *worker, job int) {
		n, row := job/p.out.H, job%p.out.H
		p.forward(e.u, o.Average, e.of(o.X, n), e.of(o.Y, n), row, row+1)
	}}}
}

func (e *cpuExecutor) poolGrad(o PoolGrad) sliceOp {
	p := e.pooling(o.X, o.Y, o.Geometry)
	u, channels, line := e.u, p.in.C, p.in.W*p.in.C
	return e.each(func(n int) {
		x, y, dy, dx := e.of(o.X, n), e.of(o.Y, n), e.of(o.DY, n), e.of(o.DX, n)
		if !o.Add {
			clear(dx)
		}
		for i := range p.at {
			w := &p.at[i]
			at, top := (w.h0*p.in.W+w.w0)*channels, dy[i*channels:(i+1)*channels]
			if o.Average {
				u.spreadWindow(dx[at:], top, w.h1-w.h0, w.w1-w.w0, line, channels, 1/float32(w.area))
			} else {
				u.maxWindowGrad(dx[at:], x[at:], y[i*channels:(i+1)*channels], top, w.h1-w.h0, w.w1-w.w0, line, channels)
			}
		}
	})
}

// maxWindow gives each channel's maximum over a window of x: kh rows, line numbers apart, of kw places.
func (u *unit) maxWindow(y, x []float32, kh, kw, line, channels int) {
	n := u.whole(channels, u.poolMax != nil)
	if n > 0 {
		u.poolMax(&y[0], &x[0], kh, kw, 4*line, 4*channels, n)
		if n < channels { // the last vector may overlap the one before
			u.poolMax(&y[channels-u.lanes], &x[channels-u.lanes], kh, kw, 4*line, 4*channels, u.lanes)
			return
		}
	}
	for c := n; c < channels; c++ {
		best := x[c]
		for h := range kh {
			for w := range kw {
				if v := x[h*line+w*channels+c]; v > best {
					best = v
				}
			}
		}
		y[c] = best
	}
}

// maxWindowGrad adds dy to dx where x first is the maximum y of a window.
func (u *unit) maxWindowGrad(dx, x, y, dy []float32, kh, kw, line, channels int) {
	n := u.whole(channels, u.poolMaxGrad != nil)
	if n > 0 {
		u.poolMaxGrad(&dx[0], &x[0], &y[0], &dy[0], kh, kw, 4*line, 4*channels, n)
	}
channels:
	for c := n; c < channels; c++ {
		for h := range kh {
			for w := range kw {
				if at := h*line + w*channels + c; x[at] == y[c] {
					dx[at] += dy[c]
					continue channels
				}
			}
		}
	}
}

// sumWindow gives each channel's sum over a window of x, times scale.
func (u *unit) sumWindow(y, x []float32, kh, kw, line, channels int, scale float32) {
	n := u.whole(channels, u.poolSum != nil)
	if n > 0 {
		u.poolSum(&y[0], &x[0], kh, kw, 4*line, 4*channels, n, scale)
		if n < channels {
			u.poolSum(&y[channels-u.lanes], &x[channels-u.lanes], kh, kw, 4*line, 4*channels, u.lanes, scale)
			return
		}
	}
	for c := n; c < channels; c++ {
		sum := float32(0)
		for h := range kh {
			for w := range kw {
				sum += x[h*line+w*channels+c]
			}
		}
		y[c] = sum * scale
	}
}

// spreadWindow adds dy times scale to a window of dx.
func (u *unit) spreadWindow(dx, dy []float32, kh, kw, line, channels int, scale float32) {
	n := u.whole(channels, u.poolSpread != nil)
	if n > 0 {
		u.poolSpread(&dx[0], &dy[0], kh, kw, 4*line, 4*channels, n, scale)
	}
	for c := n; c < channels; c++ {
		g := dy[c] * scale
		for h := range kh {
			for w := range kw {
				dx[h*line+w*channels+c] += g
			}
		}
	}
}
