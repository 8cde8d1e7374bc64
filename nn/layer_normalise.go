package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// lrn is local response normalisation (Krizhevsky et al. 2012), in Caffe's form: over neighbouring channels, or over neighbouring places within each.
func lrn() Kind {
	within := func(l Layer) bool { return l.Text("region") == "within" }
	return Kind{
		Type: "lrn", Group: "normalise", MinInputs: 1, MaxInputs: 1,
		Fields: []Field{whole("size", 5, 1, 511), choice("region", "across", "within"), number("alpha", 1e-4, 0, 100), number("beta", .75, 0, 10)},
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			if size := l.Int("size"); within(l) && size%2 == 0 {
				return in[0], problem(l, fault.New("nn.lrn.even", "%s normalises over %d×%d positions, which have no centre. Choose an odd size.", l.Name, size, size),
					setting(l.Name, "size", float64(size-1)))
			}
			return in[0], nil
		},
		work: func(l Layer, _ []Shape, out Shape) int64 {
			size := int64(l.Int("size"))
			if within(l) {
				size *= size
			}
			return int64(out.Len()) * size
		},
		forward: func(b *builder, n *node) {
			n.aux = b.value(n.layer.Name+".scale", n.out)
			l := n.layer
			b.forward(kernel.LRN{
				X: n.in[0].y, Y: n.y, S: n.aux, Size: l.Int("size"), Alpha: float32(l.Float("alpha")), Beta: float32(l.Float("beta")), Within: within(l),
			})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			l := n.layer
			b.backward(kernel.LRNGrad{
				X: n.in[0].y, Y: n.y, S: n.aux, DY: n.dy, DX: dx,
				Size: l.Int("size"), Alpha: float32(l.Float("alpha")), Beta: float32(l.Float("beta")), Within: within(l), Add: add,
			})
		},
	}
}

// batchNorm is the normalisation of batches (Ioffe and Szegedy 2015) with a scale (weight) and a shift (bias) for each channel, which learn without decay.
// rate is the share of a batch in the statistics for use, PyTorch's momentum.
func batchNorm() Kind {
	return Kind{
		Type: "batch-norm", Group: "normalise", MinInputs: 1, MaxInputs: 1, spares: true,
		Fields: []Field{advanced(number("epsilon", 1e-5, 1e-12, 1)), advanced(number("rate", .1, 1e-6, 1))},
		shape:  same,
		weights: func(_ Layer, in []Shape) []weight {
			mean, variance := channelwise("mean", in[0].C, 0), channelwise("variance", in[0].C, 1)
			mean.statistic, variance.statistic = true, true
			return []weight{channelwise("weight", in[0].C, 1), channelwise("bias", in[0].C, 0), mean, variance}
		},
		work: func(_ Layer, _ []Shape, out Shape) int64 { return 2 * int64(out.Len()) },
		forward: func(b *builder, n *node) {
			each := n.weights[0].Shape
			n.shift = b.buffer(n.layer.Name+".shift", each, kernel.Statistic, false)
			n.aux = b.buffer(n.layer.Name+".scale", each, kernel.Statistic, false)
			b.forward(kernel.BatchNorm{
				X: n.in[0].y, W: n.weights[0].ID, B: n.weights[1].ID, Y: n.y, Mean: n.weights[2].ID, Variance: n.weights[3].ID, Shift: n.shift, Scale: n.aux,
				Epsilon: float32(n.layer.Float("epsilon")), Rate: float32(n.layer.Float("rate")), Fixed: n.frozen,
			})
		},
		backward: func(b *builder, n *node) {
			g := kernel.BatchNormGrad{
				X: n.in[0].y, W: n.weights[0].ID, DY: n.dy, DX: kernel.None, DW: n.weights[0].Gradient, DB: n.weights[1].Gradient, Shift: n.shift, Scale: n.aux, Fixed: n.frozen,
			}
			if n.in[0].learns {
				g.DX, g.Add = n.in[0].gradient()
			}
			b.backward(g)
		},
	}
}
