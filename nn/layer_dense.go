package nn

import "github.com/convscope/convscope/nn/kernel"

// fullyConnected joins every input with every output: Caffe's InnerProduct. It flattens its input by itself; outputs 0 stands for
// as many as there are classes.
func fullyConnected() Kind {
	return Kind{
		Type: "fully-connected", Group: "dense", MinInputs: 1, MaxInputs: 1, spares: true, PerClass: "outputs",
		Fields: append([]Field{whole("outputs", 0, 0, 1<<20)}, learning()...),
		shape:  func(l Layer, _ []Shape) (Shape, *Problem) { return Shape{max(l.Int("outputs"), 1), 1, 1}, nil },
		weights: func(l Layer, in []Shape) []weight {
			return learned(l, kernel.Shape{N: max(l.Int("outputs"), 1), C: in[0].Len(), H: 1, W: 1})
		},
		work: func(_ Layer, in []Shape, out Shape) int64 { return int64(in[0].Len()) * int64(out.Len()) },
		forward: func(b *builder, n *node) {
			bias, _ := n.bias()
			b.forward(kernel.Dense{X: n.in[0].y, W: n.weights[0].ID, B: bias, Y: n.y})
		},
		backward: func(b *builder, n *node) {
			if _, bias := n.bias(); !n.frozen {
				b.backward(kernel.DenseGradWeights{X: n.in[0].y, DY: n.dy, DW: n.weights[0].Gradient, DB: bias})
			}
			if n.in[0].learns {
				dx, add := n.in[0].gradient()
				b.backward(kernel.DenseGradInput{DY: n.dy, W: n.weights[0].ID, DX: dx, Add: add})
			}
		},
	}
}
