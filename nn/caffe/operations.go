package caffe

import (
	"fmt"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/caffe/internal/caffepb"
	"github.com/convscope/convscope/nn/fault"
)

// An operation is a row of the table of Caffe's layers that have weights: what a file calls them, and how their blobs become weights of ours.
type operation struct {
	kind string                             // LayerParameter.type
	v1   caffepb.V1LayerParameter_LayerType // of the older generation, NONE if it had no such layer
	take func(c *collector, i int) (bool, error)
}

// operations is the table: beside each row, the layer of our catalog that takes the weights. A function that returns false leaves the blobs without a place.
var operations = []operation{
	{"Convolution", caffepb.V1LayerParameter_CONVOLUTION, (*collector).filters},     // convolution
	{"Deconvolution", caffepb.V1LayerParameter_DECONVOLUTION, (*collector).filters}, // deconvolution
	{"InnerProduct", caffepb.V1LayerParameter_INNER_PRODUCT, (*collector).matrix},   // fully-connected
	{"BatchNorm", caffepb.V1LayerParameter_NONE, (*collector).statistics},           // batch-norm: mean and variance
	{"Scale", caffepb.V1LayerParameter_NONE, (*collector).scale},                    // batch-norm: weight and bias, where it follows one
}

// A collector collects the weights of layers, which it sees in order.
type collector struct {
	reader
	layers []layer
	all    map[string]nn.Tensor
	twice  string         // a key that came twice
	writer map[string]int // the layer that wrote a blob last: many write over their input
	input  int            // the layer that wrote the input of the one that is seen; −1: none
	scaled map[int]bool   // the BatchNorms whose scale is known
}

// weights returns the weights of the layers by the keys of ours.
func (r reader) weights(layers []layer) (map[string]nn.Tensor, error) {
	c := &collector{reader: r, layers: layers, all: map[string]nn.Tensor{}, writer: map[string]int{}, scaled: map[int]bool{}}
	for i, l := range layers {
		c.input = -1
		if from, ok := c.writer[l.bottom]; ok {
			c.input = from
		}
		c.writer[l.top] = i
		if err := c.layer(i); err != nil {
			return nil, err
		}
	}
	c.neutralScales()
	switch {
	case c.twice != "":
		return nil, r.damaged("it has %s twice", c.twice)
	case len(c.all) == 0:
		return nil, fault.New("caffe.none", "%s contains no weights. Choose a .caffemodel file that Caffe saved in training.", r.file)
	}
	return c.all, nil
}

// layer takes the weights of a layer by its row of the table. What has no place is named after the layer, its type and a number.
func (c *collector) layer(i int) error {
	l := c.layers[i]
	if at := slices.IndexFunc(operations, func(o operation) bool { return o.kind == l.kind }); at >= 0 {
		if taken, err := operations[at].take(c, i); taken || err != nil {
			return err
		}
	}
	for k, t := range l.blobs {
		c.add(fmt.Sprintf("%s.%s.%d", l.name, l.kind, k), t)
	}
	return nil
}

func (c *collector) add(key string, t nn.Tensor) {
	if _, ok := c.all[key]; ok {
		c.twice = key
	}
	c.all[key] = t
}

// filters takes weights, filters × channels/groups × height × width (a Deconvolution's: channels × filters/groups × …), and biases, which are as ours.
func (c *collector) filters(i int) (bool, error) {
	l := c.layers[i]
	if len(l.blobs) != 1 && len(l.blobs) != 2 {
		return false, nil
	}
	c.add(l.name+".weight", l.blobs[0])
	if len(l.blobs) == 2 {
		c.add(l.name+".bias", vector(l.blobs[1]))
	}
	return true, nil
}

// matrix takes weights, outputs × inputs, and biases. Older files write a matrix as four dimensions.
func (c *collector) matrix(i int) (bool, error) {
	l := &c.layers[i]
	if len(l.blobs) > 0 {
		w := &l.blobs[0]
		if s := w.Shape(); len(s) == 4 && s[0] == 1 && s[1] == 1 {
			*w = w.Reshape(s[2:]...)
		}
		if l.transposed && len(w.Shape()) == 2 {
			*w = transpose(*w)
		}
	}
	return c.filters(i)
}

// transpose returns a matrix with its rows as columns.
func transpose(m nn.Tensor) nn.Tensor {
	rows, columns := m.Shape()[0], m.Shape()[1]
	data := make([]float32, rows*columns)
	for i, v := range m.Data() {
		data[i%columns*rows+i/columns] = v
	}
	return nn.TensorOf(data, columns, rows)
}

// statistics takes mean and variance of a BatchNorm. Caffe keeps sums that it fades, and by how much in a third blob; NVIDIA's Caffe also keeps scale and shift there.
func (c *collector) statistics(i int) (bool, error) {
	l := c.layers[i]
	if len(l.blobs) != 3 && len(l.blobs) != 5 {
		return false, nil
	}
	mean, variance := vector(l.blobs[0]), vector(l.blobs[1])
	means, variances, faded := mean.Data(), variance.Data(), l.blobs[2].Data()
	if len(means) != len(variances) || len(faded) != 1 {
		return false, c.damaged("the statistics of %s do not belong together", l.name)
	}
	factor := float64(faded[0])
	if factor != 0 {
		factor = 1 / factor // of sums of nothing remain zeros, as in Caffe
	}
	for k := range means {
		means[k] = float32(float64(means[k]) * factor)
		variances[k] = float32(float64(variances[k]) * factor)
		if v := means[k] + variances[k]; v-v != 0 {
			return false, c.notFinite("the statistics of " + l.name)
		}
	}
	c.add(l.name+".mean", mean)
	c.add(l.name+".variance", variance)
	if len(l.blobs) == 5 {
		c.add(l.name+".weight", vector(l.blobs[3]))
		c.add(l.name+".bias", vector(l.blobs[4]))
		c.scaled[i] = true
	}
	return true, nil
}

// scale takes scale and shift of a Scale layer for the BatchNorm before it.
func (c *collector) scale(i int) (bool, error) {
	l := c.layers[i]
	if len(l.blobs) != 1 && len(l.blobs) != 2 || c.input < 0 || c.layers[c.input].kind != "BatchNorm" || c.scaled[c.input] {
		return false, nil
	}
	c.scaled[c.input] = true
	norm := c.layers[c.input].name
	c.add(norm+".weight", vector(l.blobs[0]))
	shift := nn.NewTensor(len(l.blobs[0].Data()))
	if len(l.blobs) == 2 {
		shift = vector(l.blobs[1])
	}
	c.add(norm+".bias", shift)
	return true, nil
}

// neutralScales gives the BatchNorms that nothing scaled a scale of 1 and a shift of 0.
func (c *collector) neutralScales() {
	for i, l := range c.layers {
		mean, ok := c.all[l.name+".mean"]
		if !ok || l.kind != "BatchNorm" || c.scaled[i] {
			continue
		}
		channels := len(mean.Data())
		ones := slices.Repeat([]float32{1}, channels)
		c.add(l.name+".weight", nn.TensorOf(ones, channels))
		c.add(l.name+".bias", nn.NewTensor(channels))
	}
}

// vector returns a list of numbers one dimension: older files write four.
func vector(t nn.Tensor) nn.Tensor {
	for _, d := range t.Shape() {
		if d == len(t.Data()) { // the others are 1
			return t.Reshape(d)
		}
	}
	return t
}
