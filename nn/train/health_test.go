package train

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
)

func TestHealth(t *testing.T) {
	j := job(t, digits(t, 120), quick(2))
	j.Spec = small(false)
	_, events := must(context.Background(), t, j, nil)
	weights, relus := (&History{Health: of[Health](events)}).layers()
	if len(weights) < 4 || weights[0].Iteration != 1 {
		t.Fatalf("%d measurements of layers, the first %+v", len(weights), weights[:min(1, len(weights))])
	}
	for _, h := range weights {
		if len(h.Layers) != 4 || h.Layers[0].Name != "conv" || h.Layers[1].Name != "norm" || h.Layers[3].Name != "out" {
			t.Fatalf("layers %+v", h.Layers)
		}
		for _, l := range h.Layers {
			if !(l.Gradient > 0 && l.Weight > 0 && l.Update > 0 && l.Ratio() < 1) || !math.IsNaN(l.Dead) {
				t.Errorf("iteration %d: %+v", h.Iteration, l)
			}
		}
	}
	// The first step has no momentum yet: it is the rate times the gradient and the decay of the weights.
	l := weights[0].Layers[3]
	if rate := j.Config.Rate; math.Abs(l.Update-rate*l.Gradient) > .02*l.Update+rate*j.Config.WeightDecay*l.Weight {
		t.Errorf("the first step moves by %g, the rate times the gradient is %g", l.Update, rate*l.Gradient)
	}
	if len(relus) != 2 || len(relus[0].Layers) != 1 || relus[0].Layers[0].Name != "relu" || !(relus[0].Layers[0].Dead < .9) {
		t.Errorf("ReLUs %+v", relus)
	}
	kept, err := ReadEvents(j.Folder)
	if again := of[Health](kept); err != nil || len(again) != len(weights)+len(relus) || again[0].Layers[3].Gradient != l.Gradient || again[0].Layers[3].Update != l.Update {
		t.Errorf("kept as %+v, %v", again, err)
	}
}

// A bias far below zero kills all units of a ReLU.
func TestDeadUnits(t *testing.T) {
	j := job(t, digits(t, 60), quick(1))
	j.Config.Rate = 1e-6
	j.Spec = small(false)
	hidden := j.Spec.Layer("hidden")
	j.Spec.Layers[hidden] = j.Spec.Layers[hidden].With("bias-value", nn.Num(-100))
	_, events := must(context.Background(), t, j, nil)
	_, relus := (&History{Health: of[Health](events)}).layers()
	if len(relus) != 1 || relus[0].Layers[0].Dead != 1 {
		t.Errorf("%+v", relus)
	}
}

func TestAugmented(t *testing.T) {
	d := digits(t, 20)
	c := quick(1)
	c.Augment = data.Augmentation{Shift: 3, Rotate: 20}
	list, err := Augmented(d, c, 5)
	if err != nil || len(list) != 6 {
		t.Fatalf("%d pictures, %v", len(list), err)
	}
	for i, px := range list[1:] {
		if string(px.Pix) == string(list[0].Pix) || px.W != 28 {
			t.Errorf("epoch %d sees the image as it is", i)
		}
	}
	c.Crop = 20
	if list, err = Augmented(d, c, 1); err != nil || list[1].W != 20 || list[1].H != 20 {
		t.Errorf("cut to %d×%d, %v", list[1].W, list[1].H, err)
	}
	c.Crop = 29
	if _, err := Augmented(d, c, 1); err == nil {
		t.Error("a part larger than the image")
	}
}

// A run that sees parts of images makes a model that takes the middle.
func TestCrop(t *testing.T) {
	d := digits(t, 120)
	j := job(t, d, quick(3))
	j.Spec = small(false)
	j.Config.Crop = 24
	must(context.Background(), t, j, nil)
	info, err := ReadRun(j.Folder)
	if err != nil || info.Spec.Input != (nn.Shape{C: 1, H: 24, W: 24}) {
		t.Errorf("the network takes %v, %v", info.Spec.Input, err)
	}
	j = job(t, d, quick(1))
	j.Spec, j.Config.Crop = small(false), 40
	if _, err := Run(context.Background(), j, func(Event) {}); err == nil {
		t.Error("a part of 40×40 of images of 28×28")
	}
}

// The rates that are tried go up until the loss runs away; what is suggested lies between.
func TestFindRate(t *testing.T) {
	j := job(t, digits(t, 200), quick(1))
	j.Spec = small(false)
	steps := 0
	s, err := FindRate(context.Background(), j, func(done, total int) { steps = done })
	if err != nil || len(s.Rates) != steps || len(s.Losses) != steps || steps < 20 {
		t.Fatalf("%d steps, %d rates, %v", steps, len(s.Rates), err)
	}
	if s.Suggested < 1e-4 || s.Suggested > 1 || s.Rates[0] != lowestRate || !(s.Rates[1] > s.Rates[0]) {
		t.Errorf("suggested %g of %g to %g", s.Suggested, s.Rates[0], s.Rates[len(s.Rates)-1])
	}
	if _, err := os.Stat(j.Folder); err == nil {
		t.Error("something was written")
	}
	again, err := FindRate(context.Background(), j, nil)
	if err != nil || again.Suggested != s.Suggested || again.Losses[steps-1] != s.Losses[steps-1] {
		t.Errorf("another time %g, %v", again.Suggested, err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := FindRate(stopped, j, nil); err == nil {
		t.Error("goes on although it was cancelled")
	}
}

func TestSuggest(t *testing.T) {
	rates := []float64{1e-4, 1e-3, 1e-2, 1e-1, 1}
	for _, c := range []struct {
		losses []float64
		want   float64
	}{{[]float64{2.3, 2.2, 1.5, 1, 4}, .01}, {[]float64{2.3, 2.3, 2.29, 2.31, 2.4}, 0}, {[]float64{2.9, 2.8, 2.5, 2.3, 2.3}, 0}, {nil, 0}, {[]float64{2.3, 1, 2, 3, 4}, 1e-4}} {
		if got := suggest(rates[:len(c.losses)], c.losses, initialLoss("", 10)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("of %v it suggests %g, not %g", c.losses, got, c.want)
		}
	}
	for v, want := range map[float64]float64{.0012: .001, .0016: .002, .003: .002, .004: .005, .008: .01, 7: 5, 9: 10} {
		if got := roundRate(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("%g becomes %g, not %g", v, got, want)
		}
	}
}
