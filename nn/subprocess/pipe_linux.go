package subprocess

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen lets more lie in a pipe at once, so that the two sides change places less often. Where the system does not allow it the pipe stays as it is.
func widen(pipe *os.File) {
	if raw, err := pipe.SyscallConn(); err == nil { // Fd would make a thread wait in each read
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}
