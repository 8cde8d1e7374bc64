package imports_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
)

// What an import left that was killed is cleared at once by the next one; what another import works in is not. A data set that was put aside
// gets its name back.
func TestStaleWorkIsCleared(t *testing.T) {
	const prefix = ".convscope-import-"
	parent := t.TempDir()
	if parent := os.Getenv("CONVSCOPE_HOLD"); parent != "" { // the process that is killed
		if _, err := data.NewDraft(filepath.Join(parent, "killed")); err != nil {
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
	mine, err := data.NewDraft(filepath.Join(parent, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Discard()
	if err := os.Mkdir(filepath.Join(parent, prefix+"replaced-old"), 0o755); err != nil {
		t.Fatal(err)
	}
	left := func() []string {
		t.Helper()
		left, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	source := datatest.TwoClasses(t, 2).Folder(t)
	if _, err := imports.Import(context.Background(), source, filepath.Join(parent, "one"), imports.Default(), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(left()); n != 2 {
		t.Errorf("%d folders are left while two imports are at work", n)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if _, err := imports.Import(context.Background(), source, filepath.Join(parent, "two"), imports.Default(), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(left()); n != 1 {
		t.Fatalf("%d folders are left while one import is at work", n)
	}
	datatest.WantOnly(t, parent, filepath.Base(left()[0]), "one", "replaced", "two")
}
