package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// workers are goroutines that share the jobs of a stage. They live as long as their device.
type workers struct {
	n     int
	wake  []chan struct{} // one for each worker but the caller's
	ended sync.WaitGroup  // workers that still run the present jobs
	alive sync.WaitGroup

	job  func(worker, job int)
	jobs int64
	next atomic.Int64
}

// newWorkers starts n−1 goroutines, each with a call of first; the caller of run is the n-th.
func newWorkers(n int, first func()) *workers {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	w := &workers{n: n}
	for i := 1; i < n; i++ {
		wake := make(chan struct{}, 1)
		w.wake = append(w.wake, wake)
		w.alive.Add(1)
		go func() {
			defer w.alive.Done()
			first()
			for range wake {
				w.work(i)
				w.ended.Done()
			}
		}()
	}
	return w
}

// run does jobs 0…jobs−1 and returns when all are done. Which worker does which is not determined; results must not depend on it.
func (w *workers) run(jobs int, job func(worker, job int)) {
	w.job, w.jobs = job, int64(jobs)
	w.next.Store(0)
	helpers := min(jobs, w.n) - 1
	for i := range max(helpers, 0) {
		w.ended.Add(1)
		w.wake[i] <- struct{}{}
	}
	w.work(0)
	w.ended.Wait()
}

func (w *workers) work(worker int) {
	for {
		j := w.next.Add(1) - 1
		if j >= w.jobs {
			return
		}
		w.job(worker, int(j))
	}
}

// close ends the goroutines and waits for them. A second call does nothing.
func (w *workers) close() {
	for _, wake := range w.wake {
		close(wake)
	}
	w.wake = nil
	w.alive.Wait()
}
