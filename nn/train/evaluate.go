package train

import (
	"context"
	"errors"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

// An Evaluation is how good a model is on a part of a data set. Shares are 0…1.
type Evaluation struct {
	Images    int
	Loss      float64
	Accuracy  float64
	Top5      float64
	PerClass  []float64 // accuracy of each class; not a number where the class has no images
	Confusion [][]int   // rows are the truth, columns the prediction
	Wrong     []uint32  // images that were not recognised
}

// tally sums what was found over images.
type tally struct {
	images, correct, top5 int
	loss                  float64
}

// plainly makes the tensors of images as they are.
func plainly(pre *model.Preprocessor) func(id uint32, px data.Pixels, dst []float32) {
	return func(_ uint32, px data.Pixels, dst []float32) { pre.Tensor(px, dst) }
}

// measure runs images through a network that compares. each, if given, is told the prediction for every image.
func measure(ctx context.Context, inst *nn.Instance, pre *model.Preprocessor, d *data.Dataset, ids []uint32, batch int, each func(id uint32, label, predicted int), observe func(done, total int)) (tally, error) {
	var t tally
	loader := data.NewLoader(ctx, d, ids, batch, pre.Len(), plainly(pre))
	defer loader.Close()
	for {
		b, ok, err := loader.Next()
		if err != nil || !ok {
			return t, err
		}
		result, err := inst.Run(b.Images, b.Labels, kernel.Step{Samples: b.N})
		if err != nil {
			return t, err
		}
		t.images += b.N
		t.correct += result.Correct
		t.top5 += result.Top5
		t.loss += result.Loss * float64(b.N)
		if each != nil {
			out, err := inst.Output(b.N)
			if err != nil {
				return t, err
			}
			classes := len(out) / b.N
			for i, id := range b.IDs[:b.N] {
				each(id, b.Labels[i], highest(out[i*classes:(i+1)*classes]))
			}
		}
		if observe != nil {
			observe(t.images, len(ids))
		}
	}
}

// highest is the index of the first greatest number.
func highest(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// evaluationBatch is how many images an evaluation takes at once.
const evaluationBatch = 100

// Evaluate measures a model on a split of a data set that has the model's image size and classes.
func Evaluate(ctx context.Context, m *model.Model, d *data.Dataset, split data.Split, device kernel.Device, observe func(done, total int)) (e Evaluation, err error) {
	info := d.Info()
	if p := m.Pre; info.Width != p.Width || info.Height != p.Height || info.Channels != p.Channels {
		return e, fault.New("train.eval.input", "The model takes images of %d×%d with %d channels, but those of %s are %d×%d with %d. Import the data set in the model's size.",
			p.Width, p.Height, p.Channels, info.Name, info.Width, info.Height, info.Channels)
	}
	if len(info.Classes) != len(m.Labels) {
		return e, fault.New("train.fit.classes", "The network tells %d classes apart, but %s has %d. Build the network for this data set.", len(m.Labels), info.Name, len(info.Classes))
	}
	var ids []uint32
	for _, entry := range d.Index() {
		if entry.Split == split && entry.Class >= 0 {
			ids = append(ids, entry.ID)
		}
	}
	if len(ids) == 0 {
		return e, fault.New("train.eval.empty", "%s has no images with a class in its %s split. Choose another split.", info.Name, split.String())
	}
	network, err := nn.Compile(m.Spec, nn.Options{Batch: evaluationBatch, Training: true})
	if err != nil {
		return e, err
	}
	inst, err := network.Open(device)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	if err := inst.SetWeights(m.Weights); err != nil {
		return e, err
	}
	e.Confusion = make([][]int, len(m.Labels))
	for i := range e.Confusion {
		e.Confusion[i] = make([]int, len(m.Labels))
	}
	t, err := measure(ctx, inst, m.Pre, d, ids, evaluationBatch, func(id uint32, label, predicted int) {
		e.Confusion[label][predicted]++
		if label != predicted {
			e.Wrong = append(e.Wrong, id)
		}
	}, observe)
	if err != nil {
		return e, err
	}
	n := float64(t.images)
	e.Images, e.Loss, e.Accuracy, e.Top5 = t.images, t.loss/n, float64(t.correct)/n, float64(t.top5)/n
	for c, row := range e.Confusion {
		total := 0
		for _, k := range row {
			total += k
		}
		e.PerClass = append(e.PerClass, float64(row[c])/float64(total)) // 0/0 is not a number
	}
	return e, nil
}
