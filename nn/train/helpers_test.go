package train

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	builtin "github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/kernel"
)

// digits is a data set of the sample's first images.
func digits(t *testing.T, count int) *data.Dataset {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "digits")
	if _, err := builtin.Import(context.Background(), "digits", folder, builtin.Options{Count: count, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	return set(t, folder)
}

// set opens a data set for as long as the test takes.
func set(t *testing.T, folder string) *data.Dataset {
	t.Helper()
	d, err := data.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// small is a network like LeNet with few filters, with or without dropout.
func small(drop bool) nn.Spec {
	s := nn.Spec{Format: nn.Format, Name: "small", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10}
	from := nn.Data
	add := func(name, typ string, settings map[string]nn.Value) {
		s.Layers = append(s.Layers, nn.Layer{Name: name, Type: typ, Inputs: []string{from}, Settings: settings})
		from = name
	}
	add("conv", "convolution", map[string]nn.Value{"filters": nn.Num(6)})
	add("norm", "batch-norm", nil)
	add("pool", "max-pool", map[string]nn.Value{"kernel": nn.Num(4), "stride": nn.Num(4)})
	add("hidden", "fully-connected", map[string]nn.Value{"outputs": nn.Num(32)})
	add("relu", "relu", nil)
	if drop {
		add("drop", "dropout", nil)
	}
	add("out", "fully-connected", nil)
	add("loss", "softmax-loss", nil)
	return s
}

// quick is a configuration of a run of a few short epochs.
func quick(epochs int) Config {
	c := Defaults()
	c.Epochs, c.Batch, c.Rate, c.Policy = epochs, 20, .02, "fixed"
	return c
}

func cpu(t *testing.T, threads int) kernel.Device {
	t.Helper()
	d, err := kernel.NewCPU(threads)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func job(t *testing.T, d *data.Dataset, c Config) Job {
	t.Helper()
	return Job{Folder: filepath.Join(t.TempDir(), "run"), Config: c, Spec: small(false), Data: d, Device: cpu(t, 1)}
}

// must runs a job that must not fail and gives its events.
func must(ctx context.Context, t *testing.T, j Job, observe func(Event)) (Result, []Event) {
	t.Helper()
	var events []Event
	result, err := Run(ctx, j, func(e Event) {
		events = append(events, e)
		if observe != nil {
			observe(e)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return result, events
}

// of picks the events of a type.
func of[E Event](events []Event) []E {
	var out []E
	for _, e := range events {
		if e, ok := e.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

// same tells whether tensors are equal bit for bit.
func same(a, b map[string]nn.Tensor) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for key, x := range a {
		y, ok := b[key]
		if !ok || !slices.Equal(x.Shape(), y.Shape()) {
			return false
		}
		for i := range x.Data() {
			if math.Float32bits(x.Data()[i]) != math.Float32bits(y.Data()[i]) {
				return false
			}
		}
	}
	return true
}
