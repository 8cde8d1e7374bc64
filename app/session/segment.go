package session

import (
	"context"
	"image"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/vision"
)

// segmentBatch is how many pieces of a photo go through a network at once.
const segmentBatch = 4

// A Segmented photo has the class of each pixel, and the connected areas of one class.
type Segmented struct {
	*vision.Segmentation
	Regions []vision.Region
	Counts  []int // pixels of each class
}

// Segment finds the class of each pixel of a photo with a run's network. progress is posted at most ten times a second. A newer Segment or Detect takes its place, and CancelDetect
// ends it.
func (s *Session) Segment(run string, img image.Image, o vision.SegmentOptions, progress func(done, total int), done func(Segmented, error)) {
	folder := s.runFolder(run)
	s.detect.do(func(ctx context.Context, post func(func())) func() {
		var found Segmented
		err := s.use(ctx, model.Key{Folder: folder, Batch: segmentBatch}, func(p *model.Predictor) (err error) {
			found.Segmentation, err = vision.Segment(ctx, p, img, o, throttle(post, progress))
			return err
		})
		if err == nil {
			found.Regions, _ = found.Segmentation.Regions()
			found.Counts = found.Pixels()
		}
		return func() { done(found, err) }
	})
}

// Scene makes a photo of w×h pixels with many of a built-in sample's things, to try segmentation on.
func (s *Session) Scene(sample string, w, h int, seed uint64, done func(image.Image, error)) {
	s.Do(func(context.Context) func() {
		img, err := data.SampleScene(sample, w, h, seed)
		return func() { done(img, err) }
	})
}
