package session

import (
	"testing"

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
		return nil, fault.New("gpu.memory", "The network needs %d MB on %s, which has not as much left. Choose a smaller batch or network, or the CPU.", 9, "X")
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
		return fault.New("gpu.lost", "The graphics processor %s was lost: it was taken away, or its driver began anew. Go on from the last snapshot, on the CPU if it happens again.", "X")
	}
	return x.Executor.Run(s)
}

// What a graphics processor does not train to the end the CPU does, in one click: a run from its last snapshot, one that never began from the start.
func TestGoingOnOnTheCPU(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close()
	c := w.shapes()
	c.Epochs = 3
	for steps, epochs := range map[int]int{40: 1, -1: 0} {
		w.s.newDevice = func(r device.Request) (device.Choice, error) {
			if r.Kind == device.CPU {
				return device.Open(r)
			}
			cpu, err := kernel.NewCPU(1)
			return device.Choice{Device: card{cpu, steps}, Kind: device.GPU}, err
		}
		w.s.SetDevice(device.GPU)
		before := len(w.s.State().Notices)
		if _, err := w.s.Train(c); err != nil {
			t.Fatal(err)
		}
		w.until("the end", func(st *State) bool { return st.Training == nil && len(st.Notices) > before })
		st := w.s.State()
		n := st.Notices[len(st.Notices)-1]
		if !device.Failed(n.Err) || !n.Stays || n.OnCPU == nil {
			t.Fatalf("after %d steps: %+v", steps, n)
		}
		if r := st.ChosenRun(); epochs > 0 && (r == nil || r.Info.State != train.Interrupted || len(r.Info.Epochs) < epochs) {
			t.Fatalf("after %d steps the run is %+v", steps, r)
		}
		if err := n.OnCPU(); err != nil {
			t.Fatal(err)
		}
		w.until("the end on the CPU", func(st *State) bool {
			r := st.ChosenRun()
			return st.Training == nil && r != nil && r.Info.State == train.Finished && len(r.Info.Epochs) == 3
		})
		if got := w.s.State().Device; got != device.CPU {
			t.Errorf("the next runs are trained on %s", got)
		}
	}
}
