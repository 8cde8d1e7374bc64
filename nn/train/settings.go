package train

import (
	"slices"
	"sync"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/foreign"
	"github.com/convscope/convscope/nn/model"
)

// A Setting is a row of the table of settings: what Config.Check, the form of the window, the flags of `cnn train`, the comparison of runs
// and a run that goes on need to know of it. A new setting is a field of Config, a row, and its texts (train.field.KEY).
type Setting struct {
	Key  string // unique; of its texts
	Name string // what English sentences call it
	Values

	Group   Group             // where the form has it; "" of a setting that is not in the form
	Tasks   []data.Task       // that it is for; nil: all
	Colour  bool              // only images in colour have a use for it
	Applies func(Config) bool // reports whether it has an effect beside the other settings; nil: always

	Flag        string // of `cnn train`, without its dashes; unique; "" where a flag sets several Together
	Placeholder string // of the flag's value
	Help        string // of the flag
	Several     bool   // the flag takes several values, each of which trains a run

	Within  string // column of the comparison that tells it among others; "" has a column of its own, NoColumn none
	Resumed Change // what it may become when a run goes on
}

// A Group is a section of the form.
type Group string

// The groups, in the order of the form.
const (
	Basic        Group = "basic"
	More         Group = "more"
	Augmentation Group = "augmentation"
	Start        Group = "start"
)

// A Change is what a setting of a run may become when it goes on.
type Change int

// The changes.
const (
	Fixed  Change = iota // it stays as it was
	Longer               // it may become more
	Free                 // it is of the process, not of the run
)

// NoColumn marks settings that the comparison of runs leaves out: they change how often a run is measured or saved, not what it learns.
const NoColumn = "-"

// Columns of the comparison that tell of several settings.
const (
	PolicyColumn       = "policy"
	AugmentationColumn = "augmentation"
)

// Settings lists the settings, in the order in which they are shown. The list is shared: it is not to be changed.
func Settings() []Setting { return table() }

// table is the table of settings. No limit of a setting stands anywhere else.
var table = sync.OnceValue(func() []Setting {
	return []Setting{
		{
			Key: "epochs", Name: "epochs", Group: Basic, Flag: "epochs", Placeholder: "N", Resumed: Longer,
			Help:   "How many times the network sees each image. With --resume, more epochs than the run had extend it; its policy then spans the whole of the longer run.",
			Values: whole(1, 1e6, func(c *Config) *int { return &c.Epochs }),
		},
		{
			Key: "batch", Name: "batch", Group: Basic, Flag: "batch", Placeholder: "N[,N…]", Several: true,
			Help:   "Images that a step takes at once. Several sizes train a run each.",
			Values: whole(1, 65536, func(c *Config) *int { return &c.Batch }),
		},
		{
			Key: "accumulate", Name: "accumulate", Group: More, Flag: "accumulate", Placeholder: "N",
			Help:   "Batches whose gradients are accumulated before the weights are updated.",
			Values: whole(1, 65536, func(c *Config) *int { return &c.Accumulate }),
		},
		{
			Key: "solver", Name: "solver", Group: Basic, Flag: "solver",
			Help: "How the weights are updated: " + either(solverNames()) + ".",
			Values: Choice{
				Names: solverNames(), field: func(c *Config) *string { return &c.Solver },
				set:   func(c *Config, name string) { *c = c.WithSolver(name, c.Rate) },
				known: func(name string) error { _, err := SolverOf(name); return err },
			},
		},
		{
			Key: "rate", Name: "learning rate", Group: Basic, Flag: "lr", Placeholder: "F[,F…]", Several: true,
			Help:   "Base learning rate (default: the usual one of the network or, with adagrad and later ones, of the solver). Several rates train a run each.",
			Values: number(1e-12, 1e3, func(c *Config) *float64 { return &c.Rate }),
		},
		{
			Key: "policy", Name: "policy", Group: Basic, Flag: "policy", Within: PolicyColumn,
			Help: "How the learning rate decays: " + either(policyNames()) + ".",
			Values: Choice{
				Names: policyNames(), field: func(c *Config) *string { return &c.Policy },
				set:   func(c *Config, name string) { *c = c.WithPolicy(name) },
				known: func(name string) error { _, err := PolicyOf(name); return err },
			},
		},
		{
			Key: "step", Name: "step", Group: Basic, Flag: "step", Placeholder: "PERCENT[,PERCENT…]", Within: PolicyColumn,
			Applies: func(c Config) bool { return len(c.policy().Step) > 0 },
			Help:    "Where the policy steps, in percent of the run.",
			Values:  Percentages{func(c *Config) *[]float64 { return &c.Step }},
		},
		{
			Key: "gamma", Name: "gamma", Group: Basic, Flag: "gamma", Placeholder: "F", Within: PolicyColumn,
			Applies: func(c Config) bool { return c.policy().Gamma != 0 },
			Help:    "γ of the policy, per percent of the run.",
			Values:  number(0, 1e3, func(c *Config) *float64 { return &c.Gamma }).over().own(),
		},
		{
			Key: "power", Name: "power", Group: Basic, Flag: "power", Placeholder: "F", Within: PolicyColumn,
			Applies: func(c Config) bool { return c.policy().Power != 0 },
			Help:    "Power of the policies inv and poly.",
			Values:  number(0, 1e2, func(c *Config) *float64 { return &c.Power }).over().own(),
		},
		{
			Key: "warmup", Name: "warm-up", Group: More, Flag: "warmup", Placeholder: "STEPS",
			Help:   "Iterations over which the learning rate rises from 0 to what the policy says; 0: none.",
			Values: whole(0, 1e9, func(c *Config) *int { return &c.Warmup }).off(),
		},
		{
			Key: "momentum", Name: "momentum", Group: More, Flag: "momentum", Placeholder: "F",
			Help:   "Momentum; β1 of adam and adamw.",
			Values: number(0, .99999, func(c *Config) *float64 { return &c.Momentum }),
		},
		{
			Key: "weight-decay", Name: "weight decay", Group: More, Flag: "weight-decay", Placeholder: "F",
			Help:   "Weight decay.",
			Values: number(0, 1e2, func(c *Config) *float64 { return &c.WeightDecay }),
		},
		{
			Key: "clip", Name: "gradient clipping", Group: More, Flag: "clip", Placeholder: "NORM",
			Help:   "Largest norm of all gradients together: beyond it they are scaled down to it before the weights are updated; 0: no limit.",
			Values: number(0, 1e9, func(c *Config) *float64 { return &c.Clip }).off(),
		},
		{
			Key: "average", Name: "averaging", Group: More, Flag: "average", Placeholder: "F",
			Help:   "Validate and keep a moving average of the weights with this decay, e.g. 0.998; 0: the weights themselves.",
			Values: number(0, .99999, func(c *Config) *float64 { return &c.Average }).off(),
		},
		{
			Key: "loss", Name: "loss", Group: More, Flag: "loss", Tasks: []data.Task{data.Classification},
			Help: "Loss to use in place of every loss of the network: " + either(nn.LossTypes()) + ".",
			Values: Choice{
				Names: nn.LossTypes(), Own: true, field: func(c *Config) *string { return &c.Loss },
				known: func(name string) error { return oneOf(name, nn.LossTypes(), unknownLoss) },
			},
		},
		{
			Key: "class-weights", Name: "class weights", Group: More, Flag: "class-weights", Tasks: []data.Task{data.Classification, data.Segmentation},
			Help: "How much classes count in the softmax loss, in training and in its validation: none (all equal) or balanced (rare ones more, by their share of the training images or their pixels).",
			Values: Choice{
				Names: classWeightings(), None: NoClassWeights, field: func(c *Config) *string { return &c.ClassWeights },
				known: func(name string) error { return oneOf(name, classWeightings(), unknownClassWeights) },
			},
		},
		{
			Key: "mean", Name: "mean", Group: More, Flag: "mean",
			Help: "What is subtracted from an image: image (the mean image), pixel (the mean colour) or none.",
			Values: Choice{
				Names: means(), field: func(c *Config) *string { return &c.Mean },
				known: func(name string) error { return oneOf(name, means(), unknownMean) },
			},
		},
		{
			Key: "scale", Name: "scale", Group: More, Flag: "pixel-scale", Placeholder: "F",
			Help:   "Factor by which the bytes of an image, 0 to 255, are multiplied after the mean was subtracted.",
			Values: number(1e-9, 1e3, func(c *Config) *float64 { return &c.Scale }),
		},
		{
			Key: "mirror", Name: "mirror", Group: Augmentation, Flag: "mirror", Within: AugmentationColumn,
			Help:   "In training, mirror each image with a probability of 0.5; --no-mirror turns it off where the network's recipe has it.",
			Values: Switch{func(c *Config) *bool { return &c.Augment.Mirror }},
		},
		{
			Key: "shift", Name: "shift", Group: Augmentation, Flag: "shift", Placeholder: "N", Within: AugmentationColumn,
			Help:   "In training, move images by up to N pixels.",
			Values: whole(0, 1024, func(c *Config) *int { return &c.Augment.Shift }).off(),
		},
		{
			Key: "crop", Name: "crop", Group: Augmentation, Flag: "crop", Placeholder: "N", Within: AugmentationColumn,
			Help:   "The network sees N×N pixels of an image: anywhere in training, otherwise the centre.",
			Values: whole(0, 16384, func(c *Config) *int { return &c.Crop }).off(),
		},
		{
			Key: "rotate", Name: "rotation", Group: Augmentation, Flag: "rotate", Placeholder: "DEG", Within: AugmentationColumn,
			Help:   "In training, rotate images by up to this many degrees.",
			Values: number(0, 180, func(c *Config) *float64 { return &c.Augment.Rotate }).off(),
		},
		{
			Key: "resize", Name: "scaling", Group: Augmentation, Flag: "scale", Placeholder: "F", Within: AugmentationColumn,
			Help:   "In training, make images larger or smaller by up to this share, e.g. 0.1.",
			Values: number(0, .9, func(c *Config) *float64 { return &c.Augment.Scale }).off(),
		},
		{
			Key: "noise", Name: "noise", Group: Augmentation, Flag: "noise", Placeholder: "F", Within: AugmentationColumn,
			Help:   "In training, add noise with this standard deviation, as a share of white.",
			Values: number(0, 1, func(c *Config) *float64 { return &c.Augment.Noise }).off(),
		},
		{
			Key: "brightness", Name: "brightness", Group: Augmentation, Within: AugmentationColumn,
			Values: number(0, 1, func(c *Config) *float64 { return &c.Augment.Value }).off(),
		},
		{
			Key: "saturation", Name: "saturation", Group: Augmentation, Colour: true, Within: AugmentationColumn,
			Values: number(0, 1, func(c *Config) *float64 { return &c.Augment.Saturation }).off(),
		},
		{
			Key: "hue", Name: "hue", Group: Augmentation, Colour: true, Within: AugmentationColumn,
			Values: number(0, .5, func(c *Config) *float64 { return &c.Augment.Hue }).off(),
		},
		{
			Key: "hsv", Name: "hue, saturation and brightness", Flag: "hsv", Placeholder: "H,S,V", Within: NoColumn,
			Help:   "In training, change hue, saturation and brightness by up to these shares, e.g. 0.02,0.3,0.3.",
			Values: Together{"three shares, of hue, saturation and brightness, e.g. 0.02,0.3,0.3,", []string{"hue", "saturation", "brightness"}},
		},
		{
			Key: "weights", Name: "weights", Group: Start, Flag: "weights", Placeholder: "MODEL|FILE",
			Help: "Start from the weights of " + either(append([]string{"a model's folder", "a .safetensors file"}, foreign.Files()...)) + ", as far as names and shapes agree. " +
				"Filters for grey images are made to fit colours, and the other way round.",
			Values: Path{func(c *Config) *string { return &c.Weights }},
		},
		{
			Key: "freeze", Name: "frozen layers", Group: Start, Flag: "freeze", Placeholder: "LAYER,…",
			Help:   "Layers whose weights stay as they are.",
			Values: Layers{func(c *Config) *[]string { return &c.Freeze }},
		},
		{
			Key: "layer-rates", Name: "layer rates", Group: Start, Flag: "layer-rates", Placeholder: "LAYER=F,…",
			Help:   "Layers that learn faster or slower, each with a factor of the learning rate, e.g. conv1=0.1,ip2=10.",
			Values: LayerFactors{100, func(c *Config) *map[string]float64 { return &c.LayerRates }},
		},
		{
			Key: "validate", Name: "validation interval", Group: More, Flag: "validate-every", Placeholder: "E", Within: NoColumn,
			Help:   "Epochs between validations.",
			Values: number(.01, 1e6, func(c *Config) *float64 { return &c.ValidateEvery }),
		},
		{
			Key: "snapshot", Name: "snapshot interval", Group: More, Flag: "snapshot-every", Placeholder: "E", Within: NoColumn,
			Help:   "Epochs between snapshots.",
			Values: number(.01, 1e6, func(c *Config) *float64 { return &c.SnapshotEvery }),
		},
		{
			Key: "seed", Name: "seed", Group: More, Flag: "seed", Placeholder: "SEED",
			Help:   "Seed of the weights, the order of the images and dropout (default 1).",
			Values: Seed{func(c *Config) *uint64 { return &c.Seed }},
		},
		{
			Key: "seconds", Name: "seconds", Flag: "max-seconds", Placeholder: "S", Within: NoColumn, Resumed: Free,
			Help:   "Stop, with a snapshot, after this many seconds.",
			Values: number(0, 1e9, func(c *Config) *float64 { return &c.MaxSeconds }).off(),
		},
	}
})

// SettingOf returns the setting with a key. That there is none is a mistake of the program.
func SettingOf(key string) Setting {
	all := Settings()
	if i := slices.IndexFunc(all, func(s Setting) bool { return s.Key == key }); i >= 0 {
		return all[i]
	}
	panic("train: there is no setting " + key)
}

// For reports whether the setting is for a task.
func (s Setting) For(t data.Task) bool { return s.Tasks == nil || slices.Contains(s.Tasks, t) }

// Matters reports whether the setting has an effect beside the others of a configuration.
func (s Setting) Matters(c Config) bool { return s.Applies == nil || s.Applies(c) }

// Check returns the fault of a configuration whose value of the setting is not one that it takes.
func (s Setting) Check(c Config) error { return s.check(s, c) }

// term returns the setting's name, which the window writes in its language.
func (s Setting) term() *fault.Fault { return fault.New("train.field."+s.Key, "%s", s.Name) }

func solverNames() []string {
	var names []string
	for _, s := range Solvers() {
		names = append(names, s.Name)
	}
	return names
}

func policyNames() []string {
	var names []string
	for _, p := range Policies() {
		names = append(names, p.Name)
	}
	return names
}

// means lists what can be subtracted from images.
func means() []string { return []string{model.MeanImage, model.MeanPixel, model.MeanNone} }

func unknownLoss(name, known string) error {
	return fault.New("train.setting.loss", "There is no loss %s. There are %s.", name, known)
}

func unknownClassWeights(name, known string) error {
	return fault.New("train.setting.class-weights", "Classes cannot be weighted by %s. There are %s.", name, known)
}

func unknownMean(name, known string) error {
	return fault.New("train.setting.mean", "The mean %s cannot be subtracted. There are %s.", name, known)
}
