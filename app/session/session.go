// Package session is the open workspace: data sets, networks and runs on disk, the choice that all tabs share, and the work that goes on in
// the background. It knows no window: the window subscribes to it and asks it for things.
//
// State flows one way. Whoever changes something marks the session as changed; ten times a second at most one goroutine composes a
// new immutable State and posts it to the window's goroutine. Steps of a training merge on the way; epochs and errors never drop.
package session

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

// Config is what a session stands on.
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
type Session struct {
	config  Config
	device  kernel.Device // for looking and detecting; training makes its own
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	changed chan struct{}
	state   atomic.Pointer[State]

	mu          sync.Mutex
	now         State // being changed; its slices and maps are replaced, never written
	subscribers []*func(*State)
	serial      int
	lastRun     int // largest number that was given to a run
	lastWaiting int // ID of the run that was put into the queue last
	live        *live
	importing   context.CancelFunc
	networks    []Network // of the workspace, as they are on the disk
	open        map[string]*data.Dataset
	leaving     map[string]bool // data sets that are being deleted
	reading     map[string]bool // runs whose curves are being read
	orphans     []*data.Dataset // open still, though no longer on the disk
	closed      bool

	newDevice func(device.Request) (device.Choice, error) // for training

	disk       sync.Mutex // held while data sets come or go on the disk; never within mu
	queueDisk  sync.Mutex // held while the queue is written; never within mu
	choiceDisk sync.Mutex // held while the choice is written; never within mu

	look, detect, evaluate, augmented, rates, find, watch, content *lane

	models    *model.Cache
	evaluated evaluations
}

// New opens the workspace and begins to read it.
func New(c Config) (*Session, error) {
	for _, sub := range []string{"datasets", "networks", "runs"} {
		if err := disk.MakeFolder(filepath.Join(c.Home, sub)); err != nil {
			return nil, noHome(c.Home, err)
		}
	}
	if err := disk.Writable(c.Home); err != nil {
		return nil, noHome(c.Home, err)
	}
	cpu, err := kernel.NewQuietCPU(c.Threads)
	if err != nil {
		return nil, err
	}
	s := &Session{config: c, device: cpu, newDevice: device.Open, changed: make(chan struct{}, 1), open: map[string]*data.Dataset{}, leaving: map[string]bool{}, reading: map[string]bool{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, l := range []**lane{&s.look, &s.detect, &s.evaluate, &s.augmented, &s.rates, &s.find, &s.watch, &s.content} {
		*l = s.newLane()
	}
	s.models, s.networks = model.NewCache(cpu, readyModels), readNetworks(c.Home)
	s.now = State{Loading: true, Device: device.Auto, Devices: always(), Engine: kernel.Features(), Threads: cpu.Threads(), Memory: memory(), Curves: map[string]*Curve{}, Networks: networksFor(s.networks, nil)}
	s.state.Store(s.compose())
	s.background(s.publish)
	s.background(s.attend)
	s.background(s.restore)
	return s, nil
}

func noHome(folder string, cause error) error {
	return fault.New("session.home", "The folder of the workspace, %s, cannot be written to. Allow writing there, or choose another folder.", folder).Because(cause)
}

// Close cancels everything that goes on, lets a training write its snapshot, and waits for all of it.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
	err := s.models.Close()
	for _, d := range s.open {
		err = errors.Join(err, d.Close())
	}
	for _, d := range s.orphans {
		err = errors.Join(err, d.Close())
	}
	return errors.Join(err, s.device.Close())
}

// Home is the folder of the workspace.
func (s *Session) Home() string { return s.config.Home }

// State is the newest state that was posted or is about to be.
func (s *Session) State() *State { return s.state.Load() }

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

// background runs work that Close waits for.
func (s *Session) background(f func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.work.Go(func() { f(s.ctx) })
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
	if s.live != nil {
		s.live.compose(&state)
	}
	return &state
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
			s.config.Post(func() {
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

// notice tells the window of an error, or of something done.
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

// fail tells the window of an error.
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

// StopFinding breaks off the search for a learning rate.
func (s *Session) StopFinding() { s.rates.stop() }
