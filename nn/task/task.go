// Package task is what depends on what is to be learned: whether a network's answers fit, how the truth of a record becomes what losses compare with, and how
// answers are measured. A task is a row; training, evaluation, `cnn` and the window ask the row.
package task

import (
	"context"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
)

// A row is a task.
type row struct {
	// places returns the H×W places for which a network that sees so many pixels must answer.
	places func(sees nn.Shape) (h, w int)
	// misfit is the fault of a network whose output does not answer for them.
	misfit func(network string, out, sees nn.Shape) *fault.Fault
	// classes returns the class of each place of what a network sees of a record.
	classes func(c *Codec, e data.Entry, w, h int, see See) (func(place int) int, error)
	// tally adds what a record has of each class to counts.
	tally func(d *data.Dataset, e data.Entry, counts []int64) error
	// eachPlace reports whether every loss must compare at those places; otherwise what is true holds at all places of any size.
	eachPlace bool
	// one reports whether training on records of one class alone teaches nothing.
	one bool
}

var rows = map[data.Task]row{
	data.Classification: {
		places: func(nn.Shape) (int, int) { return 1, 1 },
		misfit: notOneAnswer,
		classes: func(_ *Codec, e data.Entry, _, _ int, _ See) (func(int) int, error) {
			return func(int) int { return int(e.Class) }, nil
		},
		tally: func(_ *data.Dataset, e data.Entry, counts []int64) error {
			if c := int(e.Class); c >= 0 && c < len(counts) {
				counts[c]++
			}
			return nil
		},
		one: true,
	},
	data.Segmentation: {
		places:    func(sees nn.Shape) (int, int) { return sees.H, sees.W },
		misfit:    notEachPixel,
		classes:   (*Codec).classMap,
		tally:     tallyPixels,
		eachPlace: true,
	},
}

func of(t data.Task) (row, error) {
	r, ok := rows[t]
	if !ok {
		return row{}, fault.New("task.unknown", "No network can be trained for the task %s yet. Choose a data set for classification or segmentation.", string(t))
	}
	return r, nil
}

func notOneAnswer(network string, out, _ nn.Shape) *fault.Fault {
	return fault.New("task.fit.image",
		"The network %s predicts a class at each of %d×%d positions, but the data set has one class for a whole image. Choose a network for classification, or end it with a fully connected layer or global pooling.",
		network, out.W, out.H)
}

func notEachPixel(network string, out, sees nn.Shape) *fault.Fault {
	if out.H == 1 && out.W == 1 {
		return fault.New("task.fit.vector",
			"The network %s makes one prediction for the whole image, but the data set has a class for each pixel. Choose a network for segmentation, such as u-net or fcn.", network)
	}
	return fault.New("task.fit.size",
		"The network %s predicts at %d×%d positions for images of %d×%d pixels. Add upsampling or a deconvolution, so that each pixel gets a prediction.",
		network, out.W, out.H, sees.W, sees.H)
}

// Fits tells, before anything is prepared, whether a network can be trained on data of a task: nil, or a fault that says what to do.
func Fits(t data.Task, network *nn.Network) error {
	r, err := of(t)
	if err != nil {
		return err
	}
	if outputs := network.Outputs(); len(outputs) > 1 {
		return fault.New("task.fit.outputs", "The network %s has %d outputs, but the task needs only one. Name one output, or none, in the network's file.", network.Spec.Name, len(outputs))
	}
	if o := network.Outputs()[0]; !o.Kind.Loss {
		return fault.New("task.fit.loss", "The output of the network %s is the layer %s, which is not a loss, so its predictions cannot be compared with the truth. Name a loss as the output, or none.", network.Spec.Name, o.Layer)
	}
	out, sees := network.Outputs()[0].Shape, network.Spec.Input
	h, w := r.places(sees)
	if out.H != h || out.W != w {
		return r.misfit(network.Spec.Name, out, sees)
	}
	for _, t := range network.Truths() { // of auxiliary losses too
		if r.eachPlace && (t.Shape.H != h || t.Shape.W != w) {
			return r.misfit(network.Spec.Name, t.Shape, sees)
		}
	}
	return nil
}

// NeedsSeveralClasses reports whether training images of one class alone teach a network nothing.
func NeedsSeveralClasses(t data.Task) bool { return rows[t].one }

// NewMeter makes a meter of the task's figures for so many classes.
func NewMeter(t data.Task, classes int, confusion bool) *metric.Places {
	return metric.NewPlaces(t, classes, confusion)
}

// Count returns how often each class of a data set occurs in records: how many images have it as their class, or how many pixels. Void counts nowhere. observe is told
// after each record how many are done.
func Count(ctx context.Context, d *data.Dataset, ids []uint32, observe func(done int)) ([]int64, error) {
	info := d.Info()
	r, err := of(info.Task)
	if err != nil {
		return nil, err
	}
	counts, index := make([]int64, len(info.Classes)), d.Index()
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.tally(d, index[id], counts); err != nil {
			return nil, err
		}
		observe(i + 1)
	}
	return counts, nil
}

func tallyPixels(d *data.Dataset, e data.Entry, counts []int64) error {
	record, err := d.Record(e.ID)
	if err != nil {
		return err
	}
	_, err = record.CountPixels(d.Info().Background, counts, nil)
	return err
}
