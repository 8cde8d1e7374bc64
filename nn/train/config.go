// Package train teaches networks: the loop over epochs, solvers and learning-rate policies, snapshots and what a run tells while it goes.
//
// A run is a folder. It is a model folder too (package model: network.json, labels.txt, preprocess.json, mean.png, and the best weights so
// far), and beside that it has run.json (Config and state), images.json (which images it is trained on), events.jsonl and snapshots/EPOCH with weights, the solver's memory and the place
// in the data. A run goes on from a snapshot to bit-identical results: the order of the data and every random number are pure
// functions of seed and iteration.
package train

import (
	"slices"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

// Config is how to train. Its zero Gamma, Power and Step stand for the policy's own.
type Config struct {
	Epochs        int       `json:"epochs"`            // how often each image is seen
	Batch         int       `json:"batch"`             // images that a step takes at once
	Accumulate    int       `json:"accumulate"`        // batches whose gradients are added before the weights move
	Solver        string    `json:"solver"`            // a name of Solvers
	Rate          float64   `json:"rate"`              // base learning rate
	Policy        string    `json:"policy"`            // how the rate falls: a name of Policies
	Gamma         float64   `json:"gamma"`             // γ of the policy, per percent of the run
	Step          []float64 `json:"step"`              // where the policy steps, in percent of the run
	Power         float64   `json:"power"`             // of inv and poly
	Warmup        int       `json:"warmup,omitempty"`  // iterations over which the rate rises to what the policy says; 0: none
	Momentum      float64   `json:"momentum"`          // of sgd and nesterov; β1 of adam and adamw
	WeightDecay   float64   `json:"weight_decay"`      // λ of the L2 decay
	Clip          float64   `json:"clip,omitempty"`    // the most that the norm of all gradients together may be; 0: any
	Average       float64   `json:"average,omitempty"` // decay of the moving average of the weights that is measured and used; 0: the weights themselves
	Mean          string    `json:"mean"`              // what is subtracted: none, image or pixel
	Scale         float64   `json:"scale"`             // by which bytes 0…255 are multiplied, after the mean
	Seed          uint64    `json:"seed"`              // of weights, order, augmentation and dropout
	SnapshotEvery float64   `json:"snapshot_every"`    // epochs
	ValidateEvery float64   `json:"validate_every"`    // epochs
	Crop          int       `json:"crop,omitempty"`    // side of the part of an image that the network sees, anywhere in training, the middle else; 0: all of it

	Augment data.Augmentation `json:"augment,omitzero"` // of images in training

	ClassWeights string `json:"class_weights,omitempty"` // how much classes count in the loss: "" (none) or "balanced"

	Loss    string   `json:"loss,omitempty"`    // type of loss that takes the place of every loss of the network; "": the network's own
	Weights string   `json:"weights,omitempty"` // the model's folder, safetensors file or other program's model that the run starts from
	Freeze  []string `json:"freeze,omitempty"`  // layers whose weights stay as they are

	LayerRates map[string]float64 `json:"layer_rates,omitempty"` // factors of the learning rate of layers, on top of their settings; 0 leaves the statistics free, unlike Freeze

	MaxSeconds float64 `json:"-"` // stop, with a snapshot, after so long; 0: never
}

// A Solver is a row of the table of solvers.
type Solver struct {
	Name     string
	Momentum bool    // Config.Momentum counts
	Rate     float64 // usual base learning rate; 0: what the network's is

	kind           kernel.SolverKind
	beta2, epsilon float32
}

// Solvers lists the solvers, with the constants of the papers as PyTorch has them; those of Caffe are the same but for AdaGrad, RMSProp (ε 1e-8 in both) and AdaDelta
// (ρ .95 and ε 1e-6, as in the paper; .9 in PyTorch).
func Solvers() []Solver {
	return []Solver{
		{"sgd", true, 0, kernel.SGD, 0, 0},
		{"nesterov", true, 0, kernel.Nesterov, 0, 0},
		{"adagrad", false, .01, kernel.AdaGrad, 0, 1e-8},
		{"rmsprop", false, .001, kernel.RMSProp, .99, 1e-8},
		{"adadelta", false, 1, kernel.AdaDelta, .95, 1e-6},
		{"adam", true, .001, kernel.Adam, .999, 1e-8},
		{"adamw", true, .001, kernel.AdamW, .999, 1e-8},
	}
}

// SolverOf finds a solver by name; the fault of an unknown one lists the known.
func SolverOf(name string) (Solver, error) {
	for _, s := range Solvers() {
		if s.Name == name {
			return s, nil
		}
	}
	return Solver{}, fault.New("train.setting.solver", "There is no solver %s. There are %s.", name, strings.Join(solverNames(), ", "))
}

// WithSolver gives the configuration with another solver, and its usual rate; usual is the rate of the network with sgd.
func (c Config) WithSolver(name string, usual float64) Config {
	c.Solver, c.Rate = name, usual
	if s, err := SolverOf(name); err == nil && s.Rate > 0 {
		c.Rate = s.Rate
	}
	return c
}

// Defaults are DIGITS' own, for a network of which nothing is known. Images are scaled to a range near one, with which a
// learning rate of .01 suits most small networks.
func Defaults() Config {
	return Config{
		Epochs: 30, Batch: 64, Accumulate: 1, Solver: "sgd", Rate: .01, Policy: "step", Momentum: .9, WeightDecay: 5e-4,
		Mean: model.MeanImage, Scale: 1. / 256, Seed: 1, SnapshotEvery: 1, ValidateEvery: 1,
	}
}

// DefaultsFor are Defaults with what is known of a standard network or a copy of one ("lenet 2").
func DefaultsFor(spec nn.Spec) Config {
	c := Defaults()
	name, _, _ := strings.Cut(spec.Name, " ")
	if !slices.Contains(nn.StandardNames(), name) {
		return c
	}
	c.Batch = nn.StandardBatch(name)
	switch name {
	case "lenet": // twice DIGITS' rate: one epoch of MNIST then passes 97.5 %, and the step policy still calms it down
		c.Rate = .02
	case "cifar-full": // Caffe's recipe, of 70,000 iterations: two steps near the end
		c.Rate, c.WeightDecay, c.Scale, c.Policy, c.Gamma, c.Step = .001, .004, 1, "multistep", .1, []float64{86, 93}
	case "cifar-quick": // Caffe's recipe: its small first weights want images of 0…255
		c.Rate, c.WeightDecay, c.Scale, c.Step = .001, .004, 1, []float64{80}
	case "alexnet":
		c.Scale = 1
	case "resnet-small": // He et al. 2016: large steps, which the normalisation of batches allows, and two falls to a tenth
		c.Rate, c.WeightDecay, c.Policy, c.Gamma, c.Step, c.Scale = .1, 1e-4, "multistep", .1, []float64{50, 75}, 1./64
		c.Augment = data.Augmentation{Shift: 4, Mirror: true}
	case "u-net", "fcn": // large steps while the rate is high, and none left at the end: each pixel is a sample, so that few images go far
		c.Solver, c.Rate, c.WeightDecay, c.Policy, c.Warmup, c.Mean, c.Scale = "adamw", .004, .01, "cosine", 50, model.MeanPixel, 1./64
		if name == "u-net" { // where images are few, as the 1,500 of the sample shapes for training, changed ones go further (docs/decisions/0023)
			c.Epochs, c.Augment = 17, data.Augmentation{Mirror: true, Hue: .1, Saturation: .2, Value: .2}
		}
	case "googlenet": // Caffe's quick_solver.prototxt
		c.Scale, c.Policy, c.Power, c.WeightDecay = 1, "poly", .5, 2e-4
	}
	return c
}

// Check returns the fault of the first setting that is out of its range.
func (c Config) Check() error {
	for _, s := range Settings() {
		if err := s.Check(c); err != nil {
			return err
		}
	}
	return nil
}

// WithLoss gives the network that a new run with the configuration trains: with the loss of the configuration, if it has one, in place of every loss. They keep
// their weights.
func (c Config) WithLoss(spec nn.Spec) (nn.Spec, error) {
	if c.Loss == "" {
		return spec, nil
	}
	places := spec.Losses()
	if len(places) == 0 {
		return spec, fault.New("train.loss.none", "The network %s has no loss layer that %s could replace. Add one to the network.", spec.Name, c.Loss)
	}
	spec = spec.Clone()
	for _, i := range places {
		spec.Layers[i].Type = c.Loss
	}
	return spec, nil
}

// options returns those of the network that is trained, with the weights of its classes, if it weighs them.
func (c Config) options(classWeights []float32) nn.Options {
	s, _ := SolverOf(c.Solver) // Check knows it
	return nn.Options{
		Batch: c.Batch, Training: true, Freeze: c.Freeze, LayerRates: c.LayerRates,
		Solver: s.kind, Momentum: float32(c.Momentum), Beta2: s.beta2, Epsilon: s.epsilon, ClassWeights: classWeights,
	}
}
