package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// check returns a fault if a name leads out of its folder. Names that disk.SafeName would not give pass: people name folders too.
func check(name string) error {
	if !filepath.IsLocal(name) || name == "." || filepath.Base(name) != name {
		return fault.New("workspace.name", "%q cannot be the name of a data set, a network or a run. Use letters and digits.", name)
	}
	return nil
}

// FreeName returns base, or base followed by the first number from 2 that is not taken.
func FreeName(base string, taken func(name string) bool) string {
	name := base
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s %d", base, i)
	}
	return name
}

// archives are what the names of archives end in, the longest first.
var archives = []string{".tar.gz", ".tgz", ".tar", ".zip", ".gz"}

// NewDatasetName returns a name for the data set of a source, a file or folder, that none has.
func (w Workspace) NewDatasetName(source string) string {
	base := filepath.Base(source)
	for _, suffix := range archives {
		base = strings.TrimSuffix(base, suffix)
	}
	base, err := disk.SafeName(base)
	if err != nil {
		base = "data"
	}
	return FreeName(base, func(name string) bool { return exists(w.DatasetPath(name)) })
}

// NewRunName returns "run N", with the first N after those of all runs, and of the names in given: nobody gets the name of a run that was deleted
// or moved away meanwhile.
func (w Workspace) NewRunName(given ...string) string {
	names, _ := w.Runs() // unreadable: the first one that is free
	for n := max(highest(names), highest(given)) + 1; ; n++ {
		if name := fmt.Sprintf("run %d", n); !exists(w.RunPath(name)) {
			return name
		}
	}
}

// highest returns the largest N of the names "run N".
func highest(names []string) (most int) {
	for _, name := range names {
		n := 0
		if _, err := fmt.Sscanf(name, "run %d", &n); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// exists reports whether something is seen at a path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
