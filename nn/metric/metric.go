// Package metric judges answers: a table of figures for each task, and the meters that measure them. Plots, tables of runs, files and `cnn` follow from
// the rows; none of them knows a metric by name.
package metric

import (
	"cmp"
	"math"

	"github.com/convscope/convscope/nn/data"
)

// A Format says how a figure is written.
type Format uint8

// The formats.
const (
	Share  Format = iota // 0…1, written in percent
	Number               // written as it is
)

// A Metric is a row: a figure by which networks are judged. Its name in the window is the text "metric.KEY".
type Metric struct {
	Key      string // in events, files and tables, after "train_" or "val_"
	Name     string // where there is English alone
	Format   Format
	Lower    bool // less is better
	Training bool // measured over the steps of training too, and drawn beside the loss
	Listed   bool // in the table of runs
}

// Better reports whether a is better than b. A figure that is not a number is never better, and always worse.
func (m Metric) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return !math.IsNaN(a)
	case m.Lower:
		return a < b
	}
	return a > b
}

// table is the rows of a task: those of the whole, of which the first decides which epoch is the best, and those of each class.
type table struct {
	whole, classes []Metric
}

var tables = map[data.Task]table{
	data.Classification: {
		whole:   []Metric{{Key: Accuracy, Name: "accuracy", Training: true, Listed: true}, {Key: Top5, Name: "top-5 accuracy"}},
		classes: []Metric{{Key: Accuracy, Name: "accuracy"}},
	},
	data.Segmentation: {
		whole: []Metric{
			{Key: MeanIoU, Name: "mean IoU", Training: true, Listed: true},
			{Key: PixelAccuracy, Name: "pixel accuracy", Listed: true},
			{Key: MeanDice, Name: "mean Dice", Listed: true},
		},
		classes: []Metric{{Key: IoU, Name: "IoU"}, {Key: Dice, Name: "Dice"}},
	},
}

// Of lists the figures of a task, the first of which decides which epoch of a run is the best.
func Of(task data.Task) []Metric { return tables[cmp.Or(task, data.Classification)].whole }

// OfClasses lists the figures that a task has for each class.
func OfClasses(task data.Task) []Metric { return tables[cmp.Or(task, data.Classification)].classes }

// Deciding returns the figure of a task that decides which epoch is the best; none of a task that this version does not know.
func Deciding(task data.Task) Metric {
	if list := Of(task); len(list) > 0 {
		return list[0]
	}
	return Metric{}
}

// Named finds a figure of any task by its key.
func Named(key string) (Metric, bool) {
	for _, t := range tables {
		for _, m := range append(t.whole, t.classes...) {
			if m.Key == key {
				return m, true
			}
		}
	}
	return Metric{}, false
}

// Values are figures by the keys of their rows. What was not measured is not there.
type Values map[string]float64

// Get returns a figure, not a number where it was not measured.
func (v Values) Get(key string) float64 {
	if x, ok := v[key]; ok {
		return x
	}
	return math.NaN()
}

// A Report is what a meter measured.
type Report struct {
	Values    Values
	Classes   map[string][]float64 // figures of each class by key; not a number where a class does not occur
	Confusion [][]int64            // places (images, where each has one class) by true class, then by predicted class; nil if it was not asked for
	Missed    []int                // classes that occur in the truth and were never predicted where they are
}
