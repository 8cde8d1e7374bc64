package data

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// tempPrefix begins the names of folders that imports work in.
const tempPrefix = ".convscope-import-"

// A target is a folder being made: under a temporary name beside its place, until it is published.
type target struct {
	out, temp string
	release   func()   // lets other imports have temp
	made      []string // parents that were made for it, the outermost first
}

// checkTarget says what stands against making a data set at out.
func checkTarget(out string, force bool) error {
	if strings.TrimSpace(out) == "" {
		return fault.New("data.out", "The new data set has no name. Give it one.")
	}
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return writeFault(err, out)
	}
	if _, err := readInfo(out); err != nil && fault.Code(err) != "data.newer" && fault.Code(err) != "data.info.damaged" && fault.Code(err) != "data.info.wrong" {
		return fault.New("data.out.foreign", "%s is there already and is no data set, so it is not replaced. Choose another name.", out)
	}
	if !force {
		return fault.New("data.exists", "There is a data set %s already. Choose another name, or replace it (--force).", out)
	}
	return nil
}

// newTarget makes the temporary folder for a data set at out, and clears away those that imports left which were killed.
func newTarget(out string) (*target, error) {
	out = filepath.Clean(out)
	if len(filepath.Base(out)) > 255 {
		return nil, fault.New("name.long", "The name %s is too long for the disk. Choose a shorter one.", filepath.Base(out))
	}
	t := &target{out: out}
	parent := filepath.Dir(out)
	for p := parent; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || p == filepath.Dir(p) {
			break
		}
		t.made = append([]string{p}, t.made...)
	}
	err := os.MkdirAll(parent, 0o755)
	if err == nil {
		clearStale(parent)
		t.temp, t.release, err = makeHeld(parent)
	}
	if err == nil {
		err = os.Chmod(t.temp, 0o755)
	}
	if err != nil {
		t.abort()
		return nil, writeFault(err, out)
	}
	return t, nil
}

// asideSuffix ends the name of the data set that exchangeByRename puts aside: it is the only one until that is through.
const asideSuffix = "-old"

// clearStale removes folders of imports that were killed: those that no process holds.
func clearStale(parent string) {
	left, err := filepath.Glob(filepath.Join(escapeGlob(parent), tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, folder := range left {
		if strings.HasSuffix(folder, asideSuffix) {
			continue
		}
		if release, err := hold(folder); err == nil {
			discard(folder, release)
		}
	}
}

// makeHeld makes a temporary folder in parent that this process holds, so that other imports let it be.
func makeHeld(parent string) (folder string, release func(), err error) {
	for {
		folder, err = os.MkdirTemp(parent, tempPrefix)
		if err != nil {
			return "", nil, err
		}
		release, err = hold(folder)
		_, gone := os.Stat(folder)
		switch {
		case errors.Is(err, errHeld) || gone != nil: // another import took it for one left over before it was held
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

// escapeGlob makes a path match itself alone.
func escapeGlob(p string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(p)
}

// abort removes what was made, unless it was published.
func (t *target) abort() {
	if t.temp != "" {
		discard(t.temp, t.release)
	}
	for i := len(t.made) - 1; i >= 0; i-- {
		os.Remove(t.made[i]) // only if nothing else is in it by now
	}
}

// publish gives the folder its name. With force a data set that is there is replaced: at any moment the name leads to a
// complete one where the system can exchange folders, as Linux can.
func (t *target) publish(force bool) error {
	if err := checkTarget(t.out, force); err != nil { // it may have been made meanwhile
		return err
	}
	syncFolder(t.temp)
	if !holdsRenamed {
		t.release()
	}
	err := os.Remove(t.out) // an empty folder
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(t.temp, t.out)
	} else if err = exchange(t.temp, t.out); err == nil {
		err = os.RemoveAll(t.temp)
	}
	if err != nil {
		return writeFault(err, t.out)
	}
	syncFolder(filepath.Dir(t.out))
	t.release()
	t.temp, t.made = "", nil
	return nil
}

// exchangeByRename puts new into old's place and the other way round, with the old one aside for a moment.
func exchangeByRename(new, old string) error {
	aside := new + asideSuffix
	if err := os.Rename(old, aside); err != nil {
		return err
	}
	if err := os.Rename(new, old); err != nil {
		return errors.Join(err, os.Rename(aside, old))
	}
	return os.Rename(aside, new)
}
