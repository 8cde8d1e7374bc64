package exports_test

import (
	"context"
	"errors"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/exports"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
)

// export writes a data set into a new folder and returns it with the codes of what was left out.
func export(t *testing.T, d *data.Dataset, format string) (folder string, left []string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "new", "export")
	report, err := exports.Export(t.Context(), d, folder, exports.Options{Format: format}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if files := list(t, folder); len(files)-1 != report.Files {
		t.Errorf("%d files are told of, and there are %q", report.Files, files)
	}
	return folder, importtest.Notes(report.Notes)
}

// list lists the files of a folder.
func list(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(folder, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestExportIsNotWrittenOver(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 4).Folder(t), nil)
	out := filepath.Join(t.TempDir(), "export")
	write := func(d *data.Dataset, force bool) error {
		_, err := exports.Export(t.Context(), d, out, exports.Options{Format: "folders", Force: force}, nil)
		return err
	}
	if err := os.Mkdir(out, 0o755); err != nil { // an empty folder is as good as none
		t.Fatal(err)
	}
	if err := write(d, false); err != nil {
		t.Fatal(err)
	}
	before := list(t, out)
	datatest.WantFault(t, write(d, false), "export.exists")
	small := importtest.Imported(t, datatest.TwoClasses(t, 2).Folder(t), nil)
	if err := write(small, true); err != nil {
		t.Fatal(err)
	}
	if after := list(t, out); len(after) != 5 || len(before) != 9 {
		t.Errorf("%q became %q", before, after)
	}
	datatest.WantOnly(t, filepath.Dir(out), "export")

	foreign := datatest.Files{"precious.txt": []byte("x")}.Folder(t)
	_, err := exports.Export(t.Context(), d, foreign, exports.Options{Format: "folders", Force: true}, nil)
	datatest.WantFault(t, err, "export.foreign")
	datatest.WantOnly(t, foreign, "precious.txt")
	for name, code := range map[string]string{"lmdb": "export.format", "masks": "export.task"} {
		_, err := exports.Export(t.Context(), d, filepath.Join(t.TempDir(), "x"), exports.Options{Format: name}, nil)
		datatest.WantFault(t, err, code)
	}
	_, err = exports.Export(t.Context(), d, " ", exports.Options{Format: "folders"}, nil)
	datatest.WantFault(t, err, "export.out")
}

func TestCancelledExportLeavesNothing(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 20).Folder(t), nil)
	for _, at := range []int{0, 7, 40} {
		parent := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		if at == 0 {
			cancel()
		}
		_, err := exports.Export(ctx, d, filepath.Join(parent, "new", "export"), exports.Options{Format: "folders"}, func(p exports.Progress) {
			if p.Done == at {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at image %d: %v", at, err)
		}
		datatest.WantOnly(t, parent)
	}
}

// Whenever the power is cut, there is a whole export or none.
func TestExportIsWholeOrGoneAfterAPowerCut(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 2).Folder(t), nil)
	parent := t.TempDir()
	recorder, err := disktest.Record(parent)
	if err != nil {
		t.Fatal(err)
	}
	restore := disk.Replace(recorder)
	_, err = exports.Export(t.Context(), d, filepath.Join(parent, "export"), exports.Options{Format: "folders"}, nil)
	restore()
	if err != nil {
		t.Fatal(err)
	}
	whole := list(t, filepath.Join(parent, "export"))
	cuts := 0
	for after, state := range recorder.Cuts() {
		cuts++
		root := t.TempDir()
		if err := state.Write(root); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(root, "export")
		if _, err := os.Stat(out); err != nil {
			if after == recorder.Len() {
				t.Error("a finished export is gone")
			}
			continue
		}
		if got := list(t, out); !slices.Equal(got, whole) {
			t.Errorf("cut after %s there are %q of %q", recorder.Last(after), got, whole)
		}
		for _, file := range whole {
			if b, err := os.ReadFile(filepath.Join(out, file)); err != nil || len(b) == 0 {
				t.Errorf("cut after %s, %s has %d bytes, %v", recorder.Last(after), file, len(b), err)
			}
		}
	}
	if cuts < 20 {
		t.Errorf("the power was cut %d times", cuts)
	}
}

// Images and masks are written as large as the files were, whatever the import made of them; what it cut off is void.
func TestExportHasTheCoordinatesOfTheFiles(t *testing.T) {
	img, mask := datatest.PNG(t, datatest.Grey(8, 4, 90)), datatest.PNG(t, datatest.Mask("00001111 00001111 22223333 22223333"))
	source := datatest.Files{"images/a.png": img, "masks/a.png": mask, "classes.txt": []byte("a\nb\nc\nd")}.Folder(t)
	for how, want := range map[data.Resize]string{
		data.Squash: "00001111 00001111 22223333 22223333", data.Crop: "..0011.. ..0011.. ..2233.. ..2233..", data.Fill: "00001111 00001111 22223333 22223333",
	} {
		d := importtest.Imported(t, source, func(o *imports.Options) { o.Width, o.Height, o.Resize, o.ValPercent = 4, 4, how, 0 })
		folder, left := export(t, d, "masks")
		if !slices.Equal(left, []string{"export.scaled"}) {
			t.Errorf("%s: told of %q", how, left)
		}
		truths, info := importtest.Seen(t, folder, func(o *imports.Options) { o.Max, o.ValPercent = imports.KeepSize, 0 })
		if got := truths["images/a.png"]; got != want || info.Width != 8 || info.Height != 4 {
			t.Errorf("%s: %s in %d×%d, want %s", how, got, info.Width, info.Height, want)
		}
	}
	// A photo that lay on its side is written upright, and its mask with it.
	lying := datatest.Files{
		"images/a.jpg": datatest.Turned(datatest.JPEG(t, datatest.Plain(4, 2, color.White)), 6, false), "masks/a.png": datatest.PNG(t, datatest.Mask("0011 0022")), "classes.txt": []byte("a\nb\nc"),
	}.Folder(t)
	folder, left := export(t, importtest.Imported(t, lying, func(o *imports.Options) { o.ValPercent = 0 }), "masks")
	truths, _ := importtest.Seen(t, folder, func(o *imports.Options) { o.ValPercent = 0 })
	if got := truths["images/a.png"]; got != "00 00 21 21" || len(left) > 0 {
		t.Errorf("upright: %s, told of %q", got, left)
	}
}

// Names of classes and files go into the export as systems allow them; classes that were removed do not.
func TestNamesOfAnExport(t *testing.T) {
	picture := func(v byte) []byte { return datatest.PNG(t, datatest.Grey(4, 4, v)) }
	d := importtest.Imported(t, datatest.Files{"a/x.png": picture(1), "a/deep/X.png": picture(2), "b/x.jpg.png": picture(3), "c/y.png": picture(4), "con/z.png": picture(5)}.Folder(t), func(o *imports.Options) { o.ValPercent = 0 })
	if err := d.Edit(func(e *data.Edit) error {
		_, err := e.MergeClasses(2, 0)
		return errors.Join(err, e.RenameClass(0, "a/b?"), e.RenameClass(1, "A-B-"))
	}); err != nil {
		t.Fatal(err)
	}
	folder, left := export(t, d, "folders")
	want := []string{".convscope-export.json", "A-B- (2)/x.jpg.png", "_con/z.png", "a-b-/X-1.png", "a-b-/x.png", "a-b-/y.png"}
	if got := list(t, folder); !slices.Equal(got, want) && !slices.Equal(got, []string{want[0], want[1], want[2], "a-b-/X.png", "a-b-/x-1.png", "a-b-/y.png"}) {
		t.Errorf("written as %q, want %q", got, want)
	}
	if !slices.Equal(left, []string{"export.classes.renamed"}) {
		t.Errorf("told of %q", left)
	}
	if err := d.Edit(func(e *data.Edit) error { return errors.Join(e.RenameClass(0, "a b"), e.RenameClass(1, "a_b")) }); err != nil {
		t.Fatal(err)
	}
	_, err := exports.Export(t.Context(), d, filepath.Join(t.TempDir(), "x"), exports.Options{Format: "folders"}, nil)
	datatest.WantFault(t, err, "export.classes.same")
}

func TestWhatAFormatCannotSay(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shapes")
	if _, err := samples.Import(t.Context(), "shapes", folder, samples.Options{Task: data.Segmentation, Count: 20, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	d := importtest.Reopened(t, folder)
	if _, left := export(t, d, "masks"); !slices.Equal(left, []string{"export.left.boxes"}) {
		t.Errorf("masks leave out %q", left)
	}
	if _, left := export(t, d, "instances"); !slices.Equal(left, []string{"export.left.boxes", "export.instances.classes", "export.instances.void"}) {
		t.Errorf("instances leave out %q", left)
	}
	if err := d.Edit(func(e *data.Edit) error { return e.RenameClass(1, "Void") }); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "x")
	_, err := exports.Export(t.Context(), d, out, exports.Options{Format: "masks"}, nil)
	datatest.WantFault(t, err, "export.void")
	if _, err := os.Stat(out); err == nil {
		t.Error("what failed has left a folder")
	}
	sizes := importtest.Imported(t, datatest.Files{"a/1.png": datatest.PNG(t, datatest.Grey(4, 4, 1)), "b/2.png": datatest.PNG(t, datatest.Grey(5, 4, 1))}.Folder(t), func(o *imports.Options) { o.Max, o.ValPercent = imports.KeepSize, 0 })
	_, err = exports.Export(t.Context(), sizes, out, exports.Options{Format: "idx"}, nil)
	datatest.WantFault(t, err, "export.idx.sizes")
	masks := datatest.Files{"images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 1)), "masks/a.png": datatest.PNG(t, datatest.Mask("0011 0011 0011")), "classes.txt": []byte(strings.Repeat("x", 3) + "\ny")}
	_, err = exports.Export(t.Context(), importtest.Imported(t, masks.Folder(t), func(o *imports.Options) { o.ValPercent = 0 }), out, exports.Options{Format: "instances"}, nil)
	datatest.WantFault(t, err, "export.instances.none")
}

// Classes that are called like what systems leave about are read again.
func TestClassesCalledLikeLitter(t *testing.T) {
	picture := func(v byte) []byte { return datatest.PNG(t, datatest.Grey(4, 4, v)) }
	d := importtest.Imported(t, datatest.Files{"a/x.png": picture(1), "b/y.png": picture(2), "c/z.png": picture(3)}.Folder(t), func(o *imports.Options) { o.ValPercent = 0 })
	if err := d.Edit(func(e *data.Edit) error {
		return errors.Join(e.RenameClass(0, "Thumbs.db"), e.RenameClass(1, "__MACOSX"))
	}); err != nil {
		t.Fatal(err)
	}
	folder, left := export(t, d, "folders")
	if again := importtest.Imported(t, folder, func(o *imports.Options) { o.ValPercent = 0 }); again.Len() != 3 || !slices.Equal(left, []string{"export.classes.renamed"}) {
		t.Errorf("%d of 3 images are read again; told of %q", again.Len(), left)
	}
}

// Of a data set for a task that no format can be written for, no list of formats is promised.
func TestATaskWithoutAFormat(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shapes")
	if _, err := samples.Import(t.Context(), "shapes", folder, samples.Options{Task: data.Detection, Count: 10, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := exports.Export(t.Context(), importtest.Reopened(t, folder), filepath.Join(t.TempDir(), "x"), exports.Options{Format: "masks"}, nil)
	datatest.WantFault(t, err, "export.task.none")
}

// An export is replaced as long as all of its files are its own: what people put there is not deleted.
func TestAnExportWithForeignFilesIsNotReplaced(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 6).Folder(t), nil)
	out := filepath.Join(t.TempDir(), "export")
	again := func() error {
		_, err := exports.Export(t.Context(), d, out, exports.Options{Format: "folders", Force: true}, nil)
		return err
	}
	if err := errors.Join(again(), again()); err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(out, "notes.txt")
	if err := os.WriteFile(notes, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	datatest.WantFault(t, again(), "export.changed")
	if b, err := os.ReadFile(notes); err != nil || string(b) != "mine" {
		t.Errorf("the notes are %q, %v", b, err)
	}
	if err := os.Remove(notes); err != nil || again() != nil {
		t.Errorf("it is not replaced without them: %v", err)
	}
	if err := os.WriteFile(filepath.Join(out, ".convscope-export.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	datatest.WantFault(t, again(), "export.foreign")
}
