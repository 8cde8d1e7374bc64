package train

import (
	"cmp"
	"maps"
	"strings"

	"github.com/convscope/convscope/nn"
)

// An average is the moving average of the weights over the steps of a run, with which the network is measured and used while it goes on learning
// with its own (Polyak and Juditsky 1992): a ← d·a + (1−d)·w after step n, with d = min(decay, (1+n)/(10+n)), so that the random first
// weights are soon forgotten. The statistics of batch-norm are averaged likewise.
type average struct {
	weights map[string]nn.Tensor // by Parameter.Key; nil before the first step
	room    []float32
}

// add takes in the weights after step n, from 1.
func (a *average) add(inst *nn.Instance, n int, decay float64) (err error) {
	if a.weights == nil {
		a.weights, err = inst.Weights()
		return err
	}
	decay = min(decay, float64(1+n)/float64(10+n))
	for _, p := range inst.Network.Parameters {
		if n := p.Shape.Len(); len(a.room) < n {
			a.room = make([]float32, n)
		}
		w, mean := a.room[:p.Shape.Len()], a.weights[p.Key()].Data()
		if err := inst.Read(p.ID, w); err != nil {
			return err
		}
		for i, v := range w {
			mean[i] += float32(1-decay) * (v - mean[i])
		}
	}
	return nil
}

// used returns the weights with which the network is measured and used as it is now; the caller owns them.
func (a *average) used(inst *nn.Instance) (map[string]nn.Tensor, error) {
	if a.weights == nil {
		return inst.Weights()
	}
	weights := map[string]nn.Tensor{}
	for key, t := range a.weights {
		weights[key] = t.Clone()
	}
	return weights, nil
}

// during does something while the network has the averaged weights, if there are such.
func (a *average) during(inst *nn.Instance, do func() error) error {
	if a.weights == nil {
		return do()
	}
	own, err := inst.Weights()
	if err == nil {
		err = inst.SetWeights(a.weights)
	}
	if err != nil {
		return err
	}
	return cmp.Or(do(), inst.SetWeights(own))
}

// own ends the keys of the weights that go on learning, which a snapshot has beside the solver's memory where its weights are their average.
const own = ".own"

// kept returns what a snapshot keeps: the weights that are used, and what else it takes to go on learning.
func (a *average) kept(inst *nn.Instance) (weights, state map[string]nn.Tensor, err error) {
	if weights, err = inst.Weights(); err != nil {
		return nil, nil, err
	}
	if state, err = inst.State(); err != nil || a.weights == nil {
		return weights, state, err
	}
	for key, t := range weights {
		state[key+own] = t
	}
	return a.weights, state, nil
}

// restore is the way back from kept.
func (a *average) restore(inst *nn.Instance, weights, state map[string]nn.Tensor) error {
	learning := map[string]nn.Tensor{}
	maps.DeleteFunc(state, func(key string, t nn.Tensor) bool {
		of, is := strings.CutSuffix(key, own)
		if is {
			learning[of] = t
		}
		return is
	})
	if err := cmp.Or(inst.SetWeights(weights), inst.SetState(state)); err != nil || len(learning) == 0 {
		return err
	}
	a.weights = weights
	return inst.SetWeights(learning)
}
