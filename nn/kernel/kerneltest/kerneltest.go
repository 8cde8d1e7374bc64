// Package kerneltest checks and measures devices: every operation of package kernel over awkward sizes, against the plain reference.
package kerneltest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// tolerance is how far a number may lie from the reference's, in shares of its own size and the root mean square of its buffer: some
// hundred roundings of float32, as sums of thousands of products in another order make. What cases are fed with is of the size of one, so
// a hundredth is added, for buffers in which everything cancels out.
const tolerance = 3e-5

// Conform checks a kind of device: every operation, with its gradients and every solver's update, gives what the reference gives, over
// sizes that fit no vector and steps that do not fill the batch; samples beyond those of a step stay untouched; running again gives the
// same bits; bad programs and steps are refused; closing twice does no harm. newDevice is called several times; Conform closes what it
// gives.
func Conform(t *testing.T, newDevice func() kernel.Device) {
	t.Helper()
	t.Run("operations", func(t *testing.T) {
		d := open(t, newDevice)
		for _, c := range cases() {
			t.Run(c.name, func(t *testing.T) { compare(t, d, c) })
		}
	})
	t.Run("again", func(t *testing.T) {
		d := open(t, newDevice)
		c := []*testCase{network(1), network(5), network(17)}
		first, second := bits(t, d, c), bits(t, d, c)
		for name := range first {
			if !slices.Equal(first[name], second[name]) {
				t.Errorf("%s: a second run gives other numbers", name)
			}
		}
	})
	t.Run("side by side", func(t *testing.T) { sideBySide(t, open(t, newDevice)) })
	t.Run("new parameters", func(t *testing.T) { newParameters(t, open(t, newDevice)) })
	t.Run("not a number", func(t *testing.T) { notANumber(t, open(t, newDevice)) })
	t.Run("refusals", func(t *testing.T) { refusals(t, open(t, newDevice)) })
	t.Run("close twice", func(t *testing.T) { closeTwice(t, newDevice()) })
}

// open returns a device that is closed at the end of the test.
func open(t *testing.T, newDevice func() kernel.Device) kernel.Device {
	d := newDevice()
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if d.Name() == "" || d.Threads() < 1 {
		t.Errorf("a device called %q of %d threads", d.Name(), d.Threads())
	}
	return d
}

// prepare readies the program and uploads its numbers.
func prepare(t testing.TB, d kernel.Device, c *testCase) kernel.Executor {
	t.Helper()
	ex, err := d.Prepare(c.program)
	if err != nil {
		t.Fatalf("%s: %v", d.Name(), err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	for i, v := range c.numbers() {
		if v == nil {
			continue
		}
		if err := ex.Buffer(kernel.ID(i)).Upload(v); err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
	}
	return ex
}

func run(t testing.TB, ex kernel.Executor, s kernel.Step) {
	t.Helper()
	if err := ex.Run(s); err != nil {
		t.Fatalf("step %+v: %v", s, err)
	}
}

// download returns all of a buffer.
func download(t testing.TB, ex kernel.Executor, id kernel.ID) []float32 {
	t.Helper()
	b := ex.Buffer(id)
	v := make([]float32, b.Len())
	if err := b.Download(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// compare runs the steps of a case on the device and on the reference and compares all buffers after each.
func compare(t *testing.T, d kernel.Device, c *testCase) {
	want, got := prepare(t, kernel.NewReference(), c), prepare(t, d, c)
	for i, s := range c.steps {
		before := make([][]float32, len(c.program.Buffers))
		for id := range before {
			before[id] = download(t, got, kernel.ID(id))
		}
		run(t, want, s)
		run(t, got, s)
		for id, b := range c.program.Buffers {
			w, g := download(t, want, kernel.ID(id)), download(t, got, kernel.ID(id))
			at := fmt.Sprintf("step %d, buffer %d (%s %v)", i, id, b.Name, b.Shape)
			if b.Role == kernel.Value {
				filled := s.Samples * b.Shape.Sample()
				untouched(t, at, before[id][filled:], g[filled:])
				w, g = w[:filled], g[:filled]
				if !s.Backward && !finite(w) {
					continue // written by Backward alone: the reference has wiped it
				}
			}
			near(t, at, w, g)
		}
		if t.Failed() {
			return
		}
	}
}

func finite(v []float32) bool {
	for _, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return false
		}
	}
	return true
}

// near reports the worst of the numbers that differ by more than rounding.
func near(t *testing.T, at string, want, got []float32) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d numbers instead of %d", at, len(got), len(want))
		return
	}
	squares := 0.0
	for _, v := range want {
		squares += float64(v) * float64(v)
	}
	typical := math.Sqrt(squares / float64(len(want)))
	worst, place := 1.0, -1
	for i := range want {
		w, g := float64(want[i]), float64(got[i])
		if w == g {
			continue
		}
		// Not-a-number compares as false: it is never near.
		if off := math.Abs(w-g) / (tolerance * (math.Abs(w) + typical + .01)); !(off <= worst) {
			worst, place = off, i
			if math.IsNaN(off) {
				break
			}
		}
	}
	if place >= 0 {
		t.Errorf("%s: number %d is %v instead of %v, %.3g times the tolerance off", at, place, got[place], want[place], worst)
	}
}

// untouched reports the first number beyond the samples of a step that was written. A device may wipe its values before a step, as the
// reference does.
func untouched(t *testing.T, at string, before, after []float32) {
	t.Helper()
	for i, v := range after {
		if v != before[i] && !math.IsNaN(float64(v)) {
			t.Errorf("%s: number %d beyond the samples was %v and is %v", at, i, before[i], v)
			return
		}
	}
}

// sameBits reports the first number that is not the same to the bit.
func sameBits(t *testing.T, at string, want, got []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) {
			t.Errorf("%s: number %d is %v instead of %v", at, i, got[i], want[i])
			return
		}
	}
}

// Bits runs all steps of all cases and gives the content of all buffers, to the bit, case by case: what must not depend on the number of
// threads.
func Bits(t testing.TB, d kernel.Device) map[string][]uint32 {
	t.Helper()
	return bits(t, d, cases())
}

func bits(t testing.TB, d kernel.Device, cases []*testCase) map[string][]uint32 {
	t.Helper()
	all := map[string][]uint32{}
	for _, c := range cases {
		ex := prepare(t, d, c)
		var content []uint32
		for _, s := range c.steps {
			run(t, ex, s)
			for id := range c.program.Buffers {
				for _, v := range download(t, ex, kernel.ID(id)) {
					content = append(content, math.Float32bits(v))
				}
			}
		}
		all[c.name] = content
	}
	return all
}
