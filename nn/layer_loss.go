package nn

import (
	"math"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// vectorShape is that of a loss whose input must be a vector with a number for each class.
func vectorShape(l Layer, in []Shape) (Shape, *Problem) {
	if s := in[0]; s.H != 1 || s.W != 1 {
		return s, ofImage(l, s)
	}
	return in[0], nil
}

// ofImage returns the problem of a loss that gets an image where it needs a vector.
func ofImage(l Layer, s Shape) *Problem {
	return problem(l, fault.New("nn.loss.image",
		"%s needs one number for each class but gets an image of %s. Put a fully connected layer before it.", l.Name, s.String()),
		insertDense(l.Name))
}

// softmaxLoss is the cross-entropy of the softmax with the true class: Caffe's SoftmaxWithLoss. Of an image it is the mean over the places that have a class.
// Where nothing is learned it is a softmax.
func softmaxLoss() Kind {
	return Kind{
		Type: "softmax-loss", Group: "loss", MinInputs: 1, MaxInputs: 1, Loss: true, weighs: true,
		Fields:     []Field{advanced(number("weight", 1, 0, 1000))},
		chanceLoss: math.Log,
		shape:      same, work: elements,
		forward: func(b *builder, n *node) {
			if !b.o.Training {
				b.forward(kernel.Softmax{X: n.in[0].y, Y: n.y})
				return
			}
			b.forward(kernel.SoftmaxLoss{
				X: n.in[0].y, Labels: b.truth(n, ClassIndex), P: n.y, Loss: b.loss(n), Weight: float32(n.layer.Float("weight")), ClassWeights: b.o.ClassWeights,
			})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.SoftmaxLossGrad{
				P: n.y, Labels: b.truth(n, ClassIndex), DX: dx, Weight: float32(n.layer.Float("weight")), ClassWeights: b.o.ClassWeights, Add: add,
			})
		},
	}
}

// targetLoss compares with a target: a one for the true class and zeros for the others, zeros alone for a sample without a class. It lets its input
// through. compare and slope give the operations of the loss and of its gradient.
func targetLoss(typ string, compare func(n *node, t, loss kernel.ID, weight float32) kernel.Op, slope func(n *node, t, dx kernel.ID, weight float32, add bool) kernel.Op) Kind {
	return Kind{
		Type: typ, Group: "loss", MinInputs: 1, MaxInputs: 1, Loss: true, passes: true,
		Fields: []Field{advanced(number("weight", 1, 0, 1000))},
		shape:  vectorShape, work: elements,
		forward: func(b *builder, n *node) {
			if b.o.Training {
				b.forward(compare(n, b.truth(n, OneHot), b.loss(n), float32(n.layer.Float("weight"))))
			}
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(slope(n, b.truth(n, OneHot), dx, float32(n.layer.Float("weight")), add))
		},
	}
}

// squaredLoss is half the squared distance from the target: Caffe's EuclideanLoss.
func squaredLoss() Kind {
	k := targetLoss("squared-loss", func(n *node, t, loss kernel.ID, weight float32) kernel.Op {
		return kernel.SquaredLoss{X: n.in[0].y, T: t, Loss: loss, Weight: weight}
	}, func(n *node, t, dx kernel.ID, weight float32, add bool) kernel.Op {
		return kernel.SquaredLossGrad{X: n.in[0].y, T: t, DX: dx, Weight: weight, Add: add}
	})
	k.chanceLoss = func(classes float64) float64 { return (1 - 1/classes) / 2 } // the mean of the targets
	k.initialLoss = func(float64) float64 { return .5 }
	return k
}

// absoluteLoss is the sum of the absolute differences from the target.
func absoluteLoss() Kind {
	k := targetLoss("absolute-loss", func(n *node, t, loss kernel.ID, weight float32) kernel.Op {
		return kernel.AbsoluteLoss{X: n.in[0].y, T: t, Loss: loss, Weight: weight}
	}, func(n *node, t, dx kernel.ID, weight float32, add bool) kernel.Op {
		return kernel.AbsoluteLossGrad{X: n.in[0].y, T: t, DX: dx, Weight: weight, Add: add}
	})
	k.chanceLoss = func(float64) float64 { return 1 } // zeros, the median of the targets
	return k
}

// sigmoidLoss is the cross-entropy of a sigmoid with the target, each class by itself: Caffe's SigmoidCrossEntropyLoss. Where nothing is learned it is a
// sigmoid.
func sigmoidLoss() Kind {
	k := targetLoss("sigmoid-loss", func(n *node, t, loss kernel.ID, weight float32) kernel.Op {
		return kernel.SigmoidLoss{X: n.in[0].y, T: t, P: n.y, Loss: loss, Weight: weight}
	}, func(n *node, t, dx kernel.ID, weight float32, add bool) kernel.Op {
		return kernel.SigmoidLossGrad{P: n.y, T: t, DX: dx, Weight: weight, Add: add}
	})
	learn := k.forward
	k.passes, k.forward = false, func(b *builder, n *node) {
		if b.o.Training {
			learn(b, n)
			return
		}
		b.forward(kernel.Activation{X: n.in[0].y, Y: n.y, Kind: kernel.Sigmoid})
	}
	k.chanceLoss = func(classes float64) float64 { // the share of a class for each
		return math.Log(classes) + (classes-1)*math.Log(classes/(classes-1))
	}
	k.initialLoss = func(classes float64) float64 { return classes * math.Ln2 }
	return k
}

// hingeLoss is what the outputs lack to be 1 or more for the true class and −1 or less for the others: Caffe's HingeLoss of norm L1.
func hingeLoss() Kind {
	k := targetLoss("hinge-loss", func(n *node, t, loss kernel.ID, weight float32) kernel.Op {
		return kernel.HingeLoss{X: n.in[0].y, T: t, Loss: loss, Weight: weight}
	}, func(n *node, t, dx kernel.ID, weight float32, add bool) kernel.Op {
		return kernel.HingeLossGrad{X: n.in[0].y, T: t, DX: dx, Weight: weight, Add: add}
	})
	k.margins = true
	k.chanceLoss = func(float64) float64 { return 2 } // −1 for each
	k.initialLoss = func(classes float64) float64 { return classes }
	return k
}
