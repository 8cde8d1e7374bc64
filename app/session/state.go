package session

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// A State is all that the window shows of the workspace, at one moment. It is never changed: a new one takes its place.
type State struct {
	Loading  bool // the workspace is still being read
	Datasets []Dataset
	Networks []Network
	Runs     []Run // newest first

	Dataset, Network, Run string // the choice that all tabs share; "" for none

	Import   *Import   // the import that is going on
	Training *Training // the run that is going on
	Waiting  []Waiting // runs that wait for its end, the next first
	Curves   map[string]*Curve

	Devices []Device // that a run can be trained on
	Device  string   // which of them is chosen: its kind
	Engine  string   // the instructions that the device works with: AVX-512, AVX2 or Go
	Threads int
	Memory  int64 // bytes that the process holds
	Notices []Notice
}

// A Device that a run can be trained on.
type Device struct {
	Kind string // as package device names it
	Name string // the device's own; "" of the processor, whose name is Engine, and of the choice that is left to a measurement

	Measured bool // it is that choice
}

// A Dataset of the workspace.
type Dataset struct {
	Name, Path string
	Info       data.Info
	Err        error // why it cannot be used
}

// A Network of the workspace, fitted to the chosen data set.
type Network struct {
	Name     string
	Spec     nn.Spec
	Standard bool // built in: an edit makes a copy
	Err      error
}

// A Run of the workspace.
type Run = workspace.Run

// Import is an import on its way.
type Import struct {
	Name, Source string
	Done, Total  int
	PerSecond    float64
	Left         time.Duration
	Skipped      int
}

// Training is a run on its way.
type Training struct {
	Run, Dataset       string
	Config             train.Config
	Spec               nn.Spec
	Device             string         // its name; "" before it is open
	OnAdapter          bool           // it is another device than the processor
	Counting           train.Counting // how far the counting of classes is, before it starts; zero where nothing is counted
	Started            bool           // preparations are over
	Paused, Stopping   bool
	Iteration          int
	Iterations         int
	IterationsPerEpoch int
	Epoch              float64
	Loss, Rate         float64
	ImagesPerSecond    float64
	Left               time.Duration
	Probe              *train.Probe
}

// Progress returns how far the run is, 0…1.
func (t *Training) Progress() float64 {
	if t.Iterations == 0 {
		return 0
	}
	return float64(t.Iteration) / float64(t.Iterations)
}

// A Notice says what happened in the background: an error, or something done. Notices are numbered so that each is shown once.
type Notice struct {
	Serial int
	Err    error
	Key    string       // of a translated sentence, where Err is nil
	Args   []any        // of its format; counts are whole numbers, which the window writes
	Stays  bool         // until it is closed: what must be acted on, though nobody may be there when it happens
	OnCPU  func() error // does on the CPU what the graphics processor did not, from the last snapshot; nil where that is not what failed
}

// kept is how many notices a State carries; a window that listens at all sees each.
const kept = 20

// ChosenDataset returns the data set that is chosen, or nil.
func (s *State) ChosenDataset() *Dataset { return s.dataset(s.Dataset) }

// DatasetOf returns the data set that a run was trained on, or nil if that is no longer there, or there is no such run.
func (s *State) DatasetOf(r *Run) *Dataset {
	if r == nil || r.Err != nil {
		return nil
	}
	i := slices.IndexFunc(s.Datasets, func(d Dataset) bool {
		return d.Err == nil && filepath.Clean(d.Path) == filepath.Clean(r.Info.Dataset)
	})
	if i < 0 {
		return nil
	}
	return &s.Datasets[i]
}

// ChosenNetwork returns the network that is chosen, or nil.
func (s *State) ChosenNetwork() *Network { return s.network(s.Network) }

// ChosenRun returns the run that is chosen, or nil.
func (s *State) ChosenRun() *Run { return s.run(s.Run) }

// Live reports whether the chosen run is the one that is going on.
func (s *State) Live() bool { return s.Training != nil && s.Training.Run == s.Run }

// dataset, network and run return what has a name, or nil.
func (s *State) dataset(name string) *Dataset {
	return named(s.Datasets, name, func(d *Dataset) string { return d.Name })
}

func (s *State) network(name string) *Network {
	return named(s.Networks, name, func(n *Network) string { return n.Name })
}

func (s *State) run(name string) *Run {
	return named(s.Runs, name, func(r *Run) string { return r.Name })
}

func named[T any](all []T, name string, nameOf func(*T) string) *T {
	i := slices.IndexFunc(all, func(v T) bool { return nameOf(&v) == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}
