package session

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/train"
)

// shown returns the state that a trainer composes.
func (t *trainer) shown() *State {
	s := &State{Curves: map[string]*Curve{}}
	t.compose(s)
	return s
}

func TestTimeInAPauseDoesNotCount(t *testing.T) {
	l := &live{iterations: 100, first: 0, since: time.Now().Add(-20 * time.Second)}
	l.step.Iteration = 50
	tr := &trainer{live: l, changed: func() {}}
	left := func() time.Duration { return tr.shown().Training.Left.Round(time.Second) }
	if got := left(); got != 20*time.Second {
		t.Errorf("%s are left after 50 of 100 steps in 20 s", got)
	}
	l.paused, l.held = true, l.since.Add(10*time.Second) // ten seconds ago
	if got := left(); got != 10*time.Second {
		t.Errorf("%s are left in a pause after 50 steps in 10 s", got)
	}
	tr.observe(train.Resumed{})
	if got := left(); got != 10*time.Second {
		t.Errorf("%s are left after the pause", got)
	}
}

// One run goes on at a time, and requests reach that one alone.
func TestOneRunAtATime(t *testing.T) {
	tr := &trainer{}
	tr.request("a", train.Stop{}, func(*live) { t.Error("a run that never began is stopped") })
	if tr.run() != "" || tr.dataset() != "" || tr.afterEnd("a", func() {}) || tr.shown().Training != nil {
		t.Error("something goes on at the beginning")
	}
	l := &live{run: "a", dataset: "d"}
	if err := tr.begin(l); err != nil || tr.run() != "a" || tr.dataset() != "d" {
		t.Fatalf("%v, %s on %s goes on", err, tr.run(), tr.dataset())
	}
	if err := tr.begin(&live{run: "b"}); fault.Code(err) != "session.training.busy" || tr.run() != "a" {
		t.Errorf("a second one: %v", err)
	}
	for _, run := range []string{"a", "b"} {
		tr.request(run, train.Stop{}, func(l *live) { l.stopping = true })
	}
	if s := tr.shown(); len(l.requests) != 1 || !s.Training.Stopping || s.Training.Run != "a" {
		t.Errorf("%d requests wait: %+v", len(l.requests), s.Training)
	}
	marked := 0
	for range 2 * maxRequests { // a step takes long: what is too much is left out, and marked as little
		tr.request("a", train.Pause{}, func(*live) { marked++ })
	}
	if len(l.requests) != maxRequests || marked != maxRequests-1 {
		t.Errorf("%d requests wait, %d are marked", len(l.requests), marked)
	}
	if tr.afterEnd("b", func() {}) || !tr.afterEnd("a", func() {}) || l.afterward == nil {
		t.Error("what comes afterward belongs to another run")
	}
	tr.end()
	if tr.run() != "" || tr.shown().Training != nil {
		t.Error("it goes on after its end")
	}
}

// A trainer opens what a run needs, shows how far it is, and closes the device, however the run ends.
func TestTrainer(t *testing.T) {
	d, err := data.Open(filepath.Join(withShapes(t), "datasets", "shapes"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var closed, changes atomic.Int32
	noMemory := errors.New("no memory")
	var opening error
	tr := &trainer{
		open: func(name string) (*data.Dataset, error) {
			if name != "shapes" {
				return nil, noMemory
			}
			return d, nil
		},
		device: func(train.Job) (device.Choice, error) {
			cpu, err := kernel.NewCPU(1)
			return device.Choice{Device: closing{cpu, &closed}, Kind: device.GPU}, errors.Join(err, opening)
		},
		changed: func() { changes.Add(1) },
		fail: func(err error) {
			if err != nil {
				t.Error(err)
			}
		},
	}
	spec := tinyFor(d.Info())
	c := train.DefaultsFor(spec)
	c.Epochs, c.ValidateEvery = 1, 1
	job := train.Job{Folder: filepath.Join(t.TempDir(), "run 1"), Config: c, Spec: spec}
	work := func(ctx context.Context, dataset string, job train.Job) (*live, train.Result, error) {
		t.Helper()
		l := &live{run: "run 1", dataset: dataset, config: c, spec: spec, unread: job.Resume}
		if err := tr.begin(l); err != nil {
			t.Fatal(err)
		}
		defer tr.end()
		result, err := tr.train(ctx, l, job)
		if s := tr.shown(); s.Training == nil || s.Training.Started != (l.iterations > 0) {
			t.Errorf("before its end is taken in it shows %+v", s.Training)
		}
		return l, result, err
	}
	if l, _, err := work(t.Context(), "gone", job); !errors.Is(err, noMemory) || l.started || closed.Load() != 0 {
		t.Errorf("without data: %v", err)
	}
	opening = noMemory
	if l, _, err := work(t.Context(), "shapes", job); !errors.Is(err, noMemory) || l.started {
		t.Errorf("without a device: %v", err)
	}
	opening = nil
	l, result, err := work(t.Context(), "shapes", job)
	if err != nil || result.Reason != train.Finished || closed.Load() != 1 || !l.onAdapter || !l.started || changes.Load() == 0 {
		t.Errorf("%+v, %v; the device is closed %d times; it is %+v", result, err, closed.Load(), l)
	}
	if s := len(l.curve.curve().Loss); s == 0 || len(l.curve.epochs) != 1 {
		t.Errorf("%d losses and %d epochs are shown", s, len(l.curve.epochs))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	job.Resume, job.Epochs = true, 2
	if l, _, _ := work(ctx, "shapes", job); closed.Load() != 2 || l.unread || len(l.curve.epochs) != 1 {
		t.Errorf("cancelled as it goes on, the device is closed %d times, and %d epochs are shown", closed.Load(), len(l.curve.epochs))
	}
}

// closing counts how often a device is closed.
type closing struct {
	kernel.Device
	times *atomic.Int32
}

func (c closing) Close() error {
	c.times.Add(1)
	return c.Device.Close()
}

// tinyFor returns a network that learns something and takes next to no time.
func tinyFor(i data.Info) nn.Spec {
	number := func(v float64) nn.Value { return nn.Num(v) }
	return nn.Spec{Format: nn.Format, Input: shapeOf(i), Classes: len(i.Classes), Layers: []nn.Layer{
		{Name: "conv1", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": number(4), "kernel": number(5), "stride": number(4)}},
		{Name: "relu1", Type: "relu", Inputs: []string{"conv1"}},
		{Name: "pool1", Type: "max-pool", Inputs: []string{"relu1"}},
		{Name: "ip1", Type: "fully-connected", Inputs: []string{"pool1"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip1"}},
	}}
}

// New runs get names that nobody has, from however many goroutines they are asked for.
func TestRunNames(t *testing.T) {
	w := space(t)
	names := &runNames{space: w}
	listed := []Run{{Name: "run 4"}, {Name: "mine"}} // on no disk any more
	got := make(chan string, 8)
	for range cap(got) {
		go func() { got <- names.next(listed) }()
	}
	var all []string
	for range cap(got) {
		all = append(all, <-got)
	}
	slices.Sort(all)
	if want := []string{"run 10", "run 11", "run 12", "run 5", "run 6", "run 7", "run 8", "run 9"}; !slices.Equal(all, want) {
		t.Errorf("they are called %q", all)
	}
}
