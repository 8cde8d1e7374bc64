//go:build cgo

package gpu_test

import (
	"math"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/gpu"
	"github.com/convscope/convscope/nn/kernel"
)

// residual returns a small network of convolutions with normalised batches and a way around two of them.
func residual() nn.Spec {
	s := nn.Spec{Format: nn.Format, Name: "residual", Input: nn.Shape{C: 3, H: 12, W: 12}, Classes: 5}
	add := func(name, typ string, settings map[string]nn.Value, inputs ...string) {
		s.Layers = append(s.Layers, nn.Layer{Name: name, Type: typ, Inputs: inputs, Settings: settings})
	}
	conv := map[string]nn.Value{"filters": nn.Num(12), "kernel": nn.Num(3), "pad": nn.Num(1), "bias": nn.Word("no"), "filler": nn.Word("msra")}
	add("conv1", "convolution", conv, nn.Data)
	add("norm1", "batch-norm", nil, "conv1")
	add("relu1", "relu", nil, "norm1")
	add("conv2", "convolution", conv, "relu1")
	add("norm2", "batch-norm", nil, "conv2")
	add("relu2", "relu", nil, "norm2")
	add("conv3", "convolution", conv, "relu2")
	add("norm3", "batch-norm", nil, "conv3")
	add("sum", "add", nil, "norm3", "relu1")
	add("relu3", "relu", nil, "sum")
	add("pool", "global-pool", nil, "relu3")
	add("ip", "fully-connected", nil, "pool")
	add("loss", "softmax-loss", nil, "ip")
	return s
}

// heads returns the small network with two named outputs: the class of the image, and a class at each place before the pooling.
func heads() nn.Spec {
	s := residual()
	s.Name, s.Outputs = "heads", []string{"loss", "places"}
	s.Layers = append(s.Layers,
		nn.Layer{Name: "score", Type: "convolution", Inputs: []string{"relu3"}, Settings: map[string]nn.Value{"filters": nn.Num(5), "kernel": nn.Num(1)}},
		nn.Layer{Name: "places", Type: "softmax-loss", Inputs: []string{"score"}})
	return s
}

// image gives made-up numbers and a class that can be learned from them.
func images(spec nn.Spec, batch, step int) ([]float32, []int) {
	n := spec.Input.Len()
	px, labels := make([]float32, batch*n), make([]int, batch)
	for i := range batch {
		labels[i] = (step*batch + i) * 7 % spec.Classes
		for k := range n {
			px[i*n+k] = float32(.5*math.Sin(float64(k)*(.05+.03*float64(labels[i]))+float64(step)) + .1*math.Sin(float64(k*k+i+31*step)))
		}
	}
	return px, labels
}

// losses trains for some steps and gives the loss of each.
func losses(t *testing.T, d kernel.Device, spec nn.Spec, steps int, rate float32) []float64 {
	t.Helper()
	const batch = 4
	network, err := nn.Compile(spec, nn.Options{Batch: batch, Training: true, Momentum: .9})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := network.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	defer inst.Close()
	if err := inst.Initialize(1); err != nil {
		t.Fatal(err)
	}
	var list []float64
	for i := range steps {
		px, labels := images(spec, batch, i)
		r, err := inst.Run(px, inst.Network.ClassTruths(labels), kernel.Step{
			Samples: batch, Training: true, Backward: true, Update: true, Scale: 1. / batch, Rate: rate, Decay: 5e-4, Iteration: i, Seed: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		for k := range network.Outputs() { // each comes back with the step
			if _, err := inst.Output(k, batch); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, r.Loss)
	}
	return list
}

// Training on a graphics processor goes the way that it goes on the processor: over fifty steps the losses stay within a thousandth.
func TestLossesFollowTheCPU(t *testing.T) {
	if testing.Short() {
		t.Skip("no goroutines meet here: under the race detector it would only take long")
	}
	standard := func(name string) nn.Spec {
		s, err := nn.Standard(name, nn.StandardInput(name), 10)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	g, err := gpu.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	for _, c := range []struct {
		spec nn.Spec
		rate float32
	}{{standard("lenet"), .005}, {standard("cifar-quick"), .01}, {residual(), .02}, {heads(), .01}} {
		t.Run(c.spec.Name, func(t *testing.T) {
			const steps = 50
			want, got := losses(t, cpu, c.spec, steps, c.rate), losses(t, g, c.spec, steps, c.rate)
			worst := 0.
			for i := range want {
				worst = max(worst, math.Abs(got[i]-want[i])/want[i])
			}
			t.Logf("loss %.4f to %.4f, at most %.2g apart", want[0], want[steps-1], worst)
			if !(worst < 1e-3) {
				t.Errorf("losses are up to %.2g apart: %v and %v", worst, want, got)
			}
		})
	}
}

// A step is one submission, and what it tells comes back with it.
func TestAStepIsOneSubmission(t *testing.T) {
	g, err := gpu.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	counts := g.(interface {
		Counts() (submissions, readbacks int64)
	}).Counts
	spec := heads()
	losses(t, g, spec, 3, .01) // the first steps learn what is asked for
	s0, r0 := counts()
	losses(t, g, spec, 13, .01)
	s1, r1 := counts()
	// The ten steps beyond the three that each call begins with.
	losses(t, g, spec, 3, .01)
	s2, r2 := counts()
	if submissions, readbacks := (s1-s0)-(s2-s1), (r1-r0)-(r2-r1); submissions != 10 || readbacks != 10 {
		t.Errorf("ten steps make %d submissions and %d read-backs", submissions, readbacks)
	}
}

// A network that does not fit says so, with the sum of what it needs, before anything is trained.
func TestANetworkThatDoesNotFit(t *testing.T) {
	g, err := gpu.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	s := nn.Spec{Format: nn.Format, Name: "wide", Input: nn.Shape{C: 64, H: 64, W: 64}, Classes: 10, Layers: []nn.Layer{
		{Name: "ip", Type: "fully-connected", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"outputs": nn.Num(8192)}},
		{Name: "out", Type: "fully-connected", Inputs: []string{"ip"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}},
	}}
	network, err := nn.Compile(s, nn.Options{Batch: 1, Training: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.Open(g); fault.Code(err) != "gpu.large" {
		t.Errorf("weights of 8 GB: %v", err)
	}
}
