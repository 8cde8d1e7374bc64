package kernel

import (
	"slices"
	"testing"
)

// chainProgram returns a row of activations, each of a buffer of its own, and their gradients.
func chainProgram(steps int) *Program {
	p := &Program{Batch: 3}
	add := func(role Role, kept bool) ID {
		p.Buffers = append(p.Buffers, Buffer{"value", Shape{3, 2 + len(p.Buffers)%3, 5, 1}, role, kept})
		return ID(len(p.Buffers) - 1)
	}
	shape := Shape{3, 4, 5, 1}
	values := []ID{add(Input, false)}
	for i := range steps {
		values = append(values, add(Value, i == steps-1))
		p.Forward = append(p.Forward, Activation{X: values[i], Y: values[i+1], Kind: ReLU})
	}
	dy := add(Input, false)
	for i := steps; i > 0; i-- {
		dx := add(Value, i == 1)
		p.Backward = append(p.Backward, ActivationGrad{Y: values[i], DY: dy, DX: dx, Kind: ReLU})
		dy = dx
	}
	for i := range p.Buffers {
		p.Buffers[i].Shape = shape
	}
	return p
}

// Buffers share places only when they are not alive together, and do share them.
func TestLayout(t *testing.T) {
	p := chainProgram(8)
	l := newLayout(p)
	first, last := lifetimes(p)
	rooms := 0
	for i := range p.Buffers {
		rooms += l.room(i)
		for j := range i {
			together := first[i] <= last[j] && first[j] <= last[i]
			apart := l.at[i]+l.room(i) <= l.at[j] || l.at[j]+l.room(j) <= l.at[i]
			if together && !apart {
				t.Errorf("buffers %d and %d are alive together at places %d and %d", i, j, l.at[i], l.at[j])
			}
		}
		if l.at[i]+l.room(i) > l.stride {
			t.Errorf("buffer %d at %d reaches beyond the sample's %d", i, l.at[i], l.stride)
		}
	}
	if l.stride >= rooms {
		t.Errorf("a sample takes %d numbers, as many as all its buffers one after the other", l.stride)
	}
}

// A sample that is turned and turned back is the same, also its beginning alone.
func TestOrders(t *testing.T) {
	s := Shape{1, 3, 2, 5}
	src, turned := make([]float32, s.Len()), make([]float32, s.Len())
	for i := range src {
		src[i] = float32(i)
	}
	toPlaces(s, turned, src)
	if turned[0] != 0 || turned[1] != 10 || turned[2] != 20 || turned[3] != 1 {
		t.Errorf("the channels of a place do not lie side by side: %v", turned)
	}
	for n := range s.Len() + 1 {
		back := make([]float32, n)
		toChannels(s, back, turned)
		if !slices.Equal(back, src[:n]) {
			t.Errorf("the first %d numbers come back as %v", n, back)
		}
	}
	begun := make([]float32, s.Len())
	toPlaces(s, begun, src[:4])
	if begun[0] != 0 || begun[3] != 1 || begun[9] != 3 || begun[1] != 0 {
		t.Errorf("the beginning of a sample is put at %v", begun)
	}
}
