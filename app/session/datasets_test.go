package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// withShapes is the folder of a workspace with a small data set: under the race detector a whole sample takes long.
func withShapes(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, "datasets", "shapes")
	if err := os.MkdirAll(filepath.Dir(folder), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := samples.Import(t.Context(), "shapes", folder, samples.Options{Count: 120, Seed: 1}, func(imports.Progress) {}); err != nil {
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
	if err := w.s.ResumeRun(run); fault.Code(err) != "workspace.dataset.gone" {
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
	w.until("a notice", func(st *State) bool { return st.told("workspace.dataset.gone") >= 1 && st.ChosenDataset() == nil })
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
	w.until("a notice", func(st *State) bool { return st.told("workspace.dataset.gone") == 1 })
	w.close()
	w = open(t, home)
	if n := w.s.State().told("workspace.dataset.gone"); n != 0 {
		t.Errorf("it is told again at the next start")
	}
	w.close()
}

func TestTheWorkspaceMustBeWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Home: file, Post: func(func()) {}}); fault.Code(err) != "workspace.root" {
		t.Errorf("a workspace that is a file: %v", err)
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

// What a crash left is cleared at the next start.
func TestWhatACrashLeftIsClearedAtTheNextStart(t *testing.T) {
	home := t.TempDir()
	left := []string{filepath.Join(home, "datasets", ".deleting shapes"), filepath.Join(home, "runs", ".convscope-run-killed")}
	for _, folder := range left {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	open(t, home).close()
	for _, folder := range left {
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", folder, err)
		}
	}
}

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
	w.until("a notice", func(st *State) bool { return st.told("workspace.delete") == 1 })
	w.s.DeleteRun("run 1")
	w.until("a notice", func(st *State) bool { return st.told("workspace.delete") == 2 })
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
	if _, err := w.s.Picture("shapes", 0); fault.Code(err) != "workspace.dataset.gone" {
		t.Errorf("while it is being deleted: %v", err)
	}
	close(d.open)
	w.until("its end", func(st *State) bool { return len(st.Datasets) == 0 })
	if len(w.s.datasets.open) != 0 {
		t.Error("it is open still")
	}
}

// space is the folder of a workspace with nothing in it.
func space(t *testing.T) workspace.Workspace {
	t.Helper()
	w, err := workspace.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A data set is opened once, and not after it was deleted, dropped for good or all are closed.
func TestDatasetsAreOpenedOnce(t *testing.T) {
	w, err := workspace.Open(withShapes(t))
	if err != nil {
		t.Fatal(err)
	}
	d := newDatasets(w)
	var opened [8]*data.Dataset
	var work sync.WaitGroup
	for i := range opened {
		work.Go(func() {
			var err error
			if opened[i], err = d.get("shapes"); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for _, o := range opened {
		if o == nil || o != opened[0] {
			t.Fatal("it is opened twice")
		}
	}
	if r := d.read("shapes"); r.Err != nil || r.Name != "shapes" || r.Path != w.DatasetPath("shapes") || r.Info.Images() != 120 {
		t.Errorf("it is described as %+v", r)
	}
	if r := d.read("other"); fault.Code(r.Err) == "" {
		t.Errorf("one that is not there: %+v", r)
	}

	away := filepath.Join(t.TempDir(), "shapes")
	if err := os.Rename(w.DatasetPath("shapes"), away); err != nil {
		t.Fatal(err)
	}
	d.drop("shapes")
	if _, err := opened[0].Record(0); err != nil {
		t.Errorf("what is dropped cannot be read by those who do: %v", err)
	}
	if _, err := d.get("shapes"); fault.Code(err) == "" {
		t.Errorf("it is opened after it is gone: %v", err)
	}
	if err := os.Rename(away, w.DatasetPath("shapes")); err != nil {
		t.Fatal(err)
	}
	back, err := d.get("shapes")
	if err != nil || back == opened[0] {
		t.Fatalf("one that came back: %v", err)
	}
	if gone, err := d.delete("shapes"); !gone || err != nil {
		t.Errorf("deleted %v, %v", gone, err)
	}
	if _, err := back.Record(0); fault.Code(err) != "data.closed" {
		t.Errorf("it is open after it was deleted: %v", err)
	}
	if _, err := d.get("shapes"); fault.Code(err) == "" || len(d.deleting) != 0 {
		t.Errorf("it is opened after it was deleted: %v", err)
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
	if _, err := opened[0].Record(0); fault.Code(err) != "data.closed" {
		t.Errorf("it is open after all were closed: %v", err)
	}
	if _, err := d.get("shapes"); !errors.Is(err, context.Canceled) {
		t.Errorf("one is opened after all were closed: %v", err)
	}
}
