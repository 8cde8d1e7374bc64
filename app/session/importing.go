package session

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Recognize looks at a source without writing anything; done gets what it is and its first images.
func (s *Session) Recognize(source string, done func(data.Found, []image.Image, error)) {
	s.background(func(ctx context.Context) {
		found, err := data.Recognize(ctx, source)
		var images []image.Image
		if err == nil {
			images, err = found.Preview(8)
		}
		if len(images) == 8 { // they are in the order of the classes: four of all of them
			images = []image.Image{images[0], images[2], images[5], images[7]}
		}
		if ctx.Err() == nil {
			s.config.Post(func() { done(found, images, err) })
		}
	})
}

// NameFor proposes a name for the data set of a source that is not taken yet.
func (s *Session) NameFor(source string) string {
	base := filepath.Base(source)
	for _, ext := range []string{".tar.gz", ".tgz", ".tar", ".zip", ".gz"} {
		base = strings.TrimSuffix(base, ext)
	}
	base, err := disk.SafeName(base)
	if err != nil {
		base = "data"
	}
	return s.freeName(base, func(n string) bool {
		_, err := os.Stat(s.datasetFolder(n))
		return err == nil
	})
}

// Import makes a data set of a source in the background and chooses it.
func (s *Session) Import(source, name string, o data.ImportOptions) {
	o.Threads = s.config.Threads
	s.startImport(name, source, func(ctx context.Context, out string, observe func(data.Progress)) (data.Info, error) {
		return data.Import(ctx, source, out, o, observe)
	})
}

// ImportSample makes a data set of a built-in sample for a task in the background and chooses it. One that is there already is just chosen.
func (s *Session) ImportSample(sample string, task data.Task) {
	name := sample
	if task != data.Classification {
		name += "-" + string(task)
	}
	if d := named(s.State().Datasets, name, func(d *Dataset) string { return d.Name }); d != nil && d.Err == nil {
		s.ChooseDataset(name)
		return
	}
	s.startImport(s.NameFor(name), sample, func(ctx context.Context, out string, observe func(data.Progress)) (data.Info, error) {
		return data.ImportSample(ctx, sample, out, data.SampleOptions{Task: task, Seed: 1}, observe)
	})
}

// CancelImport cancels the import that is going on; nothing of it stays.
func (s *Session) CancelImport() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.importing != nil {
		s.importing()
	}
}

// startImport runs an import, unless one goes on.
func (s *Session) startImport(name, source string, run func(ctx context.Context, out string, observe func(data.Progress)) (data.Info, error)) {
	name, err := disk.SafeName(name)
	if err != nil {
		s.fail(err)
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	busy := false
	s.change(func(now *State) {
		if busy = s.importing != nil; !busy {
			s.importing = cancel
			now.Import = &Import{Name: name, Source: source}
		}
	})
	if busy {
		cancel()
		s.fail(fault.New("session.import.busy", "Another import is going on. Wait for its end or cancel it."))
		return
	}
	s.background(func(context.Context) {
		defer cancel()
		_, err := run(ctx, s.datasetFolder(name), func(p data.Progress) { s.progress(p) })
		if err == nil {
			s.imported(name)
			return
		}
		if !errors.Is(err, context.Canceled) {
			s.fail(err)
		}
		s.change(func(now *State) { s.importing, now.Import = nil, nil })
	})
}

// progress takes in how far the import is.
func (s *Session) progress(p data.Progress) {
	s.mu.Lock()
	if i := s.now.Import; i != nil {
		next := *i
		next.Done, next.Total, next.PerSecond, next.Left = p.Done, p.Total, p.PerSecond, p.Left
		if p.Skipped != nil {
			next.Skipped++
		}
		s.now.Import = &next
	}
	s.mu.Unlock()
	s.touch()
}

// imported takes in the new data set and chooses it.
func (s *Session) imported(name string) {
	d := s.readDataset(name)
	s.change(func(now *State) {
		s.importing, now.Import = nil, nil
		now.Datasets, now.Dataset = withDataset(now.Datasets, d), name
		s.settle(now)
	})
	s.notice(Notice{Key: "notice.imported", Args: []any{name, d.Info.Images(), len(d.Info.Skipped)}})
	s.remember()
}
