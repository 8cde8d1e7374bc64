package kernel

import "math"

// togetherPlaces is how many places of an image a softmax takes at a time, side by side.
const togetherPlaces = 64

// softmax runs over the channels of each place of the samples.
func (e *cpuExecutor) softmax(x, y ID) sliceOp {
	s := e.p.Buffers[x].Shape
	if s.H*s.W == 1 {
		return e.each(func(n int) { softmaxOf(e.of(x, n), e.of(y, n)) })
	}
	e.reserve((s.C + 1) * togetherPlaces)
	return func(w *worker, _, from, to int) {
		for n := from; n < to; n++ {
			e.u.softmaxPlaces(e.of(x, n), e.of(y, n), s.C, w.scratch)
		}
	}
}

// softmaxPlaces is the softmax of the places of an image, channels numbers each. Some places at a time are turned to rows of one channel each, so that vectors hold
// places. scratch has room for these and a row.
func (u *unit) softmaxPlaces(x, y []float32, channels int, scratch []float32) {
	row, rows := scratch[:togetherPlaces], scratch[togetherPlaces:(channels+1)*togetherPlaces]
	for at := 0; at < len(x); at += togetherPlaces * channels {
		places := min(togetherPlaces, (len(x)-at)/channels)
		u.transpose(rows, x[at:], togetherPlaces, channels, places, channels)
		u.maxWindow(row, rows, 1, channels, 0, togetherPlaces)
		for c := 0; c < len(rows); c += togetherPlaces {
			u.sub(rows[c:c+togetherPlaces], row)
		}
		u.exp(rows, rows)
		u.sumWindow(row, rows, 1, channels, 0, togetherPlaces, 1)
		for i, sum := range row {
			row[i] = 1 / sum
		}
		for c := 0; c < len(rows); c += togetherPlaces {
			u.mul(rows[c:c+togetherPlaces], row)
		}
		u.transpose(y[at:], rows, channels, togetherPlaces, channels, places)
	}
}

// softmaxOf is the softmax of one place, with exponentials in double.
func softmaxOf(x, y []float32) {
	top := float32(math.Inf(-1))
	for _, v := range x {
		top = max(top, v)
	}
	sum := float32(0)
	for i, v := range x {
		v = float32(math.Exp(float64(v - top)))
		y[i] = v
		sum += v
	}
	for i := range y {
		y[i] /= sum
	}
}

func (e *cpuExecutor) softmaxGrad(o SoftmaxGrad) sliceOp {
	channels := e.p.Buffers[o.Y].Shape.C
	return e.each(func(n int) {
		y, dy, dx := e.of(o.Y, n), e.of(o.DY, n), e.of(o.DX, n)
		for ; len(y) > 0; y, dy, dx = y[channels:], dy[channels:], dx[channels:] {
			sum := float32(0)
			for i, v := range y[:channels] {
				sum += dy[i] * v
			}
			for i, v := range y[:channels] {
				v *= dy[i] - sum
				if o.Add {
					v += dx[i]
				}
				dx[i] = v
			}
		}
	})
}

// softmaxLoss is the mean of the weighted cross-entropies of the places of a sample that have a class.
func (e *cpuExecutor) softmaxLoss(o SoftmaxLoss) sliceOp {
	classes, softmax := e.p.Buffers[o.P].Shape.C, e.softmax(o.X, o.P)
	return func(w *worker, slice, from, to int) {
		softmax(w, slice, from, to)
		for n := from; n < to; n++ {
			labels := e.of(o.Labels, n)
			e.of(o.Loss, n)[0] = o.Weight * float32(crossEntropies(e.of(o.P, n), labels, classes, o.ClassWeights)/float64(max(labelled(labels, classes), 1)))
		}
	}
}

// crossEntropies sums −log of the probability p of each place's class, times the weight of the class. Logarithms of several places of one weight, as neighbours mostly
// are, are one of their product, which float64 holds.
func crossEntropies(p, labels []float32, classes int, weights []float32) float64 {
	const several = 8
	sum, product, factors, weight := 0.0, 1.0, 0, 1.0
	for i, v := range labels {
		l := labelOf(v, classes)
		if l < 0 {
			continue
		}
		if w := weightOf(weights, l); factors == several || w != weight {
			sum -= weight * math.Log(product)
			product, factors, weight = 1, 0, w
		}
		product *= max(float64(p[i*classes+l]), leastProbability)
		factors++
	}
	return sum - weight*math.Log(product)
}

func (e *cpuExecutor) softmaxLossGrad(o SoftmaxLossGrad, n int) {
	classes := e.p.Buffers[o.P].Shape.C
	p, dx, labels := e.of(o.P, n), e.of(o.DX, n), e.of(o.Labels, n)
	share := e.step.Scale * o.Weight / float32(max(labelled(labels, classes), 1))
	for i, v := range labels {
		label := labelOf(v, classes)
		p, dx := p[i*classes:(i+1)*classes], dx[i*classes:(i+1)*classes]
		if !o.Add {
			clear(dx)
		}
		if label < 0 {
			continue
		}
		share := share
		if o.ClassWeights != nil {
			share *= o.ClassWeights[label]
		}
		for c, v := range p {
			if c == label {
				v--
			}
			dx[c] += share * v
		}
	}
}
