package kernel

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Check returns an error unless the program is one that a device can run: buffers have sizes, operations name buffers that exist, and shapes
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
	for _, list := range [][]Op{p.Forward, p.Backward} {
		for _, op := range list {
			if err := p.checkOp(op); err != nil {
				return fmt.Errorf("kernel: %T: %w", op, err)
			}
		}
	}
	for _, op := range p.Update {
		if err := p.checkUpdate(op); err != nil {
			return fmt.Errorf("kernel: %T among the updates: %w", op, err)
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

// role demands that a buffer, if there is one, has one of the roles.
func (c *checker) role(id ID, roles ...Role) {
	if id == None {
		return
	}
	c.shape(id)
	if c.err == nil && !slices.Contains(roles, c.p.Buffers[id].Role) {
		c.fail("buffer %d (%s) has role %d", id, c.p.Buffers[id].Name, c.p.Buffers[id].Role)
	}
}

// reads demands buffers of samples, writes such as operations may write to.
func (c *checker) reads(ids ...ID) {
	for _, id := range ids {
		c.role(id, Input, Value)
	}
}

func (c *checker) writes(ids ...ID) {
	for _, id := range ids {
		c.role(id, Value)
	}
}

// apart demands that an operation does not write where it still reads.
func (c *checker) apart(to ID, from ...ID) {
	if slices.Contains(from, to) {
		c.fail("it writes buffer %d, which it reads", to)
	}
}

func (c *checker) conv(x, w, b, y ID, g Geometry, groups int) {
	if c.window(g); g.Dilation.H < 1 || g.Dilation.W < 1 {
		c.fail("a dilation of %v", g.Dilation)
		return
	}
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

// window demands sizes that a window can have.
func (c *checker) window(g Geometry) {
	if g.Kernel.H < 1 || g.Kernel.W < 1 || g.Stride.H < 1 || g.Stride.W < 1 || min(g.Pad.H, g.Pad.W, g.PadEnd.H, g.PadEnd.W) < 0 {
		c.fail("a window of %+v", g)
	}
}

func (c *checker) pool(x, y ID, g Geometry) {
	if c.window(g); c.err != nil {
		return
	}
	sx, sy := c.shape(x), c.shape(y)
	if sx.C != sy.C {
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

// softmaxLoss demands what the loss and its gradient share.
func (c *checker) softmaxLoss(p, labels ID, weights []float32) {
	c.reads(labels)
	if weights != nil {
		c.classWeights(weights, c.shape(p).C)
	}
	if s, l := c.shape(p), c.shape(labels); l != (Shape{s.N, 1, s.H, s.W}) {
		c.fail("labels %v for the places of %v", l, s)
	}
}

// classWeights demands a weight for each class, and that not all of them are 0.
func (c *checker) classWeights(weights []float32, classes int) {
	if len(weights) != classes {
		c.fail("%d weights of %d classes", len(weights), classes)
	}
	for i, w := range weights {
		if !(w >= 0 && w <= math.MaxFloat32) {
			c.fail("a weight of %g of class %d", w, i)
		}
	}
	if slices.Max(append([]float32{0}, weights...)) == 0 {
		c.fail("no class that counts")
	}
}

// distance demands what a loss with a target needs.
func (c *checker) distance(x, t, loss ID) {
	c.reads(x, t)
	c.writes(loss)
	c.same(x, t)
	c.length(loss, c.p.Batch)
}

// gradient demands that dx is written, from buffers of samples of the same shape.
func (c *checker) gradient(dx ID, from ...ID) {
	c.reads(from...)
	c.writes(dx)
	c.same(append(from, dx)...)
}

func (c *checker) dropped(x, y ID, ratio float32) {
	c.gradient(y, x)
	if !(ratio >= 0 && ratio < 1) {
		c.fail("a share of %v dropped", ratio)
	}
}

func (c *checker) activation(k ActivationKind, slope float32) {
	if k > LeakyReLU {
		c.fail("there is no activation %d", k)
	}
	if !(slope >= 0) {
		c.fail("a slope of %v", slope)
	}
}

func (c *checker) normalisation(size int, within bool) {
	if size < 1 || within && size%2 == 0 {
		c.fail("a normalisation over %d channels or places", size)
	}
}

// perChannel demands buffers of one number for each channel of x.
func (c *checker) perChannel(x ID, role Role, ids ...ID) {
	for _, id := range ids {
		c.role(id, role)
		if s, n := c.shape(id), c.shape(x).C; s != (Shape{n, 1, 1, 1}) {
			c.fail("%v for each of %d channels", s, n)
		}
	}
}

// checkOp checks one operation of the forward or backward direction.
func (p *Program) checkOp(op Op) error {
	c := &checker{p: p}
	switch o := op.(type) {
	case Conv:
		c.conv(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups)
		c.layer(o.X, o.W, o.B, o.Y)
	case ConvGradInput:
		c.conv(o.DX, o.W, None, o.DY, o.Geometry, o.Groups)
		c.layer(o.DY, o.W, None, o.DX)
	case ConvGradWeights:
		c.conv(o.X, o.DW, o.DB, o.DY, o.Geometry, o.Groups)
		c.weightGradient(o.X, o.DY, o.DW, o.DB)
	case Deconv:
		c.conv(o.Y, o.W, None, o.X, o.Geometry, o.Groups)
		c.length(o.B, c.shape(o.Y).C)
		c.layer(o.X, o.W, o.B, o.Y)
	case DeconvGradInput:
		c.conv(o.DY, o.W, None, o.DX, o.Geometry, o.Groups)
		c.layer(o.DY, o.W, None, o.DX)
	case DeconvGradWeights:
		c.conv(o.DY, o.DW, None, o.X, o.Geometry, o.Groups)
		c.length(o.DB, c.shape(o.DY).C)
		c.weightGradient(o.X, o.DY, o.DW, o.DB)
	case Dense:
		c.dense(o.X, o.W, o.B, o.Y)
		c.layer(o.X, o.W, o.B, o.Y)
	case DenseGradInput:
		c.dense(o.DX, o.W, None, o.DY)
		c.layer(o.DY, o.W, None, o.DX)
	case DenseGradWeights:
		c.dense(o.X, o.DW, o.DB, o.DY)
		c.weightGradient(o.X, o.DY, o.DW, o.DB)
	case Pool:
		c.pool(o.X, o.Y, o.Geometry)
		c.reads(o.X)
		c.writes(o.Y)
		c.apart(o.Y, o.X)
	case PoolGrad:
		c.pool(o.X, o.Y, o.Geometry)
		c.gradient(o.DX, o.X)
		c.reads(o.Y, o.DY)
		c.same(o.Y, o.DY)
		c.apart(o.DX, o.X, o.Y, o.DY)
	case Activation:
		c.activation(o.Kind, o.Slope)
		c.gradient(o.Y, o.X)
	case ActivationGrad:
		c.activation(o.Kind, o.Slope)
		c.gradient(o.DX, o.Y, o.DY)
	case Dropout:
		c.dropped(o.X, o.Y, o.Ratio)
	case DropoutGrad:
		c.dropped(o.DY, o.DX, o.Ratio)
	case LRN:
		c.normalisation(o.Size, o.Within)
		c.gradient(o.Y, o.X)
		c.gradient(o.S, o.X)
		c.apart(o.Y, o.X, o.S)
		c.apart(o.S, o.X)
	case LRNGrad:
		c.normalisation(o.Size, o.Within)
		c.gradient(o.DX, o.X, o.Y, o.S, o.DY)
		c.apart(o.DX, o.X, o.Y, o.S, o.DY)
	case BatchNorm:
		c.gradient(o.Y, o.X)
		c.apart(o.Y, o.X)
		c.perChannel(o.X, Parameter, o.W, o.B)
		c.perChannel(o.X, Statistic, o.Mean, o.Variance, o.Shift, o.Scale)
	case BatchNormGrad:
		c.reads(o.X, o.DY)
		c.same(o.X, o.DY)
		if o.DX != None {
			c.gradient(o.DX, o.X)
			c.apart(o.DX, o.X)
		}
		c.perChannel(o.X, Parameter, o.W)
		if o.DW != None || o.DB != None {
			c.perChannel(o.X, Gradient, o.DW, o.DB)
		}
		c.perChannel(o.X, Statistic, o.Shift, o.Scale)
	case Softmax:
		c.gradient(o.Y, o.X)
	case SoftmaxGrad:
		c.gradient(o.DX, o.Y, o.DY)
	case Copy:
		c.copying(o.X, o.Y, o.From, o.To, o.Channels)
		c.reads(o.X)
		c.writes(o.Y)
		c.apart(o.Y, o.X)
	case Sum:
		c.gradient(o.Y, o.A, o.B)
	default:
		c.size(op)
	}
	return c.err
}

// layer demands the roles of a convolution or fully connected layer.
func (c *checker) layer(from, w, b, to ID) {
	c.reads(from)
	c.role(w, Parameter)
	c.role(b, Parameter)
	c.writes(to)
	c.apart(to, from)
}

func (c *checker) weightGradient(x, dy, dw, db ID) {
	c.reads(x, dy)
	c.role(dw, Gradient)
	c.role(db, Gradient)
}

// loss checks a loss or its gradient.
func (c *checker) loss(op Op) {
	switch o := op.(type) {
	case SoftmaxLoss:
		c.gradient(o.P, o.X)
		c.softmaxLoss(o.P, o.Labels, o.ClassWeights)
		c.writes(o.Loss)
		c.length(o.Loss, c.p.Batch)
	case SoftmaxLossGrad:
		c.gradient(o.DX, o.P)
		c.softmaxLoss(o.P, o.Labels, o.ClassWeights)
	case SquaredLoss:
		c.distance(o.X, o.T, o.Loss)
	case SquaredLossGrad:
		c.gradient(o.DX, o.X, o.T)
	case AbsoluteLoss:
		c.distance(o.X, o.T, o.Loss)
	case AbsoluteLossGrad:
		c.gradient(o.DX, o.X, o.T)
	case SigmoidLoss:
		c.gradient(o.P, o.X)
		c.distance(o.X, o.T, o.Loss)
		c.apart(o.P, o.X)
	case SigmoidLossGrad:
		c.gradient(o.DX, o.P, o.T)
	case HingeLoss:
		c.distance(o.X, o.T, o.Loss)
	case HingeLossGrad:
		c.gradient(o.DX, o.X, o.T)
	default:
		c.fail("it is none of this direction")
	}
}

// checkUpdate checks one operation of the updates.
func (p *Program) checkUpdate(op Op) error {
	o, ok := op.(Update)
	if !ok {
		return errors.New("it is no update")
	}
	c := &checker{p: p}
	c.same(append([]ID{o.W, o.G}, o.History...)...)
	c.role(o.W, Parameter)
	c.role(o.G, Gradient)
	for _, h := range o.History {
		c.role(h, History)
	}
	if o.Kind > AdaDelta || len(o.History) != o.Kind.Histories() {
		c.fail("%d history buffers for solver %d", len(o.History), o.Kind)
	}
	return c.err
}

// Places returns how many places the window has over an image of shape s when every window must lie within the padded image
// (Caffe's convolution: rounded down).
func (g Geometry) Places(s Shape) Pair {
	at := func(size, kernel, stride, pad, dilation int) int {
		if free := size + pad - (dilation*(kernel-1) + 1); free >= 0 && stride > 0 {
			return free/stride + 1
		}
		return 0
	}
	return Pair{
		at(s.H, g.Kernel.H, g.Stride.H, g.Pad.H+g.PadEnd.H, g.Dilation.H),
		at(s.W, g.Kernel.W, g.Stride.W, g.Pad.W+g.PadEnd.W, g.Dilation.W),
	}
}

// ceilDiv is ⌈a/b⌉ of non-negative a.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
