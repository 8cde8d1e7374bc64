package session

import (
	"context"
	"image"
	"os"
	"path/filepath"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/vision"
	"github.com/convscope/convscope/nn/workspace"
)

const (
	readyModels  = 3  // models that stay ready on the device
	windowBatch  = 64 // windows of a photo that go through a network at once
	segmentBatch = 4  // pieces of a photo that go through a network at once
)

// predictions are what the networks of the workspace's runs make of images.
type predictions struct {
	space   workspace.Workspace
	work    *background
	models  *model.Cache
	inspect *lane // one image on its way through a network
	photo   *lane // one photo in which things are found
}

func newPredictions(w workspace.Workspace, work *background, models *model.Cache) *predictions {
	return &predictions{space: w, work: work, models: models, inspect: newLane(work), photo: newLane(work)}
}

// use calls do with the model of a run.
func (p *predictions) use(ctx context.Context, run string, key model.Key, do func(*model.Predictor) error) error {
	key.Folder = p.space.RunPath(run)
	if key.Snapshot == "" {
		if err := hasWeights(key.Folder); err != nil {
			return err
		}
	}
	return p.models.Use(ctx, key, do)
}

// hasWeights returns a fault for a run whose best weights were not written yet.
func hasWeights(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, model.WeightsFile)); err != nil {
		return fault.New("session.weights.none", "The run %s has no weights yet: they are written after its first epoch. Wait for it, or train longer.", filepath.Base(folder)).Because(err)
	}
	return nil
}

// Inspect sends an image through a run's network; done gets what every layer made of it. A newer Inspect takes its place.
func (p *predictions) Inspect(run, snapshot string, img image.Image, done func(*inspect.View, error)) {
	p.inspect.do(func(ctx context.Context, _ func(func())) func() {
		var v *inspect.View
		err := p.use(ctx, run, model.Key{Snapshot: snapshot, Batch: 1, KeepAll: true}, func(m *model.Predictor) (err error) {
			v, err = inspect.Image(ctx, m, img)
			return err
		})
		return func() { done(v, err) }
	})
}

// Filters reads the filters of a layer of a run's best weights.
func (p *predictions) Filters(run, layer string, done func(*nn.Tensor, error)) {
	folder := p.space.RunPath(run)
	p.work.answer(func(context.Context) func() {
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
func (p *predictions) Layers(run, snapshot string, done func(*inspect.View, error)) {
	folder := p.space.RunPath(run)
	p.work.answer(func(context.Context) func() {
		m, err := model.Load(folder, snapshot)
		if err != nil {
			return func() { done(nil, err) }
		}
		v := inspect.Layers(m)
		return func() { done(v, nil) }
	})
}

// Detect slides a run's classifier over a photo. progress is posted at most ten times a second. A newer Detect or Segment takes its place.
func (p *predictions) Detect(run string, img image.Image, o vision.WindowOptions, progress func(done, total int), done func(*vision.Windows, error)) {
	p.photo.do(func(ctx context.Context, post func(func())) func() {
		var w *vision.Windows
		err := p.use(ctx, run, model.Key{Batch: windowBatch}, func(m *model.Predictor) (err error) {
			w, err = vision.SlidingWindow(ctx, m, img, o, throttle(post, progress))
			return err
		})
		return func() { done(w, err) }
	})
}

// A Segmented photo has the class of each pixel, and the connected areas of one class.
type Segmented struct {
	*vision.Segmentation
	Regions []vision.Region
	Counts  []int // pixels of each class
}

// Segment finds the class of each pixel of a photo with a run's network. progress is posted at most ten times a second. A newer Segment or Detect takes its place.
func (p *predictions) Segment(run string, img image.Image, o vision.SegmentOptions, progress func(done, total int), done func(Segmented, error)) {
	p.photo.do(func(ctx context.Context, post func(func())) func() {
		var found Segmented
		err := p.use(ctx, run, model.Key{Batch: segmentBatch}, func(m *model.Predictor) (err error) {
			found.Segmentation, err = vision.Segment(ctx, m, img, o, throttle(post, progress))
			return err
		})
		if err == nil {
			found.Regions, _ = found.Segmentation.Regions()
			found.Counts = found.Pixels()
		}
		return func() { done(found, err) }
	})
}

// CancelDetect ends a Detect or Segment that goes on; its done is not called.
func (p *predictions) CancelDetect() { p.photo.stop() }
