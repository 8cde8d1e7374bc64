// Package disktest has disks for tests: one that records what is done to it, from which come the states that a power cut could leave, and
// one that fills up.
package disktest

import (
	"bytes"
	"errors"
	"path/filepath"
	"sync"

	"github.com/convscope/convscope/nn/disk"
)

// Quick is the system's disk without its syncs, which are what takes time.
type Quick struct{ disk.System }

// quickFile is a file of Quick.
type quickFile struct{ disk.File }

func (quickFile) Sync() error { return nil }

// Create makes a file.
func (q Quick) Create(folder, pattern string) (disk.File, error) {
	f, err := q.System.Create(folder, pattern)
	return quickFile{f}, err
}

// Append opens a file.
func (q Quick) Append(path string) (disk.File, error) {
	f, err := q.System.Append(path)
	return quickFile{f}, err
}

// SyncFolder does nothing.
func (Quick) SyncFolder(string) error { return nil }

// A Recorder is a disk with all that is done below a folder on record.
type Recorder struct {
	Quick
	NoExchange bool // it cannot exchange folders
	root       string
	begin      State // what was there

	mu  sync.Mutex // files are written by several goroutines
	ops []op
}

// An op is an operation that was done, with paths below the root.
type op struct {
	name     string
	path, to string
	bytes    []byte // that were written
}

// Record makes a disk that records what is done below root. What is there already is safe.
func Record(root string) (*Recorder, error) {
	begin, err := Read(root)
	return &Recorder{root: root, begin: begin}, err
}

// Len returns how many operations were done.
func (r *Recorder) Len() int { return len(r.ops) }

// note records an operation, if it went well.
func (r *Recorder) note(err error, name, path, to string, written []byte) error {
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ops = append(r.ops, op{name, r.below(path), r.below(to), bytes.Clone(written)})
	}
	return err
}

func (r *Recorder) below(path string) string {
	if path == "" {
		return ""
	}
	below, err := filepath.Rel(r.root, path)
	if err != nil {
		panic(err) // the test is wrong
	}
	return below
}

// recordedFile is a file of a Recorder, which is not renamed before it is closed.
type recordedFile struct {
	disk.File
	r *Recorder
}

func (f recordedFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	return n, f.r.note(err, "write", f.Name(), "", b)
}

func (f recordedFile) Sync() error { return f.r.note(f.File.Sync(), "sync", f.Name(), "", nil) }

// Create makes a file.
func (r *Recorder) Create(folder, pattern string) (disk.File, error) {
	f, err := r.Quick.Create(folder, pattern)
	if err != nil {
		return nil, err
	}
	return recordedFile{f, r}, r.note(nil, "create", f.Name(), "", nil)
}

// Append opens a file.
func (r *Recorder) Append(path string) (disk.File, error) {
	f, err := r.Quick.Append(path)
	if err != nil {
		return nil, err
	}
	return recordedFile{f, r}, nil
}

// MakeFolder makes a folder.
func (r *Recorder) MakeFolder(path string) error {
	return r.note(r.Quick.MakeFolder(path), "makeFolder", path, "", nil)
}

// MakeTemp makes a folder.
func (r *Recorder) MakeTemp(parent, pattern string) (string, error) {
	path, err := r.Quick.MakeTemp(parent, pattern)
	return path, r.note(err, "makeFolder", path, "", nil)
}

// Rename renames.
func (r *Recorder) Rename(from, to string) error {
	return r.note(r.Quick.Rename(from, to), "rename", from, to, nil)
}

// Exchange exchanges two names.
func (r *Recorder) Exchange(a, b string) error {
	if r.NoExchange {
		return errors.ErrUnsupported
	}
	return r.note(r.Quick.Exchange(a, b), "exchange", a, b, nil)
}

// Remove removes.
func (r *Recorder) Remove(path string) error {
	return r.note(r.Quick.Remove(path), "remove", path, "", nil)
}

// SyncFolder syncs.
func (r *Recorder) SyncFolder(path string) error {
	return r.note(r.Quick.SyncFolder(path), "syncFolder", path, "", nil)
}

// Last returns which operation was the last of so many.
func (r *Recorder) Last(n int) string {
	if n == 0 {
		return "none"
	}
	o := r.ops[n-1]
	return o.name + " " + o.path + " " + o.to
}
