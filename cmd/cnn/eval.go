package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// evalVerb is `cnn eval --model MODEL --data DATASET`.
type evalVerb struct {
	Model    string `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Data     string `required:"" placeholder:"DATASET" help:"Folder of the data set."`
	Split    string `enum:"train,val,test" default:"val" help:"train, val or test."`
	Snapshot string `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	engineFlags
}

// evalLine is what was measured.
type evalLine struct {
	Images    int      `json:"images"`
	Loss      number   `json:"loss"`
	Accuracy  number   `json:"accuracy"`
	Top5      number   `json:"top5"`
	PerClass  []number `json:"per_class"`
	Confusion [][]int  `json:"confusion"`
}

// Run measures.
func (v evalVerb) Run(ctx context.Context, o *output) (err error) {
	m, err := model.Load(v.Model, v.Snapshot)
	if err != nil {
		return err
	}
	d, err := data.Open(v.Data)
	if err != nil {
		return err
	}
	defer d.Close()
	device, err := v.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.Close()) }()
	split := map[string]data.Split{"train": data.Train, "val": data.Val, "test": data.Test}[v.Split]
	bar := o.progress(-1, "evaluating", "images")
	e, err := train.Evaluate(ctx, m, d, split, device, bar.set)
	bar.close()
	if err != nil {
		return err
	}
	line := evalLine{Images: e.Images, Loss: number(e.Loss), Accuracy: number(e.Accuracy), Top5: number(e.Top5), Confusion: e.Confusion}
	for _, a := range e.PerClass {
		line.PerClass = append(line.PerClass, number(a))
	}
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%d images: accuracy %s, top-5 %s, loss %.4f\n", e.Images, percent(e.Accuracy), percent(e.Top5), e.Loss)
		for i, a := range e.PerClass {
			fmt.Fprintf(w, "  %-24s %s\n", m.Labels[i], percent(a))
		}
	})
}
