package kerneltest

import (
	"fmt"

	"github.com/convscope/convscope/nn/kernel"
)

// sizes returns the operations that change the size of images, with their gradients.
func sizes() []*testCase {
	var all []*testCase
	for _, c := range []struct {
		whole                kernel.Shape
		part                 kernel.Shape // N is not used
		channel, row, column int
	}{
		{kernel.Shape{N: 1, C: 1, H: 1, W: 1}, kernel.Shape{C: 1, H: 1, W: 1}, 0, 0, 0},
		{kernel.Shape{N: 3, C: 5, H: 7, W: 6}, kernel.Shape{C: 5, H: 3, W: 4}, 0, 2, 1},
		{kernel.Shape{N: 17, C: 7, H: 2, W: 3}, kernel.Shape{C: 3, H: 2, W: 3}, 4, 0, 0},
		{kernel.Shape{N: 2, C: 16, H: 5, W: 9}, kernel.Shape{C: 16, H: 5, W: 1}, 0, 0, 8},
		{kernel.Shape{N: 9, C: 33, H: 3, W: 4}, kernel.Shape{C: 17, H: 1, W: 2}, 1, 2, 2},
	} {
		b := newBuilder(fmt.Sprintf("crop of %v to %v at %d, %d, %d", c.whole, c.part, c.channel, c.row, c.column), c.whole.N)
		part := b.samples(c.part.C, c.part.H, c.part.W)
		b.forward(kernel.Crop{X: b.input(c.whole), Y: b.value(part), Channel: c.channel, Row: c.row, Column: c.column})
		dy, sum := b.input(part), b.started(&b.program.Backward, c.whole)
		b.backward(
			kernel.CropGrad{DY: dy, DX: b.value(c.whole), Channel: c.channel, Row: c.row, Column: c.column},
			kernel.CropGrad{DY: dy, DX: sum, Channel: c.channel, Row: c.row, Column: c.column, Add: true})
		all = append(all, &b.testCase)
	}
	for _, s := range append(awkward, kernel.Shape{N: 2, C: 17, H: 1, W: 6}, kernel.Shape{N: 3, C: 32, H: 5, W: 3}) {
		for _, factor := range []int{1, 3, 4} {
			b := newBuilder(fmt.Sprintf("upsampling of %v by %d", s, factor), s.N)
			large := b.samples(s.C, factor*s.H, factor*s.W)
			x, dy := b.input(s), b.input(large)
			for _, bilinear := range []bool{false, true} {
				b.forward(kernel.Upsample{X: x, Y: b.value(large), Factor: factor, Bilinear: bilinear})
				sum := b.started(&b.program.Backward, s)
				b.backward(
					kernel.UpsampleGrad{DY: dy, DX: b.value(s), Factor: factor, Bilinear: bilinear},
					kernel.UpsampleGrad{DY: dy, DX: sum, Factor: factor, Bilinear: bilinear, Add: true})
			}
			all = append(all, &b.testCase)
		}
	}
	return all
}
