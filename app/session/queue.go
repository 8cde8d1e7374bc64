package session

import (
	"slices"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// A Waiting run starts when those before it have ended. It has no name yet.
type Waiting struct {
	workspace.QueuedRun
	ID  int   // of this session
	Err error // why it could not start
}

// A queue is the runs that wait, in the order in which they start. Those that could not start stand first; they have no turn before the user asks for
// one. The session's lock guards it; lists that were handed out stay as they are.
type queue struct {
	waiting []Waiting
	last    int // ID that was given last
}

// add appends runs.
func (q *queue) add(list ...workspace.QueuedRun) {
	q.waiting = slices.Clone(q.waiting)
	for _, r := range list {
		q.last++
		q.waiting = append(q.waiting, Waiting{QueuedRun: r, ID: q.last})
	}
}

// index returns where a run waits, −1 if it does not.
func (q *queue) index(id int) int {
	return slices.IndexFunc(q.waiting, func(w Waiting) bool { return w.ID == id })
}

// remove takes a run out.
func (q *queue) remove(id int) {
	q.waiting = slices.DeleteFunc(slices.Clone(q.waiting), func(w Waiting) bool { return w.ID == id })
}

// advance puts a run before all others.
func (q *queue) advance(id int) {
	if i := q.index(id); i >= 0 {
		w := q.waiting[i]
		q.remove(id)
		q.waiting = slices.Insert(q.waiting, 0, w)
	}
}

// next takes out the first run that may start, nil if there is none.
func (q *queue) next() *Waiting {
	i := slices.IndexFunc(q.waiting, func(w Waiting) bool { return w.Err == nil })
	if i < 0 {
		return nil
	}
	w := q.waiting[i]
	q.remove(w.ID)
	return &w
}

// putBack lets a run that was taken out be the next.
func (q *queue) putBack(w Waiting) { q.waiting = slices.Insert(slices.Clone(q.waiting), 0, w) }

// hold puts a run that could not start behind the others of that kind, with why.
func (q *queue) hold(w Waiting, why error) {
	w.Err = why
	i := 0
	for i < len(q.waiting) && q.waiting[i].Err != nil {
		i++
	}
	q.waiting = slices.Insert(slices.Clone(q.waiting), i, w)
}

// release lets those that could not start be tried again.
func (q *queue) release() {
	q.waiting = slices.Clone(q.waiting)
	for i := range q.waiting {
		q.waiting[i].Err = nil
	}
}

// moveWeights lets the runs that are to start from the weights in a folder start from another, where that lies now.
func (q *queue) moveWeights(from, to string) {
	q.waiting = slices.Clone(q.waiting)
	for i := range q.waiting {
		if q.waiting[i].Config.Weights == from {
			q.waiting[i].Config.Weights = to
		}
	}
}

// needsWeights reports whether a run is to start from the weights in a folder.
func needsWeights(waiting []Waiting, folder string) bool {
	return slices.ContainsFunc(waiting, func(w Waiting) bool { return w.Config.Weights == folder })
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
	if most := len(state.Waiting) + len(configs); most > workspace.MaxQueue {
		return fault.New("session.queue.long", "%d runs would be waiting; at most %d can. Let some of them finish first.", most, workspace.MaxQueue)
	}
	if state.Training == nil && len(configs) > 0 {
		if _, err := s.Train(configs[0]); err != nil {
			return err
		}
		configs = configs[1:]
	}
	s.changeQueue(func(q *queue) {
		for _, c := range configs {
			q.add(workspace.QueuedRun{Dataset: d.Name, Spec: n.Spec, Config: c})
		}
	})
	return nil
}

// Unqueue takes a run that waits out of the queue.
func (s *Session) Unqueue(id int) { s.changeQueue(func(q *queue) { q.remove(id) }) }

// Advance puts a run that waits before all others.
func (s *Session) Advance(id int) { s.changeQueue(func(q *queue) { q.advance(id) }) }

// StartQueue starts the run that waits first, unless one goes on: after one was stopped, or the window was closed, those that wait are held. Those that could not start
// are tried again.
func (s *Session) StartQueue() {
	if s.State().Training != nil {
		return
	}
	s.changeQueue((*queue).release)
	s.startNext()
}

// changeQueue changes the runs that wait and keeps them on the disk.
func (s *Session) changeQueue(f func(*queue)) {
	s.change(func(*State) { f(&s.queue) })
	s.write(&s.queueFile)
}

// writeQueue keeps the runs that wait in a state.
func (s *Session) writeQueue(state *State) error {
	var list []workspace.QueuedRun
	for _, w := range state.Waiting {
		list = append(list, w.QueuedRun)
	}
	return s.space.WriteQueue(list)
}

// startNext starts the run that waits first. One that cannot start, as its data set is gone, keeps its place and why, and the one after it has its turn.
func (s *Session) startNext() {
	var next *Waiting
	s.changeQueue(func(q *queue) { next = q.next() })
	if next == nil {
		return
	}
	if d := s.State().dataset(next.Dataset); d == nil || d.Err != nil {
		s.holdBack(*next, noDataset(next.Dataset))
		return
	}
	if err := s.startNew(s.nextRun(), next.QueuedRun, next); err != nil { // another one was quicker: this one waits on
		s.changeQueue(func(q *queue) { q.putBack(*next) })
	}
}

// holdBack puts a run that could not start back to where it waited, with why, and starts the next one.
func (s *Session) holdBack(w Waiting, why error) {
	s.changeQueue(func(q *queue) { q.hold(w, why) })
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
