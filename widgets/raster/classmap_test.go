package raster

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
)

var (
	clear4 = color.RGBA{}
	half   = color.NRGBA{R: 200, A: 128}
	whole  = color.NRGBA{G: 100, A: 255}
	ink    = color.NRGBA{B: 9, A: 255}
)

// onto draws a map w×h pixels large on a picture that is full of something else.
func onto(m ClassMap, part Part, p ClassPaint, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 77
	}
	m.Draw(img, part, p)
	return img
}

func TestClassMapIsDrawnByNearestNeighbour(t *testing.T) {
	m := NewClassMap([]uint16{0, 1, Void, 1, 1, 7}, 3, 2)
	img := onto(m, m.Whole(), ClassPaint{Colours: []color.NRGBA{half, whole}}, 6, 4)
	colours := map[uint16]color.RGBA{0: {100, 0, 0, 128}, 1: {0, 100, 0, 255}, Void: clear4, 7: clear4}
	for y := range 4 {
		for x := range 6 {
			if got, want := img.RGBAAt(x, y), colours[m.At(x/2, y/2)]; got != want {
				t.Errorf("pixel %d, %d is %v, not %v", x, y, got, want)
			}
		}
	}
	// A part that reaches beyond the map: one place larger on each side.
	img = onto(m, Part{-1, -1, 5, 4}, ClassPaint{Colours: []color.NRGBA{half, whole}}, 5, 4)
	for y := range 4 {
		for x := range 5 {
			if got, want := img.RGBAAt(x, y), colours[m.At(x-1, y-1)]; got != want {
				t.Errorf("pixel %d, %d of the larger part is %v, not %v", x, y, got, want)
			}
		}
	}
}

func TestClassMapOutlinesAreas(t *testing.T) {
	m := NewClassMap([]uint16{
		0, 0, 1, 1,
		0, 0, 1, 1,
		2, 2, 3, Void,
		2, 2, 3, 9,
	}, 4, 4)
	paint := ClassPaint{Colours: []color.NRGBA{half, half, whole, {}}, Edge: ink, Line: 1}
	img := onto(m, m.Whole(), paint, 8, 8)
	edge := ""
	for y := range 8 {
		for x := range 8 {
			if img.RGBAAt(x, y) == (color.RGBA{B: 9, A: 255}) {
				edge += "#"
			} else {
				edge += "."
			}
		}
		edge += "\n"
	}
	// Between 3, which is hidden, void and 9, which has no colour, there is no line.
	want := "....#...\n....#...\n....#...\n....#...\n########\n....#...\n....#...\n....#...\n"
	if edge != want {
		t.Errorf("the edges are\n%s, not\n%s", edge, want)
	}
	paint.Line = 2
	if img := onto(m, m.Whole(), paint, 8, 8); img.RGBAAt(5, 0) != (color.RGBA{B: 9, A: 255}) || img.RGBAAt(6, 0).B != 0 || img.RGBAAt(0, 5).B != 9 || img.RGBAAt(0, 6).B != 0 {
		t.Error("a line of two pixels is not two pixels wide")
	}
	paint.Edge.A = 0
	if img := onto(m, m.Whole(), paint, 8, 8); !bytes.Equal(img.Pix, onto(m, m.Whole(), ClassPaint{Colours: paint.Colours}, 8, 8).Pix) {
		t.Error("an edge without opacity is drawn")
	}
}

// drawnPlainly is Draw pixel by pixel.
func drawnPlainly(m ClassMap, part Part, p ClassPaint, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	shown := func(x, y int) (class uint16, inside, visible bool) {
		px := math.Floor(part.X + (float64(x)+.5)*part.Width/float64(w))
		py := math.Floor(part.Y + (float64(y)+.5)*part.Height/float64(h))
		if !(px >= 0 && py >= 0 && px < float64(m.Width) && py < float64(m.Height)) {
			return Void, false, false
		}
		c := m.At(int(px), int(py))
		return c, true, int(c) < len(p.Colours) && p.Colours[c].A > 0
	}
	for y := range h {
		for x := range w {
			c, inside, visible := shown(x, y)
			if !inside {
				continue
			}
			if visible {
				img.Set(x, y, p.Colours[c])
			}
			for _, n := range [2]image.Point{{max(0, x-p.Line), y}, {x, max(0, y-p.Line)}} {
				c2, inside2, visible2 := shown(n.X, n.Y)
				if p.Edge.A > 0 && inside2 && (visible != visible2 || visible && c != c2) {
					img.Set(x, y, p.Edge)
				}
			}
		}
	}
	return img
}

func TestClassMapOfAwkwardSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		mw, mh, w, h := rng.IntN(9), rng.IntN(9), 1+rng.IntN(20), 1+rng.IntN(20)
		classes := make([]uint16, mw*mh)
		for i := range classes {
			classes[i] = uint16(rng.IntN(4))
			if rng.IntN(6) == 0 {
				classes[i] = Void - uint16(rng.IntN(2))
			}
		}
		m := NewClassMap(classes, mw, mh)
		part := Part{rng.Float64()*12 - 6, rng.Float64()*12 - 6, rng.Float64() * 20, rng.Float64() * 20}
		switch n % 7 {
		case 0:
			part = m.Whole()
		case 1:
			part.Width = [...]float64{0, math.NaN(), math.Inf(1), -3, 1e300}[rng.IntN(5)]
		}
		p := ClassPaint{Colours: ClassColours(rng.IntN(4), .5), Edge: color.NRGBA{A: uint8(rng.IntN(2)) * 200}, Line: 1}
		if n%3 == 0 && len(p.Colours) > 1 {
			p.Colours[1].A = 0
		}
		got, want := onto(m, part, p, w, h), drawnPlainly(m, part, p, w, h)
		if n%7 == 1 && part.Width < 0 {
			continue // mirrored: only that it ends
		}
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("map %d×%d, part %v, paint %v on %d×%d:\n%v, not\n%v", mw, mh, part, p, w, h, got.Pix, want.Pix)
		}
	}
}

func TestClassMapRefusesOtherSizes(t *testing.T) {
	for _, size := range [][2]int{{2, 2}, {-1, -6}, {6, 2}, {math.MaxInt, 2}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("six indices are a map of %v", size)
				}
			}()
			NewClassMap(make([]uint16, 6), size[0], size[1])
		}()
	}
	if m := NewClassMap(nil, 0, 5); m.At(0, 0) != Void {
		t.Error("an empty map has a class")
	}
	if a, b, c := Opacity(math.NaN()), Opacity(.5), Opacity(7); a != 0 || b != 128 || c != 255 {
		t.Errorf("opacities of NaN, a half and 7 are %d, %d, %d", a, b, c)
	}
}

// A map of 12 megapixels on a view of 1400×700 pixels, whole and as large as its pixels.
func BenchmarkClassMap(b *testing.B) {
	classes := make([]uint16, 4000*3000)
	for i := range classes {
		classes[i] = uint16(i/4000/100+i%4000/150) % 12
	}
	m := NewClassMap(classes, 4000, 3000)
	img := image.NewRGBA(image.Rect(0, 0, 1400, 1050))
	for _, part := range []Part{m.Whole(), {500, 500, 1400, 1050}, {500, 500, 100, 75}} {
		for _, line := range []int{0, 1} {
			b.Run(fmt.Sprintf("%g places, line %d", part.Width, line), func(b *testing.B) {
				for b.Loop() {
					m.Draw(img, part, ClassPaint{Colours: ClassColours(12, .5), Edge: ink, Line: line})
				}
			})
		}
	}
}
