package session

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
)

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
