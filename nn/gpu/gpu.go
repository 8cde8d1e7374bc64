// Package gpu runs programs on the graphics processor, through WebGPU (https://www.w3.org/TR/webgpu): buffers that stay there, a shader in WGSL for every operation of
// package kernel, and one submission a step.
//
// Shaders are text that is made for the sizes of an operation, which so are constants to their compiler, and made ready once. What a step is (how many samples, rates, the
// keys of dropout) lies in a small buffer. Sums are added in an order that does not change, so the same step gives the same bits on one adapter; other adapters round differently.
package gpu

import "github.com/convscope/convscope/nn/fault"

// NoAdapter makes the fault of a machine without a graphics processor that can be used.
func NoAdapter() error {
	return fault.New("gpu.none", "There is no graphics processor that can be used here, or this program was built without support for them. Use the CPU, or install the driver of the graphics card.")
}
