package data

import (
	"bytes"
	"image"
	"math"
	"testing"

	"github.com/convscope/convscope/nn/geometry"
)

// blocks is a picture of squares and the map of their classes, 1 and 2.
func blocks(w, h, side int) (Pixels, []uint16) {
	px, classes := Pixels{W: w, H: h, C: 1, Pix: make([]byte, w*h)}, make([]uint16, w*h)
	for i := range classes {
		classes[i], px.Pix[i] = 1, 80
		if i%w/side%2 == i/w/side%2 {
			classes[i], px.Pix[i] = 2, 160
		}
	}
	return px, classes
}

// Maps go where pixels go: exactly where whole pixels are moved, elsewhere but at edges.
func TestMapsAreDrawnAsImages(t *testing.T) {
	const w, h = 60, 50
	px, classes := blocks(w, h, 13)
	black := make([]byte, w*h)
	part := image.Pt(44, 36)
	for name, c := range map[string]struct {
		a     Augmentation
		share float64 // that may differ
	}{
		"nothing": {Augmentation{}, 0}, "moved": {Augmentation{Shift: 20, Mirror: true}, 0}, "coloured": {Augmentation{Value: .1, Mirror: true}, 0},
		"turned": {Augmentation{Rotate: 180, Mirror: true}, .1}, "scaled": {Augmentation{Scale: .5, Shift: 10}, .1}, "all": {Augmentation{Shift: 9, Mirror: true, Rotate: 40, Scale: .3, Noise: .02, Value: .05}, .1},
	} {
		for epoch := range 30 {
			d := c.a.Draw(3, 5, epoch, image.Pt(w, h), part)
			pix, m := d.Pixels(px, black).Pix, d.ClassMap(classes, nil)
			if again := d.Pixels(px, black).Pix; !bytes.Equal(pix, again) {
				t.Fatalf("%s: the same draw gives another picture", name)
			}
			wrong := 0
			for i, v := range m {
				want := map[uint16]float64{Void: 0, 1: 80, 2: 160}[v]
				if math.Abs(float64(pix[i])-want) > 35 {
					wrong++
				}
			}
			if float64(wrong) > c.share*float64(len(m)) {
				t.Fatalf("%s, epoch %d: %d of %d pixels have another class than brightness", name, epoch, wrong, len(m))
			}
		}
	}
}

func TestInstancesAreDrawn(t *testing.T) {
	d := Drawn{From: image.Pt(3, 2), Part: image.Pt(2, 2), X: 1, mirror: true, dy: 1, factor: 1}
	got := d.InstanceMap([]uint32{1, 2, 3, 70000, 5, 6}, nil)
	if want := []uint32{6, 5, 0, 0}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("%v, want %v", got, want)
	}
}

// Outlines and boxes go where maps go.
func TestOutlinesAndBoxesAreDrawn(t *testing.T) {
	const w, h = 90, 70
	star := Polygon{Class: 1, Instance: 4}
	for _, p := range outlineOf(10, 50, 33, 25, 25*.42, .3) {
		star.Points = append(star.Points, [2]float32{float32(p[0]), float32(p[1])})
	}
	box := Box{Class: 1, Rect: geometry.Rect{X: 25, Y: 8, W: 50, H: 50}, Difficult: true}
	before, err := Truth{Polygons: []Polygon{star}}.ClassMap(w, h, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := Augmentation{Shift: 25, Mirror: true, Rotate: 60, Scale: .4}
	part := image.Pt(70, 60)
	lost := 0
	for epoch := range 60 {
		d := a.Draw(1, 1, epoch, image.Pt(w, h), part)
		x, y := d.Point(d.source()(12, 34))
		if math.Abs(x-12)+math.Abs(y-34) > 1e-9 {
			t.Fatalf("there and back is %g, %g", x, y)
		}
		outline, around := d.Polygon(star), Box{}
		var left bool
		if around, left = d.Box(box); !left {
			lost++
		}
		drawn, err := Truth{Polygons: []Polygon{outline}}.ClassMap(part.X, part.Y, 0, nil)
		if err != nil || outline.Class != 1 || outline.Instance != 4 || left && (around.Class != 1 || !around.Difficult) {
			t.Fatalf("%+v, %+v, %v", outline, around, err)
		}
		shared, all := 0, 0
		for i, v := range d.ClassMap(before, nil) {
			in := v == 1
			if in && drawn[i] == 1 {
				shared++
			}
			if in || drawn[i] == 1 && v != Void { // an outline also reaches where the image does not
				all++
			}
			px, py := float32(i%part.X)+.5, float32(i/part.X)+.5
			if in && (px < around.X || py < around.Y || px > around.X+around.W || py > around.Y+around.H) {
				t.Fatalf("epoch %d: pixel %g, %g lies outside the box %+v", epoch, px, py, around)
			}
		}
		if all > 200 && float64(shared) < .85*float64(all) { // of a few pixels most lie at edges
			t.Errorf("epoch %d: outline and map share %d of %d pixels", epoch, shared, all)
		}
	}
	if lost == 60 {
		t.Error("every box is lost")
	}
}
