package session

import (
	"context"
	"image"

	"github.com/convscope/convscope/nn/data"
)

// Content counts the pixels of all images of a data set; done gets what was counted. A newer call takes its place.
func (s *Session) Content(dataset string, done func(*data.Content, error)) {
	s.content.do(func(ctx context.Context, _ func(func())) func() {
		var c *data.Content
		d, err := s.Data(dataset)
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
