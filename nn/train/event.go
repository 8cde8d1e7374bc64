package train

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// An Event is what a run tells while it goes. Events own their memory.
type Event interface{ event() }

type (
	// Started comes first.
	Started struct {
		Parameters         int64
		Iterations         int // of the whole run
		IterationsPerEpoch int
		Iteration          int // where it begins: 0, or where the snapshot was taken that it goes on from
		Device             string
		Threads            int
	}
	// Step comes after each step that moved the weights.
	Step struct {
		Iteration       int // from 1
		Epoch           float64
		Loss            float64 // of the step's images
		Rate            float64
		ImagesPerSecond float64
	}
	// Epoch comes after each validation. What was not measured is not a number.
	Epoch struct {
		Iteration     int
		Epoch         float64
		TrainLoss     float64 // mean over the steps since the validation before
		TrainAccuracy float64 // likewise, 0…1
		ValLoss       float64
		ValAccuracy   float64 // 0…1
		Best          bool    // the best so far
		Ignored       []int   // classes of which no validation image was recognised
	}
	// Steered comes when the base learning rate was changed while the run went on.
	Steered struct {
		Iteration int
		Epoch     float64
		Rate      float64
	}
	// Transferred comes before the first step of a run that starts from weights that are there.
	Transferred struct {
		From    string
		Weights []Transfer
	}
	// Health comes with some steps (of layers of weights) and after each validation (of ReLUs).
	Health struct {
		Iteration int
		Epoch     float64
		Layers    []LayerHealth
	}
	// Snapshot comes when weights and state have been written.
	Snapshot struct {
		Iteration int
		Epoch     float64
		Path      string
	}
	// Probe shows a watched image on its way through the network as it is now.
	Probe struct {
		Iteration int
		Epoch     float64
		Layers    []ProbeLayer
	}
	// Warning tells of something that the run goes on after.
	Warning struct {
		Iteration int
		Epoch     float64
		Fault     *fault.Fault
	}
	// Paused and Resumed answer the requests.
	Paused struct{}
	// Resumed comes when a paused run goes on.
	Resumed struct{}
	// Done comes last, however the run ended.
	Done struct {
		Iteration int
		Reason    string // finished, stopped or diverged
		Seconds   float64
		BestEpoch float64
	}
)

// A ProbeLayer is one layer's part in a Probe.
type ProbeLayer struct {
	Name    string
	Maps    nn.Tensor  // C×H×W
	Filters *nn.Tensor // F×C×h×w, of a convolution
}

func (Started) event()     {}
func (Step) event()        {}
func (Epoch) event()       {}
func (Health) event()      {}
func (Steered) event()     {}
func (Transferred) event() {}
func (Snapshot) event()    {}
func (Probe) event()       {}
func (Warning) event()     {}
func (Paused) event()      {}
func (Resumed) event()     {}
func (Done) event()        {}

// A Request is asked of a run while it goes, and served between two steps.
type Request interface{ request() }

type (
	// Pause holds the run until Resume or Stop.
	Pause struct{}
	// Resume lets a paused run go on.
	Resume struct{}
	// Stop ends the run with a snapshot.
	Stop struct{}
	// SetRate changes the base learning rate from now on.
	SetRate struct{ Rate float64 }
	// Watch asks for a Probe of an image's way through some layers, about twice a second. Without an image it ends.
	Watch struct {
		Image  *data.Pixels
		Layers []string
	}
)

func (Pause) request()   {}
func (Resume) request()  {}
func (Stop) request()    {}
func (SetRate) request() {}
func (Watch) request()   {}

// A line of events.jsonl. Probes and pauses are not kept.
type line struct {
	Event         string   `json:"event"`
	Iteration     int      `json:"iteration"`
	Iterations    int      `json:"iterations,omitempty"`
	PerEpoch      int      `json:"iterations_per_epoch,omitempty"`
	Parameters    int64    `json:"parameters,omitempty"`
	Device        string   `json:"device,omitempty"`
	Threads       int      `json:"threads,omitempty"`
	Epoch         float64  `json:"epoch"`
	Loss          *float64 `json:"loss,omitempty"`
	Rate          *float64 `json:"rate,omitempty"`
	PerSecond     *float64 `json:"images_per_second,omitempty"`
	TrainLoss     *float64 `json:"train_loss,omitempty"`
	TrainAccuracy *float64 `json:"train_accuracy,omitempty"`
	ValLoss       *float64 `json:"val_loss,omitempty"`
	ValAccuracy   *float64 `json:"val_accuracy,omitempty"`
	Best          bool     `json:"best,omitempty"`
	Ignored       []int    `json:"ignored,omitempty"`
	Layers        []layer  `json:"layers,omitempty"`

	Weights   []Transfer `json:"weights,omitempty"`
	Path      string     `json:"path,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Seconds   float64    `json:"seconds,omitempty"`
	BestEpoch float64    `json:"best_epoch,omitempty"`
	Code      string     `json:"code,omitempty"`
	Text      string     `json:"text,omitempty"`
	Args      []any      `json:"args,omitempty"`
}

// A layer of a line.
type layer struct {
	Name     string   `json:"name"`
	Gradient *float64 `json:"gradient,omitempty"`
	Weight   *float64 `json:"weight,omitempty"`
	Update   *float64 `json:"update,omitempty"`
	Dead     *float64 `json:"dead,omitempty"`
}

// kept is a number for JSON: nothing where it is not one.
func kept(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// value reads it back.
func value(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

// encode writes an event as a line, or nothing for an event that is not kept.
func encode(e Event) ([]byte, error) {
	var l line
	switch e := e.(type) {
	case Started:
		l = line{Event: "start", Iteration: e.Iteration, Iterations: e.Iterations, PerEpoch: e.IterationsPerEpoch, Parameters: e.Parameters, Device: e.Device, Threads: e.Threads}
	case Step:
		l = line{Event: "step", Iteration: e.Iteration, Epoch: e.Epoch, Loss: kept(e.Loss), Rate: kept(e.Rate), PerSecond: kept(e.ImagesPerSecond)}
	case Epoch:
		l = line{
			Event: "epoch", Iteration: e.Iteration, Epoch: e.Epoch, TrainLoss: kept(e.TrainLoss), TrainAccuracy: kept(e.TrainAccuracy),
			ValLoss: kept(e.ValLoss), ValAccuracy: kept(e.ValAccuracy), Best: e.Best, Ignored: e.Ignored,
		}
	case Steered:
		l = line{Event: "steered", Iteration: e.Iteration, Epoch: e.Epoch, Rate: kept(e.Rate)}
	case Transferred:
		l = line{Event: "weights", Path: e.From, Weights: e.Weights}
	case Health:
		l = line{Event: "health", Iteration: e.Iteration, Epoch: e.Epoch}
		for _, h := range e.Layers {
			l.Layers = append(l.Layers, layer{h.Name, kept(h.Gradient), kept(h.Weight), kept(h.Update), kept(h.Dead)})
		}
	case Snapshot:
		l = line{Event: "snapshot", Iteration: e.Iteration, Epoch: e.Epoch, Path: e.Path}
	case Warning:
		l = line{Event: "warning", Iteration: e.Iteration, Epoch: e.Epoch, Code: e.Fault.Code, Text: e.Fault.Sentence(), Args: e.Fault.Args}
	case Done:
		l = line{Event: "done", Iteration: e.Iteration, Reason: e.Reason, Seconds: e.Seconds, BestEpoch: e.BestEpoch}
	default:
		return nil, nil
	}
	b, err := json.Marshal(l)
	return append(b, '\n'), err
}

// decode reads a line back.
func decode(b []byte) (Event, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, err
	}
	switch l.Event {
	case "start":
		return Started{l.Parameters, l.Iterations, l.PerEpoch, l.Iteration, l.Device, l.Threads}, nil
	case "step":
		return Step{l.Iteration, l.Epoch, value(l.Loss), value(l.Rate), value(l.PerSecond)}, nil
	case "epoch":
		return Epoch{l.Iteration, l.Epoch, value(l.TrainLoss), value(l.TrainAccuracy), value(l.ValLoss), value(l.ValAccuracy), l.Best, l.Ignored}, nil
	case "steered":
		return Steered{l.Iteration, l.Epoch, value(l.Rate)}, nil
	case "weights":
		return Transferred{l.Path, l.Weights}, nil
	case "health":
		e := Health{Iteration: l.Iteration, Epoch: l.Epoch}
		for _, h := range l.Layers {
			e.Layers = append(e.Layers, LayerHealth{h.Name, value(h.Gradient), value(h.Weight), value(h.Update), value(h.Dead)})
		}
		return e, nil
	case "snapshot":
		return Snapshot{l.Iteration, l.Epoch, l.Path}, nil
	case "warning":
		f := fault.New(l.Code, "%s", l.Text)
		f.Args = l.Args
		return Warning{l.Iteration, l.Epoch, f}, nil
	case "done":
		return Done{l.Iteration, l.Reason, l.Seconds, l.BestEpoch}, nil
	}
	return nil, fmt.Errorf("train: unknown event %q", l.Event)
}

// iterationOf tells when an event happened.
func iterationOf(e Event) int {
	switch e := e.(type) {
	case Step:
		return e.Iteration
	case Epoch:
		return e.Iteration
	case Health:
		return e.Iteration
	case Steered:
		return e.Iteration
	case Snapshot:
		return e.Iteration
	case Warning:
		return e.Iteration
	}
	return 0
}
