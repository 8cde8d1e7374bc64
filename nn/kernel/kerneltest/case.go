package kerneltest

import (
	"math"
	"math/rand/v2"

	"github.com/convscope/convscope/nn/kernel"
)

// A testCase is a program with what to fill its buffers with and the steps to run, one after the other.
type testCase struct {
	name    string
	program *kernel.Program
	fill    []func(*rand.Rand) float32 // of each buffer; nil: not uploaded
	steps   []kernel.Step
}

// A builder puts a program together. All its values are Kept, so that every one can be looked at.
type builder struct{ testCase }

func newBuilder(name string, batch int) *builder {
	return &builder{testCase{name: name, program: &kernel.Program{Batch: batch}, steps: trainingSteps(batch)}}
}

// trainingSteps returns a whole batch, two parts of an accumulated one, and a use without training.
func trainingSteps(batch int) []kernel.Step {
	part := max(1, batch/3)
	return []kernel.Step{
		{Samples: batch, Training: true, Backward: true, Update: true, Scale: 1 / float32(batch), Rate: .1, Decay: .05, Seed: 7},
		{Samples: part, Training: true, Backward: true, Scale: .5, Seed: 7, Iteration: 1},
		{Samples: batch, Training: true, Backward: true, Update: true, Add: true, Scale: .5, Rate: .05, Seed: 7, Iteration: 1, First: part},
		{Samples: part},
	}
}

func uniform(r *rand.Rand) float32 { return 2*r.Float32() - 1 }

// positive returns for what is divided by, or of which a logarithm or root is taken.
func positive(r *rand.Rand) float32 { return .5 + r.Float32() }

// coarse has few values, so that maxima occur more than once.
func coarse(r *rand.Rand) float32 { return float32(r.IntN(5)-4) / 2 }

// chosen returns a target: a one or a zero.
func chosen(r *rand.Rand) float32 { return float32(r.IntN(2)) }

// wide reaches to where exponentials overflow.
func wide(r *rand.Rand) float32 { return 200*r.Float32() - 100 }

// class gives whole numbers from −1 to classes: some samples have no class.
func class(classes int) func(*rand.Rand) float32 {
	return func(r *rand.Rand) float32 { return float32(r.IntN(classes+2) - 1) }
}

func (b *builder) buffer(name string, s kernel.Shape, role kernel.Role, fill func(*rand.Rand) float32) kernel.ID {
	b.program.Buffers = append(b.program.Buffers, kernel.Buffer{Name: name, Shape: s, Role: role, Kept: role == kernel.Value})
	b.fill = append(b.fill, fill)
	return kernel.ID(len(b.program.Buffers) - 1)
}

// samples returns a shape with the batch for N.
func (b *builder) samples(c, h, w int) kernel.Shape {
	return kernel.Shape{N: b.program.Batch, C: c, H: h, W: w}
}

func (b *builder) input(s kernel.Shape) kernel.ID {
	return b.buffer("input", s, kernel.Input, uniform)
}

func (b *builder) inputOf(s kernel.Shape, fill func(*rand.Rand) float32) kernel.ID {
	return b.buffer("input", s, kernel.Input, fill)
}

func (b *builder) value(s kernel.Shape) kernel.ID { return b.buffer("value", s, kernel.Value, nil) }

// started returns a value that the list of operations has written already when something is added to it.
func (b *builder) started(list *[]kernel.Op, s kernel.Shape) kernel.ID {
	from, to := b.input(s), b.value(s)
	*list = append(*list, kernel.Copy{X: from, Y: to, Channels: s.C})
	return to
}

// parameter makes a parameter, its gradient and an update, with each solver in turn.
func (b *builder) parameter(s kernel.Shape, bound float64) (w, dw kernel.ID) {
	kinds := []kernel.SolverKind{kernel.SGD, kernel.Nesterov, kernel.Adam, kernel.AdamW}
	scale := float32(1 / math.Sqrt(bound))
	w = b.buffer("weights", s, kernel.Parameter, func(r *rand.Rand) float32 { return scale * uniform(r) })
	dw = b.buffer("gradient", s, kernel.Gradient, uniform)
	b.update(w, dw, kinds[len(b.program.Update)%len(kinds)])
	return w, dw
}

func (b *builder) update(w, dw kernel.ID, kind kernel.SolverKind) {
	var history []kernel.ID
	for range kind.Histories() {
		history = append(history, b.buffer("history", b.program.Buffers[w].Shape, kernel.History, positive))
	}
	n := float32(len(b.program.Update) % 3)
	b.program.Update = append(b.program.Update, kernel.Update{
		W: w, G: dw, History: history, Kind: kind,
		Momentum: .9, Beta2: .999, Epsilon: 1e-4, RateFactor: 1 + n, DecayFactor: n,
	})
}

func (b *builder) forward(ops ...kernel.Op) { b.program.Forward = append(b.program.Forward, ops...) }

func (b *builder) backward(ops ...kernel.Op) { b.program.Backward = append(b.program.Backward, ops...) }

// upload gives the numbers of each buffer, from the case's name.
func (c *testCase) numbers() [][]float32 {
	seed := uint64(1)
	for _, r := range c.name {
		seed = seed*31 + uint64(r)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([][]float32, len(c.fill))
	for i, fill := range c.fill {
		if fill == nil {
			continue
		}
		all[i] = make([]float32, c.program.Buffers[i].Shape.Len())
		for j := range all[i] {
			all[i][j] = fill(rng)
		}
	}
	return all
}
