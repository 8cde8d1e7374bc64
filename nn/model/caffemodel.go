package model

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
)

// Bounds of a Caffe model: its bytes (no protobuf message is larger), its layers, and of a layer its name, its blobs and their dimensions.
const (
	maxCaffe      = 1<<31 - 1
	maxCaffeLayer = 1 << 14
	maxCaffeName  = 1000
	maxCaffeBlobs = 64
	maxCaffeDims  = 8
)

// A caffeDialect is where a generation of Caffe keeps what a layer is: the numbers of the fields.
type caffeDialect struct {
	name, kind, bottom, top, blobs protowire.Number
}

// caffeDialects are the generations by the field of NetParameter that holds a layer: layers until 2014, then layer.
var caffeDialects = map[protowire.Number]caffeDialect{
	2:   {name: 4, kind: 5, bottom: 2, top: 3, blobs: 6},
	100: {name: 1, kind: 2, bottom: 3, top: 4, blobs: 7},
}

// caffeKinds are those layers with weights that the older generation tells by a number.
var caffeKinds = map[uint64]string{4: "Convolution", 14: "InnerProduct"}

// A caffeLayer is what we need of a layer. Those of our kinds have one input and one output.
type caffeLayer struct {
	name, kind, bottom, top string
	blobs                   []nn.Tensor
}

// IsCaffe tells by its name whether a file is a Caffe model.
func IsCaffe(path string) bool {
	name := strings.ToLower(path)
	return strings.HasSuffix(name, ".caffemodel") || strings.HasSuffix(name, ".caffemodel.h5")
}

// LoadCaffe reads the weights of a Caffe model's file.
func LoadCaffe(path string) (map[string]nn.Tensor, error) {
	b, err := ReadFile(path, maxCaffe)
	if err != nil {
		return nil, err
	}
	return ReadCaffe(b, path)
}

// ReadCaffe reads the weights of a Caffe model, a NetParameter as binary protobuf, under the keys that ours have. Whatever has no place
// in our catalog is there too, under the layer's name, its type and a number. Numbers and order are Caffe's: a first layer that takes
// colours takes them as blue, green and red. name is for messages. Sizes are checked against the file before memory is taken.
func ReadCaffe(b []byte, name string) (map[string]nn.Tensor, error) {
	r := &caffeReader{file: name}
	if bytes.HasPrefix(b, []byte("\x89HDF")) {
		return nil, r.form("it is HDF5")
	}
	err := r.fields(b, func(f caffeField) error {
		if d, ok := caffeDialects[f.number]; ok && f.bytes != nil {
			return r.layer(f.bytes, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.weights()
}

// caffeReader reads one file.
type caffeReader struct {
	file   string
	layers []caffeLayer
}

func (r *caffeReader) damaged(format string, args ...any) error {
	return fault.New("model.caffe.damaged", "%s is damaged, or no Caffe model: %s. Take another copy of the .caffemodel file.", r.file, fmt.Sprintf(format, args...))
}

func (r *caffeReader) form(what string) error {
	return fault.New("model.caffe.form", "%s is a Caffe model in a form that is not read: %s. Save it with Caffe as binary protobuf of float numbers.", r.file, what)
}

// A caffeField is a field of a message: a number or, of type bytes, what is not nil.
type caffeField struct {
	number protowire.Number
	value  uint64
	bytes  []byte
}

// fields reads a message field by field.
func (r *caffeReader) fields(b []byte, each func(caffeField) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return r.damaged("it is cut off, or no binary protobuf")
		}
		b = b[n:]
		f := caffeField{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return r.damaged("it is cut off, or no binary protobuf")
		}
		b = b[n:]
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}

// layer reads a layer's message.
func (r *caffeReader) layer(b []byte, d caffeDialect) error {
	if len(r.layers) == maxCaffeLayer {
		return r.damaged("it has over %d layers", maxCaffeLayer)
	}
	var l caffeLayer
	text := func(to *string, f caffeField) error {
		if len(f.bytes) > maxCaffeName {
			return r.damaged("a name has %d bytes", len(f.bytes))
		}
		if *to == "" { // of several inputs or outputs the first
			*to = string(f.bytes)
		}
		return nil
	}
	var blobs [][]byte
	err := r.fields(b, func(f caffeField) error {
		switch {
		case f.number == d.name:
			return text(&l.name, f)
		case f.number == d.kind && f.bytes == nil:
			var ok bool
			if l.kind, ok = caffeKinds[f.value]; !ok {
				l.kind = strconv.FormatUint(f.value, 10)
			}
		case f.number == d.kind:
			return text(&l.kind, f)
		case f.number == d.bottom:
			return text(&l.bottom, f)
		case f.number == d.top:
			return text(&l.top, f)
		case f.number == d.blobs && f.bytes != nil:
			if len(blobs) == maxCaffeBlobs {
				return r.damaged("a layer has over %d blobs", maxCaffeBlobs)
			}
			blobs = append(blobs, f.bytes)
		case f.number == 1 && f.bytes != nil: // V0LayerParameter within V1LayerParameter; in the newer generation 1 is the name
			return r.form("a version of Caffe before 2014 wrote it")
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, blob := range blobs { // now that the name is known
		t, err := r.blob(blob, fmt.Sprintf("blob %d of %s", i, l.name))
		if err != nil {
			return err
		}
		l.blobs = append(l.blobs, t)
	}
	r.layers = append(r.layers, l)
	return nil
}

// Fields of BlobProto. Newer Caffes of NVIDIA keep numbers as they lie in memory.
const (
	caffeNum, caffeWidth        = 1, 4 // the four dimensions of a blob in older files
	caffeData                   = 5
	caffeShape, caffeDim        = 7, 1
	caffeDouble                 = 8
	caffeRawType                = 10
	caffeRaw                    = 12
	caffeRawDouble       uint64 = 0
	caffeRawFloat        uint64 = 1
)

// blob reads a BlobProto; what names it in messages.
func (r *caffeReader) blob(b []byte, what string) (nn.Tensor, error) {
	var data []float32
	var shape, old []uint64
	var raw []byte
	rawType := caffeRawDouble
	err := r.fields(b, func(f caffeField) error {
		switch f.number {
		case caffeNum, caffeNum + 1, caffeNum + 2, caffeWidth:
			if old == nil {
				old = make([]uint64, caffeWidth)
			}
			old[f.number-caffeNum] = f.value
		case caffeShape:
			shape = []uint64{}
			return r.dims(f.bytes, what, &shape)
		case caffeData:
			if f.bytes == nil {
				data = append(data, math.Float32frombits(uint32(f.value)))
				return nil
			}
			return r.floats(f.bytes, what, &data)
		case caffeDouble:
			if f.bytes == nil {
				data = append(data, float32(math.Float64frombits(f.value)))
				return nil
			}
			return r.doubles(f.bytes, what, &data)
		case caffeRawType:
			rawType = f.value
		case caffeRaw:
			raw = f.bytes
		}
		return nil
	})
	switch {
	case err != nil || raw == nil:
	case rawType == caffeRawFloat:
		err = r.floats(raw, what, &data)
	case rawType == caffeRawDouble:
		err = r.doubles(raw, what, &data)
	default:
		err = r.form(what + " holds no float numbers")
	}
	if err != nil {
		return nn.Tensor{}, err
	}
	if shape == nil {
		shape = old
	}
	count, dims := uint64(1), []int(nil)
	for _, d := range shape {
		if d > maxCaffe || d > 0 && count > maxCaffe/d {
			return nn.Tensor{}, r.damaged("the shape of %s is out of bounds", what)
		}
		count *= d
		dims = append(dims, int(d))
	}
	if shape == nil || count != uint64(len(data)) {
		return nn.Tensor{}, r.damaged("%s has %d numbers, but the shape %v", what, len(data), dims)
	}
	for _, v := range data {
		if v-v != 0 {
			return nn.Tensor{}, r.damaged("%s holds what is no number", what)
		}
	}
	return nn.TensorOf(data, dims...), nil
}

// dims reads a BlobShape.
func (r *caffeReader) dims(b []byte, what string, to *[]uint64) error {
	add := func(d uint64) error {
		if len(*to) == maxCaffeDims {
			return r.damaged("%s has over %d dimensions", what, maxCaffeDims)
		}
		*to = append(*to, d)
		return nil
	}
	return r.fields(b, func(f caffeField) error {
		if f.number != caffeDim {
			return nil
		}
		if f.bytes == nil {
			return add(f.value)
		}
		for packed := f.bytes; len(packed) > 0; {
			d, n := protowire.ConsumeVarint(packed)
			if n < 0 {
				return r.damaged("the shape of %s is cut off", what)
			}
			if err := add(d); err != nil {
				return err
			}
			packed = packed[n:]
		}
		return nil
	})
}

// floats and doubles read numbers that lie side by side.
func (r *caffeReader) floats(b []byte, what string, to *[]float32) error {
	if len(b)%4 != 0 {
		return r.damaged("%s is cut off", what)
	}
	list := slices.Grow(*to, len(b)/4)
	for ; len(b) > 0; b = b[4:] {
		list = append(list, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	*to = list
	return nil
}

func (r *caffeReader) doubles(b []byte, what string, to *[]float32) error {
	if len(b)%8 != 0 {
		return r.damaged("%s is cut off", what)
	}
	list := slices.Grow(*to, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		list = append(list, float32(math.Float64frombits(binary.LittleEndian.Uint64(b))))
	}
	*to = list
	return nil
}
