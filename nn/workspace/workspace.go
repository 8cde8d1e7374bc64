// Package workspace is the folder in which data sets, networks and runs are kept together: where each of them lies, which names they may have,
// and how they are listed, read, renamed and deleted, so that a crash leaves nothing half done. The window, and whatever else serves a
// workspace, stands on it.
//
// It is synchronous and keeps nothing in memory: what runs in the background, and what is shown of it, its caller decides.
package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// HomeVariable is the environment variable that names the folder of the workspace.
const HomeVariable = "CONVSCOPE_HOME"

// Folders of a workspace.
const (
	datasets = "datasets" // a folder for each data set
	networks = "networks" // a file for each network
	runs     = "runs"     // a folder for each run
)

// A Workspace is the folder of one. Its methods may be called from any goroutine.
type Workspace struct{ root string }

// Locate returns the folder of the workspace: the one that is asked for, else that of the environment variable, else Convscope in the user's home.
// It reports whether the folder was named, by either of the first two.
func Locate(asked string) (root string, named bool, err error) {
	for _, folder := range []string{asked, os.Getenv(HomeVariable)} {
		if folder != "" {
			root, err = filepath.Abs(folder)
			return root, true, err
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", false, fmt.Errorf("there is no home folder: set %s to the folder of the workspace: %w", HomeVariable, err)
	}
	return filepath.Join(home, "Convscope"), false, nil
}

// Open makes the folders of a workspace if need be. A root that cannot be written to is a fault.
func Open(root string) (Workspace, error) {
	cannot := func(cause error) (Workspace, error) {
		return Workspace{}, fault.New("workspace.root", "The folder of the workspace, %s, cannot be written to. Allow writing there, or choose another folder.", root).Because(cause)
	}
	for _, part := range []string{datasets, networks, runs} {
		if err := disk.MakeFolder(filepath.Join(root, part)); err != nil {
			return cannot(err)
		}
	}
	if err := disk.Writable(root); err != nil {
		return cannot(err)
	}
	return Workspace{root}, nil
}

// Root returns the folder of the workspace.
func (w Workspace) Root() string { return w.root }

// DatasetPath returns the folder of a data set.
func (w Workspace) DatasetPath(name string) string { return filepath.Join(w.root, datasets, name) }

// NetworkPath returns the file of a network.
func (w Workspace) NetworkPath(name string) string {
	return filepath.Join(w.root, networks, name+networkSuffix)
}

// RunPath returns the folder of a run.
func (w Workspace) RunPath(name string) string { return filepath.Join(w.root, runs, name) }

// IsRunPath reports whether a path is that of a run of the workspace, which may be gone by now.
func (w Workspace) IsRunPath(path string) bool {
	return filepath.Dir(path) == filepath.Join(w.root, runs)
}

// Datasets lists the names of the data sets, in their order.
func (w Workspace) Datasets() ([]string, error) { return w.folders(datasets) }

// Runs lists the names of the runs.
func (w Workspace) Runs() ([]string, error) { return w.folders(runs) }

// folders lists the names of the folders in a part of the workspace, without hidden ones.
func (w Workspace) folders(part string) (names []string, err error) {
	entries, err := w.entries(part)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// entries lists what lies in a part of the workspace and is not hidden.
func (w Workspace) entries(part string) ([]fs.DirEntry, error) {
	folder := filepath.Join(w.root, part)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.New("workspace.read", "The folder %s of the workspace cannot be read. Allow reading it.", folder).Because(err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }), nil
}

// stale is how long nobody has written to a file in the making that is taken for one that a crash left.
const stale = time.Hour

// Clear removes what a crash left half made or half removed, and gives back its name to what was put aside. What another process is at stays.
func (w Workspace) Clear() {
	data.ClearImports(filepath.Join(w.root, datasets))
	train.ClearRuns(filepath.Join(w.root, runs), stale)
	disk.ClearFiles(filepath.Join(w.root, networks), stale)
	disk.ClearFiles(w.root, stale)
}

// remove deletes a folder of the workspace. It reports whether nothing has its name any more, which may be so though some of it could not be deleted.
func remove(folder string) (gone bool, err error) {
	if err = disk.RemoveFolder(folder); err != nil {
		err = cannotDelete(folder, err)
	}
	_, missing := os.Lstat(folder)
	return errors.Is(missing, fs.ErrNotExist), err
}

func cannotDelete(path string, cause error) error {
	return fault.New("workspace.delete", "%s cannot be deleted. Allow writing there, or close what uses it.", path).Because(cause)
}
