package source

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// maxFiles bounds the files of a source.
const maxFiles = 5_000_000

// A Tree is the files of a source: of a folder or an archive.
type Tree struct {
	Name     string         // of the source, for messages
	Files    []File         // sorted naturally by path; without hidden files and what systems litter
	Alone    string         // path of the one file that was named as the source, beside others of its folder; "" for all files
	Unlisted []data.Skipped // what could not be listed
	Close    func() error
}

// SingleFile returns the fault of a single file that is neither an archive nor in a format of files; nil for folders and archives.
func (t *Tree) SingleFile() error {
	if t.Alone == "" {
		return nil
	}
	return fault.New("data.source.file", "%s is a single file and neither an archive nor an IDX file. Name the folder of images instead.", t.Name)
}

// NoImages returns the fault of a source without images.
func (t *Tree) NoImages() error {
	return fault.New("data.empty", "%s has no images. Choose a folder with a sub-folder of images for each class.", t.Name)
}

// Shallowest returns the file of one of these names that lies the least deep in a tree, whatever the case of its letters.
func (t *Tree) Shallowest(names ...string) (File, bool) {
	best, depth := -1, 0
	for i, f := range t.Files {
		if d := strings.Count(f.Path, "/"); slices.Contains(names, strings.ToLower(path.Base(f.Path))) && (best < 0 || d < depth) {
			best, depth = i, d
		}
	}
	if best < 0 {
		return File{}, false
	}
	return t.Files[best], true
}

// A File is a file of a tree.
type File struct {
	Path string // with slashes, relative to the tree
	size int64
	Open func() (io.ReadCloser, error)
}

// Read reads a whole file of at most limit bytes.
func (f File) Read(limit int64) ([]byte, error) {
	if f.size > limit {
		return nil, fault.New("file.large", "%s has more than %v bytes, too many for a file of its kind.", f.Path, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, disk.ReadFault(err, f.Path)
	}
	defer r.Close()
	b := make([]byte, 0, min(f.size, 1<<26)+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, disk.ReadFault(err, f.Path)
		case int64(len(b)) > limit:
			return nil, fault.New("file.large", "%s has more than %v bytes, too many for a file of its kind.", f.Path, limit)
		case len(b) == cap(b):
			b = slices.Grow(b, len(b))
		}
	}
}

// Open lists a folder or an archive. A single other file becomes a tree of its folder, for formats of several files that lie beside each other: see
// tree.alone.
func Open(ctx context.Context, source string) (t *Tree, err error) {
	stat, err := os.Stat(source)
	if err != nil {
		return nil, disk.ReadFault(err, source)
	}
	switch {
	case stat.IsDir():
		t, err = folderTree(ctx, source)
	case !stat.Mode().IsRegular():
		return nil, fault.New("data.source", "%s is neither a folder nor a file. Name a folder of images or an archive.", source)
	default:
		if t, err = archiveTree(ctx, source, stat.Size()); t == nil && err == nil {
			t, err = besideTree(source)
		}
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(t.Files, func(a, b File) int { return naturallyByFolder(a.Path, b.Path) })
	return t, nil
}

// naturallyByFolder compares paths part by part.
func naturallyByFolder(a, b string) int {
	for {
		x, restX, moreX := strings.Cut(a, "/")
		y, restY, moreY := strings.Cut(b, "/")
		if x != y {
			return disk.Naturally(x, y)
		}
		if !moreX || !moreY {
			return len(restX) - len(restY)
		}
		a, b = restX, restY
	}
}

// IsLitter reports whether a path is hidden or one that systems leave about: no Tree has it.
func IsLitter(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return true
		}
	}
	switch strings.ToLower(path.Base(p)) {
	case "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r":
		return true
	}
	return false
}

// besideTree is the folder of a file, without going into its folders.
func besideTree(source string) (*Tree, error) {
	dir := filepath.Dir(source)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, disk.ReadFault(err, dir)
	}
	t := &Tree{Name: source, Alone: filepath.Base(source), Close: func() error { return nil }}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			t.Files = append(t.Files, fileOf(dir, e.Name(), info.Size()))
		}
	}
	return t, nil
}

// InMemory returns a file of a tree that is read from memory.
func InMemory(path string, b []byte) File {
	return File{path, int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func fileOf(root, p string, size int64) File {
	full := filepath.Join(root, filepath.FromSlash(p))
	return File{p, size, func() (io.ReadCloser, error) { return os.Open(full) }}
}

// A walk lists the files of a folder.
type walk struct {
	ctx     context.Context
	tree    *Tree
	root    string
	real    string          // root without links
	visited map[string]bool // real paths of folders that links led to
}

// maxDepth bounds folders in folders.
const maxDepth = 64

// folderTree lists a folder and the folders in it. A link to a folder elsewhere is followed once; one that leads back into
// the tree, or above it, is not.
func folderTree(ctx context.Context, root string) (*Tree, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, disk.ReadFault(err, root)
	}
	if real, err = filepath.Abs(real); err != nil {
		return nil, disk.ReadFault(err, root)
	}
	w := &walk{ctx: ctx, tree: &Tree{Name: root, Close: func() error { return nil }}, root: root, real: real, visited: map[string]bool{}}
	return w.tree, w.folder("", 0)
}

// folder lists the folder at path p, relative to the root, with slashes.
func (w *walk) folder(p string, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	full := filepath.Join(w.root, filepath.FromSlash(p))
	entries, err := os.ReadDir(full)
	if err != nil {
		err = disk.ReadFault(err, full)
		if p == "" {
			return err
		}
		w.tree.Unlisted = append(w.tree.Unlisted, data.NewSkipped(p, err))
		return nil
	}
	for _, e := range entries {
		if err := w.entry(path.Join(p, e.Name()), e, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry takes a file, or goes into a folder.
func (w *walk) entry(p string, e fs.DirEntry, depth int) error {
	if IsLitter(p) {
		return nil
	}
	full := filepath.Join(w.root, filepath.FromSlash(p))
	info, err := e.Info()
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		info, err = os.Stat(full)
	}
	switch {
	case err != nil:
		w.tree.Unlisted = append(w.tree.Unlisted, data.NewSkipped(p, disk.ReadFault(err, full)))
	case info.IsDir() && depth >= maxDepth:
		w.tree.Unlisted = append(w.tree.Unlisted, data.NewSkipped(p, fault.New("data.deep", "%s lies more than %v folders deep. Move it up.", p, maxDepth)))
	case info.IsDir():
		if link && !w.leadsAway(full) {
			return nil
		}
		return w.folder(p, depth+1)
	case info.Mode().IsRegular():
		if len(w.tree.Files) >= maxFiles {
			return fault.New("data.files", "%s has more than %v files. Import a part of it.", w.tree.Name, maxFiles)
		}
		w.tree.Files = append(w.tree.Files, fileOf(w.root, p, info.Size()))
	}
	return nil
}

// leadsAway reports whether a link leads to a folder that is not listed anyway and not around the tree, and remembers it.
func (w *walk) leadsAway(link string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err == nil {
		target, err = filepath.Abs(target)
	}
	if err != nil || within(target, w.real) || within(w.real, target) || w.visited[target] {
		return false
	}
	for v := range w.visited { // nor into, or around, what another link led to
		if within(target, v) || within(v, target) {
			return false
		}
	}
	w.visited[target] = true
	return true
}

// within reports whether a path is folder or lies in it.
func within(p, folder string) bool {
	rel, err := filepath.Rel(folder, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
