package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// seen describes all that a workspace has, as whoever opens it sees it. Whether what is listed can be read is part of it.
func seen(t *testing.T, w Workspace) string {
	t.Helper()
	var b strings.Builder
	queue, err := w.ReadQueue()
	fmt.Fprintf(&b, "queue %s", fault.Code(err))
	for _, r := range queue {
		fmt.Fprintf(&b, " %s with %g", r.Dataset, r.Config.Rate)
	}
	fmt.Fprintf(&b, "; choice %+v; networks", w.ReadChoice())
	list, err := w.Networks()
	for _, n := range list {
		fmt.Fprintf(&b, " %s of %d %s", n.Name, n.Spec.Classes, fault.Code(n.Err))
	}
	names, listing := w.Runs()
	fmt.Fprintf(&b, "; runs")
	for _, name := range names {
		r := w.ReadRun(name)
		fmt.Fprintf(&b, " %s with %d epochs %s", name, len(r.Info.Epochs), fault.Code(r.Err))
	}
	sets, also := w.Datasets()
	fmt.Fprintf(&b, "; data sets")
	for _, name := range sets {
		fmt.Fprintf(&b, " %s %s", name, fault.Code(w.CheckDataset(name, true)))
	}
	if err != nil || listing != nil || also != nil {
		t.Fatal(err, listing, also)
	}
	return b.String()
}

// The power is cut after each operation on the disk. Whoever opens the workspace then finds what was there before the change that was going on,
// or what was to be there, and nothing half done.
func TestAWorkspaceSurvivesAPowerCut(t *testing.T) {
	w := filled(t)
	defer disk.Replace(disktest.Quick{})()
	for _, folder := range []string{filepath.Join(w.RunPath("run 1"), "snapshots"), filepath.Join(w.DatasetPath("shapes"), "data.db")} { // they take time
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.DatasetPath("shapes"), "data.db"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	queued := func(rates ...float64) (list []QueuedRun) {
		for _, rate := range rates {
			c := train.Defaults()
			c.Rate = rate
			list = append(list, QueuedRun{"shapes", lenet(t, 3), c})
		}
		return list
	}
	steps := []func() error{
		func() error { return w.WriteQueue(queued(.1, .2)) },
		func() error { return w.WriteQueue(queued(.2)) },
		func() error { return w.WriteQueue(nil) },
		func() error { return w.WriteChoice(Choice{Dataset: "shapes", Run: "run 1"}) },
		func() error { return w.WriteChoice(Choice{Dataset: "shapes", Run: "best", Device: "cpu"}) },
		func() error { return w.SaveNetwork("mine", lenet(t, 3)) },
		func() error { return w.SaveNetwork("mine", lenet(t, 4)) },
		func() error { return w.DeleteNetwork("mine") },
		func() error { return w.RenameRun("run 1", "best") },
		func() error { _, err := w.DeleteRun("best"); return err },
		func() error { _, err := w.DeleteDataset("shapes"); return err },
	}
	recorder, err := disktest.Record(w.Root())
	if err != nil {
		t.Fatal(err)
	}
	done, views := []int{0}, []string{seen(t, w)} // operations after each step, and what is seen then
	disk.Replace(recorder)
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		done, views = append(done, recorder.Len()), append(views, seen(t, w))
		if views[i] == views[i+1] {
			t.Fatalf("step %d changes nothing: %s", i, views[i])
		}
	}
	disk.Replace(disktest.Quick{})

	step, states := 0, 0
	known := map[string]bool{}
	for after, state := range recorder.Cuts() {
		for step < len(steps) && done[step+1] <= after {
			step++
		}
		key := fmt.Sprint(step, state.Key(func(string) bool { return false }))
		if known[key] {
			continue
		}
		known[key] = true
		states++
		root := filepath.Join(t.TempDir(), "cut")
		if err := state.Write(root); err != nil {
			t.Fatal(err)
		}
		cut := at(t, root)
		cut.Clear()
		got := seen(t, cut)
		if got != views[step] && (step == len(steps) || got != views[step+1]) {
			t.Errorf("cut %s, in step %d, there is\n%s\nand not\n%s", recorder.Last(after), step, got, views[step])
		}
		for _, part := range []string{datasets, runs} {
			entries, err := os.ReadDir(filepath.Join(root, part))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), ".") {
					t.Errorf("cut %s, %s is left", recorder.Last(after), e.Name())
				}
			}
		}
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
	if states < 50 {
		t.Errorf("%d states are tried: the disk is not recorded", states)
	}
}
