package formats

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A Writer writes data sets in one format, for other programs.
type Writer struct {
	Name  string
	Tasks []data.Task // that a data set may be for
	Says  data.Kinds  // the kinds of truth that the format can say
	Write func(ctx context.Context, s Set, to Folder) error
}

// Writers lists the formats that are written, in the order in which people are told of them.
func Writers() []Writer {
	return []Writer{foldersWriter(), masksWriter(), instancesWriter(), idxWriter()}
}

// WriterNames lists the names of the formats that are written.
func WriterNames() []string {
	var names []string
	for _, w := range Writers() {
		names = append(names, w.Name)
	}
	return names
}

// FindWriter returns the Writer of a format, or a fault where there is none or where the format is not for the task of a data set.
func FindWriter(name string, set string, task data.Task) (Writer, error) {
	i := slices.IndexFunc(Writers(), func(w Writer) bool { return w.Name == name })
	if i < 0 {
		return Writer{}, fault.New("export.format", "There is no format %q to export to; there are %s. Choose one of them.", name, strings.Join(WriterNames(), ", "))
	}
	w := Writers()[i]
	if !slices.Contains(w.Tasks, task) {
		var others []string
		for _, o := range Writers() {
			if slices.Contains(o.Tasks, task) {
				others = append(others, o.Name)
			}
		}
		if len(others) == 0 {
			return Writer{}, fault.New("export.task.none", "%s is a data set for %s, for which there is no export format yet.", set, string(task))
		}
		return Writer{}, fault.New("export.task", "%s is a data set for %s, which the format %s does not support. Choose one of %s.", set, string(task), name, strings.Join(others, ", "))
	}
	return w, nil
}

// A Set is a data set as a Writer sees it: without classes that were removed, and with truth and sizes of images as they were in their files, upright.
type Set interface {
	// Classes returns the names of the classes, by the numbers that truth has here.
	Classes() []string
	// Background returns the class of the pixels without a mask, or data.NoBackground.
	Background() int
	// Has reports whether any image has one of these kinds of truth.
	Has(kinds data.Kinds) bool
	// Count returns how many images a split has.
	Count(s data.Split) int
	// Images brings the images of splits, in the order of their IDs. It ends with the first error.
	Images(splits ...data.Split) iter.Seq2[Image, error]
	// Note tells of something that the format cannot say as the data set has it.
	Note(f *fault.Fault)
}

// An Image is an image of a Set.
type Image struct {
	Name   string // no other image of the set has it, in upper or lower case either; without an ending
	Split  data.Split
	W, H   int // in its file, in pixels, upright
	Truth  data.Truth
	Stored data.Pixels // as the data set keeps it

	Placement data.Placement // of the image as it was in the one that the data set keeps
}

// Pixels returns the image at the size that it had in its file, to which its truth belongs.
func (i Image) Pixels() data.Pixels { return i.Placement.Restore(i.Stored) }

// A Folder is where a Writer writes to. Paths have slashes.
type Folder interface {
	// Write writes a small file; it may be written later, and what goes wrong told by a later call.
	Write(path string, b []byte) error
	// Stream writes a file of any size.
	Stream(path string, write func(io.Writer) error) error
}

// writePNG writes pixels as a PNG.
func writePNG(to Folder, path string, p data.Pixels) error {
	var b bytes.Buffer
	if err := data.WritePNG(&b, p); err != nil {
		return err
	}
	return to.Write(path, b.Bytes())
}

// writeIDs writes a map of w numbers a row as a grey PNG, of 16 bits where 8 are too few.
func writeIDs(to Folder, path string, ids []uint32, w int) error {
	bounds := image.Rect(0, 0, w, len(ids)/w)
	var img image.Image
	if slices.Max(ids) < 256 {
		grey := image.NewGray(bounds)
		for i, id := range ids {
			grey.Pix[i] = byte(id)
		}
		img = grey
	} else {
		grey := image.NewGray16(bounds)
		for i, id := range ids {
			grey.Pix[2*i], grey.Pix[2*i+1] = byte(id>>8), byte(id)
		}
		img = grey
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	return to.Write(path, b.Bytes())
}

// inSplit returns the folder of a split, with a slash: none where all images are in one.
func inSplit(s Set, split data.Split) string {
	if len(usedSplits(s)) < 2 {
		return ""
	}
	return split.String() + "/"
}

// usedSplits lists the splits that have images.
func usedSplits(s Set) []data.Split {
	var used []data.Split
	for _, split := range []data.Split{data.Train, data.Val, data.Test} {
		if s.Count(split) > 0 {
			used = append(used, split)
		}
	}
	return used
}

// readBack notes which names of classes are others when they are read from a text or a folder, and returns a fault where two would be the same.
func readBack(s Set, names []string) error {
	seen := map[string]string{}
	var other []string
	for i, name := range s.Classes() {
		label := source.Label(names[i])
		if first, ok := seen[label]; ok {
			return fault.New("export.classes.same", "The classes %s and %s would have the same name in the export. Rename one of them.", first, name)
		}
		seen[label] = name
		if label != name {
			other = append(other, name)
		}
	}
	if len(other) > 0 {
		s.Note(fault.New("export.classes.renamed", "%v classes have a name that this format cannot store unchanged; the first is %s.", len(other), other[0]))
	}
	return nil
}
