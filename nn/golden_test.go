package nn

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// golden is what PyTorch computed (testdata/golden/make.py).
type golden struct {
	Loss      float64              `json:"loss"`
	Values    map[string][]float64 `json:"values"`    // the first numbers of the first sample, and the sum over the batch
	Gradients map[string][]float64 `json:"gradients"` // the first numbers, and the sum of their sizes
	Losses    map[string][]float64 `json:"losses"`    // of ten steps, by solver

	Statistics map[string][]float64 `json:"statistics"` // of normalisations of batches, after one step
}

// formula fills numbers as make.py does.
func formula(n int, seed, scale float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(scale * math.Sin(1.7*float64(i)+seed) * math.Cos(.31*float64(i)*seed+.5))
	}
	return v
}

// plainBias lets biases learn as weights do, which is PyTorch's way; Caffe's is twice the rate.
func plainBias(layers []Layer) []Layer {
	for i, l := range layers {
		if slices.Contains([]string{"convolution", "deconvolution", "fully-connected"}, l.Type) {
			layers[i] = l.With("bias-rate", Num(1))
		}
	}
	return layers
}

// A goldenNetwork is a network of make.py.
type goldenNetwork struct {
	spec         Spec
	order        []string // of the weights in make.py
	classWeights []float32
}

func goldenNetworks() map[string]goldenNetwork {
	conv := func(pairs ...any) map[string]Value { return numbers(pairs...) }
	in := func(names ...string) []string { return names }
	scored := func(loss string) Spec {
		return Spec{Format: Format, Name: loss, Input: Shape{2, 7, 6}, Classes: 4, Layers: plainBias([]Layer{
			{Name: "conv", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 5, "kernel", 3, "pad", 1)},
			{Name: "relu", Type: "relu", Inputs: in("conv")},
			{Name: "pool", Type: "max-pool", Inputs: in("relu")},
			{Name: "ip", Type: "fully-connected", Inputs: in("pool")},
			{Name: "loss", Type: loss, Inputs: in("ip")},
		})}
	}
	vector := in("conv.weight", "conv.bias", "ip.weight", "ip.bias")
	classWeights := []float32{.25, 0, 3, 1.5}
	places := Spec{Format: Format, Name: "places", Input: Shape{2, 7, 6}, Classes: 4, Layers: plainBias([]Layer{
		{Name: "conv", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 5, "kernel", 3, "pad", 1)},
		{Name: "relu", Type: "relu", Inputs: in("conv")},
		{Name: "score", Type: "convolution", Inputs: in("relu"), Settings: conv("filters", 0, "kernel", 1)},
		{Name: "loss", Type: "softmax-loss", Inputs: in("score")},
	})}
	ofPlaces := in("conv.weight", "conv.bias", "score.weight", "score.bias")
	return map[string]goldenNetwork{
		"sigmoid":         {scored("sigmoid-loss"), vector, nil},
		"hinge":           {scored("hinge-loss"), vector, nil},
		"weighted":        {scored("softmax-loss"), vector, classWeights},
		"places":          {places, ofPlaces, nil},
		"weighted-places": {places, ofPlaces, classWeights},
		"sizes": {Spec{Format: Format, Name: "sizes", Input: Shape{2, 9, 8}, Classes: 4, Layers: plainBias([]Layer{
			{Name: "conv", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 6, "kernel", 3, "kernel-w", 2, "stride-h", 2, "pad", 1, "pad-top", 0)},
			{Name: "pool", Type: "max-pool", Inputs: in("conv"), Settings: conv("kernel-w", 3, "stride-w", 1)},
			{Name: "up", Type: "deconvolution", Inputs: in("pool"), Settings: conv("filters", 4, "kernel-h", 3, "groups", 2)},
			{Name: "some", Type: "slice", Inputs: in("up"), Settings: conv("from", 1, "to", 4)},
			{Name: "between", Type: "upsample", Inputs: in("some"), Settings: conv("factor", 4)},
			{Name: "nearest", Type: "upsample", Inputs: in("some"), Settings: conv("factor", 4, "interpolation", "nearest")},
			{Name: "sum", Type: "add", Inputs: in("between", "nearest")},
			{Name: "crop", Type: "crop", Inputs: in("sum", Data), Settings: conv("align", "offset", "offset-h", 2, "offset-w", 7)},
			{Name: "score", Type: "convolution", Inputs: in("crop"), Settings: conv("filters", 0, "kernel", 1)},
			{Name: "loss", Type: "softmax-loss", Inputs: in("score")},
		})}, in("conv.weight", "conv.bias", "up.weight", "up.bias", "score.weight", "score.bias"), nil},
		"heads": {Spec{Format: Format, Name: "heads", Input: Shape{2, 7, 6}, Classes: 4, Outputs: in("places", "whole"), Layers: plainBias([]Layer{
			{Name: "conv", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 5, "kernel", 3, "pad", 1)},
			{Name: "relu", Type: "relu", Inputs: in("conv")},
			{Name: "score", Type: "convolution", Inputs: in("relu"), Settings: conv("filters", 0, "kernel", 1)},
			{Name: "places", Type: "softmax-loss", Inputs: in("score")},
			{Name: "pool", Type: "max-pool", Inputs: in("relu")},
			{Name: "ip", Type: "fully-connected", Inputs: in("pool")},
			{Name: "whole", Type: "sigmoid-loss", Inputs: in("ip"), Settings: conv("weight", .5)},
		})}, in("conv.weight", "conv.bias", "score.weight", "score.bias", "ip.weight", "ip.bias"), nil},
		"chain": {Spec{Format: Format, Name: "chain", Input: Shape{2, 9, 8}, Classes: 4, Layers: plainBias([]Layer{
			{Name: "conv1", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 6, "kernel", 3, "pad", 1)},
			{Name: "relu1", Type: "relu", Inputs: in("conv1")},
			{Name: "pool1", Type: "max-pool", Inputs: in("relu1")},
			{Name: "conv2", Type: "convolution", Inputs: in("pool1"), Settings: conv("filters", 8, "kernel", 3, "groups", 2)},
			{Name: "tanh", Type: "tanh", Inputs: in("conv2")},
			{Name: "pool2", Type: "average-pool", Inputs: in("tanh")},
			{Name: "ip1", Type: "fully-connected", Inputs: in("pool2"), Settings: conv("outputs", 12)},
			{Name: "sigmoid", Type: "sigmoid", Inputs: in("ip1")},
			{Name: "ip2", Type: "fully-connected", Inputs: in("sigmoid")},
			{Name: "loss", Type: "softmax-loss", Inputs: in("ip2")},
		})}, in("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "ip1.weight", "ip1.bias", "ip2.weight", "ip2.bias"), nil},
		"branches": {Spec{Format: Format, Name: "branches", Input: Shape{2, 7, 7}, Classes: 3, Layers: plainBias([]Layer{
			{Name: "a", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 3, "kernel", 3, "pad", 1)},
			{Name: "b", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 5, "kernel", 2, "pad", 1, "dilation", 2)},
			{Name: "both", Type: "concat", Inputs: in("a", "b")},
			{Name: "norm", Type: "lrn", Inputs: in("both"), Settings: conv("size", 3, "alpha", .3, "beta", .75)},
			{Name: "c", Type: "convolution", Inputs: in("norm"), Settings: conv("filters", 8, "kernel", 3, "pad", 1)},
			{Name: "sum", Type: "add", Inputs: in("norm", "c")},
			{Name: "relu", Type: "relu", Inputs: in("sum")},
			{Name: "pool", Type: "max-pool", Inputs: in("relu"), Settings: conv("kernel", 3, "pad", 1)},
			{Name: "ip", Type: "fully-connected", Inputs: in("pool")},
			{Name: "loss", Type: "squared-loss", Inputs: in("ip")},
		})}, in("a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias", "ip.weight", "ip.bias"), nil},
		"residual": {Spec{Format: Format, Name: "residual", Input: Shape{2, 7, 6}, Classes: 3, Layers: plainBias([]Layer{
			{Name: "conv", Type: "convolution", Inputs: in(Data), Settings: conv("filters", 4, "kernel", 3, "pad", 1, "bias", "no")},
			{Name: "norm", Type: "batch-norm", Inputs: in("conv")},
			{Name: "leaky", Type: "leaky-relu", Inputs: in("norm"), Settings: conv("slope", .2)},
			{Name: "a", Type: "convolution", Inputs: in("leaky"), Settings: conv("filters", 4, "kernel", 3, "pad", 1, "bias", "no")},
			{Name: "b", Type: "batch-norm", Inputs: in("a")},
			{Name: "relu", Type: "relu", Inputs: in("b")},
			{Name: "sum", Type: "add", Inputs: in("relu", "leaky")},
			{Name: "lrn", Type: "lrn", Inputs: in("sum"), Settings: conv("size", 3, "region", "within", "alpha", .3)},
			{Name: "pool", Type: "global-pool", Inputs: in("lrn")},
			{Name: "ip", Type: "fully-connected", Inputs: in("pool")},
			{Name: "loss", Type: "softmax-loss", Inputs: in("ip")},
		})}, in("conv.weight", "norm.weight", "norm.bias", "a.weight", "b.weight", "b.bias", "ip.weight", "ip.bias"), nil},
	}
}

func TestAgainstPyTorch(t *testing.T) {
	b, err := os.ReadFile("testdata/golden/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	cpu, err := kernel.NewCPU(2)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	reference := kernel.NewReference()
	defer reference.Close()
	for name, net := range goldenNetworks() {
		var want golden
		if err := json.Unmarshal(all[name], &want); err != nil {
			t.Fatal(err)
		}
		for _, device := range []kernel.Device{reference, cpu} {
			t.Run(name+" "+device.Name(), func(t *testing.T) {
				compareValues(t, net, want, device)
				for _, solver := range goldenSolvers {
					compareLosses(t, net, want.Losses[solver.name], solver, device)
				}
			})
		}
	}
}

const goldenBatch = 5

// A goldenSolver is a solver with the constants of make.py.
type goldenSolver struct {
	name    string
	kind    kernel.SolverKind
	rate    float32
	beta2   float32
	epsilon float32
}

var goldenSolvers = []goldenSolver{
	{"sgd", kernel.SGD, .05, 0, 0},
	{"nesterov", kernel.Nesterov, .05, 0, 0},
	{"adam", kernel.Adam, .01, .999, 1e-8},
	{"adamw", kernel.AdamW, .01, .999, 1e-8},
	{"adagrad", kernel.AdaGrad, .05, 0, 1e-8},
	{"rmsprop", kernel.RMSProp, .01, .99, 1e-8},
	{"adadelta", kernel.AdaDelta, 1, .95, 1e-6},
}

// goldenInstance opens a network with the formula's weights.
func goldenInstance(t *testing.T, s Spec, order []string, o Options, device kernel.Device) *Instance {
	t.Helper()
	n, err := Compile(s, o)
	if err != nil {
		t.Fatal(err)
	}
	inst, err := n.Open(device)
	if err != nil {
		t.Fatal(err)
	}
	if err := inst.Initialize(1); err != nil { // for the statistics
		t.Fatal(err)
	}
	weights, err := inst.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for key, w := range weights {
		if !slices.Contains(order, key) {
			continue
		}
		fan := 10.
		if len(w.Shape()) > 1 {
			fan = float64(len(w.Data()) / w.Shape()[0])
		}
		copy(w.Data(), formula(len(w.Data()), float64(slices.Index(order, key)+1), 1.5/math.Sqrt(fan)))
	}
	if err := inst.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	return inst
}

// goldenTruths returns the truths of samples: each has its class, or at its places the classes that make.py gives them, of which one in so many is void.
func goldenTruths(n *Network, labels []int) [][]float32 {
	truths := n.ClassTruths(labels)
	for k, t := range n.Truths() {
		if t.Shape.H*t.Shape.W == 1 {
			continue
		}
		for sample := range labels {
			t.Fill(truths[k][sample*t.Shape.Len():(sample+1)*t.Shape.Len()], func(place int) int {
				h, w := place/t.Shape.W, place%t.Shape.W
				return (sample + 2*h + h*w) % (n.Spec.Classes + 1)
			})
		}
	}
	return truths
}

func goldenBatchOf(s Spec) ([]float32, []int) {
	labels := make([]int, goldenBatch)
	for i := range labels {
		labels[i] = i % s.Classes
	}
	return formula(goldenBatch*s.Input.Len(), .7, 1), labels
}

func agree(got, want float64) bool {
	return math.Abs(got-want) <= 2e-5+2e-4*math.Max(math.Abs(got), math.Abs(want))
}

func compareValues(t *testing.T, net goldenNetwork, want golden, device kernel.Device) {
	inst := goldenInstance(t, net.spec, net.order, Options{Batch: goldenBatch, Training: true, KeepAll: true, Momentum: .9, ClassWeights: net.classWeights}, device)
	defer inst.Close()
	images, labels := goldenBatchOf(net.spec)
	r, err := inst.Run(images, goldenTruths(inst.Network, labels), kernel.Step{Samples: goldenBatch, Training: true, Backward: true, Scale: 1. / goldenBatch})
	if err != nil {
		t.Fatal(err)
	}
	if !agree(r.Loss, want.Loss) {
		t.Errorf("the loss is %g, PyTorch's %g", r.Loss, want.Loss)
	}
	for layer, numbers := range want.Values {
		v, err := inst.Value(layer, goldenBatch)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for _, x := range v.Data() {
			sum += float64(x)
		}
		checkNumbers(t, layer, v.Data(), sum, numbers)
	}
	gradients, err := inst.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	for key, numbers := range want.Gradients {
		sum := 0.
		for _, x := range gradients[key].Data() {
			sum += math.Abs(float64(x))
		}
		checkNumbers(t, "gradient of "+key, gradients[key].Data(), sum, numbers)
	}
	weights, err := inst.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for key, numbers := range want.Statistics {
		for i, w := range numbers {
			if got := float64(weights[key].Data()[i]); !agree(got, w) {
				t.Errorf("%s[%d] is %g, PyTorch's %g", key, i, got, w)
			}
		}
	}
}

// checkNumbers compares the first numbers and the sum, which is the last of want.
func checkNumbers(t *testing.T, what string, got []float32, sum float64, want []float64) {
	t.Helper()
	last := len(want) - 1
	for i, w := range want[:last] {
		if !agree(float64(got[i]), w) {
			t.Errorf("%s[%d] is %g, PyTorch's %g", what, i, got[i], w)
		}
	}
	if !agree(sum, want[last]) {
		t.Errorf("the sum of %s is %g, PyTorch's %g", what, sum, want[last])
	}
}

func compareLosses(t *testing.T, net goldenNetwork, want []float64, solver goldenSolver, device kernel.Device) {
	inst := goldenInstance(t, net.spec, net.order, Options{
		Batch: goldenBatch, Training: true, Solver: solver.kind, Momentum: .9, Beta2: solver.beta2, Epsilon: solver.epsilon, ClassWeights: net.classWeights,
	}, device)
	defer inst.Close()
	images, labels := goldenBatchOf(net.spec)
	for i, w := range want {
		r, err := inst.Run(images, goldenTruths(inst.Network, labels), kernel.Step{
			Samples: goldenBatch, Training: true, Backward: true, Update: true, Scale: 1. / goldenBatch, Rate: solver.rate, Decay: 5e-4, Iteration: i,
		})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(r.Loss-w) > 1e-4+1e-3*w {
			t.Errorf("%s: the loss of step %d is %g, PyTorch's %g", solver.name, i+1, r.Loss, w)
		}
	}
}

// Ten steps give the same bits whatever the number of threads, dropout and all.
func TestTrajectoryIsTheSameForAnyThreads(t *testing.T) {
	s := goldenNetworks()["chain"].spec
	s.Layers = slices.Insert(slices.Clone(s.Layers), 8, Layer{Name: "drop", Type: "dropout", Inputs: []string{"sigmoid"}})
	s.Layers[9].Inputs = []string{"drop"}
	var first []uint64
	for _, threads := range []int{1, 2, 3} {
		device, err := kernel.NewCPU(threads)
		if err != nil {
			t.Fatal(err)
		}
		n, err := Compile(s, Options{Batch: goldenBatch, Training: true, Momentum: .9})
		if err != nil {
			t.Fatal(err)
		}
		inst, err := n.Open(device)
		if err != nil {
			t.Fatal(err)
		}
		if err := inst.Initialize(11); err != nil {
			t.Fatal(err)
		}
		images, labels := goldenBatchOf(s)
		var bits []uint64
		for i := range 10 {
			r, err := inst.Run(images, goldenTruths(inst.Network, labels), kernel.Step{
				Samples: goldenBatch, Training: true, Backward: true, Update: true, Scale: 1. / goldenBatch, Rate: .05, Decay: 5e-4, Iteration: i, Seed: 11,
			})
			if err != nil {
				t.Fatal(err)
			}
			bits = append(bits, math.Float64bits(r.Loss))
		}
		if first == nil {
			first = bits
			if bits[0] == bits[9] {
				t.Error("ten steps change nothing")
			}
		} else if !slices.Equal(first, bits) {
			t.Errorf("%d threads give other losses than one", threads)
		}
		if err := inst.Close(); err != nil {
			t.Error(err)
		}
		if err := device.Close(); err != nil {
			t.Error(err)
		}
	}
}
