package formats

import (
	"context"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// masksReader reads images with the classes of their pixels as images beside them, as CamVid and Pascal VOC's segmentation have them.
func masksReader() Reader {
	return Reader{"masks", []data.Task{data.Segmentation}, claimMasks, readMasks}
}

func claimMasks(t *source.Tree) Claim {
	return claimBeside(t, maskFolders, true, byFolders, func(p folderPair) *fault.Fault {
		return fault.New("data.claim.masks", "The folder of images %s has a folder of masks beside it, %s.", p.images, p.masks)
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
