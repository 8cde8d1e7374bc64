package disk

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/convscope/convscope/nn/fault"
)

// tempFile begins the names of files in the making.
const tempFile = ".convscope-"

// WriteFile writes a file so that its path holds, whatever happens, either what it held before or all that write wrote: to a temporary
// file in the same folder, synced, then renamed. When it returns the file lasts. What goes wrong is in words.
func WriteFile(path string, write func(io.Writer) error) error {
	return WriteFault(writeFile(path, write), path)
}

func writeFile(path string, write func(io.Writer) error) error {
	if err := writeUnlisted(path, write); err != nil {
		return err
	}
	return current.SyncFolder(filepath.Dir(path))
}

// writeUnlisted writes a file whose bytes last when it returns, but not yet its name.
func writeUnlisted(path string, write func(io.Writer) error) (err error) {
	f, err := current.Create(filepath.Dir(path), tempFile+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // harmless where it is closed already
			_ = current.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	if err = write(buffered); err != nil {
		return err
	}
	if err = buffered.Flush(); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = current.Rename(f.Name(), path)
	}
	return err
}

// MakeFolder makes a folder that lasts, and those that it lies in, if need be. What goes wrong is in words.
func MakeFolder(path string) error { return WriteFault(makeFolder(path), path) }

func makeFolder(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := current.MakeFolder(path); err != nil {
		if info, stat := os.Stat(path); stat == nil && info.IsDir() {
			return nil // another made it meanwhile
		}
		return err
	}
	return current.SyncFolder(parent)
}

// MakeParents makes the folders that a path lies in. undo removes those of them that were made and have nothing in them; it is there after an error, too.
func MakeParents(path string) (undo func(), err error) {
	var made []string // the innermost first
	for p := filepath.Dir(path); ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || p == filepath.Dir(p) {
			break
		}
		made = append(made, p)
	}
	undo = func() {
		for _, p := range made {
			_ = Remove(p) // only if nothing else is in it by now
		}
	}
	return undo, MakeFolder(filepath.Dir(path))
}

// Writable reports whether files can be made in a folder: one that is there may still be read-only.
func Writable(folder string) error {
	f, err := current.Create(folder, tempFile+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), current.Remove(f.Name()))
}

// ReadFile reads a file of at most limit bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, path, limit)
}

// ReadAll reads at most limit bytes of what has a name.
func ReadAll(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fault.New("file.large", "%s has more than %v bytes, too many for a file of its kind.", name, limit)
	}
	return b, err
}
