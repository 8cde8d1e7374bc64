package train

import (
	"context"
	"errors"
	"math"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// A RateSearch is the loss at rising learning rates (Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3).
type RateSearch struct {
	Rates, Losses []float64 // of each step; losses are smoothed
	Suggested     float64   // a good base rate; 0 if the loss never fell
}

// The rates that are tried: from one that moves nothing to one that throws every network off, in so many steps.
const (
	lowestRate  = 1e-7
	highestRate = 10.
	searchSteps = 160
)

// FindRate trains a copy of the job's network for a few steps, each with a higher rate than the one before, until the loss runs away. Nothing is written. observe, if
// given, is told how many steps of how many are done.
func FindRate(ctx context.Context, j Job, observe func(done, total int)) (s RateSearch, err error) {
	r := &run{Job: j, ctx: ctx, observe: func(Event) {}}
	if err := r.Config.Check(); err != nil {
		return s, err
	}
	if r.Spec, err = r.Config.WithLoss(r.Spec); err != nil {
		return s, err
	}
	if err := r.choose(RunInfo{}); err != nil {
		return s, err
	}
	if err := r.fits(); err != nil {
		return s, err
	}
	if err := r.weigh(RunInfo{}); err != nil {
		return s, err
	}
	network, err := nn.Compile(r.Spec, r.Config.options(r.weights))
	if err != nil {
		return s, err
	}
	if err := r.encoding(network); err != nil {
		return s, err
	}
	if err := r.preprocessing(RunInfo{}); err != nil {
		return s, err
	}
	if r.inst, err = network.Open(r.Device); err != nil {
		return s, err
	}
	defer func() { r.closeLoader(); err = errors.Join(err, r.inst.Close()) }()
	if err := r.inst.Initialize(r.Config.Seed); err != nil {
		return s, err
	}
	if r.Config.Weights != "" {
		if _, err := start(r.inst, r.Config.Weights); err != nil {
			return s, err
		}
	}
	least, mean := math.Inf(1), 0.
	for i := range searchSteps {
		rate := lowestRate * math.Pow(highestRate/lowestRate, float64(i)/(searchSteps-1))
		loss, err := r.tryRate(i, rate)
		if err != nil {
			return s, err
		}
		const memory = .9
		mean = memory*mean + (1-memory)*loss
		smooth := mean / (1 - math.Pow(memory, float64(i+1)))
		if math.IsNaN(smooth) || math.IsInf(smooth, 0) || i > 10 && smooth > 2*least+.5 {
			break
		}
		least = math.Min(least, smooth)
		s.Rates, s.Losses = append(s.Rates, rate), append(s.Losses, smooth)
		if observe != nil {
			observe(i+1, searchSteps)
		}
	}
	s.Suggested = suggest(s.Rates, s.Losses, initialLoss(r.Spec.LossType(), r.Spec.Classes))
	return s, nil
}

// tryRate does one step with a rate.
func (r *run) tryRate(i int, rate float64) (float64, error) {
	for {
		if r.loader == nil {
			epoch := i / max(r.perEpoch*r.Config.Accumulate, 1)
			r.loader = data.NewLoader(r.ctx, r.Data, data.Shuffle(r.train, r.Config.Seed, epoch), r.Config.Batch, r.sizes(), r.seen(epoch))
		}
		b, ok, err := r.loader.Next()
		if err != nil {
			return 0, err
		}
		if !ok { // the end of an epoch
			r.closeLoader()
			continue
		}
		result, err := r.pass(b.Images, b.Truths, kernel.Step{
			Samples: b.N, Training: true, Backward: true, Update: true, Scale: 1 / float32(b.N),
			Rate: float32(rate), Decay: float32(r.Config.WeightDecay), Iteration: i, Seed: r.Config.Seed,
		})
		return result.Loss, err
	}
}

// suggest gives a tenth of the rate at which the smoothed loss is least: there it falls most, since smoothing lags behind. 0 where it never gets a fiftieth better than
// at first or than where networks begin.
func suggest(rates, losses []float64, initialLoss float64) float64 {
	if len(losses) == 0 {
		return 0
	}
	at, first := 0, math.Min(losses[0], initialLoss)
	for i, l := range losses {
		if l < losses[at] {
			at = i
		}
	}
	if losses[at] > .98*first {
		return 0
	}
	return roundRate(rates[at] / 10)
}

// roundRate returns the nearest of 1, 2 and 5 times a power of ten, as people write rates.
func roundRate(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	best := power
	for _, m := range []float64{1, 2, 5, 10} {
		if math.Abs(math.Log(v/(m*power))) < math.Abs(math.Log(v/best)) {
			best = m * power
		}
	}
	return best
}

// NoRate is the fault of a search in which the loss never fell.
func NoRate() error {
	return fault.New("train.rate.none", "The loss falls at no learning rate. Check the network and the data: perhaps gradients vanish, or the images are all alike.")
}
