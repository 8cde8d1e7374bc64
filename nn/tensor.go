package nn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"gorgonia.org/tensor"
)

// A Tensor is a float32 array on the host, row-major: the last axis runs fastest. Activations are N×C×H×W, or C×H×W of one sample;
// weights of a convolution F×C×h×w. It is a *tensor.Dense of gorgonia.org/tensor, which only this file knows. Copies of a Tensor share
// their numbers, as copies of a slice do. The zero Tensor has no numbers.
type Tensor struct{ dense *tensor.Dense }

// NewTensor returns a tensor of zeros.
func NewTensor(shape ...int) Tensor {
	return TensorOf(make([]float32, tensor.Shape(shape).TotalSize()), shape...)
}

// TensorOf returns a tensor of that shape over data, which is not copied. It panics where there are more or fewer numbers than the shape has.
func TensorOf(data []float32, shape ...int) Tensor {
	if n := tensor.Shape(shape).TotalSize(); n != len(data) {
		panic(fmt.Sprintf("nn: %d numbers are not a tensor of %v", len(data), shape))
	}
	return Tensor{tensor.New(tensor.WithShape(slices.Clone(shape)...), tensor.WithBacking(data))}
}

// Shape returns the lengths of the axes. It must not be changed.
func (t Tensor) Shape() []int {
	if t.dense == nil {
		return nil
	}
	return t.dense.Shape()
}

// Data returns the numbers themselves, not a copy.
func (t Tensor) Data() []float32 {
	if t.dense == nil {
		return nil
	}
	return t.dense.Float32s()
}

// At returns the part of t at these indices of its first axes; its numbers are t's. At(n, c) of N×C×H×W is one map of one image, H×W. It panics where
// there is no such part.
func (t Tensor) At(indices ...int) Tensor {
	axes := make([]tensor.Slice, len(indices))
	for i, at := range indices {
		axes[i] = tensor.S(at)
	}
	view, err := t.dense.Slice(axes...)
	if err != nil {
		panic(fmt.Sprintf("nn: %v of a tensor of %v: %v", indices, t.Shape(), err))
	}
	return TensorOf(view.(*tensor.Dense).Float32s(), t.Shape()[len(indices):]...) // the library takes axes of length 1 off
}

// Reshape returns the same numbers, not copied, as a tensor of another shape of as many.
func (t Tensor) Reshape(shape ...int) Tensor { return TensorOf(t.Data(), shape...) }

// Clone returns a tensor with numbers of its own.
func (t Tensor) Clone() Tensor { return TensorOf(slices.Clone(t.Data()), t.Shape()...) }

// Equal reports whether both have the same shape and the same numbers.
func (t Tensor) Equal(u Tensor) bool {
	return slices.Equal(t.Shape(), u.Shape()) && slices.Equal(t.Data(), u.Data())
}

// Max returns the greatest numbers along these axes, which the result lacks: Max(1, 2) of C×H×W is the greatest of each map.
func (t Tensor) Max(axes ...int) Tensor { return reduced(t.dense.Max(axes...)) }

// Sum returns the sums along these axes, which the result lacks.
func (t Tensor) Sum(axes ...int) Tensor { return reduced(t.dense.Sum(axes...)) }

// reduced panics where there are no such axes.
func reduced(d *tensor.Dense, err error) Tensor {
	if err != nil {
		panic("nn: " + err.Error())
	}
	return Tensor{d}
}

// WriteNPY writes t in NumPy's format (NPY 1.0).
func (t Tensor) WriteNPY(w io.Writer) error {
	var b bytes.Buffer
	if err := t.dense.WriteNpy(&b); err != nil {
		return err
	}
	const start = 10 // magic, version, length of the header
	npy := b.Bytes()
	npy[start+int(binary.LittleEndian.Uint16(npy[start-2:]))-1] = '\n' // the format ends the header with a newline, the library with a space
	_, err := w.Write(npy)
	return err
}
