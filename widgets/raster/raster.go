// Package raster turns numbers into pictures: pure functions, no window.
package raster

import (
	"image"
	"image/color"
	"math"
)

// Tone turns a value into a grey, 0…255.
type Tone struct {
	Low, High float64 // the values that become black and white
}

// MapTone returns the tone of feature maps: black is 0 and what is below it, white the largest value. Where nothing is above 0, white is 0.
func MapTone(values []float32) Tone {
	low, high := span(values)
	if high <= 0 {
		return Tone{Low: low, High: 0}
	}
	return Tone{Low: 0, High: high}
}

// FilterTone returns the tone of filters: zero is middle grey.
func FilterTone(values []float32) Tone {
	low, high := span(values)
	m := math.Max(math.Abs(low), math.Abs(high))
	return Tone{Low: -m, High: m}
}

// span of the finite values; 0, 0 where there are none.
func span(values []float32) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		low, high = math.Min(low, f), math.Max(high, f)
	}
	if low > high {
		return 0, 0
	}
	return low, high
}

// grey of a value; a tone without extent is black.
func (t Tone) grey(v float32) uint8 {
	if t.High <= t.Low {
		return 0
	}
	g := (float64(v) - t.Low) / (t.High - t.Low) * 255
	switch {
	case !(g > 0): // NaN too
		return 0
	case g > 255:
		return 255
	}
	return uint8(g + .5)
}

// Sheet is a contact sheet: equally large cells in rows, one pixel of gap between them.
type Sheet struct {
	Cells, Columns, Rows int
	CellW, CellH         int // pixels, without the gap
}

// LayOut places n cells of w×h values so that the sheet's sides come closest to the given ratio (width/height).
func LayOut(n, w, h int, ratio float64) Sheet {
	if n < 1 || w < 1 || h < 1 {
		return Sheet{}
	}
	best, bestOff := 1, math.Inf(1)
	for columns := 1; columns <= n; columns++ {
		rows := (n + columns - 1) / columns
		r := float64(columns*(w+1)) / float64(rows*(h+1))
		empty := float64(columns*rows-n) / float64(n)
		if off := math.Abs(math.Log(r/ratio)) + .5*empty; off < bestOff {
			best, bestOff = columns, off
		}
	}
	return Sheet{Cells: n, Columns: best, Rows: (n + best - 1) / best, CellW: w, CellH: h}
}

// Size of the sheet in pixels.
func (s Sheet) Size() (w, h int) {
	return max(0, s.Columns*(s.CellW+1)-1), max(0, s.Rows*(s.CellH+1)-1)
}

// Cell returns the rectangle of cell i in pixels.
func (s Sheet) Cell(i int) image.Rectangle {
	if s.Columns == 0 {
		return image.Rectangle{}
	}
	x, y := i%s.Columns*(s.CellW+1), i/s.Columns*(s.CellH+1)
	return image.Rect(x, y, x+s.CellW, y+s.CellH)
}

// At returns the cell at a pixel; -1 on gaps and outside.
func (s Sheet) At(x, y int) int {
	if s.Columns == 0 || x < 0 || y < 0 {
		return -1
	}
	c, r := x/(s.CellW+1), y/(s.CellH+1)
	i := r*s.Columns + c
	if c >= s.Columns || i >= s.Cells || x%(s.CellW+1) == s.CellW || y%(s.CellH+1) == s.CellH {
		return -1
	}
	return i
}

// Grey draws cells of CellH×CellW values, one after another in values, on a background. tones has one tone for all cells or one a cell.
func (s Sheet) Grey(values []float32, tones []Tone, background color.NRGBA) *image.RGBA {
	img := s.blank(background)
	for i := range s.Cells {
		t, r := toneOf(tones, i), s.Cell(i)
		v := values[i*s.CellW*s.CellH:]
		for y := range s.CellH {
			row := img.Pix[img.PixOffset(r.Min.X, r.Min.Y+y):]
			for x := range s.CellW {
				g := t.grey(v[y*s.CellW+x])
				row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = g, g, g, 255
			}
		}
	}
	return img
}

// Colour draws cells whose values are three planes (red, green, blue) of CellH×CellW each: filters that look at colour images.
func (s Sheet) Colour(values []float32, tones []Tone, background color.NRGBA) *image.RGBA {
	img := s.blank(background)
	plane := s.CellW * s.CellH
	for i := range s.Cells {
		t, r := toneOf(tones, i), s.Cell(i)
		v := values[i*3*plane:]
		for y := range s.CellH {
			row := img.Pix[img.PixOffset(r.Min.X, r.Min.Y+y):]
			for x := range s.CellW {
				p := y*s.CellW + x
				row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = t.grey(v[p]), t.grey(v[plane+p]), t.grey(v[2*plane+p]), 255
			}
		}
	}
	return img
}

func (s Sheet) blank(background color.NRGBA) *image.RGBA {
	w, h := s.Size()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r, g, b, a := background.RGBA()
	for i := 0; i+3 < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = uint8(r>>8), uint8(g>>8), uint8(b>>8), uint8(a>>8)
	}
	return img
}

func toneOf(tones []Tone, i int) Tone {
	if len(tones) == 1 {
		return tones[0]
	}
	return tones[i]
}

// gap is the colour between the cells of pictures written to files.
var gap = color.NRGBA{R: 255, G: 255, B: 255, A: 255}

// Maps draws feature maps C×H×W as a contact sheet in one common tone, enlarged to whole pixels so that small maps can be seen. A
// vector (H = W = 1) becomes one block of cells.
func Maps(values []float32, c, h, w int) *image.RGBA {
	s := LayOut(c, w, h, 4.0/3)
	img := s.Grey(values, []Tone{MapTone(values)}, gap)
	return enlarge(img, 480)
}

// Filters draws F×C×kh×kw weights: one cell a filter in colour where C is 3; else every filter's slices one after another, at most
// the first 4096 slices.
func Filters(values []float32, f, c, kh, kw int) *image.RGBA {
	s, colour := FilterSheet(f, c, kh, kw, 4.0/3)
	tones := []Tone{FilterTone(values)}
	if colour {
		return enlarge(s.Colour(values, tones, gap), 480)
	}
	return enlarge(s.Grey(values, tones, gap), 480)
}

// maxSlices bounds a sheet of filters: more cells than that cannot be told apart on any screen.
const maxSlices = 4096

// FilterSheet lays out F×C×kh×kw weights; colour says whether a cell is a whole filter over three colours.
func FilterSheet(f, c, kh, kw int, ratio float64) (s Sheet, colour bool) {
	if c == 3 && kh*kw > 1 {
		return LayOut(min(f, maxSlices), kw, kh, ratio), true
	}
	if f*c > maxSlices || c > 1 && f*c > 64 {
		f, c = min(f, maxSlices), min(c, max(1, maxSlices/max(1, f)))
	}
	return LayOut(min(f*c, maxSlices), kw, kh, ratio), false
}

// enlarge by a whole factor until the longer side would pass the limit.
func enlarge(img *image.RGBA, limit int) *image.RGBA {
	b := img.Bounds()
	k := limit / max(1, b.Dx(), b.Dy())
	if k < 2 {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()*k, b.Dy()*k))
	for y := range b.Dy() * k {
		from, to := img.Pix[y/k*img.Stride:], out.Pix[y*out.Stride:]
		for x := range b.Dx() * k {
			copy(to[4*x:4*x+4], from[x/k*4:])
		}
	}
	return out
}

// Tensor shows C×H×W values as the network sees them: grey, or colour where C is 3, least value black, largest white.
func Tensor(values []float32, c, h, w int) *image.RGBA {
	low, high := span(values)
	t := []Tone{{Low: low, High: high}}
	s := Sheet{Cells: 1, Columns: 1, Rows: 1, CellW: w, CellH: h}
	if c == 3 {
		return s.Colour(values, t, color.NRGBA{})
	}
	return s.Grey(values, t, color.NRGBA{})
}

// Heat draws rows×columns shares 0…1 as a transparent-to-strong overlay of one colour.
func Heat(shares []float32, rows, columns int, c color.NRGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, columns, rows))
	for i, v := range shares[:rows*columns] {
		a := math.Min(1, math.Max(0, float64(v)))
		k := a * 255
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = uint8(float64(c.R)*a), uint8(float64(c.G)*a), uint8(float64(c.B)*a), uint8(k)
	}
	return img
}
