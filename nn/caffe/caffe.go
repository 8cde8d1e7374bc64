// Package caffe reads the weights of .caffemodel files, as BVLC's Caffe, NVIDIA's and DIGITS write them.
//
// A file is a protobuf message. Its schema, and the Go code made of it, are internal/caffepb; the table of operations says what becomes of which layer.
package caffe

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/internal/caffepb"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// Bounds of a file: its bytes (no protobuf message is larger), and of a layer the bytes of a name, its blobs and their dimensions. How many layers there may be
// follows from maxParts.
const (
	maxFile  = 1<<31 - 1
	maxName  = 1000
	maxBlobs = 64
	maxDims  = 8
)

// Load reads the weights of a .caffemodel file.
func Load(path string) (model.Source, error) {
	b, err := model.ReadFile(path, maxFile)
	if err != nil {
		return model.Source{}, err
	}
	return Read(b, path)
}

// Read reads the weights of a .caffemodel file's content, under the keys and with the shapes of ours. Blobs that have no place in our catalog are there too, under
// the layer's name, its type and a number, so that a start from them can list them. file is for messages.
func Read(b []byte, file string) (model.Source, error) {
	r := reader{file}
	if bytes.HasPrefix(b, []byte("\x89HDF")) {
		return model.Source{}, fault.New("caffe.hdf5", "%s is a Caffe model saved as HDF5, which cannot be read. Save it with Caffe as binary protobuf (snapshot_format: BINARYPROTO).", file)
	}
	switch err := bounded(b); {
	case errors.Is(err, errParts):
		return model.Source{}, r.damaged("it has over %d layers, names, blobs and dimensions", maxParts)
	case errors.Is(err, errPacked):
		return model.Source{}, r.damaged("it has a list in over %d parts", maxPacked)
	case err != nil:
		return model.Source{}, r.damaged("it is cut off, or not binary protobuf")
	}
	var net caffepb.NetParameter
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, &net); err != nil {
		return model.Source{}, r.damaged("it is cut off, or not binary protobuf")
	}
	layers, err := r.layers(&net)
	if err != nil {
		return model.Source{}, err
	}
	weights, err := r.weights(layers)
	if err != nil {
		return model.Source{}, err
	}
	return model.Source{Weights: weights, Channels: model.BGR, Aliases: aliases(layers)}, nil
}

// A reader reads one file, which its faults name.
type reader struct{ file string }

func (r reader) damaged(format string, args ...any) error {
	return fault.New("caffe.damaged", "%s is damaged, or not a Caffe model: %s. Use another copy of the .caffemodel file.", r.file, fmt.Sprintf(format, args...))
}

// A layer is a layer of either generation. Those in the table of operations have one input and one output; of several, the first is kept.
type layer struct {
	name, kind, bottom, top string
	transposed              bool // an InnerProduct's weights are inputs × outputs
	blobs                   []nn.Tensor
}

// layers returns the layers of a network, those of the older generation first: Caffe writes only one.
func (r reader) layers(net *caffepb.NetParameter) ([]layer, error) {
	var all []layer
	add := func(l layer, bottoms, tops []string, blobs []*caffepb.BlobProto) error {
		l.bottom, l.top = first(bottoms), first(tops)
		for _, name := range []string{l.name, l.kind, l.bottom, l.top} {
			if len(name) > maxName {
				return r.damaged("a name has %d bytes", len(name))
			}
		}
		if len(blobs) > maxBlobs {
			return r.damaged("a layer has over %d blobs", maxBlobs)
		}
		for i, b := range blobs {
			t, err := r.tensor(b, fmt.Sprintf("blob %d of %s", i, l.name))
			if err != nil {
				return err
			}
			l.blobs = append(l.blobs, t)
		}
		all = append(all, l)
		return nil
	}
	for _, l := range net.GetLayers() {
		if l.GetLayer() != nil {
			return nil, fault.New("caffe.old", "%s was written by a version of Caffe before 2014 and cannot be read. Convert it with Caffe's upgrade_net_proto_binary.", r.file)
		}
		kind := strconv.Itoa(int(l.GetType()))
		for _, o := range operations {
			if o.v1 != caffepb.V1LayerParameter_NONE && o.v1 == l.GetType() {
				kind = o.kind
			}
		}
		err := add(layer{name: l.GetName(), kind: kind, transposed: l.GetInnerProductParam().GetTranspose()}, l.GetBottom(), l.GetTop(), l.GetBlobs())
		if err != nil {
			return nil, err
		}
	}
	for _, l := range net.GetLayer() {
		err := add(layer{name: l.GetName(), kind: l.GetType(), transposed: l.GetInnerProductParam().GetTranspose()}, l.GetBottom(), l.GetTop(), l.GetBlobs())
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// first returns the first of some names, or none.
func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
