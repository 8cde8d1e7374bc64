package formats_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/disk"
)

func TestNestedFoldersAndNames(t *testing.T) {
	long := strings.Repeat("가", 83) + "abcdef" // 255 bytes
	picture := datatest.PNG(t, datatest.Grey(3, 3, 1))
	source := datatest.Files{
		"around/빨간 사과/하나.png":                   picture,
		"around/빨간 사과/deep/deeper/two.png":      picture,
		"around/golden_retriever/x.png":         picture,
		"around/🐕 dog/x.png":                    picture,
		"around/class 10/x.png":                 picture,
		"around/class 9/x.png":                  picture,
		"around/" + long + "/x.png":             picture,
		"around/class 9/" + long[:251] + ".png": picture,
		"around/class 9/.hidden.png":            picture,
		"around/class 9/__MACOSX/x.png":         picture,
		"around/class 9/Thumbs.db":              picture,
		"around/class 9/readme.txt":             []byte("hello"),
		"around/empty/readme.txt":               []byte("hello"),
	}.Folder(t)
	d := importtest.Imported(t, source, nil)
	want := []string{"class 9", "class 10", "golden retriever", long, "빨간 사과", "🐕 dog"}
	if got := d.Info().Classes; !slices.Equal(got, want) {
		t.Errorf("classes %q, want %q", got, want)
	}
	if n := d.Len(); n != 8 {
		t.Errorf("%d images, want 8", n)
	}
	if s := d.Info().Skipped; len(s) != 1 || s[0].Code != "data.notimage" || s[0].File != "around/class 9/readme.txt" {
		t.Errorf("left out: %+v", s)
	}
}

func TestSplitFoldersAreKept(t *testing.T) {
	f := datatest.Files{}
	for split, n := range map[string]int{"Train": 6, "valid": 3, "test": 2} {
		for i := range n {
			for _, class := range []string{"a", "b"} {
				f[fmt.Sprintf("%s/%s/%d.png", split, class, i)] = datatest.PNG(t, datatest.Grey(2, 2, byte(i)))
			}
		}
	}
	source := f.Folder(t)
	d := importtest.Imported(t, source, nil)
	if c := d.Info().Counts; c != [3]int{12, 6, 4} {
		t.Errorf("kept as %v, want 12, 6, 4", c)
	}
	d = importtest.Imported(t, source, func(o *imports.Options) { o.ValPercent = 50 })
	if c := d.Info().Counts; c != [3]int{9, 9, 4} {
		t.Errorf("with half for validation %v, want 9, 9, 4", c)
	}
	d = importtest.Imported(t, source, func(o *imports.Options) { o.ValPercent, o.TestPercent = 0, 0 })
	if c := d.Info().Counts; c != [3]int{22, 0, 0} {
		t.Errorf("with nothing kept apart %v, want 22, 0, 0", c)
	}
	found, err := imports.Recognize(context.Background(), source)
	if err != nil || found.Splits != [3]int{12, 6, 4} || found.Images != 22 {
		t.Errorf("recognised %v of %d, %v", found.Splits, found.Images, err)
	}
}

// Folders whose names have control characters give classes of one line, and none becomes another's.
func TestClassNamesTakeOneLine(t *testing.T) {
	picture := datatest.PNG(t, datatest.Grey(4, 4, 9))
	f := datatest.Files{}
	for _, folder := range []string{"a\nb", "a b", "a\tb", "cat\r", "\n", "개\u2028집", "_"} {
		f[folder+"/1.png"] = picture
	}
	d := importtest.Imported(t, f.Folder(t), nil)
	want := []string{"_", "_ (2)", "a b", "a b (2)", "a b (3)", "cat", "개 집"}
	if got := d.Info().Classes; !slices.Equal(got, want) {
		t.Errorf("classes %q, want %q", got, want)
	}
	for _, name := range d.Info().Classes {
		if disk.OneLine(name) != name {
			t.Errorf("%q is not one line", name)
		}
	}
}
