package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestLinksInFolders(t *testing.T) {
	source := datatest.TwoClasses(t, 2).Folder(t)
	outside := datatest.Files{"x.png": datatest.PNG(t, datatest.Grey(4, 4, 9))}.Folder(t)
	for link, to := range map[string]string{
		"a/loop": source, "b/up": filepath.Dir(source), "a/self": filepath.Join(source, "a"), "c": outside, "d": outside,
		"a/dangling.png": filepath.Join(source, "none"),
	} {
		if err := os.Symlink(to, filepath.Join(source, link)); err != nil {
			t.Skip(err)
		}
	}
	d := importtest.Imported(t, source, nil)
	if i := d.Info(); i.Images() != 5 || len(i.Classes) != 3 || len(i.Skipped) != 1 || i.Skipped[0].Code != "file.missing" {
		t.Errorf("%d images in %v, left out %+v", i.Images(), i.Classes, i.Skipped)
	}
}
