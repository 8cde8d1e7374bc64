package kernel

import (
	"context"
	"errors"
	"testing"
)

func TestBenchCases(t *testing.T) {
	names := map[string]bool{}
	for _, c := range benchCases() {
		p, work := c.program()
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if names[c.name] || work <= 0 {
			t.Errorf("%s occurs twice or has no work", c.name)
		}
		names[c.name] = true
	}
	if _, work := benchCases()[0].program(); work != 64*20*24*24*25 {
		t.Errorf("LeNet's first convolution has %v multiply-adds", work)
	}
}

func TestBenchKernels(t *testing.T) {
	for _, u := range units() {
		d := newCPU(2, u)
		results, err := benchCases()[0].run(t.Context(), d, 0)
		if err != nil || len(results) != 2 {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for _, r := range results {
			if !(r.GFLOPS > 0) {
				t.Errorf("%s: %v GFLOP/s", r.Name, r.GFLOPS)
			}
		}
		u.peak(0)
		u.peak(3)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if peak, err := peakGFLOPS(t.Context(), 1, 0); err != nil || !(peak > 0) {
		t.Errorf("a peak of %v GFLOP/s, %v", peak, err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if results, err := BenchKernels(stopped, NewReference(), 0); !errors.Is(err, context.Canceled) || len(results) != 0 {
		t.Errorf("when cancelled: %d results, %v", len(results), err)
	}
}
