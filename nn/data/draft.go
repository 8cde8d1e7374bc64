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

// draftPrefix begins the names of folders that imports work in.
const draftPrefix = ".convscope-import-"

// A Draft is the folder of a data set in the making: under a temporary name beside its place, until it is published.
type Draft struct {
	out    string
	folder *disk.Draft
	undo   func() // removes the parents that were made for it
}

// CheckPlace returns a fault where no data set can be made at out: with force one that is there can be replaced.
func CheckPlace(out string, force bool) error {
	if strings.TrimSpace(out) == "" {
		return fault.New("data.out", "The new data set has no name. Give it one.")
	}
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return disk.WriteFault(err, out)
	}
	if _, err := readInfo(out); err != nil && fault.Code(err) != "data.newer" && fault.Code(err) != "data.info.damaged" && fault.Code(err) != "data.info.wrong" {
		return fault.New("data.out.foreign", "%s already exists and is not a data set, so it is not replaced. Choose another name.", out)
	}
	if !force {
		return fault.New("data.exists", "There is already a data set %s. Choose another name, or replace it (--force).", out)
	}
	return nil
}

// NewDraft makes the temporary folder for a data set at out, and clears away those that imports left which were killed.
func NewDraft(out string) (*Draft, error) {
	out = filepath.Clean(out)
	if len(filepath.Base(out)) > 255 {
		return nil, fault.New("name.long", "The name %s is too long for the disk. Choose a shorter one.", filepath.Base(out))
	}
	d := &Draft{out: out}
	undo, err := disk.MakeParents(out)
	d.undo = undo
	if err == nil {
		d.folder, err = disk.NewDraft(out, draftPrefix)
	}
	if err != nil {
		d.Discard()
		return nil, disk.CannotWrite(err, out)
	}
	return d, nil
}

// Discard removes what was made, unless it was published.
func (d *Draft) Discard() {
	if d.folder != nil {
		d.folder.Discard()
	}
	d.undo()
}

// NewWriter begins the database, again where it was begun before. Of info it needs the size and the channels of the images.
func (d *Draft) NewWriter(info Info) (*Writer, error) {
	path := filepath.Join(d.folder.Path, DataFile)
	if err := disk.Remove(path); err != nil {
		return nil, err
	}
	return newWriter(path, info)
}

// Publish writes dataset.json and gives the folder its name. With force a data set that is there is replaced: at any moment the name leads to a
// complete one where the system can exchange folders, as Linux can.
func (d *Draft) Publish(info Info, force bool) error {
	if err := writeInfo(d.folder.Path, info); err != nil {
		return err
	}
	if err := CheckPlace(d.out, force); err != nil { // it may have been made meanwhile
		return err
	}
	if err := d.folder.Publish(); err != nil {
		return disk.WriteFault(err, d.out)
	}
	d.undo = func() {}
	return nil
}

// ClearImports removes what was left in a folder by imports that were killed, and by removals of data sets.
func ClearImports(folder string) {
	disk.Clear(folder, draftPrefix) // first: a data set that was put aside is there again
	disk.ClearRemoved(folder)
}
