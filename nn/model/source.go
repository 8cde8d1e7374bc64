package model

import (
	"os"

	"github.com/convscope/convscope/nn"
)

// A ChannelOrder is the order of the channels of the colour images that a network was trained on.
type ChannelOrder uint8

// The orders; networks of ours take RGB.
const (
	RGB ChannelOrder = iota
	BGR
)

// A Source is weights that a training can start from, with what of them may differ from those of a model of ours.
type Source struct {
	Weights  map[string]nn.Tensor // by key, LAYER.weight and so on, with the shapes of ours
	Channels ChannelOrder
	Aliases  map[string]string // layers by which a network of ours may have another name, and that name
}

// LoadSource reads the weights of a model's folder (of a run: its best), or of a safetensors file.
func LoadSource(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, CannotRead(path, err)
	}
	if info.IsDir() {
		m, err := Load(path, "")
		if err != nil {
			return Source{}, err
		}
		return Source{Weights: m.Weights}, nil
	}
	weights, _, err := LoadWeights(path)
	return Source{Weights: weights}, err
}
