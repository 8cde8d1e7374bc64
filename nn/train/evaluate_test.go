package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// constant returns a model of the digits that answers the same for every image: the scores are its biases.
func constant(t *testing.T, scores []float32) *model.Model {
	t.Helper()
	pre, err := model.NewPreprocessor(model.Preprocess{Width: 28, Height: 28, Channels: 1, Resize: data.Squash, Mean: model.MeanNone, Scale: 1. / 256}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &model.Model{
		Spec: nn.Spec{Format: nn.Format, Name: "constant", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10, Layers: []nn.Layer{
			{Name: "out", Type: "fully-connected", Inputs: []string{nn.Data}},
			{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}},
		}},
		Labels: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, Pre: pre,
		Weights: map[string]nn.Tensor{"out.weight": nn.NewTensor(10, 784), "out.bias": nn.TensorOf(scores, 10)},
	}
}

// TestEvaluationCountsByHand evaluates a model whose answers are known: always class 3, then 1, 4, 5, 9.
func TestEvaluationCountsByHand(t *testing.T) {
	d := digits(t, 250)
	scores := []float32{0, 5, 0, 6, 4, 3, 0, 0, 0, 2}
	split := data.Val
	var perClass [10]int64
	var wrong []ImageScore
	for _, e := range d.Index() {
		if e.Split == split {
			perClass[e.Class]++
			if e.Class != 3 {
				wrong = append(wrong, ImageScore{e.ID, 0})
			}
		}
	}
	images, sum, loss := int64(0), 0.0, 0.0
	for _, s := range scores {
		sum += math.Exp(float64(s))
	}
	for c, n := range perClass {
		images += n
		loss += float64(n) * (math.Log(sum) - float64(scores[c]))
	}
	last := 0
	e, err := Evaluate(context.Background(), constant(t, scores), d, split, cpu(t, 1), func(done, total int) {
		if done <= last || total != int(images) {
			t.Errorf("told %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Images != int(images) || last != int(images) || !slices.Equal(e.Wrong(), wrong) {
		t.Errorf("%d images, %d told, %d wrong; want %d and %d", e.Images, last, len(e.Wrong()), images, len(wrong))
	}
	n := float64(images)
	top5 := perClass[3] + perClass[1] + perClass[4] + perClass[5] + perClass[9]
	for name, v := range map[string][2]float64{
		"accuracy": {e.Values[metric.Accuracy], float64(perClass[3]) / n}, "top5": {e.Values[metric.Top5], float64(top5) / n}, "loss": {e.Loss, loss / n},
	} {
		if math.Abs(v[0]-v[1]) > 1e-5 {
			t.Errorf("%s %g, want %g", name, v[0], v[1])
		}
	}
	for c, row := range e.Confusion {
		want := make([]int64, 10)
		want[3] = perClass[c]
		if !slices.Equal(row, want) {
			t.Errorf("confusion of %d: %v, want %v", c, row, want)
		}
		share := map[bool]float64{true: 1, false: 0}[c == 3]
		if perClass[c] > 0 && e.Classes[metric.Accuracy][c] != share {
			t.Errorf("accuracy of class %d: %g", c, e.Classes[metric.Accuracy][c])
		}
	}
}

func TestClassWithoutImagesHasNoAccuracy(t *testing.T) {
	d := digits(t, 60)
	if err := d.Edit(func(e *data.Edit) error {
		for _, entry := range d.Index() {
			if entry.Class == 7 {
				if err := e.SetSplit(entry.ID, data.Train); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(context.Background(), constant(t, make([]float32, 10)), d, data.Val, cpu(t, 1), nil)
	if err != nil || !math.IsNaN(e.Classes[metric.Accuracy][7]) {
		t.Errorf("class without images: %v, %v", e.Classes, err)
	}
}

// TestEvaluationAgreesWithTraining holds that a saved model, opened for use, does what the run's own validation found.
func TestEvaluationAgreesWithTraining(t *testing.T) {
	for _, mean := range []string{model.MeanNone, model.MeanPixel, model.MeanImage} {
		j := job(t, digits(t, 120), quick(2))
		j.Config.Mean = mean
		j.Spec = small(true)
		_, events := must(context.Background(), t, j, nil)
		epochs := of[Epoch](events)
		last := epochs[len(epochs)-1]
		m, err := model.Load(j.Folder, "last")
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(context.Background(), m, j.Data, data.Val, j.Device, nil)
		if err != nil || e.Values[metric.Accuracy] != last.Val[metric.Accuracy] || math.Abs(e.Loss-last.ValLoss) > 1e-6 {
			t.Errorf("mean %s: evaluation %g, %g; validation %g, %g; %v", mean, e.Values[metric.Accuracy], e.Loss, last.Val[metric.Accuracy], last.ValLoss, err)
		}
		p, err := m.Open(kernel.NewReference(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		var wrong []ImageScore
		for _, entry := range j.Data.Index() {
			if entry.Split != data.Val {
				continue
			}
			px, err := j.Data.Pixels(entry.ID)
			if err != nil {
				t.Fatal(err)
			}
			predictions, err := p.Top(px.Image(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if predictions[0].Class != int(entry.Class) {
				wrong = append(wrong, ImageScore{entry.ID, 0})
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if !slices.Equal(wrong, e.Wrong()) {
			t.Errorf("mean %s: the predictor errs on %v, the evaluation on %v", mean, wrong, e.Wrong())
		}
	}
}

func TestEvaluationThatCannotWork(t *testing.T) {
	d := digits(t, 40)
	for code, c := range map[string]struct {
		change func(*model.Model)
		split  data.Split
	}{
		"train.eval.input":  {func(m *model.Model) { m.Pre.Width = 32 }, data.Val},
		"train.fit.classes": {func(m *model.Model) { m.Labels = m.Labels[:9] }, data.Val},
		"train.eval.empty":  {func(*model.Model) {}, data.Test},
		"nn.weights.fit":    {func(m *model.Model) { delete(m.Weights, "out.bias") }, data.Val},
	} {
		m := constant(t, make([]float32, 10))
		c.change(m)
		if _, err := Evaluate(context.Background(), m, d, c.split, cpu(t, 1), nil); fault.Code(err) != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	wide := constant(t, make([]float32, 10))
	wide.Spec.Layers[0] = wide.Spec.Layers[0].With("outputs", nn.Num(12))
	wide.Weights = map[string]nn.Tensor{"out.weight": nn.NewTensor(12, 784), "out.bias": nn.TensorOf([]float32{11: 1}, 12)}
	if _, err := Evaluate(context.Background(), wide, d, data.Val, cpu(t, 1), nil); fault.Code(err) == "" {
		t.Errorf("more outputs than classes: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Evaluate(ctx, constant(t, make([]float32, 10)), d, data.Val, cpu(t, 1), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A model is not measured on classes that it knows by other numbers, but on those of its own data set whatever they are called by now.
func TestEvaluationOnOtherClasses(t *testing.T) {
	d := digits(t, 60)
	m := constant(t, make([]float32, 10))
	m.Labels = slices.Clone(m.Labels)
	slices.Reverse(m.Labels)
	if _, err := Evaluate(context.Background(), m, d, data.Val, cpu(t, 1), nil); fault.Code(err) != "train.eval.classes" {
		t.Errorf("classes in another order: %v", err)
	}
	j := job(t, d, quick(1))
	must(context.Background(), t, j, nil)
	if err := d.Edit(func(e *data.Edit) error { return e.RenameClass(3, "three") }); err != nil {
		t.Fatal(err)
	}
	own, err := model.Load(j.Folder, "best")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(context.Background(), own, d, data.Val, j.Device, nil); err != nil {
		t.Errorf("a class with another name: %v", err)
	}
	edit(t, d, func(e *data.Edit) error { return e.RenameClass(4, "3") })
	if _, err := Evaluate(context.Background(), own, d, data.Val, j.Device, nil); fault.Code(err) != "train.eval.classes" {
		t.Errorf("a class in another's place: %v", err)
	}
}
