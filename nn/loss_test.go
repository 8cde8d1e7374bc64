package nn

import (
	"math"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// losses lists the kinds that compare with the truth.
func losses() (list []Kind) {
	for _, k := range Catalog() {
		if k.Loss {
			list = append(list, k)
		}
	}
	return list
}

// answering opens a network that answers each image with its bias alone.
func answering(t *testing.T, loss string, classes int, training bool) *Instance {
	t.Helper()
	n, err := Compile(Spec{Format: Format, Name: "answer", Input: Shape{1, 1, 1}, Classes: classes, Layers: []Layer{
		{Name: "ip", Type: "fully-connected", Inputs: []string{Data}},
		{Name: "loss", Type: loss, Inputs: []string{"ip"}},
	}}, Options{Batch: classes, Training: training})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := n.Open(kernel.NewReference())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inst.Close() })
	return inst
}

// answer gives each class a number.
func answer(t *testing.T, inst *Instance, numbers ...float32) {
	t.Helper()
	bias := NewTensor(len(numbers))
	copy(bias.Data(), numbers)
	if err := inst.SetWeights(map[string]Tensor{"ip.weight": NewTensor(len(numbers), 1), "ip.bias": bias}); err != nil {
		t.Fatal(err)
	}
}

// No answer that is the same for all images is below the chance loss, and one reaches it; zeros have the initial loss.
func TestGuessing(t *testing.T) {
	for _, k := range losses() {
		for _, classes := range []int{2, 3, 10} {
			inst := answering(t, k.Type, classes, true)
			labels, numbers := make([]int, classes), make([]float32, classes)
			for i := range labels {
				labels[i] = i
			}
			least := math.Inf(1)
			for v := float32(-4); v < 4; v += .05 {
				for i := range numbers {
					numbers[i] = v
				}
				answer(t, inst, numbers...)
				r, err := inst.Run(make([]float32, classes), inst.Network.ClassTruths(labels), kernel.Step{Samples: classes})
				if err != nil {
					t.Fatal(err)
				}
				least = math.Min(least, r.Loss)
			}
			answer(t, inst, make([]float32, classes)...)
			r, err := inst.Run(make([]float32, classes), inst.Network.ClassTruths(labels), kernel.Step{Samples: classes})
			if got := k.InitialLoss(classes); err != nil || math.Abs(got-r.Loss) > 1e-5 {
				t.Errorf("%s of %d classes: zeros cost %g, not %g; %v", k.Type, classes, r.Loss, got, err)
			}
			if got := k.ChanceLoss(classes); math.Abs(got-least) > 1e-3 {
				t.Errorf("%s of %d classes: the chance loss is %g, not %g", k.Type, classes, least, got)
			}
		}
	}
	if relu, _ := KindOf("relu"); relu.ChanceLoss(10) != math.Log(10) {
		t.Errorf("the chance loss without a loss layer is %g", relu.ChanceLoss(10))
	}
}

// What losses cost by hand, of a sample with a class and of one without; and what they give where nothing is learned.
func TestLossesByHand(t *testing.T) {
	const x, y = 2, -.5
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	shares := math.Exp(x) + math.Exp(y)
	for loss, want := range map[string]struct {
		first, none float64 // cost of the first class, and of none
		out         [2]float64
	}{
		"softmax-loss":  {-math.Log(math.Exp(x) / shares), 0, [2]float64{math.Exp(x) / shares, math.Exp(y) / shares}},
		"squared-loss":  {.5 + .125, 2 + .125, [2]float64{x, y}},
		"absolute-loss": {1.5, 2.5, [2]float64{x, y}},
		"sigmoid-loss":  {-math.Log(sigma(x)) - math.Log(1-sigma(y)), -math.Log(1-sigma(x)) - math.Log(1-sigma(y)), [2]float64{sigma(x), sigma(y)}},
		"hinge-loss":    {.5, 3.5, [2]float64{x, y}},
	} {
		inst := answering(t, loss, 2, true)
		answer(t, inst, x, y)
		r, err := inst.Run(make([]float32, 2), inst.Network.ClassTruths([]int{0, -1}), kernel.Step{Samples: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.PerSample; math.Abs(float64(got[0])-want.first) > 1e-5 || math.Abs(float64(got[1])-want.none) > 1e-5 {
			t.Errorf("%s costs %v, not %v", loss, got, want)
		}
		use := answering(t, loss, 2, false)
		answer(t, use, x, y)
		if _, err := use.Run(make([]float32, 1), nil, kernel.Step{Samples: 1}); err != nil {
			t.Fatal(err)
		}
		out, err := use.Output(0, 1)
		if err != nil || math.Abs(float64(out[0])-want.out[0]) > 1e-6 || math.Abs(float64(out[1])-want.out[1]) > 1e-6 {
			t.Errorf("%s gives %v, not %v; %v", loss, out, want.out, err)
		}
	}
}

// Margins become numbers of 0…1 in the same order, even where they are large; what other losses give stays.
func TestProbabilities(t *testing.T) {
	for _, k := range losses() {
		out := []float32{-300, -1, 0, 1, 20, 20.5, 300}
		given := slices.Clone(out)
		k.Probabilities(out)
		for i := range out {
			switch {
			case k.Type != "hinge-loss":
				if out[i] != given[i] {
					t.Errorf("%s makes %g of %g", k.Type, out[i], given[i])
				}
			case out[i] < 0 || out[i] > 1 || i > 0 && out[i] <= out[i-1]:
				t.Errorf("margins become %v", out)
			}
		}
	}
}
