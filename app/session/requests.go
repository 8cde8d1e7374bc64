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

// Look sends an image through a run's network; done gets what every layer made of it. A newer Look takes its place.
func (s *Session) Look(run, snapshot string, img image.Image, done func(*inspect.View, error)) {
	folder := s.runFolder(run)
	s.look.do(func(ctx context.Context, _ func(func())) func() {
		var v *inspect.View
		err := s.use(ctx, model.Key{Folder: folder, Snapshot: snapshot, Batch: 1, KeepAll: true}, func(p *model.Predictor) (err error) {
			v, err = inspect.Look(ctx, p, img)
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

// measure evaluates a run on a split.
func (s *Session) measure(ctx context.Context, r Run, dataset string, split data.Split) (train.Evaluation, error) {
	m, err := model.Load(r.Folder, "")
	if err != nil {
		return train.Evaluation{}, err
	}
	d, err := s.Data(dataset)
	if err != nil {
		return train.Evaluation{}, err
	}
	return train.Evaluate(ctx, m, d, split, s.device, func(int, int) {})
}

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

// FirstImage reads the first validation image of a data set, or its first at all. It blocks: not for the window's goroutine.
func (s *Session) FirstImage(dataset string) (data.Pixels, error) {
	d, err := s.Data(dataset)
	if err != nil {
		return data.Pixels{}, err
	}
	ids := append(d.IDs(data.Val), d.IDs(data.Train)...)
	if len(ids) == 0 {
		return data.Pixels{}, fault.New("session.dataset.empty", "The data set %s has no images. Import another one.", dataset)
	}
	return d.Pixels(ids[0])
}

// Augmented shows what a configuration makes of a data set's first training image: as it is, then as in the first epochs. A newer call takes its place.
func (s *Session) Augmented(dataset string, c train.Config, epochs int, done func([]data.Pixels, error)) {
	s.augmented.do(func(context.Context, func(func())) func() {
		var list []data.Pixels
		d, err := s.Data(dataset)
		if err == nil {
			list, err = train.Augmented(d, c, epochs)
		}
		return func() { done(list, err) }
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

// Load decodes an image file in the background; done gets it on the window's goroutine.
func (s *Session) Load(path string, done func(image.Image, error)) {
	s.background(func(ctx context.Context) {
		img, err := data.DecodeFile(path)
		if ctx.Err() == nil {
			s.config.Post(func() { done(img, err) })
		}
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
