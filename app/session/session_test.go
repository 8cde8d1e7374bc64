package session

import (
	"image"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/vision"
)

// window is a goroutine that does what is posted, as a window's does.
type window struct {
	t     *testing.T
	s     *Session
	queue chan func()
	done  sync.WaitGroup

	mu     sync.Mutex
	states []*State
}

func open(t *testing.T, home string) *window {
	t.Helper()
	w := &window{t: t, queue: make(chan func(), 10_000)}
	s, err := New(Config{Home: home, Post: func(f func()) { w.queue <- f }, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.s = s
	w.done.Go(func() {
		for f := range w.queue {
			f()
		}
	})
	s.Subscribe(func(st *State) {
		w.mu.Lock()
		w.states = append(w.states, st)
		w.mu.Unlock()
	})
	w.until("the workspace", func(st *State) bool { return !st.Loading })
	return w
}

func (w *window) close() {
	w.t.Helper()
	if err := w.s.Close(); err != nil {
		w.t.Error(err)
	}
	close(w.queue)
	w.done.Wait()
}

func (w *window) until(what string, is func(*State) bool) {
	w.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		if is(w.s.State()) {
			return
		}
	}
	w.t.Fatalf("%s did not come: %+v", what, w.s.State().Notices)
}

// shapes imports the sample of that name, chooses tiny for it and is the usual recipe of both.
func (w *window) shapes() train.Config {
	w.t.Helper()
	w.s.ImportSample("shapes", data.Classification)
	w.until("the data set", func(st *State) bool { return st.Dataset == "shapes" && st.ChosenDataset() != nil && st.Import == nil })
	w.tiny()
	return train.DefaultsFor(w.s.State().ChosenNetwork().Spec)
}

// tiny chooses a network that learns something and takes next to no time, under the race detector too.
func (w *window) tiny() {
	number := func(v float64) nn.Value { return nn.Num(v) }
	w.s.SaveNetwork("tiny", nn.Spec{Format: nn.Format, Input: nn.Shape{C: 3, H: 32, W: 32}, Classes: 3, Layers: []nn.Layer{
		{Name: "conv1", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": number(4), "kernel": number(5), "stride": number(4)}},
		{Name: "relu1", Type: "relu", Inputs: []string{"conv1"}},
		{Name: "pool1", Type: "max-pool", Inputs: []string{"relu1"}},
		{Name: "ip1", Type: "fully-connected", Inputs: []string{"pool1"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip1"}},
	}})
	w.s.ChooseDataset("shapes") // its size and classes become the network's
	w.until("the network", func(st *State) bool {
		n := st.ChosenNetwork()
		return n != nil && n.Name == "tiny" && n.Spec.Classes == len(st.ChosenDataset().Info.Classes)
	})
}

func TestQuitInTheMiddleAndGoOn(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	c := w.shapes()
	c.Epochs, c.Rate = 2000, .002
	run, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	w.until("steps", func(st *State) bool { return st.Training != nil && st.Training.Iteration > 2 })
	w.close() // as a user quits: the run writes its snapshot

	w = open(t, home)
	st := w.s.State()
	r := st.ChosenRun()
	if st.Dataset != "shapes" || r == nil || r.Name != run || r.Info.State != train.Stopped || len(r.Info.Snapshots) == 0 {
		t.Fatalf("after the restart: data set %q, run %+v", st.Dataset, r)
	}
	at := r.Info.Iteration
	if err := w.s.ResumeRun(run); err != nil {
		t.Fatal(err)
	}
	w.until("more steps", func(st *State) bool { return st.Training != nil && st.Training.Iteration > at })
	w.s.Stop(w.s.State().Training.Run)
	w.until("the end", func(st *State) bool { return st.Training == nil })
	w.close()
}

func TestStatesAreMergedAndEpochsAreNot(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close()
	c := w.shapes()
	c.Epochs, c.Rate, c.Batch = 2, .002, 8
	began := time.Now()
	run, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	w.until("the end", func(st *State) bool {
		return st.Training == nil && st.ChosenRun() != nil && st.ChosenRun().Info.State == train.Finished
	})
	curve := w.s.State().Curves[run]
	if len(curve.Epochs) != 2 || len(curve.Loss) < 100 {
		t.Errorf("the curve has %d epochs and %d losses", len(curve.Epochs), len(curve.Loss))
	}
	w.mu.Lock()
	n := len(w.states)
	w.mu.Unlock()
	if most := 20 * (time.Since(began).Seconds() + 2); float64(n) > most {
		t.Errorf("%d states were posted, more than %.0f", n, most)
	}

	var looked, found sync.WaitGroup
	looked.Add(1)
	found.Add(1)
	img, err := samples.Photo("shapes", 96, 64, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // the first two are overtaken or done
		w.s.Inspect(run, "", img, func(v *inspect.View, err error) {
			if err != nil || len(v.Layers) < 5 {
				t.Errorf("looking: %v", err)
			}
			if i == 2 {
				looked.Done()
			}
		})
	}
	w.s.Detect(run, img, vision.WindowOptions{Stride: 8}, func(int, int) {}, func(x *vision.Windows, err error) {
		if err != nil || x.Count() == 0 {
			t.Errorf("detecting: %v", err)
		}
		found.Done()
	})
	looked.Wait()
	found.Wait()
}

func TestDamageIsToldAndTheRestWorks(t *testing.T) {
	home := t.TempDir()
	for _, dir := range []string{"datasets/broken", "runs/run 7", "networks"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"datasets/broken/dataset.json": `{"kind":"convscope-dataset","format":99}`,
		"runs/run 7/run.json":          `{"format":`,
		"networks/bad.json":            "no network",
		"workspace.json":               `{"dataset":"broken","network":"bad","run":"gone"`,
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, home)
	defer w.close()
	st := w.s.State()
	if len(st.Datasets) != 1 || fault.Code(st.Datasets[0].Err) == "" {
		t.Errorf("the data set of a newer version: %+v", st.Datasets)
	}
	if len(st.Runs) != 1 || fault.Code(st.Runs[0].Err) == "" {
		t.Errorf("the damaged run: %+v", st.Runs)
	}
	if n := st.network("bad"); n == nil || fault.Code(n.Err) == "" {
		t.Errorf("the damaged network: %+v", n)
	}
	if _, err := w.s.Train(train.Defaults()); fault.Code(err) == "" {
		t.Errorf("training on a broken data set: %v", err)
	}
	w.s.DeleteDataset("broken")
	w.until("its end", func(st *State) bool { return len(st.Datasets) == 0 })
	w.s.DeleteRun("run 7")
	w.until("its end", func(st *State) bool { return len(st.Runs) == 0 })
	if name := w.s.NameFor("/somewhere/내 사진.tar.gz"); name != "내 사진" {
		t.Errorf("the name of an archive's data set is %q", name)
	}
}

func TestADatasetDeletedWhileTraining(t *testing.T) {
	home := t.TempDir()
	w := open(t, home)
	defer w.close()
	c := w.shapes()
	c.Epochs, c.Rate = 2000, .002
	if _, err := w.s.Train(c); err != nil {
		t.Fatal(err)
	}
	w.until("steps", func(st *State) bool { return st.Training != nil && st.Training.Iteration > 2 })
	if err := os.RemoveAll(filepath.Join(home, "datasets", "shapes")); err != nil { // behind the application's back
		t.Fatal(err)
	}
	w.s.Stop(w.s.State().Training.Run)
	w.until("the end", func(st *State) bool { return st.Training == nil })
	w.s.Recognize(filepath.Join(home, "datasets"), func(_ imports.Found, _ []image.Image, err error) {
		if fault.Code(err) == "" {
			t.Errorf("an empty folder is a source: %v", err)
		}
	})
}

func TestSeriesStaysSmallAndKeepsExtremes(t *testing.T) {
	var s series
	for i := range 100_000 {
		y := math.Sin(float64(i) / 5000)
		if i == 77_777 {
			y = 50
		}
		s.add(float64(i), y)
	}
	v := s.view()
	if len(v) > maxPoints+1 {
		t.Errorf("%d points", len(v))
	}
	most := 0.
	for i, p := range v {
		most = math.Max(most, p.Y)
		if i > 0 && p.X <= v[i-1].X {
			t.Fatalf("the points are not in order at %d", i)
		}
	}
	if most != 50 {
		t.Errorf("the extreme is lost: %g", most)
	}
	if v[len(v)-1].X != 99_999 {
		t.Errorf("the newest point is at %g", v[len(v)-1].X)
	}
}
