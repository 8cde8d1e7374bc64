package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// globalPool takes the mean or the maximum of each map (Lin et al. 2014).
func globalPool() Kind {
	all := func(s Shape) kernel.Geometry {
		one := kernel.Pair{H: 1, W: 1}
		return kernel.Geometry{Kernel: kernel.Pair{H: s.H, W: s.W}, Stride: one, Dilation: one}
	}
	average := func(l Layer) bool { return l.Text("method") == "average" }
	return Kind{
		Type: "global-pool", Group: "pooling", MinInputs: 1, MaxInputs: 1,
		Fields: []Field{choice("method", "average", "max")},
		shape:  func(_ Layer, in []Shape) (Shape, *Problem) { return Shape{in[0].C, 1, 1}, nil },
		work:   func(_ Layer, in []Shape, _ Shape) int64 { return int64(in[0].Len()) },
		forward: func(b *builder, n *node) {
			b.forward(kernel.Pool{X: n.in[0].y, Y: n.y, Geometry: all(n.in[0].out), Average: average(n.layer)})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.PoolGrad{X: n.in[0].y, Y: n.y, DY: n.dy, DX: dx, Geometry: all(n.in[0].out), Average: average(n.layer), Add: add})
		},
	}
}

// pooling takes the maximum or the mean of each window: Caffe's Pooling. Its output size is rounded up, so the last windows may be cut
// at the edge; one that would begin outside is left out.
func pooling(typ string, average bool) Kind {
	return Kind{
		Type: typ, Group: "pooling", MinInputs: 1, MaxInputs: 1,
		Fields: append([]Field{whole("kernel", 2, 1, 512), whole("stride", 2, 1, 512), whole("pad", 0, 0, 511)}, rectangular(511)...),
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			g, s := Window(l), in[0]
			for _, side := range []struct{ pad, kernel int }{{g.Pad.H, g.Kernel.H}, {g.PadEnd.H, g.Kernel.H}, {g.Pad.W, g.Kernel.W}, {g.PadEnd.W, g.Kernel.W}} {
				if side.pad >= side.kernel {
					return Shape{}, problem(l, fault.New("nn.pool.pad", "The padding %d of %s must be smaller than its window of %d. Choose a smaller padding.",
						side.pad, l.Name, side.kernel), withoutPadding(l.Name))
				}
			}
			if g.Kernel.H > s.H+g.Pad.H+g.PadEnd.H || g.Kernel.W > s.W+g.Pad.W+g.PadEnd.W {
				return Shape{}, tooLarge(l, s)
			}
			along := func(size, kernel, stride, pad, end int) int {
				n := (size+pad+end-kernel+stride-1)/stride + 1
				if (n-1)*stride >= size+pad {
					n--
				}
				return n
			}
			return Shape{
				s.C,
				along(s.H, g.Kernel.H, g.Stride.H, g.Pad.H, g.PadEnd.H),
				along(s.W, g.Kernel.W, g.Stride.W, g.Pad.W, g.PadEnd.W),
			}, nil
		},
		work: func(l Layer, _ []Shape, out Shape) int64 {
			return int64(out.Len()) * windowArea(l)
		},
		forward: func(b *builder, n *node) {
			b.forward(kernel.Pool{X: n.in[0].y, Y: n.y, Geometry: Window(n.layer), Average: average})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.PoolGrad{X: n.in[0].y, Y: n.y, DY: n.dy, DX: dx, Geometry: Window(n.layer), Average: average, Add: add})
		},
	}
}
