package nn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// A variant is a way to use a kind of layer in a small network.
type variant struct {
	name     string
	settings map[string]Value
}

// variants are those of each kind: settings for which rounding and edges count. The image that they see is sourceShape.
var variants = map[string][]variant{
	"convolution": {
		{"plain", numbers("filters", 4, "kernel", 3)},
		{"strided and padded", numbers("filters", 4, "kernel", 3, "stride", 2, "pad", 1)},
		{"groups", numbers("filters", 4, "kernel", 3, "groups", 2, "pad", 1)},
		{"dilated", numbers("filters", 3, "kernel", 2, "dilation", 2, "filler", "msra")},
		{"1×1", numbers("filters", 5, "kernel", 1, "filler", "gaussian", "std", .3)},
		{"without bias", numbers("filters", 4, "kernel", 3, "bias", "no")},
		{"a filter for each class", numbers("filters", 0, "kernel", 3)},
		{"rectangular", numbers("filters", 3, "kernel-h", 1, "kernel-w", 3, "stride-h", 2, "pad-left", 1, "pad-right", 1)},
		{"padded on two sides", numbers("filters", 3, "kernel", 2, "pad-bottom", 1, "pad-right", 2, "dilation", 2)},
	},
	"deconvolution": {
		{"twice the size", numbers("filters", 2)},
		{"a filter for each class", numbers("kernel", 2, "pad", 0)},
		{"overlapping", numbers("filters", 3, "kernel", 3, "stride", 1, "pad", 0)},
		{"groups", numbers("filters", 4, "kernel", 3, "groups", 2)},
		{"dilated", numbers("filters", 2, "kernel", 2, "dilation", 2, "bias", "no")},
		{"rectangular", numbers("filters", 2, "kernel", 1, "kernel-w", 3, "stride-h", 1, "pad", 0, "pad-left", 2)},
		{"an interpolation", numbers("filters", 2, "filler", "bilinear")},
	},
	"max-pool": {
		{"rounded up", numbers("kernel", 2, "stride", 2)},
		{"overlapping", numbers("kernel", 3, "stride", 2)},
		{"padded", numbers("kernel", 3, "stride", 2, "pad", 1)},
		{"rectangular", numbers("kernel-h", 3, "stride-w", 1)},
		{"padded on two sides", numbers("kernel", 2, "pad-bottom", 1, "pad-right", 1)},
	},
	"average-pool": {
		{"rounded up", numbers("kernel", 2, "stride", 2)},
		{"overlapping", numbers("kernel", 3, "stride", 2)},
		{"padded", numbers("kernel", 3, "stride", 2, "pad", 1)},
		{"rectangular", numbers("kernel-h", 3, "stride-w", 1)},
		{"padded on two sides", numbers("kernel", 2, "pad-bottom", 1, "pad-right", 1)},
	},
	"global-pool":     {{"average", nil}, {"max", numbers("method", "max")}},
	"fully-connected": {{"hidden", numbers("outputs", 7)}, {"classes", nil}, {"without bias", numbers("outputs", 7, "bias", "no")}},
	"relu":            {{"plain", nil}},
	"leaky-relu":      {{"plain", nil}, {"steep", numbers("slope", .3)}},
	"sigmoid":         {{"plain", nil}},
	"tanh":            {{"plain", nil}},
	"softmax":         {{"of places", nil}},
	"batch-norm":      {{"plain", nil}, {"wide", numbers("epsilon", .1)}},
	"dropout":         {{"half", numbers("ratio", .5)}},
	"lrn":             {{"across", numbers("size", 3, "alpha", .3, "beta", .75)}, {"within", numbers("size", 3, "region", "within", "alpha", .3, "beta", .75)}},
	"concat":          {{"plain", nil}},
	"add":             {{"plain", nil}},
	"upsample":        {{"bilinear", numbers("factor", 3)}, {"nearest", numbers("interpolation", "nearest")}},
	"crop":            {{"the middle", nil}, {"offset", numbers("align", "offset", "offset-h", 1)}},
	"slice":           {{"one", numbers("to", 1)}, {"the rest", numbers("from", 1)}, {"all", nil}},
	"softmax-loss":    {{"weighted", numbers("weight", .7)}, {"of places", numbers("weight", .7)}},
	"squared-loss":    {{"weighted", numbers("weight", .7)}},
	"absolute-loss":   {{"weighted", numbers("weight", .7)}},
	"sigmoid-loss":    {{"weighted", numbers("weight", .7)}},
	"hinge-loss":      {{"weighted", numbers("weight", .7)}},
}

// sourceShape is that of the image that a layer sees.
var sourceShape = Shape{2, 5, 4}

// source returns a layer that makes an image of one number, each of its own by a weight of its own: the gradients of its weights are those of what a layer sees.
func source(name string, s Shape) Layer {
	return Layer{Name: name, Type: "deconvolution", Inputs: []string{Data}, Settings: numbers(
		"filters", s.C, "kernel-h", s.H, "kernel-w", s.W, "pad", 0, "bias", "no", "filler", "gaussian", "std", 1)}
}

// around puts a layer of a kind into a network that learns, behind a source for each of its inputs.
func around(k Kind, v variant) Spec {
	x := Layer{Name: "x", Type: k.Type, Inputs: []string{"source"}, Settings: v.settings}
	out := Layer{Name: "out", Type: "fully-connected", Inputs: []string{"x"}}
	layers := []Layer{source("source", sourceShape)}
	switch {
	case k.Type == "crop":
		layers = append(layers, source("like", Shape{1, 3, 2}))
		x.Inputs = append(x.Inputs, "like")
	case k.MinInputs > 1:
		layers = append(layers, source("other", sourceShape))
		x.Inputs = append(x.Inputs, "other")
	case k.Loss && v.name == "of places":
		layers = []Layer{source("source", Shape{3, 5, 4})}
	case k.Loss:
		out.Inputs, x.Inputs = []string{"source"}, []string{"out"}
		return Spec{Format: Format, Name: "test", Input: Shape{1, 1, 1}, Classes: 3, Layers: append(layers, out, x)}
	}
	layers = append(layers, x)
	if !k.Loss {
		layers = append(layers, out, Layer{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}})
	}
	return Spec{Format: Format, Name: "test", Input: Shape{1, 1, 1}, Classes: 3, Layers: layers}
}

// each calls do for every variant of every kind of the catalog.
func each(t *testing.T, do func(t *testing.T, k Kind, s Spec)) {
	for _, k := range Catalog() {
		if len(variants[k.Type]) == 0 {
			t.Errorf("%s has no variants: list settings of awkward sizes", k.Type)
		}
		for _, v := range variants[k.Type] {
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

// step returns a training step that moves nothing.
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

// The gradient of each weight, and of each number that a layer sees, is compared with the slope of the loss, on both devices.
func TestGradients(t *testing.T) {
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, device := range []kernel.Device{kernel.NewReference(), cpu} {
		each(t, func(t *testing.T, k Kind, s Spec) {
			checkGradients(t, s, nil, device)
			if k.weighs {
				weights := make([]float32, s.Classes)
				for c := range weights {
					weights[c] = .5 * float32(c%4) // the first counts nothing
				}
				checkGradients(t, s, weights, device)
			}
		})
		if err := device.Close(); err != nil {
			t.Error(err)
		}
	}
}

func checkGradients(t *testing.T, s Spec, classWeights []float32, device kernel.Device) {
	const samples = 3
	network, err := Compile(s, Options{Batch: samples, Training: true, Momentum: .9, ClassWeights: classWeights})
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
	loss := func(backward bool) float64 {
		now := step(samples)
		now.Backward = backward
		r, err := inst.Run(images, goldenTruths(inst.Network, labels), now)
		if err != nil {
			t.Fatal(err)
		}
		return r.Loss
	}
	loss(true)
	gradients, err := inst.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range network.Parameters {
		if p.Statistic {
			continue
		}
		weights, gradient := inst.ex.Buffer(p.ID), gradients[p.Key()]
		all := make([]float32, p.Shape.Len())
		if err := weights.Download(all); err != nil {
			t.Fatal(err)
		}
		slope := func(i int, by float32) float64 {
			was, values := all[i], [2]float64{}
			for side, sign := range []float32{1, -1, 0} {
				all[i] = was + sign*by
				if err := weights.Upload(all); err != nil {
					t.Fatal(err)
				}
				if side < 2 {
					values[side] = loss(false)
				}
			}
			return (values[0] - values[1]) / float64(2*by)
		}
		for i, got := range gradient.Data() {
			close := func(want float64) bool {
				return math.Abs(float64(got)-want) <= 3e-4+.01*math.Max(math.Abs(float64(got)), math.Abs(want))
			}
			// Where a maximum or a ReLU turns within the step, a smaller one tells.
			if want := slope(i, 4e-3); !close(want) && !close(slope(i, 5e-4)) {
				t.Errorf("%s[%d]: the gradient is %g, the slope %g", p.Key(), i, got, want)
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
