package workspace

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
	"github.com/convscope/convscope/nn/fault"
)

// at opens a workspace in a folder.
func at(t *testing.T, root string) Workspace {
	t.Helper()
	w, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// filled returns a workspace with the data set "shapes" and the run "run 1", which an older version made.
func filled(t *testing.T) Workspace {
	t.Helper()
	w := at(t, t.TempDir())
	for to, from := range map[string]string{w.RunPath("run 1"): "../train/testdata/v1/run", w.DatasetPath("shapes"): "../data/testdata/v1/shapes"} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// lenet returns a network to keep, as it is read again.
func lenet(t *testing.T, classes int) nn.Spec {
	t.Helper()
	spec, err := nn.Standard("lenet", nn.Shape{C: 1, H: 28, W: 28}, classes)
	if err != nil {
		t.Fatal(err)
	}
	if spec, err = nn.Parse(spec.JSON()); err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestLocate(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, c := range []struct {
		asked, variable, want string
		named                 bool
	}{
		{"", "", filepath.Join(home, "Convscope"), false},
		{"", other, other, true},
		{filepath.Join(other, "asked"), other, filepath.Join(other, "asked"), true},
	} {
		t.Setenv(HomeVariable, c.variable)
		if got, named, err := Locate(c.asked); got != c.want || named != c.named || err != nil {
			t.Errorf("asked for %q, with %q in the environment, it is %q, %v, %v", c.asked, c.variable, got, named, err)
		}
	}
}

func TestOpen(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new", "workspace")
	for range 2 {
		at(t, root)
	}
	for _, part := range []string{datasets, networks, runs} {
		if info, err := os.Stat(filepath.Join(root, part)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", part, err)
		}
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); fault.Code(err) != "workspace.root" {
		t.Errorf("a workspace that is a file: %v", err)
	}
	full := &disktest.Full{}
	defer disk.Replace(full)()
	if _, err := Open(root); fault.Code(err) != "workspace.root" {
		t.Errorf("on a full disk: %v", err)
	}
}

// Lists are of what belongs there: neither hidden nor of the other kind.
func TestLists(t *testing.T) {
	w := filled(t)
	for _, folder := range []string{"datasets/.hidden", "datasets/empty", "runs/.hidden", "networks/folder.json"} {
		if err := os.MkdirAll(filepath.Join(w.Root(), folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{"datasets/file": "", "runs/file": "", "networks/.hidden.json": "{}", "networks/text": "", "networks/broken.json": "no network"} {
		if err := os.WriteFile(filepath.Join(w.Root(), file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SaveNetwork("mine", lenet(t, 10)); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Datasets(); err != nil || !slices.Equal(got, []string{"empty", "shapes"}) {
		t.Errorf("data sets %q, %v", got, err)
	}
	if got, err := w.Runs(); err != nil || !slices.Equal(got, []string{"run 1"}) {
		t.Errorf("runs %q, %v", got, err)
	}
	got, err := w.Networks()
	if err != nil || len(got) != 2 || got[0].Name != "broken" || fault.Code(got[0].Err) != "model.network" || got[1].Name != "mine" || got[1].Err != nil || got[1].Spec.Classes != 10 {
		t.Errorf("networks %+v, %v", got, err)
	}
	if err := os.RemoveAll(filepath.Join(w.Root(), runs)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Runs(); fault.Code(err) != "workspace.read" {
		t.Errorf("runs of no folder: %v", err)
	}
}

func TestIsRunPath(t *testing.T) {
	w := at(t, t.TempDir())
	for path, want := range map[string]bool{w.RunPath("run 7"): true, w.DatasetPath("run 7"): false, filepath.Join(w.RunPath("run 7"), "snapshots"): false, "": false, "weights.caffemodel": false} {
		if got := w.IsRunPath(path); got != want {
			t.Errorf("%q is a run's path: %v", path, got)
		}
	}
}

func TestReading(t *testing.T) {
	w := filled(t)
	if r := w.ReadRun("run 1"); r.Err != nil || r.Name != "run 1" || r.Folder != w.RunPath("run 1") || len(r.Info.Snapshots) != 2 {
		t.Errorf("%+v", r)
	}
	if r := w.ReadRun("run 2"); fault.Code(r.Err) != "train.run.missing" {
		t.Errorf("a run that is not there: %v", r.Err)
	}
	d, err := w.OpenDataset("shapes")
	if err != nil || d.Len() == 0 {
		t.Fatalf("%v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckDataset("shapes", true); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(w.DatasetPath("shapes"), "data.db")); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckDataset("shapes", true); fault.Code(err) != "workspace.dataset.gone" {
		t.Errorf("without its images: %v", err)
	}
	if err := w.CheckDataset("shapes", false); err != nil {
		t.Errorf("its folder: %v", err)
	}
	if err := w.CheckDataset("other", false); fault.Code(err) != "workspace.dataset.gone" {
		t.Errorf("no folder: %v", err)
	}
}

// No name leads out of its folder.
func TestNamesStayInTheirFolder(t *testing.T) {
	w := filled(t)
	outside := filepath.Join(w.Root(), "outside")
	if err := os.MkdirAll(outside, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../outside", "a/../../outside", outside, "a/b"} {
		_, deletingDataset := w.DeleteDataset(name)
		_, deletingRun := w.DeleteRun(name)
		_, opening := w.OpenDataset(name)
		for what, err := range map[string]error{
			"deleting a data set": deletingDataset, "deleting a run": deletingRun, "opening": opening, "reading": w.ReadRun(name).Err, "saving": w.SaveNetwork(name, lenet(t, 10)),
			"deleting a network": w.DeleteNetwork(name), "renaming": w.RenameRun(name, "new"), "renaming to": w.RenameRun("run 1", name),
		} {
			if fault.Code(err) != "workspace.name" {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
	if !exists(outside) || !exists(w.RunPath("run 1")) || !exists(w.DatasetPath("shapes")) {
		t.Error("something is gone")
	}
}

func TestNames(t *testing.T) {
	w := filled(t)
	for source, want := range map[string]string{
		"/somewhere/내 사진.tar.gz": "내 사진", "/somewhere/shapes.zip": "shapes 2", "/somewhere/a.b": "a.b", "/": "data", "/somewhere/" + strings.Repeat("long", 99): strings.Repeat("long", 50),
	} {
		if got := w.NewDatasetName(source); got != want {
			t.Errorf("the data set of %s is called %q, not %q", source, got, want)
		}
	}
	for given, want := range map[string]string{"": "run 2", "run 1": "run 2", "run 7": "run 8", "mine": "run 2", "run 7 again": "run 8"} {
		if got := w.NewRunName("run 0", given); got != want {
			t.Errorf("after %q comes %q, not %q", given, got, want)
		}
	}
	if err := os.WriteFile(w.RunPath("run 2"), nil, 0o666); err != nil { // a file, which no list has
		t.Fatal(err)
	}
	if got := w.NewRunName(); got != "run 3" {
		t.Errorf("where a file is in the way it is %q", got)
	}
	if got, err := w.CheckRunName(" best: so far "); got != "best- so far" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := w.CheckRunName("run 1"); fault.Code(err) != "workspace.run.exists" {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := w.CheckRunName("..."); fault.Code(err) != "name.empty" {
		t.Errorf("no name: %v", err)
	}
}

func TestNewest(t *testing.T) {
	run := func(name string, seconds int) Run {
		r := Run{Name: name}
		if seconds > 0 {
			r.Info.Begun = time.Unix(int64(seconds), 5)
		}
		return r
	}
	list := []Run{run("run 2", 0), run("b", 0), run("run 10", 0), run("a", 0), run("late", 20), run("run 1", 10), run("run 11", 10)}
	slices.SortFunc(list, Newest)
	var names []string
	for _, r := range list {
		names = append(names, r.Name)
	}
	if want := []string{"late", "run 11", "run 1", "run 10", "run 2", "a", "b"}; !slices.Equal(names, want) {
		t.Errorf("the newest first are %q, not %q", names, want)
	}
}

// stuck is a disk on which nothing can be renamed.
type stuck struct{ disk.System }

func (stuck) Rename(string, string) error { return fs.ErrPermission }

// What cannot be deleted or renamed is told, and is whole.
func TestWhatCannotBeDeletedOrRenamedStays(t *testing.T) {
	w := filled(t)
	defer disk.Replace(stuck{})()
	if gone, err := w.DeleteRun("run 1"); gone || fault.Code(err) != "workspace.delete" {
		t.Errorf("deleted %v, %v", gone, err)
	}
	if gone, err := w.DeleteDataset("shapes"); gone || fault.Code(err) != "workspace.delete" {
		t.Errorf("deleted %v, %v", gone, err)
	}
	if err := w.RenameRun("run 1", "new"); fault.Code(err) != "workspace.rename" {
		t.Errorf("renamed: %v", err)
	}
	if r := w.ReadRun("run 1"); r.Err != nil || w.CheckDataset("shapes", true) != nil {
		t.Errorf("%v, %v", r.Err, w.CheckDataset("shapes", true))
	}
}

// What a crash left is cleared: what was being made or removed goes, what was put aside is there again, what others are at stays.
func TestClear(t *testing.T) {
	w := at(t, t.TempDir())
	for _, folder := range []string{
		"datasets/.deleting shapes", "datasets/.convscope-import-killed", "datasets/.convscope-import-aside-old", "datasets/.mine",
		"runs/.deleting run 1", "runs/.convscope-run-killed", "runs/run 2/snapshots/.new-killed", "runs/run 2/snapshots/.deleting 3",
	} {
		if err := os.MkdirAll(filepath.Join(w.Root(), folder, "in it"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	held, err := disk.NewDraft(w.DatasetPath("coming"), ".convscope-import-held-")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Discard()
	old := time.Now().Add(-2 * stale)
	for _, file := range []string{".convscope-old", "networks/.convscope-old", "networks/.convscope-new", "runs/run 2/network.json", "runs/run 2/.convscope-old"} {
		path := filepath.Join(w.Root(), file)
		if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "-old") {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Clear()
	var left []string
	err = filepath.WalkDir(w.Root(), func(path string, _ fs.DirEntry, err error) error {
		if name := filepath.Base(path); name != "in it" && (strings.HasPrefix(name, ".") || name == "aside") {
			left = append(left, name)
		}
		return err
	})
	want := []string{".mine", filepath.Base(held.Path), ".convscope-new", "aside"}
	slices.Sort(left)
	slices.Sort(want)
	if err != nil || !slices.Equal(left, want) {
		t.Errorf("there are %v, not %v; %v", left, want, err)
	}
}
