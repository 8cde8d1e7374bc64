package data

import (
	"context"
	"slices"
)

// A Content counts which classes the pixels of a data set's images have. It is never changed.
type Content struct {
	Images [Splits][]int // images with at least one pixel of a class, by split and class
	Pixels []int64       // of each class, in all images

	Labelled int // images that have masks

	of map[uint32][]int // classes of each image, in rising order
}

// Has reports whether an image has a pixel of a class.
func (c *Content) Has(id uint32, class int) bool {
	_, ok := slices.BinarySearch(c.of[id], class)
	return ok
}

// add counts an image with so many pixels of each class.
func (c *Content) add(e Entry, pixels []int64) {
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

// Content counts the pixels of each class in all images that are labelled as the task needs it; each of them is read. Images whose masks
// cannot be drawn count nothing.
func (d *Dataset) Content(ctx context.Context) (*Content, error) {
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
		clear(pixels)
		drawn, err := r.CountPixels(info.Background, pixels, classes)
		if err != nil {
			continue
		}
		classes = drawn
		c.add(e, pixels)
	}
	return c, nil
}

// CountPixels adds to counts how many pixels of the stored image have each class; void ones count nowhere. It returns the class map, in room if that is large enough.
func (r Record) CountPixels(background int, counts []int64, room []uint16) ([]uint16, error) {
	classes, err := r.Truth.ClassMap(r.StoredW, r.StoredH, background, room)
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		if int(class) < len(counts) { // not void
			counts[class]++
		}
	}
	return classes, nil
}
