package geometry

import (
	"slices"
	"testing"
)

func TestIoU(t *testing.T) {
	a := Rect{W: 2, H: 2}
	for _, c := range []struct {
		b    Rect
		want float32
	}{
		{a, 1}, {Rect{X: 1, W: 2, H: 2}, 2. / 6}, {Rect{X: 2, W: 2, H: 2}, 0}, {Rect{X: .5, Y: .5, W: 1, H: 1}, .25}, {Rect{X: 1, Y: 1}, 0}, {Rect{X: 5, W: -4, H: 2}, 0},
	} {
		if got := a.IoU(c.b); got < c.want-1e-6 || got > c.want+1e-6 || got != c.b.IoU(a) {
			t.Errorf("IoU with %+v is %g, the other way round %g, want %g", c.b, got, c.b.IoU(a), c.want)
		}
	}
}

func TestNMSKeepsTheBest(t *testing.T) {
	rects := []Rect{{0, 0, 10, 10}, {1, 0, 10, 10}, {0, 0, 10, 10}, {50, 0, 10, 10}, {80, 0, 9, 9}}
	scores := []float32{.5, .9, .8, .3, .3}
	if kept := NMS(rects, scores, []int{0, 0, 1, 0, 0}, .4); !slices.Equal(kept, []int{1, 2, 3, 4}) {
		t.Errorf("within classes: %v", kept)
	}
	if kept := NMS(rects, scores, nil, .4); !slices.Equal(kept, []int{1, 3, 4}) {
		t.Errorf("across classes: %v", kept)
	}
	if kept := NMS(rects, scores, nil, 1); !slices.Equal(kept, []int{1, 2, 0, 3, 4}) {
		t.Errorf("where any overlap is allowed: %v", kept)
	}
	if kept := NMS(nil, nil, nil, .4); len(kept) != 0 {
		t.Errorf("of nothing: %v", kept)
	}
}
