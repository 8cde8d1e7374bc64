package train

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/caffetest"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
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

// opened returns an instance of a network for use, with weights that are all different.
func opened(t *testing.T, s nn.Spec) *nn.Instance {
	t.Helper()
	network, err := nn.Compile(s, nn.Options{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := network.Open(cpu(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inst.Close() })
	all, err := inst.Weights()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range network.Parameters {
		for i := range all[p.Key()].Data() {
			all[p.Key()].Data()[i] = float32(.2*r.Float64() - .1)
			if p.Name == "variance" {
				all[p.Key()].Data()[i] += .2
			}
		}
	}
	if err := inst.SetWeights(all); err != nil {
		t.Fatal(err)
	}
	return inst
}

// weightsIn returns those of an instance.
func weightsIn(t *testing.T, i *nn.Instance) map[string]nn.Tensor {
	t.Helper()
	all, err := i.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// outputs returns those for two images.
func outputs(t *testing.T, i *nn.Instance, images []float32) []float32 {
	t.Helper()
	if _, err := i.Run(images, nil, kernel.Step{Samples: 2}); err != nil {
		t.Fatal(err)
	}
	out, err := i.Output(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(out)
}

// noise makes two images.
func noise(in nn.Shape) []float32 {
	r := rand.New(rand.NewPCG(3, 4))
	images := make([]float32, 2*in.Len())
	for i := range images {
		images[i] = float32(r.Float64())
	}
	return images
}

// inChannels gives two grey images the channels of a network's input.
func inChannels(grey []float32, in nn.Shape) []float32 {
	var images []float32
	for image := range slices.Chunk(grey, in.H*in.W) {
		for range in.C {
			images = append(images, image...)
		}
	}
	return images
}

// coloured returns the network for images of three colours.
func coloured(s nn.Spec) nn.Spec {
	s.Input.C = 3
	return s
}

// started starts a network from a file.
func started(t *testing.T, inst *nn.Instance, path string) []Transfer {
	t.Helper()
	list, err := start(inst, path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Weights for images of blue, green and red are turned round, so that a network says the same of images of red, green and blue.
func TestWeightsForBlueGreenAndRedAreTurned(t *testing.T) {
	first := func(typ string, settings map[string]nn.Value) nn.Spec { // a network that begins with a layer of that type
		s := nn.Spec{Format: nn.Format, Name: "first", Input: nn.Shape{C: 3, H: 6, W: 5}, Classes: 4}
		s.Layers = []nn.Layer{
			{Name: "first", Type: typ, Inputs: []string{nn.Data}, Settings: settings},
			{Name: "conv", Type: "convolution", Inputs: []string{"first"}, Settings: map[string]nn.Value{"filters": nn.Num(3), "kernel": nn.Num(3)}},
			{Name: "next", Type: "convolution", Inputs: []string{"conv"}, Settings: map[string]nn.Value{"filters": nn.Num(3), "kernel": nn.Num(1)}},
			{Name: "out", Type: "fully-connected", Inputs: []string{"next"}},
		}
		return s
	}
	dense := first("relu", nil)
	dense.Layers = []nn.Layer{{Name: "out", Type: "fully-connected", Inputs: []string{nn.Data}}}
	for what, spec := range map[string]nn.Spec{
		"a small network": coloured(small(false)), "a normalisation first": first("batch-norm", nil), "a pooling first": first("max-pool", map[string]nn.Value{"kernel": nn.Num(2), "stride": nn.Num(1)}),
		"a convolution first": first("convolution", map[string]nn.Value{"filters": nn.Num(3), "kernel": nn.Num(2)}), "no convolution": dense,
		"a transposed convolution first": first("deconvolution", map[string]nn.Value{"filters": nn.Num(3), "kernel": nn.Num(2)}),
	} {
		from, to := opened(t, spec), opened(t, spec)
		if _, err := transfer(to, model.Source{Weights: weightsIn(t, from), Channels: model.BGR}, "weights"); err != nil {
			t.Fatal(err)
		}
		images := noise(spec.Input)
		turned := slices.Clone(images)
		plane := spec.Input.H * spec.Input.W
		for image := range slices.Chunk(turned, 3*plane) {
			for i := range plane {
				image[i], image[2*plane+i] = image[2*plane+i], image[i]
			}
		}
		theirs, ours := outputs(t, from, turned), outputs(t, to, images)
		if !near(theirs, ours, 1e-5) {
			t.Errorf("%s: of blue, green and red %v, of red, green and blue %v", what, theirs, ours)
		}
		if near(outputs(t, from, images), ours, 1e-5) {
			t.Errorf("%s: the colours make no difference", what)
		}
		if w := weightsIn(t, to); spec.Layer("next") >= 0 && !slices.Equal(w["next.weight"].Data(), weightsIn(t, from)["next.weight"].Data()) {
			t.Errorf("%s: a layer that sees no colours was turned", what)
		}
	}
}

// near reports whether numbers differ by little.
func near(a, b []float32, by float64) bool {
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > by {
			return false
		}
	}
	return len(a) == len(b)
}

// Filters for grey images are made to fit colours: a grey image gives the same. Those for colours are added up.
func TestFiltersFitTheOtherChannels(t *testing.T) {
	grey, colour := small(false), coloured(small(false))
	for what, c := range map[string]struct{ from, to nn.Spec }{"grey to colours": {grey, colour}, "colours to grey": {colour, grey}} {
		from, to := opened(t, c.from), opened(t, c.to)
		own := filepath.Join(t.TempDir(), "own.safetensors")
		if err := model.SaveWeights(own, weightsIn(t, from), 1); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{own, caffeFile(t, caffetest.Style{}, c.from, weightsIn(t, from))} {
			for _, w := range started(t, to, path) {
				if w.Key != "conv.weight" && w.State != TransferLoaded {
					t.Errorf("%s: %+v", what, w)
				}
				if w.Key == "conv.weight" && (w.State != TransferResized || w.Has[1] != c.from.Input.C || w.Wants[1] != c.to.Input.C) {
					t.Errorf("%s: %+v", what, w)
				}
			}
			image := noise(grey.Input)
			if a, b := outputs(t, from, inChannels(image, c.from.Input)), outputs(t, to, inChannels(image, c.to.Input)); !near(a, b, 1e-5) {
				t.Errorf("%s: of a grey image %v and %v", what, a, b)
			}
		}
	}
	for _, shapes := range [][2][]int{{{6, 3, 5, 5}, {6, 1, 3, 3}}, {{6, 2, 5, 5}, {6, 1, 5, 5}}, {{6, 3, 5, 5}, {7, 1, 5, 5}}, {{6, 3}, {6, 1}}} {
		if _, ok := resize(nn.NewTensor(shapes[0]...), shapes[1]); ok {
			t.Errorf("%v was made to fit %v", shapes[0], shapes[1])
		}
	}
}

// Layers have the names of the network where a source knows those; of two that could have the same one the first gets it.
func TestAliases(t *testing.T) {
	a, b, c, d := nn.NewTensor(1), nn.NewTensor(2), nn.NewTensor(3), nn.NewTensor(4)
	source := model.Source{
		Weights: map[string]nn.Tensor{"in/1.weight": a, "in_1.weight": b, "own.weight": c, "other.weight": d, "in/1.bias": a},
		Aliases: map[string]string{"in/1": "in-1", "in_1": "in-1", "own": "never", "other": "elsewhere"},
	}
	to := map[string]nn.Tensor{"in-1.weight": {}, "own.weight": {}, "never.weight": {}}
	got := named(source, to)
	want := map[string]nn.Tensor{"in-1.weight": a, "in_1.weight": b, "own.weight": c, "other.weight": d, "in/1.bias": a}
	if !maps.EqualFunc(got, want, nn.Tensor.Equal) {
		t.Errorf("named %v, not %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// Kernels of 1×1 have four dimensions in other programs' files, two in ours.
func TestKernelsOfOne(t *testing.T) {
	spec := nn.Spec{Format: nn.Format, Name: "one", Input: nn.Shape{C: 1, H: 4, W: 4}, Classes: 2}
	spec.Layers = []nn.Layer{
		{Name: "conv", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(3), "kernel": nn.Num(1)}},
		{Name: "out", Type: "fully-connected", Inputs: []string{"conv"}},
	}
	from, to := opened(t, spec), opened(t, spec)
	if err := to.Initialize(9); err != nil {
		t.Fatal(err)
	}
	weights := weightsIn(t, from)
	weights["conv.weight"] = weights["conv.weight"].Reshape(3, 1, 1, 1)
	list, err := transfer(to, model.Source{Weights: weights}, "weights")
	if err != nil || slices.ContainsFunc(list, func(w Transfer) bool { return w.State != TransferLoaded }) || !same(weightsIn(t, from), weightsIn(t, to)) {
		t.Errorf("%+v, %v", list, err)
	}
	if fits([]int{3, 1, 1, 1}, []int{3}) || fits([]int{3, 4, 1, 2}, []int{3, 4}) || fits([]int{4, 3}, []int{3, 4}) {
		t.Error("shapes that differ fit")
	}
}
