package kernel

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A KernelResult is the speed of one operation on a device.
type KernelResult struct {
	Name   string  // layer, direction, batch
	GFLOPS float64 // 10⁹ operations a second, a multiply-add counting two
	Peak   float64 // what as many threads of this processor reach in fused multiply-adds on registers alone, in the same unit
}

// benchCase is an operation that networks spend their time on. Multiply-adds outside the image count too, as in every table of such
// numbers.
type benchCase struct {
	name    string
	batch   int
	in      Shape // of one sample; N is not used
	filters int
	kernel  int // 0: fully connected
	stride  int
	pad     int
	groups  int
	first   bool // the network's first layer: nobody needs the gradient of its input
}

// benchCases lists the layers that the well-known networks spend their time on, and square products.
func benchCases() []benchCase {
	image := func(c, side int) Shape { return Shape{C: c, H: side, W: side} }
	list := []benchCase{
		{"LeNet conv1", 64, image(1, 28), 20, 5, 1, 0, 1, true},
		{"LeNet conv2", 64, image(20, 12), 50, 5, 1, 0, 1, false},
		{"LeNet ip1", 64, image(50, 4), 500, 0, 0, 0, 1, false},
		{"cifar-quick conv1", 100, image(3, 32), 32, 5, 1, 2, 1, true},
		{"cifar-quick conv2", 100, image(32, 16), 32, 5, 1, 2, 1, false},
		{"cifar-quick conv3", 100, image(32, 8), 64, 5, 1, 2, 1, false},
		{"AlexNet conv1", 16, image(3, 227), 96, 11, 4, 0, 1, true},
		{"AlexNet conv2", 16, image(96, 27), 256, 5, 1, 2, 2, false},
		{"AlexNet conv3", 16, image(256, 13), 384, 3, 1, 1, 1, false},
		{"AlexNet conv4", 16, image(384, 13), 384, 3, 1, 1, 2, false},
		{"AlexNet conv5", 16, image(384, 13), 256, 3, 1, 1, 2, false},
		{"AlexNet fc6", 32, image(256, 6), 4096, 0, 0, 0, 1, false},
		{"GoogLeNet conv1", 16, image(3, 224), 64, 7, 2, 3, 1, true},
		{"GoogLeNet conv2 reduce", 16, image(64, 56), 64, 1, 1, 0, 1, false},
		{"GoogLeNet conv2", 16, image(64, 56), 192, 3, 1, 1, 1, false},
	}
	for _, m := range []struct {
		name                                     string
		in, side                                 int
		one, reduce3, three, reduce5, five, pool int
	}{
		{"3a", 192, 28, 64, 96, 128, 16, 32, 32},
		{"3b", 256, 28, 128, 128, 192, 32, 96, 64},
		{"4a", 480, 14, 192, 96, 208, 16, 48, 64},
		{"4b", 512, 14, 160, 112, 224, 24, 64, 64},
		{"4c", 512, 14, 128, 128, 256, 24, 64, 64},
		{"4d", 512, 14, 112, 144, 288, 32, 64, 64},
		{"4e", 528, 14, 256, 160, 320, 32, 128, 128},
		{"5a", 832, 7, 256, 160, 320, 32, 128, 128},
		{"5b", 832, 7, 384, 192, 384, 48, 128, 128},
	} {
		add := func(part string, channels, filters, kernel int) {
			list = append(list, benchCase{"GoogLeNet " + m.name + " " + part, 16, image(channels, m.side), filters, kernel, 1, kernel / 2, 1, false})
		}
		add("1×1", m.in, m.one, 1)
		add("3×3 reduce", m.in, m.reduce3, 1)
		add("3×3", m.reduce3, m.three, 3)
		add("5×5 reduce", m.in, m.reduce5, 1)
		add("5×5", m.reduce5, m.five, 5)
		add("pool", m.in, m.pool, 1)
	}
	for _, n := range []int{512, 1024, 2048} {
		list = append(list, benchCase{fmt.Sprintf("product %d×%d×%d", n, n, n), n, image(n, 1), n, 0, 0, 0, 1, false})
	}
	return list
}

// BenchKernels measures convolutions and products of well-known networks on a device, forward and backward, each for about the time
// given and at least three runs, and gives the speed of the median run. Peak is measured first, on as many threads as the device has. It
// ends early, with the error of ctx, when ctx does.
func BenchKernels(ctx context.Context, d Device, each time.Duration) ([]KernelResult, error) {
	peak, err := peakGFLOPS(ctx, d.Threads(), min(each, 2*time.Second))
	if err != nil {
		return nil, err
	}
	var results []KernelResult
	for _, c := range benchCases() {
		both, err := c.run(ctx, d, each)
		if err != nil {
			return results, fmt.Errorf("%s: %w", c.name, err)
		}
		for _, r := range both {
			r.Peak = peak
			results = append(results, r)
		}
	}
	return results, nil
}

// run measures a case forward and backward.
func (c benchCase) run(ctx context.Context, d Device, each time.Duration) (results []KernelResult, err error) {
	p, work := c.program()
	backward := float64(2 * len(p.Backward))
	ex, err := d.Prepare(p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ex.Close()) }()
	rng := rand.New(rand.NewPCG(1, 2))
	for i, b := range p.Buffers {
		if b.Role != Input && b.Role != Parameter {
			continue
		}
		v := make([]float32, b.Shape.Len())
		for j := range v {
			v[j] = 2*rng.Float32() - 1
		}
		if err := ex.Buffer(ID(i)).Upload(v); err != nil {
			return nil, err
		}
	}
	for _, way := range []struct {
		name string
		step Step
		work float64
	}{
		{"forward", Step{Samples: c.batch}, 2 * work},
		{"backward", Step{Samples: c.batch, NoForward: true, Backward: true, Scale: 1}, backward * work},
	} {
		t, err := medianTime(ctx, each, func() error { return ex.Run(way.step) })
		if err != nil {
			return nil, err
		}
		results = append(results, KernelResult{Name: fmt.Sprintf("%s %s, batch %d", c.name, way.name, c.batch), GFLOPS: way.work / t.Seconds() / 1e9})
	}
	return results, nil
}

// program returns the operation with its gradients, and the multiply-adds of its forward direction.
func (c benchCase) program() (*Program, float64) {
	in, out := c.in, Shape{c.batch, c.filters, 1, 1}
	in.N = c.batch
	weights, g := Shape{c.filters, in.Sample(), 1, 1}, Geometry{}
	if c.kernel > 0 {
		g = Geometry{Pair{c.kernel, c.kernel}, Pair{c.stride, c.stride}, Pair{c.pad, c.pad}, Pair{c.pad, c.pad}, Pair{1, 1}}
		weights = Shape{c.filters, in.C / c.groups, c.kernel, c.kernel}
		places := g.Places(in)
		out.H, out.W = places.H, places.W
	}
	const x, w, b, y, dy, dx, dw, db = 0, 1, 2, 3, 4, 5, 6, 7
	bias := Shape{1, c.filters, 1, 1}
	p := &Program{Batch: c.batch, Buffers: []Buffer{
		x: {"x", in, Input, false}, w: {"w", weights, Parameter, false}, b: {"b", bias, Parameter, false}, y: {"y", out, Value, false},
		dy: {"dy", out, Input, false}, dx: {"dx", in, Value, false}, dw: {"dw", weights, Gradient, false}, db: {"db", bias, Gradient, false},
	}}
	if c.kernel > 0 {
		p.Forward = []Op{Conv{x, w, b, y, g, c.groups}}
		p.Backward = []Op{ConvGradWeights{x, dy, dw, db, g, c.groups}, ConvGradInput{dy, w, dx, g, c.groups, false}}
	} else {
		p.Forward = []Op{Dense{x, w, b, y}}
		p.Backward = []Op{DenseGradWeights{x, dy, dw, db}, DenseGradInput{dy, w, dx, false}}
	}
	if c.first {
		p.Backward = p.Backward[:1]
	}
	return p, float64(out.Len()) * float64(weights.Sample())
}

// medianTime runs do once to warm up, then at least three times and until limit has passed, and gives the median.
func medianTime(ctx context.Context, limit time.Duration, do func() error) (time.Duration, error) {
	if err := do(); err != nil {
		return 0, err
	}
	var times []time.Duration
	for start := time.Now(); len(times) < 3 || time.Since(start) < limit; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// peakGFLOPS measures what threads goroutines reach together in fused multiply-adds that touch no memory (in plain Go: multiplications
// and additions).
func peakGFLOPS(ctx context.Context, threads int, limit time.Duration) (float64, error) {
	const turns = 1 << 16
	t := bestUnit()
	once := func() error {
		var all sync.WaitGroup
		for range threads {
			all.Go(func() {
				for range 16 {
					t.peak(turns)
				}
			})
		}
		all.Wait()
		return nil
	}
	took, err := medianTime(ctx, limit, once)
	return 2 * float64(threads*16*turns*t.peakWork) / took.Seconds() / 1e9, err
}

// peakGo does n turns of eight multiplications and additions that do not wait for each other.
func peakGo(n int) {
	var a, b, c, d, e, f, g, h float32
	x, y := float32(.5), float32(.25)
	for range n {
		a, b, c, d = a*x+y, b*x+y, c*x+y, d*x+y
		e, f, g, h = e*x+y, f*x+y, g*x+y, h*x+y
	}
	runtime.KeepAlive([8]float32{a, b, c, d, e, f, g, h})
}
