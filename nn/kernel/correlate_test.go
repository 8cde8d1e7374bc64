package kernel_test

import (
	"math"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// A worker's bias of the convolution before is not added to the first sums of a gradient.
func TestGradientKnowsNoBiasOfAnotherConvolution(t *testing.T) {
	one, three := kernel.Pair{H: 1, W: 1}, kernel.Pair{H: 3, W: 3}
	const n, c = 8, 32
	s := kernel.Shape{N: n, C: c, H: 12, W: 12}
	p := &kernel.Program{Batch: n}
	buffer := func(s kernel.Shape, role kernel.Role, kept bool) kernel.ID {
		p.Buffers = append(p.Buffers, kernel.Buffer{Name: "b", Shape: s, Role: role, Kept: kept})
		return kernel.ID(len(p.Buffers) - 1)
	}
	x, dy := buffer(s, kernel.Input, true), buffer(s, kernel.Input, true)
	w1, b1 := buffer(kernel.Shape{N: c, C: c, H: 1, W: 1}, kernel.Parameter, true), buffer(kernel.Shape{N: c, C: 1, H: 1, W: 1}, kernel.Parameter, true)
	dw := buffer(kernel.Shape{N: c, C: c, H: 3, W: 3}, kernel.Gradient, true)
	y := buffer(s, kernel.Value, true)
	p.Forward = []kernel.Op{kernel.Conv{X: x, W: w1, B: b1, Y: y, Geometry: kernel.Geometry{Kernel: one, Stride: one, Dilation: one}, Groups: 1}}
	p.Backward = []kernel.Op{kernel.ConvGradWeights{X: x, DY: dy, DW: dw, DB: kernel.None, Geometry: kernel.Geometry{Kernel: three, Stride: one, Pad: one, PadEnd: one, Dilation: one}, Groups: 1}}
	gradient := func(bias float32) []float32 {
		d, err := kernel.NewCPU(1)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		ex, err := d.Prepare(p)
		if err != nil {
			t.Fatal(err)
		}
		defer ex.Close()
		for id, v := range map[kernel.ID]float32{x: .5, dy: .25, w1: 0, b1: bias} {
			all := make([]float32, ex.Buffer(id).Len())
			for i := range all {
				all[i] = v
			}
			if err := ex.Buffer(id).Upload(all); err != nil {
				t.Fatal(err)
			}
		}
		if err := ex.Run(kernel.Step{Samples: n, Training: true, Backward: true, Scale: 1}); err != nil {
			t.Fatal(err)
		}
		out := make([]float32, ex.Buffer(dw).Len())
		if err := ex.Buffer(dw).Download(out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want, got := gradient(0), gradient(100)
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-3 {
			t.Fatalf("dW[%d] is %v with a bias of 0 and %v with one of 100 in a convolution that it does not depend on", i, want[i], got[i])
		}
	}
}
