package kerneltest

import (
	"math"
	"testing"

	"github.com/convscope/convscope/nn/kernel"
)

// sideBySide interleaves two executors of one device: neither may see the other.
func sideBySide(t *testing.T, d kernel.Device) {
	for _, c := range []*testCase{network(5), network(17)} {
		alone := prepare(t, d, c)
		for _, s := range c.steps {
			run(t, alone, s)
		}
		one, two := prepare(t, d, c), prepare(t, d, network(3))
		for i, s := range c.steps {
			run(t, one, s)
			run(t, two, trainingSteps(3)[i])
		}
		for id, b := range c.program.Buffers {
			sameBits(t, b.Name, download(t, alone, kernel.ID(id)), download(t, one, kernel.ID(id)))
		}
	}
}

// newParameters uploads other parameters between two steps: the second step must use them.
func newParameters(t *testing.T, d kernel.Device) {
	for _, c := range []*testCase{convolutions()[2], products()[4], network(5)} {
		want, got := prepare(t, kernel.NewReference(), c), prepare(t, d, c)
		use := kernel.Step{Samples: c.program.Batch, Backward: true, Scale: 1}
		run(t, got, use)
		for id, b := range c.program.Buffers {
			if b.Role != kernel.Parameter {
				continue
			}
			v := download(t, got, kernel.ID(id))
			for i := range v {
				v[i] *= -.5
			}
			for _, ex := range []kernel.Executor{want, got} {
				if err := ex.Buffer(kernel.ID(id)).Upload(v); err != nil {
					t.Fatal(err)
				}
			}
		}
		run(t, want, use)
		run(t, got, use)
		for id, b := range c.program.Buffers {
			near(t, c.name+": "+b.Name, download(t, want, kernel.ID(id)), download(t, got, kernel.ID(id)))
		}
	}
}

// notANumber checks that a diverged network shows: not-a-number passes through to the loss.
func notANumber(t *testing.T, d kernel.Device) {
	c := network(3)
	c.fill[c.program.Update[0].(kernel.Update).W] = nil
	ex := prepare(t, d, c)
	nan := make([]float32, c.program.Buffers[0].Shape.Len())
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	if err := ex.Buffer(0).Upload(nan); err != nil {
		t.Fatal(err)
	}
	var loss kernel.SoftmaxLoss
	for i, b := range c.program.Buffers {
		if b.Role == kernel.Input && b.Shape.Sample() == 1 {
			if err := ex.Buffer(kernel.ID(i)).Upload([]float32{0, 3, -1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, op := range c.program.Forward {
		if o, ok := op.(kernel.SoftmaxLoss); ok {
			loss = o
		}
	}
	run(t, ex, kernel.Step{Samples: 3})
	got := download(t, ex, loss.Loss)
	if got[0] == got[0] || got[1] == got[1] || got[2] != 0 {
		t.Errorf("losses %v instead of not-a-number for the samples with a class and 0 for the one without", got)
	}
}

// refusals offers programs, steps and transfers that no device takes.
func refusals(t *testing.T, d kernel.Device) {
	for name, p := range badPrograms() {
		for _, d := range []kernel.Device{kernel.NewReference(), d} {
			if ex, err := d.Prepare(p); err == nil {
				t.Errorf("%s takes a program with %s", d.Name(), name)
				_ = ex.Close()
			}
		}
	}
	c := network(5)
	ex := prepare(t, d, c)
	for _, samples := range []int{-1, 0, 6} {
		if err := ex.Run(kernel.Step{Samples: samples}); err == nil {
			t.Errorf("a step of %d samples with a batch of 5 runs", samples)
		}
	}
	buffer := ex.Buffer(0)
	if n := c.program.Buffers[0].Shape.Len(); buffer.Len() != n {
		t.Errorf("a buffer of %d elements instead of %d", buffer.Len(), n)
	}
	if err := buffer.Upload(make([]float32, buffer.Len()+1)); err == nil {
		t.Error("an upload of too many elements succeeds")
	}
	if err := buffer.Download(make([]float32, buffer.Len()+1)); err == nil {
		t.Error("a download of too many elements succeeds")
	}
	short := []float32{1, 2, 3}
	if err := buffer.Upload(short); err != nil {
		t.Error(err)
	}
	if back := download(t, ex, 0); back[0] != 1 || back[2] != 3 || back[3] != c.numbers()[0][3] {
		t.Errorf("after an upload of %v the buffer begins with %v", short, back[:4])
	}
}

// closeTwice closes everything twice; a closed executor refuses to run.
func closeTwice(t *testing.T, d kernel.Device) {
	c := network(3)
	ex, err := d.Prepare(c.program)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ex.Close(); err != nil {
			t.Errorf("closing an executor: %v", err)
		}
	}
	if err := ex.Run(kernel.Step{Samples: 1}); err == nil {
		t.Error("a closed executor runs")
	}
	if err := ex.Buffer(0).Upload([]float32{1}); err == nil {
		t.Error("a closed executor takes an upload")
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Errorf("closing the device: %v", err)
		}
	}
}
