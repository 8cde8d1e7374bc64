package formats

import (
	"context"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// masksReader reads images with the classes of their pixels as images beside them, as CamVid and Pascal VOC's segmentation have them.
func masksReader() Reader {
	return Reader{"masks", []data.Task{data.Segmentation}, claimMasks, readMasks}
}

// maskFolders are names of folders, in lower case, that hold the classes of the pixels of images. Where several lie beside the images, the first is taken.
var maskFolders = []string{"labels", "label", "masks", "mask", "annot", "annotations", "annotation", "gt"}

func claimMasks(t *source.Tree) Claim {
	return claimBeside(t, maskFolders, true, byFolders, func(p folderPair) *fault.Fault {
		return fault.New("data.claim.masks", "The image folder %s has a mask folder beside it, %s.", p.images, p.masks)
	})
}

// readMasks finds the images that have masks of the classes of their pixels in a folder beside theirs, by their names. Ids of instances may lie in a third folder.
func readMasks(_ context.Context, t *source.Tree) (*source.Collection, error) {
	s := newShelf(t)
	pairs := s.pairs(maskFolders, true)
	if len(pairs) == 0 {
		return nil, data.Segmentation.Unlabelled(t.Name)
	}
	instances := map[string]string{}
	for _, p := range s.pairs(instanceFolders, false) {
		instances[p.images] = p.masks
	}
	r := &maskReader{files: t.Files, classes: &idClasses{background: data.NoBackground}}
	c := &source.Collection{Task: data.Segmentation, Background: data.NoBackground, Labels: r}
	for _, p := range pairs {
		r.pair(c, s, p.images, p.masks, instances[p.images], p.split)
	}
	return c, r.begin(c, t)
}

// masksWriter writes images with the classes of their pixels, and the ids of their instances, as images beside them.
func masksWriter() Writer {
	return Writer{"masks", []data.Task{data.Segmentation}, data.KindPolygons | data.KindMasks | data.KindInstances, writeMasks}
}

// writeMasks writes the folders images, masks and instances, below one of the split where there are several, and classes.txt. An id is the number of a class; the one after the last is
// void. An image whose masks are not known has none.
func writeMasks(_ context.Context, s Set, to Folder) error {
	classes := s.Classes()
	if err := writeClasses(s, to, append(slices.Clone(classes), voidName)); err != nil {
		return err
	}
	var ids []uint32
	var classMap []uint16
	for img, err := range s.Images(usedSplits(s)...) {
		if err != nil {
			return err
		}
		in := inSplit(s, img.Split)
		if err := writePNG(to, in+imageFolders[0]+"/"+img.Name+".png", img.Pixels()); err != nil {
			return err
		}
		kinds := img.Truth.Kinds()
		if kinds&(data.KindMasks|data.KindPolygons) == 0 {
			continue
		}
		if classMap, err = img.Truth.ClassMap(img.W, img.H, s.Background(), classMap); err != nil {
			return err
		}
		ids = ids[:0]
		for _, class := range classMap {
			ids = append(ids, uint32(min(int(class), len(classes))))
		}
		if err := writeIDs(to, in+"masks/"+img.Name+".png", ids, img.W); err != nil {
			return err
		}
		if kinds&data.KindInstances != 0 {
			if err := writeInstanceIDs(to, in, img); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeClasses writes classes.txt: a name a line, in the order of ids.
func writeClasses(s Set, to Folder, names []string) error {
	classes := s.Classes()
	if i := slices.IndexFunc(classes, func(name string) bool { return strings.EqualFold(name, voidName) }); i >= 0 {
		return fault.New("export.void", "The class %s has the name that masks use for pixels that are left out. Rename it to export the data set.", classes[i])
	}
	if err := readBack(s, classes); err != nil {
		return err
	}
	return to.Write("classes.txt", []byte(strings.Join(names, "\n")+"\n"))
}
