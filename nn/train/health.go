package train

import (
	"math"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/kernel"
)

// A LayerHealth is how a layer of weights learns in one step, or how many units of a ReLU are dead. What was not measured is not a number.
type LayerHealth struct {
	Name     string
	Gradient float64 // norm of the gradient of the weights
	Weight   float64 // norm of the weights
	Update   float64 // norm of what the step added to them
	Dead     float64 // share of a ReLU's units that no image wakes, 0…1
}

// Ratio is update / weight: about a thousandth in a network that learns well.
func (l LayerHealth) Ratio() float64 { return l.Update / l.Weight }

// Often enough to see what happens, and so seldom that it costs next to nothing.
const (
	healthSteps  = 20      // at least between two measurements, but for the first steps
	healthPoints = 400     // at most in a run, about
	healthSample = 1 << 18 // numbers of a layer that are looked at
)

// health measures layers.
type health struct {
	weights []nn.Parameter // of layers that learn
	before  [][]float32    // samples of them
	room    []float32
}

// healthDue reports whether the step to come is measured: all of the first ones that are a power of two, then some.
func (r *run) healthDue() bool {
	i := r.place.Iteration
	return i&(i-1) == 0 && i < healthSteps || i%max(healthSteps, r.last/healthPoints) == 0
}

// begin looks at the weights before a step.
func (h *health) begin(inst *nn.Instance) error {
	if h.weights == nil {
		longest := 0
		for _, p := range inst.Network.Parameters {
			if p.Name != "weight" || p.Gradient == kernel.None {
				continue
			}
			n := min(p.Shape.Len(), healthSample)
			h.weights, h.before, longest = append(h.weights, p), append(h.before, make([]float32, n)), max(longest, n)
		}
		h.room = make([]float32, longest)
	}
	for i, p := range h.weights {
		if err := inst.Read(p.ID, h.before[i]); err != nil {
			return err
		}
	}
	return nil
}

// end compares with the weights after it.
func (h *health) end(inst *nn.Instance) ([]LayerHealth, error) {
	var list []LayerHealth
	for i, p := range h.weights {
		before := h.before[i]
		room, whole := h.room[:len(before)], math.Sqrt(float64(p.Shape.Len())/float64(len(before)))
		if err := inst.Read(p.Gradient, room); err != nil {
			return nil, err
		}
		l := LayerHealth{Name: p.Layer, Gradient: whole * norm(room, nil), Weight: whole * norm(before, nil), Dead: nan}
		if err := inst.Read(p.ID, room); err != nil {
			return nil, err
		}
		l.Update = whole * norm(room, before)
		list = append(list, l)
	}
	return list, nil
}

// norm is √Σ(v−from)²; from may be nil.
func norm(v, from []float32) float64 { return math.Sqrt(squares(v, from)) }

// squares is Σ(v−from)², summed in order; from may be nil.
func squares(v, from []float32) float64 {
	sum := 0.
	for i, x := range v {
		d := float64(x)
		if from != nil {
			d -= float64(from[i])
		}
		sum += d * d
	}
	return sum
}

// deadImages is how many images are asked to wake a unit before it counts as dead.
const deadImages = 32

// deadWeights is how many weights a network has at most whose dead units are counted: that takes another copy of them.
const deadWeights = 1 << 24

// dead counts the units of each ReLU that none of some validation (else training) images wakes.
func (r *run) dead() ([]LayerHealth, error) {
	var names []string
	for _, l := range r.Spec.Layers {
		if l.Type == "relu" {
			names = append(names, l.Name)
		}
	}
	ids := r.val
	if len(ids) == 0 {
		ids = r.train
	}
	ids = ids[:min(deadImages, len(ids))]
	if len(names) == 0 || r.inst.Network.Report.Parameters > deadWeights {
		return nil, nil
	}
	if err := r.watched.open(r); err != nil {
		return nil, err
	}
	awake := map[string][]bool{}
	tensor := func(_ data.Entry, px data.Pixels, image []float32, _ [][]float32) error {
		r.pre.Tensor(r.pre.Fit(px), image)
		return nil
	}
	loader := data.NewLoader(r.ctx, r.Data, ids, 1, data.Sizes{Image: r.pre.Len()}, tensor)
	defer loader.Close()
	for {
		b, ok, err := loader.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if _, err := r.watched.model.Instance.Run(b.Images, nil, kernel.Step{Samples: 1}); err != nil {
			return nil, err
		}
		for _, name := range names {
			maps, err := r.watched.model.Instance.Value(name, 1)
			if err != nil {
				return nil, err
			}
			channels := maps.Shape()[1]
			if awake[name] == nil {
				awake[name] = make([]bool, channels)
			}
			plane := len(maps.Data()) / channels
			for c, on := range awake[name] {
				awake[name][c] = on || slices.ContainsFunc(maps.Data()[c*plane:(c+1)*plane], func(v float32) bool { return v > 0 })
			}
		}
	}
	var list []LayerHealth
	for _, name := range names {
		dead := 0
		for _, on := range awake[name] {
			if !on {
				dead++
			}
		}
		list = append(list, LayerHealth{name, nan, nan, nan, float64(dead) / float64(max(len(awake[name]), 1))})
	}
	return list, nil
}
