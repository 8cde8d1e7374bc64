package train

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// A run starts from another one's weights as far as they fit, says what does not, and leaves frozen layers as they are.
func TestStartFromWeightsAndFreeze(t *testing.T) {
	d := digits(t, 120)
	first := job(t, d, quick(2))
	first.Spec = small(false)
	must(context.Background(), t, first, nil)
	before := weights(t, first.Folder, "best")

	next := job(t, d, quick(2))
	next.Spec = small(false)
	hidden := next.Spec.Layer("hidden")
	next.Spec.Layers[hidden] = next.Spec.Layers[hidden].With("outputs", nn.Num(16))
	next.Config.Weights, next.Config.Freeze = first.Folder, []string{"conv", "norm"}
	_, events := must(context.Background(), t, next, nil)
	told := of[Transferred](events)
	if len(told) != 1 || told[0].From != first.Folder {
		t.Fatalf("told %+v", told)
	}
	states := map[string]string{}
	for _, w := range told[0].Weights {
		states[w.Key] = w.State
	}
	for key, want := range map[string]string{
		"conv.weight": TransferLoaded, "norm.mean": TransferLoaded, "hidden.weight": TransferShape, "hidden.bias": TransferShape, "out.weight": TransferShape, "out.bias": TransferLoaded,
	} {
		if states[key] != want {
			t.Errorf("%s is %q, not %q", key, states[key], want)
		}
	}
	after := weights(t, next.Folder, "last")
	frozen := func(w map[string]nn.Tensor) map[string]nn.Tensor {
		part := map[string]nn.Tensor{}
		for _, key := range []string{"conv.weight", "conv.bias", "norm.weight", "norm.bias", "norm.mean", "norm.variance"} {
			part[key] = w[key]
		}
		return part
	}
	if !same(frozen(before), frozen(after)) {
		t.Error("frozen layers changed")
	}
	if same(map[string]nn.Tensor{"": before["out.bias"]}, map[string]nn.Tensor{"": after["out.bias"]}) {
		t.Error("the other layers did not learn")
	}
	kept, err := ReadEvents(next.Folder)
	if again := of[Transferred](kept); err != nil || len(again) != 1 || len(again[0].Weights) != len(told[0].Weights) {
		t.Errorf("kept as %+v, %v", again, err)
	}
}

func TestWeightsThatCannotBeUsed(t *testing.T) {
	d := digits(t, 40)
	other := filepath.Join(t.TempDir(), "other.safetensors")
	if err := model.SaveWeights(other, map[string]nn.Tensor{"elsewhere.weight": nn.NewTensor(3)}, 1); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.safetensors")
	if err := os.WriteFile(cut, []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]string{other: "train.weights.none", cut: "model.weights.damaged", filepath.Join(t.TempDir(), "none"): "model."} {
		j := job(t, d, quick(1))
		j.Spec, j.Config.Weights = small(false), path
		_, err := Run(context.Background(), j, func(Event) {})
		if got := fault.Code(err); err == nil || len(got) < len(code) || got[:min(len(got), len(code))] != code {
			t.Errorf("%s: %v (%s)", path, err, got)
		}
		if _, err := os.Stat(j.Folder); err == nil {
			t.Errorf("%s: a folder was left behind", path)
		}
	}
	j := job(t, d, quick(1))
	j.Spec, j.Config.Freeze = small(false), []string{"relu"}
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "nn.freeze.unknown" {
		t.Errorf("freezing a ReLU: %v", err)
	}
}
