package kernel

import "testing"

func TestTraffic(t *testing.T) {
	value := func(n, c int) Buffer { return Buffer{Shape: Shape{n, c, 1, 1}, Role: Value} }
	p := &Program{
		Batch:    2,
		Buffers:  []Buffer{value(2, 3), value(2, 5), {Shape: Shape{5, 3, 1, 1}, Role: Parameter}, {Shape: Shape{5, 3, 1, 1}, Role: Gradient}, {Shape: Shape{5, 3, 1, 1}, Role: History}},
		Forward:  []Op{Dense{X: 0, W: 2, B: None, Y: 1}},
		Backward: []Op{DenseGradWeights{X: 0, DY: 1, DW: 3, DB: None}},
		Update:   []Op{Update{W: 2, G: 3, History: []ID{4}}},
	}
	if got, want := p.Traffic(), int64(4*((6+15+10)+(6+10+15)+3*15)); got != want {
		t.Errorf("%d bytes instead of %d", got, want)
	}
}
