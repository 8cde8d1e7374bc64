package disk

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// tempFile begins the names of files in the making.
const tempFile = ".convscope-"

// WriteFile writes a file so that its path holds, whatever happens, either what it held before or all that write wrote: to a temporary
// file in the same folder, synced, then renamed. When it returns the file lasts.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	folder := filepath.Dir(path)
	f, err := current.Create(folder, tempFile+"*")
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
	if err != nil {
		return err
	}
	return current.SyncFolder(folder)
}

// MakeFolder makes a folder that lasts, and those that it lies in, if need be.
func MakeFolder(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MakeFolder(parent); err != nil {
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

// Writable reports whether files can be made in a folder: one that is there may still be read-only.
func Writable(folder string) error {
	f, err := current.Create(folder, tempFile+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), current.Remove(f.Name()))
}
