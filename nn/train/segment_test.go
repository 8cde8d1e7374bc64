package train

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	builtin "github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// scenes are pictures of the sample shapes in which each pixel has a class.
func scenes(t *testing.T, count int) *data.Dataset {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "scenes")
	if _, err := builtin.Import(context.Background(), "shapes", folder, builtin.Options{Task: data.Segmentation, Count: count, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	return set(t, folder)
}

// places is a small network that answers for each pixel of a scene.
func places(d *data.Dataset) nn.Spec {
	info := d.Info()
	conv := func(name, in string, filters, kernel, pad float64) nn.Layer {
		return nn.Layer{Name: name, Type: "convolution", Inputs: []string{in}, Settings: map[string]nn.Value{
			"filters": nn.Num(filters), "kernel": nn.Num(kernel), "pad": nn.Num(pad), "filler": nn.Word("msra"),
		}}
	}
	return nn.Spec{
		Format: nn.Format, Name: "places", Input: nn.Shape{C: info.Channels, H: info.Height, W: info.Width}, Classes: len(info.Classes), Layers: []nn.Layer{
			conv("c1", nn.Data, 6, 3, 1),
			{Name: "r1", Type: "relu", Inputs: []string{"c1"}},
			conv("c2", "r1", 0, 3, 1),
			{Name: "loss", Type: "softmax-loss", Inputs: []string{"c2"}},
		},
	}
}

// segmentation is a short job on scenes.
func segmentation(t *testing.T, count int, c Config) Job {
	t.Helper()
	d := scenes(t, count)
	return Job{Folder: filepath.Join(t.TempDir(), "run"), Config: c, Spec: places(d), Data: d, Device: cpu(t, 2)}
}

func slow(epochs int) Config {
	c := quick(epochs)
	c.Batch, c.Solver, c.Rate, c.Policy, c.Mean, c.Scale = 4, "adam", .01, "fixed", model.MeanPixel, 1./64
	return c
}

// A network learns the class of each pixel; what the run tells of its best epoch is what an evaluation finds, and the model knows what it is for.
func TestSegmentationLearns(t *testing.T) {
	j := segmentation(t, 24, slow(4))
	_, events := must(context.Background(), t, j, nil)
	epochs := of[Epoch](events)
	first, last := epochs[0], epochs[len(epochs)-1]
	if !(last.TrainLoss < first.TrainLoss) || !(last.Train[metric.MeanIoU] > 0) || !(last.Val[metric.PixelAccuracy] > .5) || len(last.Train) != 1 {
		t.Errorf("%+v, then %+v", first, last)
	}
	info, err := ReadRun(j.Folder)
	if err != nil || info.Task != data.Segmentation || !(info.Best > 0) {
		t.Fatalf("%s, %g, %v", info.Task, info.Best, err)
	}
	m, err := model.Load(j.Folder, "best")
	if err != nil || m.Task != data.Segmentation || m.Background != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	e, err := Evaluate(context.Background(), m, j.Data, data.Val, j.Device, nil)
	if err != nil || math.Abs(e.Values[metric.MeanIoU]-info.Best) > 1e-12 {
		t.Fatalf("evaluated to %v, validated to %g; %v", e.Values, info.Best, err)
	}
	var pixels, right int64
	for truth, row := range e.Confusion {
		for predicted, n := range row {
			pixels += n
			if truth == predicted {
				right += n
			}
		}
	}
	whole := int64(len(j.Data.Usable(data.Val)) * j.Spec.Input.H * j.Spec.Input.W)
	if share := float64(right) / float64(pixels); math.Abs(share-e.Values[metric.PixelAccuracy]) > 1e-12 || pixels >= whole || pixels < whole/2 {
		t.Errorf("%d of %d pixels (%d in all) are right, accuracy %g", right, pixels, whole, e.Values[metric.PixelAccuracy])
	}
}

// The loss is that of the places that have a class, by hand: a network that answers the same everywhere.
func TestVoidPlacesCostNothing(t *testing.T) {
	j := segmentation(t, 12, slow(1))
	must(context.Background(), t, j, nil)
	m, err := model.Load(j.Folder, "best")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.Weights {
		clear(w.Data())
	}
	e, err := Evaluate(context.Background(), m, j.Data, data.Val, kernel.NewReference(), nil)
	if want := math.Log(float64(j.Spec.Classes)); err != nil || math.Abs(e.Loss-want) > 1e-5 {
		t.Errorf("zeros cost %g, not %g; %v", e.Loss, want, err)
	}
	if iou := e.Classes[metric.IoU]; !(iou[0] > 0) || iou[1] != 0 {
		t.Errorf("zeros are the first class: %v", iou)
	}
}

// A run that was stopped within an epoch goes on to the same weights and figures.
func TestSegmentationGoesOn(t *testing.T) {
	c := slow(3)
	whole := segmentation(t, 24, c)
	_, all := must(context.Background(), t, whole, nil)
	parts := whole
	parts.Folder = filepath.Join(t.TempDir(), "parts")
	requests := make(chan Request, 1)
	parts.Requests = requests
	must(context.Background(), t, parts, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 7 {
			requests <- Stop{}
		}
	})
	_, rest := must(context.Background(), t, resumed(parts), nil)
	if !same(weights(t, whole.Folder, "last"), weights(t, parts.Folder, "last")) {
		t.Error("the weights differ")
	}
	a, b := of[Epoch](all), of[Epoch](rest)
	if x, y := a[len(a)-1], b[len(b)-1]; x.Train[metric.MeanIoU] != y.Train[metric.MeanIoU] || x.Val[metric.MeanIoU] != y.Val[metric.MeanIoU] {
		t.Errorf("figures %v and %v", x, y)
	}
	if x, y := a[1], b[0]; x.Train[metric.MeanIoU] != y.Train[metric.MeanIoU] || x.TrainLoss != y.TrainLoss { // the epoch that was broken off
		t.Errorf("figures of the epoch in parts: %v and %v", x, y)
	}
}

// What does not fit is said before anything is made.
func TestNetworksFitTheirTask(t *testing.T) {
	seg := segmentation(t, 8, slow(1))
	images := digits(t, 20)
	for code, change := range map[string]func(j *Job){
		"task.fit.vector": func(j *Job) {
			j.Spec.Layers = append(j.Spec.Layers[:2:2], nn.Layer{Name: "ip", Type: "fully-connected", Inputs: []string{"r1"}, Settings: map[string]nn.Value{"outputs": nn.Num(0)}},
				nn.Layer{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip"}})
		},
		"task.fit.size": func(j *Job) { j.Spec.Layers[2] = j.Spec.Layers[2].With("stride", nn.Num(2)) },
		"task.fit.image": func(j *Job) {
			j.Data, j.Config = images, quick(1)
			j.Spec.Input, j.Spec.Classes = nn.Shape{C: 1, H: 28, W: 28}, 10
		},
	} {
		j := seg
		j.Folder = filepath.Join(t.TempDir(), "run")
		j.Spec = seg.Spec.Clone()
		change(&j)
		if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	aux := seg // the network answers for each pixel, but a second loss compares at a quarter of them
	aux.Folder, aux.Spec = filepath.Join(t.TempDir(), "run"), seg.Spec.Clone()
	aux.Spec.Layers = append(aux.Spec.Layers,
		nn.Layer{Name: "coarse", Type: "convolution", Inputs: []string{"r1"}, Settings: map[string]nn.Value{
			"filters": nn.Num(0), "kernel": nn.Num(3), "pad": nn.Num(1), "stride": nn.Num(2),
		}},
		nn.Layer{Name: "loss2", Type: "softmax-loss", Inputs: []string{"coarse"}, Settings: map[string]nn.Value{"weight": nn.Num(.3)}})
	if _, err := Run(context.Background(), aux, func(Event) {}); fault.Code(err) != "task.fit.size" {
		t.Errorf("a loss at other places than the pixels: %v", err)
	}
	other := job(t, images, quick(1))
	must(context.Background(), t, other, nil)
	m, err := model.Load(other.Folder, "best")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(context.Background(), m, seg.Data, data.Val, cpu(t, 1), nil); fault.Code(err) != "train.eval.task" {
		t.Errorf("a classifier is evaluated on scenes: %v", err)
	}
}
