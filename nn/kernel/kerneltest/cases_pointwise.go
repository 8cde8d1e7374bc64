package kerneltest

import (
	"fmt"
	"math/rand/v2"

	"github.com/convscope/convscope/nn/kernel"
)

// awkward are shapes of a sample that fill no vector, and batches that fill no slices.
var awkward = []kernel.Shape{{N: 1, C: 1, H: 1, W: 1}, {N: 3, C: 5, H: 1, W: 1}, {N: 17, C: 3, H: 7, W: 5}, {N: 8, C: 16, H: 2, W: 2}}

// eachShape makes a case of each awkward shape.
func eachShape(name string, put func(b *builder, s kernel.Shape)) []*testCase {
	var all []*testCase
	for _, s := range awkward {
		b := newBuilder(fmt.Sprintf("%s %v", name, s), s.N)
		put(b, s)
		all = append(all, &b.testCase)
	}
	return all
}

// pointwise are activations and dropout: to another buffer, in place and added.
func pointwise() []*testCase {
	var all []*testCase
	for _, a := range []struct {
		name  string
		kind  kernel.ActivationKind
		slope float32
	}{{"ReLU", kernel.ReLU, 0}, {"sigmoid", kernel.Sigmoid, 0}, {"tanh", kernel.Tanh, 0}, {"leaky ReLU", kernel.LeakyReLU, .1}, {"leaky ReLU of 0", kernel.LeakyReLU, 0}} {
		k, slope := a.kind, a.slope
		all = append(all, eachShape(a.name, func(b *builder, s kernel.Shape) {
			y, same := b.value(s), b.started(&b.program.Forward, s)
			b.forward(kernel.Activation{X: b.input(s), Y: y, Kind: k, Slope: slope}, kernel.Activation{X: same, Y: same, Kind: k, Slope: slope})
			dy, there := b.input(s), b.started(&b.program.Backward, s)
			sum := b.started(&b.program.Backward, s)
			b.backward(
				kernel.ActivationGrad{Y: y, DY: dy, DX: b.value(s), Kind: k, Slope: slope},
				kernel.ActivationGrad{Y: same, DY: there, DX: there, Kind: k, Slope: slope},
				kernel.ActivationGrad{Y: y, DY: dy, DX: sum, Kind: k, Slope: slope, Add: true})
		})...)
	}
	for _, ratio := range []float32{0, .3, .5, .99} {
		all = append(all, eachShape(fmt.Sprintf("dropout %v", ratio), func(b *builder, s kernel.Shape) {
			same := b.started(&b.program.Forward, s)
			b.forward(kernel.Dropout{X: b.input(s), Y: b.value(s), Ratio: ratio, Stream: 1}, kernel.Dropout{X: same, Y: same, Ratio: ratio, Stream: 2})
			dy, there := b.input(s), b.started(&b.program.Backward, s)
			sum := b.started(&b.program.Backward, s)
			b.backward(
				kernel.DropoutGrad{DY: dy, DX: b.value(s), Ratio: ratio, Stream: 1},
				kernel.DropoutGrad{DY: there, DX: there, Ratio: ratio, Stream: 2},
				kernel.DropoutGrad{DY: dy, DX: sum, Ratio: ratio, Stream: 1, Add: true})
		})...)
	}
	return all
}

// normalisations are LRN and softmax.
func normalisations() []*testCase {
	var all []*testCase
	for _, c := range []struct {
		size        int
		alpha, beta float32
		within      bool
	}{
		{5, 1e-4, .75, false},
		{3, .5, .75, false},
		{4, .3, .6, false},
		{1, 1, 1, false},
		{9, 2, .5, false},
		{3, 5e-5, .75, true},
		{3, .5, .75, true},
		{5, 2, .6, true},
		{1, 1, .75, true},
	} {
		all = append(all, eachShape(fmt.Sprintf("LRN of %d, %v, %v, within channels %t", c.size, c.alpha, c.beta, c.within), func(b *builder, s kernel.Shape) {
			x, y, scale, dy := b.input(s), b.value(s), b.value(s), b.input(s)
			b.forward(kernel.LRN{X: x, Y: y, S: scale, Size: c.size, Alpha: c.alpha, Beta: c.beta, Within: c.within})
			sum := b.started(&b.program.Backward, s)
			g := kernel.LRNGrad{X: x, Y: y, S: scale, DY: dy, DX: b.value(s), Size: c.size, Alpha: c.alpha, Beta: c.beta, Within: c.within}
			added := g
			added.DX, added.Add = sum, true
			b.backward(g, added)
		})...)
	}
	all = append(all, batchNorms()...)
	return append(all, eachShape("softmax", func(b *builder, s kernel.Shape) {
		for _, fill := range []func(*rand.Rand) float32{uniform, wide} {
			y, dy := b.value(s), b.input(s)
			b.forward(kernel.Softmax{X: b.inputOf(s, fill), Y: y})
			sum := b.started(&b.program.Backward, s)
			b.backward(kernel.SoftmaxGrad{Y: y, DY: dy, DX: b.value(s)}, kernel.SoftmaxGrad{Y: y, DY: dy, DX: sum, Add: true})
		}
	})...)
}

// batchNorms are normalisations of batches, each followed by a ReLU in place and one that is not, with all gradients.
func batchNorms() []*testCase {
	var all []*testCase
	for _, shape := range append(awkward, kernel.Shape{N: 9, C: 37, H: 3, W: 3}, kernel.Shape{N: 2, C: 70, H: 1, W: 1}) {
		b := newBuilder(fmt.Sprintf("normalisation of a batch %v", shape), shape.N)
		s, each := b.samples(shape.C, shape.H, shape.W), kernel.Shape{N: shape.C, C: 1, H: 1, W: 1}
		statistic := func(fill func(*rand.Rand) float32) kernel.ID {
			return b.buffer("statistic", each, kernel.Statistic, fill)
		}
		for _, c := range []struct{ rectified, fixed bool }{{true, false}, {false, false}, {true, true}} {
			w, dw := b.parameter(each, 1)
			v, dv := b.parameter(each, 1)
			far := func(r *rand.Rand) float32 { return 3 + uniform(r) } // the mean is not zero
			n := kernel.BatchNorm{
				X: b.inputOf(s, far), W: w, B: v, Y: b.value(s), Epsilon: 1e-3, Rate: .1, Fixed: c.fixed,
				Mean: statistic(uniform), Variance: statistic(positive), Shift: statistic(nil), Scale: statistic(nil),
			}
			b.forward(n)
			if c.rectified {
				b.forward(kernel.Activation{X: n.Y, Y: n.Y, Kind: kernel.ReLU})
			}
			g := kernel.BatchNormGrad{X: n.X, W: w, DY: b.input(s), DX: b.value(s), DW: dw, DB: dv, Shift: n.Shift, Scale: n.Scale, Fixed: c.fixed}
			b.backward(g)
			g.DX, g.Add = b.started(&b.program.Backward, s), true
			b.backward(g)
			g.DX, g.Add = kernel.None, false
			b.backward(g)
			without := g
			without.DX, without.DW, without.DB = b.value(s), kernel.None, kernel.None
			b.backward(without)
			there := b.started(&b.program.Backward, s)
			g.DY, g.DX = there, there
			b.backward(g)
		}
		all = append(all, &b.testCase)
	}
	return all
}

// joins are concatenation, its gradient, and sums.
func joins() []*testCase {
	return eachShape("concatenation and sum", func(b *builder, s kernel.Shape) {
		one, two := b.input(s), b.input(s)
		wide := b.samples(2*s.C+1, s.H, s.W)
		y := b.started(&b.program.Forward, wide)
		b.forward(
			kernel.Copy{X: one, Y: y, To: s.C + 1, Channels: s.C},
			kernel.Copy{X: two, Y: y, From: s.C - 1, To: 0, Channels: 1, Add: true})
		part, sum := b.value(s), b.started(&b.program.Forward, s)
		b.forward(
			kernel.Copy{X: y, Y: part, From: s.C, Channels: s.C},
			kernel.Copy{X: y, Y: sum, From: 1, Channels: s.C, Add: true},
			kernel.Sum{A: part, B: sum, Y: b.value(s)},
			kernel.Sum{A: one, B: one, Y: b.value(s)})
	})
}

// losses returns all losses with their gradients.
func losses() []*testCase {
	var all []*testCase
	for _, s := range []struct{ batch, classes int }{{1, 1}, {3, 10}, {17, 7}, {8, 1000}} {
		b := newBuilder(fmt.Sprintf("losses of %d samples, %d classes", s.batch, s.classes), s.batch)
		vector, one := b.samples(s.classes, 1, 1), b.samples(1, 1, 1)
		labels := b.inputOf(one, class(s.classes))
		for _, fill := range []func(*rand.Rand) float32{uniform, wide} {
			x, t, p, q, r := b.inputOf(vector, fill), b.input(vector), b.value(vector), b.value(vector), b.value(vector)
			some, turns := b.inputOf(vector, chosen), b.inputOf(vector, coarse) // some of it lies where the hinge turns
			b.forward(
				kernel.SoftmaxLoss{X: x, Labels: labels, P: p, Loss: b.value(one), Weight: 1.5},
				kernel.SquaredLoss{X: x, T: t, Loss: b.value(one), Weight: .5},
				kernel.AbsoluteLoss{X: x, T: t, Loss: b.value(one), Weight: 2},
				kernel.SigmoidLoss{X: x, T: t, P: b.value(vector), Loss: b.value(one), Weight: 3},
				kernel.SigmoidLoss{X: x, T: some, P: q, Loss: b.value(one), Weight: 1},
				kernel.HingeLoss{X: x, T: t, Loss: b.value(one), Weight: .7},
				kernel.HingeLoss{X: turns, T: some, Loss: b.value(one), Weight: 1},
				kernel.SoftmaxLoss{X: x, Labels: labels, P: r, Loss: b.value(one), Weight: 1.5, ClassWeights: classWeights(s.classes)})
			for _, add := range []bool{false, true} {
				into := func() kernel.ID {
					if add {
						return b.started(&b.program.Backward, vector)
					}
					return b.value(vector)
				}
				b.backward(kernel.SoftmaxLossGrad{P: p, Labels: labels, DX: into(), Weight: 1.5, Add: add})
				b.backward(kernel.SquaredLossGrad{X: x, T: t, DX: into(), Weight: .5, Add: add})
				b.backward(kernel.AbsoluteLossGrad{X: x, T: t, DX: into(), Weight: 2, Add: add})
				b.backward(kernel.AbsoluteLossGrad{X: x, T: x, DX: into(), Weight: 1, Add: add})
				b.backward(kernel.SigmoidLossGrad{P: q, T: some, DX: into(), Weight: 1, Add: add})
				b.backward(kernel.HingeLossGrad{X: x, T: t, DX: into(), Weight: .7, Add: add})
				b.backward(kernel.HingeLossGrad{X: turns, T: some, DX: into(), Weight: 1, Add: add})
				b.backward(kernel.SoftmaxLossGrad{P: r, Labels: labels, DX: into(), Weight: 1.5, ClassWeights: classWeights(s.classes), Add: add})
			}
		}
		all = append(all, &b.testCase)
	}
	return append(all, placeLosses()...)
}

// classWeights are weights of classes of which the second counts nothing.
func classWeights(classes int) []float32 {
	weights := make([]float32, classes)
	for c := range weights {
		weights[c] = .25 + 3*float32(c%4)
	}
	if classes > 1 {
		weights[1] = 0
	}
	return weights
}

// placeLosses are losses of images, with void places, and with a sample that has no others.
func placeLosses() []*testCase {
	var all []*testCase
	for _, s := range []kernel.Shape{{N: 1, C: 2, H: 1, W: 3}, {N: 3, C: 5, H: 7, W: 6}, {N: 9, C: 21, H: 4, W: 4}, {N: 2, C: 3, H: 31, W: 17}} {
		b := newBuilder(fmt.Sprintf("softmax loss of each place %v", s), s.N)
		x, p, weighted := b.inputOf(s, wide), b.value(s), b.value(s)
		y, q := b.input(s), b.value(s)
		places := b.samples(1, s.H, s.W)
		labels := b.inputOf(places, class(s.C))
		void := b.inputOf(places, func(*rand.Rand) float32 { return 65535 })
		b.forward(
			kernel.SoftmaxLoss{X: x, Labels: labels, P: p, Loss: b.value(b.samples(1, 1, 1)), Weight: 1.5},
			kernel.SoftmaxLoss{X: y, Labels: labels, P: q, Loss: b.value(b.samples(1, 1, 1)), Weight: 1},
			kernel.SoftmaxLoss{X: x, Labels: void, P: b.value(s), Loss: b.value(b.samples(1, 1, 1)), Weight: 1},
			kernel.SoftmaxLoss{X: x, Labels: labels, P: weighted, Loss: b.value(b.samples(1, 1, 1)), Weight: 2, ClassWeights: classWeights(s.C)})
		b.backward(
			kernel.SoftmaxLossGrad{P: p, Labels: labels, DX: b.value(s), Weight: 1.5},
			kernel.SoftmaxLossGrad{P: q, Labels: labels, DX: b.started(&b.program.Backward, s), Weight: 1, Add: true},
			kernel.SoftmaxLossGrad{P: p, Labels: void, DX: b.value(s), Weight: 1},
			kernel.SoftmaxLossGrad{P: p, Labels: void, DX: b.started(&b.program.Backward, s), Weight: 1, Add: true},
			kernel.SoftmaxLossGrad{P: weighted, Labels: labels, DX: b.value(s), Weight: 2, ClassWeights: classWeights(s.C)},
			kernel.SoftmaxLossGrad{P: weighted, Labels: labels, DX: b.started(&b.program.Backward, s), Weight: 2, ClassWeights: classWeights(s.C), Add: true})
		all = append(all, &b.testCase)
	}
	return all
}

// updates returns the solvers over parameters of many sizes, several times in a row.
func updates() []*testCase {
	var all []*testCase
	for kind, name := range []string{"SGD", "Nesterov", "Adam", "AdamW", "AdaGrad", "RMSProp", "AdaDelta"} {
		b := newBuilder("update by "+name, 1)
		for _, n := range []int{1, 13, 64, 1<<14 + 1} {
			s := kernel.Shape{N: n, C: 1, H: 1, W: 1}
			b.update(b.buffer("weights", s, kernel.Parameter, uniform), b.buffer("gradient", s, kernel.Gradient, uniform), kernel.SolverKind(kind))
		}
		b.steps = nil
		for i := range 4 {
			b.steps = append(b.steps, kernel.Step{Samples: 1, NoForward: true, Update: true, Rate: .1, Decay: .01 * float32(i), Iteration: i * i})
		}
		all = append(all, &b.testCase)
	}
	return all
}

// network returns a small network with branches, all layers in a row, trained for some steps.
func network(batch int) *testCase {
	b := newBuilder(fmt.Sprintf("network, batch %d", batch), batch)
	same := kernel.Geometry{Kernel: pair(3, 3), Stride: pair(1, 1), Pad: pair(1, 1), PadEnd: pair(1, 1), Dilation: pair(1, 1)}
	half := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), Dilation: pair(1, 1)}
	image, small, vector, one := b.samples(6, 9, 9), b.samples(6, 5, 5), b.samples(4, 1, 1), b.samples(1, 1, 1)
	w1, dw1 := b.parameter(kernel.Shape{N: 6, C: 2, H: 3, W: 3}, 18)
	w2, dw2 := b.parameter(kernel.Shape{N: 6, C: 6, H: 3, W: 3}, 54)
	w3, dw3 := b.parameter(kernel.Shape{N: 4, C: 12, H: 5, W: 5}, 300)
	b3, db3 := b.parameter(kernel.Shape{N: 1, C: 4, H: 1, W: 1}, 1)
	x, labels := b.input(b.samples(2, 9, 9)), b.inputOf(one, class(4))
	a, c, joined := b.value(image), b.value(image), b.value(b.samples(12, 5, 5))
	p1, p2, drop, y, p := b.value(small), b.value(small), b.value(b.samples(12, 5, 5)), b.value(vector), b.value(vector)
	b.forward(
		kernel.Conv{X: x, W: w1, B: kernel.None, Y: a, Geometry: same, Groups: 1},
		kernel.Activation{X: a, Y: a, Kind: kernel.ReLU},
		kernel.Conv{X: a, W: w2, B: kernel.None, Y: c, Geometry: same, Groups: 1},
		kernel.Activation{X: c, Y: c, Kind: kernel.Tanh},
		kernel.Pool{X: a, Y: p1, Geometry: half},
		kernel.Pool{X: c, Y: p2, Geometry: half, Average: true},
		kernel.Copy{X: p1, Y: joined, Channels: 6}, kernel.Copy{X: p2, Y: joined, To: 6, Channels: 6},
		kernel.Dropout{X: joined, Y: drop, Ratio: .25, Stream: 3},
		kernel.Dense{X: drop, W: w3, B: b3, Y: y},
		kernel.SoftmaxLoss{X: y, Labels: labels, P: p, Loss: b.value(one), Weight: 1})
	dy, djoined := b.value(vector), b.value(b.samples(12, 5, 5))
	dp1, dp2, da, dc := b.value(small), b.value(small), b.value(image), b.value(image)
	b.backward(
		kernel.SoftmaxLossGrad{P: p, Labels: labels, DX: dy, Weight: 1},
		kernel.DenseGradWeights{X: drop, DY: dy, DW: dw3, DB: db3}, kernel.DenseGradInput{DY: dy, W: w3, DX: djoined},
		kernel.DropoutGrad{DY: djoined, DX: djoined, Ratio: .25, Stream: 3},
		kernel.Copy{X: djoined, Y: dp1, Channels: 6}, kernel.Copy{X: djoined, Y: dp2, From: 6, Channels: 6},
		kernel.PoolGrad{X: c, Y: p2, DY: dp2, DX: dc, Geometry: half, Average: true},
		kernel.PoolGrad{X: a, Y: p1, DY: dp1, DX: da, Geometry: half},
		kernel.ActivationGrad{Y: c, DY: dc, DX: dc, Kind: kernel.Tanh},
		kernel.ConvGradWeights{X: a, DY: dc, DW: dw2, DB: kernel.None, Geometry: same, Groups: 1},
		kernel.ConvGradInput{DY: dc, W: w2, DX: da, Geometry: same, Groups: 1, Add: true},
		kernel.ActivationGrad{Y: a, DY: da, DX: da, Kind: kernel.ReLU},
		kernel.ConvGradWeights{X: x, DY: da, DW: dw1, DB: kernel.None, Geometry: same, Groups: 1})
	return &b.testCase
}
