package train

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/caffetest"
	"github.com/convscope/convscope/nn/fault"
)

// caffeFile writes a network's weights as a Caffe model.
func caffeFile(t *testing.T, style caffetest.Style, s nn.Spec, w map[string]nn.Tensor) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.caffemodel")
	if err := os.WriteFile(path, caffetest.File(style, caffetest.Network(s, w)...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unnormalised leaves the normalisation out, which the older generation of Caffe does not have.
func unnormalised(s nn.Spec) nn.Spec {
	norm := s.Layer("norm")
	s.Layers = slices.Delete(s.Clone().Layers, norm, norm+1)
	s.Layers[norm].Inputs = []string{"conv"}
	return s
}

// A network with the weights of a Caffe model says the very same of images as with the weights set directly.
func TestCaffeModelGivesTheSameOutputs(t *testing.T) {
	for _, c := range []struct {
		spec  nn.Spec
		style caffetest.Style
	}{
		{small(false), caffetest.Style{}},
		{small(false), caffetest.Style{Legacy: true, Unpacked: true}},
		{unnormalised(small(false)), caffetest.Style{Old: true, Legacy: true}},
		{unnormalised(small(false)), caffetest.Style{Old: true, Unpacked: true, Double: true}},
	} {
		from, to := opened(t, c.spec), opened(t, c.spec)
		if err := to.Initialize(9); err != nil {
			t.Fatal(err)
		}
		for _, w := range started(t, to, caffeFile(t, c.style, c.spec, weightsIn(t, from))) {
			if w.State != TransferLoaded {
				t.Errorf("%+v: %+v", c.style, w)
			}
		}
		if !same(weightsIn(t, from), weightsIn(t, to)) {
			t.Errorf("%+v: other weights", c.style)
		}
		images := noise(c.spec.Input)
		if !slices.Equal(outputs(t, from, images), outputs(t, to, images)) {
			t.Errorf("%+v: other outputs", c.style)
		}
	}
}

// A run starts from a Caffe model, and says what of it it took.
func TestRunFromCaffeModel(t *testing.T) {
	d := digits(t, 60)
	j := job(t, d, quick(1))
	from := weightsIn(t, opened(t, coloured(small(false))))
	j.Config.Weights = caffeFile(t, caffetest.Style{}, coloured(small(false)), from)
	_, events := must(context.Background(), t, j, nil)
	told := of[Transferred](events)
	if len(told) != 1 || len(told[0].Weights) != 10 {
		t.Fatalf("told %+v", told)
	}
	for _, w := range told[0].Weights {
		if !w.Taken() || (w.State == TransferResized) != (w.Key == "conv.weight") {
			t.Errorf("%+v", w)
		}
	}
	if err := os.WriteFile(j.Config.Weights, []byte("layer {"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.Folder = filepath.Join(t.TempDir(), "run")
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "caffe.damaged" {
		t.Errorf("a prototxt: %v", err)
	}
	if _, err := os.Stat(j.Folder); err == nil {
		t.Error("a folder was left behind")
	}
}
