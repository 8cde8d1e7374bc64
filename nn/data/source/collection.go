package source

import (
	"bytes"
	"image"
	"slices"

	"github.com/convscope/convscope/nn/data"
)

// A Collection is a source that was understood: its images in order, not yet read, and what is true of them.
type Collection struct {
	Name       string // of the source
	Format     string
	Why        *data.Note // what the format is known by; nil where it was named
	Task       data.Task
	Classes    []string
	Background int // as in Info
	Items      []Item
	Skipped    []data.Skipped
	Notes      []data.Note
	Labels     Labels // reads what is true of the items; nil: it is known
	KeepsSize  bool   // images of one size keep it, however large they are
	Numbered   bool   // the classes are called by their numbers: a list of names names them in its order
	Close      func() error
}

// An Item is an image of a collection.
type Item struct {
	File   string // path within the source, with slashes
	From   Origin
	Ref    int // what from knows it by
	Truth  data.Truth
	Labels Labeller // nil: truth is all
	Split  int8     // the source's own Split, or -1
	Fixed  bool     // no percentage moves it
}

// An Origin opens images; it is called from many goroutines.
type Origin interface {
	Open(ref int) (data.OpenedImage, error)
}

// A Keeper is an origin whose images are read from what closes with the collection: keep opens one that needs neither that nor the other images.
type Keeper interface {
	Keep(ref int) (data.OpenedImage, error)
}

// Forget drops what was read by labellers: they read it from the first image on.
func (c *Collection) Forget() {
	if c.Labels != nil {
		c.Labels.Restart()
	}
	for i := range c.Items {
		if c.Items[i].Labels != nil {
			c.Items[i].Truth = data.Truth{Class: -1}
		}
	}
}

// A Labeller reads what is true of images that lies in files of its own; it is called from many goroutines. Coordinates are in pixels of
// the image as it is once upright.
type Labeller interface {
	Truth(ref int, image data.OpenedImage) (data.Truth, error)
}

// A Labels is what a collection knows of its classes where the truth of its images is read with them, from files of their own: the classes may only
// show then.
type Labels interface {
	// restart forgets what was counted: the images are read from the first one on.
	Restart()
	// name takes the names of the classes from the text of a file.
	Name(c *Collection, text []byte, file string) error
	// join makes another collection's classes and its own the same ones.
	Join(c, more *Collection) error
	// finish tells the collection what only shows when all images have been read.
	Finish(c *Collection) error
}

// Renumber changes the numbers of the classes to those of their names in classes. Images of others are left out, and things of others in images.
func (c *Collection) Renumber(classes []string) {
	to := make([]int, len(c.Classes))
	for i, name := range c.Classes {
		to[i] = slices.Index(classes, name)
	}
	kept := c.Items[:0]
	for _, it := range c.Items {
		labelled := it.Truth.Class >= 0
		it.Truth = it.Truth.Renumbered(func(class int) int { return to[class] })
		if !labelled || it.Truth.Class >= 0 {
			kept = append(kept, it)
		}
	}
	if c.Background >= 0 {
		c.Background = to[c.Background]
	}
	c.Items, c.Classes = kept, classes
}

// A ImageFiles opens the image files of a tree.
type ImageFiles struct{ Files []File }

func (o *ImageFiles) Open(ref int) (data.OpenedImage, error) {
	f := o.Files[ref]
	b, err := f.Read(data.MaxFileBytes)
	if err != nil {
		return data.OpenedImage{}, err
	}
	return data.OpenImage(b, f.Path, data.MaxPixels)
}

// A RawImages holds decoded images of one size, H×W×C bytes each, C 1 or 3.
type RawImages struct {
	W, H, C int
	Pix     func() ([]byte, error) // all images; read when first asked for
}

func (o *RawImages) Open(ref int) (data.OpenedImage, error) {
	return data.OpenedImage{W: o.W, H: o.H, Grey: o.C == 1, Decode: func() (image.Image, error) {
		all, err := o.Pix()
		if err != nil {
			return nil, err
		}
		size := o.W * o.H * o.C
		return data.Pixels{W: o.W, H: o.H, C: o.C, Pix: all[ref*size : (ref+1)*size : (ref+1)*size]}.Image(), nil
	}}, nil
}

// Keep opens an image that needs neither the file nor the other images any more.
func (o *RawImages) Keep(ref int) (data.OpenedImage, error) {
	all, err := o.Pix()
	if err != nil {
		return data.OpenedImage{}, err
	}
	size := o.W * o.H * o.C
	pix := bytes.Clone(all[ref*size : (ref+1)*size])
	own := &RawImages{W: o.W, H: o.H, C: o.C, Pix: func() ([]byte, error) { return pix, nil }}
	return own.Open(0)
}

// Spread returns up to n indices below total, evenly spread.
func Spread(total, n int) []int {
	n = min(n, total)
	out := make([]int, n)
	for i := range out {
		out[i] = int(int64(i) * int64(total) / int64(n))
	}
	return out
}
