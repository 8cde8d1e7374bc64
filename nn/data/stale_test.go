package data

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

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
