package formats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// foldersReader reads class folders.
func foldersReader() Reader {
	return Reader{"folders", []data.Task{data.Classification}, claimFolders, readFolders}
}

func claimFolders(t *source.Tree) Claim {
	if t.Alone != "" {
		return Claim{}
	}
	i := slices.IndexFunc(t.Files, func(f source.File) bool { return source.MayBeImage(f.Path) })
	if i < 0 {
		return Claim{}
	}
	return claim(byImages, fault.New("data.claim.images", "It has images, such as %s, and no sign of another format.", t.Files[i].Path))
}

// readFolders reads class folders: each folder's name is a label (`_` read as a space), folders in it belong to it. Folders
// train, val and test around the class folders keep their splits. Folders around all of it are gone through.
func readFolders(_ context.Context, t *source.Tree) (*source.Collection, error) {
	if err := t.SingleFile(); err != nil {
		return nil, err
	}
	root := newBranch(t.Files)
	if root.images == 0 {
		return nil, t.NoImages()
	}
	base := root.descend()
	c := &source.Collection{Task: data.Classification, Background: data.NoBackground}
	files := &source.ImageFiles{Files: t.Files}
	if base.hasSplits() {
		for _, name := range base.order {
			if s, ok := source.SplitNames[strings.ToLower(name)]; ok && base.folders[name].images > 0 {
				classFolders(c, files, base.folders[name].descend(), int8(s))
			}
		}
	} else {
		classFolders(c, files, base, -1)
	}
	if len(c.Classes) == 0 {
		return nil, fault.New("data.noclasses", "%s has images but no class folders. Make a sub-folder for each class, named after it, and put the images there.", t.Name)
	}
	oneLineClasses(c)
	sortClasses(c)
	return c, nil
}

// oneLineClasses takes the control characters, which folders may have in their names, out of the names of classes. Those that
// another class is called like already get a number: they stay classes of their own.
func oneLineClasses(c *source.Collection) {
	for i, name := range c.Classes {
		if !strings.ContainsFunc(name, disk.BreaksLine) {
			continue
		}
		line := cmp.Or(strings.TrimSpace(disk.OneLine(name)), "_")
		free := line
		for n := 2; slices.Contains(c.Classes, free); n++ {
			free = fmt.Sprintf("%s (%d)", line, n)
		}
		c.Classes[i] = free
	}
}

// A branch is a folder of a tree.
type branch struct {
	folders map[string]*branch
	order   []string // of folders, as the tree has them
	files   []int    // indices of files directly in it
	images  int      // files in it and below that may be images
	direct  int      // those directly in it
	all     []source.File
}

// newBranch makes the folders of a list of files.
func newBranch(files []source.File) *branch {
	root := &branch{folders: map[string]*branch{}, all: files}
	for i, f := range files {
		at, image := root, 0
		if source.MayBeImage(f.Path) {
			image = 1
		}
		at.images += image
		folder := f.Path
		for {
			name, rest, more := strings.Cut(folder, "/")
			if !more {
				break
			}
			next := at.folders[name]
			if next == nil {
				next = &branch{folders: map[string]*branch{}, all: files}
				at.folders[name] = next
				at.order = append(at.order, name)
			}
			next.images += image
			at, folder = next, rest
		}
		at.files = append(at.files, i)
		at.direct += image
	}
	return root
}

// withImages lists the folders that have images in them or below.
func (b *branch) withImages() []*branch {
	var out []*branch
	for _, name := range b.order {
		if f := b.folders[name]; f.images > 0 {
			out = append(out, f)
		}
	}
	return out
}

// descend goes through folders that hold nothing but one folder of folders, as archives have around them.
func (b *branch) descend() *branch {
	for b.direct == 0 {
		in := b.withImages()
		if len(in) != 1 || in[0].direct > 0 {
			break
		}
		b = in[0]
	}
	return b
}

// hasSplits reports whether all folders with images are named after splits.
func (b *branch) hasSplits() bool {
	found := false
	for _, name := range b.order {
		if b.folders[name].images == 0 {
			continue
		}
		if _, ok := source.SplitNames[strings.ToLower(name)]; !ok || len(b.folders[name].withImages()) == 0 {
			return false
		}
		found = true
	}
	return found
}

// walk visits the files in a branch and below.
func (b *branch) walk(visit func(i int)) {
	for _, i := range b.files {
		visit(i)
	}
	for _, name := range b.order {
		b.folders[name].walk(visit)
	}
}

// classFolders adds the images of a folder of class folders.
func classFolders(c *source.Collection, files *source.ImageFiles, base *branch, split int8) {
	for _, i := range base.files {
		if p := files.Files[i].Path; source.MayBeImage(p) {
			c.Skipped = append(c.Skipped, data.NewSkipped(p, fault.New("data.outside", "%s is not in a class folder. Move it into one.", p)))
		}
	}
	for _, name := range base.order {
		folder := base.folders[name]
		if folder.images == 0 {
			continue
		}
		label := source.Label(name)
		if label == "" {
			label = name
		}
		class := slices.Index(c.Classes, label)
		if class < 0 {
			class = len(c.Classes)
			c.Classes = append(c.Classes, label)
		}
		folder.walk(func(i int) {
			p := files.Files[i].Path
			if !source.MayBeImage(p) {
				c.Skipped = append(c.Skipped, data.NewSkipped(p, fault.New("data.notimage", "%s is not an image.", p)))
				return
			}
			c.Items = append(c.Items, source.Item{File: p, From: files, Ref: i, Truth: data.Truth{Class: class}, Split: split})
		})
	}
}

// sortClasses brings the classes into the order of their names.
func sortClasses(c *source.Collection) {
	sorted := slices.Clone(c.Classes)
	slices.SortFunc(sorted, disk.Naturally)
	c.Renumber(sorted)
}

// foldersWriter writes class folders.
func foldersWriter() Writer {
	return Writer{"folders", []data.Task{data.Classification}, data.KindClass, writeFolders}
}

// writeFolders writes each image as it is kept into the folder of its class, below one of its split where there are several. Images without a class have no folder.
func writeFolders(_ context.Context, s Set, to Folder) error {
	names := classFolderNames(s.Classes())
	if err := readBack(s, names); err != nil {
		return err
	}
	unlabelled := 0
	for img, err := range s.Images(usedSplits(s)...) {
		if err != nil {
			return err
		}
		if img.Truth.Class < 0 {
			unlabelled++
			continue
		}
		if err := writePNG(to, inSplit(s, img.Split)+names[img.Truth.Class]+"/"+img.Name+".png", img.Stored); err != nil {
			return err
		}
	}
	noteUnlabelled(s, unlabelled)
	return nil
}

// noteUnlabelled notes images that are left out as they have no class.
func noteUnlabelled(s Set, images int) {
	if images > 0 {
		s.Note(fault.New("export.unlabelled", "%v images have no class and are left out: this format cannot store them.", images))
	}
}

// classFolderNames returns names of folders for classes: those of the classes as far as systems allow them, no two the same in upper and lower case.
func classFolderNames(classes []string) []string {
	var names []string
	taken := map[string]bool{}
	for i, class := range classes {
		name, err := disk.SafeName(class)
		if err != nil {
			name = fmt.Sprintf("class %d", i)
		}
		if source.IsLitter(name) { // an import would pass over it
			name = "_" + name
		}
		free := name
		for n := 2; taken[strings.ToLower(free)]; n++ {
			free = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[strings.ToLower(free)] = true
		names = append(names, free)
	}
	return names
}
