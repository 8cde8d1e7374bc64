package train

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// A branch goes on as its run did; with another rate it goes another way, and says where.
func TestBranch(t *testing.T) {
	j := job(t, digits(t, 80), quick(3))
	must(context.Background(), t, j, nil)
	before, err := ReadRun(j.Folder)
	if err != nil {
		t.Fatal(err)
	}
	branch := func(name string, epoch, rate float64) Job {
		b := resumed(j)
		b.Folder = filepath.Join(filepath.Dir(j.Folder), name)
		if err := Branch(j.Folder, b.Folder, epoch, rate); err != nil {
			t.Fatal(err)
		}
		return b
	}
	again := branch("again", 1, 0)
	info, err := ReadRun(again.Folder)
	if err != nil || info.State != Stopped || info.Iteration != before.PerEpoch || len(info.Epochs) != 1 || !slices.Equal(info.Snapshots, []float64{1}) {
		t.Errorf("the branch is %+v, %v", info, err)
	}
	must(context.Background(), t, again, nil)
	if !same(weights(t, j.Folder, "last"), weights(t, again.Folder, "last")) {
		t.Error("other weights than the run's own")
	}
	other := branch("other", 2, .002)
	_, events := must(context.Background(), t, other, nil)
	for _, s := range of[Step](events) {
		if s.Rate != .002 {
			t.Fatalf("step %d at a rate of %g", s.Iteration, s.Rate)
		}
	}
	if same(weights(t, j.Folder, "last"), weights(t, other.Folder, "last")) {
		t.Error("the same weights with another rate")
	}
	if after, err := ReadRun(other.Folder); err != nil || after.State != Finished || after.Config.Rate != .002 || after.Iteration != before.Iteration {
		t.Errorf("%+v, %v", after, err)
	}
	kept, err := ReadEvents(other.Folder)
	if got := of[RateChanged](kept); err != nil || len(got) != 1 || got[0].Epoch != 2 {
		t.Errorf("rate changes %+v, %v", got, err)
	}
	if now, err := ReadRun(j.Folder); err != nil || now.State != before.State || !slices.Equal(now.Snapshots, before.Snapshots) {
		t.Errorf("the run itself became %+v, %v", now, err)
	}
}

// The best weights of a branch are the best of its time.
func TestBranchBest(t *testing.T) {
	j := job(t, digits(t, 80), quick(4))
	must(context.Background(), t, j, nil)
	place, err := readProgress(snapshotPath(j.Folder, 2))
	if err != nil {
		t.Fatal(err)
	}
	to := j.Folder + " 2"
	if err := Branch(j.Folder, to, 2, 0); err != nil {
		t.Fatal(err)
	}
	if m, err := model.Load(to, "best"); err != nil || m.Epoch != place.BestEpoch {
		t.Errorf("the best is of epoch %v, not %v (%v)", m.Epoch, place.BestEpoch, err)
	}
	if place.BestEpoch < 2 { // gone where only its snapshot had it
		t.Fatal("the second epoch was to be the best of two; choose other data")
	}
	// The best of the third epoch, where a later one overwrote it and its snapshot is gone too.
	third := j.Folder + " 3"
	info, err := ReadRun(j.Folder)
	if err != nil {
		t.Fatal(err)
	}
	place, err = readProgress(snapshotPath(j.Folder, 3))
	if err != nil || place.BestEpoch == info.BestEpoch {
		t.Fatalf("the fourth epoch was to be better than the third; choose other data (%v)", err)
	}
	if place.BestEpoch != 3 {
		if err := os.RemoveAll(snapshotPath(j.Folder, place.BestEpoch)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Branch(j.Folder, third, 3, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadRun(third); err != nil || place.BestEpoch != 3 && got.BestEpoch != 0 {
		t.Errorf("best epoch %v, %v", got.BestEpoch, err)
	}
	b := resumed(j)
	b.Folder = third
	must(context.Background(), t, b, nil)
	if !same(weights(t, j.Folder, "last"), weights(t, third, "last")) {
		t.Error("other weights than the run's own")
	}
}

func TestBranchThatCannotBe(t *testing.T) {
	j := job(t, digits(t, 40), quick(1))
	must(context.Background(), t, j, nil)
	for _, c := range []struct {
		from, to string
		epoch    float64
		code     string
	}{
		{j.Folder, j.Folder + " 2", 7, "model.snapshot.missing"},
		{j.Folder, j.Folder, 1, "train.run.exists"},
		{t.TempDir(), j.Folder + " 2", 1, "train.run.missing"},
	} {
		if err := Branch(c.from, c.to, c.epoch, 0); fault.Code(err) != c.code {
			t.Errorf("from %s to %s at %g: %v, not %s", c.from, c.to, c.epoch, err, c.code)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(j.Folder))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d things lie beside the run, %v", len(entries)-1, err)
	}
}

// Snapshots that are kept on purpose are listed as such; the newest is never deleted. A note is the user's own.
func TestKeptSnapshotsAndNotes(t *testing.T) {
	j := job(t, digits(t, 40), quick(3))
	must(context.Background(), t, j, nil)
	if err := KeepSnapshot(j.Folder, 1, true); err != nil {
		t.Fatal(err)
	}
	list := ReadSnapshots(j.Folder)
	if len(list) != 3 || !list[0].Kept || list[1].Kept || list[0].Bytes < 1000 {
		t.Errorf("%+v", list)
	}
	if use := DiskUse(j.Folder); use < list[0].Bytes*3 {
		t.Errorf("the run takes %d bytes", use)
	}
	if err := KeepSnapshot(j.Folder, 1, false); err != nil || ReadSnapshots(j.Folder)[0].Kept {
		t.Errorf("still kept, %v", err)
	}
	if err := DeleteSnapshot(j.Folder, 3); fault.Code(err) != "train.snapshot.newest" {
		t.Errorf("the newest: %v", err)
	}
	if err := DeleteSnapshot(j.Folder, 2); err != nil || !slices.Equal(model.Snapshots(j.Folder), []float64{1, 3}) {
		t.Errorf("%v, %v", model.Snapshots(j.Folder), err)
	}
	if err := WriteNote(j.Folder, " with fewer filters\n"); err != nil {
		t.Fatal(err)
	}
	if info, err := ReadRun(j.Folder); err != nil || info.Note != "with fewer filters" {
		t.Errorf("note %q, %v", info.Note, err)
	}
	if err := WriteNote(j.Folder, strings.Repeat("long ", 2000)); fault.Code(err) != "train.note.long" {
		t.Errorf("a long note: %v", err)
	}
	if err := WriteNote(j.Folder, ""); err != nil {
		t.Fatal(err)
	}
	if info, _ := ReadRun(j.Folder); info.Note != "" {
		t.Errorf("note %q", info.Note)
	}
	if err := os.WriteFile(filepath.Join(j.Folder, noteFile), make([]byte, 2*maxNote), 0o666); err != nil {
		t.Fatal(err)
	}
	if info, err := ReadRun(j.Folder); err != nil || info.Note != "" {
		t.Errorf("a file that is too large for a note gives %d bytes, %v", len(info.Note), err)
	}
}

// Of the snapshots those of every second epoch stay, beside them the best, the newest two and those that are kept on purpose.
func TestWhichSnapshotsStay(t *testing.T) {
	c := quick(7)
	c.SnapshotEvery = 2
	j := job(t, digits(t, 120), c)
	var bests []float64
	_, events := must(context.Background(), t, j, func(e Event) {
		if v, ok := e.(Epoch); ok && v.Best {
			bests = append(bests, v.Epoch)
		}
		if s, ok := e.(Snapshot); ok && s.Epoch == 1 {
			if err := KeepSnapshot(j.Folder, 1, true); err != nil {
				t.Error(err)
			}
		}
	})
	if len(bests) < 2 || bests[0] != 1 {
		t.Fatalf("the best were %v; choose other data", bests)
	}
	taken := of[Snapshot](events)
	for _, best := range bests {
		if !slices.ContainsFunc(taken, func(s Snapshot) bool { return s.Epoch == best }) {
			t.Errorf("epoch %g was the best, and has no snapshot", best)
		}
	}
	stay := func(epoch float64) bool {
		return epoch == 1 || epoch == bests[len(bests)-1] || math.Mod(epoch, 2) == 0 || epoch >= taken[len(taken)-2].Epoch
	}
	var want []float64
	for _, s := range taken {
		if stay(s.Epoch) {
			want = append(want, s.Epoch)
		}
	}
	if got := model.Snapshots(j.Folder); !slices.Equal(got, want) {
		t.Errorf("there are %v, not %v (the best were %v)", got, want, bests)
	}
}

// Epochs that have more digits than the names of snapshots are found by these.
func TestSnapshotsOfOddEpochs(t *testing.T) {
	c := quick(2)
	c.ValidateEvery, c.SnapshotEvery = 1./3, 1./3
	j := job(t, digits(t, 80), c)
	must(context.Background(), t, j, nil)
	info, err := ReadRun(j.Folder)
	if err != nil || len(info.Epochs) < 4 {
		t.Fatalf("%d validations, %v", len(info.Epochs), err)
	}
	odd := info.Epochs[3].Epoch
	if odd == 2 || !model.HasSnapshot(info.Snapshots, odd) {
		t.Fatalf("epoch %g is not among %v", odd, info.Snapshots)
	}
	if err := Branch(j.Folder, j.Folder+" 2", odd, 0); err != nil {
		t.Error(err)
	}
	never := func(float64) bool { return false }
	if err := prune(j.Folder, odd, never); err != nil || !model.HasSnapshot(model.Snapshots(j.Folder), odd) || len(model.Snapshots(j.Folder)) != 3 {
		t.Errorf("of them %v stay, %v", model.Snapshots(j.Folder), err)
	}
}

// A snapshot that is kept on purpose stays so when the run comes to its epoch again.
func TestTheMarkOfASnapshotStays(t *testing.T) {
	j := job(t, digits(t, 80), quick(2))
	requests := make(chan Request, 1)
	j.Requests = requests
	must(context.Background(), t, j, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 2 {
			requests <- Stop{}
		}
	})
	stopped := ReadSnapshots(j.Folder)
	if err := KeepSnapshot(j.Folder, stopped[0].Epoch, true); err != nil {
		t.Fatal(err)
	}
	requests <- Stop{} // before the first step
	j = resumed(j)
	j.Requests = requests
	must(context.Background(), t, j, nil)
	if again := ReadSnapshots(j.Folder); len(again) != 1 || !again[0].Kept {
		t.Errorf("%+v became %+v", stopped, again)
	}
}
