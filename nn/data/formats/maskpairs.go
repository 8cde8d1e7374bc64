package formats

import (
	"path"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// imageFolders are names of folders, in lower case, that hold images; the first is the one that is written.
var imageFolders = []string{"images", "image", "imgs", "img"}

// splitEndings follow the name of a split's folder in that of the folder of masks beside it: train and trainannot.
var splitEndings = []string{"annot", "_annot", "_labels", "_masks", "_mask"}

// maskEndings may follow the name of an image in that of its mask.
var maskEndings = []string{"_mask", "_masks", "_label", "_labels", "_annot", "_gt", "_seg", "_l"}

// A folderPair is a folder of images and the one of their masks.
type folderPair struct {
	images, masks string
	split         int8 // of the source, or -1
}

// A shelf is the files of a tree by folder, those that may be images.
type shelf struct {
	tree    *source.Tree
	order   []string         // folders, as the tree has them
	files   map[string][]int // by folder
	folders map[string]string
}

func newShelf(t *source.Tree) *shelf {
	s := &shelf{tree: t, files: map[string][]int{}, folders: map[string]string{}}
	for i, f := range t.Files {
		if !source.MayBeImage(f.Path) {
			continue
		}
		dir := path.Dir(f.Path)
		if s.files[dir] == nil {
			s.order = append(s.order, dir)
			s.folders[strings.ToLower(dir)] = dir
		}
		s.files[dir] = append(s.files[dir], i)
	}
	return s
}

// pairs lists the folders of images that have a folder of one of these names beside them, or beside a folder around them; with splits, also
// those that are called after a split.
func (s *shelf) pairs(names []string, splits bool) []folderPair {
	var out []folderPair
	for _, dir := range s.order {
		parts := strings.Split(strings.ToLower(dir), "/")
		if masks, ok := s.partner(parts, names, splits); ok {
			p := folderPair{images: dir, masks: masks, split: -1}
			for _, part := range parts {
				if split, ok := source.SplitNames[part]; ok {
					p.split = int8(split)
				}
			}
			out = append(out, p)
		}
	}
	return out
}

// partner finds the folder of masks for the folder of images whose path has these parts.
func (s *shelf) partner(parts, names []string, splits bool) (string, bool) {
	for i, part := range parts {
		var others []string
		if slices.Contains(imageFolders, part) {
			others = names
		} else if _, ok := source.SplitNames[part]; ok && splits {
			for _, ending := range splitEndings {
				others = append(others, part+ending)
			}
		}
		for _, other := range others {
			beside := slices.Clone(parts)
			beside[i] = other
			if dir, ok := s.folders[strings.Join(beside, "/")]; ok {
				return dir, true
			}
		}
	}
	return "", false
}

// claimBeside claims a source in which a folder of images has one of these names beside it.
func claimBeside(t *source.Tree, names []string, splits bool, score int, why func(p folderPair) *fault.Fault) Claim {
	if t.Alone != "" {
		return Claim{}
	}
	pairs := newShelf(t).pairs(names, splits)
	if len(pairs) == 0 {
		return Claim{}
	}
	return claim(score, why(pairs[0]))
}

// pair adds the images of a folder with their masks, and with the ids of their instances, to a collection. A folder "" has none. Masks without an image are left out.
func (r *maskReader) pair(c *source.Collection, s *shelf, images, masks, instances string, split int8) {
	from := &source.ImageFiles{Files: r.files}
	classOf, instanceOf := r.byName(c, s.files[masks]), r.byName(c, s.files[instances])
	for _, i := range s.files[images] {
		file := r.files[i].Path
		it := source.Item{File: file, From: from, Ref: i, Truth: data.Truth{Class: -1}, Split: split}
		m := maskFiles{mask: classOf.take(file), instances: instanceOf.take(file)}
		if m.mask >= 0 || masks == "" && m.instances >= 0 {
			it.Labels = &labelFiles{r, m}
		} else if r.classes.bare++; r.classes.bare == 1 {
			r.classes.firstBare = file
		}
		c.Items = append(c.Items, it)
	}
	for _, left := range []namedMasks{classOf, instanceOf} {
		for _, i := range left.unused() {
			p := r.files[i].Path
			c.Skipped = append(c.Skipped, data.NewSkipped(p, fault.New("data.masks.noimage", "%s is a mask, but there is no image of the same name in %s.", p, images)))
		}
	}
}

// A namedMasks is the masks of a folder by the name of the image that they belong to.
type namedMasks struct {
	exact map[string]int // by name, without or with the ending of the file
	close map[string]int // by name without what masks' names end in
	used  map[int]bool
	order []int
}

func (r *maskReader) byName(c *source.Collection, files []int) namedMasks {
	n := namedMasks{exact: map[string]int{}, close: map[string]int{}, used: map[int]bool{}}
	for _, i := range files {
		p := r.files[i].Path
		stem := stemOf(p)
		if other, ok := n.exact[stem]; ok {
			c.Skipped = append(c.Skipped, data.NewSkipped(p, fault.New("data.masks.twice", "%s is left out: %s is the mask of the same image.", p, r.files[other].Path)))
			continue
		}
		n.order = append(n.order, i)
		n.exact[stem] = i
		for _, ending := range maskEndings {
			if cut := len(stem) - len(ending); cut > 0 && strings.EqualFold(stem[cut:], ending) {
				if _, ok := n.close[stem[:cut]]; !ok {
					n.close[stem[:cut]] = i
				}
			}
		}
	}
	return n
}

// stemOf returns the name of a file without its ending.
func stemOf(p string) string { return strings.TrimSuffix(path.Base(p), path.Ext(p)) }

// take returns the mask of an image, or -1.
func (n namedMasks) take(image string) int {
	i, ok := n.exact[stemOf(image)]
	if !ok {
		i, ok = n.exact[path.Base(image)]
	}
	if !ok {
		i, ok = n.close[stemOf(image)]
	}
	if !ok {
		return -1
	}
	n.used[i] = true
	return i
}

func (n namedMasks) unused() []int {
	return slices.DeleteFunc(slices.Clone(n.order), func(i int) bool { return n.used[i] })
}
