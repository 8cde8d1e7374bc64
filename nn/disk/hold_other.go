//go:build !unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// errHeld says that another process, or another draft of this one, holds a folder.
var errHeld = errors.New("disk: the folder is held")

// holdsRenamed reports whether a folder that is held can be renamed: not here, where a file in it is open.
const holdsRenamed = false

// holdFile is open while its folder is held. On these systems a file that is open cannot be removed by another process.
const holdFile = ".lock"

// grace is how old a folder without a lock must be to be taken: a new one has none for a moment.
const grace = time.Minute

// hold takes a folder for this process until release.
func hold(folder string) (release func(), err error) {
	path := filepath.Join(folder, holdFile)
	switch err := os.Remove(path); {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return nil, errHeld
	default:
		info, err := os.Stat(folder)
		if err != nil {
			return nil, err
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 && time.Since(info.ModTime()) < grace {
			return nil, errHeld
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, errHeld
	}
	if err != nil {
		return nil, err
	}
	return func() { f.Close(); os.Remove(path) }, nil
}

// discard removes a folder that is held: after release, as the file that holds it could not be removed before.
func discard(folder string, release func()) {
	release()
	RemoveAll(folder)
}
