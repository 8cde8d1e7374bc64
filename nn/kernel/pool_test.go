package kernel

import (
	"sync/atomic"
	"testing"
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
