//go:build cgo

package gpu

import (
	"slices"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/kernel"
)

// A step that is much work is submitted in parts, each short enough for the system to leave the card to it; it does the same.
func TestMuchWorkIsSubmittedInParts(t *testing.T) {
	d := open(t).(*device)
	defer d.Close()
	spec, err := nn.Standard("lenet", nn.StandardInput("lenet"), 10)
	if err != nil {
		t.Fatal(err)
	}
	network, err := nn.Compile(spec, nn.Options{Batch: 2, Training: true, Momentum: .9})
	if err != nil {
		t.Fatal(err)
	}
	most := mostWork
	defer func() { mostWork = most }()
	step := kernel.Step{Samples: 2, Training: true, Backward: true, Update: true, Scale: .5, Rate: .01}
	train := func(work int) (numbers []float32, passes int, submissions int64, patience time.Duration) {
		mostWork = work
		inst, err := network.Open(d)
		if err != nil {
			t.Fatal(err)
		}
		defer inst.Close()
		if err := inst.Initialize(1); err != nil {
			t.Fatal(err)
		}
		images := make([]float32, 2*spec.Input.Len())
		for i := range images {
			images[i] = float32(i%7) / 7
		}
		before := d.submissions.Load()
		for range 2 {
			r, err := inst.Run(images, inst.Network.ClassTruths([]int{3, 5}), step)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, float32(r.Loss))
			step.Iteration++
		}
		ex, err := d.Prepare(network.Program)
		if err != nil {
			t.Fatal(err)
		}
		defer ex.Close()
		x := ex.(*executor)
		return numbers, len(x.forward) + len(x.backward), d.submissions.Load() - before, x.Patience()
	}
	whole, few, one, short := train(most)
	parts, more, many, long := train(1_000_000)
	if !slices.Equal(whole, parts) {
		t.Errorf("in parts the losses are %v instead of %v", parts, whole)
	}
	if more < few+4 { // convolutions and their gradients are cut by tiles
		t.Errorf("forward and backward are %d passes, cut or not %d", few, more)
	}
	// A step has 13.8 million multiply-adds, nearly all of them in eight products.
	if many < one+2*5 || short != d.Patience() || long < 6*short {
		t.Errorf("two steps are %d submissions in parts and %d whole, which may take %v and %v", many, one, long, short)
	}
}
