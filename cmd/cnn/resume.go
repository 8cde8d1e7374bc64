package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/train"
)

// agrees tells of a flag that was given with --resume and asks for something else than the run has. That it has them already is
// fine: the call that began a run goes on with it when --resume is added.
func (v trainVerb) agrees(run train.RunInfo) error {
	c := run.Config.WithPolicyDefaults()
	a := c.Augment
	hsv, err := v.hsv()
	if err != nil {
		return err
	}
	rates, err := v.layerRates()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		flag    string
		differs bool
		has     string
	}{
		{"--batch", differs(first(v.Batch), c.Batch), fmt.Sprint(c.Batch)},
		{"--accumulate", differs(v.Accumulate, c.Accumulate), fmt.Sprint(c.Accumulate)},
		{"--solver", differs(v.Solver, c.Solver), c.Solver},
		{"--lr", differs(first(v.LR), c.Rate), plain(c.Rate)},
		{"--policy", differs(v.Policy, c.Policy), c.Policy},
		{"--gamma", differs(v.Gamma, c.Gamma), plain(c.Gamma)},
		{"--power", differs(v.Power, c.Power), plain(c.Power)},
		{"--momentum", differs(v.Momentum, c.Momentum), plain(c.Momentum)},
		{"--weight-decay", differs(v.WeightDecay, c.WeightDecay), plain(c.WeightDecay)},
		{"--mean", differs(v.Mean, c.Mean), c.Mean},
		{"--snapshot-every", differs(v.SnapshotEvery, c.SnapshotEvery), plain(c.SnapshotEvery)},
		{"--validate-every", differs(v.ValidateEvery, c.ValidateEvery), plain(c.ValidateEvery)},
		{"--seed", differs(v.Seed, c.Seed), fmt.Sprint(c.Seed)},
		{"--weights", v.Weights != "" && !sameFile(v.Weights, c.Weights), c.Weights},
		{"--freeze", v.Freeze != "" && !slices.Equal(v.frozen(), c.Freeze), strings.Join(c.Freeze, ",")},
		{"--layer-rates", rates != nil && !maps.Equal(rates, c.LayerRates), layerRates(c.LayerRates)},
		{"--crop", differs(v.Crop, c.Crop), fmt.Sprint(c.Crop)},
		{"--shift", differs(v.Shift, a.Shift), fmt.Sprint(a.Shift)},
		{"--mirror", differs(v.Mirror, a.Mirror), map[bool]string{true: "used", false: "not used"}[a.Mirror]},
		{"--rotate", differs(v.Rotate, a.Rotate), plain(a.Rotate)},
		{"--scale", differs(v.Scale, a.Scale), plain(a.Scale)},
		{"--noise", differs(v.Noise, a.Noise), plain(a.Noise)},
		{"--hsv", differs(hsv, [3]float64{a.Hue, a.Saturation, a.Value}), strings.Join([]string{plain(a.Hue), plain(a.Saturation), plain(a.Value)}, ",")},
	} {
		if f.differs {
			return v.bound(f.flag, f.has)
		}
	}
	if v.Epochs != nil && *v.Epochs < c.Epochs {
		return misused("--epochs is %d or more, as the run %s has %d: more make it longer", c.Epochs, v.Out, c.Epochs)
	}
	if steps, err := v.steps(); err != nil || steps != nil && !slices.Equal(steps, c.Step) {
		var has []string
		for _, percent := range c.Step {
			has = append(has, plain(percent))
		}
		return cmp.Or(err, v.bound("--step", strings.Join(has, ",")))
	}
	return v.sameNetwork(run.Spec)
}

// layerRates writes them as the flag takes them.
func layerRates(rates map[string]float64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(rates)) {
		list = append(list, name+"="+plain(rates[name]))
	}
	return strings.Join(list, ",")
}

// sameFile tells whether two paths name one place.
func sameFile(a, b string) bool {
	full, err := filepath.Abs(a)
	return err == nil && full == b
}

// bound tells of a flag that a run that goes on cannot be given.
func (v trainVerb) bound(flag, has string) error {
	return misused("%s is %s in the run %s, which goes on as it began. Leave the flag out, or train a new run", flag, cmp.Or(has, "not used"), v.Out)
}

// sameNetwork tells when --net or --loss name another network than the run's. Where the blocks lie, and the name, make no difference; nor
// does the loss of the one that --net names, in place of which another may have been given when the run began.
func (v trainVerb) sameNetwork(own nn.Spec) error {
	if has := own.LossType(); differs(v.Loss, has) {
		return v.bound("--loss", has)
	}
	if v.Net == "" {
		return nil
	}
	named, err := v.network(own.Input, own.Classes)
	if err != nil {
		return err
	}
	plan := func(s nn.Spec) string {
		s = s.Clone()
		s.Name = ""
		for i := range s.Layers {
			s.Layers[i].X, s.Layers[i].Y = 0, 0
		}
		for _, i := range s.Losses() {
			s.Layers[i].Type = ""
		}
		return string(s.JSON())
	}
	if plan(named) != plan(own) {
		return v.bound("--net", own.Name)
	}
	return nil
}

func differs[T comparable](given *T, has T) bool { return given != nil && *given != has }
