package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// A trainer trains one run at a time: it opens what the run needs, takes in its events, passes requests on, and shows how far it is.
type trainer struct {
	open    func(dataset string) (*data.Dataset, error)
	device  func(train.Job) (device.Choice, error) // makes one ready, which the run closes
	changed func()                                 // is called when there is something new to show
	fail    func(error)                            // reports an error, if there is one, that does not end the run

	mu   sync.Mutex // guards what follows, and what it points to
	live *live
}

// live is the run that goes on.
type live struct {
	run      string
	dataset  string
	config   train.Config
	spec     nn.Spec
	requests chan train.Request

	before    string   // the run that was chosen before it
	queued    *Waiting // what it was in the queue, nil for one that did not wait
	afterward func()   // is called when it has ended, in place of starting the next one

	unread           bool // its curves so far are on the disk alone
	device           string
	onAdapter        bool
	counting         train.Counting
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

// maxRequests is how many requests wait for the end of a step.
const maxRequests = 16

// begin takes up a run, unless one goes on.
func (t *trainer) begin(l *live) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live != nil {
		return fault.New("session.training.busy", "The run %s is in progress. Wait for it to finish, or stop it first.", t.live.run)
	}
	l.requests = make(chan train.Request, maxRequests)
	t.live = l
	return nil
}

// train works on a run that has begun, to its end.
func (t *trainer) train(ctx context.Context, l *live, job train.Job) (result train.Result, err error) {
	t.recall(l, job.Folder)
	if job.Data, err = t.open(l.dataset); err != nil {
		return result, err
	}
	chosen, err := t.device(job)
	if err != nil {
		return result, err
	}
	t.set(func() { l.onAdapter = chosen.Kind == device.GPU })
	kernel.GiveWay() // the window comes first
	job.Device, job.Requests = chosen, l.requests
	defer func() { err = errors.Join(err, job.Device.Close()) }()
	return train.Run(ctx, job, t.observe)
}

// end lets another run begin.
func (t *trainer) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live = nil
}

// recall reads the curves that a run which goes on had so far, if the window has not asked for them yet.
func (t *trainer) recall(l *live, folder string) {
	if !l.unread {
		return
	}
	curve, err := readCurve(folder)
	t.fail(err)
	t.set(func() { l.curve, l.unread = curve, false })
}

// set changes the run that goes on.
func (t *trainer) set(f func()) {
	t.mu.Lock()
	f()
	t.mu.Unlock()
	t.changed()
}

// observe takes in an event, on the run's goroutine.
func (t *trainer) observe(e train.Event) {
	t.set(func() { t.live.add(e) })
	if w, ok := e.(train.Warning); ok && w.Fault != nil {
		t.fail(w.Fault)
	}
}

// add takes in an event.
func (l *live) add(e train.Event) {
	switch e := e.(type) {
	case train.Started:
		l.device = e.Device
		l.started, l.iterations, l.perEpoch = true, e.Iterations, e.IterationsPerEpoch
		l.first, l.since = e.Iteration, time.Now()
		l.step.Iteration = e.Iteration
	case train.Counting:
		l.counting = e
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
}

// request passes a request to a run, which serves it between two steps; mark, which may be nil, notes that. If another run goes on by now, or none, it does nothing.
func (t *trainer) request(run string, q train.Request, mark func(*live)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil || t.live.run != run {
		return
	}
	select {
	case t.live.requests <- q:
		if mark != nil {
			mark(t.live)
		}
	default: // so many requests wait already: the run is busy with a long step, and the next click will do
	}
}

// afterEnd lets f be called when a run has ended, in place of the start of the next one. It reports whether the run goes on.
func (t *trainer) afterEnd(run string, f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil || t.live.run != run {
		return false
	}
	t.live.afterward = f
	return true
}

// run returns the name of the run that goes on, or "".
func (t *trainer) run() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil {
		return ""
	}
	return t.live.run
}

// dataset returns the name of the data set that the run that goes on is trained on, or "".
func (t *trainer) dataset() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live == nil {
		return ""
	}
	return t.live.dataset
}

// compose puts the run that goes on into a state.
func (t *trainer) compose(s *State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live != nil {
		t.live.compose(s)
	}
}

// compose puts the run into a state.
func (l *live) compose(s *State) {
	t := &Training{
		Run: l.run, Dataset: l.dataset, Config: l.config, Spec: l.spec, Device: l.device, OnAdapter: l.onAdapter, Counting: l.counting, Started: l.started, Paused: l.paused, Stopping: l.stopping,
		Iteration: l.step.Iteration, Iterations: l.iterations, IterationsPerEpoch: l.perEpoch, Epoch: l.step.Epoch,
		Loss: l.step.Loss, Rate: l.step.Rate, ImagesPerSecond: l.step.ImagesPerSecond, Probe: l.probe,
	}
	if done := l.step.Iteration - l.first; done > 0 {
		t.Left = time.Duration(float64(l.worked(time.Now())) / float64(done) * float64(l.iterations-l.step.Iteration))
	}
	s.Training = t
	s.Runs = slices.Clone(s.Runs)
	if r := s.run(l.run); r != nil {
		l.describe(&r.Info)
	}
	s.Curves = maps.Clone(s.Curves)
	s.Curves[l.run] = l.curve.curve()
}

// describe brings what is known of the run up to date.
func (l *live) describe(info *train.RunInfo) {
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

// worked returns how long the run has worked on its steps, without its pauses.
func (l *live) worked(now time.Time) time.Duration {
	if l.paused {
		now = l.held
	}
	return now.Sub(l.since)
}
