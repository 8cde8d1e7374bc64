package model

import (
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// tiny returns a model of 2×3 pixels and two classes: out = weights·image, in colour or grey.
func tiny(t testing.TB, channels int, mean string) *Model {
	t.Helper()
	pre := Preprocess{Width: 3, Height: 2, Channels: channels, Resize: data.Squash, Mean: mean, Scale: .5}
	var picture []float32
	switch mean {
	case MeanImage:
		for i := range 6 * channels {
			picture = append(picture, float32(10*i))
		}
	case MeanPixel:
		pre.MeanPixel = []float32{10, 20, 30}[:channels]
	}
	p, err := NewPreprocessor(pre, picture)
	if err != nil {
		t.Fatal(err)
	}
	n := 6 * channels
	w := nn.NewTensor(2, n)
	for i := range w.Data() {
		w.Data()[i] = float32(i) / 100
	}
	return &Model{
		Spec: nn.Spec{Format: nn.Format, Name: "tiny", Input: nn.Shape{C: channels, H: 2, W: 3}, Classes: 2, Layers: []nn.Layer{
			{Name: "out", Type: "fully-connected", Inputs: []string{nn.Data}},
			{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}},
		}},
		Labels: []string{"고양이", "dog with spaces"}, Pre: p, Epoch: 2.5,
		Weights: map[string]nn.Tensor{"out.weight": w, "out.bias": nn.TensorOf([]float32{.25, -.25}, 2)},
	}
}

func TestFolderRoundTrip(t *testing.T) {
	for _, channels := range []int{1, 3} {
		for _, mean := range []string{MeanNone, MeanImage, MeanPixel} {
			m := tiny(t, channels, mean)
			folder := filepath.Join(t.TempDir(), "모델 ⚙")
			if err := Save(folder, m); err != nil {
				t.Fatal(err)
			}
			got, err := Load(folder, "")
			if err != nil {
				t.Fatal(err)
			}
			if got.Epoch != 2.5 || !slices.Equal(got.Labels, m.Labels) || !reflect.DeepEqual(got.Weights, m.Weights) || !reflect.DeepEqual(got.Pre, m.Pre) {
				t.Errorf("%d channels, mean %s: read back %+v", channels, mean, got)
			}
			if string(got.Spec.JSON()) != string(m.Spec.JSON()) {
				t.Errorf("the network changed: %s", got.Spec.JSON())
			}
		}
	}
}

func TestWhichWeightsAreLoaded(t *testing.T) {
	m := tiny(t, 1, MeanNone)
	folder := t.TempDir()
	if err := Save(folder, m); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(folder, "last"); err != nil || got.Epoch != 2.5 {
		t.Errorf("a model without snapshots: %v", err)
	}
	for _, epoch := range []float64{10, 2, 3.42} {
		path := filepath.Join(folder, SnapshotFolder, EpochName(epoch))
		if err := os.MkdirAll(path, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := SaveWeights(filepath.Join(path, WeightsFile), m.Weights, epoch); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(folder, SnapshotFolder, ".new-1"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := Snapshots(folder); !slices.Equal(got, []float64{2, 3.42, 10}) {
		t.Errorf("snapshots %v", got)
	}
	for snapshot, epoch := range map[string]float64{"": 2.5, "best": 2.5, "last": 10, "2": 2, "2.0": 2, "3.42": 3.42} {
		if got, err := Load(folder, snapshot); err != nil || got.Epoch != epoch {
			t.Errorf("%q: %v, want epoch %g", snapshot, err, epoch)
		}
	}
	for _, snapshot := range []string{"4", "first", "../x", "NaN"} {
		if _, err := Load(folder, snapshot); fault.Code(err) != "model.snapshot.missing" {
			t.Errorf("%q: %v", snapshot, err)
		}
	}
}

// TestBadFoldersAreToldApart damages one file of a whole model at a time.
func TestBadFoldersAreToldApart(t *testing.T) {
	for _, c := range []struct{ file, text, code string }{
		{NetworkFile, "", "model.file.missing"},
		{LabelsFile, "", "model.file.missing"},
		{PreprocessFile, "", "model.file.missing"},
		{WeightsFile, "", "model.file.missing"},
		{MeanFile, "", "file.missing"},
		{NetworkFile, `{"format":99}`, "model.network"},
		{NetworkFile, `{"format":`, "model.network"},
		{PreprocessFile, `{"format":99}`, "model.newer"},
		{PreprocessFile, `{"format":`, "model.preprocess.damaged"},
		{PreprocessFile, `{"format":1,"width":-3,"height":2,"channels":1,"mean":"none","scale":1}`, "model.preprocess.size"},
		{PreprocessFile, `{"format":1,"width":99999,"height":99999,"channels":1,"mean":"image","scale":1}`, "model.preprocess.size"},
		{PreprocessFile, `{"format":1,"width":3,"height":2,"channels":2,"mean":"none","scale":1}`, "model.preprocess.size"},
		{PreprocessFile, `{"format":1,"width":3,"height":2,"channels":1,"resize":"squash","mean":"none","scale":0}`, "model.preprocess.scale"},
		{PreprocessFile, `{"format":1,"width":3,"height":2,"channels":1,"resize":"squash","mean":"median","scale":1}`, "model.preprocess.kind"},
		{PreprocessFile, `{"format":1,"width":3,"height":2,"channels":1,"resize":"squash","mean":"pixel","scale":1}`, "model.preprocess.mean"},
		{PreprocessFile, `{"format":1,"width":3,"height":2,"channels":1,"resize":"stretch","mean":"none","scale":1}`, "model.preprocess.resize"},
		{PreprocessFile, `{"format":1,"width":4,"height":2,"channels":1,"resize":"squash","mean":"image","scale":1}`, "model.mean.size"},
		{PreprocessFile, `{"format":1,"width":4,"height":2,"channels":1,"resize":"squash","mean":"none","scale":1}`, "model.fit.input"},
		{LabelsFile, "only one\n", "model.fit.labels"},
		{WeightsFile, "nonsense of more than eight bytes", "model.weights.damaged"},
	} {
		folder := t.TempDir()
		if err := Save(folder, tiny(t, 1, MeanImage)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, c.file)
		err := os.Remove(path)
		if err == nil && c.text != "" {
			err = os.WriteFile(path, []byte(c.text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(folder, ""); fault.Code(err) != c.code {
			t.Errorf("%s %q: want %s, got %v", c.file, c.text, c.code, err)
		}
	}
	folder := t.TempDir()
	if err := Save(folder, tiny(t, 1, MeanNone)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, NetworkFile), []byte(`{"format":99,"name":"x","input":{"channels":1,"height":2,"width":3},"classes":2}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(folder, ""); fault.Code(err) != "model.network" || !strings.Contains(err.Error(), filepath.Join(folder, NetworkFile)) {
		t.Errorf("a newer network: %v", err)
	}
}

func TestLabelsTakeOneLineEach(t *testing.T) {
	m, folder := tiny(t, 1, MeanNone), t.TempDir()
	m.Labels = []string{"two\nlines", "\r"}
	if err := Save(folder, m); err != nil {
		t.Fatal(err)
	}
	got, err := Load(folder, "")
	if err != nil || !slices.Equal(got.Labels, []string{"two lines", " "}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// colours returns a picture of 3×2 pixels whose channels are told apart: red 0…5, green 100…105, blue 200…205.
func colours() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range 6 {
		img.SetNRGBA(i%3, i/3, color.NRGBA{uint8(i), uint8(100 + i), uint8(200 + i), 255})
	}
	return img
}

// TestPreprocessing compares with numbers made by hand: (x − mean)·scale, channel after channel in the order red, green, blue.
func TestPreprocessing(t *testing.T) {
	for _, c := range []struct {
		mean string
		want func(channel, i int) float32
	}{
		{MeanNone, func(ch, i int) float32 { return float32(100*ch+i) * .5 }},
		{MeanImage, func(ch, i int) float32 { return (float32(100*ch+i) - float32(10*(6*ch+i))) * .5 }},
		{MeanPixel, func(ch, i int) float32 { return (float32(100*ch+i) - float32(10*(ch+1))) * .5 }},
	} {
		_, got := tiny(t, 3, c.mean).Pre.Image(colours())
		for k, v := range got {
			if want := c.want(k/6, k%6); v != want {
				t.Errorf("mean %s, channel %d, place %d: %g, want %g", c.mean, k/6, k%6, v, want)
			}
		}
	}
	px, grey := tiny(t, 1, MeanNone).Pre.Image(colours())
	for i, v := range grey {
		luminance := .299*float64(i) + .587*float64(100+i) + .114*float64(200+i)
		if math.Abs(float64(v)/.5-luminance) > 1 || float32(px.Pix[i])*.5 != v {
			t.Errorf("grey at %d: %g, luminance %g", i, v, luminance)
		}
	}
}

// TestPredictorComputesTheModel compares with softmax(W·x + b) by hand, and with what becomes of margins.
func TestPredictorComputesTheModel(t *testing.T) {
	m := tiny(t, 3, MeanPixel)
	_, x := m.Pre.Image(colours())
	var z [2]float64
	for k := range z {
		z[k] = float64(m.Weights["out.bias"].Data()[k])
		for i, v := range x {
			z[k] += float64(m.Weights["out.weight"].Data()[k*len(x)+i]) * float64(v)
		}
	}
	want := 1 / (1 + math.Exp(z[1]-z[0]))
	p, err := m.Open(kernel.NewReference(), 2, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	predictions, err := p.Top(colours(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(predictions) != 2 || predictions[0].Probability < predictions[1].Probability {
		t.Fatalf("predictions %+v", predictions)
	}
	for _, g := range predictions {
		v := want
		if g.Class == 1 {
			v = 1 - want
		}
		if g.Label != m.Labels[g.Class] || math.Abs(float64(g.Probability)-v) > 1e-5 {
			t.Errorf("%+v, want %g", g, v)
		}
	}
	m.Spec.Layers[m.Spec.Layer("loss")].Type = "hinge-loss"
	margins, err := m.Open(kernel.NewReference(), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer margins.Close()
	if predictions, err = margins.Top(colours(), 5); err != nil {
		t.Fatal(err)
	}
	for _, g := range predictions {
		if v := .5 + .5*z[g.Class]/math.Hypot(1, z[g.Class]); math.Abs(float64(g.Probability)-v) > 1e-5 {
			t.Errorf("%+v of margin %g, want %g", g, z[g.Class], v)
		}
	}
	m.Spec.Outputs = []string{"out"}
	scores, err := m.Open(kernel.NewReference(), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer scores.Close()
	if _, err := scores.Top(colours(), 5); fault.Code(err) != "model.output.scores" {
		t.Errorf("scores are passed off as probabilities: %v", err)
	}
	m.Spec.Outputs = nil
	m.Weights["out.bias"] = nn.NewTensor(3)
	if _, err := m.Open(kernel.NewReference(), 2, false); fault.Code(err) != "nn.weights.fit" {
		t.Errorf("weights of another shape: %v", err)
	}
}

func FuzzLoadDescription(f *testing.F) {
	m := tiny(f, 1, MeanImage)
	f.Add(m.Spec.JSON(), m.Pre.json(), []byte("a\nb\n"))
	f.Add([]byte(`{"format":1}`), []byte(`{"format":1,"width":1,"height":1,"channels":3,"resize":"crop","mean":"pixel","mean_pixel":[1,2,3],"scale":1e-9}`), []byte{})
	f.Add([]byte(`{"format":2}`), []byte(`{"format":1e99}`), []byte("\r\n\n"))
	f.Fuzz(func(t *testing.T, network, preprocess, labels []byte) {
		folder := t.TempDir()
		for name, b := range map[string][]byte{NetworkFile: network, PreprocessFile: preprocess, LabelsFile: labels} {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		m, err := LoadDescription(folder)
		if err != nil {
			return
		}
		if err := os.WriteFile(filepath.Join(folder, PreprocessFile), m.Pre.json(), 0o666); err != nil {
			t.Fatal(err)
		}
		again, err := LoadDescription(folder)
		if err != nil || !reflect.DeepEqual(again.Pre.Preprocess, m.Pre.Preprocess) {
			t.Fatalf("written again: %v", err)
		}
	})
}
