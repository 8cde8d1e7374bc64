package train

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
)

func weights(t *testing.T, folder, snapshot string) map[string]nn.Tensor {
	t.Helper()
	m, err := model.Load(folder, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return m.Weights
}

func TestRunLearnsAndTells(t *testing.T) {
	const last = 8
	j := job(t, digits(t, 200), quick(last))
	result, events := must(context.Background(), t, j, nil)
	if result.Reason != Finished || result.BestEpoch == 0 {
		t.Errorf("result %+v", result)
	}
	epochs := of[Epoch](events)
	if len(epochs) != last || len(of[Snapshot](events)) != last {
		t.Fatalf("%d epochs and %d snapshots", len(epochs), len(of[Snapshot](events)))
	}
	if first, end := epochs[0], epochs[last-1]; end.TrainLoss > first.TrainLoss/2 || end.Val[metric.Accuracy] < .6 || end.ValLoss >= first.ValLoss {
		t.Errorf("it did not learn: %+v then %+v", first, end)
	}
	start, ok := events[0].(Started)
	if !ok || start.Iterations != last*start.IterationsPerEpoch || start.Iteration != 0 || start.Threads != 1 {
		t.Errorf("begins with %+v", events[0])
	}
	steps := of[Step](events)
	if len(steps) != start.Iterations {
		t.Errorf("%d steps of %d", len(steps), start.Iterations)
	}
	for i, s := range steps {
		if s.Iteration != i+1 || s.Rate != .02 {
			t.Errorf("step %d is %+v", i, s)
		}
	}
	at := 0
	for _, e := range events {
		if i := iterationOf(e); i != 0 && i < at {
			t.Errorf("%+v comes after iteration %d", e, at)
		} else {
			at = max(at, i)
		}
	}
	if done, ok := events[len(events)-1].(Done); !ok || done.Reason != Finished || done.BestEpoch != result.BestEpoch {
		t.Errorf("ends with %+v", events[len(events)-1])
	}
	if got := model.Snapshots(j.Folder); !slices.Equal(got, []float64{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("snapshots %v", got)
	}
	if !same(weights(t, j.Folder, "best"), weights(t, j.Folder, model.EpochName(result.BestEpoch))) {
		t.Error("the folder's weights are not those of its best epoch")
	}
	info, err := ReadRun(j.Folder)
	if err != nil || info.State != Finished || info.Iteration != start.Iterations || len(info.Epochs) != last || info.BestEpoch != result.BestEpoch {
		t.Errorf("ReadRun %+v, %v", info, err)
	}
	kept, err := ReadEvents(j.Folder)
	if err != nil || len(kept) != len(events) {
		t.Errorf("%d events told, %d kept: %v", len(events), len(kept), err)
	}
}

// TestResumeIsExact stops a run in the middle of an epoch, goes on, and compares with one that was not stopped.
func TestResumeIsExact(t *testing.T) {
	d := digits(t, 120)
	for _, c := range []struct {
		name, solver string
		drop         bool
		accumulate   int
		augment      data.Augmentation
		crop         int
		more         func(c *Config)
	}{
		{name: "momentum", solver: "sgd"},
		{name: "nesterov", solver: "nesterov"},
		{name: "adam", solver: "adam"},
		{name: "adamw", solver: "adamw"},
		{name: "adagrad", solver: "adagrad"},
		{name: "rmsprop", solver: "rmsprop"},
		{name: "adadelta", solver: "adadelta"},
		{name: "dropout", solver: "sgd", drop: true},
		{name: "accumulate", solver: "adam", drop: true, accumulate: 2},
		{name: "augmentation", solver: "sgd", augment: data.Augmentation{Shift: 2, Mirror: true, Rotate: 10, Scale: .1, Noise: .05, Value: .2}, crop: 24},
		{name: "warm-up and clipping", solver: "adamw", accumulate: 2, more: func(c *Config) { c.Policy, c.Warmup, c.Clip = "cosine", 5, .5 }},
		{name: "average", solver: "sgd", more: func(c *Config) { c.Average = .9 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := quick(3)
			config = config.WithSolver(c.solver, config.Rate)
			config.Accumulate, config.Augment, config.Crop = max(c.accumulate, 1), c.augment, c.crop
			if c.more != nil {
				c.more(&config)
			}
			whole := job(t, d, config)
			whole.Spec = small(c.drop)
			_, all := must(context.Background(), t, whole, nil)

			broken := job(t, d, config)
			broken.Spec = small(c.drop)
			requests := make(chan Request, 1)
			broken.Requests = requests
			stopAt := of[Started](all)[0].IterationsPerEpoch + 2
			result, _ := must(context.Background(), t, broken, func(e Event) {
				if s, ok := e.(Step); ok && s.Iteration == stopAt {
					requests <- Stop{}
				}
			})
			if result.Reason != Stopped {
				t.Fatalf("reason %s", result.Reason)
			}
			if info, err := ReadRun(broken.Folder); err != nil || info.State != Stopped || info.Iteration != stopAt {
				t.Errorf("stopped at %d as %s, %v", info.Iteration, info.State, err)
			}
			broken.Resume, broken.Config = true, Config{}
			_, rest := must(context.Background(), t, broken, nil)
			if got := of[Started](rest)[0].Iteration; got != stopAt {
				t.Errorf("goes on at %d, stopped at %d", got, stopAt)
			}
			if !same(weights(t, whole.Folder, "last"), weights(t, broken.Folder, "last")) {
				t.Error("other weights than without a stop")
			}
			a, b := of[Epoch](all), of[Epoch](rest)
			if len(b) != 2 || !reflect.DeepEqual(a[1:], b) {
				t.Errorf("epochs without a stop %+v, with %+v", a[1:], b)
			}
		})
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	d := digits(t, 120)
	one, two := job(t, d, quick(2)), job(t, d, quick(2))
	one.Spec, two.Spec = small(true), small(true)
	two.Device = cpu(t, 2)
	must(context.Background(), t, one, nil)
	must(context.Background(), t, two, nil)
	if !same(weights(t, one.Folder, "last"), weights(t, two.Folder, "last")) {
		t.Error("one thread and two give other weights")
	}
}

func TestRequests(t *testing.T) {
	j := job(t, digits(t, 120), quick(2))
	px, err := j.Data.Pixels(0)
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan Request, 8)
	j.Requests = requests
	_, events := must(context.Background(), t, j, func(e Event) {
		switch e := e.(type) {
		case Started:
			requests <- Watch{Image: px.Image(), Layers: []string{"conv", "hidden"}}
		case Step:
			if e.Iteration == 2 {
				requests <- Pause{}
				requests <- SetRate{Rate: -1} // refused: the run goes on as it was
				requests <- SetRate{Rate: .005}
				requests <- Resume{}
			}
		}
	})
	if len(of[Paused](events)) != 1 || len(of[Resumed](events)) != 1 {
		t.Errorf("%d pauses, %d resumes", len(of[Paused](events)), len(of[Resumed](events)))
	}
	if s := of[RateChanged](events); len(s) != 1 || s[0].Iteration != 2 || s[0].Rate != .005 {
		t.Errorf("rate changes %+v", s)
	}
	for _, s := range of[Step](events) {
		if want := map[bool]float64{true: .02, false: .005}[s.Iteration <= 2]; s.Rate != want {
			t.Errorf("rate %g at iteration %d", s.Rate, s.Iteration)
		}
	}
	if info, err := ReadRun(j.Folder); err != nil || info.Config.Rate != .005 {
		t.Errorf("the new rate is not kept: %g, %v", info.Config.Rate, err)
	}
	probes := of[Probe](events)
	if len(probes) == 0 || len(probes[0].View.Layers) != 2 {
		t.Fatalf("%d probes", len(probes))
	}
	conv, hidden := probes[0].View.Layers[0], probes[0].View.Layers[1]
	if !slices.Equal(conv.Maps.Shape(), []int{6, 24, 24}) || conv.Filters == nil || !slices.Equal(conv.Filters.Shape(), []int{6, 1, 5, 5}) {
		t.Errorf("conv shows %v", conv.Maps.Shape())
	}
	if hidden.Filters != nil || hidden.Maps.Shape()[0] != 32 {
		t.Errorf("hidden shows %v", hidden.Maps.Shape())
	}
}

func TestStopWhilePaused(t *testing.T) {
	j := job(t, digits(t, 60), quick(2))
	requests := make(chan Request, 2)
	j.Requests = requests
	result, _ := must(context.Background(), t, j, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 1 {
			requests <- Pause{}
			requests <- Stop{}
		}
	})
	if result.Reason != Stopped || len(model.Snapshots(j.Folder)) != 1 {
		t.Errorf("%+v with snapshots %v", result, model.Snapshots(j.Folder))
	}
}

// TestCancelledRunCanBeUsed cancels at every kind of moment: in a step, and right before a validation.
func TestCancelledRunCanBeUsed(t *testing.T) {
	d := digits(t, 80)
	whole := job(t, d, quick(2))
	_, all := must(context.Background(), t, whole, nil)
	for _, at := range []int{1, 3, 6} { // 60 images: three steps an epoch
		j := job(t, d, quick(2))
		ctx, cancel := context.WithCancel(context.Background())
		result, _ := must(ctx, t, j, func(e Event) {
			if s, ok := e.(Step); ok && s.Iteration == at {
				cancel()
			}
		})
		cancel()
		if result.Reason != Stopped {
			t.Errorf("cancelled at %d: %+v", at, result)
		}
		weights(t, j.Folder, "best")
		j.Resume = true
		must(context.Background(), t, j, nil)
		if !same(weights(t, whole.Folder, "last"), weights(t, j.Folder, "last")) {
			t.Errorf("cancelled at %d: other weights after going on", at)
		}
		kept, err := ReadEvents(j.Folder)
		if err != nil || !reflect.DeepEqual(of[Epoch](kept), of[Epoch](all)) {
			t.Errorf("cancelled at %d: epochs %+v, without %+v, %v", at, of[Epoch](kept), of[Epoch](all), err)
		}
	}
}

func TestDivergedRunKeepsItsLastGoodSnapshot(t *testing.T) {
	j := job(t, digits(t, 80), quick(3))
	requests := make(chan Request, 1)
	j.Requests = requests
	var events []Event
	result, err := Run(context.Background(), j, func(e Event) {
		events = append(events, e)
		if s, ok := e.(Snapshot); ok && s.Epoch == 1 {
			requests <- SetRate{Rate: 1000}
		}
	})
	if fault.Code(err) != "train.diverged" || result.Reason != Diverged {
		t.Fatalf("%+v, %v", result, err)
	}
	if done, ok := events[len(events)-1].(Done); !ok || done.Reason != Diverged {
		t.Errorf("ends with %+v", events[len(events)-1])
	}
	if info, err := ReadRun(j.Folder); err != nil || info.State != Diverged {
		t.Errorf("%+v, %v", info, err)
	}
	weights(t, j.Folder, "best")
	weights(t, j.Folder, "last")
}

// Without a snapshot there is none to speak of.
func TestRunThatDivergesBeforeItsFirstSnapshot(t *testing.T) {
	j := job(t, digits(t, 80), quick(3))
	j.Config.Rate = 1000
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "train.diverged.early" || strings.Contains(err.Error(), "kept") {
		t.Error(err)
	}
	if info, err := ReadRun(j.Folder); err != nil || info.State != Diverged {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestWhatDoesNotFitIsToldBefore(t *testing.T) {
	d := digits(t, 40)
	for _, c := range []struct {
		code   string
		change func(*Job)
	}{
		{"train.fit.classes", func(j *Job) { j.Spec.Classes = 3 }},
		{"train.fit.input", func(j *Job) { j.Spec.Input.H = 32 }},
		{"train.fit.input", func(j *Job) { j.Spec.Input.C = 3 }},
		{"train.setting.range", func(j *Job) { j.Config.Rate = -1 }},
		{"train.setting.range", func(j *Job) { j.Config.Rate = nan }},
		{"train.setting.range", func(j *Job) { j.Config.Epochs = 0 }},
		{"train.setting.range", func(j *Job) { j.Config.Batch = 1 << 30 }},
		{"train.setting.range", func(j *Job) { j.Config.Scale = 0 }},
		{"train.setting.solver", func(j *Job) { j.Config.Solver = "lion" }},
		{"train.setting.loss", func(j *Job) { j.Config.Loss = "relu" }},
		{"train.loss.none", func(j *Job) { j.Config.Loss, j.Spec.Layers = "hinge-loss", j.Spec.Layers[:len(j.Spec.Layers)-1] }},
		{"train.setting.policy", func(j *Job) { j.Config.Policy = "magic" }},
		{"train.setting.mean", func(j *Job) { j.Config.Mean = "median" }},
		{"train.setting.step", func(j *Job) { j.Config.Step = []float64{120} }},
		{"train.run.missing", func(j *Job) { j.Resume = true }},
	} {
		j := job(t, d, quick(1))
		c.change(&j)
		if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != c.code {
			t.Errorf("want %s, got %v", c.code, err)
		}
		if _, err := os.Stat(j.Folder); err == nil {
			t.Errorf("%s: a folder was made", c.code)
		}
	}
}

func TestNothingIsOverwrittenWithoutForce(t *testing.T) {
	d := digits(t, 40)
	j := job(t, d, quick(1))
	must(context.Background(), t, j, nil)
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "train.run.exists" {
		t.Errorf("a second run: %v", err)
	}
	j.Force = true
	must(context.Background(), t, j, nil)

	other := job(t, d, quick(1))
	note := filepath.Join(other.Folder, "note.txt")
	if err := os.MkdirAll(other.Folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(note, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	other.Force = true
	if _, err := Run(context.Background(), other, func(Event) {}); fault.Code(err) != "train.run.foreign" {
		t.Errorf("a folder of other things: %v", err)
	}
	other.Folder = note
	other.Force = false
	if _, err := Run(context.Background(), other, func(Event) {}); fault.Code(err) != "train.run.foreign" {
		t.Errorf("a file in the way: %v", err)
	}
	if _, err := os.Stat(note); err != nil {
		t.Error(err)
	}
}

func TestTwoRunsInOneFolderAreRefused(t *testing.T) {
	j := job(t, digits(t, 40), quick(1))
	must(context.Background(), t, j, func(e Event) {
		if s, ok := e.(Step); !ok || s.Iteration != 1 {
			return
		}
		for _, again := range []Job{{Resume: true}, {Force: true}} {
			again.Folder, again.Data, again.Device, again.Spec, again.Config = j.Folder, j.Data, j.Device, j.Spec, j.Config
			if _, err := Run(context.Background(), again, func(Event) {}); fault.Code(err) != "train.run.busy" {
				t.Errorf("resume %v, force %v: %v", again.Resume, again.Force, err)
			}
		}
		if info, err := ReadRun(j.Folder); err != nil || info.State != Running {
			t.Errorf("while it goes: %s, %v", info.State, err)
		}
	})
}

func TestCutOffAndForeignFilesOfARun(t *testing.T) {
	j := job(t, digits(t, 40), quick(2))
	_, events := must(context.Background(), t, j, nil)
	log := filepath.Join(j.Folder, EventsFile)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, b[:len(b)-9], 0o666); err != nil {
		t.Fatal(err)
	}
	if kept, err := ReadEvents(j.Folder); err != nil || len(kept) != len(events)-1 {
		t.Errorf("%d of %d events, %v", len(kept), len(events), err)
	}
	if info, err := ReadRun(j.Folder); err != nil || len(info.Epochs) != 2 {
		t.Errorf("%+v, %v", info, err)
	}

	// The newest snapshot is damaged: the one before is taken, and a warning tells so.
	path := filepath.Join(j.Folder, model.SnapshotFolder, "2", model.WeightsFile)
	w, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := weights(t, j.Folder, "last")
	w[len(w)-1] ^= 1
	if err := os.WriteFile(path, w, 0o666); err != nil {
		t.Fatal(err)
	}
	j.Resume = true
	_, again := must(context.Background(), t, j, nil)
	if warned := of[Warning](again); len(warned) != 1 || warned[0].Fault.Code != "train.snapshot.aside" || !strings.Contains(warned[0].Fault.Error(), "from epoch 1") {
		t.Errorf("warnings %+v", warned)
	}
	if !same(before, weights(t, j.Folder, "last")) {
		t.Error("other weights than before the damage")
	}

	for text, code := range map[string]string{
		`{"format":99}`: "train.run.newer", `{"format":`: "train.run.damaged", `[]`: "train.run.damaged", `{}`: "train.run.damaged",
		`{"format":1,"rates":[{"iteration":0,"rate":-1}]}`:                         "train.run.damaged",
		`{"format":1,"rates":[{"iteration":5,"rate":1},{"iteration":4,"rate":1}]}`: "train.run.damaged",
	} {
		if err := os.WriteFile(filepath.Join(j.Folder, RunFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRun(j.Folder); fault.Code(err) != code {
			t.Errorf("%s: want %s, got %v", text, code, err)
		}
		if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != code {
			t.Errorf("%s: want %s, got %v", text, code, err)
		}
	}
}

func TestDataSetThatGoesMissing(t *testing.T) {
	d := digits(t, 40)
	j := job(t, d, quick(2))
	d.Close()
	if _, err := Run(context.Background(), j, func(Event) {}); err == nil {
		t.Error("a closed data set trains")
	}
	if _, err := data.Open(filepath.Join(t.TempDir(), "gone")); fault.Code(err) == "" {
		t.Errorf("no fault: %v", err)
	}
}

// TestRunawayWeightsAreNotKept lets the weights run away where no validation would notice: each epoch is one step with a snapshot after it,
// and the loss of the step that breaks the weights is itself still a number.
func TestRunawayWeightsAreNotKept(t *testing.T) {
	d := digits(t, 40)
	if err := d.Edit(func(e *data.Edit) error {
		for _, entry := range d.Index() {
			if err := e.SetSplit(entry.ID, data.Train); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	j := job(t, d, quick(40))
	j.Spec.Layers = []nn.Layer{
		{Name: "out", Type: "fully-connected", Inputs: []string{nn.Data}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"out"}},
	}
	// The decay throws the weights to a hundred thousand times the other side in each step; tiny inputs keep the outputs within bounds.
	j.Config.Batch, j.Config.Rate, j.Config.WeightDecay, j.Config.Momentum, j.Config.Scale = 64, 1000, 100, 0, 1e-9
	steps := 0
	_, err := Run(context.Background(), j, func(e Event) {
		if s, ok := e.(Step); ok {
			steps++
			if s.Loss-s.Loss != 0 {
				t.Error("the loss told first")
			}
		}
	})
	if fault.Code(err) != "train.diverged" {
		t.Fatal(err)
	}
	if kept := model.Snapshots(j.Folder); len(kept) != steps-1 || steps < 3 {
		t.Errorf("%d steps, snapshots %v", steps, kept)
	}
	weights(t, j.Folder, "last") // fails where a weight is no number
	weights(t, j.Folder, "best")
}

// What is said of a run that diverged is what is kept of it.
func TestDivergedSaysWhatIsKept(t *testing.T) {
	for code, r := range map[string]*run{
		"train.diverged.early": {Job: Job{Folder: t.TempDir()}},
		"train.diverged.best":  {Job: Job{Folder: t.TempDir()}, place: progress{BestEpoch: 1}},
	} {
		if err := r.diverged(); fault.Code(err) != code || !HasDiverged(err) {
			t.Errorf("%v instead of %s", err, code)
		}
	}
}

// A run whose rate was changed and that was then killed does its steps again as they were. So does one of an older version, which wrote no
// rates.
func TestSteeredRunGoesOnExactly(t *testing.T) {
	for _, older := range []bool{false, true} {
		runOfChangedRate(t, older)
	}
}

func runOfChangedRate(t *testing.T, older bool) {
	t.Helper()
	d := digits(t, 120)
	const changeAt, stopAt = 8, 10
	changing := func(j *Job, stop bool) func(Event) {
		requests := make(chan Request, 2)
		j.Requests = requests
		return func(e Event) {
			s, ok := e.(Step)
			switch {
			case ok && s.Iteration == changeAt:
				requests <- SetRate{Rate: .004}
			case ok && s.Iteration == stopAt && stop:
				requests <- Stop{}
			}
		}
	}
	whole, broken := job(t, d, quick(3)), job(t, d, quick(3))
	whole.Spec, broken.Spec = small(false), small(false)
	observe := changing(&whole, false)
	must(context.Background(), t, whole, observe)
	observe = changing(&broken, true)
	must(context.Background(), t, broken, observe)
	newest := model.Snapshots(broken.Folder)
	// As if it had been killed: what it wrote when it stopped is not there.
	if err := os.RemoveAll(filepath.Join(broken.Folder, "snapshots", model.EpochName(newest[len(newest)-1]))); err != nil {
		t.Fatal(err)
	}
	if older {
		change(t, filepath.Join(broken.Folder, RunFile), func(b []byte) []byte { return without(t, b, "rates") })
	}
	broken.Resume, broken.Requests, broken.Config = true, nil, Config{}
	_, events := must(context.Background(), t, broken, nil)
	if first := of[Started](events)[0].Iteration; first >= changeAt {
		t.Fatalf("goes on at %d, after the rate was changed", first)
	}
	if s := of[RateChanged](events); len(s) != 1 || s[0].Iteration != changeAt || s[0].Rate != .004 {
		t.Errorf("changed again %+v", s)
	}
	if !same(weights(t, whole.Folder, "last"), weights(t, broken.Folder, "last")) {
		t.Error("other weights than without a stop")
	}
	kept, err := ReadEvents(broken.Folder)
	if got := of[RateChanged](kept); err != nil || len(got) != 1 {
		t.Errorf("%d changes of the rate are kept, %v", len(got), err)
	}
}
