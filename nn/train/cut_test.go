package train

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/disk/disktest"
	"github.com/convscope/convscope/nn/model"
)

// tiny returns a job of a very small network: three epochs of three steps.
func tiny(t *testing.T) Job {
	t.Helper()
	config := quick(3)
	config = config.WithSolver("adam", 0)
	config.Batch = 10
	j := job(t, digits(t, 40), config)
	j.Folder = filepath.Join(t.TempDir(), "runs", "run")
	j.Spec = nn.Spec{Format: nn.Format, Name: "tiny", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10, Layers: []nn.Layer{
		{Name: "pool", Type: "max-pool", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"kernel": nn.Num(7), "stride": nn.Num(7)}},
		{Name: "norm", Type: "batch-norm", Inputs: []string{"pool"}},
		{Name: "out", Type: "fully-connected", Inputs: []string{"norm"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}},
	}}
	return j
}

// use puts a disk in the place of the system's for a test.
func use(t *testing.T, d disk.Disk) {
	t.Helper()
	t.Cleanup(disk.Replace(d))
}

// The rate is changed before the first snapshot and after it; the run is stopped where a snapshot is there already, and within an epoch.
var (
	changedAt = []int{2, 4}
	stoppedAt = []int{6, 8}
)

// drive asks for the first few changes of the rate, and for stops.
func drive(j *Job, changes int, stops bool, observe func(Event)) func(Event) {
	requests := make(chan Request, 4)
	j.Requests = requests
	return func(e Event) {
		observe(e)
		s, ok := e.(Step)
		if !ok {
			return
		}
		if i := slices.Index(changedAt[:changes], s.Iteration); i >= 0 {
			requests <- SetRate{Rate: .004 / float64(i+1)}
		}
		if stops && slices.Contains(stoppedAt, s.Iteration) {
			requests <- Stop{}
		}
	}
}

// An ending is what a run came to.
type ending struct {
	files  map[string][]byte
	epochs []Epoch
}

func (e ending) is(other ending) bool { return reflect.DeepEqual(e, other) }

func endingOf(t *testing.T, folder string) ending {
	t.Helper()
	e := ending{files: map[string][]byte{}}
	for _, name := range []string{model.WeightsFile, "snapshots/3/" + model.WeightsFile, "snapshots/3/" + solverFile} {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		e.files[name] = b
	}
	events, err := ReadEvents(folder)
	if err != nil {
		t.Fatal(err)
	}
	e.epochs = of[Epoch](events)
	return e
}

// endings returns those of runs that were never stopped, by how often the rate was changed.
func endings(t *testing.T, j Job) []ending {
	t.Helper()
	var list []ending
	for n := range len(changedAt) + 1 {
		j.Folder = filepath.Join(t.TempDir(), "runs", "run")
		observe := drive(&j, n, false, func(Event) {})
		must(context.Background(), t, j, observe)
		list = append(list, endingOf(t, j.Folder))
	}
	return list
}

// told is what a run has told of.
type told struct {
	started  bool
	changes  int // how often the rate was changed
	snapshot int // iteration of the last snapshot
	best     bool
}

func (k *told) add(e Event) {
	switch e := e.(type) {
	case Started:
		k.started = true
	case RateChanged:
		k.changes = slices.Index(changedAt, e.Iteration) + 1
	case Snapshot:
		k.snapshot = e.Iteration
	case Epoch:
		k.best = k.best || e.Best
	}
}

// A recording is what a run did to a disk.
type recording struct {
	*disktest.Recorder
	told []told // when so many operations were done
}

// record records what do does with a run that lies in a state, before which it had told something already.
func record(t *testing.T, j Job, from disktest.State, before told, exchange bool, do func(j Job, observe func(Event))) *recording {
	t.Helper()
	root := t.TempDir()
	if err := from.Write(root); err != nil {
		t.Fatal(err)
	}
	recorder, err := disktest.Record(root)
	if err != nil {
		t.Fatal(err)
	}
	recorder.NoExchange = !exchange
	r := &recording{Recorder: recorder}
	now := before
	note := func() {
		for len(r.told) < recorder.Len() {
			r.told = append(r.told, now)
		}
	}
	j.Folder = filepath.Join(root, "runs", "run")
	defer disk.Replace(recorder)()
	do(j, func(e Event) {
		note()
		now.add(e)
	})
	note()
	r.told = append(r.told, now)
	return r
}

// when finds a state in which a run had told something.
func (r *recording) when(t *testing.T, is func(told) bool) (disktest.State, told) {
	t.Helper()
	for n, state := range r.Cuts() {
		if is(r.told[n]) {
			return state, r.told[n]
		}
	}
	t.Fatal("there is no such moment")
	return nil, told{}
}

// unread tells what is left over, which is removed as it is. What is put aside is not.
func unread(path string) bool { return strings.Contains(path, "/.") && !strings.Contains(path, "-old") }

// everywhere goes on after each cut, and complains of what wrong says.
func (r *recording) everywhere(t *testing.T, j Job, want []ending, wrong func(after, told) string) {
	t.Helper()
	known := map[string]after{}
	cuts := 0
	for n, state := range r.Cuts() {
		cuts++
		key := state.Key(unread)
		a, ok := known[key]
		if !ok {
			a = goOn(t, j, state, want)
			known[key] = a
		}
		if what := wrong(a, r.told[n]); what != "" {
			t.Errorf("cut after operation %d (%s): %s; left were %v", n, r.Last(n), what, state)
		}
	}
	t.Logf("%d operations, %d cuts, %d states", r.Len(), cuts, len(known))
}

// A run whose power is cut at any moment goes on to what it would have been, and nothing that it told of is lost. So does one that is cut
// again after it went on.
func TestRunSurvivesAPowerCut(t *testing.T) {
	use(t, disktest.Quick{})
	j := tiny(t)
	want := endings(t, j)
	for i, e := range want[1:] {
		if e.is(want[i]) {
			t.Fatal("another rate changes nothing")
		}
	}
	defer func(was int64) { snapshotBudget = was }(snapshotBudget)
	snapshotBudget = 1
	r := record(t, j, nil, told{}, true, func(j Job, observe func(Event)) {
		observe = drive(&j, len(changedAt), true, observe)
		for reason := ""; reason != Finished; j = resumed(j) {
			result, _ := must(context.Background(), t, j, observe)
			reason = result.Reason
		}
		if got := endingOf(t, j.Folder); !got.is(want[len(want)-1]) {
			t.Error("the run that was stopped ended otherwise")
		}
		if kept := model.Snapshots(j.Folder); len(kept) > 3 {
			t.Errorf("none of the snapshots %v was removed", kept)
		}
	})
	r.everywhere(t, j, want, after.wrong)
	state, before := r.when(t, func(k told) bool { return k.changes == 2 })
	goesOn := func(j Job, observe func(Event)) { must(context.Background(), t, resumed(j), observe) }
	record(t, j, state, before, true, goesOn).everywhere(t, j, want, after.wrong)
	// An older version wrote no rates.
	file := filepath.Join("runs", "run", RunFile)
	state[file] = without(t, state[file], "rates")
	record(t, j, state, before, true, goesOn).everywhere(t, j, want, after.wrong)
}

// Where folders cannot be exchanged a snapshot that is replaced is put aside.
func TestReplacedSnapshotSurvivesAPowerCut(t *testing.T) {
	use(t, disktest.Quick{})
	j := tiny(t)
	want := endings(t, j)
	r := record(t, j, nil, told{}, true, func(j Job, observe func(Event)) {
		observe = drive(&j, 0, true, observe)
		must(context.Background(), t, j, observe)
	})
	state, before := r.when(t, func(k told) bool { return k.snapshot == stoppedAt[0] })
	record(t, j, state, before, false, func(j Job, observe func(Event)) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		must(ctx, t, resumed(j), observe)
	}).everywhere(t, j, want, after.wrong)
}

// A run that takes the place of another is that one or the other at any moment.
func TestRunInPlaceOfAnotherSurvivesAPowerCut(t *testing.T) {
	use(t, disktest.Quick{})
	j := tiny(t)
	want := endings(t, j)
	r := record(t, j, nil, told{}, true, func(j Job, observe func(Event)) {
		observe = drive(&j, len(changedAt), false, observe)
		must(context.Background(), t, j, observe)
	})
	state, _ := r.when(t, func(k told) bool { return k.snapshot == 9 })
	record(t, j, state, told{}, true, func(j Job, observe func(Event)) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		j.Force = true
		must(ctx, t, j, observe)
	}).everywhere(t, j, want, func(a after, k told) string {
		switch {
		case a.failed != "":
			return a.failed
		case a.ends == 0, a.ends == len(changedAt) && !k.started:
			return ""
		}
		return "it is neither"
	})
}

// after is what came of a state when the run went on from it.
type after struct {
	there, best bool   // the run's folder, and weights in it
	begins      int    // at which iteration it goes on
	ends        int    // which of the endings it comes to, or −1
	failed      string // why it did not
}

// wrong returns what should not be after what was told.
func (a after) wrong(k told) string {
	switch {
	case a.failed != "":
		return a.failed
	case k.started && !a.there:
		return "the run is gone"
	case a.begins < k.snapshot:
		return "a snapshot is gone"
	case k.best && !a.best:
		return "the best weights are gone"
	case a.ends < 0:
		return "it ends with other weights"
	case a.ends < k.changes || a.ends > k.changes+1: // one that was asked for may be done, if not told
		return "it ends with other rates"
	}
	return ""
}

// goOn goes on with the run of a state, or begins it where it never came to be.
func goOn(t *testing.T, j Job, state disktest.State, want []ending) (a after) {
	t.Helper()
	root, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := state.Write(root); err != nil {
		t.Fatal(err)
	}
	j.Folder, j.Requests = filepath.Join(root, "runs", "run"), nil
	if _, err := os.Lstat(j.Folder); err == nil {
		if _, err := ReadRun(j.Folder); err != nil {
			return after{failed: err.Error()}
		}
		a.there = true
		_, err := model.Load(j.Folder, "best")
		a.best = err == nil
		for _, epoch := range model.Snapshots(j.Folder) {
			if _, err := model.Load(j.Folder, model.EpochName(epoch)); err != nil {
				return after{failed: err.Error()}
			}
		}
		j = resumed(j)
	}
	_, err = Run(context.Background(), j, func(e Event) {
		if s, ok := e.(Started); ok {
			a.begins = s.Iteration
		}
	})
	if err != nil {
		return after{failed: err.Error()}
	}
	if left := leftOver(t, root); left != "" {
		a.failed = left + " is left over"
	}
	end := endingOf(t, j.Folder)
	a.ends = slices.IndexFunc(want, func(e ending) bool { return e.is(end) })
	return a
}

// leftOver names something that no finished run has.
func leftOver(t *testing.T, root string) (found string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if strings.HasPrefix(d.Name(), ".") || strings.Contains(d.Name(), ".unreadable") {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
