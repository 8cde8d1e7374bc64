package main

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// engineFlags choose what a network runs on.
type engineFlags struct {
	Threads int    `help:"Threads to use; 0: all cores."`
	Device  string `enum:"cpu,gpu,auto" default:"auto" help:"cpu, gpu or auto."`
}

// Validate is called for every verb that the flags are part of, before it runs.
func (f engineFlags) Validate() error {
	if f.Threads < 0 {
		return misused("--threads is 0 (all cores) or more but is %d", f.Threads)
	}
	return nil
}

// open makes the device ready. The caller closes it.
func (f engineFlags) open() (kernel.Device, error) {
	if f.Device == "gpu" {
		return nil, fault.New("cnn.device.gpu", "This build of cnn has no GPU engine. Use --device=cpu or --device=auto.")
	}
	return kernel.NewCPU(f.Threads)
}
