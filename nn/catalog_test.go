package nn

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// A variant is a way to use a kind of layer in a small network.
type variant struct {
	name     string
	settings map[string]Value
	input    Shape
}

// variants of a kind: awkward sizes, so that rounding and edges count.
func variants(k Kind) []variant {
	odd := Shape{2, 7, 6}
	n := func(pairs ...any) map[string]Value {
		m := map[string]Value{}
		for i := 0; i < len(pairs); i += 2 {
			switch v := pairs[i+1].(type) {
			case int:
				m[pairs[i].(string)] = Num(float64(v))
			case float64:
				m[pairs[i].(string)] = Num(v)
			case string:
				m[pairs[i].(string)] = Word(v)
			}
		}
		return m
	}
	switch k.Type {
	case "convolution":
		return []variant{
			{"plain", n("filters", 4, "kernel", 3), odd},
			{"strided and padded", n("filters", 4, "kernel", 3, "stride", 2, "pad", 1), odd},
			{"groups", n("filters", 4, "kernel", 3, "groups", 2, "pad", 1), odd},
			{"dilated", n("filters", 3, "kernel", 2, "dilation", 2, "filler", "msra"), odd},
			{"1×1", n("filters", 5, "kernel", 1, "filler", "gaussian", "std", .3), odd},
			{"without bias", n("filters", 4, "kernel", 3, "bias", "no"), odd},
		}
	case "max-pool", "average-pool":
		return []variant{
			{"rounded up", n("kernel", 2, "stride", 2), odd},
			{"overlapping", n("kernel", 3, "stride", 2), odd},
			{"padded", n("kernel", 3, "stride", 2, "pad", 1), odd},
		}
	case "fully-connected":
		return []variant{{"hidden", n("outputs", 7), odd}, {"classes", nil, odd}, {"without bias", n("outputs", 7, "bias", "no"), odd}}
	case "global-pool":
		return []variant{{"average", nil, odd}, {"max", n("method", "max"), odd}}
	case "leaky-relu":
		return []variant{{"plain", nil, odd}, {"steep", n("slope", .3), odd}}
	case "batch-norm":
		return []variant{{"plain", nil, odd}, {"wide", n("epsilon", .1), odd}}
	case "dropout":
		return []variant{{"half", n("ratio", .5), odd}}
	case "lrn":
		return []variant{{"across", n("size", 3, "alpha", .3, "beta", .75), odd}, {"within", n("size", 3, "region", "within", "alpha", .3, "beta", .75), odd}}
	case "softmax-loss":
		return []variant{{"weighted", n("weight", .7), odd}, {"of places", n("weight", .7), odd}}
	case "squared-loss", "absolute-loss", "sigmoid-loss", "hinge-loss":
		return []variant{{"weighted", n("weight", .7), odd}}
	}
	return []variant{{"plain", nil, odd}}
}

// around puts a layer of a kind into a network that learns.
func around(k Kind, v variant) Spec {
	s := Spec{Format: Format, Name: "test", Input: v.input, Classes: 3}
	conv := func(name string) Layer {
		return Layer{Name: name, Type: "convolution", Inputs: []string{Data}, Settings: map[string]Value{"filters": Num(4), "kernel": Num(3), "pad": Num(1)}}
	}
	x := Layer{Name: "x", Type: k.Type, Settings: v.settings}
	end := "x"
	loss := Layer{Name: "loss", Type: "softmax-loss"}
	switch {
	case v.name == "of places":
		x.Inputs = []string{"score"}
		s.Layers = []Layer{conv("c"), {Name: "score", Type: "convolution", Inputs: []string{"c"}, Settings: map[string]Value{"filters": Num(0), "kernel": Num(2)}}, x}
		return s
	case k.Loss:
		loss, end = x, "c"
		s.Layers = []Layer{conv("c")}
	case k.MinInputs > 1:
		x.Inputs = []string{"a", "b"}
		s.Layers = []Layer{conv("a"), conv("b"), x}
	case k.Type == "softmax":
		x.Inputs = []string{"ip"}
		loss.Type, loss.Inputs = "squared-loss", []string{"x"}
		s.Layers = []Layer{conv("c"), {Name: "ip", Type: "fully-connected", Inputs: []string{"c"}}, x, loss}
		return s
	case k.Type == "fully-connected" && v.settings == nil:
		x.Inputs, loss.Inputs = []string{"c"}, []string{"x"}
		s.Layers = []Layer{conv("c"), x, loss}
		return s
	default:
		x.Inputs = []string{"c"}
		s.Layers = []Layer{conv("c"), x}
	}
	s.Layers = append(s.Layers, Layer{Name: "out", Type: "fully-connected", Inputs: []string{end}})
	loss.Inputs = []string{"out"}
	s.Layers = append(s.Layers, loss)
	return s
}

// each calls do for every variant of every kind of the catalog.
func each(t *testing.T, do func(t *testing.T, k Kind, s Spec)) {
	for _, k := range Catalog() {
		for _, v := range variants(k) {
			t.Run(k.Type+" "+v.name, func(t *testing.T) { do(t, k, around(k, v)) })
		}
	}
}

func TestShapesAndParameters(t *testing.T) {
	each(t, func(t *testing.T, _ Kind, s Spec) {
		report := Analyze(s, 2)
		if len(report.Problems) > 0 {
			t.Fatal(report.Problems[0].Fault)
		}
		n, err := Compile(s, Options{Batch: 2, Training: true, KeepAll: true, Momentum: .9})
		if err != nil {
			t.Fatal(err)
		}
		var parameters int64
		for _, p := range n.Parameters {
			if p.Statistic {
				continue
			}
			parameters += int64(p.Shape.N * p.Shape.C * p.Shape.H * p.Shape.W)
		}
		if parameters != report.Parameters {
			t.Errorf("Analyze tells %d parameters, the compiled network has %d", report.Parameters, parameters)
		}
		for i, l := range s.Layers {
			if got, want := n.shapes[l.Name], report.Layers[i].Output; n.values[l.Name] != kernel.None && got != (Shape{}) && got != want {
				t.Errorf("%s: compiled to %v, analysed as %v", l.Name, got, want)
			}
		}
	})
}

func TestJSONRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, _ Kind, s Spec) {
		back, err := Parse(s.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if a, b := string(s.JSON()), string(back.JSON()); a != b {
			t.Errorf("%s\nbecomes\n%s", a, b)
		}
	})
}

// step is a training step that moves nothing.
func step(samples int) kernel.Step {
	return kernel.Step{Samples: samples, Training: true, Backward: true, Scale: 1 / float32(samples), Seed: 5, Iteration: 3}
}

// batch makes numbers and labels.
func batch(s Spec, n int) ([]float32, []int) {
	r := rand.New(rand.NewPCG(1, 2))
	images, labels := make([]float32, n*s.Input.Len()), make([]int, n)
	for i := range images {
		images[i] = float32(r.NormFloat64())
	}
	for i := range labels {
		labels[i] = i % s.Classes
	}
	return images, labels
}

// The gradient of every weight is compared with the slope of the loss, on both devices.
func TestGradients(t *testing.T) {
	cpu, err := kernel.NewCPU(2)
	if err != nil {
		t.Fatal(err)
	}
	reference := kernel.NewReference()
	for _, d := range []struct {
		name   string
		device kernel.Device
	}{{"reference", reference}, {"CPU", cpu}} {
		each(t, func(t *testing.T, _ Kind, s Spec) { checkGradients(t, s, d.device) })
		if err := d.device.Close(); err != nil {
			t.Error(err)
		}
	}
}

func checkGradients(t *testing.T, s Spec, device kernel.Device) {
	const samples = 3
	network, err := Compile(s, Options{Batch: samples, Training: true, Momentum: .9})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := network.Open(device)
	if err != nil {
		t.Fatal(err)
	}
	defer inst.Close()
	if err := inst.Initialize(3); err != nil {
		t.Fatal(err)
	}
	images, labels := batch(s, samples)
	loss := func() float64 {
		r, err := inst.Run(images, goldenTruths(inst.Network, labels), step(samples))
		if err != nil {
			t.Fatal(err)
		}
		return r.Loss
	}
	loss()
	gradients, err := inst.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := inst.Weights()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		w := weights[key]
		if _, learned := gradients[key]; !learned { // a statistic
			continue
		}
		for range 12 {
			i := r.IntN(len(w.Data))
			slope := func(by float32) float64 {
				was := w.Data[i]
				values := [2]float64{}
				for side, sign := range []float32{1, -1} {
					w.Data[i] = was + sign*by
					if err := inst.SetWeights(weights); err != nil {
						t.Fatal(err)
					}
					values[side] = loss()
				}
				w.Data[i] = was
				return (values[0] - values[1]) / float64(2*by)
			}
			got := float64(gradients[key].Data[i])
			close := func(want float64) bool {
				return math.Abs(got-want) <= 1e-3+.02*math.Max(math.Abs(got), math.Abs(want))
			}
			// Where a maximum or a ReLU turns within the step, a smaller one tells.
			if want := slope(4e-3); !close(want) && !close(slope(5e-4)) {
				t.Errorf("%s[%d]: the gradient is %g, the slope %g", key, i, got, want)
			}
		}
	}
}

func TestBothLanguagesKnowEveryLayerAndField(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		b, err := os.ReadFile("../resources/translations/layers." + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		for _, k := range Catalog() {
			keys := []string{"layer." + k.Type, "layer." + k.Type + ".about", "group." + k.Group}
			for _, f := range k.Fields {
				keys = append(keys, "field."+f.Key)
				for _, c := range f.Choices {
					keys = append(keys, "choice."+c)
				}
			}
			for _, key := range keys {
				if strings.TrimSpace(texts[key]) == "" {
					t.Errorf("%s: there is no text for %s", language, key)
				}
			}
		}
	}
}

func TestKindOfListsTheKnown(t *testing.T) {
	_, err := KindOf("convulsion")
	if err == nil || !strings.Contains(err.Error(), "convolution") {
		t.Errorf("the error does not list the known layers: %v", err)
	}
	for _, k := range Catalog() {
		if got, err := KindOf(k.Type); err != nil || got.Type != k.Type {
			t.Errorf("%s: %v", k.Type, err)
		}
		for _, f := range k.Fields {
			if f.Type != Choice && (f.Default.Number < f.Min || f.Default.Number > f.Max) {
				t.Errorf("%s: the default of %s is out of its range", k.Type, f.Key)
			}
			if f.Check(f.Default) != nil {
				t.Errorf("%s: the default of %s is refused", k.Type, f.Key)
			}
		}
	}
}
