package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/disk"
)

// without is a disk that cannot exchange folders.
type without struct{ disk.System }

func (without) Exchange(string, string) error { return errors.ErrUnsupported }

// names lists a folder.
func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// draft makes one for a folder with a file of a text.
func draft(t *testing.T, to, text string) *disk.Draft {
	t.Helper()
	d, err := disk.NewDraft(to, ".new-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Path, "text"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDraftTakesThePlaceOfAFolder(t *testing.T) {
	for name, d := range map[string]disk.Disk{"exchange": disk.System{}, "rename": without{}} {
		t.Run(name, func(t *testing.T) {
			defer disk.Replace(d)()
			parent := t.TempDir()
			to := filepath.Join(parent, "folder")
			for _, text := range []string{"first", "second"} {
				d := draft(t, to, text)
				if err := d.Publish(); err != nil {
					t.Fatal(err)
				}
				d.Discard() // of what is published nothing
				if b, err := os.ReadFile(filepath.Join(to, "text")); err != nil || string(b) != text {
					t.Errorf("%q instead of %q, %v", b, text, err)
				}
			}
			if got := names(t, parent); !slices.Equal(got, []string{"folder"}) {
				t.Errorf("there are %v", got)
			}
			draft(t, to, "third").Discard()
			if got := names(t, parent); !slices.Equal(got, []string{"folder"}) {
				t.Errorf("discarded, there are %v", got)
			}
		})
	}
}

func TestClearLeavesWhatIsInUse(t *testing.T) {
	parent := t.TempDir()
	mine := draft(t, filepath.Join(parent, "mine"), "mine")
	defer mine.Discard()
	for _, name := range []string{".new-killed", ".new-aside-old", ".new-replaced-old", "replaced", "other"} {
		if err := os.MkdirAll(filepath.Join(parent, name, "in it"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".convscope-1", ".new-file"} {
		if err := os.WriteFile(filepath.Join(parent, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	disk.Clear(parent, ".new-")
	disk.ClearFiles(parent, 0)
	want := []string{filepath.Base(mine.Path), ".new-file", "aside", "other", "replaced"}
	slices.Sort(want)
	if got := names(t, parent); !slices.Equal(got, want) {
		t.Errorf("there are %v, not %v", got, want)
	}
}

// A folder that came to its place meanwhile is not replaced.
func TestPublishNew(t *testing.T) {
	parent := t.TempDir()
	to := filepath.Join(parent, "folder")
	first, second := draft(t, to, "first"), draft(t, to, "second")
	if err := first.PublishNew(); err != nil {
		t.Fatal(err)
	}
	if err := second.PublishNew(); !errors.Is(err, os.ErrExist) {
		t.Errorf("the second gives %v", err)
	}
	second.Discard()
	if b, err := os.ReadFile(filepath.Join(to, "text")); err != nil || string(b) != "first" {
		t.Errorf("there is %q, %v", b, err)
	}
	if got := names(t, parent); !slices.Equal(got, []string{"folder"}) {
		t.Errorf("there are %v", got)
	}
}
