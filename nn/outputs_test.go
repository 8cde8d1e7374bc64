package nn

import (
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// levels answers at two scales, and what follows an output would overwrite it, or fold into it, were it not one.
func levels() Spec {
	c := chain{}
	c.add("conv", "convolution", numbers("filters", 4, "kernel", 3, "pad", 1))
	c.add("norm", "batch-norm", nil)
	c.add("relu", "relu", nil)
	c.add("pool", "max-pool", nil)
	c.add("score", "convolution", numbers("filters", 3, "kernel", 1))
	c.add("drop", "dropout", nil)
	c.add("leaky", "leaky-relu", nil)
	c.add("ip", "fully-connected", nil)
	c.add("loss", "softmax-loss", nil)
	return Spec{Format: Format, Name: "levels", Input: Shape{2, 6, 8}, Classes: 3, Layers: c.layers, Outputs: []string{"loss", "conv", "norm", "score", "leaky"}}
}

// Each output of a network for use is what the same layer gives where all layers are kept.
func TestOutputsAreWhatTheirLayersGive(t *testing.T) {
	cpu, err := kernel.NewCPU(2)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	reference := kernel.NewReference()
	defer reference.Close()
	for _, device := range []kernel.Device{cpu, reference} {
		open := func(o Options) *Instance {
			n, err := Compile(levels(), o)
			if err != nil {
				t.Fatal(err)
			}
			i, err := n.Open(device)
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Initialize(5); err != nil {
				t.Fatal(err)
			}
			if _, err := i.Run(formula(2*n.Spec.Input.Len(), .7, 1), nil, kernel.Step{Samples: 2}); err != nil {
				t.Fatal(err)
			}
			return i
		}
		use, all := open(Options{Batch: 2}), open(Options{Batch: 2, KeepAll: true})
		for k, o := range use.Network.Outputs() {
			got, err := use.Output(k, 2)
			if err != nil {
				t.Fatal(err)
			}
			want, err := all.Value(o.Layer, 2)
			if err != nil {
				t.Fatal(err)
			}
			if o.Layer != levels().Outputs[k] || !slices.Equal(want.Shape()[1:], []int{o.Shape.C, o.Shape.H, o.Shape.W}) || o.Truth != -1 {
				t.Errorf("%s: output %d is %+v", device.Name(), k, o)
			}
			for i, v := range want.Data() {
				if !agree(float64(got[i]), float64(v)) {
					t.Errorf("%s: %s[%d] is %g as an output and %g as a layer", device.Name(), o.Layer, i, got[i], v)
					break
				}
			}
		}
		use.Close()
		all.Close()
	}
}

// Outputs that are named answer different questions, though they have one shape: each loss learns from its own truth.
func TestNamedOutputsHaveTruthsOfTheirOwn(t *testing.T) {
	s := Spec{Format: Format, Name: "two", Input: Shape{1, 1, 1}, Classes: 2, Layers: []Layer{
		{Name: "a", Type: "fully-connected", Inputs: []string{Data}},
		{Name: "b", Type: "fully-connected", Inputs: []string{Data}},
		{Name: "loss-a", Type: "softmax-loss", Inputs: []string{"a"}},
		{Name: "loss-b", Type: "softmax-loss", Inputs: []string{"b"}},
	}}
	n, err := Compile(s, Options{Batch: 1, Training: true})
	if err != nil || len(n.Truths()) != 1 || len(n.Outputs()) != 1 {
		t.Fatalf("unnamed: %d truths, %d outputs, %v", len(n.Truths()), len(n.Outputs()), err)
	}
	s.Outputs = []string{"loss-b", "loss-a"}
	n, err = Compile(s, Options{Batch: 1, Training: true})
	if err != nil || len(n.Truths()) != 2 {
		t.Fatalf("named: %d truths, %v", len(n.Truths()), err)
	}
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	i, err := n.Open(cpu)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if err := i.Initialize(1); err != nil {
		t.Fatal(err)
	}
	truths := make([][]float32, 2)
	truths[n.Outputs()[0].Truth], truths[n.Outputs()[1].Truth] = []float32{1}, []float32{0}
	for step := range 200 {
		if _, err := i.Run([]float32{1}, truths, kernel.Step{Samples: 1, Training: true, Backward: true, Update: true, Scale: 1, Rate: .5, Iteration: step}); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := i.Output(0, 1)
	a, err := i.Output(1, 1)
	if err != nil || b[1] < .9 || a[0] < .9 {
		t.Errorf("b answers %v, a %v; %v", b, a, err)
	}
}

func TestOutputsInFiles(t *testing.T) {
	s := levels()
	again, err := Parse(s.JSON())
	if err != nil || !slices.Equal(again.Outputs, s.Outputs) || again.Format != 2 {
		t.Errorf("outputs are read as %v of format %d, %v", again.Outputs, again.Format, err)
	}
	s.Outputs = nil
	if again, err = Parse(s.JSON()); err != nil || again.Format != 1 {
		t.Errorf("a network without named outputs has format %d, %v", again.Format, err)
	}
	for code, outputs := range map[string][]string{"nn.output.unknown": {"loss", "none"}, "nn.output.twice": {"loss", "ip", "loss"}} {
		s.Outputs = outputs
		if _, err := Parse(s.JSON()); fault.Code(err) != code {
			t.Errorf("outputs %v: %v, want %s", outputs, err, code)
		}
		if _, err := Compile(s, Options{Batch: 1}); fault.Code(err) != code {
			t.Errorf("outputs %v are compiled: %v", outputs, err)
		}
	}
}

func TestOutputsFollowTheirLayers(t *testing.T) {
	s := levels()
	r := s.Rename("conv", "first")
	if !slices.Equal(r.Outputs, []string{"loss", "first", "norm", "score", "leaky"}) || r.Layers[r.Layer("norm")].Inputs[0] != "first" || s.Outputs[1] != "conv" {
		t.Errorf("renamed: %v; before: %v", r.Outputs, s.Outputs)
	}
	r = s.Remove("norm").Remove("none")
	if !slices.Equal(r.Outputs, []string{"loss", "conv", "score", "leaky"}) || r.Layers[r.Layer("relu")].Inputs[0] != "conv" || s.Layer("norm") < 0 {
		t.Errorf("removed: %v", r.Outputs)
	}
}
