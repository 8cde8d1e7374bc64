package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
)

func TestRemoveAll(t *testing.T) {
	parent := t.TempDir()
	outside := filepath.Join(parent, "outside")
	inside := filepath.Join(parent, "folder", "in", "it")
	for _, folder := range []string{outside, inside} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "precious"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(inside, "link")); err != nil {
		t.Skip(err) // not every system lets everybody
	}
	for range 2 { // the second time nothing is there
		if err := disk.RemoveAll(filepath.Join(parent, "folder")); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, outside); !slices.Equal(got, []string{"precious"}) || len(names(t, parent)) != 1 {
		t.Errorf("a link led to what it points at: %v is left", got)
	}
}

// folders makes folders with two files each.
func folders(t *testing.T, parent string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(parent, name, "in it"), 0o777); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"a", "in it/b"} {
			if err := os.WriteFile(filepath.Join(parent, name, file), []byte(name), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Whenever the power is cut while a folder is removed, it is whole or gone after the next start, and nothing else came or went. One that is called
// as what another is put aside as is no more than itself.
func TestAFolderIsWholeOrGoneAfterAPowerCut(t *testing.T) {
	for _, name := range []string{"run 1", "run-old"} {
		parent := t.TempDir()
		folders(t, parent, name, "other")
		recorder, err := disktest.Record(parent)
		if err != nil {
			t.Fatal(err)
		}
		restore := disk.Replace(recorder)
		err = disk.RemoveFolder(filepath.Join(parent, name))
		restore()
		if err != nil {
			t.Fatal(err)
		}
		whole, gone := []string{"other", name}, []string{"other"}
		for after, state := range recorder.Cuts() {
			root := t.TempDir()
			if err := state.Write(root); err != nil {
				t.Fatal(err)
			}
			disk.Clear(root, ".new-")
			disk.ClearRemoved(root)
			got := names(t, root)
			files, err := fs.Glob(os.DirFS(root), name+"/*")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, gone) && !(slices.Equal(got, whole) && len(files) == 2) || after == recorder.Len() && !slices.Equal(got, gone) {
				t.Errorf("cut after %s, of %s there are %v with %v in it", recorder.Last(after), name, got, files)
			}
		}
	}
}

// stuck is a disk on which nothing can be renamed.
type stuck struct{ disk.System }

func (stuck) Rename(string, string) error { return fs.ErrPermission }

func TestWhatCannotBeRemovedStaysWhole(t *testing.T) {
	parent := t.TempDir()
	folders(t, parent, "run")
	defer disk.Replace(stuck{})()
	if err := disk.RemoveFolder(filepath.Join(parent, "run")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it gives %v", err)
	}
	if got := names(t, filepath.Join(parent, "run")); !slices.Equal(got, []string{"a", "in it"}) {
		t.Errorf("there are %v", got)
	}
	for _, path := range []string{"gone", "gone too/gone"} {
		if err := errors.Join(disk.RemoveAll(filepath.Join(parent, path)), disk.Remove(filepath.Join(parent, path))); err != nil {
			t.Errorf("nothing there is a fault: %v", err)
		}
	}
}

// Where others may be writing, files stay that were written to a moment ago.
func TestFilesThatAreBeingWrittenStay(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{".convscope-1", ".convscope-2", "mine"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if name != ".convscope-1" {
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	disk.ClearFiles(folder, time.Minute)
	if got := names(t, folder); !slices.Equal(got, []string{".convscope-1", "mine"}) {
		t.Errorf("there are %v", got)
	}
	if err := disk.Writable(folder); err != nil {
		t.Error(err)
	}
	if got := names(t, folder); len(got) != 2 {
		t.Errorf("a look at whether it is writable leaves %v", got)
	}
}
