package imports_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestCancelledImportLeavesNothing(t *testing.T) {
	source := datatest.TwoClasses(t, 60).Folder(t)
	parent := t.TempDir()
	out := filepath.Join(parent, "new folder", "set")
	for _, at := range []int{0, 1} { // before the first image, and after the last
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		_, err := imports.Import(ctx, source, out, imports.Default(), func(p imports.Progress) {
			if calls == at {
				cancel()
			}
			calls++
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled at call %d of %d: %v", at, calls, err)
		}
		datatest.WantOnly(t, parent)
	}
}

func TestForceKeepsTheOldUntilTheNewIsComplete(t *testing.T) {
	parent := t.TempDir()
	out := filepath.Join(parent, "set")
	small, large := datatest.TwoClasses(t, 2).Folder(t), datatest.TwoClasses(t, 5).Folder(t)
	o := imports.Default()
	if _, err := imports.Import(context.Background(), small, out, o, nil); err != nil {
		t.Fatal(err)
	}
	_, err := imports.Import(context.Background(), large, out, o, nil)
	datatest.WantFault(t, err, "data.exists")

	o.Force = true
	old := importtest.Reopened(t, out)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = imports.Import(ctx, large, out, o, func(p imports.Progress) {
		if p.Done == p.Total {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := importtest.Reopened(t, out).Len(); n != 4 {
		t.Errorf("after a cancelled replacement %d images, want the old 4", n)
	}
	_, err = imports.Import(context.Background(), large, out, o, func(imports.Progress) {
		if d, err := data.Open(out); err != nil || d.Len() != 4 {
			t.Errorf("while the new one is made: %v", err)
		} else {
			d.Close()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := importtest.Reopened(t, out).Len(); n != 10 {
		t.Errorf("%d images, want 10", n)
	}
	if p, err := old.Pixels(3); err != nil || p.Pix[0] != 101 {
		t.Errorf("the replaced data set, still open: %v, %v", p, err)
	}
	datatest.WantOnly(t, parent, "set")

	foreign := datatest.Files{"precious.txt": []byte("x")}.Folder(t)
	_, err = imports.Import(context.Background(), large, foreign, o, nil)
	datatest.WantFault(t, err, "data.out.foreign")
	datatest.WantOnly(t, foreign, "precious.txt")
}

func TestSourcesThatCannotBe(t *testing.T) {
	picture := datatest.PNG(t, datatest.Grey(2, 2, 1))
	text := []byte("text")
	for what, c := range map[string]struct{ source, code string }{
		"missing":       {filepath.Join(t.TempDir(), "none"), "file.missing"},
		"empty":         {t.TempDir(), "data.empty"},
		"no images":     {datatest.Files{"a/x.txt": text}.Folder(t), "data.empty"},
		"one class":     {datatest.Files{"a/x.png": picture}.Folder(t), "data.classes.one"},
		"no classes":    {datatest.Files{"x.png": picture}.Folder(t), "data.noclasses"},
		"unreadable":    {datatest.Files{"a/x.png": text, "b/x.png": text}.Folder(t), "data.unreadable"},
		"a single file": {datatest.Saved(t, "x.png", picture), "data.source.file"},
		"a device":      {"/dev/null", "data.source"},
		"a long name":   {filepath.Join(t.TempDir(), strings.Repeat("가", 170)), "name.long"},
	} {
		t.Run(what, func(t *testing.T) {
			parent := t.TempDir()
			_, err := imports.Import(context.Background(), c.source, filepath.Join(parent, "set"), imports.Default(), nil)
			datatest.WantFault(t, err, c.code)
			datatest.WantOnly(t, parent)
			_, err = imports.Recognize(context.Background(), c.source)
			datatest.WantFault(t, err, c.code)
		})
	}
	// A class whose images cannot be read is found out while reading.
	parent := t.TempDir()
	_, err := imports.Import(context.Background(), datatest.Files{"a/x.png": picture, "b/x.png": text}.Folder(t), filepath.Join(parent, "set"), imports.Default(), nil)
	datatest.WantFault(t, err, "data.classes.one")
	datatest.WantOnly(t, parent)
}

func TestPlacesThatCannotBe(t *testing.T) {
	source := datatest.TwoClasses(t, 2).Folder(t)
	for out, code := range map[string]string{
		" ": "data.out",
		filepath.Join(t.TempDir(), strings.Repeat("x", 500)): "name.long",
		filepath.Join(datatest.Saved(t, "x", nil), "set"):    "file.failed",
		datatest.Saved(t, "x", nil):                          "file.failed",
	} {
		_, err := imports.Import(context.Background(), source, out, imports.Default(), nil)
		datatest.WantFault(t, err, code)
	}
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	locked := t.TempDir()
	if err := os.Chmod(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := imports.Import(context.Background(), source, filepath.Join(locked, "set"), imports.Default(), nil)
	datatest.WantFault(t, err, "folder.readonly")
}
