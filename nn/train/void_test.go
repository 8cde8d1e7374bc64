package train

import (
	"context"
	"math"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// emptied makes all pixels of some images void.
func emptied(t *testing.T, d *data.Dataset, ids []uint32) {
	t.Helper()
	info := d.Info()
	all := data.Mask{Class: -1, Void: true, Runs: []uint32{0, uint32(info.Width * info.Height)}}
	if err := d.Edit(func(e *data.Edit) error {
		for _, id := range ids {
			if err := e.SetTruth(id, data.Truth{Class: -1, Masks: []data.Mask{all}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Where every pixel of the validation images is void, nothing is validated: that is told once, no loss of 0 stays the best, and the last epoch is kept, as without
// validation images.
func TestValidationOfVoidAlone(t *testing.T) {
	j := segmentation(t, 16, slow(3))
	emptied(t, j.Data, j.Data.Usable(data.Val))
	result, events := must(context.Background(), t, j, nil)
	if warnings := of[Warning](events); len(warnings) != 1 || fault.Code(warnings[0].Fault) != "train.validation.void" {
		t.Errorf("warned of %+v", warnings)
	}
	epochs := of[Epoch](events)
	for _, e := range epochs {
		if !math.IsNaN(e.ValLoss) || !e.Best {
			t.Errorf("epoch %g has the validation loss %g; the best: %v", e.Epoch, e.ValLoss, e.Best)
		}
	}
	if len(epochs) != 3 || result.BestEpoch != 3 {
		t.Errorf("the best of %d epochs is %g", len(epochs), result.BestEpoch)
	}
	if found := Diagnose(History{PerEpoch: 1, Epochs: 3, Valid: epochs, State: Finished}); len(found) == 0 || found[len(found)-1].Code != FindNoVal {
		t.Errorf("found %v", found)
	}
	m, err := model.Load(j.Folder, "best")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(context.Background(), m, j.Data, data.Val, j.Device, nil); fault.Code(err) != "train.eval.void" {
		t.Errorf("evaluated: %v", err)
	}
}

// Images whose every pixel is void count nothing in the mean loss of the others.
func TestLossLeavesOutVoidImages(t *testing.T) {
	j := segmentation(t, 16, slow(1))
	must(context.Background(), t, j, nil)
	m, err := model.Load(j.Folder, "best")
	if err != nil {
		t.Fatal(err)
	}
	loss := func(d *data.Dataset) float64 {
		e, err := Evaluate(context.Background(), m, d, data.Val, j.Device, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e.Loss
	}
	ids := j.Data.Usable(data.Val)
	other := scenes(t, 16) // the same images
	all := loss(j.Data)
	emptied(t, j.Data, ids[:1])
	emptied(t, other, ids[1:])
	n := float64(len(ids))
	if sum := loss(other) + (n-1)*loss(j.Data); len(ids) < 3 || math.Abs(sum-n*all) > 1e-6*sum {
		t.Errorf("%g of %d images together, %g in two parts", n*all, len(ids), sum)
	}
}
