package nn

import (
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
		}, learning()...),
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			g, s := geometry(l, "dilation"), in[0]
			if groups := l.Int("groups"); s.C%groups != 0 || l.Int("filters")%groups != 0 {
				return Shape{}, problem(l, fault.New("nn.groups.divide",
					"The %d groups of %s must divide its %d input channels and its %d filters. Choose another number of groups.", groups, l.Name, s.C, l.Int("filters")),
					setting(l.Name, "groups", 1))
			}
			at := g.Places(kernel.Shape{N: 1, C: s.C, H: s.H, W: s.W})
			if at.H < 1 || at.W < 1 {
				return Shape{}, tooLarge(l, s, l.Int("dilation"))
			}
			return Shape{l.Int("filters"), at.H, at.W}, nil
		},
		weights: func(l Layer, in []Shape) []weight {
			k := l.Int("kernel")
			return learned(l, kernel.Shape{N: l.Int("filters"), C: in[0].C / l.Int("groups"), H: k, W: k})
		},
		work: func(l Layer, in []Shape, out Shape) int64 {
			k := int64(l.Int("kernel"))
			return int64(out.Len()) * int64(in[0].C/l.Int("groups")) * k * k
		},
		forward: func(b *builder, n *node) {
			bias, _ := n.bias()
			b.forward(kernel.Conv{X: n.in[0].y, W: n.weights[0].ID, B: bias, Y: n.y, Geometry: geometry(n.layer, "dilation"), Groups: n.layer.Int("groups")})
		},
		backward: func(b *builder, n *node) {
			g, groups := geometry(n.layer, "dilation"), n.layer.Int("groups")
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

// geometry reads the fields of a window. dilation is the key of its field, or "" for a window without.
func geometry(l Layer, dilation string) kernel.Geometry {
	square := func(v int) kernel.Pair { return kernel.Pair{H: v, W: v} }
	g := kernel.Geometry{Kernel: square(l.Int("kernel")), Stride: square(l.Int("stride")), Pad: square(l.Int("pad")), Dilation: square(1)}
	if dilation != "" {
		g.Dilation = square(l.Int(dilation))
	}
	return g
}

// tooLarge is the problem of a window, spread by its dilation, that does not fit into its image. The repair is the usual window, or a smaller one
// where that does not fit without padding: the largest that fits leaves a single place, and then the next window finds no room.
func tooLarge(l Layer, s Shape, dilation int) *Problem {
	spread := dilation*(l.Int("kernel")-1) + 1
	f := fault.New("nn.kernel.large",
		"The %d×%d window of %s is larger than the %d×%d image that reaches it. Make it smaller, or remove a layer before it that shrinks the image.",
		spread, spread, l.Name, s.H, s.W)
	usual := 1
	if field, ok := kinds[l.Type].Field("kernel"); ok {
		usual = int(field.Default.Number)
	}
	var repairs []*Fix
	for k := min(usual, (min(s.H, s.W)-1)/dilation+1); k >= 1; k-- {
		fix := setting(l.Name, "kernel", float64(k))
		if kinds[l.Type].Group == "pooling" && l.Int("pad") >= k { // padding must be smaller than the window of pooling
			set := fix.Apply
			fix.Code, fix.Apply = "set-kernel-pad", func(s Spec) Spec { return with(set(s), l.Name, "pad", 0) }
		}
		repairs = append(repairs, fix)
	}
	return problem(l, f, repairs...)
}
