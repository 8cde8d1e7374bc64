package train

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
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
			for i, v := range own[key].Data {
				a.Data[i] += float32(1-d) * (v - a.Data[i])
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
			t.Error(fmt.Sprintf("weights %v", other["conv.weight"].Shape), "are taken")
		}
	}
}
