package session

import (
	"context"
	"image"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
)

// Content counts the pixels of all images of a data set; done gets what was counted. A newer call takes its place.
func (i *images) Content(dataset string, done func(*data.Content, error)) {
	i.content.do(func(ctx context.Context, _ func(func())) func() {
		var c *data.Content
		d, err := i.open(dataset)
		if err == nil {
			c, err = d.Content(ctx)
		}
		return func() { done(c, err) }
	})
}

// An Annotated is an image of a data set with the class of each of its pixels.
type Annotated struct {
	Image   image.Image
	Record  data.Record
	Classes []uint16 // in row order, data.Void where a pixel has none; nil where the image has no masks
}

// Annotated reads an image of a data set with its masks; done gets it.
func (i *images) Annotated(dataset string, id uint32, done func(Annotated, error)) {
	i.work.answer(func(context.Context) func() {
		a, err := i.annotated(dataset, id)
		return func() { done(a, err) }
	})
}

func (i *images) annotated(dataset string, id uint32) (a Annotated, err error) {
	a.Image, a.Record, err = i.image(dataset, func(*data.Dataset) (uint32, error) { return id, nil })
	if t := a.Record.Truth; err != nil || t.Masks == nil && t.Polygons == nil {
		return a, err
	}
	d, err := i.open(dataset)
	if err != nil {
		return a, err
	}
	a.Classes, err = a.Record.Truth.ClassMap(a.Record.StoredW, a.Record.StoredH, d.Info().Background, nil)
	return a, err
}

// Example makes a photo of w×h pixels with things to find: those of a built-in sample, or images of a data set where sample is "".
func (i *images) Example(sample, dataset string, w, h int, seed uint64, done func(image.Image, error)) {
	i.work.answer(func(context.Context) func() {
		img, err := i.example(sample, dataset, w, h, seed)
		return func() { done(img, err) }
	})
}

func (i *images) example(sample, dataset string, w, h int, seed uint64) (image.Image, error) {
	if sample != "" {
		return samples.Photo(sample, w, h, seed)
	}
	d, err := i.open(dataset)
	if err != nil {
		return nil, err
	}
	return samples.PhotoOf(d, w, h, seed)
}

// Scene makes a photo of w×h pixels with many of a built-in sample's things, to try segmentation on.
func (i *images) Scene(sample string, w, h int, seed uint64, done func(image.Image, error)) {
	i.work.answer(func(context.Context) func() {
		img, err := samples.Scene(sample, w, h, seed)
		return func() { done(img, err) }
	})
}

// Load decodes an image file in the background; done gets it on the window's goroutine.
func (i *images) Load(path string, done func(image.Image, error)) {
	i.work.answer(func(context.Context) func() {
		img, err := data.DecodeFile(path)
		return func() { done(img, err) }
	})
}
