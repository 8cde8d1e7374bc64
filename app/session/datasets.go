package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/workspace"
)

// datasets are those of the workspace that are open. Each is opened once, when it is first needed, and stays so until it is deleted or all are closed.
// Their methods may be called from any goroutine, and block.
type datasets struct {
	space  workspace.Workspace
	moving sync.Mutex // held while data sets come or go on the disk; never within mu

	mu       sync.Mutex // guards what follows
	open     map[string]*data.Dataset
	deleting map[string]bool
	dropped  []*data.Dataset // no longer on the disk, though somebody may read them still
	closed   bool
}

func newDatasets(w workspace.Workspace) *datasets {
	return &datasets{space: w, open: map[string]*data.Dataset{}, deleting: map[string]bool{}}
}

// get opens a data set, or returns the one that is open.
func (d *datasets) get(name string) (*data.Dataset, error) {
	if opened, err := d.known(name); opened != nil || err != nil {
		return opened, err
	}
	opened, err := d.space.OpenDataset(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch other := d.open[name]; {
	case d.closed:
		return nil, errors.Join(context.Canceled, opened.Close())
	case other != nil: // another goroutine was quicker
		return other, opened.Close()
	case d.deleting[name]: // as has been asked for meanwhile
		return nil, d.space.DatasetGone(name).Because(opened.Close())
	}
	d.open[name] = opened
	return opened, nil
}

// known returns a data set that is open, and an error if it may not be opened.
func (d *datasets) known(name string) (*data.Dataset, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, context.Canceled
	case d.deleting[name]:
		return nil, d.space.DatasetGone(name)
	}
	return d.open[name], nil
}

// read describes a data set for a list.
func (d *datasets) read(name string) Dataset {
	described := Dataset{Name: name, Path: d.space.DatasetPath(name)}
	opened, err := d.get(name)
	if described.Err = err; err == nil {
		described.Info = opened.Info()
	}
	return described
}

// drop forgets a data set that is no longer on the disk. If it was open it stays so until all are closed: a training may read it still.
func (d *datasets) drop(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if opened := d.open[name]; opened != nil {
		d.dropped = append(d.dropped, opened)
		delete(d.open, name)
	}
}

// delete closes a data set and deletes it from the disk; nobody opens it again meanwhile. It reports whether nothing has its name any more.
func (d *datasets) delete(name string) (gone bool, err error) {
	d.mu.Lock()
	opened := d.open[name]
	delete(d.open, name)
	d.deleting[name] = true
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.deleting, name)
		d.mu.Unlock()
	}()
	if opened != nil {
		err = opened.Close()
	}
	gone, deleting := d.space.DeleteDataset(name)
	return gone, errors.Join(err, deleting)
}

// close closes all of them. None is opened afterwards.
func (d *datasets) close() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, opened := range d.open {
		err = errors.Join(err, opened.Close())
	}
	for _, opened := range d.dropped {
		err = errors.Join(err, opened.Close())
	}
	return err
}

// Data opens a data set of the workspace, which stays open until it is deleted or the session closed. It blocks: not for the window's goroutine.
func (s *Session) Data(name string) (*data.Dataset, error) { return s.datasets.get(name) }

// readDatasets describes all data sets of the workspace.
func (s *Session) readDatasets(ctx context.Context) (all []Dataset, err error) {
	names, err := s.space.Datasets()
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, s.datasets.read(name))
	}
	return all, err
}

// DeleteDataset deletes a data set from the disk, unless a training uses it.
func (s *Session) DeleteDataset(name string) {
	if s.training.dataset() == name {
		s.fail(fault.New("session.dataset.used", "The data set %s is being trained on. Stop the training first.", name))
		return
	}
	s.work.run(func(context.Context) {
		s.datasets.moving.Lock()
		defer s.datasets.moving.Unlock()
		gone, err := s.datasets.delete(name)
		s.fail(err)
		if gone {
			s.change(func(now *State) {
				now.Datasets = withoutDataset(now.Datasets, name)
				s.settle(now)
			})
			s.remember()
		}
	})
}

// Refresh looks whether the data sets are still on the disk, and whether others have come: people move folders while the window is open. What is
// gone is reported and no longer offered.
func (s *Session) Refresh() {
	s.work.run(func(context.Context) {
		s.dropLost()
		s.takeNew()
	})
}

// checkDataset returns a fault if a data set is no longer on the disk, and drops it then.
func (s *Session) checkDataset(d Dataset) error {
	err := s.space.CheckDataset(d.Name, d.Err == nil)
	if err != nil {
		s.drop(d.Name)
	}
	return err
}

// dropLost drops the data sets that are no longer on the disk, and reports them.
func (s *Session) dropLost() {
	s.datasets.moving.Lock()
	defer s.datasets.moving.Unlock()
	for _, d := range s.State().Datasets {
		if err := s.checkDataset(d); err != nil {
			s.notice(Notice{Err: err, Stays: true})
		}
	}
}

// drop forgets a data set.
func (s *Session) drop(name string) {
	s.datasets.drop(name)
	s.change(func(now *State) {
		now.Datasets = withoutDataset(now.Datasets, name)
		s.settle(now)
	})
	s.remember()
}

// takeNew takes in data sets that have come into the workspace, once they are whole: one may still be on its way.
func (s *Session) takeNew() {
	s.datasets.moving.Lock()
	defer s.datasets.moving.Unlock()
	names, err := s.space.Datasets()
	if err != nil {
		return // reported at the start; what was lost with the folder has just been reported
	}
	var come []Dataset
	for _, name := range names {
		state := s.State()
		if state.dataset(name) != nil || state.Import != nil && state.Import.Name == name {
			continue
		}
		if d := s.datasets.read(name); d.Err == nil {
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

// withDataset returns a list with a data set in its place, instead of one of its name.
func withDataset(list []Dataset, d Dataset) []Dataset {
	list = append(withoutDataset(list, d.Name), d)
	slices.SortFunc(list, func(a, b Dataset) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// withoutDataset returns a list without the data set of a name; list itself, which a State shows, stays as it is.
func withoutDataset(list []Dataset, name string) []Dataset {
	return slices.DeleteFunc(slices.Clone(list), func(d Dataset) bool { return d.Name == name })
}
