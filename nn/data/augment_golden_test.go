package data

import (
	"bytes"
	"encoding/json"
	"image"
	"math"
	"os"
	"testing"
)

// goldenChange is a change and what another library made of it (testdata/augment/make.py).
type goldenChange struct {
	X, Y, W, H, DX, DY     int
	Mirror                 bool
	Degrees, Factor        float64
	Hue, Saturation, Value float64

	Pixels []byte    // exactly
	Values []float64 // before they are rounded
}

func (g goldenChange) drawn() Drawn {
	return Drawn{
		Part: image.Pt(g.W, g.H), X: g.X, Y: g.Y, mirror: g.Mirror, dx: g.DX, dy: g.DY, angle: g.Degrees * math.Pi / 180, factor: g.Factor,
		hue: g.Hue, saturation: g.Saturation, value: g.Value,
	}
}

// check tells where pixels are not the values, rounded.
func (g goldenChange) check(t *testing.T, got []byte) {
	t.Helper()
	if len(got) != len(g.Values) {
		t.Fatalf("%d bytes, not %d", len(got), len(g.Values))
	}
	for i, want := range g.Values {
		if math.Abs(float64(got[i])-want) > .51 { // the values have two digits
			t.Errorf("%+v: byte %d is %d, not %g", g.drawn(), i, got[i], want)
		}
	}
}

// Augmentations do what PyTorch, Pillow, numpy and Python's colorsys do.
func TestAugmentationsAgainstOthers(t *testing.T) {
	b, err := os.ReadFile("testdata/augment/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Format, Width, Height   int
		Image, Background       []byte
		Turned, Moved, Coloured []goldenChange
	}
	if err := json.Unmarshal(b, &golden); err != nil || golden.Format != 1 {
		t.Fatalf("format %d, %v", golden.Format, err)
	}
	if len(golden.Turned) == 0 || len(golden.Moved) == 0 || len(golden.Coloured) == 0 {
		t.Fatal("there is nothing to compare with")
	}
	px := Pixels{W: golden.Width, H: golden.Height, C: 3, Pix: golden.Image}
	part := func(g goldenChange) Pixels { return Pixels{W: g.W, H: g.H, C: 3, Pix: make([]byte, g.W*g.H*3)} }
	for _, g := range golden.Turned {
		out := part(g)
		g.drawn().turn(px, golden.Background, out)
		g.check(t, out.Pix)
	}
	for _, g := range golden.Moved {
		out := part(g)
		g.drawn().move(px, golden.Background, out)
		if !bytes.Equal(out.Pix, g.Pixels) {
			t.Errorf("%+v: %v, not %v", g.drawn(), out.Pix, g.Pixels)
		}
	}
	for _, g := range golden.Coloured {
		out := Pixels{W: px.W, H: px.H, C: 3, Pix: bytes.Clone(px.Pix)}
		g.drawn().colour(out)
		g.check(t, out.Pix)
	}
}
