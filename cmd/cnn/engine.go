package main

import (
	"os"
	"runtime/debug"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/kernel"
)

// engineFlags choose what a network runs on.
type engineFlags struct {
	Threads int    `help:"Threads to use; 0: all cores."`
	Device  string `enum:"cpu,gpu,auto" default:"auto" help:"cpu, gpu or auto (the faster one, measured)."`
}

// Validate is called for every verb that the flags are part of, before it runs.
func (f engineFlags) Validate() error {
	if f.Threads < 0 {
		return misused("--threads must be 0 (all cores) or more but is %d", f.Threads)
	}
	return nil
}

// open makes the device ready that networks are used on: of auto the CPU, since a call uses one for moments. The caller closes it.
func (f engineFlags) open() (device.Choice, error) { return f.openFor(nil) }

// why says why a device was taken, "" of one that was asked for by its name.
func why(d kernel.Device) string {
	if c, ok := d.(device.Choice); ok {
		return c.Why()
	}
	return ""
}

// openFor makes the device ready that is best for a program, which auto measures.
func (f engineFlags) openFor(program func() (*kernel.Program, error)) (device.Choice, error) {
	if os.Getenv("GOGC") == "" { // most of what is held are the engine's buffers, which stay: half of it in garbage is enough before it is collected
		debug.SetGCPercent(50)
	}
	return device.Open(device.Request{Kind: f.Device, Threads: f.Threads, Program: program})
}
