package formats

import (
	"context"

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
		return fault.New("data.claim.instances", "The folder of images %s has a folder of instances beside it, %s.", p.images, p.masks)
	})
}

// readInstances finds the images of which only the ids of instances are known.
func readInstances(_ context.Context, t *source.Tree) (*source.Collection, error) {
	s := newShelf(t)
	pairs := s.pairs(instanceFolders, false)
	if len(pairs) == 0 {
		return nil, fault.New("data.instances.none", "%s has no folder instances beside a folder images. Arrange it like that.", t.Name)
	}
	r := &maskReader{files: t.Files, classes: &idClasses{things: true}}
	c := &source.Collection{Task: data.Segmentation, Background: data.NoBackground, Labels: r}
	for _, p := range pairs {
		r.pair(c, s, p.images, "", p.masks, p.split)
	}
	return c, r.begin(c, t)
}
