package nn

import "github.com/convscope/convscope/nn/kernel"

// elements returns the work of a layer that does one thing with each element.
func elements(_ Layer, _ []Shape, out Shape) int64 { return int64(out.Len()) }

// activation is a pointwise function: ReLU (leaky: Maas et al. 2013), sigmoid or tanh.
func activation(typ string, kind kernel.ActivationKind, fields ...Field) Kind {
	return Kind{
		Type: typ, Group: "activation", MinInputs: 1, MaxInputs: 1, inPlace: true,
		Fields: fields,
		shape:  same, work: elements,
		forward: func(b *builder, n *node) {
			b.forward(kernel.Activation{X: n.in[0].y, Y: n.y, Kind: kind, Slope: float32(n.layer.Float("slope"))})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.ActivationGrad{Y: n.y, DY: n.dy, DX: dx, Kind: kind, Slope: float32(n.layer.Float("slope")), Add: add})
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
