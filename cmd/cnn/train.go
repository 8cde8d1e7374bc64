package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
)

// trainVerb is `cnn train --data DATASET --net NETWORK --out MODEL`. Flags that are not given take the defaults of the network.
type trainVerb struct {
	Data   string `required:"" placeholder:"DATASET" help:"Folder of the data set."`
	Net    string `placeholder:"NETWORK" help:"Name of a standard network, a network.json or a model's folder. A resumed run has its own."`
	Out    string `placeholder:"MODEL" help:"Folder of the run to make; it is a model folder too."`
	Seeds  int    `default:"1" placeholder:"N" help:"Train N runs that differ in their seed: --seed and those after it. With several runs, each has its own folder below --out."`
	FindLR bool   `name:"find-lr" help:"Try rising learning rates for some steps, suggest one, and stop. Nothing is written; --out is not needed."`
	Resume bool   `help:"Resume the run at --out from its last snapshot, on the same data and with the settings that it started with."`
	Force  bool   `help:"Replace what is at --out."`
	engineFlags
	settings settingFlags
}

// Run trains.
func (v trainVerb) Run(ctx context.Context, o *output) error {
	s, err := v.check()
	if err != nil {
		return err
	}
	d, err := data.Open(v.Data)
	if err != nil {
		return err
	}
	defer d.Close()
	job := train.Job{Folder: v.Out, Data: d, Resume: v.Resume, Force: v.Force}
	if v.Resume {
		info, err := train.ReadRun(v.Out)
		if err != nil {
			return err
		}
		if err := v.agrees(info); err != nil {
			return err
		}
		if err := v.settings.configure(&job.Config); err != nil {
			return err
		}
		job.Epochs = job.Config.Epochs
	} else {
		in := d.Info()
		w, h := in.InputSize()
		if job.Spec, err = v.network(nn.Shape{C: in.Channels, H: h, W: w}, len(in.Classes)); err != nil {
			return err
		}
		job.Config = train.DefaultsFor(job.Spec)
		if err := cmp.Or(v.settings.suit(in.Task), v.settings.configure(&job.Config)); err != nil {
			return err
		}
	}
	device, err := v.openFor(job.Program)
	if err != nil {
		return err
	}
	job.Device = device
	if v.FindLR {
		return cmp.Or(v.findRate(ctx, o, job), device.Close())
	}
	if s.runs() > 1 {
		return cmp.Or(s.train(ctx, o, job), device.Close())
	}
	r := &reporter{out: o, task: d.Info().Task, why: why(job.Device)}
	_, err = train.Run(ctx, job, r.observe)
	r.close()
	return cmp.Or(err, device.Close(), r.err)
}

// A rateLine is what --find-lr found.
type rateLine struct {
	Event     string    `json:"event"`
	Suggested float64   `json:"suggested"`
	Rates     []float64 `json:"rates"`
	Losses    []number  `json:"losses"`
}

// findRate suggests a learning rate.
func (v trainVerb) findRate(ctx context.Context, o *output, job train.Job) error {
	bar := o.progress(0, "trying rates", "steps")
	s, err := train.FindRate(ctx, job, bar.set)
	bar.close()
	if err == nil && s.Suggested == 0 {
		err = train.NoRate()
	}
	if err != nil {
		return err
	}
	line := rateLine{"rate", s.Suggested, s.Rates, nil}
	for _, l := range s.Losses {
		line.Losses = append(line.Losses, number(l))
	}
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "Learning rate %g is a good one to start with (tried %.3g to %.3g)\n", s.Suggested, s.Rates[0], s.Rates[len(s.Rates)-1])
	})
}

// check checks the flags themselves, whatever the data are, and returns the runs that they ask for.
func (v trainVerb) check() (s sweep, err error) {
	switch {
	case v.Net == "" && !v.Resume:
		return s, misused("--net=NETWORK is missing: a standard network (%s), a network.json or a model's folder", strings.Join(nn.StandardNames(), ", "))
	case v.Out == "" && !v.FindLR:
		return s, misused("--out=MODEL is missing: the folder of the run to make")
	case v.FindLR && v.Resume:
		return s, misused("--find-lr is for a new run, not for --resume")
	}
	c := train.Defaults()
	if err := v.settings.configure(&c); err != nil {
		return s, err
	}
	if s, err = v.sweep(); err != nil {
		return s, err
	}
	return s, s.check(v.Resume || v.FindLR)
}

// network returns the network fitted to the data: standard ones take its size and number of classes; others must have been made for it,
// but for the number of classes that their outputs follow.
func (v trainVerb) network(in nn.Shape, classes int) (nn.Spec, error) {
	for _, name := range nn.StandardNames() {
		if v.Net == name {
			return nn.Standard(name, in, classes)
		}
	}
	spec, err := networkOf(v.Net)
	spec.Classes = classes
	return spec, err
}
