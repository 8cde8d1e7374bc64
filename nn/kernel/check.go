package kernel

import "fmt"

// Check tells whether the program is one that a device can run: buffers have sizes, operations name buffers that exist, and shapes
// and roles fit. What it returns is an error of the compiler in package nn, not of a person's network.
func (p *Program) Check() error {
	if p.Batch < 1 {
		return fmt.Errorf("kernel: a program of batch %d", p.Batch)
	}
	for i, b := range p.Buffers {
		s := b.Shape
		if s.N < 1 || s.C < 1 || s.H < 1 || s.W < 1 {
			return fmt.Errorf("kernel: buffer %d (%s) has shape %v", i, b.Name, s)
		}
		if (b.Role == Input || b.Role == Value) && s.N != p.Batch {
			return fmt.Errorf("kernel: buffer %d (%s) has %d samples in a program of batch %d", i, b.Name, s.N, p.Batch)
		}
	}
	for _, list := range [][]Op{p.Forward, p.Backward, p.Update} {
		for _, op := range list {
			if err := p.checkOp(op); err != nil {
				return fmt.Errorf("kernel: %T: %w", op, err)
			}
		}
	}
	return nil
}

// checker collects the first thing that is wrong with an operation.
type checker struct {
	p   *Program
	err error
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// shape gives the shape of a buffer that must exist.
func (c *checker) shape(id ID) Shape {
	if id < 0 || int(id) >= len(c.p.Buffers) {
		c.fail("there is no buffer %d", id)
		return Shape{1, 1, 1, 1}
	}
	return c.p.Buffers[id].Shape
}

// same demands that buffers have one shape.
func (c *checker) same(ids ...ID) {
	first := c.shape(ids[0])
	for _, id := range ids[1:] {
		if s := c.shape(id); s != first {
			c.fail("shapes %v and %v differ", first, s)
		}
	}
}

// length demands that a buffer, if there is one, has n elements.
func (c *checker) length(id ID, n int) {
	if id != None && c.shape(id).Len() != n {
		c.fail("a buffer of %d elements where %d are needed", c.shape(id).Len(), n)
	}
}

func (c *checker) conv(x, w, b, y ID, g Geometry, groups int) {
	sx, sw, sy := c.shape(x), c.shape(w), c.shape(y)
	switch {
	case groups < 1 || sx.C%groups != 0 || sw.N%groups != 0:
		c.fail("%d groups of %d channels and %d filters", groups, sx.C, sw.N)
	case sw.C != sx.C/groups || sw.H != g.Kernel.H || sw.W != g.Kernel.W:
		c.fail("weights %v for input %v and %d groups", sw, sx, groups)
	case sy.C != sw.N || sy.H != g.Places(sx).H || sy.W != g.Places(sx).W:
		c.fail("output %v of input %v and weights %v", sy, sx, sw)
	}
	c.length(b, sw.N)
}

func (c *checker) dense(x, w, b, y ID) {
	sx, sw, sy := c.shape(x), c.shape(w), c.shape(y)
	if sx.Sample() != sw.C*sw.H*sw.W || sy.Sample() != sw.N {
		c.fail("weights %v for input %v and output %v", sw, sx, sy)
	}
	c.length(b, sw.N)
}

func (c *checker) pool(x, y ID, g Geometry) {
	sx, sy := c.shape(x), c.shape(y)
	if sx.C != sy.C || g.Stride.H < 1 || g.Stride.W < 1 || g.Kernel.H < 1 || g.Kernel.W < 1 {
		c.fail("pooling %v to %v with %+v", sx, sy, g)
		return
	}
	if (sy.H-1)*g.Stride.H-g.Pad.H >= sx.H || (sy.W-1)*g.Stride.W-g.Pad.W >= sx.W || g.Pad.H >= g.Kernel.H || g.Pad.W >= g.Kernel.W {
		c.fail("a window of the pooling of %v to %v with %+v lies outside", sx, sy, g)
	}
}

func (c *checker) copying(x, y ID, from, to, channels int) {
	sx, sy := c.shape(x), c.shape(y)
	if from < 0 || to < 0 || channels < 1 || from+channels > sx.C || to+channels > sy.C || sx.H != sy.H || sx.W != sy.W {
		c.fail("copying %d channels from %d of %v to %d of %v", channels, from, sx, to, sy)
	}
}

// checkOp checks one operation.
func (p *Program) checkOp(op Op) error {
	c := &checker{p: p}
	switch o := op.(type) {
	case Conv:
		c.conv(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups)
	case ConvGradInput:
		c.conv(o.DX, o.W, None, o.DY, o.Geometry, o.Groups)
	case ConvGradWeights:
		c.conv(o.X, o.DW, o.DB, o.DY, o.Geometry, o.Groups)
	case Dense:
		c.dense(o.X, o.W, o.B, o.Y)
	case DenseGradInput:
		c.dense(o.DX, o.W, None, o.DY)
	case DenseGradWeights:
		c.dense(o.X, o.DW, o.DB, o.DY)
	case Pool:
		c.pool(o.X, o.Y, o.Geometry)
	case PoolGrad:
		c.pool(o.X, o.Y, o.Geometry)
		c.same(o.X, o.DX)
		c.same(o.Y, o.DY)
	case Activation:
		c.same(o.X, o.Y)
	case ActivationGrad:
		c.same(o.Y, o.DY, o.DX)
	case Dropout:
		c.same(o.X, o.Y)
	case DropoutGrad:
		c.same(o.DY, o.DX)
	case LRN:
		c.same(o.X, o.Y, o.S)
	case LRNGrad:
		c.same(o.X, o.Y, o.S, o.DY, o.DX)
	case Softmax:
		c.same(o.X, o.Y)
	case SoftmaxGrad:
		c.same(o.Y, o.DY, o.DX)
	case Copy:
		c.copying(o.X, o.Y, o.From, o.To, o.Channels)
	case Sum:
		c.same(o.A, o.B, o.Y)
	case SoftmaxLoss:
		c.same(o.X, o.P)
		c.length(o.Labels, p.Batch)
		c.length(o.Loss, p.Batch)
	case SoftmaxLossGrad:
		c.same(o.P, o.DX)
		c.length(o.Labels, p.Batch)
	case SquaredLoss:
		c.same(o.X, o.T)
		c.length(o.Loss, p.Batch)
	case SquaredLossGrad:
		c.same(o.X, o.T, o.DX)
	case AbsoluteLoss:
		c.same(o.X, o.T)
		c.length(o.Loss, p.Batch)
	case AbsoluteLossGrad:
		c.same(o.X, o.T, o.DX)
	case Update:
		c.same(append([]ID{o.W, o.G}, o.History...)...)
		if len(o.History) != o.Kind.Histories() {
			c.fail("%d history buffers for solver %d", len(o.History), o.Kind)
		}
	default:
		c.fail("unknown operation")
	}
	return c.err
}

// Places is how many places the window has over an image of shape s when every window must lie within the padded image
// (Caffe's convolution: rounded down).
func (g Geometry) Places(s Shape) Pair {
	at := func(size, kernel, stride, pad, dilation int) int {
		if free := size + 2*pad - (dilation*(kernel-1) + 1); free >= 0 && stride > 0 {
			return free/stride + 1
		}
		return 0
	}
	return Pair{
		at(s.H, g.Kernel.H, g.Stride.H, g.Pad.H, g.Dilation.H),
		at(s.W, g.Kernel.W, g.Stride.W, g.Pad.W, g.Dilation.W),
	}
}

// ceilDiv is ⌈a/b⌉ of non-negative a.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
