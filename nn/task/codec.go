package task

import (
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
)

// A See brings the class map of a stored image of w×h pixels to what a network sees of the image: the same part, turned and mirrored as its pixels were.
type See func(classes []uint16, w, h int) []uint16

// A Codec turns the truth of a data set's records into what the losses of a network compare with, and measures the network's answers by it. Its methods may be
// called from several goroutines at once.
type Codec struct {
	row        row
	data       *data.Dataset
	background int
	truths     []nn.Truth
	output     int // the truth that the network's output is measured by
}

// NewCodec makes the codec of a data set and a network that was compiled to learn; the fault of a network that does not fit the data set's task says what to do.
func NewCodec(d *data.Dataset, network *nn.Network) (*Codec, error) {
	info := d.Info()
	if err := Fits(info.Task, network); err != nil {
		return nil, err
	}
	r, err := of(info.Task)
	return &Codec{r, d, info.Background, network.Truths(), network.Outputs()[0].Truth}, err
}

// Sizes lists how many numbers each truth of a sample has.
func (c *Codec) Sizes() []int {
	var sizes []int
	for _, t := range c.truths {
		sizes = append(sizes, t.Shape.Len())
	}
	return sizes
}

// Encode writes the truths of one sample, whose stored image has w×h pixels.
func (c *Codec) Encode(e data.Entry, w, h int, see See, truths [][]float32) error {
	class, err := c.row.classes(c, e, w, h, see)
	if err != nil {
		return err
	}
	for k, t := range c.truths {
		t.Fill(truths[k], class)
	}
	return nil
}

// Measure adds the answers to n samples, n×C×H×W, to a meter. each, if given, is told of every sample how many places counted and how many were right.
func (c *Codec) Measure(m *metric.Places, output []float32, truths [][]float32, n int, each func(sample, counted, right int)) {
	t, truth := c.truths[c.output], truths[c.output]
	places, size := t.Shape.H*t.Shape.W, t.Shape.Len()
	scores := len(output) / n
	for s := range n {
		own := truth[s*size : (s+1)*size]
		counted, right := m.Add(output[s*scores:(s+1)*scores], places, func(p int) int { return t.Class(own, p) })
		if each != nil {
			each(s, counted, right)
		}
	}
}

// classMap returns the class of each pixel that a network sees of a record, −1 where it is void.
func (c *Codec) classMap(e data.Entry, w, h int, see See) (func(place int) int, error) {
	truth, err := c.data.Truth(e.ID)
	if err != nil {
		return nil, err
	}
	classes, err := truth.ClassMap(w, h, c.background, nil)
	if err != nil {
		return nil, err
	}
	seen := see(classes, w, h)
	return func(place int) int {
		if v := seen[place]; v != data.Void {
			return int(v)
		}
		return -1
	}, nil
}
