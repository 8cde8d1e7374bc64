package nn

import (
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// Known numbers of the networks (reference.md of the design; Caffe's own files).
func TestStandardNetworks(t *testing.T) {
	for _, c := range []struct {
		name       string
		in         Shape
		classes    int
		parameters int64
		shapes     map[string]Shape
	}{
		{"lenet", Shape{1, 28, 28}, 10, 431_080, map[string]Shape{"conv1": {20, 24, 24}, "pool2": {50, 4, 4}, "ip1": {500, 1, 1}, "ip2": {10, 1, 1}}},
		// Caffe's pooling rounds up: 32 → 16, 16 → 8, 8 → 4 with windows of 3 and stride 2.
		{"cifar-quick", Shape{3, 32, 32}, 10, 145_578, map[string]Shape{"pool1": {32, 16, 16}, "pool2": {32, 8, 8}, "pool3": {64, 4, 4}}},
		{"cifar-full", Shape{3, 32, 32}, 10, 89_578, map[string]Shape{"norm1": {32, 16, 16}, "pool3": {64, 4, 4}}},
		// He et al. 2016 tell 0.27 million for their network of 20 layers; ours has convolutions in two shortcuts.
		{"resnet-small", Shape{3, 32, 32}, 10, 272_474, map[string]Shape{"res2c": {16, 32, 32}, "res4a-short": {64, 8, 8}, "pool": {64, 1, 1}}},
		{"vgg-small", Shape{3, 32, 32}, 10, 814_122, map[string]Shape{"pool3": {128, 4, 4}}},
		{"alexnet", Shape{3, 227, 227}, 1000, 60_965_224, map[string]Shape{"conv1": {96, 55, 55}, "pool1": {96, 27, 27}, "pool5": {256, 6, 6}}},
		{"googlenet", Shape{3, 224, 224}, 1000, 13_378_280, map[string]Shape{"pool2": {192, 28, 28}, "3b-output": {480, 28, 28}, "loss1-conv": {128, 4, 4}, "pool5": {1024, 1, 1}}},
		{"u-net", Shape{3, 180, 240}, 11, 295_643, map[string]Shape{"pool3": {64, 23, 30}, "up3": {32, 46, 60}, "up3-crop": {32, 45, 60}, "score": {11, 180, 240}, "loss": {11, 180, 240}}},
		{"fcn", Shape{3, 180, 240}, 11, 922_321, map[string]Shape{"pool5": {128, 6, 8}, "score32": {11, 6, 8}, "up16-crop": {11, 12, 15}, "sum8": {11, 23, 30}, "up": {11, 184, 240}, "loss": {11, 180, 240}}},
	} {
		s, err := Standard(c.name, c.in, c.classes)
		if err != nil {
			t.Fatal(err)
		}
		r := Analyze(s, StandardBatch(c.name))
		if len(r.Problems) > 0 {
			t.Errorf("%s: %v", c.name, r.Problems[0].Fault)
		}
		if r.Parameters != c.parameters {
			t.Errorf("%s has %d parameters, not %d", c.name, r.Parameters, c.parameters)
		}
		for layer, want := range c.shapes {
			if got := r.Layers[s.Layer(layer)].Output; got != want {
				t.Errorf("%s: %s gives %v, not %v", c.name, layer, got, want)
			}
		}
	}
}

func TestStandardNetworksFollowTheData(t *testing.T) {
	for _, name := range StandardNames() {
		s, err := Standard(name, Shape{3, 250, 250}, 7)
		if err != nil {
			t.Fatal(err)
		}
		r := Analyze(s, 4)
		if len(r.Problems) > 0 {
			t.Errorf("%s on 250×250 with 7 classes: %v", name, r.Problems[0].Fault)
		}
	}
	for _, name := range StandardNames() { // networks that answer for each place take any size
		for _, in := range []Shape{{1, 28, 28}, {3, 33, 47}, {3, 97, 96}, {2, 101, 57}, {3, 180, 240}} {
			if StandardTask(name) != Segmentation {
				continue
			}
			s, err := Standard(name, in, 6)
			if err != nil {
				t.Fatal(err)
			}
			r := Analyze(s, 2)
			if len(r.Problems) > 0 {
				t.Fatalf("%s on %v: %v", name, in, r.Problems[0].Fault)
			}
			if got := r.Layers[s.Layer("loss")].Output; got != (Shape{6, in.H, in.W}) {
				t.Errorf("%s on %v gives %v", name, in, got)
			}
		}
	}
	s, err := Standard("alexnet", Shape{1, 28, 28}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if r := Analyze(s, 4); len(r.Problems) == 0 {
		t.Error("AlexNet on 28×28 has no problem")
	}
	if _, err := Standard("nonet", Shape{1, 28, 28}, 10); err == nil {
		t.Error("an unknown network is given")
	}
}

// In use nothing is computed that the output does not depend on: GoogLeNet's auxiliary classifiers and their weights' products.
func TestUseLeavesAuxiliaryLossesOut(t *testing.T) {
	s, err := Standard("googlenet", Shape{3, 224, 224}, 10)
	if err != nil {
		t.Fatal(err)
	}
	count := func(o Options) (convolutions, products int, n *Network) {
		n, err := Compile(s, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range n.Program.Forward {
			switch op.(type) {
			case kernel.Conv:
				convolutions++
			case kernel.Dense:
				products++
			}
		}
		return convolutions, products, n
	}
	if c, p, n := count(Options{Batch: 1}); c != 57 || p != 1 || n.outputs[0].Layer != "loss3" {
		t.Errorf("in use there are %d convolutions and %d products, the output is %s", c, p, n.outputs[0].Layer)
	}
	if c, p, n := count(Options{Batch: 1, Training: true}); c != 59 || p != 5 || n.outputs[0].Layer != "loss3" || len(n.losses) != 3 {
		t.Errorf("in training there are %d convolutions, %d products and %d losses, the output is %s", c, p, len(n.losses), n.outputs[0].Layer)
	}
}
