package session

import (
	"context"
	"errors"
	"image"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Recognize looks at a source without writing anything; done gets what it is and its first images.
func (s *Session) Recognize(source string, done func(imports.Found, []image.Image, error)) {
	s.work.run(func(ctx context.Context) {
		found, err := imports.Recognize(ctx, source)
		var images []image.Image
		if err == nil {
			images, err = found.Preview(8)
		}
		if len(images) == 8 { // they are in the order of the classes: four of all of them
			images = []image.Image{images[0], images[2], images[5], images[7]}
		}
		if ctx.Err() == nil {
			s.work.post(func() { done(found, images, err) })
		}
	})
}

// An importing is the import that goes on, of which there is one at most. The session's lock guards it.
type importing struct {
	cancel context.CancelFunc
	shown  *Import // nil while none goes on; replaced, never written
}

// begin takes up an import. It reports whether none goes on.
func (i *importing) begin(name, source string, cancel context.CancelFunc) bool {
	if i.shown != nil {
		return false
	}
	i.cancel, i.shown = cancel, &Import{Name: name, Source: source}
	return true
}

// progress takes in how far the import is.
func (i *importing) progress(p imports.Progress) {
	if i.shown == nil {
		return
	}
	next := *i.shown
	next.Done, next.Total, next.PerSecond, next.Left = p.Done, p.Total, p.PerSecond, p.Left
	if p.Skipped != nil {
		next.Skipped++
	}
	i.shown = &next
}

// end lets another import begin.
func (i *importing) end() { i.cancel, i.shown = nil, nil }

// NameFor proposes a name for the data set of a source that is not taken yet.
func (s *Session) NameFor(source string) string { return s.space.NewDatasetName(source) }

// Import makes a data set of a source in the background and chooses it.
func (s *Session) Import(source, name string, o imports.Options) {
	o.Threads = s.config.Threads
	s.startImport(name, source, func(ctx context.Context, out string, observe func(imports.Progress)) (data.Info, error) {
		return imports.Import(ctx, source, out, o, observe)
	})
}

// ImportSample makes a data set of a built-in sample for a task in the background and chooses it. One that is there already is just chosen.
func (s *Session) ImportSample(sample string, task data.Task) {
	name := sample
	if task != data.Classification {
		name += "-" + string(task)
	}
	if d := s.State().dataset(name); d != nil && d.Err == nil {
		s.ChooseDataset(name)
		return
	}
	s.startImport(s.NameFor(name), sample, func(ctx context.Context, out string, observe func(imports.Progress)) (data.Info, error) {
		return samples.Import(ctx, sample, out, samples.Options{Task: task, Seed: 1}, observe)
	})
}

// CancelImport cancels the import that is going on; nothing of it stays.
func (s *Session) CancelImport() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.importing.cancel != nil {
		s.importing.cancel()
	}
}

// startImport runs an import, unless one goes on.
func (s *Session) startImport(name, source string, run func(ctx context.Context, out string, observe func(imports.Progress)) (data.Info, error)) {
	name, err := disk.SafeName(name)
	if err != nil {
		s.fail(err)
		return
	}
	ctx, cancel := context.WithCancel(s.work.ctx)
	began := false
	s.change(func(*State) { began = s.importing.begin(name, source, cancel) })
	if !began {
		cancel()
		s.fail(fault.New("session.import.busy", "Another import is in progress. Wait for it to finish or cancel it."))
		return
	}
	s.work.run(func(context.Context) {
		defer cancel()
		_, err := run(ctx, s.space.DatasetPath(name), s.progress)
		if err == nil {
			s.imported(name)
			return
		}
		if !errors.Is(err, context.Canceled) {
			s.fail(err)
		}
		s.change(func(*State) { s.importing.end() })
	})
}

// progress takes in how far the import is.
func (s *Session) progress(p imports.Progress) {
	s.mu.Lock()
	s.importing.progress(p)
	s.mu.Unlock()
	s.touch()
}

// imported takes in the new data set and chooses it.
func (s *Session) imported(name string) {
	d := s.datasets.read(name)
	s.change(func(now *State) {
		s.importing.end()
		now.Datasets, now.Dataset = withDataset(now.Datasets, d), name
		s.settle(now)
	})
	s.notice(Notice{Key: "notice.imported", Args: []any{name, d.Info.Images(), len(d.Info.Skipped)}})
	s.remember()
}
