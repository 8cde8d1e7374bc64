package formats_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/exports"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/data/source"
)

// readOnly has, for each format that is read and not written, the files of a source of it.
var readOnly = map[string]datatest.Files{}

// sampleFor is a data set for a task, with images of every split and an unlabelled one. No two images have the same pixels.
func sampleFor(t testing.TB, task data.Task, images int) *data.Dataset {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "sample")
	if _, err := samples.Import(t.Context(), "shapes", folder, samples.Options{Task: task, Count: images, Seed: 5}, nil); err != nil {
		t.Fatal(err)
	}
	d := importtest.Reopened(t, folder)
	train := d.IDs(data.Train)
	if err := d.Edit(func(e *data.Edit) error {
		for _, id := range train[:3] {
			if err := e.SetSplit(id, data.Test); err != nil {
				return err
			}
		}
		return e.SetTruth(train[3], data.Truth{Class: -1})
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

// exported writes a data set and returns the folder and what the format could not say.
func exported(t testing.TB, d *data.Dataset, format string) (folder string, left []string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "export")
	report, err := exports.Export(context.Background(), d, folder, exports.Options{Format: format}, nil)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return folder, importtest.Notes(report.Notes)
}

// readAgain imports an export, with the list of classes that it may have brought.
func readAgain(t testing.TB, folder, format string) *data.Dataset {
	t.Helper()
	return importtest.Imported(t, folder, func(o *imports.Options) {
		o.Format, o.Max = format, imports.KeepSize
		if list := filepath.Join(folder, "classes.txt"); format != "" {
			if _, err := os.Stat(list); err == nil {
				o.ClassesFile = list
			}
		}
	})
}

// byPixels are the IDs of a data set's images by their pixels.
func byPixels(t *testing.T, d *data.Dataset) map[string]uint32 {
	t.Helper()
	ids := map[string]uint32{}
	for _, e := range d.Index() {
		px, err := d.Pixels(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		ids[string(px.Pix)] = e.ID
	}
	if len(ids) != d.Len() {
		t.Fatalf("%d images have %d different contents", d.Len(), len(ids))
	}
	return ids
}

// What a format writes, it reads: the same images in the same splits, with the same truth as far as the format says it.
func TestWrittenIsRead(t *testing.T) {
	for _, w := range formats.Writers() {
		for _, task := range w.Tasks {
			t.Run(w.Name+", "+string(task), func(t *testing.T) {
				x := sampleFor(t, task, 40)
				folder, left := exported(t, x, w.Name)
				y := readAgain(t, folder, w.Name)
				ids := byPixels(t, y)
				missing := 0
				for pixels, id := range byPixels(t, x) {
					other, ok := ids[pixels]
					if !ok {
						missing++
						continue
					}
					compare(t, w, left, x, id, y, other)
				}
				if want := strings.Count(strings.Join(left, " "), "export.unlabelled"); missing != want || y.Len() != x.Len()-missing {
					t.Errorf("%d images are missing, want %d; left: %v", missing, want, left)
				}
			})
		}
	}
}

// compare holds an image that was read against the one that was written.
func compare(t *testing.T, w formats.Writer, left []string, x *data.Dataset, id uint32, y *data.Dataset, other uint32) {
	t.Helper()
	a, err := x.Record(id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := y.Record(other)
	if err != nil {
		t.Fatal(err)
	}
	if kept := a.Split == data.Test || !slices.Contains(left, "export.idx.val"); kept && a.Split != b.Split {
		t.Errorf("%s was for %s and is for %s", a.File, a.Split, b.Split)
	}
	names := func(d *data.Dataset, class int) string {
		if class < 0 {
			return ""
		}
		return d.Info().Classes[class]
	}
	if w.Says&data.KindClass != 0 && names(x, a.Truth.Class) != names(y, b.Truth.Class) {
		t.Errorf("%s was of the class %q and is of %q", a.File, names(x, a.Truth.Class), names(y, b.Truth.Class))
	}
	if w.Says&(data.KindMasks|data.KindPolygons) == 0 {
		return
	}
	if was, is := a.Truth.Masks != nil, b.Truth.Masks != nil; was != is {
		t.Fatalf("%s: masks are known: %v, and were: %v", a.File, is, was)
	}
	if !slices.Contains(left, "export.instances.classes") {
		was, is := classes(t, x, a), classes(t, y, b)
		if i := slices.IndexFunc(was, func(string) bool { return true }); i < 0 || !slices.Equal(was, is) {
			t.Errorf("%s has other classes of pixels", a.File)
		}
	}
	was, err := a.Truth.InstanceMap(a.W, a.H, nil)
	if err != nil {
		t.Fatal(err)
	}
	is, err := b.Truth.InstanceMap(b.W, b.H, nil)
	if err != nil || w.Says&data.KindInstances != 0 && !slices.Equal(was, is) {
		t.Errorf("%s has other instances, %v", a.File, err)
	}
}

// classes are the names of the classes of an image's pixels.
func classes(t *testing.T, d *data.Dataset, r data.Record) (names []string) {
	t.Helper()
	info := d.Info()
	m, err := r.Truth.ClassMap(r.W, r.H, info.Background, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range m {
		if class == data.Void {
			names = append(names, "void")
		} else {
			names = append(names, info.Classes[class])
		}
	}
	return names
}

// sources are a source of each format by its name.
func sources(t testing.TB) map[string]string {
	t.Helper()
	folders := map[string]string{}
	for name, f := range readOnly {
		folders[name] = f.Folder(t)
	}
	for _, w := range formats.Writers() {
		folders[w.Name], _ = exported(t, sampleFor(t, w.Tasks[0], 16), w.Name)
	}
	return folders
}

// A source is claimed by its format more than by any other, with a reason; no two claim it alike.
func TestSourcesAreClaimed(t *testing.T) {
	all := sources(t)
	for _, r := range formats.Readers() {
		folder, ok := all[r.Name]
		if !ok {
			t.Errorf("the format %s has no source to be tried on: write it, or put files into readOnly", r.Name)
			continue
		}
		tree, err := source.Open(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		defer tree.Close()
		mine := r.Claim(tree)
		if mine.Score < 1 || mine.Score > 100 || mine.Why.Text == "" {
			t.Errorf("%s claims its own source with %+v", r.Name, mine)
		}
		for _, other := range formats.Readers() {
			if c := other.Claim(tree); other.Name != r.Name && c.Score >= mine.Score {
				t.Errorf("%s claims a source of %s with %d, and that one with %d", other.Name, r.Name, c.Score, mine.Score)
			}
		}
		found, err := imports.Recognize(t.Context(), folder)
		if err != nil || found.Format != r.Name || !slices.Contains(r.Tasks, found.Task) || found.Why.Text != mine.Why.Text {
			t.Errorf("a source of %s is recognised as %s, %s: %s; %v", r.Name, found.Format, found.Task, found.Why.Text, err)
		}
	}
}

// Whatever one file of a source becomes, its format ends in a data set or in words.
func TestMalformedSources(t *testing.T) {
	for name, folder := range sources(t) {
		t.Run(name, func(t *testing.T) {
			hurt := 0
			for _, file := range oneOfEachFolder(t, folder) {
				path := filepath.Join(folder, file)
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				flipped := slices.Clone(whole)
				for i := 7; i < len(flipped); i += 13 {
					flipped[i] ^= byte(i)
				}
				for _, b := range [][]byte{{}, whole[:len(whole)/2], whole[:len(whole)-1], []byte("this is text\n"), append(slices.Clone(whole), "more"...), flipped} {
					if err := os.WriteFile(path, b, 0o644); err != nil {
						t.Fatal(err)
					}
					o := imports.Default()
					o.Format = name
					info, err := imports.Import(t.Context(), folder, filepath.Join(t.TempDir(), "set"), o, nil)
					datatest.WantWords(t, err)
					if err != nil || len(info.Skipped) > 0 {
						hurt++
					}
					_, err = imports.Recognize(t.Context(), folder)
					datatest.WantWords(t, err)
				}
				if err := os.WriteFile(path, whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if hurt < 2 {
				t.Errorf("of all that was done to its files %d things were noticed", hurt)
			}
		})
	}
}

// oneOfEachFolder lists a file of each folder of a source.
func oneOfEachFolder(t *testing.T, folder string) (files []string) {
	t.Helper()
	tree, err := source.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	seen := map[string]bool{}
	for _, f := range tree.Files {
		kind := fmt.Sprint(filepath.Dir(f.Path), strings.Contains(f.Path, "labels"), filepath.Ext(f.Path)) // of the pairs of files that lie in one folder both
		if !seen[kind] {
			seen[kind] = true
			files = append(files, f.Path)
		}
	}
	most := 6
	if testing.Short() {
		most = 2
	}
	return files[:min(len(files), most)]
}
