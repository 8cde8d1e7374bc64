package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// removing begins the names of folders that are being removed.
const removing = ".deleting "

// RemoveFolder removes a folder, after it was renamed so that a half-removed one is never taken for a whole one; nothing there is no fault.
// What a crash leaves of it ClearRemoved clears away.
func RemoveFolder(path string) error {
	doomed := filepath.Join(filepath.Dir(path), removing+filepath.Base(path))
	if err := RemoveAll(doomed); err != nil { // of a removal that was broken off
		return err
	}
	if err := Rename(path, doomed); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return RemoveAll(doomed)
}

// ClearRemoved removes the folders in parent whose removal was broken off, as far as that can be done. Another process may be removing them too.
func ClearRemoved(parent string) {
	entries, _ := os.ReadDir(parent) // what cannot be listed cannot be cleared
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), removing) {
			_ = RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
}

// Remove removes a file or an empty folder for good; nothing there is no fault.
func Remove(path string) error {
	if err := current.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return current.SyncFolder(filepath.Dir(path))
}

// RemoveAll removes a folder with all that is in it, or a file; nothing there is no fault.
func RemoveAll(path string) error {
	err := remove(path)
	if err == nil {
		return nil
	}
	entries, reading := os.ReadDir(path)
	switch {
	case errors.Is(reading, fs.ErrNotExist): // another process removed it meanwhile
		return nil
	case reading != nil:
		return err
	}
	for _, e := range entries {
		if err := RemoveAll(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return remove(path)
}

// remove removes what is there, if anything is.
func remove(path string) error {
	if err := current.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ClearFiles removes the files in a folder that killed processes left of WriteFile, and that nobody has written to for so long. Where other
// processes may be writing there that must be longer than any of them takes from one write to the next.
func ClearFiles(folder string, unwritten time.Duration) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempFile) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) >= unwritten {
			_ = current.Remove(filepath.Join(folder, e.Name()))
		}
	}
}
