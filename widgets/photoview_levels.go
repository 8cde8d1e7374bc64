package widgets

import (
	"image"

	"golang.org/x/image/draw"
)

// cut copies a part of the photo: what is uploaded has to be packed.
func (d *photoDrawing) cut(img *image.RGBA, part image.Rectangle) {
	var memory []uint8
	if d.crop != nil {
		memory = d.crop.Pix
	}
	n := 4 * part.Dx() * part.Dy()
	if cap(memory) < n {
		memory = make([]uint8, n)
	}
	d.crop = &image.RGBA{Pix: memory[:n], Stride: 4 * part.Dx(), Rect: image.Rect(0, 0, part.Dx(), part.Dy())}
	d.cropped = part
	for y := range part.Dy() {
		copy(d.crop.Pix[y*d.crop.Stride:(y+1)*d.crop.Stride], img.Pix[img.PixOffset(part.Min.X, part.Min.Y+y):])
	}
}

// level returns the photo halved n times.
func (d *photoDrawing) level(n int) *image.RGBA {
	if len(d.levels) == 0 {
		b := d.v.img.Bounds()
		img, ok := d.v.img.(*image.RGBA)
		if !ok || b.Min != (image.Point{}) || img.Stride != 4*b.Dx() {
			img = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
			draw.Draw(img, img.Rect, d.v.img, b.Min, draw.Src)
		}
		d.levels = append(d.levels, img)
	}
	for len(d.levels) <= n {
		d.levels = append(d.levels, halve(d.levels[len(d.levels)-1]))
	}
	return d.levels[n]
}

// halve makes one pixel of each four; a last odd row or column is left out, sides of one pixel stay.
func halve(img *image.RGBA) *image.RGBA {
	w, h := max(1, img.Rect.Dx()/2), max(1, img.Rect.Dy()/2)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	right, below := 4*min(1, img.Rect.Dx()-1), img.Stride*min(1, img.Rect.Dy()-1)
	for y := range h {
		from, to := img.Pix[2*y*img.Stride:], out.Pix[y*out.Stride:(y+1)*out.Stride]
		for x := range to {
			p := x&3 + x>>2<<3
			to[x] = uint8((int(from[p]) + int(from[p+right]) + int(from[p+below]) + int(from[p+right+below]) + 2) / 4)
		}
	}
	return out
}
