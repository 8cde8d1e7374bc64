package kernel

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// quietness is how much threads that give way are put back: Linux' nice levels go to 19, and each is about a tenth of the time.
const quietness = 10

// GiveWay binds the calling goroutine to its thread and puts that thread behind others, until the goroutine ends: for those who run steps
// beside a window. Two cores that train hand over to the drawing of a frame at once then, rather than when their turn is over; where nothing
// else is to be done they lose nothing.
func GiveWay() {
	runtime.LockOSThread() // never unlocked: the thread ends with its goroutine, since it could not be brought forward again
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), quietness)
}
