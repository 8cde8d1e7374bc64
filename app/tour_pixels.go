package app

import (
	"fmt"
	"image/png"
	"io"
	"path/filepath"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// From a class for an image to a class for each pixel: the sample of shapes with its masks, a U-Net, what it learns, and the areas that it finds in a photo.

// scenes takes the sample of shapes whose pixels have classes.
func (t *tour) scenes() error {
	t.comparing(func(p comparer) { p.ShowComparison(false) })
	t.on(func() { t.w.session.ImportSample("shapes", data.Segmentation) })
	err := t.until("the scenes", func(s *session.State) (bool, error) {
		d := s.ChosenDataset()
		return s.Import == nil && d != nil && d.Info.Task == data.Segmentation, failed(s)
	})
	if err != nil {
		return err
	}
	t.tab("data")
	return t.shownBy("the grid", 2)
}

// unet chooses the first network that is offered for scenes.
func (t *tour) unet() error {
	t.tab("network")
	return t.until("the U-Net", func(s *session.State) (bool, error) {
		n := s.ChosenNetwork()
		return n != nil && n.Name == "u-net" && n.Spec.Classes == len(s.ChosenDataset().Info.Classes), failed(s)
	})
}

// learnPixels trains it for a few epochs and asks for more than the background.
func (t *tour) learnPixels() error {
	t.tab("train")
	var c train.Config
	t.on(func() {
		c = train.DefaultsFor(t.w.state.ChosenNetwork().Spec)
		c.Epochs = 4
	})
	if err := t.run(c); err != nil {
		return err
	}
	var err error
	t.on(func() {
		if r := t.w.state.ChosenRun(); !(r.Info.Best > .3) {
			err = fmt.Errorf("the run has a mean IoU of %.2f", r.Info.Best)
		}
	})
	return err
}

// evaluator is a page that measures a run.
type evaluator interface{ Evaluate() }

// evaluated shows what the run takes for what.
func (t *tour) evaluated() error {
	t.tab("inspect")
	t.on(func() {
		if p, ok := t.w.pages[t.w.current].(evaluator); ok {
			p.Evaluate()
		}
	})
	return t.until("the evaluation", func(s *session.State) (bool, error) {
		p, ok := t.w.pages[t.w.current].(interface{ Evaluated() metric.Values })
		return ok && p.Evaluated() != nil, failed(s)
	})
}

// segmented drops a scene on the window and waits for its areas.
func (t *tour) segmented() error {
	t.tab("detect")
	img, err := samples.Scene("shapes", 480, 360, 3)
	if err != nil {
		return err
	}
	path := filepath.Join(t.w.session.Home(), "scene.png")
	if err := disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
		return err
	}
	t.on(func() { t.w.dropped([]string{path}) })
	return t.shownBy("areas", 3)
}
