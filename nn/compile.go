package nn

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// Options say what a network is compiled for.
type Options struct {
	Batch      int
	Training   bool               // with losses, gradients and updates; such a program validates too
	KeepAll    bool               // the output of every layer can be read after a step
	Freeze     []string           // layers whose weights, and statistics, stay as they are
	LayerRates map[string]float64 // factors of the learning rate of layers, on top of their settings; those that are not named learn as they say
	Solver     kernel.SolverKind
	Momentum   float32 // of SGD and Nesterov; β1 of Adam
	Beta2      float32 // of Adam
	Epsilon    float32 // of Adam

	// ClassWeights, of Training, has a factor of each class for its places in every softmax loss, also when such a program validates: losses of training and of
	// validation are measured alike. nil is 1 for each.
	ClassWeights []float32
}

// fits returns the fault of options that a network cannot be compiled with: they name layers that it does not have, or weigh classes for a loss that cannot.
func (o Options) fits(s Spec) error {
	learns := func(name string) bool {
		i := s.Layer(name)
		return i >= 0 && kinds[s.Layers[i].Type].weights != nil
	}
	for _, name := range o.Freeze {
		if !learns(name) {
			return fault.New("nn.freeze.unknown", "The network has no layer %s with weights that could be frozen. Name layers with weights.", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.LayerRates)) {
		if !learns(name) {
			return fault.New("nn.rates.unknown", "The network has no layer %s with weights that could have a learning rate of its own. Name layers with weights.", name)
		}
	}
	if o.ClassWeights == nil {
		return nil
	}
	for _, i := range s.Losses() {
		if l := s.Layers[i]; !kinds[l.Type].weighs {
			return fault.New("nn.class-weights.loss", "The loss %s is a %s, which does not support class weights. Choose a softmax-loss, or train without class weights.", l.Name, l.Type)
		}
	}
	if len(o.ClassWeights) != s.Classes {
		return fmt.Errorf("nn: %d weights of %d classes", len(o.ClassWeights), s.Classes)
	}
	return nil
}

// A Network is a spec compiled to a program.
type Network struct {
	Program    *kernel.Program
	Spec       Spec
	Report     Report
	Parameters []Parameter

	o        Options
	input    kernel.ID
	truths   []Truth
	compares map[string]int // losses: which of the truths each compares with
	losses   []kernel.ID
	values   map[string]kernel.ID // outputs of layers that can be read
	shapes   map[string]Shape
	outputs  []Output
	folds    []fold
}

// An Output is one of the answers of a network: the output of a layer.
type Output struct {
	Layer string
	Kind  Kind  // of the layer; of a loss, Kind.Probabilities makes shares of 0…1 of its numbers
	Shape Shape // of one sample
	Truth int   // the place among Network.Truths of what the loss compares with; −1 where the layer is no loss, or nothing is learned
}

// Outputs lists the answers of the network; there is always one.
func (n *Network) Outputs() []Output { return n.outputs }

// A Parameter is a weight or bias of a layer in a compiled network, or a statistic, which is kept with them but not learned.
type Parameter struct {
	Layer, Name string // Name is "weight" or "bias"; "mean" or "variance" of a statistic
	Shape       kernel.Shape
	ID          kernel.ID
	Statistic   bool
	Gradient    kernel.ID   // None where nothing is learned
	History     []kernel.ID // of the solver

	fanIn      int
	filler     string
	std        float64
	perChannel bool
}

// Key names the parameter in files: "conv1.weight".
func (p Parameter) Key() string { return p.Layer + "." + p.Name }

// Dims returns the shape in files: F×C×h×w, F×C where the kernel is 1×1 or there is none, F of a number for each channel.
func (p Parameter) Dims() []int {
	s := p.Shape
	switch {
	case p.perChannel:
		return []int{s.N}
	case s.H > 1 || s.W > 1:
		return []int{s.N, s.C, s.H, s.W}
	}
	return []int{s.N, s.C}
}

// node is a layer during compilation.
type node struct {
	layer   Layer
	kind    Kind
	in      []*node
	out     Shape
	y, dy   kernel.ID
	aux     kernel.ID // a buffer that the layer keeps for its gradient
	shift   kernel.ID // another one
	weights []Parameter
	stream  int  // number of the layer, for random numbers
	frozen  bool // its weights stay
	users   int  // layers that take its output, and the network's caller where it is one of its outputs
	output  bool // its output is one of the network's
	learns  bool // it or a layer before it has weights, so a gradient must reach it
	written bool // its gradient has been written by a user
	folded  bool // the layer before it does what it does
}

// gradient gives the buffer for the gradient of the node's output, and whether the caller must add to what is there.
func (n *node) gradient() (dx kernel.ID, add bool) {
	add, n.written = n.written, true
	return n.dy, add
}

// builder makes the program.
type builder struct {
	o Options
	n *Network
}

func (b *builder) forward(op kernel.Op) { b.n.Program.Forward = append(b.n.Program.Forward, op) }

func (b *builder) backward(op kernel.Op) { b.n.Program.Backward = append(b.n.Program.Backward, op) }

func (b *builder) buffer(name string, s kernel.Shape, role kernel.Role, kept bool) kernel.ID {
	p := b.n.Program
	p.Buffers = append(p.Buffers, kernel.Buffer{Name: name, Shape: s, Role: role, Kept: kept})
	return kernel.ID(len(p.Buffers) - 1)
}

// bias returns the buffer of a layer's bias and of its gradient, None where it has none.
func (n *node) bias() (value, gradient kernel.ID) {
	if len(n.weights) < 2 {
		return kernel.None, kernel.None
	}
	return n.weights[1].ID, n.weights[1].Gradient
}

// samples returns the shape of a batch.
func (b *builder) samples(s Shape) kernel.Shape {
	return kernel.Shape{N: b.o.Batch, C: s.C, H: s.H, W: s.W}
}

// value adds a buffer for a batch of s.
func (b *builder) value(name string, s Shape) kernel.ID {
	return b.buffer(name, b.samples(s), kernel.Value, b.o.KeepAll)
}

// loss adds a buffer for the loss of each sample.
func (b *builder) loss(n *node) kernel.ID {
	id := b.buffer(n.layer.Name+".loss", b.samples(Shape{1, 1, 1}), kernel.Value, true)
	b.n.losses = append(b.n.losses, id)
	return id
}

// Compile makes a program of a network that Analyze finds nothing wrong with. For use (not Training) a loss is not needed.
func Compile(s Spec, o Options) (*Network, error) {
	if o.Batch < 1 {
		return nil, errors.New("nn: a batch of no samples")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	report := Analyze(s, o.Batch)
	for _, p := range report.Problems {
		if o.Training || fault.Code(p.Fault) != "nn.loss.none" {
			return nil, p.Fault
		}
	}
	n := &Network{
		Program: &kernel.Program{Batch: o.Batch}, Spec: s.Clone(), Report: report, o: o,
		compares: map[string]int{}, values: map[string]kernel.ID{}, shapes: map[string]Shape{},
	}
	if err := o.fits(s); err != nil {
		return nil, err
	}
	b := &builder{o: o, n: n}
	n.input = b.buffer(Data, b.samples(s.Input), kernel.Input, true)
	n.values[Data], n.shapes[Data] = n.input, s.Input
	nodes := b.nodes()
	outputs := outputsOf(s, nodes)
	for _, node := range outputs {
		node.output = true
		node.users++ // so that no layer writes over it
	}
	if !o.Training && !o.KeepAll {
		nodes = needed(nodes)
	}
	for _, node := range nodes {
		if node.folded = b.folds(node); node.folded {
			b.fold(node)
		}
	}
	for _, node := range nodes {
		b.place(node)
		if !node.folded && (node.kind.Type != "dropout" || o.Training) {
			node.kind.forward(b, node)
		}
		n.shapes[node.layer.Name] = node.out
		if b.o.KeepAll {
			n.values[node.layer.Name] = node.y
		}
	}
	for _, node := range outputs {
		truth, ok := n.compares[node.layer.Name]
		if !ok {
			truth = -1
		}
		n.outputs = append(n.outputs, Output{node.layer.Name, node.kind, node.out, truth})
		n.values[node.layer.Name] = node.y
		n.Program.Buffers[node.y].Kept = true
	}
	if o.Training {
		b.learn(nodes)
	}
	return n, n.Program.Check()
}

// nodes makes the nodes in order, joined, with their weights.
func (b *builder) nodes() []*node {
	data := &node{layer: Layer{Name: Data}, out: b.n.Spec.Input, y: b.n.input, dy: kernel.None}
	byName := map[string]*node{Data: data}
	layers := b.n.Spec.resolved()
	var nodes []*node
	for _, i := range b.n.Report.Order {
		l := layers[i]
		n := &node{layer: l, kind: kinds[l.Type], out: b.n.Report.Layers[i].Output, dy: kernel.None, aux: kernel.None, stream: i}
		for _, name := range l.Inputs {
			in := byName[name]
			in.users++
			n.in = append(n.in, in)
			n.learns = n.learns || in.learns
		}
		if n.kind.weights != nil {
			n.frozen = slices.Contains(b.o.Freeze, l.Name)
			n.learns = n.learns || !n.frozen
			b.weights(n)
		}
		byName[l.Name] = n
		nodes = append(nodes, n)
	}
	return nodes
}

// weights adds the parameters of a layer.
func (b *builder) weights(n *node) {
	var in []Shape
	for _, i := range n.in {
		in = append(in, i.out)
	}
	factor, ok := b.o.LayerRates[n.layer.Name]
	if !ok {
		factor = 1
	}
	for _, w := range n.kind.weights(n.layer, in) {
		p := Parameter{
			Layer: n.layer.Name, Name: w.name, Shape: w.shape, Statistic: w.statistic, Gradient: kernel.None,
			fanIn: w.fanIn, filler: w.filler, std: w.std, perChannel: w.perChannel,
		}
		name, role := p.Key(), kernel.Parameter
		if w.statistic {
			role = kernel.Statistic
		}
		p.ID = b.buffer(name, w.shape, role, true)
		if b.o.Training && !w.statistic && !n.frozen {
			p.Gradient = b.buffer(name+".gradient", w.shape, kernel.Gradient, true)
			for i := range b.o.Solver.Histories() {
				p.History = append(p.History, b.buffer(fmt.Sprintf("%s.history%d", name, i), w.shape, kernel.History, true))
			}
			b.n.Program.Update = append(b.n.Program.Update, kernel.Update{
				W: p.ID, G: p.Gradient, History: p.History, Kind: b.o.Solver, Momentum: b.o.Momentum, Beta2: b.o.Beta2, Epsilon: b.o.Epsilon,
				RateFactor: float32(w.rate * factor), DecayFactor: float32(w.decay),
			})
		}
		n.weights = append(n.weights, p)
		b.n.Parameters = append(b.n.Parameters, p)
	}
}

// place chooses the buffers of a node: its own, or its input's where that may be overwritten.
func (b *builder) place(n *node) {
	in := n.in[0]
	passes := n.folded || !b.o.Training && n.kind.Type == "dropout" || n.kind.passes
	switch {
	case passes:
		n.y = in.y
		return
	case n.kind.inPlace && !b.o.KeepAll && in.users == 1 && in.kind.spares:
		n.y = in.y
	default:
		n.y = b.value(n.layer.Name, n.out)
	}
}

// outputsOf returns the layers that the network answers with: see Spec.Outputs.
func outputsOf(s Spec, nodes []*node) (outputs []*node) {
	for _, name := range s.Outputs {
		outputs = append(outputs, nodes[slices.IndexFunc(nodes, func(n *node) bool { return n.layer.Name == name })])
	}
	if len(outputs) > 0 {
		return outputs
	}
	out, most := nodes[len(nodes)-1], -1.
	for _, n := range nodes {
		if n.kind.Loss && n.layer.Float("weight") > most {
			out, most = n, n.layer.Float("weight")
		}
	}
	return []*node{out}
}

// needed leaves out the layers that no output depends on.
func needed(nodes []*node) []*node {
	keep := map[*node]bool{}
	for _, n := range slices.Backward(nodes) {
		keep[n] = keep[n] || n.output
		for _, in := range n.in {
			keep[in] = keep[in] || keep[n]
		}
	}
	return slices.DeleteFunc(nodes, func(n *node) bool {
		if keep[n] {
			return false
		}
		for _, in := range n.in {
			in.users--
		}
		return true
	})
}

// learn adds the backward pass: from the last layer to the first, each given the gradient of its output.
func (b *builder) learn(nodes []*node) {
	for _, n := range nodes {
		if n.learns && !n.kind.Loss {
			if in := n.in[0]; n.kind.inPlace && n.y == in.y && in.dy != kernel.None {
				n.dy = in.dy
			} else {
				n.dy = b.buffer(n.layer.Name+".gradient", b.samples(n.out), kernel.Value, false)
			}
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if !n.learns || !n.kind.Loss && !n.written {
			continue // no loss depends on it
		}
		if (n.kind.weights == nil || n.frozen) && len(n.in) == 1 && !n.in[0].learns {
			continue // nothing before it learns
		}
		n.kind.backward(b, n)
	}
}
