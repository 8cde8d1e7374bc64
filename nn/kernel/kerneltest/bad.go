package kerneltest

import (
	"math"

	"github.com/convscope/convscope/nn/kernel"
)

// badPrograms gives programs of which each has one thing wrong, by its name.
func badPrograms() map[string]*kernel.Program {
	bad := map[string]*kernel.Program{}
	// spoil makes a good program, changes something and files it.
	spoil := func(name string, change func(b *builder, op *kernel.Conv)) {
		b := newBuilder(name, 3)
		g := kernel.Geometry{Kernel: pair(3, 3), Stride: pair(1, 1), Pad: pair(1, 1), PadEnd: pair(1, 1), Dilation: pair(1, 1)}
		b.convolution(b.samples(4, 5, 5), b.samples(6, 5, 5), g, 2, true)
		op := b.program.Forward[0].(kernel.Conv)
		change(b, &op)
		b.program.Forward[0] = op
		bad[name] = b.program
	}
	spoil("no batch", func(b *builder, _ *kernel.Conv) { b.program.Batch = 0 })
	spoil("values of another batch", func(b *builder, _ *kernel.Conv) { b.program.Batch = 4 })
	spoil("an empty buffer", func(b *builder, op *kernel.Conv) { b.program.Buffers[op.X].Shape.H = 0 })
	spoil("a buffer that is not there", func(_ *builder, op *kernel.Conv) { op.X = 1000 })
	spoil("a negative buffer", func(_ *builder, op *kernel.Conv) { op.Y = -7 })
	spoil("no weights", func(_ *builder, op *kernel.Conv) { op.W = kernel.None })
	spoil("a bias of another length", func(_ *builder, op *kernel.Conv) { op.B = op.W })
	spoil("an output that is another place", func(b *builder, op *kernel.Conv) { op.Y = b.value(b.samples(6, 4, 5)) })
	spoil("groups that do not divide", func(_ *builder, op *kernel.Conv) { op.Groups = 3 })
	spoil("no groups", func(_ *builder, op *kernel.Conv) { op.Groups = 0 })
	spoil("another kernel than the weights have", func(_ *builder, op *kernel.Conv) { op.Kernel = pair(2, 3) })
	spoil("no stride", func(_ *builder, op *kernel.Conv) { op.Stride = pair(1, 0) })
	spoil("no dilation", func(_ *builder, op *kernel.Conv) { op.Dilation = pair(0, 1) })
	spoil("negative padding", func(b *builder, op *kernel.Conv) { op.Pad, op.Y = pair(-1, -1), b.value(b.samples(6, 1, 1)) })
	spoil("output over input", func(b *builder, op *kernel.Conv) {
		w, _ := b.parameter(kernel.Shape{N: 4, C: 4, H: 3, W: 3}, 1)
		v := b.value(b.samples(4, 5, 5))
		op.X, op.W, op.B, op.Y, op.Groups = v, w, kernel.None, v, 1
	})
	spoil("an input that is written", func(b *builder, op *kernel.Conv) { op.Y = b.input(b.samples(6, 5, 5)) })
	spoil("weights that are a value", func(b *builder, op *kernel.Conv) {
		b.program.Batch, b.program.Buffers = 1, nil
		op.X, op.B, op.Y, op.Groups = b.value(b.samples(4, 5, 5)), kernel.None, b.value(b.samples(1, 5, 5)), 1
		op.W = b.value(b.samples(4, 3, 3))
		b.program.Forward, b.program.Backward, b.program.Update = b.program.Forward[:1], nil, nil
	})
	spoil("an operation among the updates that is none", func(b *builder, op *kernel.Conv) { b.program.Update = append(b.program.Update, *op) })
	spoil("an update in the forward direction", func(b *builder, _ *kernel.Conv) { b.forward(b.program.Update[0]) })
	also := func(name string, op func(b *builder) kernel.Op) {
		spoil(name, func(b *builder, _ *kernel.Conv) { b.forward(op(b)) })
	}
	also("no operation", func(*builder) kernel.Op { return nil })
	also("a sum of different shapes", func(b *builder) kernel.Op {
		return kernel.Sum{A: b.input(b.samples(1, 1, 1)), B: b.input(b.samples(2, 1, 1)), Y: b.value(b.samples(1, 1, 1))}
	})
	also("too many channels copied", func(b *builder) kernel.Op {
		return kernel.Copy{X: b.input(b.samples(3, 1, 1)), Y: b.value(b.samples(3, 1, 1)), From: 1, Channels: 3}
	})
	also("a pooling's window outside", func(b *builder) kernel.Op {
		g := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2)}
		return kernel.Pool{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 3, 2)), Geometry: g}
	})
	also("a pooling's window in the padding alone", func(b *builder) kernel.Op {
		g := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), Pad: pair(2, 0)}
		return kernel.Pool{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 2, 2)), Geometry: g}
	})
	also("a pooling of negative padding", func(b *builder) kernel.Op {
		g := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), Pad: pair(-1, 0)}
		return kernel.Pool{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 1, 2)), Geometry: g}
	})
	for name, ratio := range map[string]float32{"a dropout of all": 1, "a dropout of less than nothing": -.5} {
		also(name, func(b *builder) kernel.Op {
			return kernel.Dropout{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 4, 4)), Ratio: ratio}
		})
	}
	also("padding that is negative at the end", func(b *builder) kernel.Op {
		g := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), PadEnd: pair(0, -1)}
		return kernel.Pool{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 2, 1)), Geometry: g}
	})
	also("a transposed convolution to another size", func(b *builder) kernel.Op {
		w, _ := b.parameter(kernel.Shape{N: 2, C: 3, H: 2, W: 2}, 1)
		g := kernel.Geometry{Kernel: pair(2, 2), Stride: pair(2, 2), Dilation: pair(1, 1)}
		return kernel.Deconv{X: b.input(b.samples(2, 4, 4)), W: w, B: kernel.None, Y: b.value(b.samples(3, 8, 7)), Geometry: g, Groups: 1}
	})
	also("a part that reaches beyond", func(b *builder) kernel.Op {
		return kernel.Crop{X: b.input(b.samples(3, 4, 4)), Y: b.value(b.samples(3, 2, 2)), Row: 3}
	})
	also("a part that begins before", func(b *builder) kernel.Op {
		return kernel.Crop{X: b.input(b.samples(3, 4, 4)), Y: b.value(b.samples(3, 2, 2)), Column: -1}
	})
	also("an image enlarged by another factor", func(b *builder) kernel.Op {
		return kernel.Upsample{X: b.input(b.samples(3, 4, 4)), Y: b.value(b.samples(3, 8, 12)), Factor: 2}
	})
	also("an image enlarged by nothing", func(b *builder) kernel.Op {
		return kernel.Upsample{X: b.input(b.samples(3, 4, 4)), Y: b.value(b.samples(3, 4, 4))}
	})
	also("an unknown activation", func(b *builder) kernel.Op {
		return kernel.Activation{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 4, 4)), Kind: 99}
	})
	also("a normalisation over no channels", func(b *builder) kernel.Op {
		s := b.samples(3, 2, 2)
		return kernel.LRN{X: b.input(s), Y: b.value(s), S: b.value(s), Alpha: 1, Beta: 1}
	})
	also("a normalisation over an even number of places", func(b *builder) kernel.Op {
		s := b.samples(3, 2, 2)
		return kernel.LRN{X: b.input(s), Y: b.value(s), S: b.value(s), Size: 2, Alpha: 1, Beta: 1, Within: true}
	})
	also("a falling slope", func(b *builder) kernel.Op {
		return kernel.Activation{X: b.input(b.samples(1, 4, 4)), Y: b.value(b.samples(1, 4, 4)), Kind: kernel.LeakyReLU, Slope: -1}
	})
	also("statistics of too few channels", func(b *builder) kernel.Op {
		s, each := b.samples(3, 2, 2), kernel.Shape{N: 3, C: 1, H: 1, W: 1}
		w, _ := b.parameter(each, 1)
		few := b.buffer("statistic", kernel.Shape{N: 2, C: 1, H: 1, W: 1}, kernel.Statistic, nil)
		all := b.buffer("statistic", each, kernel.Statistic, nil)
		return kernel.BatchNorm{X: b.input(s), W: w, B: w, Y: b.value(s), Mean: all, Variance: few, Shift: all, Scale: all}
	})
	for name, labels := range map[string]kernel.Shape{
		"one label for an image": {N: 3, C: 1, H: 1, W: 1}, "labels of an image on its side": {N: 3, C: 1, H: 3, W: 2}, "two labels a place": {N: 3, C: 2, H: 2, W: 3},
	} {
		also(name, func(b *builder) kernel.Op {
			s := b.samples(3, 2, 3)
			return kernel.SoftmaxLoss{X: b.input(s), Labels: b.input(labels), P: b.value(s), Loss: b.value(b.samples(1, 1, 1))}
		})
	}
	for name, weights := range map[string][]float32{
		"a class without a weight": {1}, "a class that counts less than nothing": {1, -1}, "a class of a weight that is no number": {1, float32(math.NaN())},
		"a class of infinite weight": {float32(math.Inf(1)), 1}, "classes that count nothing": {0, 0},
	} {
		also(name, func(b *builder) kernel.Op {
			s := b.samples(2, 2, 3)
			return kernel.SoftmaxLoss{X: b.input(s), Labels: b.input(b.samples(1, 2, 3)), P: b.value(s), Loss: b.value(b.samples(1, 1, 1)), ClassWeights: weights}
		})
	}
	also("the probabilities of a loss over its input", func(b *builder) kernel.Op {
		s, one := b.samples(3, 1, 1), b.samples(1, 1, 1)
		x := b.value(s)
		return kernel.SigmoidLoss{X: x, T: b.input(s), P: x, Loss: b.value(one)}
	})
	also("a target of another shape", func(b *builder) kernel.Op {
		return kernel.HingeLoss{X: b.input(b.samples(3, 1, 1)), T: b.input(b.samples(2, 1, 1)), Loss: b.value(b.samples(1, 1, 1))}
	})
	spoil("an unknown solver", func(b *builder, _ *kernel.Conv) {
		u := b.program.Update[0].(kernel.Update)
		u.Kind = 99
		b.program.Update[0] = u
	})
	spoil("too little history", func(b *builder, _ *kernel.Conv) {
		u := b.program.Update[0].(kernel.Update)
		u.Kind = kernel.Adam
		b.program.Update[0] = u
	})
	return bad
}
