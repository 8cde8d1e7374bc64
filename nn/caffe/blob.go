package caffe

import (
	"encoding/binary"
	"math"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/internal/caffepb"
	"github.com/convscope/convscope/nn/fault"
)

// tensor returns the array of a blob; what names it in messages.
func (r reader) tensor(b *caffepb.BlobProto, what string) (nn.Tensor, error) {
	shape, err := r.shape(b, what)
	if err != nil {
		return nn.Tensor{}, err
	}
	data, err := r.numbers(b, what)
	if err != nil {
		return nn.Tensor{}, err
	}
	count := 1
	for _, d := range shape {
		count *= d
	}
	if shape == nil || count != len(data) {
		return nn.Tensor{}, r.damaged("%s has %d numbers, but the shape %v", what, len(data), shape)
	}
	for _, v := range data {
		if v-v != 0 {
			return nn.Tensor{}, r.notFinite(what)
		}
	}
	if len(shape) == 0 { // a number without dimensions is a list of one
		shape = []int{1}
	}
	return nn.TensorOf(data, shape...), nil
}

func (r reader) notFinite(what string) error {
	return fault.New("caffe.finite", "%s contains NaN or infinity in %s. Choose a snapshot from before the training diverged.", r.file, what)
}

// shape returns the dimensions of a blob, nil where it has none. Their product is bounded.
func (r reader) shape(b *caffepb.BlobProto, what string) ([]int, error) {
	var dims []int64
	switch {
	case b.GetShape() != nil:
		dims = b.GetShape().GetDim()
	case b.Num != nil || b.Channels != nil || b.Height != nil || b.Width != nil:
		dims = []int64{int64(b.GetNum()), int64(b.GetChannels()), int64(b.GetHeight()), int64(b.GetWidth())}
	default:
		return nil, nil
	}
	if len(dims) > maxDims {
		return nil, r.damaged("%s has over %d dimensions", what, maxDims)
	}
	count, shape := int64(1), make([]int, 0, len(dims))
	for _, d := range dims {
		if d < 0 || d > maxFile || d > 0 && count > maxFile/d {
			return nil, r.damaged("the shape of %s is out of bounds", what)
		}
		count *= d
		shape = append(shape, int(d))
	}
	return shape, nil
}

// numbers returns the numbers of a blob, from the one place of three where they are.
func (r reader) numbers(b *caffepb.BlobProto, what string) ([]float32, error) {
	raw := b.GetRawData()
	switch kind := b.GetRawDataType(); {
	case raw == nil && len(b.GetDoubleData()) > 0:
		return floats(len(b.GetDoubleData()), func(i int) float32 { return float32(b.GetDoubleData()[i]) }), nil
	case raw == nil:
		return b.GetData(), nil
	case kind == caffepb.Type_FLOAT && len(raw)%4 == 0:
		return floats(len(raw)/4, func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])) }), nil
	case kind == caffepb.Type_DOUBLE && len(raw)%8 == 0:
		return floats(len(raw)/8, func(i int) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))) }), nil
	case kind == caffepb.Type_FLOAT || kind == caffepb.Type_DOUBLE:
		return nil, r.damaged("%s is cut off", what)
	default:
		return nil, fault.New("caffe.type", "%s stores %s as %s; only float and double can be read. Save it with Caffe as float.", r.file, what, kind)
	}
}

// floats returns n numbers.
func floats(n int, at func(i int) float32) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = at(i)
	}
	return list
}
