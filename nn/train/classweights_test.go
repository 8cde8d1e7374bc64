package train

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// By hand: shares of .5, .25, .25 and none.
func TestBalancedWeightsByHand(t *testing.T) {
	got := balanced([]int64{200, 100, 100, 0})
	often, rare := 1/math.Log(1.52), 1/math.Log(1.27)
	mean := .5*often + .5*rare
	for c, want := range []float64{often / mean, rare / mean, rare / mean, 1} {
		if math.Abs(float64(got[c])-want) > 1e-6 {
			t.Errorf("class %d has the weight %g, not %g", c, got[c], want)
		}
	}
	for _, counts := range [][]int64{{0, 0}, {1, 1 << 50}, {5, 0}} { // nothing, next to nothing, one class alone
		for c, w := range balanced(counts) {
			if !(w > 0 && w <= 55) {
				t.Errorf("class %d of %v has the weight %g", c, counts, w)
			}
		}
	}
}

// Weights are found once: a run that goes on, or a branch of it, has those that it began with, to the bit, though its truth was changed since.
func TestClassWeightsStay(t *testing.T) {
	c := slow(2)
	c.ClassWeights = BalancedClassWeights
	whole := segmentation(t, 24, c)
	_, events := must(context.Background(), t, whole, nil)
	told := of[Weighed](events)
	if len(told) != 1 || !slices.Equal(told[0].Classes, whole.Data.Info().Classes) || told[0].Weights[0] >= 1 || told[0].Weights[1] <= 1 {
		t.Fatalf("told %+v", told)
	}
	if read, err := ReadEvents(whole.Folder); err != nil || len(of[Weighed](read)) != 1 || !reflect.DeepEqual(of[Weighed](read)[0], told[0]) {
		t.Errorf("its events hold %+v; %v", of[Weighed](read), err)
	}
	half := whole
	half.Folder = filepath.Join(t.TempDir(), "half")
	half.Config.MaxSeconds = 1e-9 // stops before its first step
	must(context.Background(), t, half, nil)
	info, err := ReadRun(half.Folder)
	if err != nil || !slices.Equal(info.classWeights, told[0].Weights) || info.Config.ClassWeights != BalancedClassWeights {
		t.Fatalf("read %v, told %v; %v", info.classWeights, told[0].Weights, err)
	}
	if err := half.Data.Edit(func(e *data.Edit) error { // all is background now
		for id := range uint32(half.Data.Len()) {
			if err := e.SetTruth(id, data.Truth{Class: -1, Polygons: []data.Polygon{}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	half.Resume, half.Config = true, Config{}
	_, events = must(context.Background(), t, half, nil)
	if len(of[Weighed](events)) != 0 {
		t.Error("it is told again")
	}
	if info, err = ReadRun(half.Folder); err != nil || !slices.Equal(info.classWeights, told[0].Weights) {
		t.Errorf("after it went on %v, told %v; %v", info.classWeights, told[0].Weights, err)
	}
	branch := filepath.Join(t.TempDir(), "branch")
	if err := Branch(half.Folder, branch, info.Snapshots[0], 0); err != nil {
		t.Fatal(err)
	}
	if info, err = ReadRun(branch); err != nil || !slices.Equal(info.classWeights, told[0].Weights) {
		t.Errorf("a branch has %v, told %v; %v", info.classWeights, told[0].Weights, err)
	}
}

// A run without the key, as older versions wrote it, weighs nothing; weights that a loss does not take are damage.
func TestClassWeightsOfAFile(t *testing.T) {
	j := job(t, digits(t, 40), quick(1))
	must(context.Background(), t, j, nil)
	path := filepath.Join(j.Folder, RunFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	config := plain["config"].(map[string]any)
	if _, ok := config["class_weights"]; ok || plain["class_weights"] != nil {
		t.Errorf("a run without weights tells of them: %s", b)
	}
	if info, err := ReadRun(j.Folder); err != nil || SettingOf("class-weights").Text(info.Config) != NoClassWeights || info.classWeights != nil {
		t.Errorf("%v, %v", info.classWeights, err)
	}
	for name, file := range map[string]struct {
		kind    string
		weights any
		good    bool
	}{
		"balanced": {BalancedClassWeights, []float32{1, 2}, true}, "none": {"", nil, true}, "missing": {BalancedClassWeights, nil, false},
		"left over": {"", []float32{1, 2}, false}, "negative": {BalancedClassWeights, []float32{1, -2}, false}, "all zero": {BalancedClassWeights, []float32{0, 0}, false},
	} {
		config["class_weights"], plain["class_weights"] = file.kind, file.weights
		if err := writeJSON(path, plain); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRun(j.Folder); (err == nil) != file.good || err != nil && fault.Code(err) != "train.run.damaged" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A run whose weights are of other classes does not go on.
func TestClassWeightsOfOtherClasses(t *testing.T) {
	c := quick(1)
	c.ClassWeights, c.MaxSeconds = BalancedClassWeights, 1e-9
	j := job(t, digits(t, 40), c)
	must(context.Background(), t, j, nil)
	file, err := readRunFile(j.Folder)
	if err != nil {
		t.Fatal(err)
	}
	file.ClassWeights = file.ClassWeights[1:]
	if err := writeJSON(filepath.Join(j.Folder, RunFile), file); err != nil {
		t.Fatal(err)
	}
	j.Resume = true
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "train.run.damaged" {
		t.Errorf("it goes on: %v", err)
	}
}

// In classification a weight is of an image, and changes what is learned.
func TestClassWeightsOfImages(t *testing.T) {
	d := digits(t, 60)
	c := quick(1)
	plain := job(t, d, c)
	_, without := must(context.Background(), t, plain, nil)
	c.ClassWeights = BalancedClassWeights
	weighted := job(t, d, c)
	_, with := must(context.Background(), t, weighted, nil)
	weights := of[Weighed](with)
	if len(weights) != 1 || slices.Max(weights[0].Weights) == slices.Min(weights[0].Weights) {
		t.Fatalf("weights %v of classes that are not equally often", weights)
	}
	if of[Step](without)[1].Loss == of[Step](with)[1].Loss {
		t.Error("weights change nothing")
	}
}

// A loss that cannot weigh is told of before anything is written.
func TestClassWeightsOfAnotherLoss(t *testing.T) {
	c := quick(1)
	c.Loss, c.ClassWeights = "hinge-loss", BalancedClassWeights
	j := job(t, digits(t, 40), c)
	_, err := Run(context.Background(), j, func(Event) {})
	if _, stat := os.Stat(j.Folder); fault.Code(err) != "nn.class-weights.loss" || stat == nil {
		t.Errorf("%v; %v", err, stat)
	}
	if _, err := j.Program(); fault.Code(err) != "nn.class-weights.loss" {
		t.Errorf("the program: %v", err)
	}
}

// Counting ends when the run is stopped.
func TestCountingCanBeCancelled(t *testing.T) {
	c := slow(1)
	c.ClassWeights = BalancedClassWeights
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, segmentation(t, 8, c), func(Event) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
