//go:build cgo

package device

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/train"
)

// A run that one kind of device began goes on on the other, from its snapshot.
func TestSnapshotsGoFromDeviceToDevice(t *testing.T) {
	d := digits(t, 80)
	spec := nn.Spec{Format: nn.Format, Name: "small", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10, Layers: []nn.Layer{
		{Name: "conv", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(6), "stride": nn.Num(2)}},
		{Name: "norm", Type: "batch-norm", Inputs: []string{"conv"}},
		{Name: "relu", Type: "relu", Inputs: []string{"norm"}},
		{Name: "drop", Type: "dropout", Inputs: []string{"relu"}},
		{Name: "ip", Type: "fully-connected", Inputs: []string{"drop"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip"}},
	}}
	run := func(job train.Job, kind string) (first, last train.Epoch) {
		t.Helper()
		dev, err := Open(Request{Kind: kind, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer dev.Close()
		job.Device, job.Data = dev, d
		_, err = train.Run(context.Background(), job, func(e train.Event) {
			if e, ok := e.(train.Epoch); ok {
				if first.Epoch == 0 {
					first = e
				}
				last = e
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return first, last
	}
	for _, way := range [][2]string{{CPU, GPU}, {GPU, CPU}} {
		c := train.Defaults()
		c.Epochs, c.Batch, c.Policy = 2, 20, "fixed"
		if way[0] == GPU { // what goes over the host between the steps is the same on both
			c.Clip, c.Average, c.Warmup = .3, .9, 2
		}
		whole := train.Job{Folder: filepath.Join(t.TempDir(), "whole"), Config: c, Spec: spec}
		_, want := run(whole, way[0])
		broken := train.Job{Folder: filepath.Join(t.TempDir(), "broken"), Config: c, Spec: spec}
		broken.Config.Epochs = 1
		run(broken, way[0])
		broken.Resume, broken.Epochs = true, 2
		_, got := run(broken, way[1])
		if got.Epoch != 2 || got.ValLoss/want.ValLoss-1 > 1e-2 || want.ValLoss/got.ValLoss-1 > 1e-2 {
			t.Errorf("%s, then %s: a loss of %.5f instead of %.5f", way[0], way[1], got.ValLoss, want.ValLoss)
		}
	}
}
