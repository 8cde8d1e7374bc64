package kerneltest

import (
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// lenet returns the program that trains Caffe's LeNet on images of 1×28×28.
func lenet(batch int) *testCase {
	b := newBuilder("LeNet", batch)
	five := kernel.Geometry{Kernel: pair(5, 5), Stride: pair(1, 1), Dilation: pair(1, 1)}
	two := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), Dilation: pair(1, 1)}
	layer := func(outputs, channels, size int) (w, dw, v, dv kernel.ID) {
		w, dw = b.parameter(kernel.Shape{N: outputs, C: channels, H: size, W: size}, float64(channels*size*size))
		v, dv = b.parameter(kernel.Shape{N: 1, C: outputs, H: 1, W: 1}, 100)
		return w, dw, v, dv
	}
	x, labels := b.input(b.samples(1, 28, 28)), b.inputOf(b.samples(1, 1, 1), class(10))
	c1, p1, dc1, dp1 := b.both(20, 24, 12)
	c2, p2, dc2, dp2 := b.both(50, 8, 4)
	hidden, ten := b.samples(500, 1, 1), b.samples(10, 1, 1)
	h, y, dh, dy, p := b.value(hidden), b.value(ten), b.value(hidden), b.value(ten), b.value(ten)
	w1, dw1, v1, dv1 := layer(20, 1, 5)
	w2, dw2, v2, dv2 := layer(50, 20, 5)
	w3, dw3, v3, dv3 := layer(500, 50, 4)
	w4, dw4, v4, dv4 := layer(10, 500, 1)
	b.forward(
		kernel.Conv{X: x, W: w1, B: v1, Y: c1, Geometry: five, Groups: 1},
		kernel.Pool{X: c1, Y: p1, Geometry: two},
		kernel.Conv{X: p1, W: w2, B: v2, Y: c2, Geometry: five, Groups: 1},
		kernel.Pool{X: c2, Y: p2, Geometry: two},
		kernel.Dense{X: p2, W: w3, B: v3, Y: h},
		kernel.Activation{X: h, Y: h, Kind: kernel.ReLU},
		kernel.Dense{X: h, W: w4, B: v4, Y: y},
		kernel.SoftmaxLoss{X: y, Labels: labels, P: p, Loss: b.value(b.samples(1, 1, 1)), Weight: 1})
	b.backward(
		kernel.SoftmaxLossGrad{P: p, Labels: labels, DX: dy, Weight: 1},
		kernel.DenseGradWeights{X: h, DY: dy, DW: dw4, DB: dv4}, kernel.DenseGradInput{DY: dy, W: w4, DX: dh},
		kernel.ActivationGrad{Y: h, DY: dh, DX: dh, Kind: kernel.ReLU},
		kernel.DenseGradWeights{X: p2, DY: dh, DW: dw3, DB: dv3}, kernel.DenseGradInput{DY: dh, W: w3, DX: dp2},
		kernel.PoolGrad{X: c2, Y: p2, DY: dp2, DX: dc2, Geometry: two},
		kernel.ConvGradWeights{X: p1, DY: dc2, DW: dw2, DB: dv2, Geometry: five, Groups: 1},
		kernel.ConvGradInput{DY: dc2, W: w2, DX: dp1, Geometry: five, Groups: 1},
		kernel.PoolGrad{X: c1, Y: p1, DY: dp1, DX: dc1, Geometry: two},
		kernel.ConvGradWeights{X: x, DY: dc1, DW: dw1, DB: dv1, Geometry: five, Groups: 1})
	for i, op := range b.program.Update {
		u := op.(kernel.Update) // SGD for all, as in training
		u.Kind, u.History = kernel.SGD, u.History[:1]
		b.program.Update[i] = u
	}
	b.steps[0].Rate, b.steps[0].Decay = 1e-4, 5e-4
	return &b.testCase
}

// both returns the values of a convolution and its pooling, and their gradients.
func (b *builder) both(channels, size, pooled int) (c, p, dc, dp kernel.ID) {
	large, small := b.samples(channels, size, size), b.samples(channels, pooled, pooled)
	return b.value(large), b.value(small), b.value(large), b.value(small)
}

// Allocations counts what a step of training and one of use allocate, after a first one.
func Allocations(t *testing.T, d kernel.Device) (training, use float64) {
	t.Helper()
	c := lenet(9)
	ex := prepare(t, d, c)
	count := func(s kernel.Step) float64 {
		run(t, ex, s)
		return testing.AllocsPerRun(5, func() {
			if err := ex.Run(s); err != nil {
				t.Error(err)
			}
		})
	}
	return count(c.steps[0]), count(kernel.Step{Samples: 4})
}

// Benchmark measures single operations and a step of training of LeNet on a device.
func Benchmark(b *testing.B, d kernel.Device) {
	only := func(name string, ops int, c *testCase) {
		ex := prepare(b, d, c)
		for _, way := range []struct {
			name string
			step kernel.Step
			work int
		}{
			{"forward", kernel.Step{Samples: c.program.Batch}, ops},
			{"backward", kernel.Step{Samples: c.program.Batch, NoForward: true, Backward: true, Scale: 1}, 2 * ops},
		} {
			b.Run(name+"/"+way.name, func(b *testing.B) {
				for b.Loop() {
					run(b, ex, way.step)
				}
				b.ReportMetric(float64(way.work)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
	only("convolution", 2*32*50*64*500, benchConvolution())
	only("product", 2*512*512*512, benchProduct())
	c := lenet(64)
	ex := prepare(b, d, c)
	b.Run("LeNet", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			run(b, ex, c.steps[0])
		}
		b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "images/s")
	})
}

// benchConvolution is LeNet's second convolution, 32 samples.
func benchConvolution() *testCase {
	b := newBuilder("convolution", 32)
	g := kernel.Geometry{Kernel: pair(5, 5), Stride: pair(1, 1), Dilation: pair(1, 1)}
	w, dw := b.parameter(kernel.Shape{N: 50, C: 20, H: 5, W: 5}, 500)
	in, out := b.samples(20, 12, 12), b.samples(50, 8, 8)
	x, dy := b.input(in), b.input(out)
	b.forward(kernel.Conv{X: x, W: w, B: kernel.None, Y: b.value(out), Geometry: g, Groups: 1})
	b.backward(
		kernel.ConvGradWeights{X: x, DY: dy, DW: dw, DB: kernel.None, Geometry: g, Groups: 1},
		kernel.ConvGradInput{DY: dy, W: w, DX: b.value(in), Geometry: g, Groups: 1})
	return &b.testCase
}

// benchProduct returns a fully connected layer of 512 inputs and outputs, 512 samples.
func benchProduct() *testCase {
	b := newBuilder("product", 512)
	w, dw := b.parameter(kernel.Shape{N: 512, C: 512, H: 1, W: 1}, 512)
	s := b.samples(512, 1, 1)
	x, dy := b.input(s), b.input(s)
	b.forward(kernel.Dense{X: x, W: w, B: kernel.None, Y: b.value(s)})
	b.backward(kernel.DenseGradWeights{X: x, DY: dy, DW: dw, DB: kernel.None}, kernel.DenseGradInput{DY: dy, W: w, DX: b.value(s)})
	return &b.testCase
}
