package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// A Waiting run starts when those before it have ended. It has no name yet.
type Waiting struct {
	ID      int // of this session
	Dataset string
	Spec    nn.Spec
	Config  train.Config
	Err     error // why it could not start
}

const (
	queueFile = "queue.json" // the runs that wait, so that they still do after the window was closed
	maxQueue  = 1000         // runs that may wait
	queueSize = 64 << 20     // bytes of the file at most
)

// queue is queue.json.
type queue struct {
	Format int      `json:"format"`
	Runs   []queued `json:"runs"`
}

type queued struct {
	Dataset string          `json:"dataset"`
	Network json.RawMessage `json:"network"` // as in network.json
	Config  train.Config    `json:"config"`
}

// Enqueue trains the chosen network on the chosen data set with each configuration, one run after the other and after those that wait already. Where none goes on, the
// first begins at once.
func (s *Session) Enqueue(configs []train.Config) error {
	state := s.State()
	d, n, err := trainable(state)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if err := sound(n.Spec, c); err != nil {
			return err
		}
	}
	if len(state.Waiting)+len(configs) > maxQueue {
		return fault.New("session.queue.long", "%d runs would wait; at most %d may. Let some of them end first.", len(state.Waiting)+len(configs), maxQueue)
	}
	if state.Training == nil && len(configs) > 0 {
		if _, err := s.Train(configs[0]); err != nil {
			return err
		}
		configs = configs[1:]
	}
	s.changeQueue(func(list []Waiting) []Waiting {
		for _, c := range configs {
			s.lastWaiting++
			list = append(list, Waiting{ID: s.lastWaiting, Dataset: d.Name, Spec: n.Spec, Config: c})
		}
		return list
	})
	return nil
}

// Unqueue takes a run that waits out of the queue.
func (s *Session) Unqueue(id int) {
	s.changeQueue(func(list []Waiting) []Waiting {
		return slices.DeleteFunc(list, func(w Waiting) bool { return w.ID == id })
	})
}

// Advance puts a run that waits before all others.
func (s *Session) Advance(id int) {
	s.changeQueue(func(list []Waiting) []Waiting {
		i := slices.IndexFunc(list, func(w Waiting) bool { return w.ID == id })
		if i < 0 {
			return list
		}
		w := list[i]
		return slices.Insert(slices.Delete(list, i, i+1), 0, w)
	})
}

// StartQueue starts the run that waits first, unless one goes on: after one was stopped, or the window was closed, those that wait are held. Those that could not start
// are tried again.
func (s *Session) StartQueue() {
	if s.State().Training != nil {
		return
	}
	s.changeQueue(func(list []Waiting) []Waiting {
		for i := range list {
			list[i].Err = nil
		}
		return list
	})
	s.startNext()
}

// changeQueue changes the runs that wait and keeps them on the disk.
func (s *Session) changeQueue(f func([]Waiting) []Waiting) {
	s.change(func(now *State) { now.Waiting = f(slices.Clone(now.Waiting)) })
	s.background(func(context.Context) { s.fail(s.writeQueue()) })
}

// startNext starts the run that waits first. One that cannot start, as its data set is gone, keeps its place and why, and the one after it has its turn.
func (s *Session) startNext() {
	var next *Waiting
	s.changeQueue(func(list []Waiting) []Waiting {
		i := slices.IndexFunc(list, func(w Waiting) bool { return w.Err == nil })
		if i < 0 {
			return list
		}
		next = &Waiting{}
		*next = list[i]
		return slices.Delete(list, i, i+1)
	})
	if next == nil {
		return
	}
	d := named(s.State().Datasets, next.Dataset, func(d *Dataset) string { return d.Name })
	if d == nil || d.Err != nil {
		s.holdBack(*next, fault.New("session.run.dataset", "The data set %s of this run is no longer there. Import it again under the same name.", next.Dataset))
		return
	}
	name := s.nextRun()
	l := &live{run: name, dataset: next.Dataset, config: next.Config, spec: next.Spec, queued: next}
	if err := s.startRun(l, train.Job{Folder: s.runFolder(name), Config: next.Config, Spec: next.Spec}); err != nil { // another one was quicker: this one waits on
		s.changeQueue(func(list []Waiting) []Waiting { return slices.Insert(list, 0, *next) })
	}
}

// holdBack puts a run that could not start back to where it waited, with why, and starts the next one.
func (s *Session) holdBack(w Waiting, why error) {
	w.Err = why
	s.changeQueue(func(list []Waiting) []Waiting {
		i := 0
		for i < len(list) && list[i].Err != nil {
			i++
		}
		return slices.Insert(list, i, w)
	})
	if device.Failed(why) {
		s.notice(Notice{Err: why, Stays: true, OnCPU: s.withCPU(func() error {
			s.StartQueue()
			return nil
		})})
	} else {
		s.fail(why)
	}
	s.startNext()
}

// writeQueue keeps the runs that wait. The newest queue is written last, however many writers there are.
func (s *Session) writeQueue() error {
	s.queueDisk.Lock()
	defer s.queueDisk.Unlock()
	path := filepath.Join(s.config.Home, queueFile)
	list := s.State().Waiting
	if len(list) == 0 {
		if err := disk.Remove(path); err != nil {
			return disk.CannotWrite(err, path)
		}
		return nil
	}
	q := queue{Format: 1}
	for _, w := range list {
		q.Runs = append(q.Runs, queued{w.Dataset, w.Spec.JSON(), w.Config})
	}
	return disk.WriteFile(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(q) })
}

// readQueue reads the runs that waited when the window was closed. Single ones that this version cannot train are left out and told; a file that cannot be read at all is
// kept under another name, so that nothing is written over it.
func readQueue(home string) ([]Waiting, error) {
	path := filepath.Join(home, queueFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	aside := path + ".unreadable"
	damaged := fault.New("session.queue.damaged", "The list of waiting runs, %s, is damaged or of a newer version, in all or in part. It is kept as %s. Add the runs again.", path, aside)
	keep := func(why error) error {
		if err := disk.Rename(path, aside); err != nil {
			return damaged.Because(errors.Join(why, err))
		}
		return damaged.Because(why)
	}
	b, err := model.ReadFile(path, queueSize)
	if err != nil {
		return nil, keep(err)
	}
	var q queue
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, keep(err)
	}
	if q.Format != 1 || len(q.Runs) > maxQueue {
		return nil, keep(fmt.Errorf("format %d, %d runs", q.Format, len(q.Runs)))
	}
	var list []Waiting
	var wrong error
	for _, r := range q.Runs {
		spec, err := nn.Parse(r.Network)
		if err = errors.Join(err, r.Config.Check()); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		list = append(list, Waiting{ID: len(list) + 1, Dataset: r.Dataset, Spec: spec, Config: r.Config})
	}
	if wrong != nil {
		return list, keep(wrong)
	}
	return list, nil
}
