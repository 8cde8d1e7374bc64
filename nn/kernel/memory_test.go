package kernel

import (
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/machine"
)

// The runtime ends the program where the system refuses memory, so it must not be asked for more than there is.
func TestProgramThatDoesNotFitIntoMemory(t *testing.T) {
	if machine.Memory() == 0 {
		return // the system does not tell
	}
	cpu, err := NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	batch := int(machine.Memory()/4) + 1
	p := &Program{Batch: batch, Buffers: []Buffer{{Name: "x", Role: Input, Shape: Shape{batch, 1, 1, 1}}}}
	if _, err := cpu.Prepare(p); fault.Code(err) != "kernel.memory" {
		t.Errorf("want kernel.memory, got %v", err)
	}
}
