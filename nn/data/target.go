package data

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// tempPrefix begins the names of folders that imports work in.
const tempPrefix = ".convscope-import-"

// A target is a folder being made: under a temporary name beside its place, until it is published.
type target struct {
	out   string
	draft *disk.Draft
	made  []string // parents that were made for it, the outermost first
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
	err := disk.MakeFolder(parent)
	if err == nil {
		t.draft, err = disk.NewDraft(out, tempPrefix)
	}
	if err != nil {
		t.abort()
		return nil, writeFault(err, out)
	}
	return t, nil
}

// abort removes what was made, unless it was published.
func (t *target) abort() {
	if t.draft != nil {
		t.draft.Discard()
	}
	for i := len(t.made) - 1; i >= 0; i-- {
		_ = disk.Remove(t.made[i]) // only if nothing else is in it by now
	}
}

// publish gives the folder its name. With force a data set that is there is replaced: at any moment the name leads to a
// complete one where the system can exchange folders, as Linux can.
func (t *target) publish(force bool) error {
	if err := checkTarget(t.out, force); err != nil { // it may have been made meanwhile
		return err
	}
	if err := t.draft.Publish(); err != nil {
		return writeFault(err, t.out)
	}
	t.made = nil
	return nil
}

// ClearImports removes what was left in a folder by imports that were killed, and by removals of data sets.
func ClearImports(folder string) {
	disk.Clear(folder, tempPrefix) // first: a data set that was put aside is there again
	disk.ClearRemoved(folder)
}
