package app

import (
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// namedThread starts a thread with a name, as the renderer does, and returns its number. It ends with the test.
func namedThread(t *testing.T, name string) int {
	t.Helper()
	started, end := make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine, its name and core with it
		bytes, err := unix.BytePtrFromString(name)
		if err == nil {
			err = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(bytes)), 0, 0, 0)
		}
		if err != nil {
			t.Error(err)
		}
		started <- unix.Gettid()
		<-end
	}()
	t.Cleanup(func() { close(end) })
	return <-started
}

func affinity(t *testing.T, thread int) (set unix.CPUSet) {
	t.Helper()
	if err := unix.SchedGetaffinity(thread, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTheRenderersThreadsGetACoreEach(t *testing.T) {
	all := affinity(t, 0)
	first, second, third := namedThread(t, "llvmpipe-0"), namedThread(t, "llvmpipe-1"), namedThread(t, "llvmpipe-x")
	other := namedThread(t, "worker-0")
	spreadRenderer()
	a, b := affinity(t, first), affinity(t, second)
	if a.Count() != 1 || b.Count() != 1 {
		t.Errorf("the renderer's threads may run on %d and %d cores instead of one each", a.Count(), b.Count())
	}
	if all.Count() > 1 && a == b {
		t.Error("both threads of the renderer are on one core")
	}
	if got := affinity(t, third); got != all {
		t.Error("a thread without a number was moved")
	}
	if got := affinity(t, other); got != all {
		t.Error("a thread that is not the renderer's was moved")
	}
}
