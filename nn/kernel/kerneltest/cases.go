package kerneltest

import (
	"fmt"

	"github.com/convscope/convscope/nn/kernel"
)

// cases returns all operations over awkward sizes.
func cases() []*testCase {
	var all []*testCase
	all = append(all, convolutions()...)
	all = append(all, products()...)
	all = append(all, poolings()...)
	all = append(all, pointwise()...)
	all = append(all, normalisations()...)
	all = append(all, joins()...)
	all = append(all, sizes()...)
	all = append(all, losses()...)
	all = append(all, updates()...)
	return append(all, network(1), network(5), network(17))
}

func pair(h, w int) kernel.Pair { return kernel.Pair{H: h, W: w} }

// A convolutionCase is a convolution of awkward sizes.
type convolutionCase struct {
	batch, channels, h, w, filters int
	kernel, stride, pad, dilation  kernel.Pair
	groups                         int
}

// convolutions are convolutions, and transposed ones of the same geometry, with all their gradients.
func convolutions() []*testCase {
	var all []*testCase
	add := func(name string, c convolutionCase, end kernel.Pair, bias bool, put func(b *builder, in, out kernel.Shape, g kernel.Geometry, groups int, bias bool)) {
		b := newBuilder(fmt.Sprintf("%s %d×%d×%d×%d to %d, kernel %v stride %v pad %v dilation %v groups %d, bias %t",
			name, c.batch, c.channels, c.h, c.w, c.filters, c.kernel, c.stride, c.pad, c.dilation, c.groups, bias), c.batch)
		if end != c.pad {
			b.name += fmt.Sprintf(", pad %v at the end", end)
		}
		g := kernel.Geometry{Kernel: c.kernel, Stride: c.stride, Pad: c.pad, PadEnd: end, Dilation: c.dilation}
		in := b.samples(c.channels, c.h, c.w)
		places := g.Places(in)
		put(b, in, b.samples(c.filters, places.H, places.W), g, c.groups, bias)
		all = append(all, &b.testCase)
	}
	for i, c := range symmetric {
		add("convolution", c, c.pad, true, (*builder).convolution)
		add("convolution", c, c.pad, false, (*builder).convolution)
		add("transposed convolution", c, c.pad, i%2 == 0, (*builder).deconvolution)
	}
	for i, c := range asymmetric {
		add("convolution", c.convolutionCase, c.end, i%2 == 0, (*builder).convolution)
		add("transposed convolution", c.convolutionCase, c.end, i%2 != 0, (*builder).deconvolution)
	}
	return append(all, sharedWeights())
}

// symmetric are padded alike on opposite sides.
var symmetric = []convolutionCase{
	{1, 1, 1, 1, 1, pair(1, 1), pair(1, 1), pair(0, 0), pair(1, 1), 1},
	{3, 1, 12, 12, 20, pair(5, 5), pair(1, 1), pair(0, 0), pair(1, 1), 1},
	{17, 3, 7, 5, 4, pair(3, 2), pair(2, 3), pair(1, 0), pair(1, 2), 1},  // nothing alike in both directions
	{3, 6, 9, 11, 9, pair(3, 3), pair(1, 1), pair(1, 1), pair(1, 1), 3},  // groups
	{2, 4, 13, 13, 6, pair(5, 5), pair(4, 4), pair(2, 2), pair(1, 1), 2}, // groups and strides
	{1, 8, 5, 5, 33, pair(1, 1), pair(1, 1), pair(0, 0), pair(1, 1), 1},  // pointwise; a filter more than a vector
	{3, 5, 6, 7, 13, pair(6, 7), pair(1, 1), pair(0, 0), pair(1, 1), 1},  // the whole image
	{1, 2, 9, 9, 3, pair(3, 3), pair(1, 1), pair(3, 3), pair(3, 3), 1},   // dilation
	{17, 2, 4, 3, 5, pair(3, 3), pair(1, 1), pair(4, 3), pair(1, 1), 1},  // padding beyond the kernel
	{17, 2, 3, 1, 1, pair(3, 1), pair(1, 1), pair(0, 0), pair(1, 1), 1},  // one place
	{2, 3, 10, 11, 4, pair(3, 3), pair(3, 3), pair(0, 0), pair(1, 1), 1}, // rows that no window sees
	{3, 2, 9, 8, 3, pair(1, 2), pair(3, 3), pair(0, 0), pair(1, 1), 1},   // stride beyond the kernel
	{1, 4, 6, 6, 12, pair(1, 1), pair(2, 2), pair(0, 0), pair(1, 1), 4},  // pointwise with strides; depthwise times three
	{3, 7, 4, 8, 24, pair(3, 3), pair(1, 1), pair(1, 1), pair(1, 1), 1},  // two tiles of filters and one of places, just full
	{2, 5, 8, 8, 25, pair(2, 4), pair(1, 2), pair(1, 1), pair(2, 1), 1},  // stride 1 one way only, one filter over
	{3, 2, 6, 9, 5, pair(3, 2), pair(1, 1), pair(2, 0), pair(1, 3), 1},   // stride 1, all else different in both directions
	{3, 16, 9, 6, 32, pair(3, 3), pair(1, 1), pair(1, 1), pair(1, 1), 1}, // whole vectors of channels, tiles that reach beyond
	{2, 16, 6, 6, 32, pair(5, 5), pair(1, 1), pair(2, 2), pair(1, 1), 1},
	{2, 32, 6, 9, 32, pair(3, 3), pair(1, 1), pair(0, 0), pair(1, 1), 2}, // groups of whole vectors
	{9, 16, 5, 4, 16, pair(5, 5), pair(1, 1), pair(1, 2), pair(1, 1), 1},
	{5, 8, 7, 7, 8, pair(3, 3), pair(1, 1), pair(1, 1), pair(1, 1), 1},     // whole vectors of eight
	{1, 3, 31, 37, 7, pair(11, 11), pair(4, 4), pair(0, 0), pair(1, 1), 1}, // AlexNet's first
	{3, 16, 9, 8, 16, pair(3, 3), pair(1, 1), pair(2, 2), pair(2, 2), 1},   // dilated, whole vectors
	{2, 32, 7, 11, 16, pair(3, 3), pair(1, 1), pair(3, 2), pair(3, 2), 1},  // dilated differently
	{1, 16, 13, 17, 32, pair(3, 3), pair(1, 1), pair(2, 2), pair(2, 2), 1}, // and so large that there are whole tiles
	{2, 16, 5, 26, 16, pair(5, 5), pair(1, 1), pair(14, 6), pair(7, 3), 1}, // dilation beyond the image
	{3, 16, 6, 9, 16, pair(1, 7), pair(1, 1), pair(0, 3), pair(1, 1), 1},   // a row
	{3, 16, 9, 6, 32, pair(5, 1), pair(1, 1), pair(2, 0), pair(1, 1), 1},   // a column
	{2, 6, 18, 17, 6, pair(4, 4), pair(2, 2), pair(1, 1), pair(1, 1), 1},   // what doubles an image, transposed
	{1, 5, 32, 40, 5, pair(16, 16), pair(8, 8), pair(4, 4), pair(1, 1), 1}, // and what makes it eight times as large
	{3, 16, 8, 10, 24, pair(2, 2), pair(2, 2), pair(0, 0), pair(1, 1), 1},
	{2, 4, 11, 10, 6, pair(3, 3), pair(2, 3), pair(1, 2), pair(2, 3), 2}, // strides and dilations
}

// asymmetric are padded differently before and after.
var asymmetric = []struct {
	convolutionCase
	end kernel.Pair
}{
	{convolutionCase{3, 2, 7, 6, 4, pair(3, 3), pair(1, 1), pair(0, 0), pair(1, 1), 1}, pair(1, 2)},
	{convolutionCase{3, 2, 7, 6, 4, pair(3, 3), pair(1, 1), pair(2, 1), pair(1, 1), 1}, pair(0, 0)},
	{convolutionCase{2, 5, 8, 9, 7, pair(3, 2), pair(2, 3), pair(1, 0), pair(1, 2), 1}, pair(2, 1)},
	{convolutionCase{2, 16, 9, 8, 16, pair(3, 3), pair(1, 1), pair(0, 2), pair(1, 1), 1}, pair(2, 0)},
	{convolutionCase{5, 16, 6, 6, 32, pair(5, 5), pair(1, 1), pair(1, 0), pair(1, 1), 2}, pair(3, 4)},
	{convolutionCase{2, 3, 5, 5, 4, pair(3, 3), pair(1, 1), pair(1, 1), pair(1, 1), 1}, pair(4, 3)}, // beyond the kernel at the end
	{convolutionCase{2, 3, 5, 5, 4, pair(3, 3), pair(1, 1), pair(4, 1), pair(1, 1), 1}, pair(0, 1)}, // and at the beginning
	{convolutionCase{3, 4, 7, 8, 6, pair(2, 2), pair(2, 2), pair(0, 0), pair(1, 1), 2}, pair(1, 0)},
	{convolutionCase{2, 8, 7, 7, 16, pair(1, 1), pair(1, 1), pair(0, 0), pair(1, 1), 1}, pair(1, 1)}, // pointwise, and a margin
}

func (b *builder) convolution(in, out kernel.Shape, g kernel.Geometry, groups int, bias bool) {
	weights := kernel.Shape{N: out.C, C: in.C / groups, H: g.Kernel.H, W: g.Kernel.W}
	w, dw := b.parameter(weights, 1)
	v, dv := kernel.None, kernel.None
	if bias {
		v, dv = b.parameter(kernel.Shape{N: 1, C: out.C, H: 1, W: 1}, 1)
	}
	x, dy := b.input(in), b.input(out)
	b.forward(kernel.Conv{X: x, W: w, B: v, Y: b.value(out), Geometry: g, Groups: groups})
	b.backward(kernel.ConvGradWeights{X: x, DY: dy, DW: dw, DB: dv, Geometry: g, Groups: groups})
	b.backward(kernel.ConvGradInput{DY: dy, W: w, DX: b.value(in), Geometry: g, Groups: groups})
	sum := b.started(&b.program.Backward, in)
	b.backward(kernel.ConvGradInput{DY: dy, W: w, DX: sum, Geometry: g, Groups: groups, Add: true})
}

// deconvolution is the transposed convolution from out to in.
func (b *builder) deconvolution(out, in kernel.Shape, g kernel.Geometry, groups int, bias bool) {
	w, dw := b.parameter(kernel.Shape{N: in.C, C: out.C / groups, H: g.Kernel.H, W: g.Kernel.W}, 1)
	v, dv := kernel.None, kernel.None
	if bias {
		v, dv = b.parameter(kernel.Shape{N: out.C, C: 1, H: 1, W: 1}, 1)
	}
	x, dy := b.input(in), b.input(out)
	b.forward(kernel.Deconv{X: x, W: w, B: v, Y: b.value(out), Geometry: g, Groups: groups})
	b.backward(kernel.DeconvGradWeights{X: x, DY: dy, DW: dw, DB: dv, Geometry: g, Groups: groups})
	b.backward(kernel.DeconvGradInput{DY: dy, W: w, DX: b.value(in), Geometry: g, Groups: groups})
	sum := b.started(&b.program.Backward, in)
	b.backward(kernel.DeconvGradInput{DY: dy, W: w, DX: sum, Geometry: g, Groups: groups, Add: true})
}

// sharedWeights are two convolutions of different groups and strides with the same weights.
func sharedWeights() *testCase {
	b := newBuilder("convolutions that share weights", 3)
	w, _ := b.parameter(kernel.Shape{N: 14, C: 2, H: 3, W: 3}, 1)
	for _, groups := range []int{1, 2, 7} {
		for _, stride := range []int{1, 2} {
			g := kernel.Geometry{Kernel: pair(3, 3), Stride: pair(stride, stride), Pad: pair(1, 1), PadEnd: pair(1, 1), Dilation: pair(1, 1)}
			in := b.samples(2*groups, 5, 5)
			places := g.Places(in)
			out := b.samples(14, places.H, places.W)
			b.forward(kernel.Conv{X: b.input(in), W: w, B: kernel.None, Y: b.value(out), Geometry: g, Groups: groups})
			b.backward(kernel.ConvGradInput{DY: b.input(out), W: w, DX: b.value(in), Geometry: g, Groups: groups})
		}
	}
	return &b.testCase
}

// products are fully connected layers with all their gradients.
func products() []*testCase {
	var all []*testCase
	for _, c := range []struct{ batch, channels, h, w, outputs int }{
		{1, 1, 1, 1, 1},
		{3, 7, 1, 1, 5},
		{17, 3, 5, 2, 11},
		{12, 32, 1, 1, 32},
		{13, 33, 1, 1, 24},
		{3, 1030, 1, 1, 33}, // sums longer than the parts that they are cut into
		{5, 1030, 1, 1, 33},
		{70, 5, 3, 3, 130},
		{1, 9, 1, 1, 700},
		{3, 16, 4, 4, 1100},
	} {
		for _, bias := range []bool{true, false} {
			b := newBuilder(fmt.Sprintf("fully connected %d×%d×%d×%d to %d, bias %t", c.batch, c.channels, c.h, c.w, c.outputs, bias), c.batch)
			in, out := b.samples(c.channels, c.h, c.w), b.samples(c.outputs, 1, 1)
			w, dw := b.parameter(kernel.Shape{N: c.outputs, C: c.channels, H: c.h, W: c.w}, 1)
			v, dv := kernel.None, kernel.None
			if bias {
				v, dv = b.parameter(kernel.Shape{N: 1, C: c.outputs, H: 1, W: 1}, 1)
			}
			x, dy := b.input(in), b.input(out)
			b.forward(kernel.Dense{X: x, W: w, B: v, Y: b.value(out)})
			b.backward(kernel.DenseGradWeights{X: x, DY: dy, DW: dw, DB: dv}, kernel.DenseGradInput{DY: dy, W: w, DX: b.value(in)})
			sum := b.started(&b.program.Backward, in)
			b.backward(kernel.DenseGradInput{DY: dy, W: w, DX: sum, Add: true})
			all = append(all, &b.testCase)
		}
	}
	return all
}

// caffePlaces returns how many windows Caffe's pooling has along a side: rounded up, but none that begins behind the image.
func caffePlaces(size, kernel, stride, pad, end int) int {
	n := (size+pad+end-kernel+stride-1)/stride + 1
	if (n-1)*stride >= size+pad {
		n--
	}
	return n
}

// poolings are poolings with their gradients. Images of few different numbers have maxima that occur more than once.
func poolings() []*testCase {
	var all []*testCase
	for _, c := range []struct {
		batch, channels, h, w int
		kernel, stride, pad   kernel.Pair
		end                   kernel.Pair // padding behind, beside pad
	}{
		{1, 1, 1, 1, pair(1, 1), pair(1, 1), pair(0, 0), pair(0, 0)},
		{3, 2, 5, 7, pair(2, 2), pair(2, 2), pair(0, 0), pair(0, 0)}, // the last window is cut
		{17, 3, 8, 8, pair(3, 3), pair(2, 2), pair(0, 0), pair(0, 0)},
		{2, 1, 7, 6, pair(3, 2), pair(1, 3), pair(1, 0), pair(0, 0)},
		{3, 4, 6, 6, pair(3, 3), pair(2, 2), pair(2, 2), pair(0, 0)}, // a window that would begin in the padding behind
		{1, 5, 4, 9, pair(4, 9), pair(1, 1), pair(0, 0), pair(0, 0)}, // the whole image
		{1, 2, 9, 9, pair(2, 2), pair(3, 3), pair(0, 0), pair(0, 0)}, // numbers that no window sees
		{1, 2, 1, 1, pair(3, 3), pair(2, 2), pair(1, 1), pair(0, 0)},
		{2, 3, 13, 13, pair(5, 5), pair(3, 3), pair(4, 4), pair(0, 0)},
		{3, 32, 6, 7, pair(3, 3), pair(2, 2), pair(1, 1), pair(0, 0)}, // whole vectors of channels
		{3, 4, 7, 6, pair(3, 2), pair(2, 1), pair(0, 0), pair(1, 1)},  // padded behind alone
		{2, 16, 5, 8, pair(2, 3), pair(1, 2), pair(1, 0), pair(0, 2)},
		{2, 21, 5, 5, pair(2, 2), pair(1, 1), pair(0, 0), pair(0, 0)}, // and some over
	} {
		for _, average := range []bool{false, true} {
			b := newBuilder(fmt.Sprintf("pooling %d×%d×%d×%d, kernel %v stride %v pad %v and %v more behind, average %t",
				c.batch, c.channels, c.h, c.w, c.kernel, c.stride, c.pad, c.end, average), c.batch)
			end := pair(c.pad.H+c.end.H, c.pad.W+c.end.W)
			g := kernel.Geometry{Kernel: c.kernel, Stride: c.stride, Pad: c.pad, PadEnd: end, Dilation: pair(1, 1)}
			in := b.samples(c.channels, c.h, c.w)
			out := b.samples(c.channels, caffePlaces(c.h, c.kernel.H, c.stride.H, c.pad.H, end.H), caffePlaces(c.w, c.kernel.W, c.stride.W, c.pad.W, end.W))
			x, y, dy := b.inputOf(in, coarse), b.value(out), b.input(out)
			b.forward(kernel.Pool{X: x, Y: y, Geometry: g, Average: average})
			sum := b.started(&b.program.Backward, in)
			b.backward(
				kernel.PoolGrad{X: x, Y: y, DY: dy, DX: b.value(in), Geometry: g, Average: average},
				kernel.PoolGrad{X: x, Y: y, DY: dy, DX: sum, Geometry: g, Average: average, Add: true})
			all = append(all, &b.testCase)
		}
	}
	return all
}
