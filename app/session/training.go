package session

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// live is the run that is going on. The session's lock guards it.
type live struct {
	run      string
	dataset  string
	config   train.Config
	spec     nn.Spec
	requests chan train.Request

	restore          func() // done when it has ended
	before           string // the run that was chosen before it
	queued           *Waiting
	unread           bool // its curves so far are on the disk alone
	device           string
	onAdapter        bool
	started          bool
	paused, stopping bool
	step             train.Step
	iterations       int
	perEpoch         int
	curve            gathering
	probe            *train.Probe
	since            time.Time // of the first step; time in pauses does not count
	first            int       // its iteration
	held             time.Time // since when it is paused
}

// compose puts the run into a state.
func (l *live) compose(s *State) {
	t := &Training{
		Run: l.run, Dataset: l.dataset, Config: l.config, Spec: l.spec, Device: l.device, OnAdapter: l.onAdapter, Started: l.started, Paused: l.paused, Stopping: l.stopping,
		Iteration: l.step.Iteration, Iterations: l.iterations, IterationsPerEpoch: l.perEpoch, Epoch: l.step.Epoch,
		Loss: l.step.Loss, Rate: l.step.Rate, ImagesPerSecond: l.step.ImagesPerSecond, Probe: l.probe,
	}
	if done := l.step.Iteration - l.first; done > 0 {
		t.Left = time.Duration(float64(l.worked(time.Now())) / float64(done) * float64(l.iterations-l.step.Iteration))
	}
	s.Training = t
	s.Runs = slices.Clone(s.Runs)
	if i := slices.IndexFunc(s.Runs, func(r Run) bool { return r.Name == l.run }); i >= 0 {
		info := &s.Runs[i].Info
		info.State, info.Config, info.Iterations, info.Iteration, info.PerEpoch = train.Running, l.config, l.iterations, l.step.Iteration, l.perEpoch
		if !l.unread {
			info.Epochs = l.curve.epochs[:len(l.curve.epochs):len(l.curve.epochs)]
		}
		for _, e := range info.Epochs {
			if e.Best {
				info.BestEpoch, info.Best = e.Epoch, e.Val.Get(metric.Deciding(info.Task).Key)
			}
		}
	}
	s.Curves = maps.Clone(s.Curves)
	s.Curves[l.run] = l.curve.curve()
}

// worked is how long the run has worked on its steps, without its pauses.
func (l *live) worked(now time.Time) time.Duration {
	if l.paused {
		now = l.held
	}
	return now.Sub(l.since)
}

// observe takes in what a run tells, on the run's goroutine.
func (s *Session) observe(e train.Event) {
	s.mu.Lock()
	l := s.live
	switch e := e.(type) {
	case train.Started:
		l.device = e.Device
		l.started, l.iterations, l.perEpoch = true, e.Iterations, e.IterationsPerEpoch
		l.first, l.since = e.Iteration, time.Now()
		l.step.Iteration = e.Iteration
	case train.Step:
		l.step = e
	case train.RateChanged:
		l.config.Rate = e.Rate
	case train.Probe:
		l.probe = &e
	case train.Paused:
		l.paused, l.held = true, time.Now()
	case train.Resumed:
		l.paused = false
		l.since = l.since.Add(time.Since(l.held))
	}
	l.curve.add(e)
	s.mu.Unlock()
	s.touch()
	if w, ok := e.(train.Warning); ok && w.Fault != nil {
		s.fail(w.Fault)
	}
}

// trainable is what a new run trains and on what: the chosen network and data set, if they can be used.
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

// Train starts a run of the chosen network on the chosen data set and chooses it. It gives the run's name.
func (s *Session) Train(c train.Config) (string, error) {
	state := s.State()
	d, n, err := trainable(state)
	if err != nil {
		return "", err
	}
	if err := gone(*d); err != nil {
		s.drop(d.Name)
		return "", err
	}
	if err := sound(n.Spec, c); err != nil {
		return "", err
	}
	name := s.nextRun()
	return name, s.startRun(&live{run: name, dataset: d.Name, config: c, spec: n.Spec}, train.Job{Folder: s.runFolder(name), Config: c, Spec: n.Spec})
}

// sound says what hinders a network from being trained so.
func sound(spec nn.Spec, c train.Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	if report := nn.Analyze(spec, c.Batch); len(report.Problems) > 0 {
		return report.Problems[0].Fault
	}
	return nil
}

// nextRun is "run N" with the first N after all that were or were given: nobody gets a name twice.
func (s *Session) nextRun() string {
	for {
		s.mu.Lock()
		for _, r := range s.now.Runs {
			n := 0
			if _, err := fmt.Sscanf(r.Name, "run %d", &n); err == nil {
				s.lastRun = max(s.lastRun, n)
			}
		}
		s.lastRun++
		name := fmt.Sprintf("run %d", s.lastRun)
		s.mu.Unlock()
		if _, err := os.Lstat(s.runFolder(name)); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}

// ResumeRun goes on with a run from its newest snapshot. Its data set must still be in the workspace.
func (s *Session) ResumeRun(name string) error { return s.ExtendRun(name, 0) }

// ExtendRun goes on with a run for some epochs more than it was to have.
func (s *Session) ExtendRun(name string, epochs int) error {
	state := s.State()
	r := named(state.Runs, name, func(r *Run) string { return r.Name })
	if r == nil || r.Err != nil {
		return fault.New("session.run.none", "There is no run %s that could go on. Choose another one.", name)
	}
	d := slices.IndexFunc(state.Datasets, func(d Dataset) bool { return d.Path == r.Info.Dataset })
	if d < 0 {
		return fault.New("session.run.dataset", "The data set %s of this run is no longer there. Import it again under the same name.", r.Info.Dataset)
	}
	if err := gone(state.Datasets[d]); err != nil {
		s.drop(state.Datasets[d].Name)
		return err
	}
	l := &live{run: name, dataset: state.Datasets[d].Name, config: r.Info.Config, spec: r.Info.Spec}
	if c := state.Curves[name]; c != nil {
		l.curve = gatheringOf(c)
	} else {
		l.unread = true
	}
	l.config.Epochs += epochs
	return s.startRun(l, train.Job{Folder: r.Folder, Resume: true, Config: r.Info.Config, Epochs: l.config.Epochs})
}

// startRun runs a training in the background, unless one goes on.
func (s *Session) startRun(l *live, job train.Job) error {
	if !job.Resume {
		spec, err := l.config.WithLoss(l.spec)
		if err != nil {
			return err
		}
		l.spec = spec
	}
	l.requests = make(chan train.Request, 16)
	job.Requests = l.requests
	busy := ""
	s.change(func(now *State) {
		if s.live != nil {
			busy = s.live.run
			return
		}
		l.before = now.Run
		s.live, now.Run = l, l.run
		if now.ChosenRun() == nil { // a new one, not one that goes on
			info := train.RunInfo{Folder: job.Folder, Config: l.config, Spec: l.spec, State: train.Running, Best: math.NaN(), Begun: time.Now()}
			if d := named(now.Datasets, l.dataset, func(d *Dataset) string { return d.Name }); d != nil {
				info.Task, info.Labels, info.Dataset = d.Info.Task, d.Info.Classes, d.Path
			}
			now.Runs = withRun(now.Runs, Run{Name: l.run, Folder: job.Folder, Info: info})
		}
	})
	if busy != "" {
		return fault.New("session.training.busy", "The run %s is going on. Wait for its end or stop it first.", busy)
	}
	s.remember()
	s.background(func(ctx context.Context) { s.run(ctx, l, job) })
	return nil
}

// run trains to the end and takes in what became of it.
func (s *Session) run(ctx context.Context, l *live, job train.Job) {
	s.recall(l)
	result, err := s.trainWith(ctx, l, job)
	r := s.readRun(l.run)
	_, missing := os.Stat(r.Folder) // it never came to be
	curve := l.curve.curve()
	s.change(func(now *State) {
		s.live = nil
		if missing == nil {
			now.Runs = withRun(now.Runs, r)
			now.Curves = maps.Clone(now.Curves)
			now.Curves[l.run] = curve
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
	heldBack := err != nil && !l.started && l.queued != nil && l.restore == nil // which tells why
	if !heldBack {
		s.tellEnd(ctx, l, result, err, missing == nil)
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case l.restore != nil: // the user wants to look at that
		l.restore()
	case heldBack:
		s.holdBack(*l.queued, err)
	case result.Reason != train.Stopped && (err == nil || train.HasDiverged(err)): // what else ends a run, a full disk say, would end the next one too
		s.startNext()
	}
}

// tellEnd tells how a run ended: what it was about, if it went wrong, or who stopped it.
func (s *Session) tellEnd(ctx context.Context, l *live, result train.Result, err error, begun bool) {
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

// recall reads the curves that a run which goes on had so far, if the window has not asked for them yet.
func (s *Session) recall(l *live) {
	if !l.unread {
		return
	}
	events, err := train.ReadEvents(s.runFolder(l.run))
	s.fail(err)
	var g gathering
	for _, e := range events {
		g.add(e)
	}
	s.change(func(*State) { l.curve, l.unread = g, false })
}

// trainWith opens what a job needs and runs it.
func (s *Session) trainWith(ctx context.Context, l *live, job train.Job) (result train.Result, err error) {
	if job.Data, err = s.Data(l.dataset); err != nil {
		return result, err
	}
	chosen, err := s.openDevice(job)
	if err != nil {
		return result, err
	}
	job.Device = chosen
	s.change(func(*State) { l.onAdapter = chosen.Kind == device.GPU })
	kernel.GiveWay() // the window comes first
	defer func() { err = errors.Join(err, job.Device.Close()) }()
	return train.Run(ctx, job, s.observe)
}

// trainingOn is the data set of the run that goes on, or "".
func (s *Session) trainingOn() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return ""
	}
	return s.live.dataset
}

// request asks a run for something; if another one goes on by now, or none, it is nothing.
func (s *Session) request(run string, q train.Request, mark func(*live)) {
	s.change(func(*State) {
		if s.live == nil || s.live.run != run {
			return
		}
		select {
		case s.live.requests <- q:
			if mark != nil {
				mark(s.live)
			}
		default: // sixteen requests wait already: the run is busy with a long step, and the next click will do
		}
	})
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
	s.watch.stop() // of an image that is still being read
	s.request(run, train.Watch{Image: img, Layers: layers}, nil)
}
