package data

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// noise is an image of random pixels.
func noise(w, h, c int) Pixels {
	r := rand.New(rand.NewPCG(1, 9))
	p := Pixels{W: w, H: h, C: c, Pix: make([]byte, w*h*c)}
	for i := range p.Pix {
		p.Pix[i] = byte(r.IntN(256))
	}
	return p
}

func TestAugmentationIsAFunctionOfSeedImageAndEpoch(t *testing.T) {
	px, a := noise(16, 12, 3), Augmentation{Shift: 3, Mirror: true, Rotate: 20, Scale: .2, Noise: .1, Hue: .1, Saturation: .3, Value: .3}
	back := make([]byte, len(px.Pix))
	before := bytes.Clone(px.Pix)
	apply := func(seed uint64, id uint32, epoch int) []byte {
		out := a.Draw(seed, id, epoch, image.Pt(16, 12), image.Pt(10, 8)).Pixels(px, back)
		if out.W != 10 || out.H != 8 || out.C != 3 || len(out.Pix) != 240 {
			t.Fatalf("%d×%d×%d", out.W, out.H, out.C)
		}
		return out.Pix
	}
	one := apply(1, 2, 3)
	if !bytes.Equal(one, apply(1, 2, 3)) {
		t.Error("the same seed, image and epoch give another picture")
	}
	for name, other := range map[string][]byte{"seed": apply(2, 2, 3), "image": apply(1, 3, 3), "epoch": apply(1, 2, 4)} {
		if bytes.Equal(one, other) {
			t.Errorf("another %s gives the same picture", name)
		}
	}
	if !bytes.Equal(before, px.Pix) {
		t.Error("the image itself was changed")
	}
}

func TestNoAugmentationCutsAlone(t *testing.T) {
	px := noise(9, 7, 1)
	for epoch := range 30 {
		d := Augmentation{}.Draw(1, 1, epoch, image.Pt(9, 7), image.Pt(5, 4))
		out, x, y := d.Pixels(px, make([]byte, len(px.Pix))), d.X, d.Y
		if x < 0 || y < 0 || x > 4 || y > 3 {
			t.Fatalf("cut out at %d, %d", x, y)
		}
		for i := range out.H {
			if !bytes.Equal(out.Pix[i*5:(i+1)*5], px.Pix[(y+i)*9+x:][:5]) {
				t.Fatalf("epoch %d: row %d is not that of the image", epoch, i)
			}
		}
	}
}

// What single settings do, over many epochs.
func TestAugmentations(t *testing.T) {
	px := noise(8, 8, 3)
	back := bytes.Repeat([]byte{7}, len(px.Pix))
	mirrored := bytes.Clone(px.Pix)
	for i := range 8 {
		for j := range 8 {
			copy(mirrored[(i*8+j)*3:][:3], px.Pix[(i*8+7-j)*3:])
		}
	}
	count := func(a Augmentation, is func(Pixels) bool) (n int) {
		for epoch := range 400 {
			if is(a.Draw(5, 1, epoch, image.Pt(8, 8), image.Pt(8, 8)).Pixels(px, back)) {
				n++
			}
		}
		return n
	}
	same := func(p Pixels) bool { return bytes.Equal(p.Pix, px.Pix) }
	other := func(p Pixels) bool { return bytes.Equal(p.Pix, mirrored) }
	if a, b := count(Augmentation{Mirror: true}, same), count(Augmentation{Mirror: true}, other); a+b != 400 || a < 150 || b < 150 {
		t.Errorf("%d of 400 as they were, %d mirrored", a, b)
	}
	if n := count(Augmentation{Shift: 1}, same); n < 20 || n > 80 { // a ninth
		t.Errorf("%d of 400 stay where they are, with a shift of up to 1", n)
	}
	if n := count(Augmentation{Shift: 8}, func(p Pixels) bool { return bytes.Equal(p.Pix, back) }); n == 0 {
		t.Error("nothing is ever moved out of the picture")
	}
	for name, a := range map[string]Augmentation{"rotation": {Rotate: 30}, "scaling": {Scale: .3}, "noise": {Noise: .05}, "hue": {Hue: .2}, "saturation": {Saturation: .5}, "brightness": {Value: .5}} {
		if n := count(a, same); n > 20 {
			t.Errorf("%s leaves %d of 400 as they are", name, n)
		}
	}
	sum := 0.
	count(Augmentation{Noise: .1}, func(p Pixels) bool {
		for i, v := range p.Pix {
			if w := px.Pix[i]; w > 100 && w < 155 { // far from what is cut off
				sum += math.Pow(float64(v)-float64(w), 2) / 400
			}
		}
		return false
	})
	n := 0.
	for _, v := range px.Pix {
		if v > 100 && v < 155 {
			n++
		}
	}
	if deviation := math.Sqrt(sum / n); math.Abs(deviation-25.5) > 1 {
		t.Errorf("the noise has deviation %g, not 25.5", deviation)
	}
}

// A turn by 90° moves pixels exactly, a scaling by 1 and no turn too.
func TestTurn(t *testing.T) {
	px := noise(6, 6, 1)
	out := Pixels{W: 6, H: 6, C: 1, Pix: make([]byte, 36)}
	Drawn{Part: image.Pt(6, 6), angle: math.Pi / 2, factor: 1}.turn(px, make([]byte, 36), out)
	for i := range 6 {
		for j := range 6 {
			if got, want := out.Pix[i*6+j], px.Pix[(5-j)*6+i]; got != want {
				t.Fatalf("pixel %d, %d is %d, not %d", i, j, got, want)
			}
		}
	}
	Drawn{Part: image.Pt(6, 6), factor: 1}.turn(px, make([]byte, 36), out)
	if !bytes.Equal(out.Pix, px.Pix) {
		t.Error("no turn changes the image")
	}
}

func TestColoursThereAndBack(t *testing.T) {
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				h, s, v := toHSV(float64(r), float64(g), float64(b))
				r2, g2, b2 := toRGB(h, s, v)
				if math.Abs(r2-float64(r))+math.Abs(g2-float64(g))+math.Abs(b2-float64(b)) > 1e-9*255 {
					t.Fatalf("%d, %d, %d becomes %g, %g, %g", r, g, b, r2, g2, b2)
				}
			}
		}
	}
}
