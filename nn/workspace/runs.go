package workspace

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// A Run of the workspace.
type Run struct {
	Name, Folder string
	Info         train.RunInfo
	Err          error // why it cannot be used
}

// ReadRun reads what a run is and how far it came.
func (w Workspace) ReadRun(name string) Run {
	r := Run{Name: name, Folder: w.RunPath(name)}
	if r.Err = check(name); r.Err == nil {
		r.Info, r.Err = train.ReadRun(r.Folder)
	}
	return r
}

// Newest compares two runs for a list with the newest first: by when they began, those of older versions by the number at the end of the name, then by name.
func Newest(a, b Run) int {
	number := func(name string) (n int) {
		_, _ = fmt.Sscanf(name[strings.LastIndexByte(name, ' ')+1:], "%d", &n) // no number: 0
		return n
	}
	return cmp.Or(b.Info.Begun.Truncate(time.Second).Compare(a.Info.Begun.Truncate(time.Second)), cmp.Compare(number(b.Name), number(a.Name)), cmp.Compare(a.Name, b.Name))
}

// CheckRunName makes a name of what a run is to be called. One that is taken is a fault.
func (w Workspace) CheckRunName(text string) (name string, err error) {
	name, err = disk.SafeName(text)
	if err == nil && exists(w.RunPath(name)) {
		err = fault.New("workspace.run.exists", "There is already a run %s. Choose another name.", name)
	}
	return name, err
}

// RenameRun gives a run, which nobody may have open, another name, as CheckRunName returns it.
func (w Workspace) RenameRun(from, to string) error {
	if err := cmp.Or(check(from), check(to)); err != nil {
		return err
	}
	if _, err := w.CheckRunName(to); err != nil {
		return err
	}
	if err := disk.Rename(w.RunPath(from), w.RunPath(to)); err != nil {
		return fault.New("workspace.rename", "%s cannot be renamed. Allow writing there.", w.RunPath(from)).Because(err)
	}
	return nil
}

// DeleteRun deletes a run, which nobody may have open. It reports whether nothing has its name any more, which may be so though some of it could
// not be deleted.
func (w Workspace) DeleteRun(name string) (gone bool, err error) {
	if err := check(name); err != nil {
		return false, err
	}
	return remove(w.RunPath(name))
}
