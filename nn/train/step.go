package train

import (
	"cmp"
	"errors"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// step moves the weights once and tells the loss.
func (r *run) step() (float64, error) {
	began := time.Now()
	epoch, position := r.place.Iteration/r.perEpoch, r.place.Iteration%r.perEpoch
	group := r.Config.Batch * r.Config.Accumulate
	if position == 0 {
		r.closeLoader()
	}
	if r.loader == nil {
		order := data.Shuffle(r.train, r.Config.Seed, epoch)
		r.loader = data.NewLoader(r.ctx, r.Data, order[position*group:], r.Config.Batch, r.sizes(), r.seen(epoch))
	}
	samples := min(group, len(r.train)-position*group)
	measured := r.healthDue()
	if measured {
		if err := r.health.begin(r.inst); err != nil {
			return 0, err
		}
	}
	rate := Rate(r.Config, r.place.Iteration, r.last)
	loss, err := r.learn(samples, rate)
	if err != nil {
		return 0, err
	}
	r.place.Iteration++
	if r.Config.Average > 0 {
		if err := r.average.add(r.inst, r.place.Iteration, r.Config.Average); err != nil {
			return loss, err
		}
	}
	r.place.Epoch = float64(r.place.Iteration) / float64(r.perEpoch)
	if err := r.tell(Step{r.place.Iteration, r.place.Epoch, loss, rate, float64(samples) / time.Since(began).Seconds()}); err != nil {
		return loss, err
	}
	if measured {
		layers, err := r.health.end(r.inst)
		if err = cmp.Or(err, r.tell(Health{r.place.Iteration, r.place.Epoch, layers})); err != nil {
			return loss, err
		}
	}
	return loss, r.jumped(loss)
}

// learn runs the batches of one step, so many samples in all, and moves the weights with the last. A step that is broken off is done again: it leaves no trace in
// what was measured.
func (r *run) learn(samples int, rate float64) (loss float64, err error) {
	found, counts := r.place.Sums, r.meter.Counts()
	defer func() {
		if err != nil {
			err = cmp.Or(err, r.meter.Restore(counts))
		}
	}()
	for first := 0; first < samples; {
		b, ok, err := r.loader.Next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, errors.New("train: the data ended before the epoch")
		}
		result, err := r.pass(b.Images, b.Truths, kernel.Step{
			Samples: b.N, Training: true, Backward: true, Update: first+b.N == samples, Add: first > 0, Scale: 1 / float32(samples),
			Rate: float32(rate), Decay: float32(r.Config.WeightDecay), Iteration: r.place.Iteration, First: first, Seed: r.Config.Seed,
		})
		if err != nil {
			return 0, err
		}
		output, err := r.inst.Output(0, b.N)
		if err != nil {
			return 0, err
		}
		r.codec.Measure(r.meter, output, b.Truths, b.N, nil)
		first += b.N
		loss += result.Loss * float64(b.N) / float64(samples)
		found.Loss += result.Loss * float64(b.N)
		found.Samples += b.N
	}
	r.place.Sums = found
	return loss, nil
}

// jumped tells of a loss that is suddenly several times what it was.
func (r *run) jumped(loss float64) error {
	const (
		memory = 50  // steps over which the loss is smoothed, and the least between two warnings
		factor = 4   // this many times the smoothed loss is a jump
		slack  = 0.5 // and so much more at least: near zero every loss is many times another
	)
	before := r.place.Recent
	if before == 0 {
		before = loss
	}
	r.place.Recent = before + (loss-before)/memory
	if r.quiet > 0 || r.place.Iteration < memory || loss < factor*before+slack {
		r.quiet = max(r.quiet-1, 0)
		return nil
	}
	r.quiet = memory
	return r.tell(Warning{r.place.Iteration, r.place.Epoch, fault.New("train.jump",
		"The loss jumped from about %.2f to %.2f at epoch %.2f. If that happens again, choose a smaller learning rate.", before, loss, r.place.Epoch)})
}
