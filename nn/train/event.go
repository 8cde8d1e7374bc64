package train

import (
	"image"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/metric"
)

// An Event is what a run tells while it goes. Events own their memory.
type Event interface{ event() }

type (
	// Started comes first, but for Counting.
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
		Iteration int
		Epoch     float64
		TrainLoss float64       // mean over the steps since the validation before
		Train     metric.Values // likewise
		ValLoss   float64
		Val       metric.Values
		Best      bool  // the best so far
		Missed    []int // classes that occur in the validation data and were never recognised there
	}
	// RateChanged comes when the base learning rate was changed while the run went on.
	RateChanged struct {
		Iteration int
		Epoch     float64
		Rate      float64
	}
	// Transferred comes before the first step of a run that starts from weights that are there.
	Transferred struct {
		From    string
		Weights []Transfer
	}
	// Counting comes, several times a second, while a new run counts how often each class occurs, before Started.
	Counting struct{ Done, Images int }
	// Weighed comes before the first step of a run whose loss weighs classes.
	Weighed struct {
		Classes []string
		Weights []float32 // of each; 1 is the mean over the training data
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
	// Probe shows a watched image on its way through the network as it is now, without statistics.
	Probe struct {
		Iteration int
		View      *inspect.View
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
		Epoch     float64
		Reason    string // finished, stopped or diverged
		Seconds   float64
		BestEpoch float64 // 0: none was validated
	}
)

func (Started) event()     {}
func (Step) event()        {}
func (Epoch) event()       {}
func (Health) event()      {}
func (RateChanged) event() {}
func (Transferred) event() {}
func (Counting) event()    {}
func (Weighed) event()     {}
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
	// Watch asks for a Probe of an image's way through some layers, about twice a second. The image may be of any size: it is made into what the
	// network sees as the run's preprocessing does it. Without an image the watching ends.
	Watch struct {
		Image  image.Image
		Layers []string // none: all
	}
)

func (Pause) request()   {}
func (Resume) request()  {}
func (Stop) request()    {}
func (SetRate) request() {}
func (Watch) request()   {}

// iterationOf returns when an event happened.
func iterationOf(e Event) int {
	switch e := e.(type) {
	case Step:
		return e.Iteration
	case Epoch:
		return e.Iteration
	case Health:
		return e.Iteration
	case RateChanged:
		return e.Iteration
	case Snapshot:
		return e.Iteration
	case Warning:
		return e.Iteration
	}
	return 0
}
