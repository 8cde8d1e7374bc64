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
	pad     int
	groups  int
	first   bool // the network's first layer: nobody needs the gradient of its input
}

var benchCases = []benchCase{
	{"LeNet conv1", 64, Shape{C: 1, H: 28, W: 28}, 20, 5, 0, 1, true},
	{"LeNet conv2", 64, Shape{C: 20, H: 12, W: 12}, 50, 5, 0, 1, false},
	{"LeNet ip1", 64, Shape{C: 50, H: 4, W: 4}, 500, 0, 0, 1, false},
	{"cifar-quick conv1", 100, Shape{C: 3, H: 32, W: 32}, 32, 5, 2, 1, true},
	{"cifar-quick conv2", 100, Shape{C: 32, H: 16, W: 16}, 32, 5, 2, 1, false},
	{"cifar-quick conv3", 100, Shape{C: 32, H: 8, W: 8}, 64, 5, 2, 1, false},
	{"AlexNet conv2", 16, Shape{C: 96, H: 27, W: 27}, 256, 5, 2, 2, false},
	{"AlexNet conv3", 16, Shape{C: 256, H: 13, W: 13}, 384, 3, 1, 1, false},
	{"AlexNet fc6", 32, Shape{C: 256, H: 6, W: 6}, 4096, 0, 0, 1, false},
	{"product 1024×1024×1024", 1024, Shape{C: 1024, H: 1, W: 1}, 1024, 0, 0, 1, false},
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
	for _, c := range benchCases {
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

// program is the operation with its gradients, and the multiply-adds of its forward direction.
func (c benchCase) program() (*Program, float64) {
	in, out := c.in, Shape{c.batch, c.filters, 1, 1}
	in.N = c.batch
	weights, g := Shape{c.filters, in.Sample(), 1, 1}, Geometry{}
	if c.kernel > 0 {
		g = Geometry{Pair{c.kernel, c.kernel}, Pair{1, 1}, Pair{c.pad, c.pad}, Pair{1, 1}}
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
