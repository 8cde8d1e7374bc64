package nn

import (
	"math"
	"strings"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// A FieldType says what values a field takes.
type FieldType uint8

// The types of fields.
const (
	Int FieldType = iota
	Float
	Choice
)

// A Field is a setting of a kind of layer.
type Field struct {
	Key      string
	Type     FieldType
	Default  Value
	Min, Max float64 // of numbers, inclusive
	Choices  []string
	Advanced bool   // of interest to few: folded away in a form
	Follows  string // another field whose value this one has where it is left at its default
}

// A Kind is a row of the catalog: what a type of layer is. Palette, form, files, shapes and programs follow from it.
type Kind struct {
	Type                 string
	Group                string // of the palette
	Fields               []Field
	MinInputs, MaxInputs int
	Loss                 bool // compares with the truth; ends a branch of a network that learns

	PerClass string // the field of which 0 stands for as many as there are classes

	shape       func(l Layer, in []Shape) (Shape, *Problem) // of the output; inputs are as many as the kind takes
	weights     func(l Layer, in []Shape) []weight          // what is learned, and statistics
	work        func(l Layer, in []Shape, out Shape) int64  // multiply-adds of a forward pass of one sample
	forward     func(b *builder, n *node)                   // appends operations
	backward    func(b *builder, n *node)                   // appends operations of the gradient
	inPlace     bool                                        // may overwrite its input
	spares      bool                                        // its gradient does not need its output, so what follows may overwrite it
	passes      bool                                        // a loss that lets its input through
	margins     bool                                        // what it lets through has no bounds: over 1 for the true class, below −1 for the others
	weighs      bool                                        // a loss that can weigh classes
	chanceLoss  func(classes float64) float64               // of a loss: see ChanceLoss
	initialLoss func(classes float64) float64               // of a loss: see InitialLoss; nil where it equals chanceLoss
}

// A weight is a parameter of a layer, or a statistic: what it remembers of the data it saw in training.
type weight struct {
	name   string // "weight" or "bias"; "mean" or "variance" of a statistic
	shape  kernel.Shape
	fanIn  int // inputs that one output sums
	filler string
	std    float64 // of a gaussian filler; the value of a constant one
	rate   float64 // factor of the learning rate
	decay  float64 // factor of the weight decay

	perChannel bool // one number for each channel: a vector in files
	statistic  bool // not learned
}

// Field finds a field by its key.
func (k Kind) Field(key string) (Field, bool) {
	for _, f := range k.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// ChanceLoss returns the loss at chance level: the least that an answer independent of the image can reach, for so many equally frequent classes (ln n for
// softmax-loss, whose value it is also where the kind is not a loss).
func (k Kind) ChanceLoss(classes int) float64 {
	if k.chanceLoss == nil {
		k = softmaxLoss()
	}
	return k.chanceLoss(float64(max(classes, 2)))
}

// InitialLoss returns the loss of zeros for each of so many classes, near where an untrained network starts. It is never below ChanceLoss.
func (k Kind) InitialLoss(classes int) float64 {
	if k.initialLoss == nil {
		return k.ChanceLoss(classes)
	}
	return k.initialLoss(float64(max(classes, 2)))
}

// Probabilities turns, in place, what a network whose output is of this kind gives for each class into numbers of 0…1. Only margins change: ½ + ½·x/√(1+x²)
// keeps their order however large they are, and makes .85 and .15 of 1 and −1.
func (k Kind) Probabilities(out []float32) {
	if !k.margins {
		return
	}
	for i, v := range out {
		x := float64(v)
		out[i] = float32(.5 + .5*x/math.Hypot(1, x))
	}
}

// Catalog lists all kinds of layers in the order of the palette.
func Catalog() []Kind {
	return []Kind{
		convolution(), deconvolution(),
		pooling("max-pool", false), pooling("average-pool", true), globalPool(),
		fullyConnected(),
		activation("relu", kernel.ReLU), activation("leaky-relu", kernel.LeakyReLU, number("slope", .01, 0, 1)),
		activation("sigmoid", kernel.Sigmoid), activation("tanh", kernel.Tanh), softmax(),
		batchNorm(), dropout(), lrn(),
		concat(), add(),
		upsample(), crop(), slice(),
		softmaxLoss(), squaredLoss(), absoluteLoss(), sigmoidLoss(), hingeLoss(),
	}
}

// LossTypes lists the types of the losses.
func LossTypes() (types []string) {
	for _, k := range Catalog() {
		if k.Loss {
			types = append(types, k.Type)
		}
	}
	return types
}

// kinds is the catalog by type. It is filled at start-up rather than where it is declared, since layers look up their own defaults in it.
var kinds = map[string]Kind{}

func init() {
	for _, k := range Catalog() {
		kinds[k.Type] = k
	}
}

// KindOf finds a row of the catalog; the fault of an unknown type lists the known ones.
func KindOf(typ string) (Kind, error) {
	if k, ok := kinds[typ]; ok {
		return k, nil
	}
	var known []string
	for _, k := range Catalog() {
		known = append(known, k.Type)
	}
	return Kind{}, fault.New("nn.type.unknown", "There is no layer type %s. There are %s.", typ, strings.Join(known, ", "))
}

// number and whole make fields.
func number(key string, def, low, high float64) Field {
	return Field{Key: key, Type: Float, Default: Num(def), Min: low, Max: high}
}

func whole(key string, def, low, high float64) Field {
	return Field{Key: key, Type: Int, Default: Num(def), Min: low, Max: high}
}

func advanced(f Field) Field {
	f.Advanced = true
	return f
}

// choice makes a field of words, the first the default.
func choice(key string, words ...string) Field {
	return Field{Key: key, Type: Choice, Default: Word(words[0]), Choices: words}
}

// learning lists the fields of every layer that has weights and biases: Caffe's fillers and multipliers.
func learning() []Field {
	return []Field{
		advanced(choice("bias", "yes", "no")),
		choice("filler", "xavier", "msra", "gaussian", "constant"),
		advanced(number("std", .01, 0, 100)),
		advanced(number("bias-value", 0, -100, 100)),
		advanced(number("weight-rate", 1, 0, 100)),
		advanced(number("bias-rate", 2, 0, 100)),
		advanced(number("weight-decay", 1, 0, 1000)),
		advanced(number("bias-decay", 1, 0, 100)),
	}
}

// learned makes the weight and, if it has one, the bias of a layer with the fields of learning.
func learned(l Layer, shape kernel.Shape) []weight {
	list := []weight{{
		name: "weight", shape: shape, fanIn: shape.Sample(), filler: l.Text("filler"), std: l.Float("std"), rate: l.Float("weight-rate"), decay: l.Float("weight-decay"),
	}}
	if l.Text("bias") == "no" {
		return list
	}
	bias := channelwise("bias", shape.N, l.Float("bias-value"))
	bias.rate, bias.decay = l.Float("bias-rate"), l.Float("bias-decay")
	return append(list, bias)
}

// channelwise makes a weight of one number for each channel, which begins with a value.
func channelwise(name string, channels int, value float64) weight {
	return weight{name: name, shape: kernel.Shape{N: channels, C: 1, H: 1, W: 1}, fanIn: 1, filler: "constant", std: value, rate: 1, perChannel: true}
}

// same returns the shape function of layers that keep the shape.
func same(_ Layer, in []Shape) (Shape, *Problem) { return in[0], nil }
