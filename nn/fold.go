package nn

import (
	"math"
	"slices"

	"github.com/convscope/convscope/nn/kernel"
)

// A fold is a normalisation of batches that a network for use does together with the layer before it: what does not change between images is multiplied into that
// layer's weights and bias once, when weights are set.
type fold struct {
	weight, bias                kernel.ID // of the layer before, as the program has them
	weightKey, biasKey          string    // biasKey "" where that layer has none
	scale, shift, mean, squares string    // keys of the normalisation: weight, bias, mean and variance
	epsilon                     float64
}

// keys lists the weights that a fold is made of.
func (f fold) keys() []string {
	keys := []string{f.weightKey, f.scale, f.shift, f.mean, f.squares}
	if f.biasKey != "" {
		keys = append(keys, f.biasKey)
	}
	return keys
}

// folds reports whether a node is a normalisation that can be folded: for use, where nobody looks at what lies between, and behind a layer of weights that feeds nothing else.
func (b *builder) folds(n *node) bool {
	in := n.in[0]
	return !b.o.Training && !b.o.KeepAll && n.kind.Type == "batch-norm" && in.users == 1 && (in.kind.Type == "convolution" || in.kind.Type == "fully-connected")
}

// fold notes that a normalisation is done by the layer before it, which may get a bias by that. It must be called before that layer's operation is made.
func (b *builder) fold(n *node) {
	in := n.in[0]
	f := fold{
		weight: in.weights[0].ID, weightKey: in.weights[0].Key(), epsilon: n.layer.Float("epsilon"),
		scale: n.weights[0].Key(), shift: n.weights[1].Key(), mean: n.weights[2].Key(), squares: n.weights[3].Key(),
	}
	if len(in.weights) > 1 {
		f.bias, f.biasKey = in.weights[1].ID, in.weights[1].Key()
	} else {
		p := Parameter{Layer: in.layer.Name, Name: "bias", Shape: n.weights[1].Shape, Gradient: kernel.None, perChannel: true}
		p.ID = b.buffer(p.Key(), p.Shape, kernel.Parameter, false)
		in.weights = append(in.weights, p)
		f.bias = p.ID
	}
	b.n.folds = append(b.n.folds, f)
}

// folded reports whether a weight is part of a fold, and so is kept by the instance as it was given.
func (n *Network) folded(key string) bool {
	return slices.ContainsFunc(n.folds, func(f fold) bool { return slices.Contains(f.keys(), key) })
}

// fold uploads the weights of layers with the normalisations behind them: w·γ/√(σ²+ε), and β + (b−μ)·γ/√(σ²+ε).
func (i *Instance) fold() error {
	for _, f := range i.Network.folds {
		w, bias := i.kept[f.weightKey], i.kept[f.biasKey].Data()
		weights, shifts := slices.Clone(w.Data()), make([]float32, w.Shape()[0])
		each := len(weights) / len(shifts)
		for c := range shifts {
			scale := float64(i.kept[f.scale].Data()[c]) / math.Sqrt(float64(i.kept[f.squares].Data()[c])+f.epsilon)
			for k := range each {
				weights[c*each+k] = float32(float64(weights[c*each+k]) * scale)
			}
			b := 0.
			if bias != nil {
				b = float64(bias[c])
			}
			shifts[c] = float32(float64(i.kept[f.shift].Data()[c]) + (b-float64(i.kept[f.mean].Data()[c]))*scale)
		}
		if err := i.ex.Buffer(f.weight).Upload(weights); err != nil {
			return err
		}
		if err := i.ex.Buffer(f.bias).Upload(shifts); err != nil {
			return err
		}
	}
	return nil
}
