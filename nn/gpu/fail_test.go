//go:build cgo

package gpu

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/train"
)

// A driver that hangs ends the run with words; it goes on from its last snapshot on the CPU.
func TestARunOutlivesADriverThatHangs(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "digits")
	if _, err := data.ImportSample(context.Background(), "digits", folder, 60, 1, false, nil); err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	spec := nn.Spec{Format: nn.Format, Name: "small", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10, Layers: []nn.Layer{
		{Name: "conv", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(4), "stride": nn.Num(3)}},
		{Name: "ip", Type: "fully-connected", Inputs: []string{"conv"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip"}},
	}}
	c := train.Defaults()
	c.Epochs, c.Batch = 2, 15
	d := open(t).(*device)
	defer d.Close()
	job := train.Job{Folder: filepath.Join(t.TempDir(), "run"), Config: c, Spec: spec, Data: set, Device: d}
	_, err = train.Run(context.Background(), job, func(e train.Event) {
		if s, ok := e.(train.Snapshot); ok && s.Epoch == 1 {
			d.patience = -1 // what comes now has taken too long already
		}
	})
	if fault.Code(err) != "gpu.hung" {
		t.Fatalf("the run ends with %v", err)
	}
	d.patience = time.Minute
	info, err := train.ReadRun(job.Folder)
	if err != nil || info.State != train.Interrupted || len(info.Snapshots) != 1 {
		t.Fatalf("it is %s with snapshots of %v, %v", info.State, info.Snapshots, err)
	}
	cpu, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	job.Resume, job.Device = true, cpu
	result, err := train.Run(context.Background(), job, func(train.Event) {})
	if err != nil || result.Reason != train.Finished {
		t.Errorf("on the CPU it ends %q, %v", result.Reason, err)
	}
}

// A step whose number does not come back was not done, whatever the library says: the device is lost.
func TestAStepThatDoesNotComeBack(t *testing.T) {
	d := open(t).(*device)
	defer d.Close()
	network, err := nn.Compile(nn.Spec{Format: nn.Format, Name: "small", Input: nn.Shape{C: 1, H: 4, W: 4}, Classes: 3, Layers: []nn.Layer{
		{Name: "ip", Type: "fully-connected", Inputs: []string{nn.Data}}, {Name: "loss", Type: "softmax-loss", Inputs: []string{"ip"}},
	}}, nn.Options{Batch: 1, Training: true})
	if err != nil {
		t.Fatal(err)
	}
	ex, err := d.Prepare(network.Program)
	if err != nil {
		t.Fatal(err)
	}
	defer ex.Close()
	x := ex.(*executor)
	if err := x.Run(kernel.Step{Samples: 1}); err != nil {
		t.Fatal(err)
	}
	encoder, err := d.wgpu.CreateCommandEncoder(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Release()
	if err := x.reader.record(x, encoder); err != nil {
		t.Fatal(err)
	}
	if err := x.submit(encoder); err != nil {
		t.Fatal(err)
	}
	x.serial++ // the next step, of which the device knows nothing
	if err := x.reader.fetch(x); fault.Code(err) != "gpu.lost" {
		t.Errorf("it says %v", err)
	}
}
