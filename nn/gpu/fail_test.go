//go:build cgo

package gpu

import (
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

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
