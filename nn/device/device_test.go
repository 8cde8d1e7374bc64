package device

import (
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// program returns the program of a small network.
func program() (*kernel.Program, error) {
	spec, err := nn.Standard("lenet", nn.StandardInput("lenet"), 10)
	if err != nil {
		return nil, err
	}
	network, err := nn.Compile(spec, nn.Options{Batch: 8, Training: true, Momentum: .9})
	if err != nil {
		return nil, err
	}
	return network.Program, nil
}

// Without a graphics processor that is more than software the CPU is taken; with one, whichever is measured to be quicker.
func TestAuto(t *testing.T) {
	c, err := Open(Request{Kind: Auto, Threads: 2, Program: program})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	switch {
	case Adapter(t.Context()) == "":
		if c.Measured || !strings.HasPrefix(c.Name(), "CPU") || c.Why() != "there is no GPU" {
			t.Errorf("without an adapter it takes %s, %q", c.Name(), c.Why())
		}
	case !c.Measured || c.CPU <= 0 || c.GPU <= 0 || (c.GPU < c.CPU) == strings.HasPrefix(c.Name(), "CPU"):
		t.Errorf("of %v and %v it takes %s", c.CPU, c.GPU, c.Name())
	}
}

func TestKinds(t *testing.T) {
	if _, err := Open(Request{Kind: "tpu"}); fault.Code(err) != "device.unknown" {
		t.Errorf("an unknown kind: %v", err)
	}
	c, err := Open(Request{Kind: CPU, Threads: 3})
	if err != nil || c.Threads() != 3 {
		t.Fatalf("%v, %v", c, err)
	}
	p, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if took, err := Measure(c, p); err != nil || took <= 0 {
		t.Errorf("a step takes %v, %v", took, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
