package formats

import (
	"cmp"
	"slices"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A maskReader reads the masks of a collection. Once it has begun, it is used by many goroutines.
type maskReader struct {
	files   []source.File
	classes *idClasses
}

// A maskFiles is the files with what is true of an image: classes of pixels and ids of instances; -1: there is none.
type maskFiles struct{ mask, instances int }

// A labelFiles reads the masks of one image.
type labelFiles struct {
	reader *maskReader
	files  maskFiles
}

// begin finds the names of the classes. Where there are none, some masks show how many classes there are.
func (r *maskReader) begin(c *source.Collection, t *source.Tree) error {
	if err := r.classes.setUp(t); err != nil {
		return err
	}
	if r.classes.names == nil {
		for _, i := range source.Spread(len(c.Items), masksLooked) {
			if l, ok := c.Items[i].Labels.(*labelFiles); ok {
				if o, err := c.Items[i].From.Open(c.Items[i].Ref); err == nil {
					_, _ = l.Truth(0, o) // the import tells what is wrong with it
				}
			}
		}
	}
	r.Restart()
	r.update(c)
	return nil
}

// Restart forgets what was counted: the masks are read from the first one on.
func (r *maskReader) Restart() {
	r.classes.void.Store(0)
	r.classes.turned.Store(0)
}

// Name takes the names of the classes, or their colours, from the text of a file.
func (r *maskReader) Name(c *source.Collection, b []byte, file string) error {
	err := r.classes.read(b, file)
	r.update(c)
	return err
}

// Join makes the masks of another collection ones of the same classes. Where only one of them has names, they are those of both.
func (r *maskReader) Join(c, more *source.Collection) error {
	theirs, ok := more.Labels.(*maskReader)
	if !ok {
		return fault.New("data.masks.join", "The masks of %s and %s do not have the same list of classes. Give both the same one.", c.Name, more.Name)
	}
	mine, other := r.classes, theirs.classes
	switch {
	case mine.names == nil && other.names != nil:
		r.classes, mine, other = other, other, mine
	case other.names != nil && !slices.Equal(mine.names, other.names):
		return fault.New("data.masks.join", "The masks of %s and %s do not have the same list of classes. Give both the same one.", c.Name, more.Name)
	}
	mine.bare += other.bare
	mine.firstBare = cmp.Or(mine.firstBare, other.firstBare)
	r.classes, theirs.classes = mine, mine
	r.update(c)
	theirs.update(more)
	return nil
}

// update tells a collection the classes as they are known, and what is to be told of them.
func (r *maskReader) update(c *source.Collection) {
	c.Classes, c.Background, c.Notes = r.classes.list(), r.classes.background, r.classes.notes()
}

// Finish tells a collection what only shows when all masks have been read.
func (r *maskReader) Finish(c *source.Collection) error {
	r.update(c)
	return r.classes.check(c.Name)
}

// Truth reads the masks of an image.
func (l *labelFiles) Truth(_ int, o data.OpenedImage) (data.Truth, error) {
	r := l.reader
	classes, instances := plane{}, plane{}
	var err error
	if l.files.mask >= 0 {
		if classes, err = r.plane(l.files.mask, o, r.classes); err != nil {
			return data.Truth{}, err
		}
	}
	if l.files.instances >= 0 {
		if instances, err = r.plane(l.files.instances, o, &idClasses{}); err != nil {
			return data.Truth{}, err
		}
		if instances.colours {
			return data.Truth{}, fault.New("data.instances.colours", "%s is a colour image, but instance ids are numbers. Save it as 8-bit or 16-bit greyscale.", instances.file)
		}
	}
	values, err := r.values(classes, instances, o.W*o.H)
	if err != nil {
		return data.Truth{}, err
	}
	return r.truthOf(values, o.W, cmp.Or(classes.file, instances.file), l.files.instances >= 0)
}

// values returns for each pixel its class+1 in the upper 16 bits and its instance in the lower ones, or 0 where it is void. Either plane may be missing.
func (r *maskReader) values(classes, instances plane, pixels int) ([]uint32, error) {
	values := classes.ids
	if values == nil { // what is an instance is of the second class, all else of the first
		values = make([]uint32, pixels)
		for i, id := range instances.ids {
			values[i] = 1 << 16
			if id > 0 {
				values[i] = 2<<16 | id
			}
		}
		return values, nil
	}
	known := map[uint32]uint32{}
	void := false
	last, value := values[0], uint32(0)
	for i, id := range values {
		if i == 0 || id != last {
			v, ok := known[id]
			if !ok {
				class, err := r.classes.of(id, classes)
				if err != nil {
					return nil, err
				}
				void = void || class < 0 && !classes.colours && id == voidID && int(id) >= len(r.classes.class)
				v = uint32(class+1) << 16
				known[id] = v
			}
			last, value = id, v
		}
		values[i] = value
		if instances.ids != nil && value != 0 {
			values[i] |= instances.ids[i]
		}
	}
	if void {
		r.classes.void.Add(1)
	}
	return values, nil
}

// truthOf makes masks, and boxes of instances, of the values of pixels.
func (r *maskReader) truthOf(values []uint32, w int, file string, instances bool) (data.Truth, error) {
	t := data.Truth{Class: -1, Masks: []data.Mask{}}
	if instances {
		t.Boxes = []data.Box{}
	}
	runs := 0
	for _, g := range data.Regions(values, w) {
		class, instance := int(g.Value>>16)-1, int(g.Value&0xffff)
		if runs += g.Lengths(); runs > maxMaskRuns {
			return data.Truth{}, fault.New("data.masks.noise", "%s has areas of more than %v runs of pixels: it is not a mask but a picture or noise. Replace it or leave it out.", file, maxMaskRuns)
		}
		if class == r.classes.background {
			continue // as all that has no mask
		}
		t.Masks = append(t.Masks, g.Mask(class, instance, len(values)))
		if instance > 0 {
			t.Boxes = append(t.Boxes, g.Box(class))
		}
	}
	var void data.RunEncoder
	for i, v := range values {
		if v == 0 {
			void.Add(i, i+1)
		}
	}
	if !void.Empty() {
		t.Masks = append(t.Masks, data.Mask{Class: -1, Void: true, Runs: void.Finish(len(values))})
	}
	return t, nil
}

// maxMaskRuns bounds the runs of all masks of an image.
const maxMaskRuns = 1 << 22

// masksLooked is how many masks show how many classes there are, before all are read.
const masksLooked = 8
