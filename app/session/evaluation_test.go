package session

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// An evaluator measures what it did not measure before, or no longer remembers; weights that were written again are others.
func TestEvaluatorRemembers(t *testing.T) {
	w := withRun1(t)
	d, err := data.Open("../../nn/data/testdata/v1/shapes")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	e := &evaluator{device: cpu}
	run := w.RunPath("run 1")
	measure := func(measured bool) train.Evaluation {
		t.Helper()
		steps := 0
		if _, known := e.known(run, d, data.Val); known == measured {
			t.Errorf("it is known: %v", known)
		}
		result, err := e.evaluate(t.Context(), run, d, data.Val, func(int, int) { steps++ })
		if err != nil || (steps > 0) != measured {
			t.Errorf("it is measured in %d steps, %v", steps, err)
		}
		return result
	}
	first := measure(true)
	if again := measure(false); first.Images == 0 || math.Float64bits(first.Loss) != math.Float64bits(again.Loss) {
		t.Errorf("%+v, then %+v", first, again)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(run, model.WeightsFile), later, later); err != nil {
		t.Fatal(err)
	}
	measure(true)
	for i := range keptEvaluations {
		e.keep(string(rune('a'+i)), train.Evaluation{})
	}
	if len(e.kept) != keptEvaluations {
		t.Errorf("%d are kept", len(e.kept))
	}
	measure(true)
	if _, err := e.evaluate(t.Context(), w.RunPath("gone"), d, data.Val, nil); err == nil {
		t.Error("a run that is not there is measured")
	}
}

// What was measured is not told again once the truth is another, even if each class has as many images as before.
func TestAnEvaluationBelongsToTheTruth(t *testing.T) {
	d, err := data.Open(filepath.Join(withShapes(t), "datasets", "shapes"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	run := t.TempDir()
	before := evaluationKey(run, d, data.Val)
	if again := evaluationKey(run, d, data.Val); again != before {
		t.Errorf("nothing changed: %s, then %s", before, again)
	}
	first := d.Index()[d.Usable(data.Val)[0]]
	other := first
	for _, id := range d.Usable(data.Val) {
		if e := d.Index()[id]; e.Class != first.Class {
			other = e
		}
	}
	counts := d.Info().PerClass[data.Val]
	err = d.Edit(func(e *data.Edit) error {
		if err := e.SetTruth(first.ID, data.Truth{Class: int(other.Class)}); err != nil {
			return err
		}
		return e.SetTruth(other.ID, data.Truth{Class: int(first.Class)})
	})
	if err != nil || first.Class == other.Class {
		t.Fatal(err)
	}
	if is := d.Info().PerClass[data.Val]; !slices.Equal(is, counts) {
		t.Fatalf("%v images of the classes, then %v", counts, is)
	}
	if evaluationKey(run, d, data.Val) == before {
		t.Error("two images have changed their classes, and the evaluation is taken for the same")
	}
}
