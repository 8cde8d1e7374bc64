package nn

import (
	"slices"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// convolution slides kernels over the image: Caffe's Convolution. Its output size is rounded down; filters 0 stands for as many as there are classes.
func convolution() Kind {
	return Kind{
		Type: "convolution", Group: "filters", MinInputs: 1, MaxInputs: 1, spares: true, PerClass: "filters",
		Fields: append([]Field{
			whole("filters", 20, 0, 65536), whole("kernel", 5, 1, 512), whole("stride", 1, 1, 512), whole("pad", 0, 0, 512),
			advanced(whole("dilation", 1, 1, 512)), whole("groups", 1, 1, 65536),
		}, slices.Concat(rectangular(512), learning())...),
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			s := in[0]
			if p := divided(l, s); p != nil {
				return Shape{}, p
			}
			at := Window(l).Places(kernel.Shape{N: 1, C: s.C, H: s.H, W: s.W})
			if at.H < 1 || at.W < 1 {
				return Shape{}, tooLarge(l, s)
			}
			return Shape{l.Int("filters"), at.H, at.W}, nil
		},
		weights: func(l Layer, in []Shape) []weight {
			k := Window(l).Kernel
			return learned(l, kernel.Shape{N: l.Int("filters"), C: in[0].C / l.Int("groups"), H: k.H, W: k.W})
		},
		work: func(l Layer, in []Shape, out Shape) int64 {
			return int64(out.Len()) * int64(in[0].C/l.Int("groups")) * windowArea(l)
		},
		forward: func(b *builder, n *node) {
			bias, _ := n.bias()
			b.forward(kernel.Conv{X: n.in[0].y, W: n.weights[0].ID, B: bias, Y: n.y, Geometry: Window(n.layer), Groups: n.layer.Int("groups")})
		},
		backward: func(b *builder, n *node) {
			g, groups := Window(n.layer), n.layer.Int("groups")
			if _, bias := n.bias(); !n.frozen {
				b.backward(kernel.ConvGradWeights{X: n.in[0].y, DY: n.dy, DW: n.weights[0].Gradient, DB: bias, Geometry: g, Groups: groups})
			}
			if n.in[0].learns {
				dx, add := n.in[0].gradient()
				b.backward(kernel.ConvGradInput{DY: n.dy, W: n.weights[0].ID, DX: dx, Geometry: g, Groups: groups, Add: add})
			}
		},
	}
}

// divided returns the problem of groups that do not divide channels and filters; nil if they do.
func divided(l Layer, s Shape) *Problem {
	groups := l.Int("groups")
	if s.C%groups == 0 && l.Int("filters")%groups == 0 {
		return nil
	}
	return problem(l, fault.New("nn.groups.divide",
		"The %d groups of %s must divide its %d input channels and its %d filters. Choose another number of groups.", groups, l.Name, s.C, l.Int("filters")),
		setting(l.Name, "groups", 1))
}
