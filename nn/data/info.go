package data

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Format is the version of data sets that this program writes, and the newest one that it reads. Version 1 had no kinds of truth in its index, and the
// classes in dataset.json alone.
const Format = 2

// Files of a data set's folder.
const (
	InfoFile = "dataset.json" // an Info
	DataFile = "data.db"      // the database
)

// kind tells a dataset.json of ours from others' files of that name.
const kind = "convscope-dataset"

// maxInfoBytes bounds dataset.json: it lists the classes and the files that were left out.
const maxInfoBytes = 256 << 20

// A Split is a part of a data set: images are trained on, watched while training, or kept for the last test.
type Split uint8

// The splits.
const (
	Train Split = iota
	Val
	Test
	Splits = 3
)

// String returns "train", "val" or "test".
func (s Split) String() string {
	switch s {
	case Train:
		return "train"
	case Val:
		return "val"
	case Test:
		return "test"
	}
	return "unknown"
}

// Info says what a data set holds: its dataset.json.
type Info struct {
	Kind       string        `json:"kind"`   // always "convscope-dataset"
	Format     int           `json:"format"` // version of the folder's layout
	Name       string        `json:"name"`
	Task       Task          `json:"task"`
	Classes    []string      `json:"classes"`           // names by number; the database has them too, and is right where they differ
	Removed    []int         `json:"removed,omitempty"` // classes that were removed, in rising order: they keep their number
	Background int           `json:"background"`        // class of the pixels without a mask; NoBackground, as where it is absent: they are void
	Width      int           `json:"width"`             // of every image, in pixels; 0 where sizes differ
	Height     int           `json:"height"`
	Largest    [2]int        `json:"largest,omitzero"` // where sizes differ: the largest width and the largest height
	Channels   int           `json:"channels"`         // 1 grey, 3 RGB
	Resize     Resize        `json:"resize"`
	Encoding   string        `json:"encoding"` // of the images in the database: "png", "jpeg" or "raw"
	Seed       uint64        `json:"seed"`
	Source     string        `json:"source"`          // what it was imported from
	Counts     [Splits]int   `json:"counts"`          // images by Split
	PerClass   [Splits][]int `json:"per_class"`       // images by Split and leading class; those without are in Counts alone
	Notes      []Note        `json:"notes,omitempty"` // what was made of the source otherwise than it says
	Skipped    []Skipped     `json:"skipped"`         // files that were left out
	Bytes      int64         `json:"bytes"`           // size of the database
	Created    time.Time     `json:"created"`
}

// NoBackground is the Info.Background of a data set whose pixels without a mask are void.
const NoBackground = -1

// BackgroundName is the name by which sources call the class of the background.
const BackgroundName = "background"

// Images returns the number of images in all splits.
func (i Info) Images() int { return i.Counts[Train] + i.Counts[Val] + i.Counts[Test] }

// A Skipped is a file of the source that was left out of a data set.
type Skipped struct {
	File   string `json:"file"`
	Reason string `json:"reason"`         // why, in English
	Code   string `json:"code,omitempty"` // of the fault, for its translation, with Args
	Args   []any  `json:"args,omitempty"`
}

// NewSkipped makes a Skipped of the error that a file met.
func NewSkipped(file string, err error) Skipped {
	s := Skipped{File: file, Reason: err.Error()}
	var f *fault.Fault
	if errors.As(err, &f) {
		s.Code, s.Args = f.Code, f.Args
	}
	return s
}

// A Note is something to be known about an import: what was made of the source otherwise than it says.
type Note struct {
	Text string `json:"text"` // in English
	Code string `json:"code"` // for its translation, with Args, as a fault's
	Args []any  `json:"args,omitempty"`
}

func NewNote(f *fault.Fault) Note { return Note{f.Sentence(), f.Code, f.Args} }

// readInfo reads the dataset.json of a folder.
func readInfo(folder string) (Info, error) {
	path := filepath.Join(folder, InfoFile)
	info := Info{Background: NoBackground}
	b, err := disk.ReadFile(path, maxInfoBytes)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(folder); statErr != nil {
			return info, fault.New("data.missing", "There is no data set %s. It may have been moved or deleted; import it again.", folder).Because(err)
		}
		return info, fault.New("data.foreign", "%s is not a Convscope data set: it has no dataset.json. Import it first.", folder).Because(err)
	}
	if err != nil {
		return info, disk.ReadFault(err, path)
	}
	var head struct {
		Kind   string `json:"kind"`
		Format int    `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return info, fault.New("data.info.damaged", "%s cannot be read: it is damaged or cut off. Import the data set again.", path).Because(err)
	}
	if head.Kind != kind || head.Format < 1 {
		return info, fault.New("data.info.foreign", "%s was not written by Convscope. Import the data set first.", path)
	}
	if head.Format > Format {
		return info, fault.New("data.newer", "%s has format %v, made by a newer version of Convscope; this one reads up to format %v. Update Convscope.", path, head.Format, Format)
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return info, fault.New("data.info.damaged", "%s cannot be read: it is damaged or cut off. Import the data set again.", path).Because(err)
	}
	if !info.Task.Known() {
		return info, fault.New("data.task.newer", "%s is for the task %q, which this version of Convscope does not know. Update Convscope.", path, string(info.Task))
	}
	if err := info.check(); err != nil {
		return info, fault.New("data.info.wrong", "%s has invalid values. Import the data set again.", path).Because(err)
	}
	return info, nil
}

// Bounds of what a data set may be.
const (
	MaxSide    = 8192    // pixels of an image's side in a data set
	maxClasses = 1 << 20 // classes
	MaxImages  = 1 << 28 // images
)

// DefaultSide is the side in pixels that images are brought to when they are not alike or large: DIGITS' size.
const DefaultSide = 256

// sideOf reports whether an image in a data set may have a side of so many pixels.
func sideOf(n int) bool { return n >= 1 && n <= MaxSide }

// SameSize reports whether all images have one size.
func (i Info) SameSize() bool { return i.Width > 0 }

// InputSize returns the size in pixels that a network for the data set takes where nothing else is asked: that of the images, or where theirs differ the one that DIGITS
// brings images to.
func (i Info) InputSize() (w, h int) {
	if i.SameSize() {
		return i.Width, i.Height
	}
	return DefaultSide, DefaultSide
}

// check returns what is invalid in the description.
func (i Info) check() error {
	switch {
	case i.Width == 0 && i.Height == 0 && !(sideOf(i.Largest[0]) && sideOf(i.Largest[1])), (i.Width != 0 || i.Height != 0) && !(sideOf(i.Width) && sideOf(i.Height)):
		return errors.New("size of the images")
	case i.Channels != 1 && i.Channels != 3:
		return errors.New("channels of the images")
	case len(i.Classes) > maxClasses:
		return errors.New("number of classes")
	case i.Background < NoBackground || i.Background >= len(i.Classes):
		return errors.New("class of the background")
	}
	last := -1
	for _, class := range i.Removed {
		if class <= last || class >= len(i.Classes) {
			return errors.New("classes that were removed")
		}
		last = class
	}
	return nil
}

// count sets the counts from the index.
func (i *Info) count(index []Entry) {
	i.Counts = [Splits]int{}
	for s := range i.PerClass {
		i.PerClass[s] = make([]int, len(i.Classes))
	}
	for _, e := range index {
		i.add(e, 1)
	}
}

// add counts an image n times, or with a negative n takes it away.
func (i *Info) add(e Entry, n int) {
	i.Counts[e.Split] += n
	if e.Class >= 0 {
		i.PerClass[e.Split][e.Class] += n
	}
}
