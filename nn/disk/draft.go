package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A Draft is a folder in the making, under a temporary name beside its place until it is published.
type Draft struct {
	Path      string // where it is made; "" when it is published or discarded
	to, aside string
	release   func() // lets others have it

	mu      sync.Mutex
	folders map[string]bool // with files of WriteFile, whose names are still to last
}

// asideSuffix ends the name of a folder that is put aside while another takes its place: it is the only one until that is through.
const asideSuffix = "-old"

// NewDraft makes a folder for what is to lie at path, under a name that begins with prefix, and clears away those of that prefix that
// killed processes left.
func NewDraft(path, prefix string) (*Draft, error) {
	parent := filepath.Dir(path)
	Clear(parent, prefix)
	folder, release, err := makeHeld(parent, prefix)
	if err != nil {
		return nil, err
	}
	return &Draft{Path: folder, to: path, aside: filepath.Join(parent, prefix+filepath.Base(path)+asideSuffix), release: release, folders: map[string]bool{}}, nil
}

// WriteFile writes a file of the draft under a path in it, with slashes, and makes the folders around it. It lasts when the draft is published. WriteFile may be called from several
// goroutines. What goes wrong is in words.
func (d *Draft) WriteFile(path string, write func(io.Writer) error) error {
	full := filepath.Join(d.Path, filepath.FromSlash(path))
	folder := filepath.Dir(full)
	d.mu.Lock()
	err := error(nil)
	if !d.folders[folder] {
		err = makeFolder(folder)
		d.folders[folder] = err == nil
	}
	d.mu.Unlock()
	if err == nil {
		err = writeUnlisted(full, write)
	}
	return WriteFault(err, filepath.Join(d.to, filepath.FromSlash(path)))
}

// sync makes the names of files that were written last.
func (d *Draft) sync() error {
	for folder := range d.folders {
		if err := current.SyncFolder(folder); err != nil {
			return err
		}
	}
	return current.SyncFolder(d.Path)
}

// Publish gives the folder its name, in place of a folder that has it. At any moment the name leads to a whole folder where the system can
// exchange folders; else Clear gives the one before its name back. When Publish returns the folder lasts.
func (d *Draft) Publish() error {
	if err := d.sync(); err != nil {
		return err
	}
	if !holdsRenamed {
		d.release()
	}
	err := current.Remove(d.to) // an empty folder
	before := ""
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		err = current.Rename(d.Path, d.to)
	case current.Exchange(d.Path, d.to) == nil:
		before, err = d.Path, nil
	default:
		before, err = d.aside, d.putAside()
	}
	if err != nil {
		return err
	}
	d.release()
	d.Path = ""
	if err := current.SyncFolder(filepath.Dir(d.to)); err != nil { // the one before is kept until then
		return err
	}
	if before != "" {
		return RemoveAll(before)
	}
	return nil
}

// PublishNew gives the folder its name, unless another has it by now: fs.ErrExist. When it returns the folder lasts.
func (d *Draft) PublishNew() error {
	if err := d.sync(); err != nil {
		return err
	}
	if entries, err := os.ReadDir(d.to); err == nil && len(entries) > 0 { // systems differ in what they say of a rename onto a folder
		return &fs.PathError{Op: "rename", Path: d.to, Err: fs.ErrExist}
	}
	if !holdsRenamed {
		d.release()
	}
	if err := current.Rename(d.Path, d.to); err != nil {
		return err
	}
	d.release()
	d.Path = ""
	return current.SyncFolder(filepath.Dir(d.to))
}

// putAside puts the folder into the other's place.
func (d *Draft) putAside() error {
	if err := current.Rename(d.to, d.aside); err != nil {
		return err
	}
	if err := current.Rename(d.Path, d.to); err != nil {
		return errors.Join(err, current.Rename(d.aside, d.to))
	}
	return nil
}

// Discard removes the folder, unless it was published.
func (d *Draft) Discard() {
	if d.Path != "" {
		discard(d.Path, d.release)
		d.Path = ""
	}
}

// Clear removes the drafts in a folder that killed processes left, as far as that can be done: those that no process holds. What was put
// aside for one that did not come to its place gets its name back.
func Clear(parent, prefix string) {
	entries, _ := os.ReadDir(parent) // what cannot be listed cannot be cleared
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || !e.IsDir() {
			continue
		}
		path := filepath.Join(parent, e.Name())
		if name, ok = strings.CutSuffix(name, asideSuffix); ok {
			if _, err := os.Lstat(filepath.Join(parent, name)); errors.Is(err, fs.ErrNotExist) {
				_ = current.Rename(path, filepath.Join(parent, name))
				continue
			}
		}
		if release, err := hold(path); err == nil {
			discard(path, release)
		}
	}
}

// makeHeld makes a temporary folder in parent that this process holds, so that others let it be.
func makeHeld(parent, prefix string) (folder string, release func(), err error) {
	for {
		folder, err = current.MakeTemp(parent, prefix+"*")
		if err != nil {
			return "", nil, err
		}
		release, err = hold(folder)
		_, gone := os.Stat(folder)
		switch {
		case errors.Is(err, errHeld) || gone != nil: // another took it for one left over before it was held
			if err == nil {
				release()
			}
			continue
		case err != nil: // a disk without locks: others cannot hold it either, and let it be
			release = func() {}
		}
		return folder, release, nil
	}
}

// Rename gives a file or folder another name in its folder, and makes it last.
func Rename(from, to string) error {
	if err := current.Rename(from, to); err != nil {
		return err
	}
	return current.SyncFolder(filepath.Dir(to))
}
