package model

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
)

func someTensors() map[string]nn.Tensor {
	return map[string]nn.Tensor{
		"conv1.weight": nn.TensorOf([]float32{1, -2.5, 3e-30, math.MaxFloat32}, 2, 1, 1, 2),
		"conv1.bias":   nn.TensorOf([]float32{0, float32(math.Copysign(0, -1))}, 2),
		"가중치":          nn.TensorOf([]float32{7}, 1),
		"empty":        nn.TensorOf([]float32{}, 0),
	}
}

func written(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSafetensors(&b, someTensors(), map[string]string{"epoch": "3"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (map[string]nn.Tensor, map[string]string, error) {
	return ReadSafetensors(bytes.NewReader(b), int64(len(b)), "w.safetensors")
}

func TestSafetensorsRoundTrip(t *testing.T) {
	b := written(t)
	if !bytes.Equal(b, written(t)) {
		t.Error("equal tensors gave other bytes")
	}
	got, meta, err := read(b)
	if err != nil || !reflect.DeepEqual(got, someTensors()) || meta["epoch"] != "3" {
		t.Errorf("got %v, %v, %v", got, meta, err)
	}
	if binary.LittleEndian.Uint64(b)%8 != 0 {
		t.Error("the data is not aligned")
	}
}

// TestEveryFlippedByteIsNoticed flips each byte of a file in turn, header and data.
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	whole := written(t)
	for i := range whole {
		for _, mask := range []byte{1, 0x20, 0xff} {
			b := bytes.Clone(whole)
			b[i] ^= mask
			got, meta, err := read(b)
			if err == nil {
				t.Errorf("byte %d flipped with %#x: read as %v %v", i, mask, got, meta)
			} else if c := fault.Code(err); c != "model.weights.damaged" {
				t.Errorf("byte %d flipped with %#x: %v", i, mask, err)
			}
		}
	}
}

func TestCutOffSafetensors(t *testing.T) {
	whole := written(t)
	for n := range whole {
		if _, _, err := read(whole[:n]); fault.Code(err) != "model.weights.damaged" {
			t.Errorf("cut off after %d bytes: %v", n, err)
		}
	}
}

// file makes a file of a header and some bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// TestHugeSizesTakeNoMemory reads headers that promise far more than the file has.
func TestHugeSizesTakeNoMemory(t *testing.T) {
	cases := [][]byte{
		append(bytes.Repeat([]byte{0xff}, 8), "{}"...),
		append(binary.LittleEndian.AppendUint64(nil, 1<<40), "{}"...),
		append(binary.LittleEndian.AppendUint64(nil, 1<<63), "{}"...),
		append(binary.LittleEndian.AppendUint64(nil, 60<<20), "{}"...),
		file(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,0]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[-9223372036854775808,-9223372036854775808]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,-9223372036854775808]}}`, 16),
		file(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}`, 16),
		file(`[]`, 0), file(``, 0), file(`{"a":1}`, 0), file(`{"__metadata__":[1]}`, 0),
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i, b := range cases {
		if _, _, err := read(b); fault.Code(err) != "model.weights.damaged" {
			t.Errorf("case %d: %v", i, err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("took %d bytes", took)
	}
}

func TestOtherTypesAreNamed(t *testing.T) {
	_, _, err := read(file(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, 2))
	if fault.Code(err) != "model.weights.type" || !strings.Contains(err.Error(), "BF16") {
		t.Errorf("got %v", err)
	}
}

func TestForeignFileWithoutChecksum(t *testing.T) {
	got, _, err := read(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	if err != nil || !reflect.DeepEqual(got, map[string]nn.Tensor{"a": nn.TensorOf([]float32{0, 0}, 2)}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var b bytes.Buffer
		if err := WriteSafetensors(&b, map[string]nn.Tensor{"a": nn.TensorOf([]float32{float32(v)}, 1)}, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(b.Bytes()); fault.Code(err) != "model.weights.damaged" {
			t.Errorf("%g: %v", v, err)
		}
	}
}

func FuzzReadSafetensors(f *testing.F) {
	f.Add(written(f))
	f.Add(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Add(file(`{"__metadata__":{"convscope.checksum":"00000000"}}`, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, meta, err := read(b)
		if err != nil {
			return
		}
		// What is accepted can be written and read again.
		var out bytes.Buffer
		if err := WriteSafetensors(&out, got, meta); err != nil {
			t.Fatal(err)
		}
		again, _, err := read(out.Bytes())
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		for name, a := range got {
			if !reflect.DeepEqual(a, again[name]) {
				t.Fatalf("%q changed", name)
			}
		}
	})
}
