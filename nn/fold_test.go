package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// A network for use, with its normalisations folded, gives what the same network gives with every layer kept.
func TestFoldedNormalisations(t *testing.T) {
	chain := func(bias string) Spec {
		var c chain
		c.add("a", "convolution", numbers("filters", 5, "kernel", 3, "bias", bias))
		c.add("a-norm", "batch-norm", nil)
		c.add("a-relu", "relu", nil)
		c.add("ip", "fully-connected", numbers("outputs", 7, "bias", bias))
		c.add("ip-norm", "batch-norm", numbers("epsilon", .01))
		c.add("out", "fully-connected", nil)
		c.add("loss", "softmax-loss", nil)
		return Spec{Format: Format, Name: "chain", Input: Shape{2, 6, 5}, Classes: 3, Layers: c.layers}
	}
	resnet, err := Standard("resnet-small", Shape{3, 16, 16}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spec  Spec
		folds int
	}{"with biases": {chain("yes"), 2}, "without": {chain("no"), 2}, "resnet-small": {resnet, 21}} {
		cpu, err := kernel.NewCPU(2)
		if err != nil {
			t.Fatal(err)
		}
		run := func(o Options) ([]float32, *Instance) {
			n, err := Compile(c.spec, o)
			if err != nil {
				t.Fatal(err)
			}
			inst, err := n.Open(cpu)
			if err != nil {
				t.Fatal(err)
			}
			if err := inst.Initialize(3); err != nil {
				t.Fatal(err)
			}
			weights, err := inst.Weights()
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(5, 5))
			for _, p := range n.Parameters {
				for i := range weights[p.Key()].Data() {
					if p.perChannel { // scales, shifts and statistics that are none of their first values
						weights[p.Key()].Data()[i] = .5 + r.Float32()
					}
				}
			}
			if err := inst.SetWeights(weights); err != nil {
				t.Fatal(err)
			}
			again, err := inst.Weights()
			if err != nil {
				t.Fatal(err)
			}
			for key, w := range weights {
				for i, v := range w.Data() {
					if again[key].Data()[i] != v {
						t.Fatalf("%s: %s[%d] is read as %g, was set to %g", name, key, i, again[key].Data()[i], v)
					}
				}
			}
			images, _ := batch(c.spec, 4)
			if _, err := inst.Run(images, nil, kernel.Step{Samples: 4}); err != nil {
				t.Fatal(err)
			}
			out, err := inst.Output(0, 4)
			if err != nil {
				t.Fatal(err)
			}
			return append([]float32(nil), out...), inst
		}
		whole, a := run(Options{Batch: 4, KeepAll: true})
		folded, b := run(Options{Batch: 4})
		if got := len(b.Network.folds); got != c.folds || len(a.Network.folds) != 0 {
			t.Errorf("%s: %d normalisations are folded, not %d", name, got, c.folds)
		}
		for _, op := range b.Network.Program.Forward {
			if _, ok := op.(kernel.BatchNorm); ok {
				t.Errorf("%s: a normalisation is still done", name)
			}
		}
		for i, v := range whole {
			if math.Abs(float64(v-folded[i])) > 1e-4*math.Max(1, math.Abs(float64(v))) {
				t.Fatalf("%s: output %d is %g, folded %g", name, i, v, folded[i])
			}
		}
		for _, i := range []*Instance{a, b} {
			if err := i.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := cpu.Close(); err != nil {
			t.Error(err)
		}
	}
}
