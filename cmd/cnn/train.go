package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// trainVerb is `cnn train --data DATASET --net NETWORK --out MODEL`. Flags that are not given take the defaults of the network.
type trainVerb struct {
	Data          string    `required:"" placeholder:"DATASET" help:"Folder of the data set."`
	Net           string    `placeholder:"NETWORK" help:"Name of a standard network, a network.json or a model's folder. A run that goes on has its own."`
	Out           string    `placeholder:"MODEL" help:"Folder of the run to make; it is a model folder too."`
	Epochs        *int      `placeholder:"N" help:"How often the network sees each image. With --resume, more than the run had make it longer; its policy then spans the whole of the longer run."`
	Batch         []int     `sep:"," placeholder:"N[,N…]" help:"Images that a step takes at once. Of several sizes each trains a run."`
	Accumulate    *int      `placeholder:"N" help:"Batches whose gradients are added before the weights move."`
	Solver        *string   `enum:"sgd,nesterov,adagrad,rmsprop,adadelta,adam,adamw" help:"sgd, nesterov, adagrad, rmsprop, adadelta, adam or adamw."`
	LR            []float64 `name:"lr" sep:"," placeholder:"F[,F…]" help:"Base learning rate; the usual one of the network or, with adagrad and later ones, of the solver. Of several each trains a run."`
	Policy        *string   `enum:"fixed,step,multistep,exp,inv,poly,sigmoid" help:"How the rate falls: fixed, step, multistep, exp, inv, poly or sigmoid."`
	Gamma         *float64  `placeholder:"F" help:"γ of the policy, per percent of the run."`
	Step          string    `placeholder:"PERCENT[,PERCENT…]" help:"Where the policy steps, in percent of the run."`
	Power         *float64  `placeholder:"F" help:"Power of the policies inv and poly."`
	Momentum      *float64  `placeholder:"F" help:"Momentum; β1 of adam and adamw."`
	WeightDecay   *float64  `placeholder:"F" help:"Weight decay."`
	Loss          *string   `enum:"${losses}" help:"One of ${enum} in place of every loss of the network."`
	Mean          *string   `enum:"none,image,pixel" help:"What is subtracted from an image: none, image (the mean image) or pixel (its mean)."`
	Crop          *int      `placeholder:"N" help:"The network sees N×N pixels of an image: anywhere in training, the middle else."`
	Shift         *int      `placeholder:"N" help:"In training, move images by up to N pixels."`
	Mirror        *bool     `negatable:"" help:"In training, mirror every other image; --no-mirror where the network's recipe does."`
	Rotate        *float64  `placeholder:"DEG" help:"In training, turn images by up to so many degrees."`
	Scale         *float64  `placeholder:"F" help:"In training, make images larger or smaller by up to this share, e.g. 0.1."`
	Noise         *float64  `placeholder:"F" help:"In training, add noise of this deviation, a share of white."`
	HSV           string    `name:"hsv" placeholder:"H,S,V" help:"In training, change hue, saturation and brightness by up to these shares, e.g. 0.02,0.3,0.3."`
	Weights       string    `placeholder:"MODEL|FILE" help:"Start from the weights of a model's folder, a .safetensors file or a .caffemodel of Caffe or DIGITS, as far as names and shapes agree. Filters for grey images are made to fit colours, and the other way round."`
	Freeze        string    `placeholder:"LAYER,…" help:"Layers whose weights stay as they are."`
	LayerRates    string    `placeholder:"LAYER=F,…" help:"Layers that learn faster or slower, each with a factor of the learning rate from 0 to 100, e.g. conv1=0.1,ip2=10."`
	SnapshotEvery *float64  `placeholder:"E" help:"Epochs between snapshots."`
	ValidateEvery *float64  `placeholder:"E" help:"Epochs between validations."`
	Seed          *uint64   `help:"Seed of the weights, the order of the images and dropout (default 1)."`
	Seeds         int       `default:"1" placeholder:"N" help:"Train N runs that differ in their seed: --seed and those after it. With several runs each has a folder of its own below --out."`
	FindLR        bool      `name:"find-lr" help:"Try rising learning rates for some steps, suggest one, and end. Nothing is written; --out is not needed."`
	Resume        bool      `help:"Go on with the run at --out from its last snapshot, on the same data and with the settings that it began with."`
	MaxSeconds    float64   `placeholder:"S" help:"Stop, with a snapshot, after so many seconds."`
	Force         bool      `help:"Replace what is at --out."`
	engineFlags
}

// Run trains.
func (v trainVerb) Run(ctx context.Context, o *output) error {
	if err := v.check(); err != nil {
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
		set(&job.Epochs, v.Epochs)
		job.Config.MaxSeconds = v.MaxSeconds
	} else {
		in := d.Info()
		if job.Spec, err = v.network(nn.Shape{C: in.Channels, H: in.Height, W: in.Width}, len(in.Classes)); err != nil {
			return err
		}
		job.Config = train.DefaultsFor(job.Spec)
		if err := v.configure(&job.Config); err != nil {
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
	if v.sweeps() {
		return cmp.Or(v.sweep(ctx, o, job), device.Close())
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
		fmt.Fprintf(w, "Learning rate %g is a good one to begin with (tried %.3g to %.3g)\n", s.Suggested, s.Rates[0], s.Rates[len(s.Rates)-1])
	})
}

// settingFlags are the flags of train's settings that have a range.
var settingFlags = map[string]string{
	"epochs": "--epochs", "batch": "--batch", "accumulate": "--accumulate", "learning rate": "--lr", "gamma": "--gamma", "power": "--power",
	"momentum": "--momentum", "weight decay": "--weight-decay", "snapshot interval": "--snapshot-every", "validation interval": "--validate-every",
	"seconds": "--max-seconds", "crop": "--crop", "shift": "--shift", "rotation": "--rotate", "scaling": "--scale", "noise": "--noise",
	"hue": "--hsv", "saturation": "--hsv", "brightness": "--hsv",
}

// check tells what is wrong with the flags themselves, whatever the data are.
func (v trainVerb) check() error {
	if v.Net == "" && !v.Resume {
		return misused("--net=NETWORK is missing: a standard network (%s), a network.json or a model's folder", strings.Join(nn.StandardNames(), ", "))
	}
	switch {
	case v.Out == "" && !v.FindLR:
		return misused("--out=MODEL is missing: the folder of the run to make")
	case v.FindLR && v.Resume:
		return misused("--find-lr is for a new run, not for --resume")
	}
	if err := v.checkSweep(); err != nil {
		return err
	}
	c := train.Defaults()
	if err := v.configure(&c); err != nil {
		return err
	}
	_, configs := v.combinations(c)
	for _, c := range configs {
		err := c.Check()
		var f *fault.Fault
		if errors.As(err, &f) && f.Code == "train.setting.range" {
			return misused("%s is from %v to %v but is %v", settingFlags[fmt.Sprint(f.Args[0])], f.Args[2], f.Args[3], f.Args[1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// network gives the network fitted to the data: standard ones take its size and number of classes; others must have been made for it,
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

// configure writes the flags that were given over the defaults.
func (v trainVerb) configure(c *train.Config) error {
	set(&c.Epochs, v.Epochs)
	set(&c.Batch, first(v.Batch))
	set(&c.Accumulate, v.Accumulate)
	if v.Solver != nil {
		*c = c.WithSolver(*v.Solver, c.Rate)
	}
	set(&c.Rate, first(v.LR))
	set(&c.Policy, v.Policy)
	set(&c.Gamma, v.Gamma)
	set(&c.Power, v.Power)
	set(&c.Momentum, v.Momentum)
	set(&c.WeightDecay, v.WeightDecay)
	set(&c.Loss, v.Loss)
	set(&c.Mean, v.Mean)
	set(&c.SnapshotEvery, v.SnapshotEvery)
	set(&c.ValidateEvery, v.ValidateEvery)
	set(&c.Seed, v.Seed)
	set(&c.Crop, v.Crop)
	a := &c.Augment
	set(&a.Shift, v.Shift)
	set(&a.Mirror, v.Mirror)
	set(&a.Rotate, v.Rotate)
	set(&a.Scale, v.Scale)
	set(&a.Noise, v.Noise)
	c.MaxSeconds = v.MaxSeconds
	c.Weights = v.Weights
	if c.Weights != "" { // a run may go on from another folder
		if path, err := filepath.Abs(c.Weights); err == nil {
			c.Weights = path
		}
	}
	c.Freeze = v.frozen()
	rates, err := v.layerRates()
	if err != nil {
		return err
	}
	c.LayerRates = rates
	hsv, err := v.hsv()
	if err != nil {
		return err
	}
	if hsv != nil {
		a.Hue, a.Saturation, a.Value = hsv[0], hsv[1], hsv[2]
	}
	steps, err := v.steps()
	if steps != nil {
		c.Step = steps
	}
	return err
}

// frozen reads --freeze.
func (v trainVerb) frozen() []string {
	var list []string
	for _, name := range strings.Split(v.Freeze, ",") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// layerRates reads --layer-rates; nil where it was not given.
func (v trainVerb) layerRates() (map[string]float64, error) {
	if v.LayerRates == "" {
		return nil, nil
	}
	rates := map[string]float64{}
	for _, part := range strings.Split(v.LayerRates, ",") {
		name, factor, _ := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		f, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
		if _, twice := rates[name]; err != nil || twice || name == "" || !(f >= 0 && f <= train.MaxLayerRate) {
			return nil, misused("--layer-rates is layers, each with a factor from 0 to %d, e.g. conv1=0.1,ip2=10, but is %q", train.MaxLayerRate, v.LayerRates)
		}
		rates[name] = f
	}
	return rates, nil
}

// hsv reads --hsv; nil where it was not given.
func (v trainVerb) hsv() (*[3]float64, error) {
	if v.HSV == "" {
		return nil, nil
	}
	parts, err := numbersOf(v.HSV)
	if err != nil || len(parts) != 3 {
		return nil, misused("--hsv is three shares, of hue, saturation and brightness, e.g. 0.02,0.3,0.3, but is %q", v.HSV)
	}
	return (*[3]float64)(parts), nil
}

// steps reads --step; nil where it was not given.
func (v trainVerb) steps() ([]float64, error) {
	if v.Step == "" {
		return nil, nil
	}
	steps, err := numbersOf(v.Step)
	if err != nil || slices.ContainsFunc(steps, func(percent float64) bool { return !(percent > 0 && percent <= 100) }) {
		return nil, misused("--step is one or more percentages of the run, e.g. 33 or 50,85, but is %q", v.Step)
	}
	return steps, nil
}

// numbersOf reads numbers between commas.
func numbersOf(text string) ([]float64, error) {
	var list []float64
	for _, part := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// set writes a flag that was given.
func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}
