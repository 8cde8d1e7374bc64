package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
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
	return o.emit(evaluationLine(e, m.Labels), func(w io.Writer) { printEvaluation(w, e, m.Labels) })
}

// evaluationLine returns what was measured: each figure of the task by its key, those of the classes, and which class was taken for which.
func evaluationLine(e train.Evaluation, labels []string) map[string]any {
	line := map[string]any{"images": e.Images, "loss": number(e.Loss), "confusion": e.Confusion, "per_class": perClass(e, labels)}
	for key, v := range e.Values {
		line[key] = number(v)
	}
	return line
}

// perClass lists the classes: their figure, where the task has one for each, else their label and figures.
func perClass(e train.Evaluation, labels []string) any {
	rows := metric.OfClasses(e.Task)
	if len(rows) == 1 {
		var list []number
		for _, v := range e.Classes[rows[0].Key] {
			list = append(list, number(v))
		}
		return list
	}
	var list []map[string]any
	for class, label := range labels {
		entry := map[string]any{"label": label}
		for _, row := range rows {
			entry[row.Key] = number(e.Classes[row.Key][class])
		}
		list = append(list, entry)
	}
	return list
}

// printEvaluation writes the same for people.
func printEvaluation(w io.Writer, e train.Evaluation, labels []string) {
	fmt.Fprintf(w, "%d images: ", e.Images)
	for _, m := range metric.Of(e.Task) {
		fmt.Fprintf(w, "%s %s, ", m.Name, figureText(m, e.Values.Get(m.Key)))
	}
	fmt.Fprintf(w, "loss %.4f\n", e.Loss)
	for class, label := range labels {
		fmt.Fprintf(w, "  %-24s", label)
		for _, m := range metric.OfClasses(e.Task) {
			if len(metric.OfClasses(e.Task)) > 1 {
				fmt.Fprintf(w, "  %s", m.Name)
			}
			fmt.Fprintf(w, " %s", figureText(m, e.Classes[m.Key][class]))
		}
		fmt.Fprintln(w)
	}
}

// figureText writes a figure.
func figureText(m metric.Metric, v float64) string {
	if m.Format == metric.Share {
		return percent(v)
	}
	return fmt.Sprintf("%.4g", v)
}
