package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
)

// sampleVerb is `cnn sample NAME --out DATASET`.
type sampleVerb struct {
	Name  string `arg:"" help:"Name of the sample, or 'list'."`
	Out   string `help:"Folder of the data set to make." placeholder:"DATASET"`
	Task  string `enum:"classification,detection,segmentation" default:"classification" help:"Task to learn: classification; for shapes also detection and segmentation."`
	Count int    `help:"How many images; 0: all there are, or 2000 if they are generated."`
	Seed  uint64 `default:"1" help:"Seed of the split, and of what is generated."`
	Force bool   `help:"Replace what is at --out."`
}

// Run makes the data set, or lists the samples.
func (v sampleVerb) Run(ctx context.Context, o *output) error {
	names := samples.Names()
	if v.Name == "list" {
		for _, name := range names {
			err := o.emit(map[string]string{"name": name}, func(w io.Writer) { fmt.Fprintln(w, name) })
			if err != nil {
				return err
			}
		}
		return nil
	}
	if v.Out == "" {
		return misused("--out=DATASET is missing: the folder of the data set to make")
	}
	if v.Count < 0 {
		return misused("--count must be 0 or more but is %d", v.Count)
	}
	known := false
	for _, name := range names {
		known = known || name == v.Name
	}
	if !known {
		return misused("there is no sample %q; there are %s", v.Name, strings.Join(names, ", "))
	}
	return importing(o, func(observe func(imports.Progress)) (data.Info, error) {
		options := samples.Options{Task: data.Task(v.Task), Count: v.Count, Seed: v.Seed, Force: v.Force}
		info, err := samples.Import(ctx, v.Name, v.Out, options, observe)
		var f *fault.Fault
		switch {
		case errors.As(err, &f) && f.Code == "sample.count":
			err = misused("--count must be from 1 to %v, or 0 for the usual number, but is %d", f.Args[1], v.Count)
		case errors.As(err, &f) && f.Code == "sample.task":
			err = misused("--task is %v for the sample %s, but is %s", f.Args[2], v.Name, v.Task)
		}
		return info, err
	})
}
