package inspect

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

func TestDescribe(t *testing.T) {
	s := Describe([]float32{0, 0, 1, 3})
	if s.Mean != 1 || math.Abs(s.Deviation-math.Sqrt(1.5)) > 1e-12 || s.Min != 0 || s.Max != 3 || s.Zeros != .5 {
		t.Errorf("statistics of 0 0 1 3 are %+v", s)
	}
	if h := s.Histogram; h.Counts[0] != 2 || h.Counts[bins/3] != 1 || h.Counts[bins-1] != 1 {
		t.Errorf("histogram of 0 0 1 3 is %v", h)
	}
	if s := Describe([]float32{2, 2}); s.Deviation != 0 || s.Histogram.Counts[0] != 2 {
		t.Errorf("statistics of 2 2 are %+v", s)
	}
}

// A network whose weights are known: a 3×3 kernel that takes the difference of right and left neighbour.
func edgeModel(t *testing.T) *model.Model {
	t.Helper()
	spec := nn.Spec{Name: "edges", Input: nn.Shape{C: 1, H: 5, W: 5}, Classes: 2, Layers: []nn.Layer{
		{Name: "conv1", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(1), "kernel": nn.Num(3)}},
		{Name: "relu1", Type: "relu", Inputs: []string{"conv1"}},
		{Name: "ip1", Type: "fully-connected", Inputs: []string{"relu1"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip1"}},
	}}
	pre, err := model.NewPreprocessor(model.Preprocess{Width: 5, Height: 5, Channels: 1, Resize: data.Squash, Mean: model.MeanNone, Scale: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := map[string]nn.Tensor{
		"conv1.weight": nn.TensorOf([]float32{0, 0, 0, -1, 0, 1, 0, 0, 0}, 1, 1, 3, 3),
		"conv1.bias":   nn.NewTensor(1), "ip1.weight": nn.NewTensor(2, 9), "ip1.bias": nn.NewTensor(2),
	}
	w["ip1.bias"].Data()[1] = float32(math.Log(3))
	return &model.Model{Spec: spec, Labels: []string{"a", "b"}, Pre: pre, Weights: w, Epoch: 2}
}

func TestLookSeesEveryLayer(t *testing.T) {
	m := edgeModel(t)
	p, err := m.Open(kernel.NewReference(), 1, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	img := image.NewGray(image.Rect(0, 0, 5, 5))
	for y := range 5 {
		img.SetGray(3, y, color.Gray{200}) // one bright column
	}
	v, err := Image(t.Context(), p, img)
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, l := range v.Layers {
		names += l.Name + " "
	}
	if names != "data conv1 relu1 ip1 loss " {
		t.Fatalf("layers are %s", names)
	}
	conv, relu := v.Layers[1], v.Layers[2]
	if got := conv.Maps.Data()[:3]; got[0] != 0 || got[1] != 200 || got[2] != 0 {
		t.Errorf("the kernel answers %v to a bright column", got)
	}
	if relu.Stats.Max != 200 || math.Abs(relu.Stats.Zeros-6./9) > 1e-9 {
		t.Errorf("after ReLU: %+v", relu.Stats)
	}
	if conv.Filters == nil || conv.Filters.Data()[3] != -1 || relu.Filters != nil {
		t.Error("filters are told where there are none, or not where they are")
	}
	if v.Top[0].Label != "b" || math.Abs(float64(v.Top[0].Probability)-.75) > 1e-5 {
		t.Errorf("top prediction is %+v, want b at 0.75", v.Top[0])
	}
	bare := Layers(p.Model)
	for i, l := range bare.Layers {
		if with := v.Layers[i]; l.Name != with.Name || l.Shape != with.Shape || l.Parameters != with.Parameters || (l.Filters == nil) != (with.Filters == nil) || l.Maps.Data() != nil {
			t.Errorf("without an image the layer %s is %+v", with.Name, l)
		}
	}
}

func TestLookNamesNoClassWhereEachPixelHasOne(t *testing.T) {
	m := edgeModel(t)
	m.Spec.Layers = []nn.Layer{
		{Name: "score", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(1)}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"score"}},
	}
	m.Weights = map[string]nn.Tensor{"score.weight": nn.NewTensor(2, m.Spec.Input.C), "score.bias": nn.NewTensor(2)}
	p, err := m.Open(kernel.NewReference(), 1, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	v, err := Image(t.Context(), p, image.NewGray(image.Rect(0, 0, 5, 5)))
	if err != nil || len(v.Layers) != 3 || v.Top != nil {
		t.Errorf("%d layers and the classes %+v, %v", len(v.Layers), v.Top, err)
	}
}
