package page

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/app/session"
)

func TestCountsOfANotice(t *testing.T) {
	n := session.Notice{Args: []any{"shapes", 1234567, 0}}
	if got := NoticeArgs(n); !slices.Equal(got, []any{"shapes", "1,234,567", "0"}) || n.Args[1] != 1234567 {
		t.Errorf("they are %v, of %v", got, n.Args)
	}
}

func TestImages(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"b.PNG", "a.jpg", ".hidden.png", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "folder.png"), 0o777); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	want := []string{in("a.jpg"), in("b.PNG"), in("b.PNG")}
	if got := Images([]string{folder, in("b.PNG"), in("notes.txt"), in("folder.png")}); !slices.Equal(got, want) {
		t.Errorf("images are %v", got)
	}
}
