package train

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// afterStep returns a network after one step of SGD, and its weights before.
func afterStep(t *testing.T, c Config) (inst *nn.Instance, before map[string]nn.Tensor) {
	t.Helper()
	network, err := nn.Compile(small(false), c.options(nil))
	if err != nil {
		t.Fatal(err)
	}
	if inst, err = network.Open(cpu(t, 1)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inst.Close() })
	if err := inst.Initialize(1); err != nil {
		t.Fatal(err)
	}
	before = weightsIn(t, inst)
	r := &run{Job: Job{Config: c}, inst: inst}
	if _, err := r.pass(noise(network.Spec.Input), inst.Network.ClassTruths([]int{3, 7}), kernel.Step{
		Samples: 2, Training: true, Backward: true, Update: true, Scale: .5, Rate: float32(c.Rate), Decay: float32(c.WeightDecay),
	}); err != nil {
		t.Fatal(err)
	}
	return inst, before
}

// stepped returns how far one step of SGD moves each weight of a network.
func stepped(t *testing.T, c Config) map[string][]float64 {
	t.Helper()
	inst, before := afterStep(t, c)
	moved := map[string][]float64{}
	for key, after := range weightsIn(t, inst) {
		for i, v := range after.Data() {
			moved[key] = append(moved[key], float64(v)-float64(before[key].Data()[i]))
		}
	}
	return moved
}

// A factor of a layer's rate moves its weights so many times as far, and no others.
func TestLayerRates(t *testing.T) {
	c := quick(1)
	c.Rate = 1
	plainly := stepped(t, c)
	c.LayerRates = map[string]float64{"conv": .25, "norm": 3, "hidden": 0, "out": 8}
	for key, moved := range stepped(t, c) {
		layer, name, _ := strings.Cut(key, ".")
		factor := c.LayerRates[layer]
		if name == "mean" || name == "variance" { // what is not learned has no rate
			factor = 1
		}
		for i, v := range moved {
			want, rounding := factor*plainly[key][i], (1+factor)*1.2e-7 // that of weights near one
			if math.Abs(v-want) > rounding || factor == 0 && v != 0 {
				t.Fatalf("%s moved by %g, not %g times %g", key, v, factor, plainly[key][i])
			}
		}
	}
	c.LayerRates = map[string]float64{"out": 1}
	if !reflect.DeepEqual(stepped(t, c), plainly) {
		t.Error("a factor of 1 makes a difference")
	}
}

// A run that goes on keeps the factors, and comes to the very weights of one that was not stopped.
func TestLayerRatesAreResumed(t *testing.T) {
	d := digits(t, 60)
	c := quick(2)
	c.LayerRates = map[string]float64{"conv": .1, "out": 10}
	whole := job(t, d, c)
	must(context.Background(), t, whole, nil)
	part := job(t, d, c)
	ctx, cancel := context.WithCancel(context.Background())
	must(ctx, t, part, func(e Event) {
		if _, ok := e.(Snapshot); ok {
			cancel()
		}
	})
	must(context.Background(), t, resumed(part), nil)
	if !same(weights(t, whole.Folder, "last"), weights(t, part.Folder, "last")) {
		t.Error("other weights")
	}
	info, err := ReadRun(part.Folder)
	if err != nil || !reflect.DeepEqual(info.Config.LayerRates, c.LayerRates) {
		t.Errorf("kept as %v, %v", info.Config.LayerRates, err)
	}
	c.LayerRates = nil
	other := job(t, d, c)
	must(context.Background(), t, other, nil)
	if same(weights(t, whole.Folder, "last"), weights(t, other.Folder, "last")) {
		t.Error("the factors make no difference")
	}
}

// No factors are the same whether there is a map of none or no map.
func TestNoLayerRatesAreNone(t *testing.T) {
	a, b := quick(1), quick(1)
	b.LayerRates = map[string]float64{}
	var read [2]Config
	for i, c := range []Config{a, b} {
		text, err := json.Marshal(c)
		if err != nil || strings.Contains(string(text), "layer_rates") {
			t.Fatalf("%s, %v", text, err)
		}
		if err := json.Unmarshal(text, &read[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(read[0], read[1]) || !reflect.DeepEqual(read[0], a) {
		t.Errorf("read as %+v and %+v", read[0], read[1])
	}
}

func TestLayerRatesThatCannotBe(t *testing.T) {
	for _, f := range []float64{-.1, 100.5, math.NaN(), math.Inf(1)} {
		c := quick(1)
		c.LayerRates = map[string]float64{"conv": f}
		if err := c.Check(); fault.Code(err) != "train.setting.layer-rate" {
			t.Errorf("%g: %v", f, err)
		}
	}
	d := digits(t, 40)
	for _, name := range []string{"relu", "elsewhere"} {
		j := job(t, d, quick(1))
		j.Config.LayerRates = map[string]float64{"conv": 1, name: 2}
		if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "nn.rates.unknown" || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
