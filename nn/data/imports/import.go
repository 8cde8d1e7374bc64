package imports

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Options say how a source becomes a data set. The zero value is not the default: see DefaultImport.
type Options struct {
	Task     data.Task // "" or "auto": what the source is for
	Format   string    // "" or "auto": recognised; else one of formats.Names
	Width    int       // of the images in the data set; 0 with Height and Max 0: the Max of the task, or the size that all have if it is 256×256 or less (IDX: any), else 256×256
	Height   int
	Max      int         // instead: images keep their proportions, with at most so many pixels on the longest side; KeepSize: their size
	Channels int         // 1 or 3; 0: 1 when all images are grey, else 3
	Resize   data.Resize // "": Squash
	Encoding string      // "": EncodingPNG

	ValPercent  float64 // share for validation; below 0: the source's own splits, else 25
	TestPercent float64 // share for the test; below 0: the source's own splits, else 0
	ValSource   string  // "" or another source whose images are all for validation
	TestSource  string  // likewise for the test

	MinPerClass int    // classes of which the source has fewer images are left out; ValSource and TestSource do not count
	MaxPerClass int    // at most so many images of a class, chosen by Seed, of each source; 0: all
	ClassesFile string // "" or a text file with the names of the classes, one a line, in the order of their numbers
	Seed        uint64 // of the split
	Threads     int    // 0: all cores
	Force       bool   // replace the data set that is there
}

// Default returns the options that DIGITS' users expect: the source's splits or 25 % for validation, squash, PNG, seed 1.
func Default() Options {
	return Options{Resize: data.Squash, Encoding: data.EncodingPNG, ValPercent: -1, TestPercent: -1, Seed: 1}
}

// Progress tells how far an import is.
type Progress struct {
	Done, Total int           // files, read or left out
	Skipped     *data.Skipped // set when a file was just left out
	Format      string        // of the source
	Why         *data.Note    // what the format is known by; nil where it was named
	PerSecond   float64       // files
	Left        time.Duration // estimated
}

// check returns a fault for an option that cannot be, and puts in defaults.
func (o *Options) check() error {
	if o.Resize == "" {
		o.Resize = data.Squash
	}
	if o.Encoding == "" {
		o.Encoding = data.EncodingPNG
	}
	switch {
	case o.Task != "" && o.Task != "auto" && !o.Task.Known():
		return fault.New("data.task", "There is no task %q; there are %s. Choose one of them.", string(o.Task), data.Listed(data.Tasks()))
	case !slices.Contains(data.Resizes(), o.Resize):
		return fault.New("data.resize", "There is no resize method %q; there are squash, crop, fill and half-crop. Choose one of them.", string(o.Resize))
	case !slices.Contains(data.Encodings(), o.Encoding):
		return fault.New("data.encoding", "There is no encoding %q; there are png, jpeg and raw. Choose one of them.", o.Encoding)
	case o.Channels != 0 && o.Channels != 1 && o.Channels != 3:
		return fault.New("data.channels", "Images have 1 channel (grey) or 3 (colour), not %v. Choose one of them.", o.Channels)
	case (o.Width == 0) != (o.Height == 0) || o.Width < 0 || o.Height < 0 || o.Width > data.MaxSide || o.Height > data.MaxSide:
		return fault.New("data.size", "Images of %v×%v pixels cannot be made. Choose a width and a height from 1 to %v.", o.Width, o.Height, data.MaxSide)
	case o.Max < 0 || o.Max > data.MaxSide && o.Max != KeepSize || o.Max > 0 && o.Width > 0:
		return fault.New("data.max", "The longest side of images cannot be limited to %v pixels. Choose from 1 to %v, and give no width or height as well.", o.Max, data.MaxSide)
	}
	return nil
}

// Import makes the data set out of a source: a folder, an archive or an IDX file. Files that cannot be read are left out and
// told through observe and in Info.Skipped. The folder appears under its name when it is complete; when Import fails or ctx
// is cancelled, nothing of it stays and what was there before is as it was. The same source, options and seed give the
// same images under the same IDs in the same splits, whatever the number of threads. observe is called from one goroutine at a time; it may be nil.
func Import(ctx context.Context, source, out string, o Options, observe func(Progress)) (data.Info, error) {
	if err := o.check(); err != nil {
		return data.Info{}, err
	}
	if err := data.CheckPlace(out, o.Force); err != nil {
		return data.Info{}, err
	}
	c, err := open(ctx, source, o.Format)
	if err != nil {
		return data.Info{}, err
	}
	defer func() { c.Close() }()
	if o.Task != "" && o.Task != "auto" && o.Task != c.Task {
		if err := o.Task.Unlabelled(source); err != nil {
			return data.Info{}, err
		}
		return data.Info{}, fault.New("data.task.source", "%s is a source for %s, not for %s. Leave the task to Convscope, or choose another source.", source, string(c.Task), string(o.Task))
	}
	for _, more := range []struct {
		source string
		split  data.Split
	}{{o.ValSource, data.Val}, {o.TestSource, data.Test}} {
		if more.source != "" {
			if err := join(ctx, c, more.source, more.split); err != nil {
				return data.Info{}, err
			}
		}
	}
	if o.ValSource != "" && o.ValPercent < 0 {
		o.ValPercent = 0
	}
	if o.ClassesFile != "" {
		if err := nameClasses(c, o.ClassesFile); err != nil {
			return data.Info{}, err
		}
	}
	return FromCollection(ctx, c, out, o, observe)
}

// open reads what a source has: a folder, an archive or a file of the format named, or of any when it is "" or "auto".
func open(ctx context.Context, path, format string) (*source.Collection, error) {
	if err := formats.Check(format); err != nil {
		return nil, err
	}
	t, err := source.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return formats.Read(ctx, t, format)
}

// join adds all images of another source as one split. Classes are matched by name.
func join(ctx context.Context, c *source.Collection, source string, s data.Split) error {
	more, err := open(ctx, source, c.Format)
	if err != nil {
		return err
	}
	if c.Labels != nil {
		if err := c.Labels.Join(c, more); err != nil {
			more.Close()
			return err
		}
	}
	first := c.Close
	c.Close = func() error { return errors.Join(first(), more.Close()) }
	for _, name := range more.Classes {
		if !slices.Contains(c.Classes, name) {
			return fault.New("data.join", "%s has the class %s, which %s does not have. Give both the same class folders.", source, name, c.Name)
		}
	}
	more.Renumber(c.Classes)
	for _, it := range more.Items {
		it.Split, it.Fixed = int8(s), true
		c.Items = append(c.Items, it)
	}
	c.Skipped = append(c.Skipped, more.Skipped...)
	return nil
}

// nameClasses takes the names and the order of the classes from a text file. Class folders are found under these names;
// numbered classes get them.
func nameClasses(c *source.Collection, file string) error {
	b, err := disk.ReadFile(file, source.MaxNamesBytes)
	if err != nil {
		return disk.ReadFault(err, file)
	}
	if c.Labels != nil {
		return c.Labels.Name(c, b, file)
	}
	names, err := source.ReadNames(b, file)
	if err != nil {
		return err
	}
	if c.Numbered {
		if len(names) < len(c.Classes) {
			return fault.New("data.classes.few", "%s has %v names, but the labels go up to %v. Add the missing lines.", file, len(names), len(c.Classes)-1)
		}
		c.Classes = names
		return nil
	}
	for _, name := range c.Classes {
		if !slices.Contains(names, name) {
			return fault.New("data.classes.unknown", "The class folder %s is not in %s. Add a line for it.", name, file)
		}
	}
	c.Renumber(names)
	return nil
}

// FromCollection makes a data set of a collection.
func FromCollection(ctx context.Context, c *source.Collection, out string, o Options, observe func(Progress)) (data.Info, error) {
	if observe == nil {
		observe = func(Progress) {}
	}
	limit(c, o.MinPerClass, o.MaxPerClass, o.Seed)
	if len(c.Classes) == 0 && o.MinPerClass > 0 {
		return data.Info{}, fault.New("data.classes.small", "No class of %s has %v images or more. Ask for fewer images per class.", c.Name, o.MinPerClass)
	}
	share, err := release(c.Items, o.ValPercent, o.TestPercent, o.Seed)
	if err != nil {
		return data.Info{}, err
	}
	if err := c.Task.Enough(c.Name, c.Classes); err != nil {
		return data.Info{}, err
	}
	if len(c.Items) == 0 || len(c.Classes) == 0 {
		return data.Info{}, fault.New("data.empty", "%s has no images. Choose a folder with a sub-folder of images for each class.", c.Name)
	}
	draft, err := data.NewDraft(out)
	if err != nil {
		return data.Info{}, err
	}
	defer draft.Discard()
	info := data.Info{
		Name: filepath.Base(out), Task: c.Task, Classes: c.Classes, Background: c.Background,
		Resize: o.Resize, Encoding: o.Encoding, Seed: o.Seed, Source: c.Name, Notes: c.Notes, Created: time.Now().UTC().Truncate(time.Second),
	}
	if info.Classes == nil {
		info.Classes = []string{}
	}
	p := &pipeline{collection: c, options: o, share: share, info: &info, draft: draft, observe: observe}
	for size := guess(c, o); ; {
		p.size = size
		err := p.run(ctx)
		var other *unlike
		if !errors.As(err, &other) {
			if err != nil {
				return data.Info{}, disk.WriteFault(err, out)
			}
			break
		}
		size = size.widen(other)
	}
	if err := ctx.Err(); err != nil {
		return data.Info{}, err
	}
	return info, draft.Publish(info, o.Force)
}
