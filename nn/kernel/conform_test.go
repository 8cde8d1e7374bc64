package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/kernel/kerneltest"
)

func TestReferenceConforms(t *testing.T) {
	kerneltest.Conform(t, kernel.NewReference)
}

// unitsAndThreads returns the vector units and the most threads that the device is checked with: all of this machine and three, or what the race detector, which makes
// each number take ten times as long, needs to see where goroutines meet.
func unitsAndThreads() (units []string, threads int) {
	units = kernel.Units()
	if testing.Short() {
		return units[len(units)-1:], 2
	}
	return units, 3
}

// TestCPUConforms checks the device with every vector unit of this machine and several numbers of threads.
func TestCPUConforms(t *testing.T) {
	units, most := unitsAndThreads()
	for _, unit := range units {
		for threads := 1; threads <= most; threads++ {
			t.Run(fmt.Sprintf("%s, %d threads", unit, threads), func(t *testing.T) {
				kerneltest.Conform(t, func() kernel.Device { return kernel.NewCPUOf(unit, threads) })
			})
		}
	}
}

// TestThreadsDoNotMatter compares all numbers to the bit.
func TestThreadsDoNotMatter(t *testing.T) {
	units, most := unitsAndThreads()
	for _, unit := range units {
		var one map[string][]uint32
		for threads := 1; threads <= most; threads++ {
			d := kernel.NewCPUOf(unit, threads)
			bits := kerneltest.Bits(t, d)
			if one == nil {
				one = bits
			}
			for name := range one {
				if !slices.Equal(one[name], bits[name]) {
					t.Errorf("%s, %s: %d threads give other numbers than 1", unit, name, threads)
				}
			}
			t.Cleanup(func() { _ = d.Close() })
		}
	}
}

func TestNewCPU(t *testing.T) {
	d, err := kernel.NewCPU(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if units := kernel.Units(); kernel.Features() != units[len(units)-1] {
		t.Errorf("the device uses %s of %v", kernel.Features(), units)
	}
	for _, threads := range []int{-1, 1 << 20} {
		if _, err := kernel.NewCPU(threads); fault.Code(err) != "kernel.threads" {
			t.Errorf("%d threads: %v", threads, err)
		}
	}
}

// TestStepAllocatesNothing holds that everything is laid out when a program is prepared.
func TestStepAllocatesNothing(t *testing.T) {
	for threads := 1; threads <= 2; threads++ {
		d, err := kernel.NewCPU(threads)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		if training, use := kerneltest.Allocations(t, d); training != 0 || use != 0 {
			t.Errorf("with %d threads a step of training allocates %v times, a step of use %v times", threads, training, use)
		}
	}
}

func BenchmarkCPU(b *testing.B) {
	d, err := kernel.NewCPU(0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	kerneltest.Benchmark(b, d)
}
