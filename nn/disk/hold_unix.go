//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// errHeld says that another process, or another draft of this one, holds a folder.
var errHeld = errors.New("disk: the folder is held")

// holdsRenamed reports whether a folder that is held can be renamed.
const holdsRenamed = true

// hold takes a folder for this process until release. The system frees it when the process ends, however it ends.
func hold(folder string) (release func(), err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}

// discard removes a folder that is held, and keeps others out until it is gone.
func discard(folder string, release func()) {
	RemoveAll(folder)
	release()
}
