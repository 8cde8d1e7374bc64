package data

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
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

// What an import left that was killed is cleared at once by the next one; what another import works in is not. A data set that was put aside
// gets its name back.
func TestStaleWorkIsCleared(t *testing.T) {
	parent := t.TempDir()
	if parent := os.Getenv("CONVSCOPE_HOLD"); parent != "" { // the process that is killed
		if _, err := NewDraft(filepath.Join(parent, "killed")); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("held\n")
		select {}
	}
	other := exec.Command(os.Args[0], "-test.run=^TestStaleWorkIsCleared$")
	other.Env = append(os.Environ(), "CONVSCOPE_HOLD="+parent)
	told, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(told).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	mine, err := NewDraft(filepath.Join(parent, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Discard()
	if err := os.Mkdir(filepath.Join(parent, draftPrefix+"replaced-old"), 0o755); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		left, _ := filepath.Glob(filepath.Join(parent, draftPrefix+"*"))
		return len(left)
	}
	source := twoClasses(t, 2).folder(t)
	if _, err := Import(context.Background(), source, filepath.Join(parent, "one"), DefaultImport(), nil); err != nil {
		t.Fatal(err)
	}
	if count() != 2 {
		t.Errorf("%d folders are left while two imports are at work", count())
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if _, err := Import(context.Background(), source, filepath.Join(parent, "two"), DefaultImport(), nil); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, parent, filepath.Base(mine.folder.Path), "one", "replaced", "two")
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

func TestLinksInFolders(t *testing.T) {
	source := twoClasses(t, 2).folder(t)
	outside := files{"x.png": pngOf(t, grey(4, 4, 9))}.folder(t)
	for link, to := range map[string]string{
		"a/loop": source, "b/up": filepath.Dir(source), "a/self": filepath.Join(source, "a"), "c": outside, "d": outside,
		"a/dangling.png": filepath.Join(source, "none"),
	} {
		if err := os.Symlink(to, filepath.Join(source, link)); err != nil {
			t.Skip(err)
		}
	}
	d := imported(t, source, nil)
	if i := d.Info(); i.Images() != 5 || len(i.Classes) != 3 || len(i.Skipped) != 1 || i.Skipped[0].Code != "file.missing" {
		t.Errorf("%d images in %v, left out %+v", i.Images(), i.Classes, i.Skipped)
	}
}

func TestFaultsOfOpening(t *testing.T) {
	d := imported(t, twoClasses(t, 2).folder(t), nil)
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(d.Path(), name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	about, db := read(InfoFile), read(DataFile)
	with := func(change func(m map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(about, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for what, c := range map[string]struct {
		about, db []byte
		code      string
	}{
		"whole":         {about, db, ""},
		"newer":         {with(func(m map[string]any) { m["format"] = Format + 1 }), db, "data.newer"},
		"other task":    {with(func(m map[string]any) { m["task"] = "dreaming" }), db, "data.task.newer"},
		"foreign":       {[]byte(`{"kind":"cocoa"}`), db, "data.info.foreign"},
		"cut info":      {about[:len(about)/2], db, "data.info.damaged"},
		"empty info":    {nil, db, "data.info.damaged"},
		"huge":          {with(func(m map[string]any) { m["width"] = 1e6 }), db, "data.info.wrong"},
		"other size":    {with(func(m map[string]any) { m["channels"] = 2 }), db, "data.info.wrong"},
		"fewer classes": {with(func(m map[string]any) { m["classes"] = []string{} }), db, ""}, // the database has them
		"cut db":        {about, db[:len(db)-4096], "data.damaged"},
		"cut db more":   {about, db[:5000], "data.damaged"},
		"empty db":      {about, nil, "data.damaged"},
		"text for db":   {about, []byte(strings.Repeat("text", 10000)), "data.damaged"},
	} {
		t.Run(what, func(t *testing.T) {
			folder := files{InfoFile: c.about, DataFile: c.db}.folder(t)
			opened, err := Open(folder)
			wantFault(t, err, c.code)
			if err == nil {
				opened.Close()
			}
		})
	}
	_, err := Open(files{InfoFile: about}.folder(t))
	wantFault(t, err, "data.incomplete")
	_, err = Open(t.TempDir())
	wantFault(t, err, "data.foreign")
	_, err = Open(filepath.Join(t.TempDir(), "none"))
	wantFault(t, err, "data.missing")
}
