package nn

import "github.com/convscope/convscope/nn/kernel"

// A TruthKind is what the numbers of a truth mean.
type TruthKind uint8

// The kinds of truth that losses compare with.
const (
	// ClassIndex holds a class for each place, 1×H×W for a sample; a place whose number is no class is void and counts nothing.
	ClassIndex TruthKind = iota
	// OneHot holds a one for the true class of each place and zeros for the others, C×H×W for a sample; zeros alone where the place is void.
	OneHot
)

// A Truth is an input of a network for what a loss compares with.
type Truth struct {
	Kind    TruthKind
	Classes int   // C
	Shape   Shape // of one sample

	id kernel.ID
}

// Fill writes the truth of one sample, Shape.Len() numbers, from the class of each of its H·W places in reading order. A class outside 0…C−1 makes
// the place void.
func (t Truth) Fill(dst []float32, class func(place int) int) {
	places := t.Shape.H * t.Shape.W
	if t.Kind == OneHot {
		clear(dst)
	}
	for p := range places {
		c := class(p)
		known := c >= 0 && c < t.Classes
		switch {
		case t.Kind == OneHot && known:
			dst[c*places+p] = 1
		case t.Kind == OneHot:
		case known:
			dst[p] = float32(c)
		default:
			dst[p] = -1
		}
	}
}

// Class returns the class of a place of one sample's truth as Fill wrote it, −1 of a void one.
func (t Truth) Class(truth []float32, place int) int {
	if t.Kind == ClassIndex {
		if c := int(truth[place]); c >= 0 && c < t.Classes {
			return c
		}
		return -1
	}
	places := t.Shape.H * t.Shape.W
	for c := range t.Classes {
		if truth[c*places+place] > 0 {
			return c
		}
	}
	return -1
}

// Truths lists what the losses of a network that was compiled to learn compare with: the inputs that Instance.Run takes beside the images.
func (n *Network) Truths() []Truth { return n.truths }

// truth returns the input that a loss layer compares with. Losses whose truths have the same kind and shape share one, but the outputs that a network
// names answer different questions: each has a truth of its own.
func (b *builder) truth(n *node, kind TruthKind) kernel.ID {
	t := Truth{Kind: kind, Classes: n.out.C, Shape: n.out}
	if kind == ClassIndex {
		t.Shape.C = 1
	}
	own := len(b.n.Spec.Outputs) > 0 && n.output
	if i, ok := b.n.compares[n.layer.Name]; ok { // its gradient compares with what it did
		return b.n.truths[i].id
	}
	for i, have := range b.n.truths {
		if !own && have.Kind == t.Kind && have.Classes == t.Classes && have.Shape == t.Shape {
			b.n.compares[n.layer.Name] = i
			return have.id
		}
	}
	name := "labels"
	if kind == OneHot {
		name = "target"
	}
	t.id = b.buffer(name, b.samples(t.Shape), kernel.Input, false)
	b.n.compares[n.layer.Name] = len(b.n.truths)
	b.n.truths = append(b.n.truths, t)
	return t.id
}

// ClassTruths returns the truths of samples of which each has one class, the same at all its places; −1 is none.
func (n *Network) ClassTruths(classes []int) [][]float32 {
	truths := make([][]float32, len(n.truths))
	for k, t := range n.truths {
		size := t.Shape.Len()
		truths[k] = make([]float32, len(classes)*size)
		for s, class := range classes {
			t.Fill(truths[k][s*size:(s+1)*size], func(int) int { return class })
		}
	}
	return truths
}
