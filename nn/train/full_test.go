package train

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
	"github.com/convscope/convscope/nn/fault"
)

// A disk that is full from any operation on ends a run with a fault that says so. When there is room again the run goes on to what it would
// have been, and nothing that it told of is lost.
func TestRunSurvivesAFullDisk(t *testing.T) {
	use(t, disktest.Quick{})
	whole := tiny(t)
	want := endings(t, whole)
	for room := 0; ; room++ {
		root := t.TempDir()
		j, now := whole, told{}
		j.Folder = filepath.Join(root, "runs", "run")
		observe := drive(&j, 1, false, now.add)
		restore := disk.Replace(&disktest.Full{Room: room})
		_, err := Run(context.Background(), j, observe)
		restore()
		if err == nil {
			t.Logf("%d operations need room", room)
			return
		}
		if fault.Code(err) != "disk.full" {
			t.Fatalf("room for %d operations: %v", room, err)
		}
		left, err := disktest.Read(root)
		if err != nil {
			t.Fatal(err)
		}
		if what := goOn(t, whole, left, want).wrong(now); what != "" {
			t.Errorf("room for %d operations: %s; left were %v", room, what, left)
		}
	}
}

// No clock of the day has a say in a run: what is new is told by epochs and iterations, and durations are of the monotonic clock, which is
// never set. The times of files are all that is left of the other.
func TestTimesOfFilesDoNotMatter(t *testing.T) {
	use(t, disktest.Quick{})
	j := tiny(t)
	want := endings(t, j)
	requests := make(chan Request, 1)
	j.Requests = requests
	result, _ := must(context.Background(), t, j, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 7 {
			requests <- Stop{}
		}
	})
	before := result.Seconds
	years := 0
	err := filepath.WalkDir(j.Folder, func(path string, _ os.DirEntry, err error) error {
		years += 7
		at := time.Date(1970+years%90, 1, 1, 0, 0, 0, 0, time.UTC)
		if err == nil {
			err = os.Chtimes(path, at, at)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	result, _ = must(context.Background(), t, resumed(j), nil)
	if !(result.Seconds >= before && before >= 0) || math.IsInf(result.Seconds, 0) {
		t.Errorf("%g seconds, and %g in all", before, result.Seconds)
	}
	if !want[0].is(endingOf(t, j.Folder)) {
		t.Error("other weights")
	}
}
