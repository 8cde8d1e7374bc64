// Package session is the open workspace: data sets, networks and runs on disk, the choice that all tabs share, and the work that goes on in
// the background. It knows no window: the window subscribes to its states and calls its methods.
//
// State flows one way. Whoever changes something marks the session as changed; ten times a second at most one goroutine composes a
// new immutable State and posts it to the window's goroutine. Steps of a training merge on the way; epochs and errors never drop.
package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/workspace"
)

// Config has what a session needs.
type Config struct {
	Home    string       // folder of the workspace; made if need be
	Post    func(func()) // brings a call to the window's goroutine, in order; must not wait for it
	Threads int          // 0: all cores
}

// interval between two states that are posted to a window that takes them at once. One that is slow, since it draws without a graphics card, gets
// them further apart, by leisure times as long as it lets them wait: its answers to the user come first.
const (
	interval = time.Second / 10
	leisure  = 15
)

// Session is an open workspace. Its methods may be called from any goroutine and do not block, but where they say so.
//
// It composes the State of its parts, each of which does one thing and knows no more than that needs.
type Session struct {
	config  Config
	space   workspace.Workspace
	device  kernel.Device // for all but training, which opens its own
	work    *background
	changed chan struct{}
	state   atomic.Pointer[State]

	mu          sync.Mutex // guards what follows, of which states are composed
	now         State      // but for what others of its fields show; its slices and maps are replaced, never written
	subscribers []*func(*State)
	serial      int // of the last notice
	networks    []workspace.Network
	queue       queue
	importing   importing

	datasets *datasets
	training *trainer
	names    runNames
	reading  curveReads
	*images
	*predictions
	evaluator  evaluator
	evaluating *lane // one evaluation
	finding    *lane // one search for a rate
	watching   *lane // one image that a training is to show its way through layers of

	queueFile, choiceFile stateFile

	newDevice func(device.Request) (device.Choice, error) // for training
}

// New opens the workspace and begins to read it.
func New(c Config) (*Session, error) {
	space, err := workspace.Open(c.Home)
	if err != nil {
		return nil, err
	}
	cpu, err := kernel.NewQuietCPU(c.Threads)
	if err != nil {
		return nil, err
	}
	work := newBackground(c.Post)
	s := &Session{
		config: c, space: space, device: cpu, work: work, changed: make(chan struct{}, 1), newDevice: device.Open,
		datasets: newDatasets(space), names: runNames{space: space}, predictions: newPredictions(space, work, model.NewCache(cpu, readyModels)),
		evaluator: evaluator{device: cpu}, evaluating: newLane(work), finding: newLane(work), watching: newLane(work),
	}
	s.images = newImages(s.datasets.get, work)
	s.training = &trainer{open: s.datasets.get, device: s.openDevice, changed: s.touch, fail: s.fail}
	s.queueFile.write, s.choiceFile.write = s.writeQueue, s.writeChoice
	networks, err := space.Networks()
	s.networks = networks
	s.now = State{Loading: true, Device: device.Auto, Devices: always(), Engine: kernel.Features(), Threads: cpu.Threads(), Memory: memory(), Curves: map[string]*Curve{}, Networks: networksFor(networks, nil)}
	s.state.Store(s.compose())
	s.fail(err)
	s.work.run(s.publish)
	s.work.run(s.attend)
	s.work.run(s.restore)
	return s, nil
}

// Close cancels everything that goes on, lets a training write its snapshot, and waits for all of it.
func (s *Session) Close() error {
	if !s.work.close() {
		return nil
	}
	return errors.Join(s.models.Close(), s.datasets.close(), s.device.Close())
}

// Home returns the folder of the workspace.
func (s *Session) Home() string { return s.space.Root() }

// IsRunPath reports whether a path is that of a run of the workspace, which may be gone by now.
func (s *Session) IsRunPath(path string) bool { return s.space.IsRunPath(path) }

// State returns the newest state that was posted or is about to be.
func (s *Session) State() *State { return s.state.Load() }

// Do runs work in the background; the call that it returns is posted to the window's goroutine.
func (s *Session) Do(work func(context.Context) func()) { s.work.answer(work) }

// Post brings a call to the window's goroutine.
func (s *Session) Post(f func()) { s.work.post(f) }

// Subscribe calls f on the window's goroutine with every new state, until cancel is called there. It is called with the present one soon.
func (s *Session) Subscribe(f func(*State)) (cancel func()) {
	s.mu.Lock()
	s.subscribers = append(s.subscribers, &f)
	s.mu.Unlock()
	s.touch()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.subscribers = slices.DeleteFunc(slices.Clone(s.subscribers), func(p *func(*State)) bool { return p == &f })
	}
}

// touch marks the session as changed.
func (s *Session) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// change applies f to what the next state is composed of.
func (s *Session) change(f func(*State)) {
	s.mu.Lock()
	f(&s.now)
	s.state.Store(s.compose())
	s.mu.Unlock()
	s.touch()
}

// compose makes the state of now. The lock is held.
func (s *Session) compose() *State {
	state := s.now
	state.Waiting, state.Import = s.queue.waiting, s.importing.shown
	s.training.compose(&state)
	return &state
}

// A stateFile keeps a part of the state on the disk.
type stateFile struct {
	mu    sync.Mutex // held while it is written; never within the session's lock
	write func(*State) error
}

// write brings a file up to date. The newest is written last, however many goroutines do so.
func (s *Session) write(f *stateFile) {
	s.work.run(func(context.Context) {
		f.mu.Lock()
		defer f.mu.Unlock()
		s.fail(f.write(s.State()))
	})
}

// publish posts states until the session is closed. While the window has not yet taken one, no other is posted: it will find the
// newest.
func (s *Session) publish(ctx context.Context) {
	var pending atomic.Bool
	var wait atomic.Int64 // how long the window lets a state wait, of late, in nanoseconds
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
		}
		s.mu.Lock()
		s.state.Store(s.compose())
		s.mu.Unlock()
		if !pending.Swap(true) {
			posted := time.Now()
			s.work.post(func() {
				pending.Store(false)
				wait.Store((4*wait.Load() + int64(time.Since(posted))) / 5)
				s.mu.Lock()
				subscribers, state := s.subscribers, s.state.Load()
				s.mu.Unlock()
				for _, f := range subscribers {
					(*f)(state)
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(interval+leisure*time.Duration(wait.Load()), time.Second)):
		}
		if pending.Load() { // what changed meanwhile is not lost: look again when the window has caught up
			s.touch()
		}
	}
}

// notice reports an error, or something done, to the window.
func (s *Session) notice(n Notice) {
	if n.Err != nil && errors.Is(n.Err, context.Canceled) {
		return
	}
	s.change(func(now *State) {
		s.serial++
		n.Serial = s.serial
		now.Notices = append(slices.Clone(now.Notices[max(0, len(now.Notices)-kept+1):]), n)
	})
}

// fail reports an error, if there is one, to the window.
func (s *Session) fail(err error) {
	if err != nil {
		s.notice(Notice{Err: err})
	}
}

// attend keeps the figure of memory in the status line, and notices data sets that were moved away.
func (s *Session) attend(ctx context.Context) {
	for tick := time.NewTicker(2 * time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if m := memory(); m>>20 != s.State().Memory>>20 {
			s.change(func(now *State) { now.Memory = m })
		}
		s.dropLost()
	}
}
