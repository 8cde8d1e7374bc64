package train

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/task"
)

// An Evaluation is how good a model is on a part of a data set. Shares are 0…1.
type Evaluation struct {
	metric.Report
	Task   data.Task
	Images int
	Loss   float64
	Scores []ImageScore // in the order of the data set
}

// An ImageScore is how much of an image a model got right.
type ImageScore struct {
	ID    uint32
	Right float64 // share of the places that have a class; of an image with one class 0 or 1. Not a number without any
}

// Wrong lists the images that a model did not get right, the worst first.
func (e Evaluation) Wrong() []ImageScore {
	wrong := slices.DeleteFunc(slices.Clone(e.Scores), func(s ImageScore) bool { return !(s.Right < 1) })
	slices.SortStableFunc(wrong, func(a, b ImageScore) int { return cmp.Compare(a.Right, b.Right) })
	return wrong
}

// A measurement is a network that compares on its way through images.
type measurement struct {
	inst  *nn.Instance
	pre   *model.Preprocessor
	codec *task.Codec
	meter *metric.Places
}

// run sends images through the network. It returns how many of them have a place that counts, and the mean of their losses, which of none is not a number. each, if given,
// is told what it made of every image.
func (m measurement) run(ctx context.Context, d *data.Dataset, ids []uint32, batch int, each func(ImageScore), observe func(done, total int)) (measured int, loss float64, err error) {
	loader := data.NewLoader(ctx, d, ids, batch, sizesOf(m.pre, m.codec), plainly(m.pre, m.codec))
	defer loader.Close()
	images := 0
	for {
		b, ok, err := loader.Next()
		if err != nil || !ok {
			return measured, loss / float64(measured), err
		}
		result, err := m.inst.Run(b.Images, b.Truths, kernel.Step{Samples: b.N})
		if err != nil {
			return 0, 0, err
		}
		output, err := m.inst.Output(0, b.N)
		if err != nil {
			return 0, 0, err
		}
		n, sum := 0, 0.
		m.codec.Measure(m.meter, output, b.Truths, b.N, func(sample, counted, right int) {
			if counted > 0 {
				n, sum = n+1, sum+float64(result.PerSample[sample])
			}
			if each != nil {
				each(ImageScore{b.IDs[sample], float64(right) / float64(counted)})
			}
		})
		if n > 0 {
			loss += sum / float64(n) * float64(n) // as runs have always added: the last bit of their figures depends on it
		}
		measured, images = measured+n, images+b.N
		if observe != nil {
			observe(images, len(ids))
		}
	}
}

// evaluationBatch is how many images an evaluation takes at once, if they are small: of large ones fewer, so that their values keep within evaluationMemory.
const (
	evaluationBatch  = 100
	evaluationMemory = 1 << 30
)

// evaluationBatchOf returns how many images of a network's an evaluation takes at once.
func evaluationBatchOf(spec nn.Spec) int {
	one := max(nn.Analyze(spec, 2).MemoryBytes-nn.Analyze(spec, 1).MemoryBytes, 1) // without the weights
	return int(min(max(evaluationMemory/one, 1), evaluationBatch))
}

// fitsModel is the fault of a data set that a model cannot be measured on.
func fitsModel(m *model.Model, info data.Info) error {
	if m.Task != "" && m.Task != info.Task {
		return fault.New("train.eval.task", "The model was trained for %s, but %s is a data set for %s. Choose another data set.", string(m.Task), info.Name, string(info.Task))
	}
	if p := m.Pre; info.SameSize() && (info.Width != p.Width || info.Height != p.Height) || info.Channels != p.Channels {
		return fault.New("train.eval.input", "The model takes images of %d×%d with %d channels, but those of %s are %d×%d with %d. Import the data set in the model's size.",
			p.Width, p.Height, p.Channels, info.Name, info.Width, info.Height, info.Channels)
	}
	if len(info.Classes) != len(m.Labels) {
		return fault.New("train.fit.classes", "The network distinguishes %d classes, but %s has %d. Build the network for this data set.", len(m.Labels), info.Name, len(info.Classes))
	}
	return nil
}

// sameClasses is the fault of a data set with other classes than a model's, or in another order. Those of the data set that a run was trained on may have got other
// names since: a class keeps its number. A name that another class has there now is no new name, though: the numbers mean other things.
func sameClasses(m *model.Model, d *data.Dataset) error {
	info := d.Info()
	for c, name := range m.Labels {
		if is := disk.OneLine(info.Classes[c]); is != name && (moved(name, c, info.Classes) || !trainedOn(m.Path, d.Path())) {
			return fault.New("train.eval.classes", "Class %v of %s is %s, but %s was trained to call it %s. Choose a data set with the same classes in the same order.",
				c+1, info.Name, is, filepath.Base(m.Path), name)
		}
	}
	return nil
}

// moved reports whether the class that a model calls name, by number c, has another number in a data set.
func moved(name string, c int, classes []string) bool {
	there := slices.IndexFunc(classes, func(is string) bool { return disk.OneLine(is) == name })
	return there >= 0 && there != c
}

// trainedOn reports whether a model is a run that was trained on the data set in a folder.
func trainedOn(run, folder string) bool {
	file, err := readRunFile(run)
	if err != nil {
		return false
	}
	a, errA := os.Stat(file.Dataset)
	b, errB := os.Stat(folder)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// Evaluate measures a model on a split of a data set that has the model's classes and image size; images whose sizes differ are fitted to it.
func Evaluate(ctx context.Context, m *model.Model, d *data.Dataset, split data.Split, device kernel.Device, observe func(done, total int)) (e Evaluation, err error) {
	info := d.Info()
	if err := fitsModel(m, info); err != nil {
		return e, err
	}
	if err := sameClasses(m, d); err != nil {
		return e, err
	}
	ids := d.Usable(split)
	if len(ids) == 0 {
		return e, fault.New("train.eval.empty", "%s has no images with a class in its %s split. Choose another split.", info.Name, split.String())
	}
	batch := evaluationBatchOf(m.Spec)
	network, err := nn.Compile(m.Spec, nn.Options{Batch: batch, Training: true})
	if err != nil {
		return e, err
	}
	codec, err := task.NewCodec(d, network)
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
	e.Task, e.Images = info.Task, len(ids)
	meter := task.NewMeter(info.Task, len(m.Labels), true)
	measured, loss, err := measurement{inst, m.Pre, codec, meter}.run(ctx, d, ids, batch, func(s ImageScore) { e.Scores = append(e.Scores, s) }, observe)
	if err == nil && measured == 0 {
		err = fault.New("train.eval.void", "Every pixel of the %s split of %s is void, so there is nothing to measure. Choose another split.", split.String(), info.Name)
	}
	e.Loss, e.Report = loss, meter.Report()
	return e, err
}
