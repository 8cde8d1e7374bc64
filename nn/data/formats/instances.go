package formats

import (
	"context"
	"math"
	"slices"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// instancesReader reads images with the ids of their things as images beside them, as collections of cells have them.
func instancesReader() Reader {
	return Reader{"instances", []data.Task{data.Segmentation}, claimInstances, readInstances}
}

// instanceFolders are names of folders, in lower case, that hold the ids of instances.
var instanceFolders = []string{"instances"}

func claimInstances(t *source.Tree) Claim {
	return claimBeside(t, instanceFolders, false, byInstance, func(p folderPair) *fault.Fault {
		return fault.New("data.claim.instances", "The image folder %s has an instance folder beside it, %s.", p.images, p.masks)
	})
}

// readInstances finds the images of which only the ids of instances are known.
func readInstances(_ context.Context, t *source.Tree) (*source.Collection, error) {
	s := newShelf(t)
	pairs := s.pairs(instanceFolders, false)
	if len(pairs) == 0 {
		return nil, fault.New("data.instances.none", "%s has no folder \"instances\" beside a folder \"images\". Arrange it that way.", t.Name)
	}
	r := &maskReader{files: t.Files, classes: &idClasses{things: true}}
	c := &source.Collection{Task: data.Segmentation, Background: data.NoBackground, Labels: r}
	for _, p := range pairs {
		r.pair(c, s, p.images, "", p.masks, p.split)
	}
	return c, r.begin(c, t)
}

// instancesWriter writes images with the ids of their things as images beside them.
func instancesWriter() Writer {
	return Writer{"instances", []data.Task{data.Segmentation}, data.KindPolygons | data.KindMasks | data.KindInstances, writeInstances}
}

// writeInstances writes the folders images and instances, below one of the split where there are several, and classes.txt with the name of what the instances are.
func writeInstances(_ context.Context, s Set, to Folder) error {
	var things []string
	for class, name := range s.Classes() {
		if class != s.Background() {
			things = append(things, name)
		}
	}
	if !s.Has(data.KindInstances) || len(things) == 0 {
		return fault.New("export.instances.none", "No image of the data set has instances. Export it as masks of classes.")
	}
	name := things[0]
	if len(things) > 1 {
		name = "object"
		s.Note(fault.New("export.instances.classes", "This format has one class besides the background: the %v classes of the data set become one, %s.", len(things), name))
	}
	if err := readBack(s, s.Classes()); err != nil {
		return err
	}
	if err := to.Write("classes.txt", []byte(name+"\n")); err != nil {
		return err
	}
	apart := 0
	for img, err := range s.Images(usedSplits(s)...) {
		if err != nil {
			return err
		}
		in := inSplit(s, img.Split)
		if err := writePNG(to, in+imageFolders[0]+"/"+img.Name+".png", img.Pixels()); err != nil {
			return err
		}
		if img.Truth.Kinds()&(data.KindMasks|data.KindPolygons) == 0 {
			continue
		}
		if !allInstances(img.Truth) {
			apart++
		}
		if err := writeInstanceIDs(to, in, img); err != nil {
			return err
		}
	}
	if apart > 0 {
		s.Note(fault.New("export.instances.void", "%v images have areas that are void or have no instance id: they are background in the export.", apart))
	}
	return nil
}

// allInstances reports whether all areas of an image have an id.
func allInstances(t data.Truth) bool {
	for _, m := range t.Masks {
		if m.Void || m.Instance == 0 {
			return false
		}
	}
	for _, p := range t.Polygons {
		if p.Instance == 0 {
			return false
		}
	}
	return true
}

// writeInstanceIDs writes the ids of an image's instances. Those that do not fit into 16 bits get others.
func writeInstanceIDs(to Folder, in string, img Image) error {
	ids, err := img.Truth.InstanceMap(img.W, img.H, nil)
	if err != nil {
		return err
	}
	if slices.Max(ids) > math.MaxUint16 {
		if err := renumberIDs(ids, img.Name); err != nil {
			return err
		}
	}
	return writeIDs(to, in+instanceFolders[0]+"/"+img.Name+".png", ids, img.W)
}

// renumberIDs changes the ids of a map to those from 1 on, in the order of their first pixels.
func renumberIDs(ids []uint32, image string) error {
	to := map[uint32]uint32{0: 0}
	for i, id := range ids {
		n, ok := to[id]
		if !ok {
			n = uint32(len(to))
			to[id] = n
		}
		ids[i] = n
	}
	if len(to)-1 > math.MaxUint16 {
		return fault.New("export.instances.many", "%s has %v instances; an image of instance ids allows %v. Leave the image out.", image, len(to)-1, math.MaxUint16)
	}
	return nil
}
