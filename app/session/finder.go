package session

import (
	"context"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// FindRate tries rising learning rates on the chosen network and data set. progress is posted at most ten times a second. A newer call takes its place.
func (s *Session) FindRate(c train.Config, progress func(done, total int), done func(train.RateSearch, error)) {
	state := s.State()
	d, n := state.ChosenDataset(), state.ChosenNetwork()
	if d == nil || n == nil {
		done(train.RateSearch{}, fault.New("session.dataset.none", "There is no data set to train on. Import one or take a sample in the Data tab."))
		return
	}
	name, spec := d.Name, n.Spec
	s.finding.do(func(ctx context.Context, post func(func())) func() {
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

// StopFinding ends a FindRate that goes on; its done is not called.
func (s *Session) StopFinding() { s.finding.stop() }

// WatchFilters asks a run that goes on for probes of a layer, with the first image of its validation, or the first at all.
func (s *Session) WatchFilters(run, layer string) {
	t := s.State().Training
	if t == nil || t.Run != run {
		return
	}
	s.watching.do(func(context.Context, func(func())) func() {
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
