package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Many short stages, with workers that fall asleep at once and ones that never do: each job is done once, and none after its stage.
func TestWorkers(t *testing.T) {
	for _, patience := range []int{0, 1, 20, 200} {
		w := newWorkers(4, patience, func() {})
		own := make([]worker, 4)
		for stage := range 400 {
			var done, late atomic.Int64
			jobs := stage % 7
			over := false
			w.run(jobs, own, func(*worker, int) {
				if over {
					late.Add(1)
				}
				done.Add(1)
			})
			over = true
			if done.Load() != int64(jobs) || late.Load() > 0 {
				t.Fatalf("patience %d, stage %d: %d of %d jobs, %d late", patience, stage, done.Load(), jobs, late.Load())
			}
		}
		w.close()
		w.close()
	}
}

// A helper that was the last of a stage may be held up between counting itself as done and looking whether the caller waits; by then the caller may wait for the next
// stage, and must not take it for done.
func TestALateHelperEndsNoStage(t *testing.T) {
	w := newWorkers(2, 0, func() {})
	defer w.close()
	for range 20 {
		var begun sync.WaitGroup
		begun.Add(2)
		release, ended := make(chan struct{}), make(chan struct{})
		go func() {
			w.run(2, make([]worker, 2), func(self *worker, job int) {
				begun.Done()
				begun.Wait() // both workers have a job
				if self == &w.own[1] {
					<-release
				}
			})
			close(ended)
		}()
		for !w.waiting.CompareAndSwap(true, false) { // as the late helper does
			time.Sleep(10 * time.Microsecond)
		}
		w.done <- struct{}{}
		select {
		case <-ended:
			close(release)
			t.Fatal("the stage ended although a job of it went on")
		case <-time.After(2 * time.Millisecond):
		}
		close(release)
		<-ended
	}
}
