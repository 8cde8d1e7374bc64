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
		Fields: []Field{whole("kernel", 2, 1, 512), whole("stride", 2, 1, 512), whole("pad", 0, 0, 511)},
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			k, stride, pad, s := l.Int("kernel"), l.Int("stride"), l.Int("pad"), in[0]
			if pad >= k {
				return Shape{}, problem(l, fault.New("nn.pool.pad", "The padding %d of %s must be smaller than its window of %d. Choose a smaller padding.", pad, l.Name, k),
					setting(l.Name, "pad", 0))
			}
			if k > s.H+2*pad || k > s.W+2*pad {
				return Shape{}, tooLarge(l, s, 1)
			}
			along := func(size int) int {
				n := (size+2*pad-k+stride-1)/stride + 1
				if (n-1)*stride >= size+pad {
					n--
				}
				return n
			}
			return Shape{s.C, along(s.H), along(s.W)}, nil
		},
		work: func(l Layer, _ []Shape, out Shape) int64 {
			k := int64(l.Int("kernel"))
			return int64(out.Len()) * k * k
		},
		forward: func(b *builder, n *node) {
			b.forward(kernel.Pool{X: n.in[0].y, Y: n.y, Geometry: geometry(n.layer, ""), Average: average})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.PoolGrad{X: n.in[0].y, Y: n.y, DY: n.dy, DX: dx, Geometry: geometry(n.layer, ""), Average: average, Add: add})
		},
	}
}
