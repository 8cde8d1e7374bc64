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
	default:
		e.adapt(o, w, g, from, to)
	}
}

// adapt does the rules that give each weight a rate of its own.
func (e *cpuExecutor) adapt(o *Update, w, g []float32, from, to int) {
	rate, decay, mu, beta2, epsilon := e.step.Rate*o.RateFactor, e.step.Decay*o.DecayFactor, o.Momentum, o.Beta2, o.Epsilon
	h := e.mem[o.History[0]][from:to]
	second := h
	if len(o.History) > 1 {
		second = e.mem[o.History[1]][from:to]
	}
	root := func(v float32) float32 { return float32(math.Sqrt(float64(v))) }
	switch o.Kind {
	case Adam, AdamW:
		t := float64(e.step.Iteration + 1)
		step := rate / float32(1-math.Pow(float64(mu), t))
		scale := float32(1 / math.Sqrt(1-math.Pow(float64(beta2), t)))
		inner, outer := decay, float32(0)
		if o.Kind == AdamW {
			inner, outer = 0, rate*decay
		}
		for i := range w {
			grad := g[i] + inner*w[i]
			h[i] = mu*h[i] + (1-mu)*grad
			second[i] = beta2*second[i] + (1-beta2)*grad*grad
			w[i] -= outer*w[i] + step*h[i]/(root(second[i])*scale+epsilon)
		}
	case AdaGrad:
		for i := range w {
			grad := g[i] + decay*w[i]
			h[i] += grad * grad
			w[i] -= rate * grad / (root(h[i]) + epsilon)
		}
	case RMSProp:
		for i := range w {
			grad := g[i] + decay*w[i]
			h[i] = beta2*h[i] + (1-beta2)*grad*grad
			w[i] -= rate * grad / (root(h[i]) + epsilon)
		}
	case AdaDelta:
		for i := range w {
			grad := g[i] + decay*w[i]
			h[i] = beta2*h[i] + (1-beta2)*grad*grad
			d := grad * root(second[i]+epsilon) / root(h[i]+epsilon)
			second[i] = beta2*second[i] + (1-beta2)*d*d
			w[i] -= rate * d
		}
	}
}
