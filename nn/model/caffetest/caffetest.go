// Package caffetest writes Caffe models for tests, as Caffe's versions and their relatives do.
package caffetest

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/convscope/convscope/nn"
)

// A Layer is a layer of a Caffe model.
type Layer struct {
	Name, Kind, Bottom, Top string
	Blobs                   []nn.Tensor
}

// A Style is one of the ways to write the same thing.
type Style struct {
	Old      bool // layers as Caffe had them until 2014
	Legacy   bool // shapes of four dimensions
	Unpacked bool // a tag before each number
	Double   bool
	Raw      bool // numbers as newer Caffes of NVIDIA keep them
}

// kinds are the numbers of layer types in the older generation.
var kinds = map[string]uint64{"Convolution": 4, "InnerProduct": 14, "ReLU": 18, "Deconvolution": 39}

// File writes a Caffe model.
func File(s Style, layers ...Layer) []byte {
	b := text(nil, 1, "net")
	for _, l := range layers {
		if s.Old {
			b = Message(b, 2, old(s, l))
		} else {
			b = Message(b, 100, newer(s, l))
		}
	}
	return b
}

func newer(s Style, l Layer) []byte {
	b := text(text(nil, 1, l.Name), 2, l.Kind)
	b = text(text(b, 3, l.Bottom), 4, l.Top)
	for _, t := range l.Blobs {
		b = Message(b, 7, Blob(s, t.Data(), t.Shape()...))
	}
	return Number(b, 10, 1) // the phase
}

func old(s Style, l Layer) []byte {
	b := text(text(nil, 2, l.Bottom), 3, l.Top)
	b = Number(text(b, 4, l.Name), 5, kinds[l.Kind])
	for _, t := range l.Blobs {
		b = Message(b, 6, Blob(s, t.Data(), t.Shape()...))
	}
	return b
}

// Blob writes a blob; the shape may contradict the numbers.
func Blob(s Style, numbers []float32, shape ...int) []byte {
	var b []byte
	if s.Legacy {
		for i := range 4 {
			d := 1
			if at := i - (4 - len(shape)); at >= 0 {
				d = shape[at]
			}
			b = Number(b, protowire.Number(i+1), uint64(d))
		}
	} else {
		var dims []byte
		for _, d := range shape {
			if s.Unpacked {
				dims = Number(dims, 1, uint64(d))
			} else {
				dims = protowire.AppendVarint(dims, uint64(d))
			}
		}
		if !s.Unpacked {
			dims = Message(nil, 1, dims)
		}
		b = Message(b, 7, dims)
	}
	var data []byte
	for _, v := range numbers {
		if s.Unpacked && s.Double {
			b = protowire.AppendFixed64(protowire.AppendTag(b, 8, protowire.Fixed64Type), math.Float64bits(float64(v)))
		} else if s.Unpacked {
			b = protowire.AppendFixed32(protowire.AppendTag(b, 5, protowire.Fixed32Type), math.Float32bits(v))
		} else if s.Double {
			data = protowire.AppendFixed64(data, math.Float64bits(float64(v)))
		} else {
			data = protowire.AppendFixed32(data, math.Float32bits(v))
		}
	}
	switch {
	case s.Unpacked:
	case s.Raw && s.Double:
		b = Message(Number(b, 10, 0), 12, data)
	case s.Raw:
		b = Message(Number(b, 10, 1), 12, data)
	case s.Double:
		b = Message(b, 8, data)
	default:
		b = Message(b, 5, data)
	}
	return b
}

// Number appends a field that is a number.
func Number(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func text(b []byte, field protowire.Number, s string) []byte { return Message(b, field, []byte(s)) }

// Message appends a field of bytes.
func Message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}
