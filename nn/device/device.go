// Package device finds what a machine can run networks on, and chooses. It is the one place that knows which kinds of devices there are.
package device

import (
	"context"
	"fmt"
	"time"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// Kinds of devices that can be asked for.
const (
	Auto = "auto" // the quicker one
	CPU  = "cpu"
	GPU  = "gpu"
)

// A Request asks for a device.
type Request struct {
	Kind    string // Auto, CPU or GPU
	Threads int    // of the CPU; 0: all cores
	Quiet   bool   // a window comes first

	// Program returns what will be run, for Auto to measure. Without it Auto takes the CPU.
	Program func() (*kernel.Program, error)

	patience time.Duration // how long a step of the graphics processor may take; 0: as long as it says
}

// A Choice is a device and why it was taken.
type Choice struct {
	kernel.Device
	Kind     string        // CPU or GPU
	Measured bool          // by Auto; else the kind was asked for, or there is but one
	Software bool          // a graphics processor that the processor plays: it says nothing of a card's speed
	CPU, GPU time.Duration // of a step, where it was measured

	alone bool // there was nothing to choose
}

// Open makes a device ready. The caller closes it.
func Open(r Request) (Choice, error) {
	switch r.Kind {
	case CPU:
		d, err := r.cpu()
		return Choice{Device: d, Kind: CPU}, err
	case GPU:
		d, err := r.gpu(true) // whoever asks for it by name gets one that is software too
		return Choice{Device: d, Kind: GPU, Software: Adapter(context.Background()) == ""}, err
	case Auto:
		return r.auto()
	}
	return Choice{}, fault.New("device.unknown", "There is no device %s. There are %s, %s and %s.", r.Kind, CPU, GPU, Auto)
}

func (r Request) cpu() (kernel.Device, error) {
	if r.Quiet {
		return kernel.NewQuietCPU(r.Threads)
	}
	return kernel.NewCPU(r.Threads)
}

// auto takes a graphics processor, if there is one that is not software, and a step of the program is quicker on it.
func (r Request) auto() (Choice, error) {
	cpu, err := r.cpu()
	if err != nil || r.Program == nil || Adapter(context.Background()) == "" {
		return Choice{Device: cpu, Kind: CPU, alone: r.Program != nil}, err
	}
	other, err := r.gpu(false)
	if err != nil { // it was there a moment ago: the CPU always is
		return Choice{Device: cpu, Kind: CPU}, nil
	}
	c := Choice{Device: cpu, Kind: CPU, Measured: true}
	if c.CPU, c.GPU, err = r.compare(cpu, other); err == nil && c.GPU < c.CPU {
		c.Device, c.Kind, other = other, GPU, cpu
	}
	_ = other.Close()             // nothing was asked of it but to be measured
	if err != nil && c.GPU == 0 { // what the graphics processor cannot take the CPU can
		return Choice{Device: cpu, Kind: CPU}, nil
	}
	return c, err
}

// compare times a step on both.
func (r Request) compare(cpu, gpu kernel.Device) (onCPU, onGPU time.Duration, err error) {
	p, err := r.Program()
	if err != nil {
		return 0, 0, err
	}
	if onCPU, err = Measure(cpu, p); err == nil {
		onGPU, err = Measure(gpu, p)
	}
	return onCPU, onGPU, err
}

// Measure times a step of a whole batch with the way of its inputs to the device: the shortest of three, or of as many as fit into a second, after one to warm up. Its numbers are
// zeros, which take as long as others.
func Measure(d kernel.Device, p *kernel.Program) (time.Duration, error) {
	ex, err := d.Prepare(p)
	if err != nil {
		return 0, err
	}
	inputs := map[kernel.ID][]float32{}
	for id, b := range p.Buffers {
		if b.Role == kernel.Input {
			inputs[kernel.ID(id)] = make([]float32, b.Shape.Len())
		}
	}
	least := time.Duration(0)
	training := len(p.Backward) > 0
	for i, start := 0, time.Now(); i < 2 || i < 4 && time.Since(start) < time.Second; i++ {
		begun := time.Now()
		for id, zeros := range inputs {
			if err := ex.Buffer(id).Upload(zeros); err != nil {
				_ = ex.Close()
				return 0, err
			}
		}
		if err := ex.Run(kernel.Step{Samples: p.Batch, Training: training, Backward: training, Update: training, Scale: 1}); err != nil {
			_ = ex.Close()
			return 0, err
		}
		if took := time.Since(begun); i > 0 && (least == 0 || took < least) {
			least = took
		}
	}
	return least, ex.Close()
}

// Why returns in a few words why a device was taken that was not asked for by its kind, or "".
func (c Choice) Why() string {
	switch {
	case c.Measured:
		return fmt.Sprintf("a step takes %v on the CPU and %v on the GPU", c.CPU.Round(10*time.Microsecond), c.GPU.Round(10*time.Microsecond))
	case c.alone:
		return "there is no GPU"
	}
	return ""
}
