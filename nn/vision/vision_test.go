package vision

import (
	"testing"

	"github.com/convscope/convscope/nn/data"
)

func TestIoU(t *testing.T) {
	a := Box{X: 0, Y: 0, W: 2, H: 2}
	for _, c := range []struct {
		b    Box
		want float32
	}{
		{a, 1}, {Box{X: 1, Y: 0, W: 2, H: 2}, 2. / 6}, {Box{X: 2, Y: 0, W: 2, H: 2}, 0}, {Box{X: .5, Y: .5, W: 1, H: 1}, .25},
	} {
		if got := IoU(a, c.b); got < c.want-1e-6 || got > c.want+1e-6 {
			t.Errorf("IoU with %+v is %g, want %g", c.b, got, c.want)
		}
	}
}

func TestNMSKeepsTheBest(t *testing.T) {
	boxes := []Box{{Score: .5, W: 10, H: 10}, {Score: .9, X: 1, W: 10, H: 10}, {Class: 1, Score: .8, W: 10, H: 10}, {Score: .3, X: 50, W: 10, H: 10}}
	if kept := NMS(boxes, .4, false); len(kept) != 3 || kept[0].Score != .9 || kept[1].Class != 1 || kept[2].X != 50 {
		t.Errorf("within classes: %+v", kept)
	}
	if kept := NMS(boxes, .4, true); len(kept) != 2 || kept[0].Score != .9 || kept[1].X != 50 {
		t.Errorf("across classes: %+v", kept)
	}
	if boxes[0].Score != .5 {
		t.Error("the boxes given were reordered")
	}
}

// square is a dark picture with a bright square.
func square(size, x, y, side int) data.Pixels {
	px := data.Pixels{W: size, H: size, C: 1, Pix: make([]byte, size*size)}
	for i := max(y, 0); i < min(y+side, size); i++ {
		for j := max(x, 0); j < min(x+side, size); j++ {
			px.Pix[i*size+j] = 255
		}
	}
	return px
}

func TestContentPrefersWholeThings(t *testing.T) {
	whole, aside, cut, none := content(square(28, 9, 9, 10)), content(square(28, 2, 9, 10)), content(square(28, -5, 9, 10)), content(square(28, 0, 0, 0))
	if !(whole > .95 && whole > aside && aside > cut && none == 0) {
		t.Errorf("whole %g, aside %g, cut off %g, none %g", whole, aside, cut, none)
	}
}
