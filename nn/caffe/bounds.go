package caffe

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/convscope/convscope/nn/caffe/internal/caffepb"
)

// maxParts bounds what takes more memory than its bytes in a file: messages, of which an empty one has two bytes there and over a hundred in memory, strings,
// and integers in lists. ResNet-152 has some 20,000. Weights, which are all the rest, take as much as in the file.
const maxParts = 1 << 17

// maxPacked bounds how often one message has a packed list: each time the whole list so far is copied. Files have each list once.
const maxPacked = 8

// What bounded finds.
var (
	errParts  = errors.New("more parts than maxParts")
	errPacked = errors.New("a list in more parts than maxPacked")
	errWire   = errors.New("not binary protobuf")
)

// bounded reports by its error whether a NetParameter can be unmarshalled without taking much more memory than it has bytes.
func bounded(b []byte) error {
	left := maxParts
	return spend(&left, b, (*caffepb.NetParameter)(nil).ProtoReflect().Descriptor())
}

// spend takes the parts of a message from those that are left.
func spend(left *int, b []byte, message protoreflect.MessageDescriptor) error {
	packed := 0
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		size := protowire.ConsumeFieldValue(number, wire, b[n:])
		if size < 0 {
			return errWire
		}
		value := b[n : n+size]
		b = b[n+size:]
		field := message.Fields().ByNumber(number)
		if field == nil {
			continue
		}
		if field.IsList() && wire == protowire.BytesType && field.Kind() != protoreflect.MessageKind && field.Kind() != protoreflect.StringKind {
			if packed++; packed > maxPacked {
				return errPacked
			}
		}
		content, _ := protowire.ConsumeBytes(value) // of a field of type bytes, which was found to be whole
		switch kind := field.Kind(); {
		case kind == protoreflect.MessageKind && wire == protowire.BytesType:
			*left--
			if err := spend(left, content, field.Message()); err != nil {
				return err
			}
		case kind == protoreflect.StringKind:
			*left--
		case kind == protoreflect.Int64Kind && field.IsList() && wire == protowire.BytesType: // packed: at least a byte each
			*left -= len(content)
		case kind == protoreflect.Int64Kind && field.IsList():
			*left--
		}
		if *left < 0 {
			return errParts
		}
	}
	return nil
}
