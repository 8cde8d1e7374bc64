package session

import (
	"context"
	"image"
	"os"
	"path/filepath"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/vision"
)

// readyModels is how many models stay ready on the device.
const readyModels = 3

// use calls do with the model of a run.
func (s *Session) use(ctx context.Context, key model.Key, do func(*model.Predictor) error) error {
	if key.Snapshot == "" {
		if err := hasWeights(key.Folder); err != nil {
			return err
		}
	}
	return s.models.Use(ctx, key, do)
}

// hasWeights tells of a run whose best weights were not written yet.
func hasWeights(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, model.WeightsFile)); err != nil {
		return fault.New("session.weights.none", "The run %s has no weights yet: they are written after its first epoch. Wait for it, or train longer.", filepath.Base(folder)).Because(err)
	}
	return nil
}

// Inspect sends an image through a run's network; done gets what every layer made of it. A newer Inspect takes its place.
func (s *Session) Inspect(run, snapshot string, img image.Image, done func(*inspect.View, error)) {
	folder := s.runFolder(run)
	s.look.do(func(ctx context.Context, _ func(func())) func() {
		var v *inspect.View
		err := s.use(ctx, model.Key{Folder: folder, Snapshot: snapshot, Batch: 1, KeepAll: true}, func(p *model.Predictor) (err error) {
			v, err = inspect.Image(ctx, p, img)
			return err
		})
		return func() { done(v, err) }
	})
}

// windowBatch is how many windows of a photo go through a network at once.
const windowBatch = 64

// Detect slides a run's classifier over a photo. progress is posted at most ten times a second. A newer Detect takes its place.
func (s *Session) Detect(run string, img image.Image, o vision.WindowOptions, progress func(done, total int), done func(*vision.Windows, error)) {
	folder := s.runFolder(run)
	s.detect.do(func(ctx context.Context, post func(func())) func() {
		var w *vision.Windows
		err := s.use(ctx, model.Key{Folder: folder, Batch: windowBatch}, func(p *model.Predictor) (err error) {
			w, err = vision.SlidingWindow(ctx, p, img, o, throttle(post, progress))
			return err
		})
		return func() { done(w, err) }
	})
}

// CancelDetect ends a Detect that goes on; its done is not called.
func (s *Session) CancelDetect() { s.detect.stop() }

// Filters reads the filters of a layer of a run's best weights.
func (s *Session) Filters(run, layer string, done func(*nn.Tensor, error)) {
	folder := s.runFolder(run)
	s.Do(func(context.Context) func() {
		if err := hasWeights(folder); err != nil {
			return func() { done(nil, err) }
		}
		m, err := model.Load(folder, "")
		if err != nil {
			return func() { done(nil, err) }
		}
		t, _ := inspect.Filters(m, layer)
		return func() { done(t, nil) }
	})
}

// Layers shows a run's network without an image: its layers with their filters.
func (s *Session) Layers(run, snapshot string, done func(*inspect.View, error)) {
	folder := s.runFolder(run)
	s.Do(func(context.Context) func() {
		m, err := model.Load(folder, snapshot)
		if err != nil {
			return func() { done(nil, err) }
		}
		v := inspect.Layers(m)
		return func() { done(v, nil) }
	})
}

// WatchFilters asks a run that goes on for probes of a layer, with the first image of its validation, or the first at all.
func (s *Session) WatchFilters(run, layer string) {
	t := s.State().Training
	if t == nil || t.Run != run {
		return
	}
	s.watch.do(func(context.Context, func(func())) func() {
		img, _, err := s.image(t.Dataset, func(d *data.Dataset) (uint32, error) {
			ids := append(d.IDs(data.Val), d.IDs(data.Train)...)
			if len(ids) == 0 {
				return 0, noImages(t.Dataset)
			}
			return ids[0], nil
		})
		return func() {
			if err == nil { // what hinders it the run itself will tell
				s.request(run, train.Watch{Image: img, Layers: []string{layer}}, nil)
			}
		}
	})
}

// FindRate tries rising learning rates on the chosen network and data set. progress is posted at most ten times a second. A newer call takes its place.
func (s *Session) FindRate(c train.Config, progress func(done, total int), done func(train.RateSearch, error)) {
	state := s.State()
	d, n := state.ChosenDataset(), state.ChosenNetwork()
	if d == nil || n == nil {
		done(train.RateSearch{}, fault.New("session.dataset.none", "There is no data set to train on. Import one or take a sample in the Data tab."))
		return
	}
	name, spec := d.Name, n.Spec
	s.rates.do(func(ctx context.Context, post func(func())) func() {
		var found train.RateSearch
		set, err := s.Data(name)
		if err == nil {
			found, err = train.FindRate(ctx, train.Job{Config: c, Spec: spec, Data: set, Device: s.device}, throttle(post, progress))
		}
		if err == nil && found.Suggested == 0 {
			err = train.NoRate()
		}
		return func() { done(found, err) }
	})
}

// Do runs work in the background; the call that it gives is posted to the window's goroutine.
func (s *Session) Do(work func(context.Context) func()) {
	s.background(func(ctx context.Context) {
		if then := work(ctx); then != nil && ctx.Err() == nil {
			s.config.Post(then)
		}
	})
}

// Post brings a call to the window's goroutine.
func (s *Session) Post(f func()) { s.config.Post(f) }
