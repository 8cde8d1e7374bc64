package train

import (
	"math"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/kernel"
)

// pass runs one batch through the network. Before an update the gradients are clipped, if the configuration says so.
func (r *run) pass(images []float32, truths [][]float32, s kernel.Step) (nn.Result, error) {
	if r.Config.Clip == 0 || !s.Update {
		return r.inst.Run(images, truths, s)
	}
	s.Update = false
	result, err := r.inst.Run(images, truths, s)
	if err != nil {
		return result, err
	}
	if err := r.clipper.clip(r.inst, r.Config.Clip); err != nil {
		return result, err
	}
	return result, r.inst.Update(s)
}

// A clipper keeps the norm of all gradients together within a limit (Pascanu, Mikolov and Bengio 2013, "On the difficulty of training
// recurrent neural networks", algorithm 1): beyond it they are scaled to it, so that the direction of the step stays. Weight decay is not among
// them. The sum goes over the parameters in their order, so the result is the same to the bit for any number of threads.
type clipper struct{ room []float32 }

func (k *clipper) clip(inst *nn.Instance, limit float64) error {
	sum := 0.
	err := k.each(inst, func(_ kernel.ID, gradient []float32) error {
		sum += squares(gradient, nil)
		return nil
	})
	total := math.Sqrt(sum)
	if err != nil || !(total > limit) { // one that is no number is told by the loss
		return err
	}
	scale := float32(limit / total)
	return k.each(inst, func(id kernel.ID, gradient []float32) error {
		for i := range gradient {
			gradient[i] *= scale
		}
		return inst.Write(id, gradient)
	})
}

// each shows the gradient of every parameter that learns. The next one overwrites it.
func (k *clipper) each(inst *nn.Instance, show func(id kernel.ID, gradient []float32) error) error {
	for _, p := range inst.Network.Parameters {
		if p.Gradient == kernel.None {
			continue
		}
		if n := p.Shape.Len(); len(k.room) < n {
			k.room = make([]float32, n)
		}
		gradient := k.room[:p.Shape.Len()]
		if err := inst.Read(p.Gradient, gradient); err != nil {
			return err
		}
		if err := show(p.Gradient, gradient); err != nil {
			return err
		}
	}
	return nil
}
