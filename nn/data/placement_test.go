package data

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/geometry"
)

func TestPlacesOfResizes(t *testing.T) {
	for _, c := range []struct {
		how            Resize
		x, y, toX, toY float64 // a point of a frame of 40×20 and where it lies in one of 20×20
	}{
		{Squash, 10, 10, 5, 10},
		{Crop, 10, 5, 0, 5},
		{Crop, 20, 20, 10, 20},
		{Fill, 0, 0, 0, 5},
		{Fill, 40, 20, 20, 15},
		{HalfCrop, 20, 10, 10, 10}, // scaled to 27×13: 3 columns cut, 3 rows above
		{HalfCrop, 0, 0, -3, 3},
	} {
		p := Place(40, 20, 20, 20, c.how)
		x, y := p.Point(c.x, c.y)
		const near = .6 // half-crop's scales are those of whole pixels
		if math.Abs(x-c.toX) > near || math.Abs(y-c.toY) > near || c.how != HalfCrop && (x != c.toX || y != c.toY) {
			t.Errorf("%s: %g, %g lies at %g, %g, want %g, %g", c.how, c.x, c.y, x, y, c.toX, c.toY)
		}
		if x, y = p.Inverse().Point(x, y); math.Abs(x-c.x) > 1e-9 || math.Abs(y-c.y) > 1e-9 {
			t.Errorf("%s: and back at %g, %g", c.how, x, y)
		}
	}
	for _, how := range Resizes() {
		if p := Place(7, 9, 7, 9, how); !p.IsIdentity() {
			t.Errorf("%s: %+v", how, p)
		}
		if p := Place(7, 9, 12, 5, how); p.IsIdentity() || p.Inverse().IsIdentity() {
			t.Errorf("%s: %+v", how, p)
		}
	}
}

// Pixels, maps and points go to the same places: a picture whose brightness is a map of two classes is resized as that map, but at edges.
func TestPlacementsAgree(t *testing.T) {
	const w, h = 64, 48
	classes, px := make([]uint16, w*h), Pixels{W: w, H: h, C: 1, Pix: make([]byte, w*h)}
	for i := range classes {
		classes[i] = 1
		if px.Pix[i] = 80; i%w/16%2 == i/w/16%2 {
			classes[i], px.Pix[i] = 2, 160
		}
	}
	for _, how := range Resizes() {
		for _, size := range [][2]int{{32, 24}, {128, 96}, {50, 70}, {90, 31}, {64, 20}} {
			p := Place(w, h, size[0], size[1], how)
			m, pix := p.ClassMap(classes, nil), fit(px, size[0], size[1], how).Pix
			wrong := 0
			for i, v := range m {
				want := map[uint16]int{Void: 0, 1: 80, 2: 160}[v]
				if d := int(pix[i]) - want; d < -40 || d > 40 {
					wrong++
				}
				x, y := p.Inverse().Point(float64(i%p.W)+.5, float64(i/p.W)+.5)
				if math.Abs(x-math.Round(x)) < 1e-9 || math.Abs(y-math.Round(y)) < 1e-9 {
					continue // between two pixels: either is the nearest
				}
				if inside := x >= 0 && x < w && y >= 0 && y < h; inside != (v != Void) || inside && classes[int(y)*w+int(x)] != v {
					t.Fatalf("%s to %v: pixel %d is %d", how, size, i, v)
				}
			}
			if wrong > len(m)/50 {
				t.Errorf("%s to %v: %d of %d pixels have another class than brightness", how, size, wrong, len(m))
			}
		}
	}
}

// Runs are resized as the map that they stand for.
func TestRunsArePlacedAsMaps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		w, h := 1+r.IntN(30), 1+r.IntN(30)
		p := Place(w, h, 1+r.IntN(40), 1+r.IntN(40), Resizes()[r.IntN(4)])
		truth := Truth{Class: -1, Masks: []Mask{}}
		for class := range 3 {
			on := make([]bool, w*h)
			for i := range on {
				on[i] = r.IntN(4) == 0 || i > 0 && on[i-1] && r.IntN(4) > 0
			}
			truth.Masks = append(truth.Masks, Mask{Class: class, Instance: 70000 + class, Runs: EncodeRuns(on)})
		}
		placed, err := p.Truth(truth)
		if err == nil {
			err = placed.Check(3, p.W, p.H)
		}
		if err != nil {
			t.Fatal(err)
		}
		before, _ := truth.ClassMap(w, h, 1, nil)
		got, _ := placed.ClassMap(p.W, p.H, 1, nil)
		if want := p.ClassMap(before, nil); !slices.Equal(got, want) {
			t.Fatalf("%+v: classes %v, want %v", p, got, want)
		}
		ids, _ := truth.InstanceMap(w, h, nil)
		gotIDs, _ := placed.InstanceMap(p.W, p.H, nil)
		if want := p.InstanceMap(ids, nil); !slices.Equal(gotIDs, want) {
			t.Fatalf("%+v: instances %v, want %v", p, gotIDs, want)
		}
	}
}

func TestTruthIsPlaced(t *testing.T) {
	truth := Truth{
		Class:    4,
		Boxes:    []Box{{Class: 1, Rect: geometry.Rect{X: 10, Y: 5, W: 20, H: 10}, Difficult: true}, {Rect: geometry.Rect{X: 0, Y: 0, W: 5, H: 20}}},
		Polygons: []Polygon{{Class: 2, Instance: 9, Points: [][2]float32{{8, 0}, {30, 5}, {20, 20}}}, {Points: [][2]float32{{0, 0}, {9, 9}, {0, 9}}}},
	}
	p := Place(40, 20, 20, 20, Crop) // the middle
	got, err := p.Truth(truth)
	if err != nil || got.Class != 4 || len(got.Boxes) != 1 || len(got.Polygons) != 1 || got.Masks != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := (Box{Class: 1, Rect: geometry.Rect{X: 0, Y: 5, W: 20, H: 10}, Difficult: true}); got.Boxes[0] != want {
		t.Errorf("%+v, want %+v", got.Boxes[0], want)
	}
	if o := got.Polygons[0]; o.Class != 2 || o.Instance != 9 || !slices.Equal(o.Points, [][2]float32{{-2, 0}, {20, 5}, {10, 20}}) || truth.Polygons[0].Points[0][0] != 8 {
		t.Errorf("%+v", o)
	}
	if got, err = p.Truth(Truth{Class: -1, Masks: []Mask{}}); err != nil || got.Masks == nil || got.Boxes != nil {
		t.Errorf("%+v, %v: that there are no masks is known, that there are no boxes is not", got, err)
	}
	if _, err = p.Truth(Truth{Masks: []Mask{{Runs: []uint32{3}}}}); err == nil {
		t.Error("a mask that is too short is resized")
	}
	same, err := Place(40, 20, 40, 20, Fill).Truth(truth)
	if err != nil || &same.Boxes[0] != &truth.Boxes[0] {
		t.Errorf("%+v, %v", same, err)
	}
}

func TestPlacementsFollowEachOther(t *testing.T) {
	p, q := Place(40, 20, 30, 30, Fill), Place(30, 30, 8, 20, HalfCrop)
	x, y := q.Point(p.Point(13, 7))
	if gotX, gotY := p.Then(q).Point(13, 7); math.Abs(gotX-x) > 1e-9 || math.Abs(gotY-y) > 1e-9 {
		t.Errorf("%g, %g, want %g, %g", gotX, gotY, x, y)
	}
	if r := p.Then(q); r.FromW != 40 || r.FromH != 20 || r.W != 8 || r.H != 20 {
		t.Errorf("%+v", r)
	}
}

// What comes back from a resize has the size of the file again, black where the resize cut it off.
func TestPixelsAreRestored(t *testing.T) {
	src := Pixels{W: 8, H: 4, C: 1, Pix: bytes.Repeat([]byte{90}, 32)}
	for how, row := range map[Resize][]byte{
		Squash: {90, 90, 90, 90, 90, 90, 90, 90}, Fill: {90, 90, 90, 90, 90, 90, 90, 90}, Crop: {0, 0, 90, 90, 90, 90, 0, 0},
	} {
		p := Place(8, 4, 4, 4, how)
		got := p.Restore(src.Fit(4, 4, how))
		if got.W != 8 || got.H != 4 || got.C != 1 || !bytes.Equal(got.Pix, bytes.Repeat(row, 4)) {
			t.Errorf("%s: %d×%d, %v", how, got.W, got.H, got.Pix)
		}
	}
	half := Place(8, 4, 4, 4, HalfCrop)
	if got := half.Restore(src.Fit(4, 4, HalfCrop)); got.W != 8 || len(got.Pix) != 32 || got.Pix[12] != 90 {
		t.Errorf("%d×%d, %v", got.W, got.H, got.Pix)
	}
	colour := Pixels{W: 2, H: 1, C: 3, Pix: []byte{1, 2, 3, 4, 5, 6}}
	if got := Place(2, 1, 2, 1, Crop).Restore(colour); !bytes.Equal(got.Pix, colour.Pix) {
		t.Errorf("as it was: %v", got.Pix)
	}
	if got := Place(1, 9000, 4, 4, Crop).Restore(Pixels{W: 4, H: 4, C: 1, Pix: make([]byte, 16)}); got.W != 1 || len(got.Pix) != 9000 {
		t.Errorf("of a line: %d×%d", got.W, got.H)
	}
}
