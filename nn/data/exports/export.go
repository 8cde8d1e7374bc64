package exports

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// Options say how a data set is exported.
type Options struct {
	Format string // one of formats.WriterNames
	Force  bool   // replace an export that is there
}

// Progress tells how far an export is.
type Progress struct{ Done, Total int } // images

// A Report is what an export has written.
type Report struct {
	Images  [data.Splits]int // by data.Split; those that the format left out are among them, and told in Notes
	Classes []string
	Files   int
	Notes   []data.Note // what the format cannot say as the data set has it
}

// draftPrefix begins the names of folders that exports work in.
const draftPrefix = ".convscope-export-"

// marker is a file in each export that tells it from folders of others, which are never replaced. An import passes over it.
const marker = ".convscope-export.json"

// contents is what the marker has: with it an export is not replaced that people have put files of their own into.
type contents struct {
	Kind    string   `json:"kind"`
	Format  string   `json:"format"`
	Dataset string   `json:"dataset"`
	Files   []string `json:"files"`
}

// maxMarker bounds what is read of a marker, in bytes.
const maxMarker = 1 << 28

// Export writes a data set into the folder out. The folder appears under its name when it is complete; when Export fails or ctx is cancelled, nothing of it stays and what was there
// before is as it was. Truth is in the coordinates of the original files, upright; where the images are kept smaller than those, formats with coordinates get them scaled back.
// observe is called between images; it may be nil.
func Export(ctx context.Context, d *data.Dataset, out string, o Options, observe func(Progress)) (Report, error) {
	info := d.Info()
	w, err := formats.FindWriter(o.Format, d.Path(), info.Task)
	if err != nil {
		return Report{}, err
	}
	if d.Len() == 0 {
		return Report{}, fault.New("export.empty", "The data set %s has no images. Import some first.", d.Path())
	}
	if err := checkPlace(out, o.Force); err != nil {
		return Report{}, err
	}
	if observe == nil {
		observe = func(Progress) {}
	}
	out = filepath.Clean(out)
	undo, err := disk.MakeParents(out)
	if err != nil {
		undo()
		return Report{}, disk.CannotWrite(err, out)
	}
	draft, err := disk.NewDraft(out, draftPrefix)
	if err != nil {
		undo()
		return Report{}, disk.CannotWrite(err, out)
	}
	s, f := newSet(ctx, d, observe), newFolder(draft)
	s.tellLeft(w)
	err = w.Write(ctx, s, f)
	err = errors.Join(err, f.finish())
	s.tellPlaced(w)
	if err == nil {
		err = mark(draft, contents{Kind: "convscope-export", Format: w.Name, Dataset: info.Name, Files: f.files})
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = checkPlace(out, o.Force) // it may have been made meanwhile
	}
	if err == nil {
		err = disk.WriteFault(draft.Publish(), out)
	}
	if err != nil {
		draft.Discard()
		undo()
		return Report{}, first(err)
	}
	return Report{Images: info.Counts, Classes: s.classes, Files: len(f.files), Notes: s.notes}, nil
}

// first returns the first of errors that were joined: the others follow from it.
func first(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()[0]
	}
	return err
}

// checkPlace returns a fault where nothing can be exported to out: with force an export that is there can be replaced.
func checkPlace(out string, force bool) error {
	if strings.TrimSpace(out) == "" {
		return fault.New("export.out", "The export needs a folder. Name one.")
	}
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return disk.WriteFault(err, out)
	}
	if _, err := os.Stat(filepath.Join(out, marker)); err != nil {
		return foreign(out)
	}
	if !force {
		return fault.New("export.exists", "There is already an export in %s. Choose another folder, or replace it (--force).", out)
	}
	return checkOwn(out)
}

func foreign(out string) error {
	return fault.New("export.foreign", "%s already exists and is not an export by Convscope, so it is not replaced. Choose another folder.", out)
}

// mark writes the marker.
func mark(draft *disk.Draft, c contents) error {
	return draft.WriteFile(marker, func(w io.Writer) error { return json.NewEncoder(w).Encode(c) })
}

// checkOwn returns a fault where an export has a file that it did not write.
func checkOwn(out string) error {
	b, err := disk.ReadFile(filepath.Join(out, marker), maxMarker)
	if err != nil {
		return disk.ReadFault(err, out)
	}
	var c contents
	if json.Unmarshal(b, &c) != nil {
		return foreign(out)
	}
	own := map[string]bool{marker: true}
	for _, name := range c.Files {
		own[name] = true
	}
	return filepath.WalkDir(out, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return disk.ReadFault(err, at)
		}
		name, err := filepath.Rel(out, at)
		if err != nil || e.IsDir() || own[filepath.ToSlash(name)] {
			return err
		}
		return fault.New("export.changed", "The export %s has %s, which is not from the export, so it is not replaced. Move that file away, or choose another folder.", out, filepath.ToSlash(name))
	})
}
