package nn

import (
	"fmt"
	"slices"

	"github.com/convscope/convscope/nn/fault"
)

// A Report tells what a network is and what of it cannot work.
type Report struct {
	Layers       []LayerReport // in the order of Spec.Layers
	Order        []int         // indices of layers so that each comes after its inputs; layers of a cycle are left out
	Parameters   int64
	MultiplyAdds int64 // of a forward pass of one sample
	MemoryBytes  int64 // about what training with the batch takes: activations and their gradients, weights, gradients, history
	Problems     []Problem
}

// A LayerReport tells of one layer. Where OK is false its shapes are not known.
type LayerReport struct {
	Name, Type   string
	Inputs       []Shape
	Output       Shape
	Parameters   int64
	Weights      []int64 // numbers of each parameter: weights, biases
	MultiplyAdds int64
	MemoryBytes  int64
	OK           bool
}

// A Problem is something that cannot work, with a repair if there is one that helps.
type Problem struct {
	Layer string // "" for the network as a whole
	Fault *fault.Fault
	Fix   *Fix

	repairs []*Fix // what may help, the most natural first
}

// A Fix repairs a problem. Its code, after "fix.", is the translation key of its name over Args.
type Fix struct {
	Code  string
	Args  []any
	Apply func(Spec) Spec
}

func problem(l Layer, f *fault.Fault, repairs ...*Fix) *Problem {
	return &Problem{Layer: l.Name, Fault: f, repairs: repairs}
}

// setting returns the fix that sets a field.
func setting(layer, key string, v float64) *Fix {
	return &Fix{Code: "set-" + key, Args: []any{layer, fmt.Sprint(v)}, Apply: func(s Spec) Spec { return with(s, layer, key, v) }}
}

// with sets a field of a layer.
func with(s Spec, layer, key string, v float64) Spec {
	s = s.Clone()
	if i := s.Layer(layer); i >= 0 {
		s.Layers[i] = s.Layers[i].With(key, Num(v))
	}
	return s
}

// insertBefore puts a new layer of a type between a layer and its first input.
func insertBefore(s Spec, layer, typ, base string) Spec {
	s = s.Clone()
	i := s.Layer(layer)
	if i < 0 || len(s.Layers[i].Inputs) == 0 {
		return s
	}
	l := Layer{Name: s.FreeName(base), Type: typ, Inputs: []string{s.Layers[i].Inputs[0]}}
	s.Layers[i].Inputs[0] = l.Name
	s.Layers = slices.Insert(s.Layers, i, l)
	return s
}

// classConvolution returns the fix that puts a 1×1 convolution, with a filter for each class, before a layer.
func classConvolution(layer string) *Fix {
	return &Fix{Code: "insert-convolution", Args: []any{layer}, Apply: func(s Spec) Spec {
		s = insertBefore(s, layer, "convolution", "score")
		if i := s.Layer(layer); i >= 0 && len(s.Layers[i].Inputs) > 0 {
			score := s.Layers[i].Inputs[0]
			s = with(with(s, score, "kernel", 1), score, "filters", 0)
		}
		return s
	}}
}

// insertDense returns the fix that puts a fully connected layer, with an output for each class, before a layer.
func insertDense(layer string) *Fix {
	return &Fix{Code: "insert-dense", Args: []any{layer}, Apply: func(s Spec) Spec { return insertBefore(s, layer, "fully-connected", "ip") }}
}

// addLoss adds a loss behind a layer, with a fully connected layer between where that does not give a number for each class.
func addLoss(s Spec, last string) Spec {
	s = s.Clone()
	loss := Layer{Name: s.FreeName("loss"), Type: "softmax-loss", Inputs: []string{last}}
	s.Layers = append(s.Layers, loss)
	for _, p := range analyze(s, 1).Problems {
		if p.Fault.Code == "nn.loss.image" && p.Layer == loss.Name {
			return insertBefore(s, loss.Name, "fully-connected", "ip")
		}
	}
	return s
}

// resolved returns the layers with everything that follows the data put in: outputs and filters 0 become the number of classes.
func (s Spec) resolved() []Layer {
	layers := slices.Clone(s.Layers)
	for i, l := range layers {
		if key := kinds[l.Type].PerClass; key != "" && l.Int(key) == 0 {
			layers[i] = l.With(key, Num(float64(max(s.Classes, 1))))
		}
	}
	return layers
}

// Analyze tells shapes, costs and problems of a network, and the memory of training it with a batch. It never fails: what cannot work is
// among the problems.
func Analyze(s Spec, batch int) Report {
	r := analyze(s, batch)
	for i := range r.Problems {
		r.Problems[i].Fix = r.best(s, r.Problems[i])
	}
	return r
}

// best returns the repair after which the network is the soundest, or nil if none helps: a repair that does no more than move the error to the
// next layer is none.
func (r Report) best(s Spec, p Problem) *Fix {
	var best *Fix
	soundest := r
	for _, fix := range p.repairs {
		if mended := analyze(fix.Apply(s), 1); mended.sounder(soundest) {
			best, soundest = fix, mended
		}
	}
	return best
}

// sounder reports whether a network has fewer problems than another, or as many but further on: a layer that cannot work hides what is wrong behind
// it.
func (r Report) sounder(than Report) bool {
	if n, m := len(r.Problems), len(than.Problems); n != m {
		return n < m
	}
	return r.sound() > than.sound()
}

// sound counts the layers that can work.
func (r Report) sound() int {
	n := 0
	for _, l := range r.Layers {
		if l.OK {
			n++
		}
	}
	return n
}

// analyze is Analyze without the choice among repairs.
func analyze(s Spec, batch int) Report {
	a := &analysis{spec: s, layers: s.resolved(), index: map[string]int{}}
	a.r.Layers = make([]LayerReport, len(s.Layers))
	a.names()
	a.sort()
	if f := s.checkInput(); f != nil {
		a.report(&Problem{Fault: f})
		return a.r
	}
	for _, i := range a.r.Order {
		a.layer(i, int64(max(batch, 1)))
	}
	a.whole()
	a.r.MemoryBytes += int64(max(batch, 1)) * s.Input.elements() * 4
	return a.r
}

type analysis struct {
	spec   Spec
	layers []Layer
	index  map[string]int
	r      Report
	broken bool // something hides shapes: do not complain of what follows from it
}

func (a *analysis) report(p *Problem) {
	a.r.Problems = append(a.r.Problems, *p)
	a.broken = true
}

// names finds layers by name and tells those that share one, and types that do not exist.
func (a *analysis) names() {
	for i, l := range a.layers {
		a.r.Layers[i] = LayerReport{Name: l.Name, Type: l.Type}
		if _, twice := a.index[l.Name]; twice || l.Name == Data {
			a.report(problem(l, fault.New("nn.name.twice", "Two layers are called %s. Rename one of them.", l.Name)))
			continue
		}
		a.index[l.Name] = i
	}
}

// sort orders the layers so that each comes after its inputs.
func (a *analysis) sort() {
	const (
		unseen = iota
		open
		finished
	)
	state := make([]int, len(a.layers))
	var visit func(i int) int // a layer of a circle that i is in or after, or −1
	visit = func(i int) int {
		switch state[i] {
		case open:
			return i
		case finished:
			return -1
		}
		state[i] = open
		for _, name := range a.layers[i].Inputs {
			if j, ok := a.index[name]; ok {
				if in := visit(j); in >= 0 {
					return in
				}
			}
		}
		state[i] = finished
		a.r.Order = append(a.r.Order, i)
		return -1
	}
	for i := range a.layers {
		if in := visit(i); in >= 0 {
			l := a.layers[in]
			a.report(problem(l, fault.New("nn.circle", "%s is part of a cycle: its output leads back to its own input. Remove one of the wires.", l.Name)))
			return
		}
	}
}

// Trainable lists the layers that have weights, from the input on.
func Trainable(s Spec) []string {
	var names []string
	for _, i := range Analyze(s, 1).Order {
		if kind, err := KindOf(s.Layers[i].Type); err == nil && kind.weights != nil {
			names = append(names, s.Layers[i].Name)
		}
	}
	return names
}

// layer finds the output of a layer whose inputs are known.
func (a *analysis) layer(i int, batch int64) {
	l, r := a.layers[i], &a.r.Layers[i]
	kind, err := KindOf(l.Type)
	if err != nil {
		a.report(problem(l, err.(*fault.Fault)))
		return
	}
	if f := kind.checkSettings(l); f != nil {
		a.report(problem(l, f))
		return
	}
	in, ok := a.inputs(l, kind)
	if !ok {
		return
	}
	r.Inputs = in
	out, p := kind.shape(l, in)
	if p != nil {
		a.report(p)
		return
	}
	if out.elements() > maxElements {
		a.report(problem(l, fault.New("nn.layer.huge", "The output of %s would have %s numbers for each image. Make it smaller.", l.Name, out.String())))
		return
	}
	r.MultiplyAdds = kind.work(l, in, out)
	r.MemoryBytes = 2 * 4 * batch * out.elements()
	if kind.weights != nil {
		for _, w := range kind.weights(l, in) {
			n := int64(w.shape.N) * int64(w.shape.C) * int64(w.shape.H) * int64(w.shape.W)
			if n > maxElements {
				a.report(problem(l, fault.New("nn.weights.huge", "%s would have %d weights. Give it fewer outputs, or make the image that reaches it smaller.", l.Name, n)))
				return
			}
			if w.statistic {
				continue
			}
			r.Weights = append(r.Weights, n)
			r.Parameters += n
		}
		r.MemoryBytes += 3 * 4 * r.Parameters
	}
	r.Output, r.OK = out, true
	a.r.Parameters += r.Parameters
	a.r.MultiplyAdds += r.MultiplyAdds
	a.r.MemoryBytes += r.MemoryBytes
}

// inputs returns the shapes that reach a layer.
func (a *analysis) inputs(l Layer, kind Kind) ([]Shape, bool) {
	if len(l.Inputs) < kind.MinInputs {
		var repairs []*Fix
		for _, from := range a.before(l) {
			repairs = append(repairs, &Fix{Code: "connect", Args: []any{l.Name, from}, Apply: func(s Spec) Spec {
				s = s.Clone()
				if i := s.Layer(l.Name); i >= 0 {
					s.Layers[i].Inputs = append(s.Layers[i].Inputs, from)
				}
				return s
			}})
		}
		a.report(problem(l, fault.New("nn.input.missing", "%s lacks an input: it has %d of the %d that it needs. Draw a wire to it.", l.Name, len(l.Inputs), kind.MinInputs), repairs...))
		return nil, false
	}
	if len(l.Inputs) > kind.MaxInputs {
		a.report(problem(l, fault.New("nn.input.many", "%s takes at most %d inputs but has %d. Remove a wire.", l.Name, kind.MaxInputs, len(l.Inputs))))
		return nil, false
	}
	var in []Shape
	for _, name := range l.Inputs {
		if name == Data {
			in = append(in, a.spec.Input)
			continue
		}
		j, ok := a.index[name]
		if !ok {
			a.report(problem(l, fault.New("nn.input.unknown", "%s takes its input from %s, which does not exist. Draw a wire to it from another layer.", l.Name, name)))
			return nil, false
		}
		if kindOf := kinds[a.layers[j].Type]; kindOf.Loss {
			a.report(problem(l, fault.New("nn.loss.middle", "%s comes after the loss %s, but nothing can follow a loss. Draw its wire from a layer before the loss.", l.Name, name)))
			return nil, false
		}
		if !a.r.Layers[j].OK {
			return nil, false // its own problem is told
		}
		in = append(in, a.r.Layers[j].Output)
	}
	return in, true
}

// most layers that a missing wire is tried from.
const mostBefore = 8

// before lists from where a missing wire of l may come: the layers listed before it, the nearest first.
func (a *analysis) before(l Layer) []string {
	var from []string
	i := slices.IndexFunc(a.layers, func(o Layer) bool { return o.Name == l.Name })
	for i--; i >= 0 && len(from) < mostBefore; i-- {
		if o := a.layers[i]; !kinds[o.Type].Loss && !slices.Contains(l.Inputs, o.Name) {
			from = append(from, o.Name)
		}
	}
	if !slices.Contains(l.Inputs, Data) {
		from = append(from, Data)
	}
	return from
}

// ends lists the layers that nothing takes as input.
func (a *analysis) ends() []int {
	used := map[string]bool{}
	for _, l := range a.layers {
		for _, name := range l.Inputs {
			used[name] = true
		}
	}
	var ends []int
	for _, i := range a.r.Order {
		if !used[a.layers[i].Name] {
			ends = append(ends, i)
		}
	}
	return ends
}

// whole tells problems of the network as a whole, once its parts are right.
func (a *analysis) whole() {
	if len(a.layers) == 0 {
		a.r.Problems = append(a.r.Problems, Problem{Fault: fault.New("nn.empty", "The network has no layers. Take a standard network, or blocks from the list at the left.")})
		return
	}
	if a.broken {
		return
	}
	losses := 0
	for i, l := range a.layers {
		if kinds[l.Type].Loss {
			losses++
			a.outputs(l, a.r.Layers[i].Output)
		}
	}
	if losses == 0 {
		ends := a.ends()
		last := a.layers[ends[len(ends)-1]].Name
		a.r.Problems = append(a.r.Problems, Problem{
			Layer:   last,
			Fault:   fault.New("nn.loss.none", "The network has no loss, so it cannot learn: nothing compares its output with the truth. Add a loss after %s.", last),
			repairs: []*Fix{{Code: "add-loss", Args: []any{last}, Apply: func(s Spec) Spec { return addLoss(s, last) }}},
		})
	}
	if a.r.Parameters == 0 {
		a.r.Problems = append(a.r.Problems, Problem{Fault: fault.New("nn.weights.none", "The network has no weights, so there is nothing to learn. Add a convolution or a fully connected layer.")})
	}
}

// outputs tells of a loss whose input s has another number of channels than there are classes. What is as large as the network's input has an answer for each of its
// places; an image of another size lacks the layers that make one answer of it.
func (a *analysis) outputs(loss Layer, s Shape) {
	if a.spec.Classes < 1 || s.C == a.spec.Classes {
		return
	}
	from, image := loss.Inputs[0], s.H > 1 || s.W > 1
	if image && (s.H != a.spec.Input.H || s.W != a.spec.Input.W) {
		p := ofImage(loss, s)
		a.r.Problems = append(a.r.Problems, *p)
		return
	}
	repair := insertDense(loss.Name)
	if image {
		repair = classConvolution(loss.Name)
	}
	if i, ok := a.index[from]; ok {
		if key := kinds[a.layers[i].Type].PerClass; key != "" {
			repair = setting(from, key, 0)
		}
	}
	a.r.Problems = append(a.r.Problems, Problem{
		Layer:   from,
		Fault:   fault.New("nn.outputs.classes", "%s gives %d numbers, but there are %d classes. The last layer needs one output for each class.", from, s.C, a.spec.Classes),
		repairs: []*Fix{repair},
	})
}
