package session

import (
	"context"
	"slices"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/workspace"
)

// readRuns reads all runs of the workspace, the newest first.
func (s *Session) readRuns(ctx context.Context) (all []Run, err error) {
	names, err := s.space.Runs()
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, s.space.ReadRun(name))
	}
	slices.SortFunc(all, workspace.Newest)
	return all, err
}

// withRun returns a list of runs with r in it, in the place of an older r.
func withRun(runs []Run, r Run) []Run {
	runs = append(withoutRun(runs, r.Name), r)
	slices.SortFunc(runs, workspace.Newest)
	return runs
}

// withoutRun returns a list of runs without the one of a name; runs itself, which a State shows, stays as it is.
func withoutRun(runs []Run, name string) []Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Name == name })
}

// addRun takes a run that is new on the disk, or was changed there, into the list.
func (s *Session) addRun(name string) {
	r := s.space.ReadRun(name)
	s.change(func(now *State) { now.Runs = withRun(now.Runs, r) })
}

// unused returns a fault if a run is going on.
func (s *Session) unused(run string) error {
	if s.training.run() == run {
		return fault.New("session.run.used", "The run %s is in progress. Stop it first.", run)
	}
	return nil
}

// DeleteRun deletes a run from the disk, unless it is going on.
func (s *Session) DeleteRun(name string) {
	if err := s.unused(name); err != nil {
		s.fail(err)
		return
	}
	if needsWeights(s.State().Waiting, s.space.RunPath(name)) {
		s.fail(fault.New("session.run.needed", "A waiting run will start from the weights of %s. Take it out of the queue first.", name))
		return
	}
	s.work.run(func(context.Context) {
		s.fail(s.models.Forget(s.space.RunPath(name)))
		gone, err := s.space.DeleteRun(name)
		s.fail(err)
		if !gone {
			return
		}
		s.change(func(now *State) {
			now.Curves, now.Runs = withCurve(now.Curves, name, nil), withoutRun(now.Runs, name)
			s.settle(now)
		})
		s.remember()
		s.loadCurve(s.State().Run)
	})
}

// RenameRun gives a run another name, unless that is an error of the name or of the run; done gets its folder then, on the window's goroutine.
func (s *Session) RenameRun(from, to string, done func(folder string)) error {
	to, err := s.space.CheckRunName(to)
	if to == from {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.unused(from); err != nil {
		return err
	}
	s.work.run(func(context.Context) {
		s.fail(s.models.Forget(s.space.RunPath(from)))
		if err := s.space.RenameRun(from, to); err != nil {
			s.fail(err)
			return
		}
		r := s.space.ReadRun(to)
		s.change(func(now *State) {
			now.Curves, now.Runs = withCurve(now.Curves, from, nil), withRun(withoutRun(now.Runs, from), r)
			if now.Run == from {
				now.Run = to
			}
		})
		s.changeQueue(func(q *queue) { q.moveWeights(s.space.RunPath(from), s.space.RunPath(to)) }) // they find them there
		s.work.post(func() { done(r.Folder) })
		s.remember()
		s.loadCurve(to)
	})
	return nil
}
