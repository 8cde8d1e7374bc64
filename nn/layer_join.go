package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// concat puts the channels of its inputs one after the other.
func concat() Kind {
	return Kind{
		Type: "concat", Group: "join", MinInputs: 2, MaxInputs: 64, spares: true,
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			out := in[0]
			for i, s := range in[1:] {
				if s.H != out.H || s.W != out.W {
					return out, problem(l, fault.New("nn.concat.size",
						"%s joins images of different sizes: %d×%d from %s and %d×%d from %s. Give them the same size with padding or stride in earlier layers.",
						l.Name, out.H, out.W, l.Inputs[0], s.H, s.W, l.Inputs[i+1]))
				}
				out.C += s.C
			}
			return out, nil
		},
		work: func(Layer, []Shape, Shape) int64 { return 0 },
		forward: func(b *builder, n *node) {
			at := 0
			for _, in := range n.in {
				b.forward(kernel.Copy{X: in.y, Y: n.y, To: at, Channels: in.out.C})
				at += in.out.C
			}
		},
		backward: func(b *builder, n *node) {
			at := 0
			for _, in := range n.in {
				if in.learns {
					dx, add := in.gradient()
					b.backward(kernel.Copy{X: n.dy, Y: dx, From: at, Channels: in.out.C, Add: add})
				}
				at += in.out.C
			}
		},
	}
}

// add sums two inputs element by element.
func add() Kind {
	return Kind{
		Type: "add", Group: "join", MinInputs: 2, MaxInputs: 2, spares: true,
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			if in[0] != in[1] {
				return in[0], problem(l, fault.New("nn.add.shape",
					"%s adds two things of different shapes: %s of %s and %s of %s. Give them the same shape.", l.Name, in[0].String(), l.Inputs[0], in[1].String(), l.Inputs[1]))
			}
			return in[0], nil
		},
		work:    elements,
		forward: func(b *builder, n *node) { b.forward(kernel.Sum{A: n.in[0].y, B: n.in[1].y, Y: n.y}) },
		backward: func(b *builder, n *node) {
			for _, in := range n.in {
				if in.learns {
					dx, add := in.gradient()
					b.backward(kernel.Copy{X: n.dy, Y: dx, Channels: in.out.C, Add: add})
				}
			}
		},
	}
}
