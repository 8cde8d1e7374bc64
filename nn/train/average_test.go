package train

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// The weights of a run that averages are the average of those that the same run has without, step by step; it goes on learning with these, and what is
// validated is what is kept.
func TestAverage(t *testing.T) {
	const decay, steps = .3, 5 // the decay is reached on the way: (1+n)/(10+n) is .33 after step 4
	c := quick(1)
	c.SnapshotEvery = 1. / steps
	plain := job(t, digits(t, 20*steps+33), c)
	plain.Spec = small(true)
	_, events := must(context.Background(), t, plain, nil)
	if got := of[Started](events)[0].Iterations; got != steps {
		t.Fatalf("%d steps", got)
	}
	var want map[string]nn.Tensor
	for n := 1; n <= steps; n++ {
		own := weights(t, plain.Folder, model.EpochName(float64(n)/steps))
		if want == nil {
			want = own
			continue
		}
		d := math.Min(decay, float64(1+n)/float64(10+n))
		for key, a := range want {
			for i, v := range own[key].Data() {
				a.Data()[i] += float32(1-d) * (v - a.Data()[i])
			}
		}
	}
	averaged := plain
	averaged.Folder, averaged.Config.Average = filepath.Join(t.TempDir(), "averaged"), decay
	_, events = must(context.Background(), t, averaged, nil)
	if !same(weights(t, averaged.Folder, "last"), want) || !same(weights(t, averaged.Folder, "best"), want) {
		t.Error("the weights are not the average")
	}
	state, _, err := model.LoadWeights(snapshotFile(averaged, "1", solverFile))
	if err != nil {
		t.Fatal(err)
	}
	learning := map[string]nn.Tensor{}
	for key, v := range state {
		if of, ok := strings.CutSuffix(key, own); ok {
			learning[of] = v
		}
	}
	if !same(learning, weights(t, plain.Folder, "last")) {
		t.Error("it goes on with other weights than without averaging")
	}
	m, err := model.Load(averaged.Folder, "last")
	if err != nil {
		t.Fatal(err)
	}
	last := of[Epoch](events)[0]
	e, err := Evaluate(context.Background(), m, averaged.Data, data.Val, averaged.Device, nil)
	if err != nil || e.Values[metric.Accuracy] != last.Val[metric.Accuracy] || math.Abs(e.Loss-last.ValLoss) > 1e-6 {
		t.Errorf("what is kept has a loss of %g, what was validated %g; %v", e.Loss, last.ValLoss, err)
	}
}

// A watched image goes through the weights that are used later, and a view that was told stays as it was while the average moves.
func TestTheAverageIsShown(t *testing.T) {
	j := job(t, digits(t, 120), quick(1))
	j.Config.Average = .9
	px, err := j.Data.Pixels(0)
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan Request, 8)
	j.Requests = requests
	var shown, kept []float32
	requests <- Watch{Image: px.Image(), Layers: []string{"conv"}}
	must(context.Background(), t, j, func(e Event) {
		switch e := e.(type) {
		case Step:
			if e.Iteration == 3 { // asked for anew: it is shown at once
				requests <- Stop{}
			} else {
				requests <- Watch{Image: px.Image(), Layers: []string{"conv"}}
			}
		case Probe:
			if e.Iteration == 2 {
				shown = e.View.Layers[0].Filters.Data()
				kept = slices.Clone(shown)
			}
		}
	})
	// After two steps the average has moved as far as that of a run that ends there.
	two := j
	two.Folder, two.Requests = filepath.Join(t.TempDir(), "two"), requests
	must(context.Background(), t, two, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 2 {
			requests <- Stop{}
		}
	})
	if want := weights(t, two.Folder, "last")["conv.weight"].Data(); !slices.Equal(shown, want) {
		t.Error("other weights are shown than those that are used")
	}
	if len(kept) == 0 || !slices.Equal(shown, kept) {
		t.Error("a view changed after it was told")
	}
}

// A snapshot whose weights and average do not fit each other is damaged, not a crash.
func TestAverageOfAnotherShape(t *testing.T) {
	inst, _ := afterStep(t, quick(1))
	var a average
	if err := a.add(inst, 1, .9); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []func(weights, state map[string]nn.Tensor){
		func(w, _ map[string]nn.Tensor) { w["conv.weight"] = nn.NewTensor(1) },
		func(w, _ map[string]nn.Tensor) { delete(w, "conv.weight") },
		func(_, s map[string]nn.Tensor) { s["conv.weight"+own] = nn.NewTensor(1) },
		func(_, s map[string]nn.Tensor) { delete(s, "conv.weight"+own) },
		func(_, s map[string]nn.Tensor) { s["none"+own] = nn.NewTensor(1) },
	} {
		w, s, err := a.kept(inst)
		if err != nil {
			t.Fatal(err)
		}
		other := map[string]nn.Tensor{}
		for key, v := range w {
			other[key] = v
		}
		spoil(other, s)
		var b average
		if err := b.restore(inst, other, s); err == nil {
			t.Error(fmt.Sprintf("weights %v", other["conv.weight"].Shape()), "are taken")
		}
	}
}
