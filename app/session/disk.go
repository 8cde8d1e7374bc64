package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// Refresh looks whether the data sets are still on the disk, and whether others have come: people move folders while the window is open. What is
// gone is told and no longer offered.
func (s *Session) Refresh() {
	s.background(func(context.Context) {
		s.dropLost()
		s.takeNew()
	})
}

// gone tells of a data set that its folder no longer has. Files that are damaged have been told of, and are there.
func gone(d Dataset) error {
	files := []string{""}
	if d.Err == nil {
		files = []string{data.InfoFile, data.DataFile}
	}
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(d.Path, file)); errors.Is(err, fs.ErrNotExist) {
			return lostDataset(d.Name, d.Path).Because(err)
		}
	}
	return nil
}

func lostDataset(name, folder string) *fault.Fault {
	return fault.New("session.dataset.gone", "The data set %s is no longer in the folder %s: it was moved or deleted. Put it back there, or import it again.", name, folder)
}

// dropLost drops the data sets that are no longer on the disk, and tells which.
func (s *Session) dropLost() {
	s.disk.Lock()
	defer s.disk.Unlock()
	for _, d := range s.State().Datasets {
		if err := gone(d); err != nil {
			s.drop(d.Name)
			s.notice(Notice{Err: err, Stays: true})
		}
	}
}

// drop forgets a data set. What was open of it stays so until the session is closed: a training may read it still.
func (s *Session) drop(name string) {
	s.change(func(now *State) {
		if d := s.open[name]; d != nil {
			s.orphans = append(s.orphans, d)
			delete(s.open, name)
		}
		now.Datasets = slices.DeleteFunc(slices.Clone(now.Datasets), func(d Dataset) bool { return d.Name == name })
		s.settle(now)
	})
	s.remember()
}

// takeNew takes in data sets that have come into the workspace, once they are whole: one may still be on its way.
func (s *Session) takeNew() {
	s.disk.Lock()
	defer s.disk.Unlock()
	entries, err := s.folders("datasets")
	if err != nil {
		return // told at the start; what was lost with the folder has just been told
	}
	var come []Dataset
	for _, e := range entries {
		state := s.State()
		if named(state.Datasets, e.Name(), func(d *Dataset) string { return d.Name }) != nil || state.Import != nil && state.Import.Name == e.Name() {
			continue
		}
		if d := s.readDataset(e.Name()); d.Err == nil {
			come = append(come, d)
		}
	}
	if len(come) > 0 {
		s.change(func(now *State) {
			for _, d := range come {
				now.Datasets = withDataset(now.Datasets, d)
			}
			s.settle(now)
		})
		s.remember() // the first that comes is chosen
	}
}

// withDataset is a list with a data set in its place, instead of one of its name.
func withDataset(list []Dataset, d Dataset) []Dataset {
	list = slices.DeleteFunc(slices.Clone(list), func(o Dataset) bool { return o.Name == d.Name })
	list = append(list, d)
	slices.SortFunc(list, func(a, b Dataset) int { return strings.Compare(a.Name, b.Name) })
	return list
}
