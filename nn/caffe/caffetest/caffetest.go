// Package caffetest writes Caffe models for tests, as Caffe's versions and their relatives do: field by field, not with the code that reads them, so that a number
// that is wrong in the schema shows.
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
	Transposed              bool // an InnerProduct's weights are inputs × outputs
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

// kindOf are Caffe's types of the layers of our catalog that have weights; a normalisation is a BatchNorm and a Scale.
var kindOf = map[string]string{"convolution": "Convolution", "deconvolution": "Deconvolution", "fully-connected": "InnerProduct", "batch-norm": "BatchNorm"}

// fading is what the sums of a BatchNorm have been multiplied with.
const fading = 4

// Network lists a network's layers with weights as Caffe would have them: a normalisation as two layers, its statistics as sums.
func Network(spec nn.Spec, weights map[string]nn.Tensor) (layers []Layer) {
	for _, l := range spec.Layers {
		kind, ok := kindOf[l.Type]
		if !ok {
			continue
		}
		blobs := existing(weights, l.Name+".weight", l.Name+".bias")
		if s := blobs[0].Shape(); len(s) == 2 && kind != "InnerProduct" { // a kernel of 1×1, whose ones ours leave out
			blobs[0] = blobs[0].Reshape(s[0], s[1], 1, 1)
		}
		if kind == "BatchNorm" {
			sums := append(existing(weights, l.Name+".mean", l.Name+".variance"), nn.TensorOf([]float32{1}, 1))
			for i := range sums {
				sums[i] = sums[i].Clone()
				for k := range sums[i].Data() {
					sums[i].Data()[k] *= fading
				}
			}
			layers = append(layers, Layer{Name: l.Name, Kind: kind, Bottom: l.Inputs[0], Top: l.Name, Blobs: sums}, Layer{Name: l.Name + "-scale", Kind: "Scale", Bottom: l.Name, Top: l.Name, Blobs: blobs})
			continue
		}
		layers = append(layers, Layer{Name: l.Name, Kind: kind, Bottom: l.Inputs[0], Top: l.Name, Blobs: blobs})
	}
	return layers
}

// existing lists those of the weights that are there.
func existing(weights map[string]nn.Tensor, keys ...string) (list []nn.Tensor) {
	for _, key := range keys {
		if t, ok := weights[key]; ok {
			list = append(list, t)
		}
	}
	return list
}

func newer(s Style, l Layer) []byte {
	b := text(text(nil, 1, l.Name), 2, l.Kind)
	b = text(text(b, 3, l.Bottom), 4, l.Top)
	for _, t := range l.Blobs {
		b = Message(b, 7, Blob(s, t.Data(), t.Shape()...))
	}
	if l.Transposed {
		b = Message(b, 117, Number(nil, 6, 1))
	}
	return Number(b, 10, 1) // the phase
}

func old(s Style, l Layer) []byte {
	b := text(text(nil, 2, l.Bottom), 3, l.Top)
	b = Number(text(b, 4, l.Name), 5, kinds[l.Kind])
	for _, t := range l.Blobs {
		b = Message(b, 6, Blob(s, t.Data(), t.Shape()...))
	}
	if l.Transposed {
		b = Message(b, 17, Number(nil, 6, 1))
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
