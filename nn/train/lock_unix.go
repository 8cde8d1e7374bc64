//go:build unix

package train

import (
	"os"
	"path/filepath"
	"syscall"
)

// lock takes a run's folder for this process. The system frees it when the process ends, however it ends.
func lock(folder string) (release func(), ok bool) {
	f, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, false
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return nil, false
	}
	return func() { f.Close() }, true
}

// locked reports whether a process has the run's folder.
func locked(folder string) bool {
	if _, err := os.Stat(filepath.Join(folder, lockFile)); err != nil {
		return false
	}
	release, ok := lock(folder)
	if ok {
		release()
	}
	return !ok
}
