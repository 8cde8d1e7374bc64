package data

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCancelledImportLeavesNothing(t *testing.T) {
	source := twoClasses(t, 60).folder(t)
	parent := t.TempDir()
	out := filepath.Join(parent, "new folder", "set")
	for _, at := range []int{0, 1} { // before the first image, and after the last
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		_, err := Import(ctx, source, out, DefaultImport(), func(p Progress) {
			if calls == at {
				cancel()
			}
			calls++
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled at call %d of %d: %v", at, calls, err)
		}
		wantOnly(t, parent)
	}
}

func TestForceKeepsTheOldUntilTheNewIsComplete(t *testing.T) {
	parent := t.TempDir()
	out := filepath.Join(parent, "set")
	small, large := twoClasses(t, 2).folder(t), twoClasses(t, 5).folder(t)
	o := DefaultImport()
	if _, err := Import(context.Background(), small, out, o, nil); err != nil {
		t.Fatal(err)
	}
	_, err := Import(context.Background(), large, out, o, nil)
	wantFault(t, err, "data.exists")

	o.Force = true
	old := reopened(t, out)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = Import(ctx, large, out, o, func(p Progress) {
		if p.Done == p.Total {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := reopened(t, out).Len(); n != 4 {
		t.Errorf("after a cancelled replacement %d images, want the old 4", n)
	}
	_, err = Import(context.Background(), large, out, o, func(Progress) {
		if d, err := Open(out); err != nil || d.Len() != 4 {
			t.Errorf("while the new one is made: %v", err)
		} else {
			d.Close()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := reopened(t, out).Len(); n != 10 {
		t.Errorf("%d images, want 10", n)
	}
	if p, err := old.Pixels(3); err != nil || p.Pix[0] != 101 {
		t.Errorf("the replaced data set, still open: %v, %v", p, err)
	}
	wantOnly(t, parent, "set")

	foreign := files{"precious.txt": []byte("x")}.folder(t)
	_, err = Import(context.Background(), large, foreign, o, nil)
	wantFault(t, err, "data.out.foreign")
	wantOnly(t, foreign, "precious.txt")
}

func TestSourcesThatCannotBe(t *testing.T) {
	picture := pngOf(t, grey(2, 2, 1))
	text := []byte("text")
	for what, c := range map[string]struct{ source, code string }{
		"missing":       {filepath.Join(t.TempDir(), "none"), "file.missing"},
		"empty":         {t.TempDir(), "data.empty"},
		"no images":     {files{"a/x.txt": text}.folder(t), "data.empty"},
		"one class":     {files{"a/x.png": picture}.folder(t), "data.classes.one"},
		"no classes":    {files{"x.png": picture}.folder(t), "data.noclasses"},
		"unreadable":    {files{"a/x.png": text, "b/x.png": text}.folder(t), "data.unreadable"},
		"a single file": {saved(t, "x.png", picture), "data.source.file"},
		"a device":      {"/dev/null", "data.source"},
		"a long name":   {filepath.Join(t.TempDir(), strings.Repeat("가", 170)), "name.long"},
	} {
		t.Run(what, func(t *testing.T) {
			parent := t.TempDir()
			_, err := Import(context.Background(), c.source, filepath.Join(parent, "set"), DefaultImport(), nil)
			wantFault(t, err, c.code)
			wantOnly(t, parent)
			_, err = Recognize(context.Background(), c.source)
			wantFault(t, err, c.code)
		})
	}
	// A class whose images cannot be read is found out while reading.
	parent := t.TempDir()
	_, err := Import(context.Background(), files{"a/x.png": picture, "b/x.png": text}.folder(t), filepath.Join(parent, "set"), DefaultImport(), nil)
	wantFault(t, err, "data.classes.one")
	wantOnly(t, parent)
}

func TestPlacesThatCannotBe(t *testing.T) {
	source := twoClasses(t, 2).folder(t)
	for out, code := range map[string]string{
		" ": "data.out",
		filepath.Join(t.TempDir(), strings.Repeat("x", 500)): "name.long",
		filepath.Join(saved(t, "x", nil), "set"):             "file.failed",
		saved(t, "x", nil):                                   "file.failed",
	} {
		_, err := Import(context.Background(), source, out, DefaultImport(), nil)
		wantFault(t, err, code)
	}
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	locked := t.TempDir()
	if err := os.Chmod(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := Import(context.Background(), source, filepath.Join(locked, "set"), DefaultImport(), nil)
	wantFault(t, err, "folder.readonly")
}
