package main

import (
	"cmp"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/train"
)

// agrees tells of a flag that was given with --resume and asks for something else than the run has. That it has them already is
// fine: the call that began a run goes on with it when --resume is added.
func (v trainVerb) agrees(run train.RunInfo) error {
	has := run.Config.WithPolicyDefaults()
	has.Loss = run.Spec.LossType() // which may be the network's own
	for _, s := range train.Settings() {
		text, ok := v.settings.given(s)
		if !ok {
			continue
		}
		asked := has
		if !s.Parse(&asked, text) {
			return refused(s, text)
		}
		switch {
		case s.Resumed == train.Free:
		case s.Resumed == train.Longer:
			if least := s.Text(has); s.Values.(train.Number).Get(asked) < s.Values.(train.Number).Get(has) {
				return misused("--%s is %s or more, as the run %s has %s: more make it longer", s.Flag, least, v.Out, least)
			}
		case s.Text(asked) != s.Text(has):
			return v.bound("--"+s.Flag, inWords(s, has))
		}
	}
	return v.sameNetwork(run.Spec)
}

// inWords writes the value of a setting; "" where there is none.
func inWords(s train.Setting, c train.Config) string {
	v, ok := s.Values.(train.Switch)
	switch {
	case ok && v.On(c):
		return "used"
	case ok:
		return ""
	}
	return s.Text(c)
}

// bound tells of a flag that a run that goes on cannot be given.
func (v trainVerb) bound(flag, has string) error {
	return misused("%s is %s in the run %s, which goes on as it began. Leave the flag out, or train a new run", flag, cmp.Or(has, "not used"), v.Out)
}

// sameNetwork tells when --net names another network than the run's. Where the blocks lie, and the name, make no difference; nor
// does the loss, in place of which another may have been given when the run began.
func (v trainVerb) sameNetwork(own nn.Spec) error {
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
