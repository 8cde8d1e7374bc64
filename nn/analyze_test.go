package nn

import (
	"testing"
)

func TestProblems(t *testing.T) {
	lenet := func() Spec {
		s, err := Standard("lenet", Shape{1, 28, 28}, 10)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	set := func(layer, key string, v float64) func(*Spec) {
		return func(s *Spec) { i := s.Layer(layer); s.Layers[i] = s.Layers[i].With(key, Num(v)) }
	}
	inputs := func(layer string, names ...string) func(*Spec) {
		return func(s *Spec) { s.Layers[s.Layer(layer)].Inputs = names }
	}
	for _, c := range []struct {
		name   string
		change func(*Spec)
		code   string
		layer  string
		fix    bool // a click repairs it
	}{
		{"cut", inputs("conv2"), "nn.input.missing", "conv2", true},
		{"two inputs", inputs("conv2", "pool1", "conv1"), "nn.input.many", "conv2", false},
		{"unknown input", inputs("conv2", "nowhere"), "nn.input.unknown", "conv2", false},
		{"circle", inputs("conv1", "relu1"), "nn.circle", "", false},
		{"after the loss", func(s *Spec) {
			s.Layers = append(s.Layers, Layer{Name: "late", Type: "relu", Inputs: []string{"loss"}})
		}, "nn.loss.middle", "late", false},
		{"large kernel", set("conv1", "kernel", 29), "nn.kernel.large", "conv1", true},
		{"groups", set("conv2", "groups", 3), "nn.groups.divide", "conv2", true},
		{"padding of pooling", set("pool1", "pad", 2), "nn.pool.pad", "pool1", true},
		{"outputs", set("ip2", "outputs", 7), "nn.outputs.classes", "", true},
		{"no loss", func(s *Spec) { s.Layers = s.Layers[:7] }, "nn.loss.none", "ip2", true},
		{"empty", func(s *Spec) { s.Layers = nil }, "nn.empty", "", false},
		{"loss of an image", inputs("loss", "pool2"), "nn.loss.image", "loss", true},
		{"unknown type", func(s *Spec) { s.Layers[1].Type = "pond" }, "nn.type.unknown", "pool1", false},
		{"twice", func(s *Spec) { s.Layers[2].Name = "conv1" }, "nn.name.twice", "", false},
		{"range", set("conv1", "stride", 0), "nn.setting.range", "conv1", false},
		{"huge", func(s *Spec) {
			s.Input = Shape{1, 4000, 4000}
			set("conv1", "filters", 65536)(s)
		}, "nn.layer.huge", "conv1", false},
	} {
		s := lenet()
		c.change(&s)
		r := Analyze(s, 8)
		if len(r.Problems) == 0 {
			t.Errorf("%s: no problem is told", c.name)
			continue
		}
		p := r.Problems[0]
		if p.Fault.Code != c.code {
			t.Errorf("%s: told as %s: %v", c.name, p.Fault.Code, p.Fault)
		}
		if c.layer != "" && p.Layer != c.layer {
			t.Errorf("%s: told of the layer %q", c.name, p.Layer)
		}
		if (p.Fix != nil) != c.fix {
			t.Errorf("%s: there is a repair: %v", c.name, p.Fix != nil)
		}
		if p.Fix != nil {
			for _, after := range Analyze(p.Fix.Apply(s), 8).Problems {
				if after.Fault.Code == c.code && after.Layer == p.Layer {
					t.Errorf("%s: the repair does not help", c.name)
				}
			}
		}
		if _, err := Compile(s, Options{Batch: 2, Training: true}); err == nil {
			t.Errorf("%s: the network is compiled all the same", c.name)
		}
	}
}
