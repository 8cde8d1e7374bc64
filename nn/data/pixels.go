package data

import "image"

// Pixels is an image as the data set keeps it: H×W×C bytes, rows from the top, channels interleaved, C 1 (grey) or 3 (RGB).
// Pixels read from a Dataset share its cache: do not write to Pix.
type Pixels struct {
	W, H, C int
	Pix     []byte // H·W·C bytes
}

// Image returns the pixels as an *image.Gray that shares Pix, or a new opaque *image.RGBA.
func (p Pixels) Image() image.Image {
	if p.C == 1 {
		return &image.Gray{Pix: p.Pix, Stride: p.W, Rect: image.Rect(0, 0, p.W, p.H)}
	}
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	p.fill(img.Pix)
	return img
}

// fill writes colour pixels as RGBA, 4 bytes each.
func (p Pixels) fill(rgba []byte) {
	for i, j := 0, 0; i+2 < len(p.Pix) && j+3 < len(rgba); i, j = i+3, j+4 {
		s, d := p.Pix[i:i+3:i+3], rgba[j:j+4:j+4]
		d[0], d[1], d[2], d[3] = s[0], s[1], s[2], 255
	}
}
