package model_test

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/model/caffetest"
)

// counted is a tensor of the numbers 1, 2, 3, …
func counted(shape ...int) nn.Tensor {
	t := nn.NewTensor(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i + 1)
	}
	return t
}

// shaped gives numbers another shape.
// lenet is a small network of the two kinds that every Caffe has.
func lenet() []caffetest.Layer {
	return []caffetest.Layer{
		{Name: "conv1", Kind: "Convolution", Bottom: "data", Top: "conv1", Blobs: []nn.Tensor{counted(2, 1, 3, 3), counted(2)}},
		{Name: "relu1", Kind: "ReLU", Bottom: "conv1", Top: "conv1"},
		{Name: "ip1", Kind: "InnerProduct", Bottom: "conv1", Top: "ip1", Blobs: []nn.Tensor{counted(3, 8), counted(3)}},
	}
}

// styles are all ways to write it.
func styles() []caffetest.Style {
	var all []caffetest.Style
	for _, old := range []bool{false, true} {
		for _, legacy := range []bool{false, true} {
			for _, double := range []bool{false, true} {
				all = append(all, caffetest.Style{Old: old, Legacy: legacy, Double: double},
					caffetest.Style{Old: old, Legacy: legacy, Double: double, Unpacked: true},
					caffetest.Style{Old: old, Legacy: legacy, Double: double, Raw: true})
			}
		}
	}
	return all
}

func TestCaffeModelInEveryStyle(t *testing.T) {
	want := map[string]nn.Tensor{"conv1.weight": counted(2, 1, 3, 3), "conv1.bias": counted(2), "ip1.weight": counted(3, 8), "ip1.bias": counted(3)}
	for _, s := range styles() {
		got, err := model.ReadCaffe(caffetest.File(s, lenet()...), "lenet.caffemodel")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: %v, %v", s, got, err)
		}
	}
}

// normalised is a network with a normalisation, and what follows it.
func normalised(factor float32, blobs int, after ...caffetest.Layer) []caffetest.Layer {
	list := []nn.Tensor{counted(2), nn.TensorOf([]float32{4, 6}, 2), nn.TensorOf([]float32{factor}, 1), nn.TensorOf([]float32{8, 9}, 2), nn.TensorOf([]float32{-8, -9}, 2)}
	return append([]caffetest.Layer{
		{Name: "conv", Kind: "Convolution", Bottom: "data", Top: "conv", Blobs: []nn.Tensor{counted(2, 3, 1, 1)}},
		{Name: "bn", Kind: "BatchNorm", Bottom: "conv", Top: "conv", Blobs: list[:blobs]},
	}, after...)
}

func TestCaffeBatchNorm(t *testing.T) {
	scale := func(name string, blobs ...nn.Tensor) caffetest.Layer {
		return caffetest.Layer{Name: name, Kind: "Scale", Bottom: "conv", Top: "conv", Blobs: blobs}
	}
	relu := caffetest.Layer{Name: "relu", Kind: "ReLU", Bottom: "conv", Top: "conv"}
	gamma, beta := nn.TensorOf([]float32{3, 5}, 2), nn.TensorOf([]float32{7, 11}, 2)
	for _, c := range []struct {
		what   string
		layers []caffetest.Layer
		want   string // mean, variance, weight, bias, and what has no place
	}{
		{"scaled", normalised(2, 3, scale("scale", gamma, beta)), "[0.5 1] [2 3] [3 5] [7 11]"},
		{"scaled without a shift", normalised(2, 3, scale("scale", gamma)), "[0.5 1] [2 3] [3 5] [0 0]"},
		{"not scaled", normalised(2, 3), "[0.5 1] [2 3] [1 1] [0 0]"},
		{"sums of nothing", normalised(0, 3), "[0 0] [0 0] [1 1] [0 0]"},
		{"with scale and shift of its own", normalised(1, 5), "[1 2] [4 6] [8 9] [-8 -9]"},
		{"something between", normalised(2, 3, relu, scale("scale", gamma, beta)), "[0.5 1] [2 3] [1 1] [0 0] scale.Scale.0 scale.Scale.1"},
		{"scaled twice", normalised(2, 3, scale("scale", gamma, beta), scale("again", beta)), "[0.5 1] [2 3] [3 5] [7 11] again.Scale.0"},
	} {
		got, err := model.ReadCaffe(caffetest.File(caffetest.Style{}, c.layers...), "net.caffemodel")
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		text := fmt.Sprint(got["bn.mean"].Data(), got["bn.variance"].Data(), got["bn.weight"].Data(), got["bn.bias"].Data())
		for _, key := range []string{"scale.Scale.0", "scale.Scale.1", "again.Scale.0"} {
			if _, ok := got[key]; ok {
				text += " " + key
			}
		}
		if text != c.want {
			t.Errorf("%s: %s, not %s", c.what, text, c.want)
		}
	}
}

// What we have no layer for is named, so that a start from the file can tell of it.
func TestCaffeLayersOfOtherKinds(t *testing.T) {
	other := caffetest.Layer{Name: "up", Kind: "Deconvolution", Bottom: "ip1", Top: "up", Blobs: []nn.Tensor{counted(2, 2, 2, 2)}}
	for style, key := range map[caffetest.Style]string{{}: "up.Deconvolution.0", {Old: true}: "up.39.0"} {
		got, err := model.ReadCaffe(caffetest.File(style, append(lenet(), other)...), "net.caffemodel")
		if _, ok := got[key]; err != nil || !ok || len(got) != 5 {
			t.Errorf("%+v: %v, %v", style, got, err)
		}
	}
}

func TestCaffeModelsThatCannotBeUsed(t *testing.T) {
	blob := func(b []byte) []byte { // of a layer
		return caffetest.Message(nil, 100, caffetest.Message(caffetest.Message(nil, 1, []byte("conv1")), 7, b))
	}
	with := func(s caffetest.Style, numbers []float32, shape ...int) []byte {
		return blob(caffetest.Blob(s, numbers, shape...))
	}
	six := counted(6).Data()
	conv := lenet()[0]
	statistics := normalised(1, 3)
	statistics[1].Blobs[1] = counted(3)
	vanishing := normalised(math.SmallestNonzeroFloat32, 3)
	vanishing[1].Blobs[0] = nn.TensorOf([]float32{math.MaxFloat32, 1}, 2)
	half := caffetest.Message(caffetest.Number(caffetest.Message(nil, 7, caffetest.Number(nil, 1, 2)), 10, 2), 12, make([]byte, 4))
	for _, c := range []struct {
		what string
		file []byte
		code string
		says string
	}{
		{"empty", nil, "model.caffe.none", ""},
		{"without weights", caffetest.File(caffetest.Style{}, lenet()[1]), "model.caffe.none", ""},
		{"text", []byte("name: \"LeNet\"\nlayer {\n"), "model.caffe.damaged", "protobuf"},
		{"HDF5", []byte("\x89HDF\r\n\x1a\n\x00"), "model.caffe.form", "HDF5"},
		{"of 2013", caffetest.Message(nil, 2, caffetest.Message(nil, 1, []byte{})), "model.caffe.form", "2014"},
		{"of half precision", blob(half), "model.caffe.form", "blob 0 of conv1"},
		{"a name twice", caffetest.File(caffetest.Style{}, conv, conv), "model.caffe.damaged", "twice"},
		{"a long name", caffetest.File(caffetest.Style{}, caffetest.Layer{Name: strings.Repeat("x", 2000)}), "model.caffe.damaged", "2000"},
		{"many layers", bytes.Repeat(caffetest.Message(nil, 100, nil), 20000), "model.caffe.damaged", "layers"},
		{"many blobs", caffetest.Message(nil, 100, bytes.Repeat(caffetest.Message(nil, 7, nil), 100)), "model.caffe.damaged", "blobs"},
		{"many dimensions", with(caffetest.Style{}, six[:1], 1, 1, 1, 1, 1, 1, 1, 1, 1), "model.caffe.damaged", "dimensions"},
		{"many dimensions, each with a tag", with(caffetest.Style{Unpacked: true}, six[:1], 1, 1, 1, 1, 1, 1, 1, 1, 1), "model.caffe.damaged", "dimensions"},
		{"no shape", blob(caffetest.Message(nil, 5, make([]byte, 8))), "model.caffe.damaged", "shape"},
		{"another shape", with(caffetest.Style{}, six, 2, 2), "model.caffe.damaged", "6 numbers"},
		{"a huge shape", with(caffetest.Style{}, six, 1<<40, 1<<40), "model.caffe.damaged", "bounds"},
		{"a shape that overflows", with(caffetest.Style{}, six, 1<<31-1, 1<<31-1, 1<<31-1), "model.caffe.damaged", "bounds"},
		{"a negative shape", with(caffetest.Style{Legacy: true}, six, -2, -3), "model.caffe.damaged", "bounds"},
		{"a cut-off shape", blob(caffetest.Message(nil, 7, caffetest.Message(nil, 1, []byte{0x80}))), "model.caffe.damaged", "cut off"},
		{"cut-off numbers", blob(caffetest.Message(nil, 5, make([]byte, 7))), "model.caffe.damaged", "cut off"},
		{"cut-off doubles", blob(caffetest.Message(nil, 8, make([]byte, 7))), "model.caffe.damaged", "cut off"},
		{"not a number", with(caffetest.Style{}, []float32{float32(math.NaN())}, 1), "model.caffe.damaged", "no number"},
		{"infinity", with(caffetest.Style{Double: true}, []float32{float32(math.Inf(1))}, 1), "model.caffe.damaged", "no number"},
		{"statistics of other sizes", caffetest.File(caffetest.Style{}, statistics...), "model.caffe.damaged", "statistics of bn"},
		{"statistics that overflow", caffetest.File(caffetest.Style{}, vanishing...), "model.caffe.damaged", "statistics of bn"},
	} {
		got, err := model.ReadCaffe(c.file, "some.caffemodel")
		if fault.Code(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) || !strings.Contains(fmt.Sprint(err), "some.caffemodel") {
			t.Errorf("%s: %v, %v", c.what, got, err)
		}
	}
	if _, err := model.LoadCaffe(filepath.Join(t.TempDir(), "none.caffemodel")); fault.Code(err) != "model.file.missing" {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestCutOffCaffeModel cuts a file at each byte: what is read is whole layers, or nothing.
func TestCutOffCaffeModel(t *testing.T) {
	whole := caffetest.File(caffetest.Style{}, lenet()...)
	for n := range whole {
		got, err := model.ReadCaffe(whole[:n], "cut.caffemodel")
		if code := fault.Code(err); err != nil && code != "model.caffe.damaged" && code != "model.caffe.none" {
			t.Errorf("cut off after %d bytes: %v", n, err)
		} else if err == nil && len(got) != 2 {
			t.Errorf("cut off after %d bytes: read as %v", n, got)
		}
	}
}

// TestManyNumbersTakeLittleMore reads a file of a million numbers in every style.
func TestManyNumbersTakeLittleMore(t *testing.T) {
	layer := caffetest.Layer{Name: "ip", Kind: "InnerProduct", Blobs: []nn.Tensor{counted(1000, 1000)}}
	for _, s := range styles() {
		b := caffetest.File(s, layer)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := model.ReadCaffe(b, "large.caffemodel"); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(6*len(b)) {
			t.Errorf("%+v: %d bytes took %d", s, len(b), took)
		}
	}
}

func FuzzReadCaffe(f *testing.F) {
	for _, s := range styles() {
		f.Add(caffetest.File(s, lenet()...))
	}
	f.Add(caffetest.File(caffetest.Style{}, normalised(2, 3, caffetest.Layer{Name: "scale", Kind: "Scale", Bottom: "conv", Top: "conv", Blobs: []nn.Tensor{counted(2), counted(2)}})...))
	f.Add(caffetest.File(caffetest.Style{}, normalised(2, 5)...))
	f.Add([]byte("\x89HDF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := model.ReadCaffe(b, "fuzz.caffemodel")
		if err != nil {
			if code := fault.Code(err); !strings.HasPrefix(code, "model.caffe.") {
				t.Fatalf("%v", err)
			}
			return
		}
		total := 0
		for key, x := range got { // what is accepted is whole
			count := 1
			for _, d := range x.Shape() {
				count *= d
			}
			total += len(x.Data())
			if count != len(x.Data()) {
				t.Fatalf("%q is %v with %d numbers", key, x.Shape(), len(x.Data()))
			}
			for _, v := range x.Data() {
				if v-v != 0 {
					t.Fatalf("%q holds what is no number", key)
				}
			}
		}
		if total > len(b) {
			t.Fatalf("%d numbers of %d bytes", total, len(b))
		}
	})
}
