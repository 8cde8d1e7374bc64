package data

import (
	"bytes"
	"context"
	"image"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/fault"
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
	masks      *maskReader // reads what is true of the items; nil: it is known
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
	if c.masks != nil {
		c.masks.restart()
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

// A format of sources. A new one is a file and a row of formats.
type format struct {
	name string
	// claims says whether a tree looks like this format. alone names the one file that was meant, "" for all.
	claims func(t *tree, alone string) bool
	read   func(ctx context.Context, t *tree, alone string) (*collection, error)
}

// formats lists the formats; the first that claims a source has it.
func formats() []format {
	return []format{
		{"idx", claimsIDX, readIDX},
		{"masks", claimsMasks, readMasks},
		{"instances", claimsInstances, readInstances},
		{"folders", claimsFolders, readFolders},
	}
}

// Formats lists the names of the formats that Import reads.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// openSource understands a source: a folder, an archive or a file of the format named, or of any when it is "" or "auto".
func openSource(ctx context.Context, source, named string) (*collection, error) {
	if named != "" && named != "auto" && !slices.Contains(Formats(), named) {
		return nil, fault.New("data.format", "There is no format %q; there are %s. Choose one of them.", named, strings.Join(Formats(), ", "))
	}
	t, alone, err := openTree(ctx, source)
	if err != nil {
		return nil, err
	}
	for _, f := range formats() {
		if named != f.name && (named != "" && named != "auto" || !f.claims(t, alone)) {
			continue
		}
		c, err := f.read(ctx, t, alone)
		if err != nil {
			t.close()
			return nil, err
		}
		c.name, c.format, c.close = source, f.name, t.close
		c.skipped = append(t.left, c.skipped...)
		return c, nil
	}
	t.close()
	if alone != "" {
		return nil, fault.New("data.source.file", "%s is a single file and neither an archive nor an IDX file. Name the folder of images instead.", source)
	}
	return nil, fault.New("data.empty", "%s has no images. Choose a folder with a sub-folder of images for each class.", source)
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
