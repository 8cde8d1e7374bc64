package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDenseWaysAgree holds that a fully connected layer has the same output whether its weights are packed or the batch, for batches of several parts and for sums
// longer than a block.
func TestDenseWaysAgree(t *testing.T) {
	for _, u := range units() {
		for _, c := range []benchCase{
			{batch: 2*batchPart + 45, in: Shape{C: 5, H: 3, W: 3}, filters: 37},
			{batch: batchPart + 1, in: Shape{C: 7, H: 1, W: 1}, filters: 2*outputsPart + 3},
			{batch: 70, in: Shape{C: block + 9, H: 1, W: 1}, filters: 33},
			{batch: 9, in: Shape{C: 33, H: 4, W: 4}, filters: 50},
		} {
			p, _ := c.program()
			p.Forward = append(p.Forward, Activation{Kind: ReLU, X: 3, Y: 3})
			d := newCPU(2, u)
			ex, err := d.Prepare(p)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(3, 4))
			for id := range 3 { // input, weights and bias
				v := make([]float32, p.Buffers[id].Shape.Len())
				for i := range v {
					v[i] = 2*rng.Float32() - 1
				}
				if err := ex.Buffer(ID(id)).Upload(v); err != nil {
					t.Fatal(err)
				}
			}
			e := ex.(*cpuExecutor)
			output := func(list []stage) []float32 {
				e.forward = list
				e.packed, e.flat = memory(e.needs.packed), memory(e.needs.flat)
				for i := range e.workers {
					e.workers[i].scratch = scratchMemory(e.need)
				}
				y := make([]float32, p.Buffers[3].Shape.Len())
				for _, samples := range []int{c.batch / 2, c.batch} {
					if err := e.Run(Step{Samples: samples}); err != nil {
						t.Fatal(err)
					}
				}
				if err := e.Buffer(3).Download(y); err != nil {
					t.Fatal(err)
				}
				return y
			}
			o := p.Forward[0].(Dense)
			packed, large := output([]stage{e.densePacked(o, true)}), output(e.denseLarge(o, true))
			for i, v := range packed {
				if !(math.Abs(float64(v-large[i])) < 1e-3) {
					t.Fatalf("%s, %d to %d, batch %d: output %d is %v with packed weights, %v with a packed batch", u.name, c.in.Sample(), c.filters, c.batch, i, v, large[i])
				}
			}
			if err := ex.Close(); err != nil {
				t.Error(err)
			}
			_ = d.Close()
		}
	}
}
