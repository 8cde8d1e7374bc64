package kernel

import "math"

func (r *refExecutor) update(o Update) {
	w, g := r.mem[o.W], r.mem[o.G]
	rate := float64(r.s.Rate) * float64(o.RateFactor)
	decay := float64(r.s.Decay) * float64(o.DecayFactor)
	mu, beta2, epsilon := float64(o.Momentum), float64(o.Beta2), float64(o.Epsilon)
	t := float64(r.s.Iteration + 1)
	for i := range w {
		var h [2]float64
		for k, id := range o.History {
			h[k] = float64(r.mem[id][i])
		}
		v := float64(w[i])
		grad := float64(g[i])
		if o.Kind == AdamW {
			v -= rate * decay * v
		} else {
			grad += decay * v
		}
		switch o.Kind {
		case SGD:
			h[0] = mu*h[0] + rate*grad
			v -= h[0]
		case Nesterov:
			before := h[0]
			h[0] = mu*before + rate*grad
			v -= (1+mu)*h[0] - mu*before
		case Adam, AdamW:
			h[0] = mu*h[0] + (1-mu)*grad
			h[1] = beta2*h[1] + (1-beta2)*grad*grad
			m, s := h[0]/(1-math.Pow(mu, t)), h[1]/(1-math.Pow(beta2, t))
			v -= rate * m / (math.Sqrt(s) + epsilon)
		case AdaGrad:
			h[0] += grad * grad
			v -= rate * grad / (math.Sqrt(h[0]) + epsilon)
		case RMSProp:
			h[0] = beta2*h[0] + (1-beta2)*grad*grad
			v -= rate * grad / (math.Sqrt(h[0]) + epsilon)
		case AdaDelta:
			h[0] = beta2*h[0] + (1-beta2)*grad*grad
			d := grad * math.Sqrt(h[1]+epsilon) / math.Sqrt(h[0]+epsilon)
			h[1] = beta2*h[1] + (1-beta2)*d*d
			v -= rate * d
		}
		for k, id := range o.History {
			r.mem[id][i] = float32(h[k])
		}
		w[i] = float32(v)
	}
}
