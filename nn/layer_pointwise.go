package nn

import "github.com/convscope/convscope/nn/kernel"

// elements is the work of a layer that does one thing with each element.
func elements(_ Layer, _ []Shape, out Shape) int64 { return int64(out.Len()) }

// activation is a pointwise function: ReLU, sigmoid or tanh.
func activation(typ string, kind kernel.ActivationKind) Kind {
	return Kind{
		Type: typ, Group: "activation", MinInputs: 1, MaxInputs: 1, inPlace: true,
		shape: same, work: elements,
		forward: func(b *builder, n *node) { b.forward(kernel.Activation{X: n.in[0].y, Y: n.y, Kind: kind}) },
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.ActivationGrad{Y: n.y, DY: n.dy, DX: dx, Kind: kind, Add: add})
		},
	}
}

// softmax makes shares that sum to one of the channels at each place.
func softmax() Kind {
	return Kind{
		Type: "softmax", Group: "activation", MinInputs: 1, MaxInputs: 1,
		shape: same, work: elements,
		forward: func(b *builder, n *node) { b.forward(kernel.Softmax{X: n.in[0].y, Y: n.y}) },
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.SoftmaxGrad{Y: n.y, DY: n.dy, DX: dx, Add: add})
		},
	}
}

// dropout leaves out a share of the elements at random in training (Srivastava et al. 2014), scaling the others up.
func dropout() Kind {
	return Kind{
		Type: "dropout", Group: "normalise", MinInputs: 1, MaxInputs: 1,
		Fields: []Field{number("ratio", .5, 0, .99)},
		shape:  same, work: func(Layer, []Shape, Shape) int64 { return 0 },
		forward: func(b *builder, n *node) {
			b.forward(kernel.Dropout{X: n.in[0].y, Y: n.y, Ratio: float32(n.layer.Float("ratio")), Stream: n.stream})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.DropoutGrad{DY: n.dy, DX: dx, Ratio: float32(n.layer.Float("ratio")), Stream: n.stream, Add: add})
		},
	}
}

// lrn is local response normalisation across channels (Krizhevsky et al. 2012), in Caffe's form.
func lrn() Kind {
	return Kind{
		Type: "lrn", Group: "normalise", MinInputs: 1, MaxInputs: 1,
		Fields: []Field{whole("size", 5, 1, 511), number("alpha", 1e-4, 0, 100), number("beta", .75, 0, 10)},
		shape:  same,
		work:   func(l Layer, _ []Shape, out Shape) int64 { return int64(out.Len()) * int64(l.Int("size")) },
		forward: func(b *builder, n *node) {
			n.aux = b.value(n.layer.Name+".scale", n.out)
			l := n.layer
			b.forward(kernel.LRN{X: n.in[0].y, Y: n.y, S: n.aux, Size: l.Int("size"), Alpha: float32(l.Float("alpha")), Beta: float32(l.Float("beta"))})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			l := n.layer
			b.backward(kernel.LRNGrad{
				X: n.in[0].y, Y: n.y, S: n.aux, DY: n.dy, DX: dx,
				Size: l.Int("size"), Alpha: float32(l.Float("alpha")), Beta: float32(l.Float("beta")), Add: add,
			})
		},
	}
}
