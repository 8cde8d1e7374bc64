package train

import (
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/convscope/convscope/nn/task"
)

// The ways of weighing classes: values of Config.ClassWeights.
const (
	NoClassWeights       = "none"
	BalancedClassWeights = "balanced" // by how rare they are
)

// classWeightings lists the ways of weighing classes.
func classWeightings() []string { return []string{NoClassWeights, BalancedClassWeights} }

// balanced weighs classes by how often each occurs: 1/ln(1.02 + share) (Paszke et al. 2016, ENet, section 5.2), at most fifty times that of a class that is
// everywhere. They are scaled so that the mean over all that was counted is 1: then the loss, and with it what a learning rate does, is as large as without weights.
// A class that never occurs, of which nothing is learned, has 1.
func balanced(counts []int64) []float32 {
	total, sum := 0., 0.
	for _, n := range counts {
		total += float64(n)
	}
	weight := func(n int64) float64 { return 1 / math.Log(1.02+float64(n)/total) }
	for _, n := range counts {
		if n > 0 {
			sum += float64(n) / total * weight(n)
		}
	}
	weights := make([]float32, len(counts))
	for c, n := range counts {
		weights[c] = 1
		if n > 0 {
			weights[c] = float32(weight(n) / sum)
		}
	}
	return weights
}

// weigh finds the weights of the classes of a new run, by the truth of its training images; a run that goes on has its own, whatever became of its data. None is nil.
func (r *run) weigh(before RunInfo) error {
	switch {
	case r.Config.ClassWeights != BalancedClassWeights:
		return nil
	case r.Resume:
		if len(before.classWeights) != r.Spec.Classes {
			return damagedRun(filepath.Join(r.Folder, RunFile))
		}
		r.weights = before.classWeights
		return nil
	}
	told := time.Now()
	counts, err := task.Count(r.ctx, r.Data, r.train, func(done int) {
		const often = 200 * time.Millisecond
		if now := time.Now(); now.Sub(told) >= often {
			told = now
			r.observe(Counting{done, len(r.train)})
		}
	})
	r.weights = balanced(counts)
	return err
}

// possibleClassWeights reports whether weights that were read from a file are ones that a loss takes, or none where classes are not weighed.
func possibleClassWeights(kind string, weights []float32) bool {
	if kind != BalancedClassWeights {
		return weights == nil
	}
	return len(weights) > 0 && slices.Max(weights) > 0 && slices.Min(weights) >= 0 // JSON has only finite numbers
}
