package disktest

import (
	"syscall"

	"github.com/convscope/convscope/nn/disk"
)

// Full is a disk that is full after so many operations that need room, for good: then a write takes half of its bytes, and of all else only
// removals are done.
type Full struct {
	Quick
	Room int
}

// need reports whether there is room for an operation.
func (d *Full) need() error {
	if d.Room--; d.Room < 0 {
		return syscall.ENOSPC
	}
	return nil
}

// fullFile is a file of Full.
type fullFile struct {
	disk.File
	d *Full
}

func (f fullFile) Write(b []byte) (int, error) {
	if err := f.d.need(); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

func (f fullFile) Sync() error { return f.d.need() }

// Create makes a file.
func (d *Full) Create(folder, pattern string) (disk.File, error) {
	if err := d.need(); err != nil {
		return nil, err
	}
	f, err := d.Quick.Create(folder, pattern)
	return fullFile{f, d}, err
}

// Append opens a file.
func (d *Full) Append(path string) (disk.File, error) {
	f, err := d.Quick.Append(path)
	return fullFile{f, d}, err
}

// MakeFolder makes a folder.
func (d *Full) MakeFolder(path string) error {
	if err := d.need(); err != nil {
		return err
	}
	return d.Quick.MakeFolder(path)
}

// MakeTemp makes a folder.
func (d *Full) MakeTemp(parent, pattern string) (string, error) {
	if err := d.need(); err != nil {
		return "", err
	}
	return d.Quick.MakeTemp(parent, pattern)
}

// Rename renames.
func (d *Full) Rename(from, to string) error {
	if err := d.need(); err != nil {
		return err
	}
	return d.Quick.Rename(from, to)
}

// Exchange exchanges two names.
func (d *Full) Exchange(a, b string) error {
	if err := d.need(); err != nil {
		return err
	}
	return d.Quick.Exchange(a, b)
}

// SyncFolder syncs.
func (d *Full) SyncFolder(string) error { return d.need() }
