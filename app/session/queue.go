package session

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
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
		if err := c.Check(); err != nil {
			return err
		}
		if report := nn.Analyze(n.Spec, c.Batch); len(report.Problems) > 0 {
			return report.Problems[0].Fault
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
			list = append(list, Waiting{s.lastWaiting, d.Name, n.Spec, c})
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

// StartQueue starts the run that waits first, unless one goes on: after one was stopped, or the window was closed, those that wait are held.
func (s *Session) StartQueue() {
	if s.State().Training == nil {
		s.startNext()
	}
}

// changeQueue changes the runs that wait and keeps them on the disk.
func (s *Session) changeQueue(f func([]Waiting) []Waiting) {
	s.change(func(now *State) { now.Waiting = f(slices.Clone(now.Waiting)) })
	s.background(func(context.Context) { s.fail(s.writeQueue()) })
}

// startNext starts the run that waits first. One that cannot start, as its data set is gone, is told and left out.
func (s *Session) startNext() {
	for {
		var next *Waiting
		s.changeQueue(func(list []Waiting) []Waiting {
			if len(list) > 0 {
				next, list = &list[0], list[1:]
			}
			return list
		})
		if next == nil {
			return
		}
		state := s.State()
		d := named(state.Datasets, next.Dataset, func(d *Dataset) string { return d.Name })
		if d == nil || d.Err != nil {
			s.fail(fault.New("session.run.dataset", "The data set %s of this run is no longer there. Import it again under the same name.", next.Dataset))
			continue
		}
		name := s.nextRun(state)
		l := &live{run: name, dataset: next.Dataset, config: next.Config, spec: next.Spec}
		err := s.startRun(l, train.Job{Folder: s.runFolder(name), Config: next.Config, Spec: next.Spec})
		if fault.Code(err) == busyCode { // another one was quicker: this one waits on
			s.changeQueue(func(list []Waiting) []Waiting { return slices.Insert(list, 0, *next) })
			return
		}
		s.fail(err)
		return
	}
}

// writeQueue keeps the runs that wait. The newest queue is written last, however many writers there are.
func (s *Session) writeQueue() error {
	s.queueDisk.Lock()
	defer s.queueDisk.Unlock()
	path := filepath.Join(s.config.Home, queueFile)
	list := s.State().Waiting
	if len(list) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return data.CannotWrite(err, path)
		}
		return nil
	}
	q := queue{Format: 1}
	for _, w := range list {
		q.Runs = append(q.Runs, queued{w.Dataset, w.Spec.JSON(), w.Config})
	}
	return data.WriteFileAtomic(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(q) })
}

// readQueue reads the runs that waited when the window was closed. Those that this version cannot train are left out.
func readQueue(home string) ([]Waiting, error) {
	path := filepath.Join(home, queueFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	b, err := model.ReadFile(path, queueSize)
	if err != nil {
		return nil, err
	}
	var q queue
	damaged := fault.New("session.queue.damaged", "The list of waiting runs, %s, is damaged or of a newer version, and is left aside. Add the runs again.", path)
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, damaged.Because(err)
	}
	if q.Format != 1 || len(q.Runs) > maxQueue {
		return nil, damaged
	}
	var list []Waiting
	for _, r := range q.Runs {
		spec, err := nn.Parse(r.Network)
		if err = errors.Join(err, r.Config.Check()); err != nil {
			return list, damaged.Because(err)
		}
		list = append(list, Waiting{len(list) + 1, r.Dataset, spec, r.Config})
	}
	return list, nil
}
