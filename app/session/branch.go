package session

import (
	"context"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// GoBack makes a new run of one as it was at one of its snapshots, from where it can go on another way, and chooses it. A rate over 0 is its learning rate from there on.
// If the run is going on, it is stopped first. Nothing of it is lost.
func (s *Session) GoBack(run string, epoch, rate float64) {
	back := func() { s.work.run(func(context.Context) { s.branch(run, epoch, rate) }) }
	if s.training.afterEnd(run, back) {
		s.Stop(run)
		return
	}
	back()
}

func (s *Session) branch(run string, epoch, rate float64) {
	to := s.nextRun()
	if err := train.Branch(s.space.RunPath(run), s.space.RunPath(to), epoch, rate); err != nil {
		s.fail(err)
		return
	}
	from := run + " @" + model.EpochName(epoch)
	if r := s.State().run(run); r != nil && r.Info.Note != "" {
		from += " · " + r.Info.Note
	}
	s.fail(train.WriteNote(s.space.RunPath(to), from))
	s.addRun(to)
	s.ChooseRun(to)
	s.notice(Notice{Key: "notice.run.branched", Args: []any{to, run, model.EpochName(epoch)}})
}

// SetNote keeps what the user writes about a run.
func (s *Session) SetNote(run, note string) {
	s.work.run(func(context.Context) {
		if err := train.WriteNote(s.space.RunPath(run), note); err != nil {
			s.fail(err)
			return
		}
		s.change(func(now *State) {
			now.Runs = slices.Clone(now.Runs)
			if r := now.run(run); r != nil {
				r.Info.Note = strings.TrimSpace(disk.OneLine(note))
			}
		})
	})
}

// A RunDisk has what a run takes on the disk.
type RunDisk struct {
	Bytes     int64
	Snapshots []train.SnapshotInfo // the oldest first
}

// DiskOf measures a run on the disk; done gets it on the window's goroutine.
func (s *Session) DiskOf(run string, done func(RunDisk)) {
	s.Do(func(context.Context) func() {
		d := RunDisk{train.DiskUse(s.space.RunPath(run)), train.ReadSnapshots(s.space.RunPath(run))}
		return func() { done(d) }
	})
}

// DiskUse measures all runs on the disk; done gets their bytes by name on the window's goroutine.
func (s *Session) DiskUse(done func(map[string]int64)) {
	s.Do(func(ctx context.Context) func() {
		bytes := map[string]int64{}
		for _, r := range s.State().Runs {
			if ctx.Err() != nil {
				return nil
			}
			bytes[r.Name] = train.DiskUse(r.Folder)
		}
		return func() { done(bytes) }
	})
}

// KeepSnapshot marks a snapshot as kept on purpose or takes the mark away, and measures again.
func (s *Session) KeepSnapshot(run string, epoch float64, on bool, done func(RunDisk)) {
	s.work.run(func(context.Context) {
		s.fail(train.KeepSnapshot(s.space.RunPath(run), epoch, on))
		s.DiskOf(run, done)
	})
}

// DeleteSnapshot deletes a snapshot and measures again.
func (s *Session) DeleteSnapshot(run string, epoch float64, done func(RunDisk)) {
	s.work.run(func(context.Context) {
		if err := s.unused(run); err != nil {
			s.fail(err)
			return
		}
		if err := train.DeleteSnapshot(s.space.RunPath(run), epoch); err != nil {
			s.fail(err)
			return
		}
		s.addRun(run)
		s.DiskOf(run, done)
	})
}
