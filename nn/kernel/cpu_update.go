package kernel

import "math"

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
	return []stage{{fixed(len(parts)), func(_ *worker, job int) { e.updatePart(parts[job].o, parts[job].from, parts[job].to) }}}
}

func (e *cpuExecutor) updatePart(o *Update, from, to int) {
	w, g, h := e.mem[o.W][from:to], e.mem[o.G][from:to], e.mem[o.History[0]][from:to]
	rate, decay, mu := e.step.Rate*o.RateFactor, e.step.Decay*o.DecayFactor, o.Momentum
	switch o.Kind {
	case SGD:
		n := e.u.whole(len(w), e.u.sgdStep != nil)
		if n > 0 {
			e.u.sgdStep(&w[0], &g[0], &h[0], n, rate, decay, mu)
		}
		for i := n; i < len(w); i++ {
			v := mu*h[i] + rate*(g[i]+decay*w[i])
			h[i] = v
			w[i] -= v
		}
	case Nesterov:
		n := e.u.whole(len(w), e.u.nesterov != nil)
		if n > 0 {
			e.u.nesterov(&w[0], &g[0], &h[0], n, rate, decay, mu)
		}
		for i := n; i < len(w); i++ {
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
