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
		r.loader = data.NewLoader(r.ctx, r.Data, order[position*group:], r.Config.Batch, r.pre.Len(), r.seen(epoch))
	}
	samples := min(group, len(r.train)-position*group)
	measured := r.healthDue()
	if measured {
		if err := r.health.begin(r.inst); err != nil {
			return 0, err
		}
	}
	rate := Rate(r.Config, r.place.Iteration, r.last)
	var loss float64
	found := r.place.Sums // kept when the step is complete: one that is broken off is done again
	for first := 0; first < samples; {
		b, ok, err := r.loader.Next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, errors.New("train: the data ended before the epoch")
		}
		result, err := r.inst.Run(b.Images, b.Labels, kernel.Step{
			Samples: b.N, Training: true, Backward: true, Update: first+b.N == samples, Add: first > 0, Scale: 1 / float32(samples),
			Rate: float32(rate), Decay: float32(r.Config.WeightDecay), Iteration: r.place.Iteration, First: first, Seed: r.Config.Seed,
		})
		if err != nil {
			return 0, err
		}
		first += b.N
		loss += result.Loss * float64(b.N) / float64(samples)
		found.Loss += result.Loss * float64(b.N)
		found.Correct += result.Correct
		found.Samples += b.N
	}
	r.place.Sums = found
	r.place.Iteration++
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

// seen makes the tensors of an epoch's images.
func (r *run) seen(epoch int) func(id uint32, px data.Pixels, dst []float32) {
	if r.Config.Augment.IsZero() && r.Config.Crop == 0 {
		return plainly(r.pre)
	}
	seen := look(r.pre, r.Config, epoch)
	return func(id uint32, px data.Pixels, dst []float32) {
		part, x, y := seen(id, px)
		r.pre.TensorOfPart(part, x, y, dst)
	}
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
