package train

import (
	"math"
	"path/filepath"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/task"
)

// finite reports whether all weights are numbers.
func finite(weights map[string]nn.Tensor) bool {
	for _, t := range weights {
		for _, v := range t.Data() {
			if v-v != 0 {
				return false
			}
		}
	}
	return true
}

// unmeasured returns the figures of a task before they are measured.
func unmeasured(t data.Task) metric.Values {
	none := metric.Values{}
	for _, m := range metric.Of(t) {
		none[m.Key] = nan
	}
	return none
}

// inTraining returns the figures of a task that are told of training too.
func inTraining(t data.Task, measured metric.Values) metric.Values {
	told := metric.Values{}
	for _, m := range metric.Of(t) {
		if m.Training {
			told[m.Key] = measured.Get(m.Key)
		}
	}
	return told
}

// validate measures the network on the validation split.
func (r *run) validate() error {
	s := r.place.Sums
	e := Epoch{
		Iteration: r.place.Iteration, Epoch: r.place.Epoch, TrainLoss: s.Loss / float64(s.Samples), Train: inTraining(r.task, r.meter.Values()),
		ValLoss: nan, Val: unmeasured(r.task),
	}
	measured, err := r.measure(&e)
	if err != nil {
		return err
	}
	if measured {
		deciding := metric.Deciding(r.task)
		score := e.Val.Get(deciding.Key)
		best := value(r.place.Best)
		e.Best = r.place.BestEpoch == 0 || deciding.Better(score, best) || score == best && e.ValLoss < r.place.BestLoss
		if math.IsNaN(e.ValLoss) {
			return r.diverged()
		}
	} else {
		e.Best = r.place.Best == nil // nothing tells epochs apart: the last is the best, unless one was measured
	}
	r.place.Sums = sums{}
	r.meter.Reset()
	if e.Best {
		r.place.BestEpoch = e.Epoch
		if measured {
			r.place.Best, r.place.BestLoss = kept(e.Val.Get(metric.Deciding(r.task).Key)), e.ValLoss
		}
		weights, _, err := r.average.kept(r.inst)
		if err != nil {
			return err
		}
		if !finite(weights) {
			return r.diverged()
		}
		if err := model.SaveWeights(filepath.Join(r.Folder, model.WeightsFile), weights, e.Epoch); err != nil {
			return err
		}
	}
	if err := r.tell(e); err != nil {
		return err
	}
	layers, err := r.dead()
	if err != nil || layers == nil {
		return err
	}
	return r.tell(Health{r.place.Iteration, r.place.Epoch, layers})
}

// measure writes into an epoch what the network makes of the validation split, and reports whether that has any place that counts.
func (r *run) measure(e *Epoch) (measured bool, err error) {
	if len(r.val) == 0 {
		return false, nil
	}
	m := measurement{r.inst, r.pre, r.codec, task.NewMeter(r.task, r.Spec.Classes, false)}
	images, loss := 0, nan
	err = r.average.during(r.inst, func() (err error) {
		images, loss, err = m.run(r.ctx, r.Data, r.val, r.Config.Batch, nil, nil)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case images > 0:
		report := m.meter.Report()
		e.ValLoss, e.Val, e.Missed = loss, report.Values, report.Missed
		return true, nil
	case r.toldVoid:
		return false, nil
	}
	r.toldVoid = true
	return false, r.tell(Warning{e.Iteration, e.Epoch, fault.New("train.validation.void",
		"Every pixel of all %v validation images is void, so nothing can be validated, and the last epoch counts as the best. Import the data with validation images that have a class somewhere.", len(r.val))})
}

// snapshot writes the run as it is now.
func (r *run) snapshot() error {
	p := r.place
	p.Seconds, p.Rate, p.Sums.Counts = r.seconds(), r.Config.Rate, r.meter.Counts()
	weights, state, err := r.average.kept(r.inst)
	if err != nil {
		return err
	}
	if !finite(weights) { // the last step ran away, and no later one shows it yet
		return r.diverged()
	}
	path, err := saveSnapshot(r.Folder, weights, state, p)
	if err != nil {
		return err
	}
	if r.place.BestEpoch == 0 { // not validated yet: better these weights than none
		if err := model.SaveWeights(filepath.Join(r.Folder, model.WeightsFile), weights, p.Epoch); err != nil {
			return err
		}
	}
	regular := func(epoch float64) bool {
		return r.dueAt(int(math.Round(epoch*float64(r.perEpoch))), r.Config.SnapshotEvery)
	}
	if err := prune(r.Folder, r.place.BestEpoch, regular); err != nil {
		return err
	}
	return r.tell(Snapshot{r.place.Iteration, r.place.Epoch, path})
}
