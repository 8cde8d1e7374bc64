package nn

import (
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// A standard is a row of the table of standard networks.
type standard struct {
	name    string
	task    string
	input   Shape // for which it was made
	classes int
	batch   int
	layers  func() []Layer
}

// Tasks of standard networks: what their outputs are.
const (
	Classification = "classification" // a class for the image
	Segmentation   = "segmentation"   // a class for each place
)

// standards lists the standard networks.
func standards() []standard {
	return []standard{
		{"lenet", Classification, Shape{1, 28, 28}, 10, 64, lenet},
		{"cifar-quick", Classification, Shape{3, 32, 32}, 10, 100, cifarQuick},
		{"cifar-full", Classification, Shape{3, 32, 32}, 10, 100, cifarFull},
		{"alexnet", Classification, Shape{3, 227, 227}, 1000, 128, alexnet},
		{"googlenet", Classification, Shape{3, 224, 224}, 1000, 32, googlenet},
		{"vgg-small", Classification, Shape{3, 32, 32}, 10, 100, vggSmall},
		{"resnet-small", Classification, Shape{3, 32, 32}, 10, 100, resnetSmall},
		{"u-net", Segmentation, Shape{3, 180, 240}, 11, 8, uNet},
		{"fcn", Segmentation, Shape{3, 180, 240}, 11, 8, fcn},
	}
}

func findStandard(name string) (standard, bool) {
	all := standards()
	i := slices.IndexFunc(all, func(s standard) bool { return s.name == name })
	if i < 0 {
		return standard{task: Classification, classes: 10, batch: 64, input: Shape{3, 32, 32}}, false
	}
	return all[i], true
}

// StandardNames lists the names of the standard networks.
func StandardNames() []string {
	var names []string
	for _, s := range standards() {
		names = append(names, s.name)
	}
	return names
}

// StandardTask returns the task that a standard network is made for: Classification or Segmentation.
func StandardTask(name string) string {
	s, _ := findStandard(name)
	return s.task
}

// StandardInput, StandardClasses and StandardBatch are what a standard network was made for; for another network usual values.
func StandardInput(name string) Shape {
	s, _ := findStandard(name)
	return s.input
}

// StandardClasses returns the number of classes that a standard network was made for.
func StandardClasses(name string) int {
	s, _ := findStandard(name)
	return s.classes
}

// StandardBatch returns the batch that a standard network is trained with.
func StandardBatch(name string) int {
	s, _ := findStandard(name)
	return s.batch
}

// Standard returns a standard network for an input and a number of classes. Where the input is too small for it, Analyze says so.
func Standard(name string, in Shape, classes int) (Spec, error) {
	s, ok := findStandard(name)
	if !ok {
		return Spec{}, fault.New("nn.standard.unknown", "There is no standard network %s. There are %s.", name, strings.Join(StandardNames(), ", "))
	}
	return Spec{Format: Format, Name: name, Input: in, Classes: classes, Layers: s.layers()}, nil
}

// chain writes a network as a list of layers, each taking the one before it unless another was named.
type chain struct {
	layers []Layer
	next   string // whose output the next layer takes; "": that of the last one
}

func (c *chain) add(name, typ string, settings map[string]Value) {
	c.layers = append(c.layers, Layer{Name: name, Type: typ, Inputs: []string{c.last()}, Settings: settings})
	c.next = ""
}

// last returns the layer that the next one takes as its input.
func (c *chain) last() string {
	switch {
	case c.next != "":
		return c.next
	case len(c.layers) > 0:
		return c.layers[len(c.layers)-1].Name
	}
	return Data
}

// numbers makes settings of pairs of a key and a number.
func numbers(pairs ...any) map[string]Value {
	m := map[string]Value{}
	for i := 0; i < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case int:
			m[pairs[i].(string)] = Num(float64(v))
		case float64:
			m[pairs[i].(string)] = Num(v)
		case string:
			m[pairs[i].(string)] = Word(v)
		}
	}
	return m
}

// lenet is Caffe's examples/mnist/lenet_train_test.prototxt.
func lenet() []Layer {
	var c chain
	c.add("conv1", "convolution", numbers("filters", 20, "kernel", 5))
	c.add("pool1", "max-pool", nil)
	c.add("conv2", "convolution", numbers("filters", 50, "kernel", 5))
	c.add("pool2", "max-pool", nil)
	c.add("ip1", "fully-connected", numbers("outputs", 500))
	c.add("relu1", "relu", nil)
	c.add("ip2", "fully-connected", nil)
	c.add("loss", "softmax-loss", nil)
	return c.layers
}

// cifarQuick is Caffe's examples/cifar10/cifar10_quick_train_test.prototxt.
func cifarQuick() []Layer {
	var c chain
	conv := func(name string, filters int, std float64) {
		c.add(name, "convolution", numbers("filters", filters, "kernel", 5, "pad", 2, "filler", "gaussian", "std", std))
	}
	conv("conv1", 32, .0001)
	c.add("pool1", "max-pool", numbers("kernel", 3))
	c.add("relu1", "relu", nil)
	conv("conv2", 32, .01)
	c.add("relu2", "relu", nil)
	c.add("pool2", "average-pool", numbers("kernel", 3))
	conv("conv3", 64, .01)
	c.add("relu3", "relu", nil)
	c.add("pool3", "average-pool", numbers("kernel", 3))
	c.add("ip1", "fully-connected", numbers("outputs", 64, "filler", "gaussian", "std", .1))
	c.add("ip2", "fully-connected", numbers("filler", "gaussian", "std", .1))
	c.add("loss", "softmax-loss", nil)
	return c.layers
}

// cifarFull is Caffe's examples/cifar10/cifar10_full_train_test.prototxt.
func cifarFull() []Layer {
	var c chain
	conv := func(name string, filters int, std float64) {
		c.add(name, "convolution", numbers("filters", filters, "kernel", 5, "pad", 2, "filler", "gaussian", "std", std))
	}
	norm := func(name string) {
		c.add(name, "lrn", numbers("size", 3, "region", "within", "alpha", 5e-5))
	}
	conv("conv1", 32, .0001)
	c.add("pool1", "max-pool", numbers("kernel", 3))
	c.add("relu1", "relu", nil)
	norm("norm1")
	conv("conv2", 32, .01)
	c.add("relu2", "relu", nil)
	c.add("pool2", "average-pool", numbers("kernel", 3))
	norm("norm2")
	conv("conv3", 64, .01)
	c.add("relu3", "relu", nil)
	c.add("pool3", "average-pool", numbers("kernel", 3))
	c.add("ip1", "fully-connected", numbers("filler", "gaussian", "std", .01, "weight-decay", 250, "bias-decay", 0))
	c.add("loss", "softmax-loss", nil)
	return c.layers
}

// alexnet is Caffe's models/bvlc_alexnet/train_val.prototxt (Krizhevsky et al. 2012).
func alexnet() []Layer {
	var c chain
	conv := func(name string, filters, kernel, stride, pad, groups int, bias float64) {
		c.add(name, "convolution", numbers("filters", filters, "kernel", kernel, "stride", stride, "pad", pad, "groups", groups,
			"filler", "gaussian", "std", .01, "bias-value", bias, "bias-decay", 0))
	}
	dense := func(name string, outputs int, std, bias float64) {
		c.add(name, "fully-connected", numbers("outputs", outputs, "filler", "gaussian", "std", std, "bias-value", bias, "bias-decay", 0))
	}
	pool := func(name string) { c.add(name, "max-pool", numbers("kernel", 3)) }
	conv("conv1", 96, 11, 4, 0, 1, 0)
	c.add("relu1", "relu", nil)
	c.add("norm1", "lrn", nil)
	pool("pool1")
	conv("conv2", 256, 5, 1, 2, 2, .1)
	c.add("relu2", "relu", nil)
	c.add("norm2", "lrn", nil)
	pool("pool2")
	conv("conv3", 384, 3, 1, 1, 1, 0)
	c.add("relu3", "relu", nil)
	conv("conv4", 384, 3, 1, 1, 2, .1)
	c.add("relu4", "relu", nil)
	conv("conv5", 256, 3, 1, 1, 2, .1)
	c.add("relu5", "relu", nil)
	pool("pool5")
	dense("fc6", 4096, .005, .1)
	c.add("relu6", "relu", nil)
	c.add("drop6", "dropout", nil)
	dense("fc7", 4096, .005, .1)
	c.add("relu7", "relu", nil)
	c.add("drop7", "dropout", nil)
	dense("fc8", 0, .01, 0)
	c.add("loss", "softmax-loss", nil)
	return c.layers
}
