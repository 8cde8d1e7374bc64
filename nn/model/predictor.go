package model

import (
	"cmp"
	"errors"
	"image"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// A Prediction is a class with its probability.
type Prediction struct {
	Label       string
	Class       int
	Probability float32
}

// A Predictor is a model ready on a device. It is used by one goroutine at a time.
type Predictor struct {
	Model    *Model
	Batch    int
	Instance *nn.Instance
}

// Open makes a model ready for up to batch images at once. With keepAll the output of every layer can be read after a prediction.
func (m *Model) Open(device kernel.Device, batch int, keepAll bool) (*Predictor, error) {
	network, err := nn.Compile(m.Spec, nn.Options{Batch: batch, KeepAll: keepAll})
	if err != nil {
		return nil, err
	}
	inst, err := network.Open(device)
	if err != nil {
		return nil, err
	}
	if err := inst.SetWeights(m.Weights); err != nil {
		return nil, errors.Join(err, inst.Close())
	}
	return &Predictor{m, batch, inst}, nil
}

// Close gives the memory back.
func (p *Predictor) Close() error { return p.Instance.Close() }

// Probabilities gives n × classes numbers of about 0…1 for n preprocessed images (n×C×H×W, n at most Batch). The next call overwrites them.
func (p *Predictor) Probabilities(images []float32, n int) ([]float32, error) {
	if _, err := p.Instance.Run(images, nil, kernel.Step{Samples: n}); err != nil {
		return nil, err
	}
	out, err := p.Instance.Output(0, n)
	p.Instance.Network.Outputs()[0].Kind.Probabilities(out)
	return out, err
}

// OneOutput returns nil where the model's network has one output, of a layer that gives shares of 0…1, otherwise a fault.
func (p *Predictor) OneOutput() error {
	if o := p.Instance.Network.Outputs()[0]; len(p.Model.Spec.Outputs) > 0 && !o.Kind.Loss && o.Kind.Type != "softmax" && o.Kind.Type != "sigmoid" {
		return fault.New("model.output.scores", "The network of the model %s outputs the layer %s, whose values are not probabilities. Name a loss as its output, or none.", p.Model.Path, o.Layer)
	}
	if n := len(p.Instance.Network.Outputs()); n > 1 {
		return fault.New("model.output.several", "The network of the model %s has %d outputs, but only one can be used here. Choose a model with one output.", p.Model.Path, n)
	}
	return nil
}

// WholeImage returns nil where the model gives one number for each class to an image as a whole, otherwise a fault.
func (p *Predictor) WholeImage() error {
	if err := p.OneOutput(); err != nil {
		return err
	}
	if out := p.Instance.Network.Outputs()[0].Shape; out != (nn.Shape{C: len(p.Model.Labels), H: 1, W: 1}) {
		return fault.New("model.output.whole", "The model %s outputs %s, not one number for each of its %d classes. Choose a model that was trained for classification.", p.Model.Path, out.String(), len(p.Model.Labels))
	}
	return nil
}

// Top returns the k most probable classes of an image, the most probable first.
func (p *Predictor) Top(img image.Image, k int) ([]Prediction, error) {
	if err := p.WholeImage(); err != nil {
		return nil, err
	}
	_, t := p.Model.Pre.Image(img)
	out, err := p.Probabilities(t, 1)
	if err != nil {
		return nil, err
	}
	return p.Model.Predictions(out, k), nil
}

// Predictions returns the k most probable of the classes' probabilities, the most probable first.
func (m *Model) Predictions(probabilities []float32, k int) []Prediction {
	all := make([]Prediction, 0, len(probabilities))
	for c, v := range probabilities {
		g := Prediction{Class: c, Probability: v}
		if c < len(m.Labels) {
			g.Label = m.Labels[c]
		}
		all = append(all, g)
	}
	slices.SortStableFunc(all, func(a, b Prediction) int { return cmp.Compare(b.Probability, a.Probability) })
	return all[:min(k, len(all))]
}
