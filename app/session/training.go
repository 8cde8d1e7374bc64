package session

import (
	"context"
	"errors"
	"image"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// trainable returns what a new run trains and on what: the chosen network and data set, if they can be used.
func trainable(state *State) (*Dataset, *Network, error) {
	d, n := state.ChosenDataset(), state.ChosenNetwork()
	switch {
	case d == nil:
		return nil, nil, fault.New("session.dataset.none", "There is no data set to train on. Import one or take a sample in the Data tab.")
	case d.Err != nil:
		return nil, nil, d.Err
	case n == nil || n.Err != nil:
		return nil, nil, fault.New("session.network.none", "There is no network to train. Choose one in the Network tab.")
	}
	return d, n, nil
}

// sound returns what hinders a network from being trained with a configuration.
func sound(spec nn.Spec, c train.Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	if report := nn.Analyze(spec, c.Batch); len(report.Problems) > 0 {
		return report.Problems[0].Fault
	}
	return nil
}

// noDataset returns the fault of a run whose data set is not in the workspace.
func noDataset(name string) error {
	return fault.New("session.run.dataset", "The data set %s of this run is no longer there. Import it again under the same name.", name)
}

// runNames gives new runs their names; none is given twice.
type runNames struct {
	space workspace.Workspace

	mu   sync.Mutex
	last string
}

// next returns a name that neither a run on the disk nor one of those that are listed has.
func (n *runNames) next(listed []Run) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	given := []string{n.last}
	for _, r := range listed {
		given = append(given, r.Name)
	}
	n.last = n.space.NewRunName(given...)
	return n.last
}

// nextRun returns a name for a new run.
func (s *Session) nextRun() string { return s.names.next(s.State().Runs) }

// Train starts a run of the chosen network on the chosen data set and chooses it. It returns the run's name.
func (s *Session) Train(c train.Config) (string, error) {
	d, n, err := trainable(s.State())
	if err != nil {
		return "", err
	}
	if err := s.checkDataset(*d); err != nil {
		return "", err
	}
	if err := sound(n.Spec, c); err != nil {
		return "", err
	}
	name := s.nextRun()
	return name, s.startNew(name, workspace.QueuedRun{Dataset: d.Name, Spec: n.Spec, Config: c}, nil)
}

// startNew starts a new run. queued is what it was in the queue, nil for one that did not wait.
func (s *Session) startNew(name string, r workspace.QueuedRun, queued *Waiting) error {
	l := &live{run: name, dataset: r.Dataset, config: r.Config, spec: r.Spec, queued: queued}
	return s.start(l, train.Job{Folder: s.space.RunPath(name), Config: r.Config, Spec: r.Spec})
}

// ResumeRun goes on with a run from its newest snapshot. Its data set must still be in the workspace.
func (s *Session) ResumeRun(name string) error { return s.ExtendRun(name, 0) }

// ExtendRun goes on with a run for some epochs more than it was to have.
func (s *Session) ExtendRun(name string, epochs int) error {
	state := s.State()
	r := state.run(name)
	if r == nil || r.Err != nil {
		return fault.New("session.run.none", "There is no run %s that can be resumed. Choose another one.", name)
	}
	d := slices.IndexFunc(state.Datasets, func(d Dataset) bool { return d.Path == r.Info.Dataset })
	if d < 0 {
		return noDataset(r.Info.Dataset)
	}
	if err := s.checkDataset(state.Datasets[d]); err != nil {
		return err
	}
	l := &live{run: name, dataset: state.Datasets[d].Name, config: r.Info.Config, spec: r.Info.Spec}
	if c := state.Curves[name]; c != nil {
		l.curve = gatheringOf(c)
	} else {
		l.unread = true
	}
	l.config.Epochs += epochs
	return s.start(l, train.Job{Folder: r.Folder, Resume: true, Config: r.Info.Config, Epochs: l.config.Epochs})
}

// start runs a training in the background, unless one goes on, and chooses it.
func (s *Session) start(l *live, job train.Job) (err error) {
	if !job.Resume {
		if l.spec, err = l.config.WithLoss(l.spec); err != nil {
			return err
		}
	}
	s.change(func(now *State) {
		l.before = now.Run
		if err = s.training.begin(l); err != nil {
			return
		}
		now.Run = l.run
		if now.ChosenRun() == nil { // a new one, not one that goes on
			now.Runs = withRun(now.Runs, begun(now, l, job.Folder))
		}
	})
	if err != nil {
		return err
	}
	s.remember()
	s.work.run(func(ctx context.Context) { s.train(ctx, l, job) })
	return nil
}

// begun describes a run that has begun, before anything of it is on the disk.
func begun(now *State, l *live, folder string) Run {
	info := train.RunInfo{Folder: folder, Config: l.config, Spec: l.spec, State: train.Running, Best: math.NaN(), Begun: time.Now()}
	if d := now.dataset(l.dataset); d != nil {
		info.Task, info.Labels, info.Dataset = d.Info.Task, d.Info.Classes, d.Path
	}
	return Run{Name: l.run, Folder: folder, Info: info}
}

// train trains a run to its end and takes in what became of it.
func (s *Session) train(ctx context.Context, l *live, job train.Job) {
	result, err := s.training.train(ctx, l, job)
	r := s.space.ReadRun(l.run)
	_, missing := os.Stat(r.Folder) // it never came to be
	s.change(func(now *State) {
		s.training.end()
		if missing == nil {
			now.Runs = withRun(now.Runs, r)
			now.Curves = maps.Clone(now.Curves)
			now.Curves[l.run] = l.curve.curve()
		} else {
			now.Runs = withoutRun(now.Runs, l.run)
			if now.Run == l.run {
				now.Run = l.before
			}
		}
		s.settle(now)
	})
	if missing != nil {
		s.remember()
		s.loadCurve(s.State().Run)
	}
	held := err != nil && !l.started && l.queued != nil && l.afterward == nil // which says why
	if !held {
		s.noticeEnd(ctx, l, result, err, missing == nil)
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case l.afterward != nil: // the user wants to look at that
		l.afterward()
	case held:
		s.holdBack(*l.queued, err)
	case result.Reason != train.Stopped && (err == nil || train.HasDiverged(err)): // what else ends a run, a full disk say, would end the next one too
		s.startNext()
	}
}

// noticeEnd says how a run ended: what it was about, if it went wrong, or who stopped it.
func (s *Session) noticeEnd(ctx context.Context, l *live, result train.Result, err error, begun bool) {
	switch {
	case errors.Is(err, context.Canceled) || err == nil && ctx.Err() != nil:
	case err == nil:
		s.notice(Notice{Key: "notice.run." + result.Reason, Args: []any{l.run}})
	case train.HasDiverged(err): // why, and what can be done, is said beside its curves
		s.notice(Notice{Key: "notice.run.diverged", Args: []any{l.run}})
	case device.Failed(err):
		s.notice(Notice{Err: err, Stays: true, OnCPU: s.onCPU(l, begun)})
	default:
		s.notice(Notice{Err: err, Stays: true})
	}
}

// request passes a request to a run and shows that. If another run goes on by now, or none, it does nothing.
func (s *Session) request(run string, q train.Request, mark func(*live)) {
	s.training.request(run, q, mark)
	s.change(func(*State) {})
}

// Pause holds a run until Continue or Stop.
func (s *Session) Pause(run string) { s.request(run, train.Pause{}, nil) }

// Continue lets a paused run go on.
func (s *Session) Continue(run string) { s.request(run, train.Resume{}, nil) }

// Stop ends a run with a snapshot, from which it can go on.
func (s *Session) Stop(run string) {
	s.request(run, train.Stop{}, func(l *live) { l.stopping = true })
}

// SetRate changes the base learning rate of a run.
func (s *Session) SetRate(run string, rate float64) {
	s.request(run, train.SetRate{Rate: rate}, func(l *live) { l.config.Rate = rate })
}

// Watch asks a run for probes of an image on its way through some layers, or through all where none is named; a nil image ends it.
func (s *Session) Watch(run string, img image.Image, layers ...string) {
	s.watching.stop() // of an image that is still being read
	s.request(run, train.Watch{Image: img, Layers: layers}, nil)
}
