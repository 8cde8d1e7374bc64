package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/fault"
)

// importVerb is `cnn import SOURCE --out DATASET`.
type importVerb struct {
	Source      string   `arg:"" help:"A folder, an archive (zip, tar, tar.gz) or an IDX images file."`
	Out         string   `required:"" placeholder:"DATASET" help:"Folder of the data set to make."`
	Task        string   `enum:"classification,detection,segmentation,auto" default:"auto" help:"Task to learn: classification, detection, segmentation or auto (what SOURCE has labels for)."`
	Format      string   `enum:"auto,${readers}" default:"auto" help:"Layout of the source: auto, ${readersOr}."`
	Size        string   `placeholder:"WxH|keep|max:N" help:"Size of the images in the data set, e.g. 64x64; keep: each keeps its own; max:N: each keeps its proportions, with at most N pixels on the longest side (default for classification: their own if all have the same small size, otherwise 256x256; for other tasks max:2048)."`
	Resize      string   `enum:"squash,crop,fill,half-crop" default:"squash" help:"How images are resized: squash, crop, fill or half-crop."`
	Channels    int      `enum:"0,1,3" default:"0" help:"1 for greyscale, 3 for colour; 0: as the images are."`
	Encoding    string   `enum:"png,jpeg,raw" default:"png" help:"How images are stored: png, jpeg or raw."`
	Val         *float64 `placeholder:"PERCENT" help:"Share for validation (default: the source's own splits, otherwise 25)."`
	Test        *float64 `placeholder:"PERCENT" help:"Share for testing (default: the source's own splits, otherwise 0)."`
	ValSource   string   `placeholder:"S" help:"Take the validation images from here."`
	TestSource  string   `placeholder:"S" help:"Take the test images from here."`
	MinPerClass int      `placeholder:"N" help:"Leave out classes with fewer images than this in SOURCE; --val-source and --test-source do not count."`
	MaxPerClass int      `placeholder:"N" help:"Take at most this many images of a class from each of SOURCE, --val-source and --test-source; 0: all."`
	Classes     string   `placeholder:"FILE" help:"Names of the classes, one per line, in the order of their ids; void is not a class: its pixels are left out. For masks also their colours: name, red, green, blue."`
	Seed        uint64   `default:"1" help:"Seed of the split."`
	Threads     int      `help:"Threads to use; 0: all cores."`
	Force       bool     `help:"Replace what is at --out."`
}

// Run imports.
func (v importVerb) Run(ctx context.Context, o *output) error {
	options := imports.Options{
		Task: data.Task(v.Task), Format: v.Format, Channels: v.Channels, Resize: data.Resize(v.Resize), Encoding: v.Encoding,
		ValPercent: -1, TestPercent: -1, ValSource: v.ValSource, TestSource: v.TestSource,
		MinPerClass: v.MinPerClass, MaxPerClass: v.MaxPerClass, ClassesFile: v.Classes, Seed: v.Seed, Threads: v.Threads, Force: v.Force,
	}
	if v.Size != "" {
		var err error
		if options.Width, options.Height, options.Max, err = parseImageSize(v.Size); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		flag string
		from *float64
		to   *float64
	}{{"--val", v.Val, &options.ValPercent}, {"--test", v.Test, &options.TestPercent}} {
		if p.from == nil {
			continue
		}
		if !(*p.from >= 0 && *p.from <= 100) {
			return misused("%s must be a percentage from 0 to 100 but is %s", p.flag, plain(*p.from))
		}
		*p.to = *p.from
	}
	if options.ValPercent+options.TestPercent > 100 {
		return misused("--val and --test must be percentages that add up to 100 at most but are %s and %s", plain(options.ValPercent), plain(options.TestPercent))
	}
	for _, n := range []struct {
		flag string
		n    int
	}{{"--min-per-class", v.MinPerClass}, {"--max-per-class", v.MaxPerClass}, {"--threads", v.Threads}} {
		if n.n < 0 {
			return misused("%s must be 0 or more but is %d", n.flag, n.n)
		}
	}
	return importing(o, func(observe func(imports.Progress)) (data.Info, error) {
		return imports.Import(ctx, v.Source, v.Out, options, observe)
	})
}

// parseSize reads "WxH".
func parseSize(flag, text string) (w, h int, err error) {
	ws, hs, ok := strings.Cut(strings.ToLower(text), "x")
	w, errW := strconv.Atoi(ws)
	h, errH := strconv.Atoi(hs)
	if !ok || errW != nil || errH != nil || w < 1 || h < 1 || w > 4096 || h > 4096 {
		return 0, 0, misused("%s must be width x height in pixels from 1 to 4096, e.g. 64x64, but is %q", flag, text)
	}
	return w, h, nil
}

// parseImageSize reads "WxH", "keep" or "max:N".
func parseImageSize(text string) (w, h, most int, err error) {
	if text == "keep" {
		return 0, 0, imports.KeepSize, nil
	}
	if n, ok := strings.CutPrefix(text, "max:"); ok {
		if most, err = strconv.Atoi(n); err != nil || most < 1 || most > data.MaxSide {
			return 0, 0, 0, misused("--size max:N must be the longest side in pixels from 1 to %d, e.g. max:1024, but is %q", data.MaxSide, text)
		}
		return 0, 0, most, nil
	}
	w, h, err = parseSize("--size", text)
	return w, h, 0, err
}

// skippedLine tells of a file that was left out.
type skippedLine struct {
	Event  string `json:"event"`
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// noteLine tells what was made of a source otherwise than it says, or of a data set otherwise than it is.
type noteLine struct {
	Event string `json:"event"`
	Text  string `json:"text"`
}

// notes tells of what is to be known.
func (o *output) notes(notes []data.Note) error {
	for _, n := range notes {
		if err := o.emit(noteLine{"note", n.Text}, func(w io.Writer) { fmt.Fprintf(w, "note: %s\n", n.Text) }); err != nil {
			return err
		}
	}
	return nil
}

// formatLine tells which format a source was taken for, and why.
type formatLine struct {
	Event  string `json:"event"`
	Format string `json:"format"`
	Why    string `json:"why"`
}

// splitCounts are numbers of images.
type splitCounts struct {
	Train int `json:"train"`
	Val   int `json:"val"`
	Test  int `json:"test"`
}

// datasetLine describes a data set: the last line of an import, and what `show` says of it.
type datasetLine struct {
	Event     string        `json:"event,omitempty"`
	Task      data.Task     `json:"task"`
	Images    splitCounts   `json:"images"`
	Classes   []string      `json:"classes"`
	Removed   []int         `json:"removed,omitempty"` // numbers of classes that are kept for no other
	Size      [2]int        `json:"size"`              // zeros where sizes differ
	Largest   *[2]int       `json:"largest,omitempty"` // the largest width and height then
	Channels  int           `json:"channels"`
	Skipped   int           `json:"skipped"`
	Seconds   *float64      `json:"seconds,omitempty"`
	PerSecond *float64      `json:"images_per_second,omitempty"`
	PerClass  []splitCounts `json:"per_class,omitempty"`
	Notice    string        `json:"notice,omitempty"`
}

// counts are the numbers of images by data.Split.
func counts(n [data.Splits]int) splitCounts {
	return splitCounts{n[data.Train], n[data.Val], n[data.Test]}
}

func describe(info data.Info) datasetLine {
	d := datasetLine{
		Task:    info.Task,
		Images:  counts(info.Counts),
		Classes: info.Classes, Removed: info.Removed, Size: [2]int{info.Width, info.Height}, Channels: info.Channels, Skipped: len(info.Skipped),
	}
	if !info.SameSize() {
		d.Largest = &info.Largest
	}
	return d
}

func (d datasetLine) text(w io.Writer) {
	colour := "colour"
	if d.Channels == 1 {
		colour = "grey"
	}
	size := fmt.Sprintf("%d×%d", d.Size[0], d.Size[1])
	if d.Largest != nil {
		size = fmt.Sprintf("up to %d×%d", d.Largest[0], d.Largest[1])
	}
	fmt.Fprintf(w, "%s, %d classes, %s %s\n", d.Task, len(d.Classes)-len(d.Removed), size, colour)
	fmt.Fprintf(w, "train %d, val %d, test %d images, %d skipped\n", d.Images.Train, d.Images.Val, d.Images.Test, d.Skipped)
	for i, c := range d.PerClass {
		if slices.Contains(d.Removed, i) {
			continue
		}
		fmt.Fprintf(w, "  %-24s train %6d  val %6d  test %6d\n", d.Classes[i], c.Train, c.Val, c.Test)
	}
	if d.Notice != "" {
		fmt.Fprintln(w, d.Notice)
	}
	if d.Seconds != nil {
		fmt.Fprintf(w, "%.1f s, %.0f images/s\n", *d.Seconds, *d.PerSecond)
	}
}

// importing runs an import with its bar, tells each file that is left out at once, and closes with what was made.
func importing(o *output, do func(observe func(imports.Progress)) (data.Info, error)) error {
	bar := o.progress(-1, "importing", "images")
	var written error
	told := false
	start := time.Now()
	info, err := do(func(p imports.Progress) {
		bar.set(p.Done, p.Total)
		if p.Why != nil && !told {
			line := formatLine{"format", p.Format, p.Why.Text}
			written, told = o.emit(line, func(w io.Writer) { fmt.Fprintf(w, "format %s: %s\n", line.Format, line.Why) }), true
		}
		if p.Skipped != nil && written == nil {
			line := skippedLine{"skipped", p.Skipped.File, p.Skipped.Reason}
			written = o.emit(line, func(w io.Writer) { fmt.Fprintf(w, "skipped %s: %s\n", line.File, line.Reason) })
		}
	})
	bar.close()
	if errors.Is(err, context.Canceled) {
		return fault.New("cnn.import.stopped", "Stopped before the end: nothing was left behind, and what was at --out is unchanged.")
	}
	if err != nil {
		return err
	}
	if written != nil {
		return written
	}
	if err := o.notes(info.Notes); err != nil {
		return err
	}
	line, seconds := describe(info), time.Since(start).Seconds()
	rate := float64(line.Images.Train+line.Images.Val+line.Images.Test) / max(seconds, 1e-6)
	line.Event, line.Seconds, line.PerSecond = "done", &seconds, &rate
	return o.emit(line, line.text)
}
