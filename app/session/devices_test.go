package session

import (
	"testing"
	"time"

	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/train"
)

// card is a graphics processor that is lost after some steps, or that has no memory for a network.
type card struct {
	kernel.Device
	steps int // -1: not even memory
}

func (c card) Prepare(p *kernel.Program) (kernel.Executor, error) {
	if c.steps < 0 {
		return nil, fault.New("gpu.memory", "The network needs %d MB on %s, which does not have that much left. Choose a smaller batch or network, or the CPU.", 9, "X")
	}
	x, err := c.Device.Prepare(p)
	return &onCard{x, c.steps}, err
}

type onCard struct {
	kernel.Executor
	left int
}

func (x *onCard) Run(s kernel.Step) error {
	if x.left--; x.left < 0 {
		return fault.New("gpu.lost", "The GPU %s was lost: it was removed, or its driver restarted. Go on from the last snapshot, on the CPU if it happens again.", "X")
	}
	return x.Executor.Run(s)
}

// onCards lets runs be trained on a card that is lost after some steps; -1: that has no memory.
func (w *window) onCards(steps int) {
	w.s.newDevice = func(r device.Request) (device.Choice, error) {
		if r.Kind == device.CPU {
			return device.Open(r)
		}
		cpu, err := kernel.NewCPU(1)
		return device.Choice{Device: card{cpu, steps}, Kind: device.GPU}, err
	}
	w.s.SetDevice(device.GPU)
}

// lost waits for the end of what was started, and gives the notice of it.
func (w *window) lost(before int) Notice {
	w.t.Helper()
	w.until("the end", func(st *State) bool { return st.Training == nil && len(st.Notices) > before })
	st := w.s.State()
	n := st.Notices[len(st.Notices)-1]
	if !device.Failed(n.Err) || !n.Stays || n.OnCPU == nil {
		w.t.Fatalf("it ends with %+v", n)
	}
	return n
}

// What a graphics processor does not train to the end the CPU does, in one click: a run from its last snapshot, one that never began from the start, whatever is chosen by then.
func TestGoingOnOnTheCPU(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close()
	c := w.shapes()
	c.Epochs = 3
	for steps, epochs := range map[int]int{40: 1, -1: 0} {
		w.s.ChooseNetwork("tiny")
		w.onCards(steps)
		before := len(w.s.State().Notices)
		if _, err := w.s.Train(c); err != nil {
			t.Fatal(err)
		}
		n := w.lost(before)
		if r := w.s.State().ChosenRun(); epochs > 0 && (r == nil || r.Info.State != train.Interrupted || len(r.Info.Epochs) < epochs) {
			t.Fatalf("after %d steps the run is %+v", steps, r)
		}
		w.s.ChooseNetwork("lenet")
		if err := n.OnCPU(); err != nil {
			t.Fatal(err)
		}
		w.until("the end on the CPU", func(st *State) bool {
			r := st.ChosenRun()
			return st.Training == nil && r != nil && r.Info.State == train.Finished && len(r.Info.Epochs) == 3
		})
		if st := w.s.State(); st.Device != device.CPU || st.ChosenRun().Info.Spec.Name != "tiny" {
			t.Errorf("%s is trained on the CPU, the next runs on %s", st.ChosenRun().Info.Spec.Name, st.Device)
		}
	}

	// A run that was to go on for longer does so.
	run := w.s.State().Run
	w.onCards(-1)
	before := len(w.s.State().Notices)
	if err := w.s.ExtendRun(run, 2); err != nil {
		t.Fatal(err)
	}
	n := w.lost(before)
	w.onCards(100_000)
	other, err := w.s.Train(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.OnCPU(); fault.Code(err) != "session.training.busy" || w.s.State().Device != device.GPU {
		t.Errorf("while %s goes on: %v, and the next runs are trained on %s", other, err, w.s.State().Device)
	}
	w.until("the end of the other", func(st *State) bool { return st.Training == nil })
	if err := n.OnCPU(); err != nil {
		t.Fatal(err)
	}
	w.until("five epochs", func(st *State) bool {
		return st.Training == nil && st.Run == run && len(st.ChosenRun().Info.Epochs) == 5
	})
}

// A run that waited and could not start for lack of memory on the card is held back, and starts on the CPU in one click.
func TestTheQueueGoesOnOnTheCPU(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close()
	c := w.shapes()
	c.Epochs = 1
	w.onCards(-1)
	before := len(w.s.State().Notices)
	if err := w.s.Enqueue([]train.Config{c, c}); err != nil {
		t.Fatal(err)
	}
	w.lost(before)
	w.s.StartQueue() // only now is the second one tried
	w.until("it is held back", func(st *State) bool { return st.Training == nil && len(st.Waiting) == 1 && st.Waiting[0].Err != nil })
	w.until("why", func(st *State) bool { return len(st.Notices) == before+2 })
	if err := w.lost(before + 1).OnCPU(); err != nil {
		t.Fatal(err)
	}
	w.until("it is trained", func(st *State) bool { return st.Training == nil && len(st.Waiting) == 0 && len(st.Runs) == 1 })
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		870123 * time.Microsecond: "870", 7834 * time.Microsecond: "7.8", 123 * time.Microsecond: "0.12", 12345 * time.Microsecond: "12", 4 * time.Microsecond: "0.004", 2 * time.Second: "2000",
	} {
		if got := milliseconds(d); got != want {
			t.Errorf("%v is written %s, not %s", d, got, want)
		}
	}
}
