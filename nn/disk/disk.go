// Package disk writes files and folders so that a power cut at any moment leaves what was there before or what was to be there. All that a
// run writes goes through its few operations, and so tests can put a disk in their place that is cut off or full (package disktest).
//
// A file's bytes last when the file was synced, and its name when its folder was synced after it was created, renamed or removed; before that
// each of them may be lost, whatever the order in which they were done.
//
// Names that people may give files, and the words for what the system says of them, are here too.
package disk

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// A Disk is the operations that change what lies on a disk.
type Disk interface {
	Create(folder, pattern string) (File, error)     // a new file with a name of its own, as os.CreateTemp
	Append(path string) (File, error)                // a file that is there, to write at its end
	MakeFolder(path string) error                    // as os.Mkdir
	MakeTemp(parent, pattern string) (string, error) // a new folder with a name of its own, as os.MkdirTemp
	Rename(from, to string) error                    // within a folder
	Exchange(a, b string) error                      // the names of two folders, at one stroke; errors.ErrUnsupported where the system cannot
	Remove(path string) error                        // a file or an empty folder
	SyncFolder(path string) error                    // makes what happened to the names in a folder last
}

// A File is a file being written.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error // makes what was written last
}

// current is the disk that all is written to.
var current Disk = System{}

// Replace puts another disk in the place of the system's until restore, for tests.
func Replace(d Disk) (restore func()) {
	was := current
	current = d
	return func() { current = was }
}

// Append opens a file that is there to write at its end.
func Append(path string) (File, error) { return current.Append(path) }

// System is the system's disk.
type System struct{}

// Create makes a file that others may read.
func (System) Create(folder, pattern string) (File, error) {
	f, err := os.CreateTemp(folder, pattern)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o644); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

// Append opens a file.
func (System) Append(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// MakeFolder makes a folder.
func (System) MakeFolder(path string) error { return os.Mkdir(path, 0o777) }

// MakeTemp makes a folder that others may read.
func (System) MakeTemp(parent, pattern string) (string, error) {
	path, err := os.MkdirTemp(parent, pattern)
	if err != nil {
		return "", err
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

// Rename renames.
func (System) Rename(from, to string) error { return os.Rename(from, to) }

// Exchange exchanges two names.
func (System) Exchange(a, b string) error { return exchange(a, b) }

// Remove removes.
func (System) Remove(path string) error { return os.Remove(path) }

// SyncFolder syncs a folder where the system can; there are some that cannot, and say so in many ways.
func (System) SyncFolder(path string) error {
	d, err := os.Open(path)
	if err == nil {
		err = d.Sync()
		d.Close()
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EIO) {
		return err
	}
	return nil
}
