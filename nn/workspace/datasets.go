package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// OpenDataset opens a data set. The caller closes it.
func (w Workspace) OpenDataset(name string) (*data.Dataset, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	return data.Open(w.DatasetPath(name))
}

// CheckDataset returns a fault if a data set is no longer there: people move folders. Of one that could be opened before, its files must be there
// too; what is wrong with the files of another was reported when it was opened.
func (w Workspace) CheckDataset(name string, opened bool) error {
	files := []string{""}
	if opened {
		files = []string{data.InfoFile, data.DataFile}
	}
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(w.DatasetPath(name), file)); errors.Is(err, fs.ErrNotExist) {
			return w.DatasetGone(name).Because(err)
		}
	}
	return nil
}

// DatasetGone returns the fault of a data set that is no longer there.
func (w Workspace) DatasetGone(name string) *fault.Fault {
	return fault.New("workspace.dataset.gone", "The data set %s is no longer in the folder %s: it was moved or deleted. Put it back there, or import it again.", name, w.DatasetPath(name))
}

// DeleteDataset deletes a data set, which nobody may have open. It reports whether nothing has its name any more, which may be so though some of
// it could not be deleted.
func (w Workspace) DeleteDataset(name string) (gone bool, err error) {
	if err := check(name); err != nil {
		return false, err
	}
	return remove(w.DatasetPath(name))
}
