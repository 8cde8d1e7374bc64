package raster

import (
	"image"
	"image/color"
	"math"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

// inked returns the box of what was drawn.
func inked(img *image.RGBA) image.Rectangle {
	var box image.Rectangle
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if img.RGBAAt(x, y).A > 60 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func TestLettersAtAnyAngle(t *testing.T) {
	l, err := NewLetters(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	const text = "HHHHH"
	width := l.Width(text, 20)
	if width < 60 || width > 90 {
		t.Fatalf("five letters of 20 pixels are %g wide", width)
	}
	written := func(angle float64, at Vertex) image.Rectangle {
		img := image.NewRGBA(image.Rect(0, 0, 200, 200))
		l.Write(img, text, 20, at, angle, color.NRGBA{A: 255})
		return inked(img)
	}
	flat := written(0, Vertex{100, 100})
	if d := float32(flat.Dx()) - width; d > 0 || d < -8 || flat.Max.Y < 99 || flat.Max.Y > 101 || flat.Dy() < 13 || flat.Dy() > 16 || flat.Min.X < 100 {
		t.Errorf("written from 100, 100 on: %v", flat)
	}
	if up := written(math.Pi/2, Vertex{100, 100}); up.Dx() != flat.Dy() || up.Dy() != flat.Dx() || up.Max.Y > 100 || up.Max.X < 99 || up.Max.X > 101 {
		t.Errorf("upwards: %v", up)
	}
	if turned := written(math.Pi/4, Vertex{100, 100}); turned.Min.Y > 50 || turned.Max.X < 145 || turned.Max.Y > 101 {
		t.Errorf("turned: %v", turned)
	}
	for _, at := range []Vertex{{-30, 10}, {190, 195}, {-500, -500}, {100, 900}} { // partly or wholly beside the picture
		if box := written(.7, at); !box.In(image.Rect(0, 0, 200, 200)) {
			t.Errorf("from %v: %v", at, box)
		}
	}
	if box := written(0, Vertex{-30, 100}); box.Min.X != 0 || box.Max.X < 20 {
		t.Errorf("a text that begins left of the picture: %v", box)
	}
	if _, err := NewLetters([]byte("no font")); err == nil {
		t.Error("anything is a font")
	}
	if l.Width("\U0001F600\uE000", 20) <= 0 {
		t.Error("letters that the font has not have no width")
	}
}
