package raster

import (
	"image"
	"image/color"
	"math"
	"testing"

	"golang.org/x/image/font/basicfont"
)

func TestToneOfMapsAndFilters(t *testing.T) {
	if got := MapTone([]float32{-3, 0, 2, float32(math.NaN())}); got != (Tone{0, 2}) {
		t.Errorf("maps: %v, black must be 0", got)
	}
	if got := MapTone([]float32{-3, -1}); got != (Tone{-3, 0}) {
		t.Errorf("maps below zero: %v", got)
	}
	if got := FilterTone([]float32{-3, 0, 2}); got != (Tone{-3, 3}) {
		t.Errorf("filters: %v, zero must be in the middle", got)
	}
	tone := FilterTone([]float32{-1, 1})
	for v, want := range map[float32]uint8{-1: 0, 0: 128, 1: 255, 9: 255, -9: 0, float32(math.NaN()): 0} {
		if got := tone.grey(v); got != want {
			t.Errorf("the grey of %g is %d, not %d", v, got, want)
		}
	}
}

func TestSheet(t *testing.T) {
	s := LayOut(20, 24, 24, 4.0/3)
	if s.Columns*s.Rows < 20 || s.Columns != 5 {
		t.Errorf("20 maps lie in %d columns and %d rows", s.Columns, s.Rows)
	}
	values := make([]float32, 20*24*24)
	for i := range values {
		values[i] = float32(i / (24 * 24))
	}
	img := s.Grey(values, []Tone{{0, 19}}, color.NRGBA{255, 0, 0, 255})
	for i := range 20 {
		r := s.Cell(i)
		if g := img.RGBAAt(r.Min.X+3, r.Min.Y+3).G; g != uint8(float64(i)/19*255+.5) {
			t.Errorf("cell %d has the grey %d", i, g)
		}
		if got := s.At(r.Min.X+5, r.Min.Y+5); got != i {
			t.Errorf("the cell at cell %d is %d", i, got)
		}
	}
	if img.RGBAAt(24, 0) != (color.RGBA{255, 0, 0, 255}) || s.At(24, 0) != -1 {
		t.Error("there is no gap between the cells")
	}
	if w, h := (Sheet{}).Size(); w != 0 || h != 0 || s.At(-1, 0) != -1 {
		t.Error("an empty sheet has a size")
	}
}

func TestFiltersInColourAndBounded(t *testing.T) {
	s, colour := FilterSheet(96, 3, 11, 11, 1)
	if !colour || s.Cells != 96 {
		t.Errorf("AlexNet's first filters: %d cells, colour %v", s.Cells, colour)
	}
	s, colour = FilterSheet(4096, 9216, 1, 1, 1)
	if colour || s.Cells > maxSlices {
		t.Errorf("a dense layer's weights: %d cells", s.Cells)
	}
	if img := Filters(make([]float32, 2*3*5*5), 2, 3, 5, 5); img.Bounds().Dx() < 100 {
		t.Errorf("small filters are not enlarged: %v", img.Bounds())
	}
}

func TestLinesAreDrawnOnceAndWithin(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 40))
	var p Pen
	c := color.NRGBA{R: 255, A: 128}
	p.Line(img, []Vertex{{5, 20}, {35, 20}, {5, 20}}, 4, c)
	if a := img.RGBAAt(20, 20).A; a != 128 {
		t.Errorf("where a pale line crosses itself its opacity is %d, not 128", a)
	}
	nan := float32(math.NaN())
	p.Line(img, []Vertex{{-1e5, 3}, {1e5, 3}, {nan, nan}, {3, float32(math.Inf(1))}}, 2, c) // must come to an end
	if img.RGBAAt(39, 3).A == 0 {
		t.Error("a line that leaves the picture is not drawn to its edge")
	}
}

func TestThinKeepsExtremes(t *testing.T) {
	var points []Vertex
	for i := range 10_000 {
		y := float32(i % 7)
		if i == 5_000 {
			y = 99
		}
		points = append(points, Vertex{float32(i) / 100, y})
	}
	out := Thin(points)
	if len(out) > 4*101 {
		t.Errorf("%d points for 100 columns", len(out))
	}
	most := float32(0)
	for _, p := range out {
		most = max(most, p.Y)
	}
	if most != 99 || out[0] != points[0] || out[len(out)-1] != points[len(points)-1] {
		t.Error("the peak or an end is lost")
	}
}

func TestDashesCoverTheirShare(t *testing.T) {
	covered := float32(0)
	out := Dash([]Vertex{{0, 0}, {60, 0}, {100, 0}}, 6, 4)
	for i := 1; i < len(out); i++ {
		if d := out[i].X - out[i-1].X; d == d {
			covered += d
		}
	}
	if covered < 58 || covered > 62 {
		t.Errorf("dashes of 6 and gaps of 4 cover %g of 100", covered)
	}
}

func TestBoxesAndTheirInk(t *testing.T) {
	photo := image.NewGray(image.Rect(10, 10, 110, 90))
	img := Boxes(photo, []Box{{X: 20, Y: 2, Width: 30, Height: 30, Label: "7 0.93", Colour: ClassColour(1)}, {X: 90, Y: 60, Width: 50, Height: 50, Label: "out", Colour: ClassColour(9)}}, basicfont.Face7x13)
	if img.Bounds() != image.Rect(0, 0, 100, 80) {
		t.Errorf("the picture is %v", img.Bounds())
	}
	if c := ClassColour(1); img.RGBAAt(20, 20) != (color.RGBA{c.R, c.G, c.B, 255}) {
		t.Error("the outline is not in the class' colour")
	}
	if Ink(color.NRGBA{255, 255, 0, 255}).R > 100 || Ink(color.NRGBA{0, 0, 120, 255}).R < 200 {
		t.Error("labels cannot be read on their colour")
	}
	seen := map[color.NRGBA]bool{}
	for i := range 20 {
		seen[ClassColour(i)] = true
	}
	if len(seen) < 20 {
		t.Errorf("20 classes have %d colours", len(seen))
	}
}

func TestPolygonStaysWithin(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 20, 20))
	var b Brush
	b.Polygon(img, []Vertex{{-50, -50}, {10, -50}, {10, 10}, {-50, 10}}, color.NRGBA{G: 255, A: 255})
	if img.RGBAAt(5, 5).G != 255 || img.RGBAAt(15, 15).G != 0 {
		t.Error("the polygon is not where it should be")
	}
	b.Polygon(img, []Vertex{{float32(math.NaN()), 0}, {1, 1}, {2, 2}}, color.NRGBA{A: 255})
	if c := Curve(Vertex{0, 0}, Vertex{100, 50}, 10); len(c) != 11 || c[0] != (Vertex{0, 0}) || c[10] != (Vertex{100, 50}) {
		t.Errorf("the curve's ends: %v", c)
	}
}

func BenchmarkLines(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 900, 350))
	var p Pen
	points := make([]Vertex, 4000)
	for i := range points {
		points[i] = Vertex{float32(i) * .225, 175 + 100*float32(math.Sin(float64(i)))}
	}
	for b.Loop() {
		clear(img.Pix)
		for range 4 {
			p.Line(img, Thin(points), 1.5, color.NRGBA{B: 255, A: 255})
		}
	}
}
