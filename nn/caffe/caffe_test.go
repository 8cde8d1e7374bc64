package caffe

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/caffetest"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// read returns the weights of a file alone.
func read(b []byte, file string) (map[string]nn.Tensor, error) {
	s, err := Read(b, file)
	return s.Weights, err
}

// equal reports whether weights have the same keys, shapes and numbers.
func equal(a, b map[string]nn.Tensor) bool { return maps.EqualFunc(a, b, nn.Tensor.Equal) }

// counted returns a tensor of the numbers 1, 2, 3, …
func counted(shape ...int) nn.Tensor {
	t := nn.NewTensor(shape...)
	for i, list := 0, t.Data(); i < len(list); i++ {
		list[i] = float32(i + 1)
	}
	return t
}

// lenet returns a small network of the two kinds that every Caffe has.
func lenet() []caffetest.Layer {
	return []caffetest.Layer{
		{Name: "conv1", Kind: "Convolution", Bottom: "data", Top: "conv1", Blobs: []nn.Tensor{counted(2, 1, 3, 3), counted(2)}},
		{Name: "relu1", Kind: "ReLU", Bottom: "conv1", Top: "conv1"},
		{Name: "ip1", Kind: "InnerProduct", Bottom: "conv1", Top: "ip1", Blobs: []nn.Tensor{counted(3, 8), counted(3)}},
	}
}

// styles returns all ways to write it.
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

func TestEveryStyle(t *testing.T) {
	want := map[string]nn.Tensor{"conv1.weight": counted(2, 1, 3, 3), "conv1.bias": counted(2), "ip1.weight": counted(3, 8), "ip1.bias": counted(3)}
	for _, s := range styles() {
		got, err := read(caffetest.File(s, lenet()...), "lenet.caffemodel")
		if err != nil || !equal(got, want) {
			t.Errorf("%+v: %v, %v", s, got, err)
		}
	}
}

// normalised returns a network with a normalisation, and what follows it.
func normalised(factor float32, blobs int, after ...caffetest.Layer) []caffetest.Layer {
	list := []nn.Tensor{counted(2), nn.TensorOf([]float32{4, 6}, 2), nn.TensorOf([]float32{factor}, 1), nn.TensorOf([]float32{8, 9}, 2), nn.TensorOf([]float32{-8, -9}, 2)}
	return append([]caffetest.Layer{
		{Name: "conv", Kind: "Convolution", Bottom: "data", Top: "conv", Blobs: []nn.Tensor{counted(2, 3, 1, 1)}},
		{Name: "bn", Kind: "BatchNorm", Bottom: "conv", Top: "conv", Blobs: list[:blobs]},
	}, after...)
}

func TestBatchNorm(t *testing.T) {
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
		got, err := read(caffetest.File(caffetest.Style{}, c.layers...), "net.caffemodel")
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

// The weights of each of our layers come back from a file as they were, bit for bit, and images are said to be blue, green and red.
func TestWeightsComeBack(t *testing.T) {
	plain := nn.Spec{Format: nn.Format, Name: "plain", Input: nn.Shape{C: 3, H: 8, W: 6}, Classes: 4}
	add := func(name, typ string, settings map[string]nn.Value) {
		from := nn.Data
		if n := len(plain.Layers); n > 0 {
			from = plain.Layers[n-1].Name
		}
		plain.Layers = append(plain.Layers, nn.Layer{Name: name, Type: typ, Inputs: []string{from}, Settings: settings})
	}
	add("conv", "convolution", map[string]nn.Value{"filters": nn.Num(6), "kernel": nn.Num(3)})
	add("grouped", "convolution", map[string]nn.Value{"filters": nn.Num(4), "kernel": nn.Num(1), "groups": nn.Num(2), "bias": nn.Word("no")})
	add("up", "deconvolution", map[string]nn.Value{"filters": nn.Num(5), "kernel": nn.Num(2), "stride": nn.Num(2)})
	add("hidden", "fully-connected", map[string]nn.Value{"outputs": nn.Num(7)})
	normal := plain.Clone()
	normal.Layers = append(normal.Layers[:3:3], nn.Layer{Name: "norm", Type: "batch-norm", Inputs: []string{"up"}}, normal.Layers[3])
	normal.Layers[4].Inputs = []string{"norm"}
	for _, c := range []struct {
		spec  nn.Spec
		style caffetest.Style
	}{
		{plain, caffetest.Style{Old: true, Legacy: true}},
		{plain, caffetest.Style{Old: true, Unpacked: true, Double: true}},
		{normal, caffetest.Style{}},
		{normal, caffetest.Style{Legacy: true, Unpacked: true}},
		{normal, caffetest.Style{Raw: true}},
	} {
		network, err := nn.Compile(c.spec, nn.Options{Batch: 1})
		if err != nil {
			t.Fatal(err)
		}
		want, seed := map[string]nn.Tensor{}, float32(0)
		for _, p := range network.Parameters {
			w := counted(p.Dims()...)
			for i, list := 0, w.Data(); i < len(list); i++ {
				seed++
				list[i] = 1 / seed
			}
			if p.Layer == "grouped" { // a kernel of 1×1, whose ones ours leave out
				w = w.Reshape(append(w.Shape(), 1, 1)...)
			}
			want[p.Key()] = w
		}
		got, err := Read(caffetest.File(c.style, caffetest.Network(c.spec, want)...), "net.caffemodel")
		if err != nil || !equal(got.Weights, want) || got.Channels != model.BGR {
			t.Errorf("%+v: other weights, or %v", c.style, err)
		}
	}
}

// An InnerProduct may keep its weights turned: inputs × outputs.
func TestTransposedInnerProduct(t *testing.T) {
	layer := caffetest.Layer{Name: "ip", Kind: "InnerProduct", Bottom: "data", Top: "ip", Transposed: true, Blobs: []nn.Tensor{counted(2, 3), counted(3)}}
	want := map[string]nn.Tensor{"ip.weight": nn.TensorOf([]float32{1, 4, 2, 5, 3, 6}, 3, 2), "ip.bias": counted(3)}
	for _, s := range styles() {
		got, err := read(caffetest.File(s, layer), "net.caffemodel")
		if err != nil || !equal(got, want) {
			t.Errorf("%+v: %v, %v", s, got, err)
		}
	}
}

// What we have no layer for is named, so that a start from the file can tell of it.
func TestLayersOfOtherKinds(t *testing.T) {
	other := caffetest.Layer{Name: "slope", Kind: "PReLU", Bottom: "ip1", Top: "ip1", Blobs: []nn.Tensor{counted(3)}}
	odd := caffetest.Layer{Name: "relu", Kind: "ReLU", Bottom: "ip1", Top: "ip1", Blobs: []nn.Tensor{counted(3)}}
	for style, c := range map[caffetest.Style]struct {
		layer caffetest.Layer
		key   string
	}{{}: {other, "slope.PReLU.0"}, {Old: true}: {odd, "relu.18.0"}} {
		got, err := read(caffetest.File(style, append(lenet(), c.layer)...), "net.caffemodel")
		if _, ok := got[c.key]; err != nil || !ok || len(got) != 5 {
			t.Errorf("%+v: %v, %v", style, got, err)
		}
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
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
	raw := func(kind uint64) []byte { // numbers as they lie in memory, of some type
		return caffetest.Message(caffetest.Number(caffetest.Message(nil, 7, caffetest.Number(nil, 1, 2)), 10, kind), 12, make([]byte, 4))
	}
	for _, c := range []struct {
		what string
		file []byte
		code string
		says string
	}{
		{"empty", nil, "caffe.none", ""},
		{"without weights", caffetest.File(caffetest.Style{}, lenet()[1]), "caffe.none", ""},
		{"text", []byte("name: \"LeNet\"\nlayer {\n"), "caffe.damaged", "protobuf"},
		{"HDF5", []byte("\x89HDF\r\n\x1a\n\x00"), "caffe.hdf5", "HDF5"},
		{"of 2013", caffetest.Message(nil, 2, caffetest.Message(nil, 1, []byte{})), "caffe.old", "2014"},
		{"of half precision", blob(raw(2)), "caffe.type", "blob 0 of conv1 as FLOAT16"},
		{"of a type that there is not", blob(raw(9)), "caffe.type", "blob 0 of conv1 as 9"},
		{"a name twice", caffetest.File(caffetest.Style{}, conv, conv), "caffe.damaged", "twice"},
		{"a long name", caffetest.File(caffetest.Style{}, caffetest.Layer{Name: strings.Repeat("x", 2000)}), "caffe.damaged", "2000"},
		{"many layers", bytes.Repeat(caffetest.Message(nil, 100, nil), maxParts+1), "caffe.damaged", "layers"},
		{"many blobs", caffetest.Message(nil, 100, bytes.Repeat(caffetest.Message(nil, 7, nil), 100)), "caffe.damaged", "blobs"},
		{"many dimensions", with(caffetest.Style{}, six[:1], 1, 1, 1, 1, 1, 1, 1, 1, 1), "caffe.damaged", "dimensions"},
		{"many dimensions, each with a tag", with(caffetest.Style{Unpacked: true}, six[:1], 1, 1, 1, 1, 1, 1, 1, 1, 1), "caffe.damaged", "dimensions"},
		{"numbers one by one, each in a list of its own", blob(bytes.Repeat(caffetest.Message(nil, 5, make([]byte, 4)), maxPacked+1)), "caffe.damaged", "parts"},
		{"no shape", blob(caffetest.Message(nil, 5, make([]byte, 8))), "caffe.damaged", "shape"},
		{"another shape", with(caffetest.Style{}, six, 2, 2), "caffe.damaged", "6 numbers"},
		{"a huge shape", with(caffetest.Style{}, six, 1<<40, 1<<40), "caffe.damaged", "bounds"},
		{"a shape that overflows", with(caffetest.Style{}, six, 1<<31-1, 1<<31-1, 1<<31-1), "caffe.damaged", "bounds"},
		{"a negative shape", with(caffetest.Style{Legacy: true}, six, -2, -3), "caffe.damaged", "bounds"},
		{"a cut-off shape", blob(caffetest.Message(nil, 7, caffetest.Message(nil, 1, []byte{0x80}))), "caffe.damaged", "cut off"},
		{"cut-off numbers", blob(caffetest.Message(nil, 5, make([]byte, 7))), "caffe.damaged", "cut off"},
		{"cut-off numbers of a type", blob(caffetest.Message(caffetest.Number(caffetest.Message(nil, 7, caffetest.Number(nil, 1, 2)), 10, 1), 12, make([]byte, 7))), "caffe.damaged", "cut off"},
		{"cut-off doubles", blob(caffetest.Message(nil, 8, make([]byte, 7))), "caffe.damaged", "cut off"},
		{"not a number", with(caffetest.Style{}, []float32{float32(math.NaN())}, 1), "caffe.finite", "blob 0 of conv1"},
		{"infinity", with(caffetest.Style{Double: true}, []float32{float32(math.Inf(1))}, 1), "caffe.finite", "blob 0 of conv1"},
		{"statistics of other sizes", caffetest.File(caffetest.Style{}, statistics...), "caffe.damaged", "statistics of bn"},
		{"statistics that overflow", caffetest.File(caffetest.Style{}, vanishing...), "caffe.finite", "statistics of bn"},
	} {
		got, err := read(c.file, "some.caffemodel")
		if fault.Code(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) || !strings.Contains(fmt.Sprint(err), "some.caffemodel") {
			t.Errorf("%s: %v, %v", c.what, got, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.caffemodel")); fault.Code(err) != "model.file.missing" {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A number without dimensions is a list of one: nobody has to think of weights without axes.
func TestNumbersWithoutDimensions(t *testing.T) {
	one := func() nn.Tensor { return nn.TensorOf([]float32{1}) }
	got, err := read(caffetest.File(caffetest.Style{}, caffetest.Layer{Name: "a", Kind: "BatchNorm", Blobs: []nn.Tensor{one(), one(), one()}}), "some.caffemodel")
	if err != nil {
		t.Fatal(err)
	}
	for key, w := range got {
		if len(w.Shape()) != 1 {
			t.Errorf("%s is %v", key, w.Shape())
		}
	}
	if len(got) != 4 {
		t.Errorf("read as %v", got)
	}
}

// TestFilesThatAreCutOff cuts a file at each byte: what is read is whole layers, or nothing.
func TestFilesThatAreCutOff(t *testing.T) {
	whole := caffetest.File(caffetest.Style{}, lenet()...)
	for n := range whole {
		got, err := read(whole[:n], "cut.caffemodel")
		if code := fault.Code(err); err != nil && code != "caffe.damaged" && code != "caffe.none" {
			t.Errorf("cut off after %d bytes: %v", n, err)
		} else if err == nil && len(got) != 2 {
			t.Errorf("cut off after %d bytes: read as %v", n, got)
		}
	}
}

// allocated returns the bytes that f takes, those included that it gives back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A file of many numbers takes not much more memory than it has bytes, whatever its style.
func TestManyNumbersTakeLittleMore(t *testing.T) {
	layer := caffetest.Layer{Name: "ip", Kind: "InnerProduct", Blobs: []nn.Tensor{counted(500, 500)}}
	for _, s := range styles() {
		b := caffetest.File(s, layer)
		took := allocated(func() {
			if _, err := read(b, "large.caffemodel"); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
		})
		if took > uint64(6*len(b)) {
			t.Errorf("%+v: %d bytes took %d", s, len(b), took)
		}
	}
}

// A file of nothing but tiny parts, each of which takes many times its bytes, is refused before it takes them; as many as there may be take what any file may.
func TestManyPartsTakeLittle(t *testing.T) {
	layer := func(content []byte) []byte { return caffetest.Message(nil, 100, content) }
	blobs := func(content []byte) []byte { return layer(caffetest.Message(nil, 7, content)) }
	for what, part := range map[string][]byte{
		"layers": layer(nil), "older layers": caffetest.Message(nil, 2, nil), "blobs": blobs(nil), "shapes": blobs(caffetest.Message(nil, 7, nil)),
		"inputs": layer(caffetest.Message(nil, 3, nil)), "dimensions": blobs(caffetest.Message(nil, 7, caffetest.Message(nil, 1, make([]byte, 100)))),
		"dimensions, each with a tag": blobs(caffetest.Message(nil, 7, bytes.Repeat(caffetest.Number(nil, 1, 1), 60))),
	} {
		few, many := bytes.Repeat(part, 100), bytes.Repeat(part, maxParts+1)
		if took := allocated(func() {
			if _, err := read(many, "many.caffemodel"); fault.Code(err) != "caffe.damaged" {
				t.Errorf("%s: %v", what, err)
			}
		}); took > 1<<20 {
			t.Errorf("%d %s took %d bytes before they were refused", maxParts+1, what, took)
		}
		if took := allocated(func() { read(few, "few.caffemodel") }); took > 1<<20 { // they hold no weights, or have the same names
			t.Errorf("100 %s took %d bytes", what, took)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range styles() {
		f.Add(caffetest.File(s, lenet()...))
	}
	f.Add(caffetest.File(caffetest.Style{}, normalised(2, 3, caffetest.Layer{Name: "scale", Kind: "Scale", Bottom: "conv", Top: "conv", Blobs: []nn.Tensor{counted(2), counted(2)}})...))
	f.Add(caffetest.File(caffetest.Style{}, normalised(2, 5)...))
	for _, blob := range []nn.Tensor{nn.NewTensor(0, 3), nn.NewTensor()} { // no numbers, and one without a dimension
		f.Add(caffetest.File(caffetest.Style{}, caffetest.Layer{Name: "matrix", Kind: "InnerProduct", Blobs: []nn.Tensor{blob}, Transposed: true},
			caffetest.Layer{Name: "norm", Kind: "BatchNorm", Blobs: []nn.Tensor{blob, blob, nn.NewTensor(1)}}))
	}
	f.Add([]byte("\x89HDF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b, "fuzz.caffemodel")
		if err != nil {
			if code := fault.Code(err); !strings.HasPrefix(code, "caffe.") {
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
