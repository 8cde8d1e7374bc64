package foreign

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/caffetest"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// What reads a file is told by the end of its name, in capitals too; everything else is ours.
func TestNamesTellTheProgram(t *testing.T) {
	weights := map[string]nn.Tensor{"ip.weight": nn.NewTensor(2, 3), "ip.bias": nn.NewTensor(2)}
	caffe := caffetest.File(caffetest.Style{}, caffetest.Layer{Name: "ip", Kind: "InnerProduct", Bottom: "data", Top: "ip", Blobs: []nn.Tensor{weights["ip.weight"], weights["ip.bias"]}})
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"net.caffemodel", "NET.CaffeModel"} {
		if err := os.WriteFile(path(name), caffe, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path(name))
		if err != nil || !maps.EqualFunc(got.Weights, weights, nn.Tensor.Equal) || got.Channels != model.BGR {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if err := model.SaveWeights(path("ours.safetensors"), weights, 1); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path("ours.safetensors"))
	if err != nil || !maps.EqualFunc(got.Weights, weights, nn.Tensor.Equal) || got.Channels != model.RGB || got.Aliases != nil {
		t.Errorf("ours: %v, %v", got, err)
	}
	if err := os.WriteFile(path("hdf.caffemodel.h5"), []byte("\x89HDF\r\n\x1a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path("run.caffemodel"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]string{
		"hdf.caffemodel.h5": "caffe.hdf5", "none.caffemodel": "model.file.missing", "none": "model.file.missing",
		"run.caffemodel": "model.file.missing", // a model's folder may have any name; this one has no network.json
	} {
		if _, err := Load(path(name)); fault.Code(err) != code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A dialog and the help of a flag offer the same.
func TestDialogsAndHelpAgree(t *testing.T) {
	files := Files()
	if len(files) != len(Suffixes()) || len(files) == 0 {
		t.Fatalf("%q and %q", files, Suffixes())
	}
	for i, suffix := range Suffixes() {
		if !strings.HasPrefix(suffix, ".") || !strings.HasPrefix(files[i], "a "+suffix+" of ") {
			t.Errorf("a dialog offers %q, help %q", suffix, files[i])
		}
	}
}
