// Package gpu runs programs on the graphics processor, through WebGPU (https://www.w3.org/TR/webgpu): buffers that stay there, a shader in WGSL for every operation of
// package kernel, and one submission a step.
//
// Shaders are text that is made for the sizes of an operation, which so are constants to their compiler, and made ready once. What a step is (how many samples, rates, the
// keys of dropout) lies in a small buffer. Sums are added in an order that does not change, so the same step gives the same bits on one adapter; other adapters round differently.
package gpu

import (
	"time"

	"github.com/convscope/convscope/nn/fault"
)

// NoAdapter makes the fault of a machine without a graphics processor that can be used.
func NoAdapter() error {
	return fault.New("gpu.none", "There is no GPU that can be used here, or this program was built without GPU support. Use the CPU, or install the driver of the graphics card.")
}

// Unusable makes the fault of a graphics processor that cannot be opened.
func Unusable(name string, cause error) error {
	return fault.New("gpu.open", "The GPU %s cannot be used. Update its driver, or use the CPU.", name).Because(cause)
}

// Lost makes the fault of a graphics processor that is gone.
func Lost(name string, cause error) error {
	return fault.New("gpu.lost", "The GPU %s was lost: it was removed, or its driver restarted. Go on from the last snapshot, on the CPU if it happens again.", name).Because(cause)
}

// Hung makes the fault of a graphics processor that does not answer.
func Hung(name string, waited time.Duration) error {
	return fault.New("gpu.hung", "The GPU %s has not answered for %d seconds. Go on from the last snapshot, on the CPU if it happens again.", name, int(waited.Seconds()))
}
