package kernel

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// GiveWay binds the calling goroutine to its thread and puts that thread behind all others, until the goroutine ends: for those who run steps
// beside a window. A thread that draws a frame takes the core at once then, instead of waiting for its turn at each of the hand-overs that a
// frame has between window, renderer and display; where nothing else is to be done the steps lose nothing.
func GiveWay() {
	runtime.LockOSThread() // never unlocked: the thread ends with its goroutine, since it could not be brought forward again
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	_ = unix.SchedSetAttr(0, &attr, 0) // a system that does not allow it computes as before
}
