package data

import (
	"image"
	"image/color"
)

// Flatten brings an image to bytes in 1 or 3 channels at its own size: alpha over white, 16 bits to 8, grey as
// .299 R + .587 G + .114 B rounded. The result shares the memory of a grey image where it can.
func Flatten(img image.Image, channels int) Pixels {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if g, ok := img.(*image.Gray); ok && channels == 1 && g.Stride == w {
		return Pixels{W: w, H: h, C: 1, Pix: g.Pix[:w*h]}
	}
	p := Pixels{W: w, H: h, C: channels, Pix: make([]byte, w*h*channels)}
	row := rowReader(img)
	if channels == 3 {
		for y := range h {
			row(b.Min.Y+y, p.Pix[3*w*y:3*w*(y+1)])
		}
		return p
	}
	rgb := make([]byte, 3*w)
	for y := range h {
		row(b.Min.Y+y, rgb)
		grey := p.Pix[w*y : w*(y+1)]
		for x := range grey {
			c := rgb[3*x : 3*x+3 : 3*x+3]
			grey[x] = byte((299*uint32(c[0]) + 587*uint32(c[1]) + 114*uint32(c[2]) + 500) / 1000)
		}
	}
	return p
}

// rowReader returns a function that writes row y of an image, in its own coordinates, as RGB over white.
func rowReader(img image.Image) func(y int, rgb []byte) {
	b := img.Bounds()
	x0, w := b.Min.X, b.Dx()
	switch m := img.(type) {
	case *image.Gray:
		return func(y int, rgb []byte) {
			for x, v := range m.Pix[m.PixOffset(x0, y):][:w] {
				d := rgb[3*x : 3*x+3 : 3*x+3]
				d[0], d[1], d[2] = v, v, v
			}
		}
	case *image.Gray16:
		return func(y int, rgb []byte) {
			s := m.Pix[m.PixOffset(x0, y):][:2*w]
			for x := range w {
				v := s[2*x]
				d := rgb[3*x : 3*x+3 : 3*x+3]
				d[0], d[1], d[2] = v, v, v
			}
		}
	case *image.YCbCr:
		return func(y int, rgb []byte) {
			for x := range w {
				i, j := m.YOffset(x0+x, y), m.COffset(x0+x, y)
				d := rgb[3*x : 3*x+3 : 3*x+3]
				d[0], d[1], d[2] = color.YCbCrToRGB(m.Y[i], m.Cb[j], m.Cr[j])
			}
		}
	case *image.RGBA:
		return func(y int, rgb []byte) {
			s := m.Pix[m.PixOffset(x0, y):][:4*w]
			for x := range w {
				c, d := s[4*x:4*x+4:4*x+4], rgb[3*x:3*x+3:3*x+3]
				rest := 255 - c[3]
				d[0], d[1], d[2] = saturate(c[0], rest), saturate(c[1], rest), saturate(c[2], rest)
			}
		}
	case *image.NRGBA:
		return func(y int, rgb []byte) {
			s := m.Pix[m.PixOffset(x0, y):][:4*w]
			for x := range w {
				c, d := s[4*x:4*x+4:4*x+4], rgb[3*x:3*x+3:3*x+3]
				d[0], d[1], d[2] = overWhite(c[0], c[3]), overWhite(c[1], c[3]), overWhite(c[2], c[3])
			}
		}
	case *image.Paletted:
		return palettedRows(m, x0, w)
	case image.RGBA64Image:
		return func(y int, rgb []byte) {
			for x := range w {
				c, d := m.RGBA64At(x0+x, y), rgb[3*x:3*x+3:3*x+3]
				rest := byte((0xffff - c.A) >> 8)
				d[0], d[1], d[2] = saturate(byte(c.R>>8), rest), saturate(byte(c.G>>8), rest), saturate(byte(c.B>>8), rest)
			}
		}
	}
	return func(y int, rgb []byte) {
		for x := range w {
			c, d := color.NRGBAModel.Convert(img.At(x0+x, y)).(color.NRGBA), rgb[3*x:3*x+3:3*x+3]
			d[0], d[1], d[2] = overWhite(c.R, c.A), overWhite(c.G, c.A), overWhite(c.B, c.A)
		}
	}
}

// palettedRows reads rows through a table of all 256 indices, so that an index beyond the palette, which files may hold, is
// black and no panic.
func palettedRows(m *image.Paletted, x0, w int) func(y int, rgb []byte) {
	var table [256][3]byte
	for i, c := range m.Palette {
		if i < len(table) {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			table[i] = [3]byte{overWhite(n.R, n.A), overWhite(n.G, n.A), overWhite(n.B, n.A)}
		}
	}
	return func(y int, rgb []byte) {
		for x, i := range m.Pix[m.PixOffset(x0, y):][:w] {
			copy(rgb[3*x:3*x+3], table[i][:])
		}
	}
}

// overWhite blends a colour of opacity a over white.
func overWhite(c, a byte) byte {
	if a == 255 {
		return c
	}
	return byte((uint32(c)*uint32(a) + 255*uint32(255-a) + 127) / 255)
}

// saturate adds without wrapping around.
func saturate(a, b byte) byte { return byte(min(uint32(a)+uint32(b), 255)) }

// isGrey reports whether a header's colours are all grey and opaque.
func isGrey(model color.Model) bool {
	palette, ok := model.(color.Palette)
	if !ok {
		return model == color.GrayModel || model == color.Gray16Model
	}
	for _, c := range palette {
		if r, g, b, a := c.RGBA(); r != g || g != b || a != 0xffff {
			return false
		}
	}
	return true
}
