//go:build !unix

package train

import (
	"os"
	"path/filepath"
)

// lock takes a run's folder for this process: on these systems a file that is open for writing cannot be removed by another.
func lock(folder string) (release func(), ok bool) {
	path := filepath.Join(folder, lockFile)
	if locked(folder) {
		return nil, false
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, false
	}
	return func() { f.Close(); os.Remove(path) }, true
}

// locked reports whether a process has the run's folder.
func locked(folder string) bool {
	err := os.Remove(filepath.Join(folder, lockFile))
	return err != nil && !os.IsNotExist(err)
}
