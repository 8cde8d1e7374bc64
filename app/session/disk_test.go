package session

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// withShapes is the folder of a workspace with a small data set: under the race detector a whole sample takes long.
func withShapes(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, "datasets", "shapes")
	if err := os.MkdirAll(filepath.Dir(folder), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := data.ImportSample(t.Context(), "shapes", folder, data.SampleOptions{Count: 120, Seed: 1}, func(data.Progress) {}); err != nil {
		t.Fatal(err)
	}
	return home
}

// told counts the notices with a code.
func (s *State) told(code string) int {
	n := 0
	for _, v := range s.Notices {
		if fault.Code(v.Err) == code {
			n++
		}
	}
	return n
}

func TestALostDatasetIsToldAndNotTrainedOn(t *testing.T) {
	home := withShapes(t)
	w := open(t, home)
	w.tiny()
	c := train.DefaultsFor(w.s.State().ChosenNetwork().Spec)
	c.Epochs, c.Rate = 2000, .002
	run, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	w.until("steps", func(st *State) bool { return st.Training != nil && st.Training.Iteration > 2 })
	w.s.Stop(w.s.State().Training.Run)
	w.until("the end", func(st *State) bool { return st.Training == nil })

	folder, away := filepath.Join(home, "datasets", "shapes"), filepath.Join(t.TempDir(), "shapes")
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	if err := w.s.ResumeRun(run); fault.Code(err) != "session.dataset.gone" {
		t.Errorf("going on without the data: %v", err)
	}
	if st := w.s.State(); st.ChosenDataset() != nil || st.Training != nil {
		t.Errorf("after it was noticed: data set %q, training %v", st.Dataset, st.Training)
	}

	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	w.s.Refresh()
	w.until("the data set that came back", func(st *State) bool { return st.Dataset == "shapes" })
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	w.s.Refresh()
	w.until("a notice", func(st *State) bool { return st.told("session.dataset.gone") >= 1 && st.ChosenDataset() == nil })
	if _, err := w.s.Train(c); fault.Code(err) != "session.dataset.none" {
		t.Errorf("training without the data: %v", err)
	}
	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	w.s.Refresh()
	w.until("the data set that came back", func(st *State) bool { return st.Dataset == "shapes" })
	w.close()

	if err := os.RemoveAll(folder); err != nil { // while the application is closed
		t.Fatal(err)
	}
	w = open(t, home)
	w.until("a notice", func(st *State) bool { return st.told("session.dataset.gone") == 1 })
	w.close()
	w = open(t, home)
	if n := w.s.State().told("session.dataset.gone"); n != 0 {
		t.Errorf("it is told again at the next start")
	}
	w.close()
}

func TestTheWorkspaceMustBeWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Home: file, Post: func(func()) {}}); fault.Code(err) != "session.home" {
		t.Errorf("a workspace that is a file: %v", err)
	}
}

func TestTimeInAPauseDoesNotCount(t *testing.T) {
	l := &live{iterations: 100, first: 0, since: time.Now().Add(-20 * time.Second)}
	l.step.Iteration = 50
	left := func() time.Duration {
		s := State{Curves: map[string]*Curve{}}
		l.compose(&s)
		return s.Training.Left.Round(time.Second)
	}
	if got := left(); got != 20*time.Second {
		t.Errorf("%s are left after 50 of 100 steps in 20 s", got)
	}
	l.paused, l.held = true, l.since.Add(10*time.Second) // ten seconds ago
	if got := left(); got != 10*time.Second {
		t.Errorf("%s are left in a pause after 50 steps in 10 s", got)
	}
	s := &Session{live: l, changed: make(chan struct{}, 1)}
	s.observe(train.Resumed{})
	if got := left(); got != 10*time.Second {
		t.Errorf("%s are left after the pause", got)
	}
}

func TestADivergedRunKeepsNothingBeforeItsFirstSnapshot(t *testing.T) {
	w := open(t, withShapes(t))
	defer w.close()
	w.tiny()
	c := train.DefaultsFor(w.s.State().ChosenNetwork().Spec)
	c.Rate, c.Batch, c.SnapshotEvery, c.ValidateEvery = 100, 8, 1000, 1000
	run, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	w.until("the end", func(st *State) bool {
		return st.Training == nil && slices.ContainsFunc(st.Notices, func(n Notice) bool { return n.Key == "notice.run.diverged" })
	})
	if r := w.s.State().ChosenRun(); r == nil || r.Name != run || r.Info.State != train.Diverged || len(r.Info.Snapshots) != 0 {
		t.Errorf("the run is %+v", r)
	}
}

// What a crash left is cleared at the next start: what was being made or removed goes, what was put aside is there again, what others are at stays.
func TestWhatACrashLeftIsClearedAtTheNextStart(t *testing.T) {
	home := t.TempDir()
	for _, folder := range []string{
		"datasets/.deleting shapes", "datasets/.convscope-import-killed", "datasets/.convscope-import-aside-old", "datasets/.mine",
		"runs/.deleting run 1", "runs/.convscope-run-killed", "runs/run 2/snapshots/.new-killed", "runs/run 2/snapshots/.deleting 3", "networks",
	} {
		if err := os.MkdirAll(filepath.Join(home, folder, "in it"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	held, err := disk.NewDraft(filepath.Join(home, "datasets", "coming"), ".convscope-import-held-")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Discard()
	old := time.Now().Add(-2 * stale)
	for _, file := range []string{".convscope-old", "networks/.convscope-old", "networks/.convscope-new", "runs/run 2/network.json", "runs/run 2/.convscope-old"} {
		path := filepath.Join(home, file)
		if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "-old") {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	open(t, home).close()
	var left []string
	err = filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if name := filepath.Base(path); name != "in it" && (strings.HasPrefix(name, ".") || name == "aside") {
			left = append(left, name)
		}
		return err
	})
	if want := []string{".mine", filepath.Base(held.Path), ".convscope-new", "aside"}; err != nil || !slices.Equal(sorted(left), sorted(want)) {
		t.Errorf("there are %v, not %v; %v", left, want, err)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// stuck is a disk on which nothing can be renamed.
type stuck struct{ disk.System }

func (stuck) Rename(string, string) error { return fs.ErrPermission }

// What cannot be deleted is told, is whole and stays in the list.
func TestWhatCannotBeDeletedStays(t *testing.T) {
	home := withShapes(t)
	run := filepath.Join(home, "runs", "run 1")
	if err := os.MkdirAll(run, 0o777); err != nil {
		t.Fatal(err)
	}
	defer disk.Replace(stuck{})()
	w := open(t, home)
	defer w.close()
	w.s.DeleteDataset("shapes")
	w.until("a notice", func(st *State) bool { return st.told("session.delete") == 1 })
	w.s.DeleteRun("run 1")
	w.until("a notice", func(st *State) bool { return st.told("session.delete") == 2 })
	if _, err := os.Stat(filepath.Join(home, "datasets", "shapes", data.InfoFile)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(run); err != nil {
		t.Error(err)
	}
	if st := w.s.State(); st.ChosenDataset() == nil || len(st.Runs) != 1 {
		t.Errorf("there are %d data sets and %d runs", len(st.Datasets), len(st.Runs))
	}
}

// gated is a disk whose renames wait for the test.
type gated struct {
	disk.System
	asked, open chan struct{}
}

func (d gated) Rename(from, to string) error {
	if filepath.Base(from) == "shapes" {
		close(d.asked)
		<-d.open
	}
	return d.System.Rename(from, to)
}

// A data set that is being deleted is not opened again by whoever still shows its images.
func TestADatasetThatIsBeingDeletedIsNotOpened(t *testing.T) {
	home := withShapes(t)
	d := gated{asked: make(chan struct{}), open: make(chan struct{})}
	defer disk.Replace(d)()
	w := open(t, home)
	defer w.close()
	w.s.DeleteDataset("shapes")
	<-d.asked
	if _, err := w.s.Picture("shapes", 0); fault.Code(err) != "session.dataset.gone" {
		t.Errorf("while it is being deleted: %v", err)
	}
	close(d.open)
	w.until("its end", func(st *State) bool { return len(st.Datasets) == 0 })
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if len(w.s.open) != 0 {
		t.Error("it is open still")
	}
}
