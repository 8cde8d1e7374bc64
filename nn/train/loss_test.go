package train

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

// A run learns with each loss, keeps it in its folder, goes on with it and is evaluated with it.
func TestLossOfARun(t *testing.T) {
	d := digits(t, 300)
	accuracy := map[string]float64{"softmax-loss": .5, "squared-loss": .2, "sigmoid-loss": .5, "hinge-loss": .5} // absolute-loss hardly learns
	for _, loss := range nn.LossTypes() {
		c, least := quick(3), accuracy[loss]
		c.Loss = loss
		j := job(t, d, c)
		own := j.Spec.LossType()
		_, events := must(context.Background(), t, j, nil)
		if j.Spec.LossType() != own {
			t.Errorf("%s: the job's network ends in %s", loss, j.Spec.LossType())
		}
		valid := of[Epoch](events)
		if last := valid[len(valid)-1]; last.Val[metric.Accuracy] < least || last.TrainLoss > valid[0].TrainLoss {
			t.Errorf("%s: accuracy %g, loss %g after %g", loss, last.Val[metric.Accuracy], last.TrainLoss, valid[0].TrainLoss)
		}
		info, err := ReadRun(j.Folder)
		if err != nil || info.Config.Loss != loss || info.Spec.LossType() != loss {
			t.Fatalf("%s is kept as %s and %s, %v", loss, info.Config.Loss, info.Spec.LossType(), err)
		}
		m, err := model.Load(j.Folder, "best")
		if err != nil {
			t.Fatal(err)
		}
		if e, err := Evaluate(context.Background(), m, d, data.Val, j.Device, nil); err != nil || e.Values[metric.Accuracy] != info.Best {
			t.Errorf("%s: evaluated to %g, validated to %g; %v", loss, e.Values[metric.Accuracy], info.Best, err)
		}
		if search, err := FindRate(context.Background(), Job{Config: c, Spec: small(false), Data: d, Device: j.Device}, nil); err != nil || search.Suggested == 0 && least > 0 {
			t.Errorf("%s: suggested %g, %v", loss, search.Suggested, err)
		}
		j.Resume, j.Epochs, j.Spec = true, 4, nn.Spec{}
		if result, _ := must(context.Background(), t, j, nil); result.Reason != Finished {
			t.Errorf("%s: goes on to %s", loss, result.Reason)
		}
	}
}

// A loss takes the place of every loss, with their weights; the network that was given stays.
func TestWithLoss(t *testing.T) {
	spec, err := nn.Standard("googlenet", nn.StandardInput("googlenet"), 5)
	if err != nil {
		t.Fatal(err)
	}
	c := Defaults()
	if same, err := c.WithLoss(spec); err != nil || string(same.JSON()) != string(spec.JSON()) {
		t.Errorf("without a loss the network changes, %v", err)
	}
	before := string(spec.JSON())
	c.Loss = "sigmoid-loss"
	changed, err := c.WithLoss(spec)
	if err != nil {
		t.Fatal(err)
	}
	if string(spec.JSON()) != before {
		t.Error("the network that was given changes")
	}
	if got, want := string(changed.JSON()), strings.ReplaceAll(before, "softmax-loss", "sigmoid-loss"); got != want || len(changed.Losses()) != 3 {
		t.Errorf("%d losses:\n%s", len(changed.Losses()), got)
	}
	c.Loss = "l1"
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), strings.Join(nn.LossTypes(), ", ")) {
		t.Errorf("the fault does not list the known losses: %v", err)
	}
}

// What counts as not learning, and as a rate that is too high, follows the loss.
func TestDiagnosisFollowsTheLoss(t *testing.T) {
	said := func(loss string, v float64) []string {
		h := History{Classes: 10, Loss: loss, PerEpoch: 100, Epochs: 3, State: Finished}
		for i := range 300 {
			h.Steps = append(h.Steps, StepPoint{float64(i) / 100, v, .01})
		}
		for i := range 3 {
			h.Valid = append(h.Valid, Epoch{Epoch: float64(i + 1), TrainLoss: v, ValLoss: v, Val: metric.Values{metric.Accuracy: .1}, Best: i == 0})
		}
		return codes(Diagnose(h))
	}
	for _, loss := range nn.LossTypes() {
		h := History{Classes: 10, Loss: loss}
		for v, want := range map[float64]string{.5 * h.chanceLoss(): FindWell, h.chanceLoss(): FindNotLearn, h.initialLoss(): FindNotLearn, 1.5 * h.initialLoss(): FindRateHigh} {
			if got := said(loss, v); !slices.Contains(got, want) {
				t.Errorf("%s: of a loss of %g it says %v, not %s", loss, v, got, want)
			}
		}
	}
}
