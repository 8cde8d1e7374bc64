package exports

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// A set is a data set for a format to write: see formats.Set.
type set struct {
	ctx        context.Context
	dataset    *data.Dataset
	info       data.Info
	classes    []string
	number     []int // of each class of the data set in classes; -1: it was removed
	background int
	names      map[string]bool   // of images, in lower case
	named      map[uint32]string // by ID
	notes      []data.Note
	observe    func(Progress)
	done       map[uint32]bool
	placed     int // images that are not kept as they were in their files
}

func newSet(ctx context.Context, d *data.Dataset, observe func(Progress)) *set {
	s := &set{
		ctx: ctx, dataset: d, info: d.Info(), background: data.NoBackground, observe: observe,
		names: map[string]bool{}, named: map[uint32]string{}, done: map[uint32]bool{},
	}
	for class, name := range s.info.Classes {
		if slices.Contains(s.info.Removed, class) {
			s.number = append(s.number, -1)
			continue
		}
		if class == s.info.Background {
			s.background = len(s.classes)
		}
		s.number = append(s.number, len(s.classes))
		s.classes = append(s.classes, name)
	}
	return s
}

// Classes returns the names of the classes that were not removed.
func (s *set) Classes() []string { return s.classes }

// Background returns the class of the background among Classes.
func (s *set) Background() int { return s.background }

// Count returns how many images a split has.
func (s *set) Count(split data.Split) int { return s.info.Counts[split] }

// Note adds to what is told of the export.
func (s *set) Note(f *fault.Fault) { s.notes = append(s.notes, data.NewNote(f)) }

// Has reports whether any image has one of these kinds of truth.
func (s *set) Has(kinds data.Kinds) bool { return s.with(kinds) > 0 }

// with returns how many images have one of these kinds of truth.
func (s *set) with(kinds data.Kinds) int {
	n := 0
	for _, e := range s.dataset.Index() {
		if e.Kinds&kinds != 0 {
			n++
		}
	}
	return n
}

// tellLeft notes the kinds of truth that a format does not have.
func (s *set) tellLeft(w formats.Writer) {
	for _, k := range []struct {
		kind data.Kinds
		say  func(images int) *fault.Fault
	}{
		{data.KindClass, func(n int) *fault.Fault {
			return fault.New("export.left.class", "%v images have a class of their own, which this format cannot store: it is left out.", n)
		}},
		{data.KindBoxes, func(n int) *fault.Fault {
			return fault.New("export.left.boxes", "%v images have boxes, which this format cannot store: they are left out.", n)
		}},
		{data.KindPolygons, func(n int) *fault.Fault {
			return fault.New("export.left.polygons", "%v images have polygons, which this format cannot store: they are left out.", n)
		}},
		{data.KindMasks, func(n int) *fault.Fault {
			return fault.New("export.left.masks", "%v images have masks, which this format cannot store: they are left out.", n)
		}},
	} {
		if n := s.with(k.kind); n > 0 && w.Says&k.kind == 0 {
			s.Note(k.say(n))
		}
	}
}

// tellPlaced notes images that a format with coordinates needs at another size than the data set keeps them.
func (s *set) tellPlaced(w formats.Writer) {
	if s.placed > 0 && w.Says&^data.KindClass != 0 {
		s.Note(fault.New("export.scaled", "%v images are stored at a different size from their files. They are scaled back to match their labels, but details are lost.", s.placed))
	}
}

// Images brings the images of splits.
func (s *set) Images(splits ...data.Split) iter.Seq2[formats.Image, error] {
	return func(yield func(formats.Image, error) bool) {
		for _, e := range s.dataset.Index() {
			if !slices.Contains(splits, e.Split) {
				continue
			}
			err := s.ctx.Err()
			var img formats.Image
			if err == nil {
				img, err = s.image(e)
			}
			if !yield(img, err) || err != nil {
				return
			}
			if !s.done[e.ID] && !img.Placement.IsIdentity() {
				s.placed++
			}
			s.done[e.ID] = true
			s.observe(Progress{len(s.done), s.dataset.Len()})
		}
	}
}

// image reads an image and what is true of it in the coordinates of its file.
func (s *set) image(e data.Entry) (formats.Image, error) {
	r, err := s.dataset.Record(e.ID)
	if err != nil {
		return formats.Image{}, err
	}
	if r.W < 1 || r.H < 1 || int64(r.W)*int64(r.H) > data.MaxPixels {
		return formats.Image{}, fault.New("export.size", "The data set %s lists %s with %v×%v pixels, which is not a valid size. Import it again.", s.dataset.Path(), r.File, r.W, r.H)
	}
	px, err := s.dataset.Pixels(e.ID)
	if err != nil {
		return formats.Image{}, err
	}
	at := s.info.Placement(r)
	truth, err := at.Inverse().Truth(r.Truth)
	if err != nil {
		return formats.Image{}, err
	}
	truth = truth.Renumbered(func(class int) int { return s.number[class] })
	return formats.Image{Name: s.name(r), Split: e.Split, W: r.W, H: r.H, Truth: truth, Stored: px, Placement: at}, nil
}

// name returns the name of an image in the export: that of its file, with its ID where another image has that name.
func (s *set) name(r data.Record) string {
	if name, ok := s.named[r.ID]; ok {
		return name
	}
	base := path.Base(r.File)
	name, err := disk.SafeName(strings.TrimSuffix(base, path.Ext(base)))
	if err != nil {
		name = "image"
	}
	for free := name; ; free = fmt.Sprintf("%s-%d", free, r.ID) {
		if key := strings.ToLower(free); !s.names[key] {
			s.names[key], s.named[r.ID] = true, free
			return free
		}
	}
}
