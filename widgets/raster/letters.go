package raster

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Letters writes texts at any angle, by the outlines of a font. It keeps its memory from one text to the next.
type Letters struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
	z      vector.Rasterizer
}

// NewLetters reads an OpenType font.
func NewLetters(data []byte) (*Letters, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, err
	}
	return &Letters{font: f}, nil
}

// glyph returns the outline of a letter and how far the next one is from it, both in pixels at a size. What the font has not is its empty box.
func (l *Letters) glyph(letter rune, size float32) (sfnt.Segments, float32) {
	ppem := fixed.Int26_6(size * 64)
	i, err := l.font.GlyphIndex(&l.buffer, letter)
	if err != nil {
		return nil, 0
	}
	advance, err := l.font.GlyphAdvance(&l.buffer, i, ppem, font.HintingNone)
	if err != nil {
		return nil, 0
	}
	outline, err := l.font.LoadGlyph(&l.buffer, i, ppem, nil)
	if err != nil { // no outline, as pictures in colour have
		outline = nil
	}
	return outline, float32(advance) / 64
}

// Width of a text at a size, in pixels.
func (l *Letters) Width(text string, size float32) float32 {
	width := float32(0)
	for _, letter := range text {
		_, advance := l.glyph(letter, size)
		width += advance
	}
	return width
}

// Write writes a text whose baseline begins at a place and rises by an angle, in radians; all else is in pixels.
func (l *Letters) Write(dst *image.RGBA, text string, size float32, at Vertex, angle float64, c color.NRGBA) {
	sin, cos := float32(math.Sin(angle)), float32(math.Cos(angle))
	turn := func(x, y float32) Vertex { return Vertex{at.X + x*cos + y*sin, at.Y - x*sin + y*cos} }
	box := boxOf(turn, l.Width(text, size), size).Intersect(dst.Rect)
	if box.Empty() {
		return
	}
	l.z.Reset(box.Dx(), box.Dy())
	start := float32(0)
	for _, letter := range text {
		outline, advance := l.glyph(letter, size)
		point := func(p fixed.Point26_6) (x, y float32) {
			v := turn(start+float32(p.X)/64, float32(p.Y)/64)
			return v.X - float32(box.Min.X), v.Y - float32(box.Min.Y)
		}
		for _, s := range outline {
			x0, y0 := point(s.Args[0])
			x1, y1 := point(s.Args[1])
			x2, y2 := point(s.Args[2])
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				l.z.ClosePath()
				l.z.MoveTo(x0, y0)
			case sfnt.SegmentOpLineTo:
				l.z.LineTo(x0, y0)
			case sfnt.SegmentOpQuadTo:
				l.z.QuadTo(x0, y0, x1, y1)
			case sfnt.SegmentOpCubeTo:
				l.z.CubeTo(x0, y0, x1, y1, x2, y2)
			}
		}
		l.z.ClosePath()
		start += advance
	}
	l.z.Draw(dst, box, image.NewUniform(c), image.Point{})
}

// boxOf returns the pixels that a text of a width and size may cover.
func boxOf(turn func(x, y float32) Vertex, width, size float32) image.Rectangle {
	var box image.Rectangle
	for i, corner := range [4]Vertex{{-size, -1.2 * size}, {width + size, -1.2 * size}, {-size, .5 * size}, {width + size, .5 * size}} {
		p := turn(corner.X, corner.Y)
		one := image.Rect(int(math.Floor(float64(p.X))), int(math.Floor(float64(p.Y))), int(math.Ceil(float64(p.X)))+1, int(math.Ceil(float64(p.Y)))+1)
		if i == 0 {
			box = one
		}
		box = box.Union(one)
	}
	return box
}
