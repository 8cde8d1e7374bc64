package kernel

import "testing"

// The conformance suite's convolutions of whole vectors go Winograd's way on every vector unit, so that it is held by them; small ones do not.
func TestWinogradPays(t *testing.T) {
	for _, u := range units() {
		for _, c := range []struct {
			channels, h, w, filters, kernel, pad, dilation int
			pays                                           bool
		}{
			{16, 9, 6, 32, 3, 1, 1, true},
			{16, 6, 6, 32, 5, 2, 1, true},
			{64, 56, 56, 192, 3, 1, 1, true}, // GoogLeNet's second
			{16, 13, 17, 32, 3, 2, 2, true},
			{8, 7, 7, 8, 3, 1, 1, false},
			{16, 2, 2, 16, 3, 1, 1, false},
		} {
			g := Geometry{Pair{c.kernel, c.kernel}, Pair{1, 1}, Pair{c.pad, c.pad}, Pair{c.pad, c.pad}, Pair{c.dilation, c.dilation}}
			s := newConvShape(u, Shape{1, c.channels, c.h, c.w}, Shape{1, c.filters, c.h, c.w}, g, 1)
			w := s.winograd()
			if pays := w != nil && w.pays(1); pays != (c.pays && u.winogradInput != nil) {
				t.Errorf("%s, %d×%d×%d to %d, kernel %d: it pays: %t", u.name, c.channels, c.h, c.w, c.filters, c.kernel, pays)
			}
		}
	}
}
