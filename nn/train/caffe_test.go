package train

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/model/caffetest"
)

// opened is an instance of a network for use, with weights that are all different.
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

// weightsIn are those of an instance.
func weightsIn(t *testing.T, i *nn.Instance) map[string]nn.Tensor {
	t.Helper()
	all, err := i.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// outputs are those for two images.
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

// caffeFile writes a network's weights as Caffe would have them: a normalisation as two layers, its statistics as sums.
func caffeFile(t *testing.T, style caffetest.Style, s nn.Spec, w map[string]nn.Tensor) string {
	t.Helper()
	var layers []caffetest.Layer
	for _, l := range s.Layers {
		var blobs []nn.Tensor
		for _, name := range []string{"weight", "bias"} {
			if x, ok := w[l.Name+"."+name]; ok {
				blobs = append(blobs, x)
			}
		}
		kind := map[string]string{"convolution": "Convolution", "fully-connected": "InnerProduct", "batch-norm": "Scale"}[l.Type]
		if kind == "Scale" {
			sums := []nn.Tensor{}
			for _, name := range []string{"mean", "variance"} {
				x := w[l.Name+"."+name]
				x = x.Clone()
				for i := range x.Data() {
					x.Data()[i] *= 4
				}
				sums = append(sums, x)
			}
			layers = append(layers, caffetest.Layer{Name: l.Name, Kind: "BatchNorm", Bottom: l.Inputs[0], Top: l.Name, Blobs: append(sums, nn.TensorOf([]float32{4}, 1))},
				caffetest.Layer{Name: l.Name + "-scale", Kind: kind, Bottom: l.Name, Top: l.Name, Blobs: blobs})
			continue
		}
		layers = append(layers, caffetest.Layer{Name: l.Name, Kind: kind, Bottom: l.Inputs[0], Top: l.Name, Blobs: blobs})
	}
	path := filepath.Join(t.TempDir(), "net.caffemodel")
	if err := os.WriteFile(path, caffetest.File(style, layers...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unnormalised leaves the normalisation out, which the older generation of Caffe does not have.
func unnormalised(s nn.Spec) nn.Spec {
	norm := s.Layer("norm")
	s.Layers = slices.Delete(s.Clone().Layers, norm, norm+1)
	s.Layers[norm].Inputs = []string{"conv"}
	return s
}

// coloured is the network for images of three colours.
func coloured(s nn.Spec) nn.Spec {
	s.Input.C = 3
	return s
}

// A network with the weights of a Caffe model says the very same of images as with the weights set directly.
func TestCaffeModelGivesTheSameOutputs(t *testing.T) {
	for _, c := range []struct {
		spec  nn.Spec
		style caffetest.Style
	}{
		{small(false), caffetest.Style{}},
		{small(false), caffetest.Style{Legacy: true, Unpacked: true}},
		{unnormalised(small(false)), caffetest.Style{Old: true, Legacy: true}},
		{unnormalised(small(false)), caffetest.Style{Old: true, Unpacked: true, Double: true}},
	} {
		from, to := opened(t, c.spec), opened(t, c.spec)
		if err := to.Initialize(9); err != nil {
			t.Fatal(err)
		}
		list, err := transfer(to, caffeFile(t, c.style, c.spec, weightsIn(t, from)))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range list {
			if w.State != TransferLoaded {
				t.Errorf("%+v: %+v", c.style, w)
			}
		}
		if !same(weightsIn(t, from), weightsIn(t, to)) {
			t.Errorf("%+v: other weights", c.style)
		}
		images := noise(c.spec.Input)
		if !slices.Equal(outputs(t, from, images), outputs(t, to, images)) {
			t.Errorf("%+v: other outputs", c.style)
		}
	}
}

// Caffe takes images as blue, green and red: what is said of an image is the same when its weights are turned round with it.
func TestCaffeModelTurnsColoursRound(t *testing.T) {
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
	} {
		from, to := opened(t, spec), opened(t, spec)
		if _, err := transfer(to, caffeFile(t, caffetest.Style{}, spec, weightsIn(t, from))); err != nil {
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

// near tells whether numbers differ by little.
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
			list, err := transfer(to, path)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range list {
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

// A run starts from a Caffe model, and says what of it it took.
func TestRunFromCaffeModel(t *testing.T) {
	d := digits(t, 60)
	j := job(t, d, quick(1))
	from := weightsIn(t, opened(t, coloured(small(false))))
	j.Config.Weights = caffeFile(t, caffetest.Style{}, coloured(small(false)), from)
	_, events := must(context.Background(), t, j, nil)
	told := of[Transferred](events)
	if len(told) != 1 || len(told[0].Weights) != 10 {
		t.Fatalf("told %+v", told)
	}
	for _, w := range told[0].Weights {
		if !w.Taken() || (w.State == TransferResized) != (w.Key == "conv.weight") {
			t.Errorf("%+v", w)
		}
	}
	if err := os.WriteFile(j.Config.Weights, []byte("layer {"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.Folder = filepath.Join(t.TempDir(), "run")
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "model.caffe.damaged" {
		t.Errorf("a prototxt: %v", err)
	}
	if _, err := os.Stat(j.Folder); err == nil {
		t.Error("a folder was left behind")
	}
}

// Every layer of bvlc_googlenet (its train_val.prototxt) has its place in our GoogLeNet.
func TestGoogLeNetOfCaffeHasOurNames(t *testing.T) {
	names := []string{"conv1/7x7_s2", "conv2/3x3_reduce", "conv2/3x3", "loss3/classifier"}
	for _, module := range strings.Fields("3a 3b 4a 4b 4c 4d 4e 5a 5b") {
		for _, part := range strings.Fields("1x1 3x3_reduce 3x3 5x5_reduce 5x5 pool_proj") {
			names = append(names, "inception_"+module+"/"+part)
		}
	}
	for _, loss := range []string{"loss1", "loss2"} {
		names = append(names, loss+"/conv", loss+"/fc", loss+"/classifier")
	}
	spec, err := nn.Standard("googlenet", nn.StandardInput("googlenet"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	from, to := map[string]nn.Tensor{}, map[string]nn.Tensor{}
	for _, n := range names {
		from[n+".weight"] = nn.Tensor{}
	}
	ours := nn.Trainable(spec)
	for _, n := range ours {
		to[n+".weight"] = nn.Tensor{}
	}
	got := renamed(from, to)
	for _, n := range ours {
		if _, ok := got[n+".weight"]; !ok {
			t.Errorf("%s finds no weights", n)
		}
	}
	if len(names) != len(ours) || len(got) != len(ours) {
		t.Errorf("Caffe has %d layers, ours %d, and %d were found", len(names), len(ours), len(got))
	}
}
