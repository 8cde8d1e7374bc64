package nn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/convscope/convscope/nn/fault"
)

// Format is the newest version of network.json; files up to it are read. Only a network that names its outputs needs version 2: what can be said in 1 is written in 1.
const Format = 2

// Data is the name by which layers take the network's input.
const Data = "data"

// Bounds of what is read from a file.
const (
	maxLayers   = 2000
	maxNameLen  = 200
	maxJSON     = 16 << 20
	maxSide     = 1 << 14
	maxClasses  = 1 << 20
	maxElements = 1 << 31 // of one sample, and of one layer's weights
)

// A Spec is a network as a person builds it.
type Spec struct {
	Format  int     `json:"format"`
	Name    string  `json:"name"`
	Input   Shape   `json:"input"`
	Classes int     `json:"classes"` // what "outputs 0" of a fully connected layer stands for
	Layers  []Layer `json:"layers"`  // in any order; their inputs make the graph

	// Outputs are the layers whose outputs are the network's, in the order in which they are read. Where none is named it is the loss that counts
	// most (its probabilities; auxiliary losses count less), or the last layer.
	Outputs []string `json:"outputs,omitempty"`
}

// A Layer is one block of a network.
type Layer struct {
	Name     string           `json:"name"`
	Type     string           `json:"type"` // of the catalog
	Inputs   []string         `json:"inputs"`
	Settings map[string]Value `json:"settings,omitempty"` // what differs from the catalog's defaults
	X        float32          `json:"x,omitempty"`        // where the block lies on the canvas; all 0: arrange by itself
	Y        float32          `json:"y,omitempty"`
}

// A Value is a setting: a number, or a word if Text is not empty.
type Value struct {
	Number float64
	Text   string
}

// Num and Word make values.
func Num(v float64) Value { return Value{Number: v} }

// Word makes a value of a choice.
func Word(s string) Value { return Value{Text: s} }

// MarshalJSON writes a JSON number or string.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Text != "" {
		return json.Marshal(v.Text)
	}
	return json.Marshal(v.Number)
}

// UnmarshalJSON reads a JSON number or string.
func (v *Value) UnmarshalJSON(b []byte) error {
	*v = Value{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &v.Text)
	}
	return json.Unmarshal(b, &v.Number)
}

// setting returns a layer's value of a field, or the catalog's default.
func (l Layer) setting(key string) Value {
	if v, ok := l.Settings[key]; ok {
		return v
	}
	if kind, err := KindOf(l.Type); err == nil {
		if f, ok := kind.Field(key); ok {
			return f.Default
		}
	}
	return Value{}
}

// Int returns a setting as a whole number.
func (l Layer) Int(key string) int { return int(l.setting(key).Number) }

// Float returns a setting as a number.
func (l Layer) Float(key string) float64 { return l.setting(key).Number }

// Text returns a setting as a word.
func (l Layer) Text(key string) string { return l.setting(key).Text }

// With gives the layer with a setting changed; the layer itself stays as it is.
func (l Layer) With(key string, v Value) Layer {
	l.Settings = maps.Clone(l.Settings)
	if l.Settings == nil {
		l.Settings = map[string]Value{}
	}
	l.Settings[key] = v
	return l
}

// Clone returns a copy that shares nothing with the spec.
func (s Spec) Clone() Spec {
	s.Layers, s.Outputs = slices.Clone(s.Layers), slices.Clone(s.Outputs)
	for i, l := range s.Layers {
		s.Layers[i].Inputs = slices.Clone(l.Inputs)
		s.Layers[i].Settings = maps.Clone(l.Settings)
	}
	return s
}

// Layer finds a layer by name; −1 if there is none.
func (s Spec) Layer(name string) int {
	return slices.IndexFunc(s.Layers, func(l Layer) bool { return l.Name == name })
}

// Rename returns the network with a layer called otherwise, also where it is an input or an output.
func (s Spec) Rename(from, to string) Spec {
	s = s.Clone()
	swap := func(names []string) {
		for i, name := range names {
			if name == from {
				names[i] = to
			}
		}
	}
	swap(s.Outputs)
	for i := range s.Layers {
		if l := &s.Layers[i]; l.Name == from {
			l.Name = to
		}
		swap(s.Layers[i].Inputs)
	}
	return s
}

// Remove returns the network without a layer. Layers that took its output take its input instead, where it has just one; it is no longer an output.
func (s Spec) Remove(name string) Spec {
	i := s.Layer(name)
	if i < 0 {
		return s
	}
	s = s.Clone()
	gone := s.Layers[i]
	s.Layers = slices.Delete(s.Layers, i, i+1)
	s.Outputs = slices.DeleteFunc(s.Outputs, func(o string) bool { return o == name })
	for k := range s.Layers {
		l := &s.Layers[k]
		for j := len(l.Inputs) - 1; j >= 0; j-- {
			if l.Inputs[j] != name {
				continue
			}
			if len(gone.Inputs) == 1 && !slices.Contains(l.Inputs, gone.Inputs[0]) {
				l.Inputs[j] = gone.Inputs[0]
			} else {
				l.Inputs = slices.Delete(l.Inputs, j, j+1)
			}
		}
	}
	return s
}

// Losses returns the places of the layers that compare with the truth.
func (s Spec) Losses() (places []int) {
	for i, l := range s.Layers {
		if kinds[l.Type].Loss {
			places = append(places, i)
		}
	}
	return places
}

// LossType returns the type of the loss that counts most; "" without one.
func (s Spec) LossType() (typ string) {
	most := -1.
	for _, i := range s.Losses() {
		if w := s.Layers[i].Float("weight"); w > most {
			typ, most = s.Layers[i].Type, w
		}
	}
	return typ
}

// FreeName is base, or base with the first number that no layer has.
func (s Spec) FreeName(base string) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s%d", base, i)
		if name != Data && s.Layer(name) < 0 {
			return name
		}
	}
}

// JSON writes the spec as it lies in network.json.
func (s Spec) JSON() []byte {
	s.Format = 1
	if len(s.Outputs) > 0 {
		s.Format = Format
	}
	if s.Layers == nil {
		s.Layers = []Layer{}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("nn: a spec with numbers that JSON does not have: " + err.Error())
	}
	return append(b, '\n')
}

// Parse reads a network.json. What it accepts has finite settings within bounds, known types and unique names; whether the
// network can work is for Analyze to tell.
func Parse(b []byte) (Spec, error) {
	var s Spec
	if len(b) > maxJSON {
		return s, fault.New("nn.file.large", "The network file has %d bytes; at most %d are allowed. Choose a network.json.", len(b), maxJSON)
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return s, fault.New("nn.file.damaged", "This is not a network file, or it is cut off. Choose a network.json.").Because(err)
	}
	if head.Format > Format {
		return s, fault.New("nn.file.newer", "The network was saved by a newer version (format %d; this one reads up to %d). Update Convscope.", head.Format, Format)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&s); err != nil {
		return s, fault.New("nn.file.damaged", "This is not a network file, or it is cut off. Choose a network.json.").Because(err)
	}
	if head.Format < 1 {
		return s, fault.New("nn.file.format", "The network file does not state its format. Choose a network.json.")
	}
	return s, s.check()
}

// check checks whether the spec is within bounds.
func (s Spec) check() error {
	if len(s.Layers) > maxLayers {
		return fault.New("nn.layers.many", "The network has %d layers; at most %d are allowed.", len(s.Layers), maxLayers)
	}
	if f := s.checkInput(); f != nil {
		return f
	}
	names := map[string]bool{Data: true}
	for _, l := range s.Layers {
		if l.Name == "" || len(l.Name) > maxNameLen {
			return fault.New("nn.name.bounds", "A layer's name is empty or longer than %d bytes.", maxNameLen)
		}
		if names[l.Name] {
			return fault.New("nn.name.twice", "Two layers are called %s. Rename one of them.", l.Name)
		}
		names[l.Name] = true
		if len(l.Inputs) > maxLayers {
			return fault.New("nn.inputs.many", "The layer %s has %d inputs.", l.Name, len(l.Inputs))
		}
		kind, err := KindOf(l.Type)
		if err != nil {
			return err
		}
		if f := kind.checkSettings(l); f != nil {
			return f
		}
	}
	return s.checkOutputs()
}

// checkOutputs returns the fault of an output that is no layer, or is named twice.
func (s Spec) checkOutputs() error {
	for i, name := range s.Outputs {
		if s.Layer(name) < 0 {
			return fault.New("nn.output.unknown", "The network names %s as an output, but has no such layer. Name one of its layers, or none.", name)
		}
		if slices.Contains(s.Outputs[:i], name) {
			return fault.New("nn.output.twice", "The network names the output %s twice. Name it once.", name)
		}
	}
	return nil
}

// checkInput tells whether input and classes are within bounds.
func (s Spec) checkInput() *fault.Fault {
	in := s.Input
	if min(in.C, in.H, in.W) < 1 || max(in.C, in.H, in.W) > maxSide || in.elements() > maxElements || s.Classes < 0 || s.Classes > maxClasses {
		return fault.New("nn.input.bounds", "The network's input %s or its %d classes are out of bounds.", in.String(), s.Classes)
	}
	return nil
}

// checkSettings returns the first setting that is out of its field's range.
func (k Kind) checkSettings(l Layer) *fault.Fault {
	for _, key := range slices.Sorted(maps.Keys(l.Settings)) {
		f, ok := k.Field(key)
		if !ok {
			return fault.New("nn.setting.unknown", "The layer %s (%s) has no setting %s.", l.Name, l.Type, key)
		}
		if err := f.Check(l.Settings[key]); err != nil {
			return fault.New("nn.setting.range", "In the layer %s: %s", l.Name, err)
		}
	}
	return nil
}

// Check tells whether a value is one that the field takes.
func (f Field) Check(v Value) *fault.Fault {
	if f.Type == Choice {
		if !slices.Contains(f.Choices, v.Text) {
			return fault.New("nn.field.choice", "%s must be one of %v, not %s.", f.Key, f.Choices, v.Text)
		}
		return nil
	}
	n := v.Number
	if v.Text != "" || math.IsNaN(n) || n < f.Min || n > f.Max || f.Type == Int && n != math.Trunc(n) {
		return fault.New("nn.field.range", "%s must be a number from %g to %g.", f.Key, f.Min, f.Max)
	}
	return nil
}
