package data

import (
	"bytes"
	"image"
	"slices"
)

// A collection is a source that was understood: its images in order, not yet read, and what is true of them.
type collection struct {
	name       string // of the source
	format     string
	task       Task
	classes    []string
	background int // as in Info
	items      []item
	skipped    []Skipped
	notes      []Note
	labels     labels // reads what is true of the items; nil: it is known
	keepsSize  bool   // images of one size keep it, however large they are
	numbered   bool   // the classes are called by their numbers: a list of names names them in its order
	close      func() error
}

// An item is an image of a collection.
type item struct {
	file   string // path within the source, with slashes
	from   origin
	ref    int // what from knows it by
	truth  Truth
	labels labeller // nil: truth is all
	split  int8     // the source's own Split, or -1
	fixed  bool     // no percentage moves it
}

// An origin opens images; it is called from many goroutines.
type origin interface {
	open(ref int) (opened, error)
}

// forget drops what was read by labellers: they read it from the first image on.
func (c *collection) forget() {
	if c.labels != nil {
		c.labels.restart()
	}
	for i := range c.items {
		if c.items[i].labels != nil {
			c.items[i].truth = Truth{Class: -1}
		}
	}
}

// A labeller reads what is true of images that lies in files of its own; it is called from many goroutines. Coordinates are in pixels of
// the image as it is once upright.
type labeller interface {
	truth(ref int, image opened) (Truth, error)
}

// A labels is what a collection knows of its classes where the truth of its images is read with them, from files of their own: the classes may only
// show then.
type labels interface {
	// restart forgets what was counted: the images are read from the first one on.
	restart()
	// name takes the names of the classes from the text of a file.
	name(c *collection, text []byte, file string) error
	// join makes another collection's classes and its own the same ones.
	join(c, more *collection) error
	// finish tells the collection what only shows when all images have been read.
	finish(c *collection) error
}

// renumber gives the classes new numbers: those of their names in classes. Images of others are left out, and things of others in images.
func (c *collection) renumber(classes []string) {
	to := make([]int, len(c.classes))
	for i, name := range c.classes {
		to[i] = slices.Index(classes, name)
	}
	kept := c.items[:0]
	for _, it := range c.items {
		labelled := it.truth.Class >= 0
		it.truth = it.truth.renumbered(func(class int) int { return to[class] })
		if !labelled || it.truth.Class >= 0 {
			kept = append(kept, it)
		}
	}
	if c.background >= 0 {
		c.background = to[c.background]
	}
	c.items, c.classes = kept, classes
}

// A treeOrigin opens the image files of a tree.
type treeOrigin struct{ files []treeFile }

func (o *treeOrigin) open(ref int) (opened, error) {
	f := o.files[ref]
	b, err := f.read(maxFileBytes)
	if err != nil {
		return opened{}, err
	}
	return openImage(b, f.path, MaxPixels)
}

// A rawOrigin holds decoded images of one size, H×W×C bytes each, C 1 or 3.
type rawOrigin struct {
	w, h, c int
	pix     func() ([]byte, error) // all images; read when first asked for
}

func (o *rawOrigin) open(ref int) (opened, error) {
	return opened{w: o.w, h: o.h, grey: o.c == 1, decode: func() (image.Image, error) {
		all, err := o.pix()
		if err != nil {
			return nil, err
		}
		size := o.w * o.h * o.c
		return Pixels{W: o.w, H: o.h, C: o.c, Pix: all[ref*size : (ref+1)*size : (ref+1)*size]}.Image(), nil
	}}, nil
}

// alone opens an image that needs neither the file nor the other images any more.
func (o *rawOrigin) alone(ref int) (opened, error) {
	all, err := o.pix()
	if err != nil {
		return opened{}, err
	}
	size := o.w * o.h * o.c
	pix := bytes.Clone(all[ref*size : (ref+1)*size])
	own := &rawOrigin{w: o.w, h: o.h, c: o.c, pix: func() ([]byte, error) { return pix, nil }}
	return own.open(0)
}
