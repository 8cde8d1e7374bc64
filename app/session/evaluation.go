package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// keptEvaluations is how many evaluations stay in memory: one of a thousand classes takes 8 MB.
const keptEvaluations = 8

// An evaluator measures the best weights of runs on a device, and remembers what it measured last. Its methods may be called from any goroutine, and block.
type evaluator struct {
	device kernel.Device

	mu   sync.Mutex
	kept []keptEvaluation // the oldest first
}

type keptEvaluation struct {
	key    string
	result train.Evaluation
}

// evaluate measures a run on a split of a data set, unless it did so before with the same weights and images.
func (e *evaluator) evaluate(ctx context.Context, run string, d *data.Dataset, split data.Split, observe func(done, total int)) (train.Evaluation, error) {
	key := evaluationKey(run, d, split) // of the weights as they are before they are read: newer ones are measured again
	if result, ok := e.find(key); ok {
		return result, nil
	}
	m, err := model.Load(run, "")
	if err != nil {
		return train.Evaluation{}, err
	}
	result, err := train.Evaluate(ctx, m, d, split, e.device, observe)
	if err == nil {
		e.keep(key, result)
	}
	return result, err
}

// known returns what was measured before with the weights and images as they are now.
func (e *evaluator) known(run string, d *data.Dataset, split data.Split) (train.Evaluation, bool) {
	return e.find(evaluationKey(run, d, split))
}

func (e *evaluator) find(key string) (train.Evaluation, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.kept, func(k keptEvaluation) bool { return k.key == key })
	if i < 0 {
		return train.Evaluation{}, false
	}
	return e.kept[i].result, true
}

func (e *evaluator) keep(key string, result train.Evaluation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = append(slices.Clone(e.kept[max(0, len(e.kept)-keptEvaluations+1):]), keptEvaluation{key, result})
}

// evaluationKey identifies the best weights in the folder of a run and the images that they are measured on, with what is true of them.
func evaluationKey(run string, d *data.Dataset, split data.Split) string {
	version := func(path string) string {
		f, err := os.Stat(path)
		if err != nil {
			return ""
		}
		return fmt.Sprint(f.Size(), " ", f.ModTime().UnixNano())
	}
	weights, truth := filepath.Join(run, model.WeightsFile), filepath.Join(d.Path(), data.DataFile)
	return fmt.Sprintf("%q %s %q %s %d", weights, version(weights), truth, version(truth), split)
}

// An EvaluationRequest is what Evaluate measures: the best weights of a run on a split of a data set.
type EvaluationRequest struct {
	Run     string
	Dataset string // name; "": the one that the run was trained on
	Split   data.Split
}

// Evaluate measures the best weights of a run; done gets the result, progress is posted at most ten times a second. What was measured before with the same weights
// and images is not measured again. A newer Evaluate takes its place.
func (s *Session) Evaluate(q EvaluationRequest, progress func(done, total int), done func(train.Evaluation, error)) {
	state := s.State()
	s.evaluating.do(func(ctx context.Context, post func(func())) func() {
		var e train.Evaluation
		r, d, err := s.evaluated(state, q)
		if err == nil {
			e, err = s.evaluator.evaluate(ctx, r.Folder, d, q.Split, throttle(post, progress))
		}
		return func() { done(e, err) }
	})
}

// CancelEvaluate ends an Evaluate that goes on; its done is not called.
func (s *Session) CancelEvaluate() { s.evaluating.stop() }

// Evaluated looks for the result of an earlier Evaluate with the weights and images as they are now; done gets nil where there is none.
func (s *Session) Evaluated(q EvaluationRequest, done func(*train.Evaluation)) {
	state := s.State()
	s.Do(func(context.Context) func() {
		var found *train.Evaluation
		if r, d, err := s.evaluated(state, q); err == nil {
			if e, ok := s.evaluator.known(r.Folder, d, q.Split); ok {
				found = &e
			}
		}
		return func() { done(found) }
	})
}

// evaluated finds the run and the data set of a request.
func (s *Session) evaluated(state *State, q EvaluationRequest) (*Run, *data.Dataset, error) {
	r := state.run(q.Run)
	if r == nil {
		return nil, nil, fault.New("session.evaluate.run", "The run %s no longer exists. Choose another one.", q.Run)
	}
	if r.Err != nil {
		return nil, nil, r.Err
	}
	if err := hasWeights(r.Folder); err != nil {
		return nil, nil, err
	}
	name := q.Dataset
	if name == "" {
		own := state.DatasetOf(r)
		if own == nil {
			return nil, nil, fault.New("session.evaluate.gone", "The data set %s of this run is no longer there, or cannot be opened. Put it back, or choose another one to evaluate on.", r.Info.Dataset)
		}
		name = own.Name
	}
	d, err := s.Data(name)
	return r, d, err
}
