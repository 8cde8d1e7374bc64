package kernel

import "math"

// loss runs a loss or its gradient.
func (r *refExecutor) loss(op Op) {
	switch o := op.(type) {
	case SoftmaxLoss:
		r.softmaxLoss(o)
	case SoftmaxLossGrad:
		r.softmaxLossGrad(o)
	case SquaredLoss:
		r.eachPair(o.X, o.T, o.Loss, o.Weight, func(x, t float64) float64 { return (x - t) * (x - t) / 2 })
	case SquaredLossGrad:
		r.eachGrad(o.X, o.T, o.DX, o.Weight, o.Add, difference)
	case AbsoluteLoss:
		r.eachPair(o.X, o.T, o.Loss, o.Weight, func(x, t float64) float64 { return math.Abs(x - t) })
	case AbsoluteLossGrad:
		r.eachGrad(o.X, o.T, o.DX, o.Weight, o.Add, func(x, t float64) float64 { return sign(x - t) })
	case SigmoidLoss:
		x, p := r.mem[o.X], r.mem[o.P]
		for i := range r.shape(o.X).Len() {
			p[i] = float32(activate(Sigmoid, 0, float64(x[i])))
		}
		r.eachPair(o.X, o.T, o.Loss, o.Weight, logistic)
	case SigmoidLossGrad:
		r.eachGrad(o.P, o.T, o.DX, o.Weight, o.Add, difference)
	case HingeLoss:
		r.eachPair(o.X, o.T, o.Loss, o.Weight, hinge)
	case HingeLossGrad:
		r.eachGrad(o.X, o.T, o.DX, o.Weight, o.Add, hingeSlope)
	}
}

// eachPair sums f of the numbers of x and t for each sample.
func (r *refExecutor) eachPair(x, t, loss ID, weight float32, f func(x, t float64) float64) {
	s := r.shape(x)
	for n := range s.N {
		sum := 0.0
		for e := range s.Sample() {
			i := n*s.Sample() + e
			sum += f(float64(r.mem[x][i]), float64(r.mem[t][i]))
		}
		r.mem[loss][n] = float32(float64(weight) * sum)
	}
}

func (r *refExecutor) eachGrad(x, t, dx ID, weight float32, add bool, f func(x, t float64) float64) {
	for i := range r.shape(x).Len() {
		put(r.mem[dx], i, float64(r.s.Scale)*float64(weight)*f(float64(r.mem[x][i]), float64(r.mem[t][i])), add)
	}
}

func difference(x, t float64) float64 { return x - t }

func sign(d float64) float64 {
	switch {
	case d > 0:
		return 1
	case d < 0:
		return -1
	}
	return 0
}

// logistic returns the cross-entropy of σ(x) with t, without an exponential that overflows or a difference that cancels.
func logistic(x, t float64) float64 { return max(x, 0) - x*t + math.Log1p(math.Exp(-math.Abs(x))) }

// margin is 1−δx, δ = 2t−1. Of float32s and a target of ones and zeros its sign is exact, so that the hinge turns at the same place on every device.
func margin(x, t float64) float64 { return 1 - (2*t-1)*x }

func hinge(x, t float64) float64 { return max(0, margin(x, t)) }

// hingeSlope returns the derivative of the hinge with respect to x.
func hingeSlope(x, t float64) float64 {
	if margin(x, t) > 0 {
		return 1 - 2*t
	}
	return 0
}

// labelOf returns the class that a label names, or −1 if it is void.
func labelOf(l float32, classes int) int {
	if l >= 0 && l < float32(classes) {
		return int(l)
	}
	return -1
}

// labelled counts the labels that name a class.
func labelled(labels []float32, classes int) int {
	n := 0
	for _, l := range labels {
		if labelOf(l, classes) >= 0 {
			n++
		}
	}
	return n
}

// weightOf returns the weight of a class; without weights it is 1.
func weightOf(weights []float32, class int) float64 {
	if weights == nil {
		return 1
	}
	return float64(weights[class])
}

// floor of a probability in a logarithm: below it a float32 is no longer normal.
const leastProbability = 1.1754944e-38

func (r *refExecutor) softmaxLoss(o SoftmaxLoss) {
	r.softmax(o.X, o.P)
	s := r.shape(o.X)
	places := s.H * s.W
	for n := range s.N {
		labels := r.mem[o.Labels][n*places : (n+1)*places]
		sum := 0.0
		for i, v := range labels {
			if l := labelOf(v, s.C); l >= 0 {
				sum -= weightOf(o.ClassWeights, l) * math.Log(max(float64(r.mem[o.P][(n*s.C+l)*places+i]), leastProbability)) // not-a-number stays
			}
		}
		r.mem[o.Loss][n] = float32(float64(o.Weight) * sum / float64(max(labelled(labels, s.C), 1)))
	}
}

func (r *refExecutor) softmaxLossGrad(o SoftmaxLossGrad) {
	s := r.shape(o.P)
	places := s.H * s.W
	for n := range s.N {
		labels := r.mem[o.Labels][n*places : (n+1)*places]
		share := float64(r.s.Scale) * float64(o.Weight) / float64(max(labelled(labels, s.C), 1))
		for c := range s.C {
			for i, v := range labels {
				at := (n*s.C+c)*places + i
				g, label := float64(r.mem[o.P][at]), labelOf(v, s.C)
				if c == label {
					g--
				}
				if label < 0 {
					g = 0
				} else {
					g *= weightOf(o.ClassWeights, label)
				}
				put(r.mem[o.DX], at, share*g, o.Add)
			}
		}
	}
}
