//go:build unix

package subprocess

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ownOutput takes standard output for what the process sends, and lets what others in it print go to standard error.
func ownOutput() (*os.File, error) {
	own, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := duplicate(2, 1); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(own), "output"), nil
}

// untilGone returns what the program sends. When that is gone the process ends soon, even while its device does not answer.
func untilGone(in *os.File) io.Reader {
	go func() {
		fds := []unix.PollFd{{Fd: 0}} // of which only the end is told
		for {
			if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
			if fds[0].Revents != 0 {
				afterAll()
			}
		}
	}()
	return in
}
