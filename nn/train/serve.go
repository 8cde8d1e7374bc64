package train

import (
	"cmp"
	"context"
	"image"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/model"
)

// serve does what was asked since the last step. It tells whether the run is to stop.
func (r *run) serve() (stop bool, err error) {
	for {
		select {
		case <-r.ctx.Done():
			return true, nil
		case q := <-r.Requests:
			stop, err := r.answer(q)
			if stop || err != nil {
				return stop, err
			}
		default:
			return false, r.probe()
		}
	}
}

// answer serves one request; a pause lasts until another request ends it.
func (r *run) answer(q Request) (stop bool, err error) {
	switch q := q.(type) {
	case Stop:
		return true, nil
	case SetRate:
		c := r.Config
		c.Rate = q.Rate
		if err := c.Check(); err != nil {
			return false, nil // the window checks too: a run does not end for a number that was mistyped
		}
		r.rateChanges = nil // a new rate replaces those of before
		r.file.Rates = append(r.ratesBefore(), rateFrom{r.place.Iteration, q.Rate})
		return false, r.changeRate(q.Rate)
	case Watch:
		r.watched.set(q)
	case Pause:
		return r.pause()
	}
	return false, nil
}

// changeRate changes the base rate from here on.
func (r *run) changeRate(rate float64) error {
	r.Config.Rate = rate
	if err := r.setState(Running); err != nil {
		return err
	}
	return r.tell(RateChanged{r.place.Iteration, r.place.Epoch, rate})
}

// A rateFrom is a base learning rate and the iteration from which on it holds.
type rateFrom struct {
	Iteration int     `json:"iteration"`
	Rate      float64 `json:"rate"`
}

// possible reports whether rates can be those of a run.
func possible(rates []rateFrom) bool {
	for i, c := range rates {
		if !(c.Rate > 0) || c.Iteration < 0 || i > 0 && c.Iteration < rates[i-1].Iteration {
			return false
		}
	}
	return true
}

// ratesBefore returns the rate that the run began with and those that it was brought to before this iteration.
func (r *run) ratesBefore() []rateFrom {
	n := 1
	for n < len(r.file.Rates) && r.file.Rates[n].Iteration < r.place.Iteration {
		n++
	}
	return r.file.Rates[:n:n]
}

// retrace brings a run that goes on to the rate that it had at its snapshot, and notes where it was changed after that: steps that are done again are done as before.
func (r *run) retrace() error {
	if len(r.file.Rates) == 0 {
		if err := r.ratesTold(); err != nil {
			return err
		}
	}
	before := r.ratesBefore()
	r.Config.Rate = cmp.Or(r.place.Rate, before[len(before)-1].Rate)
	r.rateChanges = r.file.Rates[len(before):]
	return nil
}

// ratesTold finds the rates of a run that an older version began: it told of changes in events alone.
func (r *run) ratesTold() error {
	r.file.Rates = []rateFrom{{0, cmp.Or(r.place.Rate, r.Config.Rate)}}
	events, err := ReadEvents(r.Folder)
	for _, s := range events {
		if s, ok := s.(RateChanged); ok && s.Iteration >= r.place.Iteration {
			r.file.Rates = append(r.file.Rates, rateFrom{s.Iteration, s.Rate})
		}
	}
	return err
}

// repeatRateChanges changes the rate where it was changed before.
func (r *run) repeatRateChanges() error {
	for len(r.rateChanges) > 0 && r.rateChanges[0].Iteration <= r.place.Iteration {
		rate := r.rateChanges[0].Rate
		r.rateChanges = r.rateChanges[1:]
		if err := r.changeRate(rate); err != nil {
			return err
		}
	}
	return nil
}

// pause waits.
func (r *run) pause() (stop bool, err error) {
	began := time.Now()
	defer func() { r.paused += time.Since(began) }()
	if err := r.tell(Paused{}); err != nil {
		return false, err
	}
	for {
		select {
		case <-r.ctx.Done():
			return true, nil
		case q := <-r.Requests:
			switch q.(type) {
			case Resume:
				return false, r.tell(Resumed{})
			case Pause:
				continue
			}
			if stop, err := r.answer(q); stop || err != nil {
				return stop, err
			}
			r.watched.last = time.Time{}
			if err := r.probe(); err != nil {
				return false, err
			}
		}
	}
}

// probe is what Watch asked for: the run's model in use, with the weights of now.
type probe struct {
	image  image.Image // nil: nothing is watched
	layers []string
	last   time.Time
	px     data.Pixels // what the network sees of the image
	tensor []float32   // likewise; nil before the first probe
	model  *model.Predictor
}

// interval between two probes.
const probeInterval = 500 * time.Millisecond

func (p *probe) set(q Watch) {
	p.image, p.layers, p.last, p.tensor = q.Image, q.Layers, time.Time{}, nil
}

func (p *probe) close() error {
	if p.model == nil {
		return nil
	}
	err := p.model.Close()
	p.model = nil
	return err
}

// open makes the model ready, as whoever uses it later has it: with the run's preprocessing and names of classes, and the average of its weights if it takes one.
func (p *probe) open(r *run) error {
	weights, err := r.average.used(r.inst)
	if err != nil {
		return err
	}
	if p.model != nil {
		p.model.Model.Weights = weights
		return p.model.Instance.SetWeights(weights)
	}
	m := &model.Model{Path: r.Folder, Task: r.task, Background: r.Data.Info().Background, Spec: r.Spec, Labels: r.labels, Pre: r.pre, Weights: weights}
	p.model, err = m.Open(r.Device, 1, true)
	return err
}

// probe shows the watched image's way through the network, if it is time again.
func (r *run) probe() error {
	p := &r.watched
	if p.image == nil || time.Since(p.last) < probeInterval {
		return nil
	}
	p.last = time.Now()
	if err := p.open(r); err != nil {
		return err
	}
	if p.tensor == nil {
		p.px, p.tensor = r.pre.Image(p.image)
	}
	p.model.Model.Epoch = r.place.Epoch
	view, err := inspect.Send(context.WithoutCancel(r.ctx), p.model, p.px, p.tensor, p.layers)
	if err != nil {
		return err
	}
	return r.tell(Probe{r.place.Iteration, view})
}
