package train

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/convscope/convscope/nn"
)

// Clipped gradients keep their direction and have the norm of the limit; those below it stay as they are, to the bit.
func TestClip(t *testing.T) {
	c := quick(1)
	c.Rate, c.WeightDecay = 1, 0
	inst, _ := afterStep(t, c)
	total := length(t, inst)
	free := stepped(t, c)
	c.Clip = 1.001 * total
	if !reflect.DeepEqual(stepped(t, c), free) {
		t.Error("gradients below the limit are changed")
	}
	c.Clip = total / 4
	if inst, _ := afterStep(t, c); math.Abs(length(t, inst)-c.Clip) > 1e-6*c.Clip {
		t.Errorf("the norm is %g, the limit %g", length(t, inst), c.Clip)
	}
	clipped := stepped(t, c)
	for _, p := range inst.Network.Parameters {
		for i, v := range clipped[p.Key()] {
			want := free[p.Key()][i]
			if !p.Statistic {
				want /= 4
			}
			if math.Abs(v-want) > 1e-6 {
				t.Fatalf("%s moves by %g, not %g", p.Key(), v, want)
			}
		}
	}
}

// length returns the norm of all gradients together.
func length(t *testing.T, inst *nn.Instance) float64 {
	t.Helper()
	all, err := inst.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.
	for _, g := range all {
		sum += squares(g.Data(), nil)
	}
	return math.Sqrt(sum)
}

// A run that is clipped is the same for any number of threads, and another than one that is not.
func TestClippedRuns(t *testing.T) {
	d := digits(t, 120)
	trained := func(limit float64, threads int) map[string]nn.Tensor {
		c := quick(1)
		c.Clip, c.Accumulate = limit, 2
		j := job(t, d, c)
		j.Device = cpu(t, threads)
		must(context.Background(), t, j, nil)
		return weights(t, j.Folder, "last")
	}
	one := trained(.5, 1)
	for _, threads := range []int{2, 3} {
		if !same(one, trained(.5, threads)) {
			t.Errorf("%d threads give other weights than one", threads)
		}
	}
	if same(one, trained(0, 1)) {
		t.Error("a run whose gradients are cut to a norm of .5 is as one whose are not")
	}
}
