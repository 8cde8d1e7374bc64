package vision

import (
	"testing"

	"github.com/convscope/convscope/nn/data"
)

// square returns a dark picture with a bright square.
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
