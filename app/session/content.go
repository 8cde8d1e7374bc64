package session

import (
	"context"
	"image"
	"slices"

	"github.com/convscope/convscope/nn/data"
)

// A Content is what the pixels of a data set's images show. It is never changed.
type Content struct {
	Images [3][]int // images with at least one pixel of a class, by split and class
	Pixels []int64  // of each class, in all images

	Labelled int // images that have masks

	of map[uint32][]int // classes of each image, in rising order
}

// Has reports whether an image has a pixel of a class.
func (c *Content) Has(id uint32, class int) bool {
	_, ok := slices.BinarySearch(c.of[id], class)
	return ok
}

// add counts an image with so many pixels of each class.
func (c *Content) add(e data.Entry, pixels []int64) {
	c.Labelled++
	var classes []int
	for class, n := range pixels {
		if n > 0 {
			classes = append(classes, class)
			c.Images[e.Split][class]++
			c.Pixels[class] += n
		}
	}
	c.of[e.ID] = classes
}

// Content counts the pixels of all images of a data set; done gets what was counted. Images whose masks cannot be drawn count nothing. A newer call takes its place.
func (s *Session) Content(dataset string, done func(*Content, error)) {
	s.content.do(func(ctx context.Context, _ func(func())) func() {
		c, err := s.countContent(ctx, dataset)
		return func() { done(c, err) }
	})
}

func (s *Session) countContent(ctx context.Context, dataset string) (*Content, error) {
	d, err := s.Data(dataset)
	if err != nil {
		return nil, err
	}
	info := d.Info()
	c := &Content{Pixels: make([]int64, len(info.Classes)), of: map[uint32][]int{}}
	for i := range c.Images {
		c.Images[i] = make([]int, len(info.Classes))
	}
	var classes []uint16
	pixels := make([]int64, len(info.Classes))
	for _, e := range d.Index() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !info.Task.Usable(e) {
			continue
		}
		r, err := d.Record(e.ID)
		if err != nil {
			continue
		}
		drawn, err := r.Truth.ClassMap(r.StoredW, r.StoredH, info.Background, classes)
		if err != nil {
			continue
		}
		classes = drawn
		clear(pixels)
		for _, class := range classes {
			if int(class) < len(pixels) { // not void
				pixels[class]++
			}
		}
		c.add(e, pixels)
	}
	return c, nil
}

// An Annotated is an image of a data set with the class of each of its pixels.
type Annotated struct {
	Image   image.Image
	Record  data.Record
	Classes []uint16 // in row order, data.Void where a pixel has none; nil where the image has no masks
}

// Annotated reads an image of a data set with its masks; done gets it.
func (s *Session) Annotated(dataset string, id uint32, done func(Annotated, error)) {
	s.Do(func(context.Context) func() {
		a, err := s.annotated(dataset, id)
		return func() { done(a, err) }
	})
}

func (s *Session) annotated(dataset string, id uint32) (a Annotated, err error) {
	a.Image, a.Record, err = s.image(dataset, func(*data.Dataset) (uint32, error) { return id, nil })
	if t := a.Record.Truth; err != nil || t.Masks == nil && t.Polygons == nil {
		return a, err
	}
	d, err := s.Data(dataset)
	if err != nil {
		return a, err
	}
	a.Classes, err = a.Record.Truth.ClassMap(a.Record.StoredW, a.Record.StoredH, d.Info().Background, nil)
	return a, err
}
