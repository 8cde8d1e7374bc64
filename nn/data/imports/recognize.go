package imports

import (
	"context"
	"image"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A Found is what Recognize made out of a source.
type Found struct {
	Source   string
	Format   string    // one of formats.Names
	Why      data.Note // what the format is known by
	Task     data.Task
	Classes  []string
	PerClass []int            // images that have each class
	Images   int              // files that will be read
	Splits   [data.Splits]int // images that have a split of their own in the source, by Split
	Width    int              // size of the first image
	Height   int
	Alike    bool        // all images looked at have this size
	Channels int         // 1: all images looked at are grey
	Skipped  int         // files known to be left out
	Notes    []data.Note // that an import would have, as far as they are known

	samples []data.OpenedImage
}

// previews is how many images a Found can show.
const previews = 8

// Recognize looks at a source without writing anything: which format it is, for which task, which classes it has and what its
// first images are like. It fails where Import would fail at once.
func Recognize(ctx context.Context, path string) (Found, error) {
	c, err := open(ctx, path, "auto")
	if err != nil {
		return Found{}, err
	}
	defer func() { c.Close() }()
	f := Found{
		Source: path, Format: c.Format, Why: *c.Why, Task: c.Task, Classes: c.Classes, PerClass: imagesOf(c.Task, c.Items, len(c.Classes)),
		Images: len(c.Items), Skipped: len(c.Skipped), Notes: c.Notes, Channels: 3,
	}
	for _, it := range c.Items {
		if it.Split >= 0 {
			f.Splits[it.Split]++
		}
	}
	if err := f.Task.Enough(path, f.Classes); err != nil {
		return f, err
	}
	seen := look(c, samplesLooked)
	if len(seen.read) == 0 {
		it := c.Items[0]
		_, err := it.From.Open(it.Ref)
		return f, fault.New("data.unreadable", "None of the %v images of %s can be read; the first: %s", len(c.Items), path, data.NewSkipped(it.File, err).Reason).Because(err)
	}
	f.Width, f.Height, f.Alike = seen.w, seen.h, seen.alike
	if seen.grey {
		f.Channels = 1
	}
	for _, i := range source.Spread(len(seen.read), previews) {
		it := c.Items[seen.read[i]]
		o, err := it.From.Open(it.Ref)
		if k, ok := it.From.(source.Keeper); ok && err == nil {
			if o, err = k.Keep(it.Ref); err != nil { // what it reads from is closed when Preview is called
				return f, err
			}
		}
		if err == nil {
			f.samples = append(f.samples, o)
		}
	}
	return f, ctx.Err()
}

// Preview returns up to n images of the source, spread over it, of 8 at most: to show what each way to resize does to them. Images
// that cannot be read are left out.
func (f Found) Preview(n int) ([]image.Image, error) {
	var out []image.Image
	var first error
	for _, o := range f.samples {
		if len(out) == n {
			break
		}
		img, err := o.Decode()
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
