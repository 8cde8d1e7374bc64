package data

import (
	"os"
	"path/filepath"
	"testing"
)

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
