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
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// keptEvaluations is how many evaluations stay in memory: one of a thousand classes takes 8 MB.
const keptEvaluations = 8

// evaluations are the results of Evaluate that need not be measured again, the oldest first.
type evaluations struct {
	mu   sync.Mutex
	kept []keptEvaluation
}

type keptEvaluation struct {
	key    string
	result train.Evaluation
}

func (e *evaluations) find(key string) (train.Evaluation, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.kept, func(k keptEvaluation) bool { return k.key == key })
	if i < 0 {
		return train.Evaluation{}, false
	}
	return e.kept[i].result, true
}

func (e *evaluations) keep(key string, result train.Evaluation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = append(slices.Clone(e.kept[max(0, len(e.kept)-keptEvaluations+1):]), keptEvaluation{key, result})
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
	s.evaluate.do(func(ctx context.Context, post func(func())) func() {
		e, err := s.measure(ctx, state, q, throttle(post, progress))
		return func() { done(e, err) }
	})
}

// CancelEvaluate ends an Evaluate that goes on; its done is not called.
func (s *Session) CancelEvaluate() { s.evaluate.stop() }

// Evaluated looks for the result of an earlier Evaluate with the weights and images as they are now; done gets nil where there is none.
func (s *Session) Evaluated(q EvaluationRequest, done func(*train.Evaluation)) {
	state := s.State()
	s.Do(func(context.Context) func() {
		var found *train.Evaluation
		if r, d, err := s.measured(state, q); err == nil {
			if e, ok := s.evaluated.find(evaluationKey(r, d, q.Split)); ok {
				found = &e
			}
		}
		return func() { done(found) }
	})
}

// measure does what Evaluate asks for.
func (s *Session) measure(ctx context.Context, state *State, q EvaluationRequest, observe func(done, total int)) (train.Evaluation, error) {
	r, d, err := s.measured(state, q)
	if err != nil {
		return train.Evaluation{}, err
	}
	key := evaluationKey(r, d, q.Split) // of the weights as they are before they are read: newer ones are measured anew
	if e, ok := s.evaluated.find(key); ok {
		return e, nil
	}
	m, err := model.Load(r.Folder, "")
	if err != nil {
		return train.Evaluation{}, err
	}
	e, err := train.Evaluate(ctx, m, d, q.Split, s.device, observe)
	if err == nil {
		s.evaluated.keep(key, e)
	}
	return e, err
}

// measured finds the run and the data set of a request.
func (s *Session) measured(state *State, q EvaluationRequest) (*Run, *data.Dataset, error) {
	r := named(state.Runs, q.Run, func(r *Run) string { return r.Name })
	if r == nil {
		return nil, nil, fault.New("session.evaluate.run", "There is no run %s any more. Choose another one.", q.Run)
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

// evaluationKey identifies weights and the images that they are measured on, with what is true of them.
func evaluationKey(r *Run, d *data.Dataset, split data.Split) string {
	version := func(path string) string {
		f, err := os.Stat(path)
		if err != nil {
			return ""
		}
		return fmt.Sprint(f.Size(), " ", f.ModTime().UnixNano())
	}
	weights, truth := filepath.Join(r.Folder, model.WeightsFile), filepath.Join(d.Path(), data.DataFile)
	return fmt.Sprintf("%q %s %q %s %d", weights, version(weights), truth, version(truth), split)
}
