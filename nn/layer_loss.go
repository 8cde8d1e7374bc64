package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// lossShape is that of a loss: its input, which must be a vector with a number for each class.
func lossShape(l Layer, in []Shape) (Shape, *Problem) {
	if s := in[0]; s.H != 1 || s.W != 1 {
		return s, problem(l, fault.New("nn.loss.image",
			"%s needs one number for each class but gets an image of %s. Put a fully connected layer before it.", l.Name, s.String()),
			insertDense(l.Name))
	}
	return in[0], nil
}

// softmaxLoss is the cross-entropy of the softmax with the true class: Caffe's SoftmaxWithLoss. Where nothing is learned it is
// a softmax.
func softmaxLoss() Kind {
	return Kind{
		Type: "softmax-loss", Group: "loss", MinInputs: 1, MaxInputs: 1, Loss: true,
		Fields: []Field{advanced(number("weight", 1, 0, 1000))},
		shape:  lossShape, work: elements,
		forward: func(b *builder, n *node) {
			if !b.o.Training {
				b.forward(kernel.Softmax{X: n.in[0].y, Y: n.y})
				return
			}
			b.forward(kernel.SoftmaxLoss{X: n.in[0].y, Labels: b.labels(), P: n.y, Loss: b.loss(n), Weight: float32(n.layer.Float("weight"))})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.SoftmaxLossGrad{P: n.y, Labels: b.labels(), DX: dx, Weight: float32(n.layer.Float("weight")), Add: add})
		},
	}
}

// distanceLoss compares with a one for the true class and zeros for the others: half the squared distance (Caffe's EuclideanLoss) or the sum of
// the absolute differences. Where nothing is learned it lets its input through.
func distanceLoss(typ string, absolute bool) Kind {
	return Kind{
		Type: typ, Group: "loss", MinInputs: 1, MaxInputs: 1, Loss: true,
		Fields: []Field{advanced(number("weight", 1, 0, 1000))},
		shape:  lossShape, work: elements,
		forward: func(b *builder, n *node) {
			if !b.o.Training {
				return
			}
			weight := float32(n.layer.Float("weight"))
			if t := b.target(n.out); absolute {
				b.forward(kernel.AbsoluteLoss{X: n.in[0].y, T: t, Loss: b.loss(n), Weight: weight})
			} else {
				b.forward(kernel.SquaredLoss{X: n.in[0].y, T: t, Loss: b.loss(n), Weight: weight})
			}
		},
		backward: func(b *builder, n *node) {
			weight := float32(n.layer.Float("weight"))
			dx, add := n.in[0].gradient()
			if t := b.target(n.out); absolute {
				b.backward(kernel.AbsoluteLossGrad{X: n.in[0].y, T: t, DX: dx, Weight: weight, Add: add})
			} else {
				b.backward(kernel.SquaredLossGrad{X: n.in[0].y, T: t, DX: dx, Weight: weight, Add: add})
			}
		},
	}
}
