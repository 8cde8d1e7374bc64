package data

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// splitNames are the folders that hold a source's own splits.
var splitNames = map[string]Split{
	"train": Train, "training": Train,
	"val": Val, "valid": Val, "validation": Val,
	"test": Test, "testing": Test,
}

// otherFiles are endings of files that are no images and not worth opening.
var otherFiles = endings(`txt md rst csv tsv json jsonl xml html htm pdf doc docx hwp hwpx xls xlsx ppt pptx zip tar gz tgz bz2 xz rar 7z
	py ipynb m c h cpp go js css sh bat mat npy npz h5 hdf5 pkl pt pth onnx caffemodel prototxt yaml yml toml ini cfg conf log lst names data
	mp4 mov avi mkv webm mp3 wav db sqlite lmdb mdb exe dll so url lnk`)

// endings makes a set of words.
func endings(words string) map[string]bool {
	set := map[string]bool{}
	for e := range strings.FieldsSeq(words) {
		set["."+e] = true
	}
	return set
}

// mayBeImage says whether a file is worth opening: all but those whose ending says that they are something else.
func mayBeImage(p string) bool { return !otherFiles[strings.ToLower(path.Ext(p))] }

func claimsFolders(t *tree, alone string) bool {
	return alone == "" && slices.ContainsFunc(t.files, func(f treeFile) bool { return mayBeImage(f.path) })
}

// readFolders reads class folders: each folder's name is a label (`_` read as a space), folders in it belong to it. Folders
// train, val and test around the class folders keep their splits. Folders around all of it are gone through.
func readFolders(_ context.Context, t *tree, alone string) (*collection, error) {
	if alone != "" {
		return nil, fault.New("data.source.file", "%s is a single file and neither an archive nor an IDX file. Name the folder of images instead.", t.name)
	}
	root := newBranch(t.files)
	if root.images == 0 {
		return nil, fault.New("data.empty", "%s has no images. Choose a folder with a sub-folder of images for each class.", t.name)
	}
	base := root.descend()
	c := &collection{task: Classification, background: NoBackground}
	files := &treeOrigin{t.files}
	if base.hasSplits() {
		for _, name := range base.order {
			if s, ok := splitNames[strings.ToLower(name)]; ok && base.folders[name].images > 0 {
				c.classFolders(files, base.folders[name].descend(), int8(s))
			}
		}
	} else {
		c.classFolders(files, base, -1)
	}
	if len(c.classes) == 0 {
		return nil, fault.New("data.noclasses", "%s has images but no class folders. Make a sub-folder for each class, named after it, and put the images there.", t.name)
	}
	c.oneLineClasses()
	c.sortClasses()
	return c, nil
}

// oneLineClasses takes the control characters, which folders may have in their names, out of the names of classes. Those that
// another class is called like already get a number: they stay classes of their own.
func (c *collection) oneLineClasses() {
	for i, name := range c.classes {
		if !strings.ContainsFunc(name, disk.BreaksLine) {
			continue
		}
		line := cmp.Or(strings.TrimSpace(disk.OneLine(name)), "_")
		free := line
		for n := 2; slices.Contains(c.classes, free); n++ {
			free = fmt.Sprintf("%s (%d)", line, n)
		}
		c.classes[i] = free
	}
}

// A branch is a folder of a tree.
type branch struct {
	folders map[string]*branch
	order   []string // of folders, as the tree has them
	files   []int    // indices of files directly in it
	images  int      // files in it and below that may be images
	direct  int      // those directly in it
	all     []treeFile
}

// newBranch makes the folders of a list of files.
func newBranch(files []treeFile) *branch {
	root := &branch{folders: map[string]*branch{}, all: files}
	for i, f := range files {
		at, image := root, 0
		if mayBeImage(f.path) {
			image = 1
		}
		at.images += image
		folder := f.path
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

// hasSplits says whether all folders with images are named after splits.
func (b *branch) hasSplits() bool {
	found := false
	for _, name := range b.order {
		if b.folders[name].images == 0 {
			continue
		}
		if _, ok := splitNames[strings.ToLower(name)]; !ok || len(b.folders[name].withImages()) == 0 {
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
func (c *collection) classFolders(files *treeOrigin, base *branch, split int8) {
	for _, i := range base.files {
		if p := files.files[i].path; mayBeImage(p) {
			c.skipped = append(c.skipped, skip(p, fault.New("data.outside", "%s lies in no class folder. Put it into one.", p)))
		}
	}
	for _, name := range base.order {
		folder := base.folders[name]
		if folder.images == 0 {
			continue
		}
		label := labelOf(name)
		if label == "" {
			label = name
		}
		class := slices.Index(c.classes, label)
		if class < 0 {
			class = len(c.classes)
			c.classes = append(c.classes, label)
		}
		folder.walk(func(i int) {
			p := files.files[i].path
			if !mayBeImage(p) {
				c.skipped = append(c.skipped, skip(p, fault.New("data.notimage", "%s is no image.", p)))
				return
			}
			c.items = append(c.items, item{file: p, from: files, ref: i, truth: Truth{Class: class}, split: split})
		})
	}
}

// sortClasses brings the classes into the order of their names.
func (c *collection) sortClasses() {
	sorted := slices.Clone(c.classes)
	slices.SortFunc(sorted, disk.Naturally)
	c.renumber(sorted)
}

// renumber gives classes new numbers: those of their names in classes. Images of others are left out, and things of others in images.
func (c *collection) renumber(classes []string) {
	to := make([]int, len(c.classes))
	for i, name := range c.classes {
		to[i] = slices.Index(classes, name)
	}
	kept := c.items[:0]
	for _, it := range c.items {
		labelled := it.truth.Class >= 0
		it.truth = it.truth.renumbered(func(class int) int { return to[class] })
		if !labelled || it.truth.Class >= 0 {
			kept = append(kept, it)
		}
	}
	if c.background >= 0 {
		c.background = to[c.background]
	}
	c.items, c.classes = kept, classes
}

// labelOf makes a label of a folder's name: `_` is read as a space, and letters that macOS takes apart are put together.
func labelOf(folder string) string {
	return strings.TrimFunc(strings.ReplaceAll(norm.NFC.String(folder), "_", " "), func(r rune) bool { return unicode.IsSpace(r) && !disk.BreaksLine(r) })
}
