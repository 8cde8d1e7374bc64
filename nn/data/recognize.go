package data

import (
	"context"
	"image"

	"github.com/convscope/convscope/nn/fault"
)

// A Found is what Recognize made out of a source.
type Found struct {
	Source   string
	Format   string // one of Formats
	Why      Note   // what the format is known by
	Task     Task
	Classes  []string
	PerClass []int       // images that have each class
	Images   int         // files that will be read
	Splits   [splits]int // images that have a split of their own in the source, by Split
	Width    int         // size of the first image
	Height   int
	Alike    bool   // all images looked at have this size
	Channels int    // 1: all images looked at are grey
	Skipped  int    // files known to be left out
	Notes    []Note // that an import would have, as far as they are known

	samples []opened
}

// previews is how many images a Found can show.
const previews = 8

// Recognize looks at a source without writing anything: which format it is, for which task, which classes it has and what its
// first images are like. It fails where Import would fail at once.
func Recognize(ctx context.Context, source string) (Found, error) {
	c, why, err := open(ctx, source, "auto")
	if err != nil {
		return Found{}, err
	}
	defer func() { c.close() }()
	f := Found{
		Source: source, Format: c.format, Why: *why, Task: c.task, Classes: c.classes, PerClass: imagesOf(c.task, c.items, len(c.classes)),
		Images: len(c.items), Skipped: len(c.skipped), Notes: c.notes, Channels: 3,
	}
	for _, it := range c.items {
		if it.split >= 0 {
			f.Splits[it.split]++
		}
	}
	if err := f.Task.enough(source, f.Classes); err != nil {
		return f, err
	}
	seen := look(c, samplesLooked)
	if len(seen.read) == 0 {
		it := c.items[0]
		_, err := it.from.open(it.ref)
		return f, fault.New("data.unreadable", "None of the %v images of %s can be read; the first: %s", len(c.items), source, skip(it.file, err).Reason).Because(err)
	}
	f.Width, f.Height, f.Alike = seen.w, seen.h, seen.alike
	if seen.grey {
		f.Channels = 1
	}
	for _, i := range spread(len(seen.read), previews) {
		it := c.items[seen.read[i]]
		o, err := it.from.open(it.ref)
		if raw, ok := it.from.(*rawOrigin); ok && err == nil {
			o, err = raw.alone(it.ref) // what it reads from is closed when Preview is called
			if err != nil {
				return f, err
			}
		}
		if err == nil {
			f.samples = append(f.samples, o)
		}
	}
	return f, ctx.Err()
}

// Preview gives up to n images of the source, spread over it, of 8 at most: to show what each way to resize does to them. Images
// that cannot be read are left out.
func (f Found) Preview(n int) ([]image.Image, error) {
	var out []image.Image
	var first error
	for _, o := range f.samples {
		if len(out) == n {
			break
		}
		img, err := o.decode()
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		out = append(out, img)
	}
	if len(out) > 0 {
		first = nil
	}
	return out, first
}
