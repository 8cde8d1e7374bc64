package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
)

// Bounds of a weights file: its header, and all numbers together.
const (
	maxHeader = 64 << 20
	maxFile   = 16 << 30
)

// Metadata of the files that we write; other programs ignore it. The checksum is the CRC-32C of header and data, in eight digits that are
// zeros while it is taken. The writer tells that there must be one, so that a checksum whose name is damaged is missed.
const (
	checksumKey = "convscope.checksum"
	noChecksum  = "00000000"
	writerKey   = "writer"
	writer      = "convscope"
)

// types are those of the safetensors format.
var types = strings.Fields("BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 U64")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is what a safetensors header tells of a tensor.
type entry struct {
	Type    string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// WriteSafetensors writes float32 tensors in the safetensors format: the header's length in 8 bytes, a JSON header, the data. Equal
// tensors give equal bytes.
func WriteSafetensors(w io.Writer, tensors map[string]nn.Tensor, metadata map[string]string) error {
	names := slices.Sorted(maps.Keys(tensors))
	var data []byte
	header := map[string]any{}
	for _, name := range names {
		t := tensors[name]
		e := entry{Type: "F32", Shape: []int64{}, Offsets: [2]int64{int64(len(data)), int64(len(data) + 4*len(t.Data()))}}
		for _, d := range t.Shape() {
			e.Shape = append(e.Shape, int64(d))
		}
		header[name] = e
		for _, v := range t.Data() {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	meta := maps.Clone(metadata)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[writerKey], meta[checksumKey] = writer, noChecksum
	header["__metadata__"] = meta
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ') // the data begins at a multiple of eight
	}
	sum := fmt.Sprintf("%08x", crc32.Update(crc32.Checksum(text, castagnoli), castagnoli, data))
	text = bytes.Replace(text, checksumField(noChecksum), checksumField(sum), 1)
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// checksumField returns the checksum as it stands in the header.
func checksumField(sum string) []byte { return fmt.Appendf(nil, "%q:%q", checksumKey, sum) }

// intact reports whether header and data have the checksum that the header names.
func intact(r io.ReaderAt, text []byte, begin, size int64, want string) (bool, error) {
	if !bytes.Contains(text, checksumField(want)) {
		return false, nil
	}
	h := crc32.New(castagnoli)
	h.Write(bytes.Replace(text, checksumField(want), checksumField(noChecksum), 1))
	if _, err := io.Copy(h, io.NewSectionReader(r, begin, size-begin)); err != nil {
		return false, err
	}
	return fmt.Sprintf("%08x", h.Sum32()) == want, nil
}

// ReadSafetensors reads float32 tensors from size bytes of r. name is for messages. Sizes are checked against the file before memory is
// taken, the checksum where there is one, and that every number is one.
func ReadSafetensors(r io.ReaderAt, size int64, name string) (map[string]nn.Tensor, map[string]string, error) {
	damaged := func(format string, args ...any) error {
		return fault.New("model.weights.damaged", "%s is damaged: %s. Use another snapshot of the run.", name, fmt.Sprintf(format, args...))
	}
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, nil, damaged("it is cut off")
	}
	length := binary.LittleEndian.Uint64(head[:])
	if size > maxFile || length > maxHeader || int64(length) > size-8 {
		return nil, nil, damaged("it is cut off, or no safetensors file")
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, 8); err != nil {
		return nil, nil, damaged("it is cut off")
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, nil, damaged("its header is no JSON")
	}
	var meta map[string]string
	if m, ok := raw["__metadata__"]; ok {
		if err := json.Unmarshal(m, &meta); err != nil {
			return nil, nil, damaged("its metadata is wrong")
		}
		delete(raw, "__metadata__")
	}
	begin := 8 + int64(length)
	if want, ok := meta[checksumKey]; ok || meta[writerKey] == writer {
		whole, err := intact(r, text, begin, size, want)
		if err != nil {
			return nil, nil, err
		}
		if !whole {
			return nil, nil, damaged("its checksum is wrong, so some bytes have changed")
		}
	}
	tensors := map[string]nn.Tensor{}
	var total int64
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		var e entry
		if err := json.Unmarshal(raw[key], &e); err != nil {
			return nil, nil, damaged("its header tells nothing of %q that could be", key)
		}
		if !slices.Contains(types, e.Type) { // no type that any version of the format has
			return nil, nil, damaged("its header tells nothing of %q that could be", key)
		}
		if e.Type != "F32" {
			return nil, nil, fault.New("model.weights.type", "%s stores %s as %s; only F32 can be read. Save it as float32.", name, key, e.Type)
		}
		t, err := readTensor(r, e, begin, size, key, damaged)
		if err != nil {
			return nil, nil, err
		}
		if total += int64(len(t.Data())) * 4; total > size { // tensors that overlap could take more than the file has
			return nil, nil, damaged("its tensors overlap")
		}
		tensors[key] = t
	}
	return tensors, meta, nil
}

// readTensor reads one tensor whose place the header tells.
func readTensor(r io.ReaderAt, e entry, begin, size int64, key string, damaged func(string, ...any) error) (nn.Tensor, error) {
	count, bytes := int64(1), e.Offsets[1]-e.Offsets[0]
	for _, d := range e.Shape {
		if d < 0 || d > 1<<40 || d > 0 && count > (1<<40)/d {
			return nn.Tensor{}, damaged("the shape of %s is out of bounds", key)
		}
		count *= d
	}
	if e.Offsets[0] < 0 || bytes < 0 || e.Offsets[1] > size-begin || bytes != 4*count || len(e.Shape) > 8 {
		return nn.Tensor{}, damaged("%s lies outside of the file or has another size than its shape", key)
	}
	b := make([]byte, bytes)
	if _, err := r.ReadAt(b, begin+e.Offsets[0]); err != nil && bytes > 0 {
		return nn.Tensor{}, damaged("it is cut off")
	}
	data, shape := make([]float32, count), make([]int, len(e.Shape))
	for i, d := range e.Shape {
		shape[i] = int(d)
	}
	for i := range data {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if v != v || math.IsInf(float64(v), 0) {
			return nn.Tensor{}, damaged("%s holds what is no number", key)
		}
		data[i] = v
	}
	return nn.TensorOf(data, shape...), nil
}
