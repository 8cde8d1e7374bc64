package gpu

import (
	"math"

	"github.com/convscope/convscope/nn/kernel"
)

// The step is told to the shaders as whole numbers of 32 bits: some that are always there, then what passes asked for. One of them is the number of the step, which
// comes back with what it worked out.
const (
	fixedWords = 8
	serialWord = 6
)

// words are the numbers that passes asked for, worked out anew for each step on the host, in float64 where that matters.
type words []func(kernel.Step) uint32

// ask gives the place of a number among those of the step.
func (w *words) ask(f func(kernel.Step) uint32) int {
	*w = append(*w, f)
	return fixedWords + len(*w) - 1
}

// float gives the place of a float.
func (w *words) float(f func(kernel.Step) float64) int {
	return w.ask(func(s kernel.Step) uint32 { return math.Float32bits(float32(f(s))) })
}

// of fills in the numbers of a step.
func (w words) of(s kernel.Step, dst []uint32) {
	var flags uint32
	if s.Training {
		flags |= 1
	}
	if s.Add {
		flags |= 2
	}
	dst[0], dst[1] = uint32(s.Samples), flags
	dst[2], dst[3], dst[4] = math.Float32bits(s.Scale), math.Float32bits(s.Rate), math.Float32bits(s.Decay)
	dst[5] = uint32(s.First)
	for i, f := range w {
		dst[fixedWords+i] = f(s)
	}
}
