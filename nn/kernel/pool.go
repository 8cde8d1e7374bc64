package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// workers are goroutines that share the jobs of a stage. They live as long as their device.
type workers struct {
	n        int
	patience int
	helpers  []*helper // all workers but the caller
	alive    sync.WaitGroup

	// The present stage; written before round moves on.
	job  func(w *worker, job int)
	jobs int64
	own  []worker
	next atomic.Int64

	round   atomic.Int64 // number of the present stage
	pending atomic.Int64 // helpers that are not done with it
	waiting atomic.Bool  // the caller sleeps until they are
	done    chan struct{}
}

// helper is a worker with a goroutine of its own.
type helper struct {
	asleep atomic.Bool
	wake   chan struct{}
}

// patience is how often a worker looks for the next stage before it goes to sleep: some hundred microseconds. Waking up takes ten, and
// most stages of small networks are not longer. Beside a window workers have less of it.
const (
	patience      = 4000
	quietPatience = 200
)

// newWorkers starts n−1 goroutines, each with a call of first; the caller of run is the n-th.
func newWorkers(n, patience int, first func()) *workers {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	w := &workers{n: n, patience: patience, done: make(chan struct{}, 1)}
	for i := 1; i < n; i++ {
		h := &helper{wake: make(chan struct{}, 1)}
		w.helpers = append(w.helpers, h)
		w.alive.Go(func() {
			first()
			w.help(h, i)
		})
	}
	return w
}

// help takes part in one stage after the other until the workers are closed: a stage without a job.
func (w *workers) help(h *helper, number int) {
	for seen := int64(0); ; {
		w.await(h, seen)
		seen = w.round.Load()
		if w.job == nil {
			return
		}
		w.work(number)
		if w.pending.Add(-1) == 0 && w.waiting.CompareAndSwap(true, false) {
			w.done <- struct{}{}
		}
	}
}

// await returns when there is another stage than the one seen.
func (w *workers) await(h *helper, seen int64) {
	for {
		for range w.patience {
			if w.round.Load() != seen {
				return
			}
			pause()
		}
		h.asleep.Store(true)
		if w.round.Load() != seen && h.asleep.CompareAndSwap(true, false) {
			return // it came in between
		}
		<-h.wake
		if w.round.Load() != seen {
			return
		} // else it was woken for a stage that it had done before begin came to it
	}
}

// run does jobs 0…jobs−1 and returns when all are done; each worker has one of own. Which worker does which job is not determined; results must not
// depend on it.
func (w *workers) run(jobs int, own []worker, job func(w *worker, job int)) {
	if jobs == 1 || len(w.helpers) == 0 {
		for j := range jobs {
			job(&own[0], j)
		}
		return
	}
	w.job, w.jobs, w.own = job, int64(jobs), own
	w.next.Store(0)
	w.begin()
	w.work(0)
	for range w.patience {
		if w.pending.Load() == 0 {
			return
		}
		pause()
	}
	for w.pending.Load() > 0 {
		w.waiting.Store(true)
		if w.pending.Load() == 0 && w.waiting.CompareAndSwap(true, false) {
			return
		}
		<-w.done // perhaps of a helper that was the last of the stage before, and held up before it could say so: then this one is not done yet
	}
}

// begin lets the helpers see a new stage.
func (w *workers) begin() {
	w.pending.Store(int64(len(w.helpers)))
	w.round.Add(1)
	for _, h := range w.helpers {
		if h.asleep.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
}

func (w *workers) work(number int) {
	for {
		j := w.next.Add(1) - 1
		if j >= w.jobs {
			return
		}
		w.job(&w.own[number], int(j))
	}
}

// close ends the goroutines and waits for them. A second call does nothing.
func (w *workers) close() {
	if len(w.helpers) > 0 {
		w.job = nil
		w.begin()
		w.helpers = nil
	}
	w.alive.Wait()
}
