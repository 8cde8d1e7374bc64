package session

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// rates returns the learning rates of the runs that wait.
func rates(st *State) (list []float64) {
	for _, w := range st.Waiting {
		list = append(list, w.Config.Rate)
	}
	return list
}

// Runs wait while one goes on, are put first and taken out, are held by a stop, and outlive the window.
func TestQueue(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	long := w.shapes()
	long.Epochs, long.Rate = 5000, .002
	quick := func(rate float64) train.Config {
		c := long
		c.Epochs, c.Rate = 1, rate
		return c
	}
	if err := w.s.Enqueue([]train.Config{long}); err != nil {
		t.Fatal(err)
	}
	w.until("a start", func(st *State) bool { return st.Training != nil && st.Training.Iteration > 1 })
	if err := w.s.Enqueue([]train.Config{quick(.01), quick(.02), quick(.03)}); err != nil {
		t.Fatal(err)
	}
	st := w.s.State()
	w.s.Advance(st.Waiting[2].ID)
	w.s.Unqueue(st.Waiting[0].ID)
	if got := rates(w.s.State()); !slices.Equal(got, []float64{.03, .02}) {
		t.Fatalf("waiting are %v", got)
	}
	wrong := quick(.01)
	wrong.Rate = -1
	if err := w.s.Enqueue([]train.Config{quick(.04), wrong}); fault.Code(err) != "train.setting.range" || len(w.s.State().Waiting) != 2 {
		t.Errorf("a rate below zero: %v, %d wait", err, len(w.s.State().Waiting))
	}
	w.s.Stop(w.s.State().Training.Run)
	w.until("the end", func(st *State) bool { return st.Training == nil })
	if got := len(w.s.State().Waiting); got != 2 {
		t.Errorf("%d wait after a stop", got)
	}
	w.close()

	w = open(t, home)
	if got := rates(w.s.State()); !slices.Equal(got, []float64{.03, .02}) || w.s.State().Training != nil {
		t.Fatalf("waiting are %v after the window was opened again", got)
	}
	w.s.StartQueue()
	w.until("the end of both", func(st *State) bool { return st.Training == nil && len(st.Waiting) == 0 && len(st.Runs) == 3 })
	for i, rate := range []float64{.02, .03} { // the newest first
		if r := w.s.State().Runs[i]; r.Info.Config.Rate != rate || r.Info.State != train.Finished {
			t.Errorf("%s at %g %s", r.Name, r.Info.Config.Rate, r.Info.State)
		}
	}
	w.close()
	if _, err := os.Stat(filepath.Join(home, "queue.json")); !os.IsNotExist(err) {
		t.Errorf("an empty queue is kept: %v", err)
	}
}

// Going back to an epoch while the run goes on stops it; the run itself stays as it is.
func TestGoBack(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	defer w.close()
	c := w.shapes()
	c.Epochs = 5000
	run, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	w.until("two epochs", func(st *State) bool { return st.Training != nil && st.Training.Epoch > 2 })
	w.s.SetNote(run, "with four filters")
	w.until("the note", func(st *State) bool { return st.Runs[0].Info.Note != "" })
	w.s.GoBack(run, 1, .001)
	w.until("the branch", func(st *State) bool { return st.Training == nil && len(st.Runs) == 2 && st.Run == "run 2" })
	st := w.s.State()
	if r := st.ChosenRun(); r.Info.State != train.Stopped || r.Info.Config.Rate != .001 || len(r.Info.Epochs) != 1 || r.Info.Note != "run 1 @1 · with four filters" {
		t.Errorf("the branch is %+v", r)
	}
	w.until("its curves", func(st *State) bool { return st.Curves["run 2"] != nil })
	if got := w.s.State().Curves["run 2"]; len(got.Epochs) != 1 || len(got.RateChanges) != 1 {
		t.Errorf("its curves are %+v", got)
	}
	if err := w.s.ResumeRun("run 2"); err != nil {
		t.Fatal(err)
	}
	w.until("steps with the other rate", func(st *State) bool { return st.Training != nil && st.Training.Epoch > 1 && st.Training.Rate <= .001 })
	w.s.Stop(w.s.State().Training.Run)
	w.until("the end", func(st *State) bool { return st.Training == nil })
	disk := make(chan RunDisk, 4)
	w.s.DiskOf(run, func(d RunDisk) { disk <- d })
	d := <-disk
	if len(d.Snapshots) < 2 || d.Bytes < 1000 {
		t.Fatalf("%+v", d)
	}
	w.s.KeepSnapshot(run, 1, true, func(d RunDisk) { disk <- d })
	if d := <-disk; !d.Snapshots[0].Kept {
		t.Errorf("not kept: %+v", d)
	}
	n := len(d.Snapshots)
	w.s.DeleteSnapshot(run, d.Snapshots[0].Epoch, func(d RunDisk) { disk <- d })
	if d := <-disk; len(d.Snapshots) != n-1 || len(w.s.State().Runs[1].Info.Snapshots) != n-1 {
		t.Errorf("%d snapshots are left of %d", len(d.Snapshots), n)
	}
}

// A run that cannot start keeps its place and why; the one after it has its turn. It is tried again when the user starts the queue.
func TestARunThatCannotStartIsHeld(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	defer w.close()
	c := w.shapes()
	c.Epochs = 1
	lost := c
	lost.Weights = filepath.Join(home, "runs", "gone")
	if err := w.s.Enqueue([]train.Config{c, lost, c}); err != nil {
		t.Fatal(err)
	}
	w.until("the end of two", func(st *State) bool {
		done := 0
		for _, r := range st.Runs {
			if r.Info.State == train.Finished {
				done++
			}
		}
		return done == 2 && st.Training == nil
	})
	st := w.s.State()
	if len(st.Waiting) != 1 || fault.Code(st.Waiting[0].Err) != "model.file.missing" || len(st.Runs) != 2 || st.ChosenRun() == nil {
		t.Fatalf("%d runs, waiting are %+v", len(st.Runs), st.Waiting)
	}
	if err := os.CopyFS(lost.Weights, os.DirFS(st.Runs[0].Folder)); err != nil { // it is back
		t.Fatal(err)
	}
	w.s.StartQueue()
	w.until("the last one", func(st *State) bool { return st.Training == nil && len(st.Waiting) == 0 && len(st.Runs) == 3 })
}

// A queue that this version cannot read is kept under another name.
func TestAQueueOfANewerVersionIsKept(t *testing.T) {
	home := t.TempDir()
	text := []byte(`{"format":2,"runs":[]}`)
	if err := os.WriteFile(filepath.Join(home, "queue.json"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	w := open(t, home)
	w.s.Unqueue(1) // whatever changes the queue
	w.until("what is told", func(st *State) bool {
		return len(st.Notices) > 0 && fault.Code(st.Notices[0].Err) == "workspace.queue.damaged"
	})
	w.close()
	if b, err := os.ReadFile(filepath.Join(home, "queue.json.unreadable")); err != nil || string(b) != string(text) {
		t.Errorf("what is kept is %q, %v", b, err)
	}
}

// A run that goes on without having been looked at keeps the curves that it had.
func TestResumedRunKeepsItsCurves(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	c := w.shapes()
	c.Epochs = 2
	if err := w.s.Enqueue([]train.Config{c, c}); err != nil {
		t.Fatal(err)
	}
	w.until("two runs", func(st *State) bool { return st.Training == nil && len(st.Runs) == 2 && len(st.Waiting) == 0 })
	w.close()
	w = open(t, home)
	defer w.close()
	if w.s.State().Curves["run 1"] != nil {
		t.Fatal("the curves were read already")
	}
	if err := w.s.ExtendRun("run 1", 1); err != nil {
		t.Fatal(err)
	}
	w.until("its end", func(st *State) bool {
		return st.Training == nil && st.Curves["run 1"] != nil && len(st.Curves["run 1"].Epochs) == 3
	})
	if r := w.s.State().Runs[1]; len(r.Info.Epochs) != 3 {
		t.Errorf("%s has %d epochs", r.Name, len(r.Info.Epochs))
	}
	if a, b := w.s.nextRun(), w.s.nextRun(); a == b || a != "run 3" {
		t.Errorf("%s and %s are given", a, b)
	}
}
