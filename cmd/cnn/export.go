package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/exports"
	"github.com/convscope/convscope/nn/fault"
)

// exportVerb is `cnn export DATASET --to FORMAT --out FOLDER`.
type exportVerb struct {
	Dataset string `arg:"" help:"Folder of the data set."`
	To      string `required:"" enum:"${writers}" placeholder:"FORMAT" help:"Format to write: ${writersOr}."`
	Out     string `required:"" placeholder:"FOLDER" help:"Folder to make."`
	Force   bool   `help:"Replace the export that is at --out."`
}

// exportLine is the last line of an export.
type exportLine struct {
	Event   string      `json:"event"`
	To      string      `json:"to"`
	Images  splitCounts `json:"images"`
	Classes []string    `json:"classes"`
	Files   int         `json:"files"`
	Seconds float64     `json:"seconds"`
}

// Run exports, and tells what the format cannot say.
func (v exportVerb) Run(ctx context.Context, o *output) (err error) {
	start := time.Now()
	d, err := data.Open(v.Dataset)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	bar := o.progress(-1, "exporting", "images")
	report, err := exports.Export(ctx, d, v.Out, exports.Options{Format: v.To, Force: v.Force}, func(p exports.Progress) { bar.set(p.Done, p.Total) })
	bar.close()
	if errors.Is(err, context.Canceled) {
		return fault.New("cnn.export.stopped", "Stopped before the end: nothing was left behind, and what was at --out is unchanged.")
	}
	if err != nil {
		return err
	}
	if err := o.notes(report.Notes); err != nil {
		return err
	}
	line := exportLine{
		Event: "done", To: v.To, Images: counts(report.Images), Classes: report.Classes, Files: report.Files, Seconds: time.Since(start).Seconds(),
	}
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%s: train %d, val %d, test %d images, %d classes, %d files, %.1f s\n", v.To, line.Images.Train, line.Images.Val, line.Images.Test, len(line.Classes), line.Files, line.Seconds)
	})
}
