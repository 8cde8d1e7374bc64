// Package inspect looks inside trained networks: what every layer makes of an image, with statistics of it, and the filters that it
// learned.
package inspect

import (
	"context"
	"image"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/model"
)

// A View is one image on its way through a network.
type View struct {
	Input  data.Pixels        // what the network sees, as a picture
	Tensor nn.Tensor          // the very numbers that it sees, C×H×W
	Top    []model.Prediction // none where the network does not give a whole image one class
	Layers []Layer            // in order; the first is the input itself, "data"
	Epoch  float64            // of the weights
}

// A Layer is one layer of a View.
type Layer struct {
	Name, Type string
	Shape      nn.Shape
	Parameters int64
	Maps       nn.Tensor  // its output, C×H×W
	Filters    *nn.Tensor // F×C×h×w, of a convolution
	Biases     []float32
	Stats      Stats // of Maps
}

// Stats describe many numbers.
type Stats struct {
	Mean, Deviation float64 // the deviation is that of all numbers, not an estimate from a sample of them
	Min, Max        float64
	Zeros           float64 // share of numbers that are exactly zero, 0…1
	Histogram       Histogram
}

// A Histogram counts numbers in bins of equal width from Low to High.
type Histogram struct {
	Low, High float64
	Counts    []int
}

// Image sends an image through a network and describes what every layer makes of it. p must have been opened with keepAll.
func Image(ctx context.Context, p *model.Predictor, img image.Image) (*View, error) {
	px, tensor := p.Model.Pre.Image(img)
	v, err := Send(ctx, p, px, tensor, nil)
	if err != nil {
		return nil, err
	}
	return v.Described(), ctx.Err()
}

// Send sends through a network what it sees of an image, as its preprocessing makes it, and gives what the layers of those names, or all of them
// where there are none, made of it. There are no statistics yet: they take longer than a small network does.
func Send(ctx context.Context, p *model.Predictor, px data.Pixels, tensor []float32, layers []string) (*View, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := p.Model
	out, err := p.Probabilities(tensor, 1)
	if err != nil {
		return nil, err
	}
	in := m.Spec.Input
	v := &View{Input: px, Tensor: nn.TensorOf(tensor, in.C, in.H, in.W), Epoch: m.Epoch}
	if p.WholeImage() == nil {
		v.Top = m.Predictions(out, 5)
	}
	asked := func(name string) bool { return len(layers) == 0 || slices.Contains(layers, name) }
	if asked(nn.Data) {
		v.Layers = append(v.Layers, Layer{Name: nn.Data, Type: nn.Data, Shape: in, Maps: v.Tensor})
	}
	report := p.Instance.Network.Report
	for _, i := range report.Order {
		r := report.Layers[i]
		if !asked(r.Name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		maps, err := p.Instance.Value(r.Name, 1)
		if err != nil {
			return nil, err
		}
		l := Layer{Name: r.Name, Type: r.Type, Shape: r.Output, Parameters: r.Parameters, Maps: maps.At(0)}
		l.Filters, l.Biases = Filters(m, r.Name)
		v.Layers = append(v.Layers, l)
	}
	return v, nil
}

// Described returns the view with the statistics of its layers; v stays as it is.
func (v *View) Described() *View {
	d := *v
	d.Layers = slices.Clone(v.Layers)
	for i := range d.Layers {
		d.Layers[i].Stats = Describe(d.Layers[i].Maps.Data())
	}
	return &d
}

// Layers shows a network without an image: its layers with their filters, and no maps.
func Layers(m *model.Model) *View {
	report := nn.Analyze(m.Spec, 1)
	v := &View{Epoch: m.Epoch, Layers: []Layer{{Name: nn.Data, Type: nn.Data, Shape: m.Spec.Input}}}
	for _, i := range report.Order {
		r := report.Layers[i]
		l := Layer{Name: r.Name, Type: r.Type, Shape: r.Output, Parameters: r.Parameters}
		l.Filters, l.Biases = Filters(m, r.Name)
		v.Layers = append(v.Layers, l)
	}
	return v
}

// Filters returns the filters F×C×h×w and biases of a convolution, or nil for another layer.
func Filters(m *model.Model, layer string) (*nn.Tensor, []float32) {
	w, ok := m.Weights[layer+".weight"]
	if !ok || len(w.Shape()) != 4 {
		return nil, nil
	}
	return &w, m.Weights[layer+".bias"].Data()
}

// bins of a histogram.
const bins = 24

// Describe returns the statistics of numbers.
func Describe(numbers []float32) Stats {
	if len(numbers) == 0 {
		return Stats{}
	}
	v := make([]float64, len(numbers))
	s := Stats{Min: math.Inf(1), Max: math.Inf(-1)}
	zeros := 0
	for i, n := range numbers {
		v[i] = float64(n)
		s.Min, s.Max = min(s.Min, v[i]), max(s.Max, v[i])
		if n == 0 {
			zeros++
		}
	}
	s.Zeros = float64(zeros) / float64(len(v))
	var variance float64
	s.Mean, variance = stat.PopMeanVariance(v, nil)
	s.Deviation = math.Sqrt(variance)
	s.Histogram = histogram(v, s.Min, s.Max)
	return s
}

// histogram counts from the least to the greatest number.
func histogram(v []float64, low, high float64) Histogram {
	h := Histogram{Low: low, High: high, Counts: make([]int, bins)}
	if !(high > low) {
		h.Counts[0] = len(v)
		return h
	}
	for _, x := range v {
		h.Counts[min(int(float64(bins)*(x-low)/(high-low)), bins-1)]++
	}
	return h
}
