package session

import (
	"context"
	"image"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// images are what the data sets of the workspace hold.
type images struct {
	open func(dataset string) (*data.Dataset, error) // as datasets.get
	work *background

	find      *lane // one Query
	content   *lane // one data set whose pixels are counted
	augmented *lane // one configuration
}

func newImages(open func(string) (*data.Dataset, error), work *background) *images {
	return &images{open: open, work: work, find: newLane(work), content: newLane(work), augmented: newLane(work)}
}

// A Query says which images of a data set are asked for.
type Query struct {
	Class      int           // −1: all
	Content    *data.Content // where it is given, images that contain Class are found, else those of which it is the leading one
	Split      int           // −1: all
	Unlabelled bool          // only those that are not labelled as the task needs it
	Text       string        // in the name of the class or of the file, in any case; "": all
}

// ofClass reports whether an image has the class that is asked for.
func (q Query) ofClass(e data.Entry) bool {
	if q.Class >= 0 && q.Content != nil {
		return q.Content.Has(e.ID, q.Class)
	}
	return q.Class < 0 || int(e.Class) == q.Class
}

// FindImages finds images of a data set; done gets them in their order. A newer call takes its place.
func (i *images) FindImages(dataset string, q Query, done func([]data.Entry, error)) {
	i.find.do(func(ctx context.Context, _ func(func())) func() {
		d, err := i.open(dataset)
		if err != nil {
			return func() { done(nil, err) }
		}
		task, classes, text := d.Info().Task, d.Info().Classes, strings.ToLower(strings.TrimSpace(q.Text))
		var found []data.Entry
		for _, e := range d.Index() {
			if ctx.Err() != nil {
				break
			}
			if !q.ofClass(e) || q.Split >= 0 && int(e.Split) != q.Split || q.Unlabelled && task.Usable(e) {
				continue
			}
			if text == "" || hasText(d, e, classes, text) {
				found = append(found, e)
			}
		}
		return func() { done(found, nil) }
	})
}

// hasText reports whether the name of an image's class or file has a text in it. Files stand in the records, each of which is read.
func hasText(d *data.Dataset, e data.Entry, classes []string, text string) bool {
	if c := int(e.Class); c >= 0 && c < len(classes) && strings.Contains(strings.ToLower(classes[c]), text) {
		return true
	}
	r, err := d.Record(e.ID)
	return err == nil && strings.Contains(strings.ToLower(r.File), text)
}

// ClassesOf looks up the leading classes of images of a data set; done gets them in the order of the images, −1 where there is none.
func (i *images) ClassesOf(dataset string, ids []uint32, done func([]int32, error)) {
	i.work.answer(func(context.Context) func() {
		d, err := i.open(dataset)
		if err != nil {
			return func() { done(nil, err) }
		}
		of := map[uint32]int32{}
		for _, e := range d.Index() {
			of[e.ID] = e.Class
		}
		classes := make([]int32, len(ids))
		for i, id := range ids {
			classes[i] = -1
			if class, ok := of[id]; ok {
				classes[i] = class
			}
		}
		return func() { done(classes, nil) }
	})
}

// Picture reads an image of a data set as a picture. It blocks: not for the window's goroutine.
func (i *images) Picture(dataset string, id uint32) (image.Image, error) {
	d, err := i.open(dataset)
	if err != nil {
		return nil, err
	}
	px, err := d.Pixels(id)
	if err != nil {
		return nil, err
	}
	return px.Image(), nil
}

// Image reads an image of a data set and what is known of it.
func (i *images) Image(dataset string, id uint32, done func(image.Image, data.Record, error)) {
	i.work.answer(func(context.Context) func() {
		img, r, err := i.image(dataset, func(*data.Dataset) (uint32, error) { return id, nil })
		return func() { done(img, r, err) }
	})
}

// UnseenImage reads an image of a data set that no training sees, if it has any: another one for each nth, so that images of all classes come by soon.
func (i *images) UnseenImage(dataset string, nth int, done func(image.Image, data.Record, error)) {
	i.work.answer(func(context.Context) func() {
		img, r, err := i.image(dataset, func(d *data.Dataset) (uint32, error) {
			ids := d.Unseen()
			if len(ids) == 0 {
				return 0, noImages(dataset)
			}
			return ids[(nth*7919)%len(ids)], nil // a large prime
		})
		return func() { done(img, r, err) }
	})
}

func (i *images) image(dataset string, which func(*data.Dataset) (uint32, error)) (image.Image, data.Record, error) {
	d, err := i.open(dataset)
	if err != nil {
		return nil, data.Record{}, err
	}
	id, err := which(d)
	if err != nil {
		return nil, data.Record{}, err
	}
	r, err := d.Record(id)
	if err != nil {
		return nil, r, err
	}
	px, err := d.Pixels(id)
	if err != nil {
		return nil, r, err
	}
	return px.Image(), r, nil
}

func noImages(dataset string) error {
	return fault.New("session.dataset.empty", "The data set %s has no images. Import another one.", dataset)
}

// MeanImage reads or computes the mean image of a data set.
func (i *images) MeanImage(dataset string, done func(image.Image, error)) {
	i.work.answer(func(context.Context) func() {
		var mean data.Mean
		d, err := i.open(dataset)
		if err == nil {
			mean, err = d.Mean()
		}
		if err != nil {
			return func() { done(nil, err) }
		}
		img := mean.Pixels().Image()
		return func() { done(img, nil) }
	})
}

// Augmented shows what a configuration makes of a data set's first training image: as it is, then as in the first epochs. A newer call takes its place.
func (i *images) Augmented(dataset string, c train.Config, epochs int, done func([]data.Pixels, error)) {
	i.augmented.do(func(context.Context, func(func())) func() {
		var list []data.Pixels
		d, err := i.open(dataset)
		if err == nil {
			list, err = train.Augmented(d, c, epochs)
		}
		return func() { done(list, err) }
	})
}
