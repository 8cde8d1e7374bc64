package formats

import (
	"image"
	"image/color"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// A plane is the file of a mask as it is: a number for each pixel of its image once upright.
type plane struct {
	file    string
	ids     []uint32 // in row order: ids, or colours as red, green and blue in 8 bits each
	colours bool
}

// plane reads the file of a mask for an image; classes tell whether colours have a meaning.
func (r *maskReader) plane(ref int, o data.OpenedImage, classes *idClasses) (plane, error) {
	f := r.files[ref]
	p := plane{file: f.Path}
	b, err := f.Read(data.MaxFileBytes)
	if err != nil {
		return p, err
	}
	img, err := data.OpenImage(b, f.Path, data.MaxPixels)
	if err != nil {
		return p, err
	}
	if img.Format == "JPEG" {
		return p, fault.New("data.masks.jpeg", "%s is a JPEG, which changes ids at edges. Save the masks as PNG from where they were made.", f.Path)
	}
	turn, err := r.turn(img, o, f.Path)
	if err != nil {
		return p, err
	}
	pixels, err := img.Decode()
	if err != nil {
		return p, err
	}
	most := 255
	if img.Format == "PNG" && b[25] == 0 && b[24] < 8 {
		most = 1<<b[24] - 1 // the decoder spreads ids of few bits over all shades
	}
	p.read(pixels, most, classes)
	p.ids = uprightIDs(p.ids, img.W, img.H, turn)
	return p, nil
}

// turn returns the EXIF orientation that a mask of a size has: that of its image if it lies as that does in its file, 1 if it is upright already.
func (r *maskReader) turn(mask, o data.OpenedImage, file string) (int, error) {
	w, h := o.W, o.H
	if o.Turn >= 5 {
		w, h = h, w
	}
	lies, upright := mask.W == w && mask.H == h, mask.W == o.W && mask.H == o.H
	switch {
	case lies && upright && o.Turn > 1:
		r.classes.turned.Add(1)
		return o.Turn, nil
	case lies:
		return max(o.Turn, 1), nil
	case upright:
		return 1, nil
	}
	return 1, fault.New("data.masks.size", "%s has %v×%v pixels, but its image has %v×%v. Make both the same size.", file, mask.W, mask.H, o.W, o.H)
}

// read takes the ids, or colours, of an image. most is the id of white where the shades of grey are fewer than 256.
func (p *plane) read(img image.Image, most int, classes *idClasses) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	p.ids = make([]uint32, 0, w*h)
	switch m := img.(type) {
	case *image.Gray:
		var ids [256]uint32
		for v := range ids {
			ids[v] = uint32(v * most / 255)
			if classes.colours != nil && classes.grey {
				p.colours, ids[v] = true, 0x010101*uint32(v)
			}
		}
		for y := range h {
			for _, v := range m.Pix[y*m.Stride:][:w] {
				p.ids = append(p.ids, ids[v])
			}
		}
	case *image.Gray16:
		for y := range h {
			for row := m.Pix[y*m.Stride:][:2*w]; len(row) > 1; row = row[2:] {
				p.ids = append(p.ids, uint32(row[0])<<8|uint32(row[1]))
			}
		}
	case *image.Paletted:
		var ids [256]uint32 // files may hold indices beyond the palette
		for i := range ids {
			ids[i] = uint32(i)
			if p.colours = classes.colours != nil; p.colours && i < len(m.Palette) {
				c := color.NRGBAModel.Convert(m.Palette[i]).(color.NRGBA)
				ids[i] = uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B)
			}
		}
		for y := range h {
			for _, v := range m.Pix[y*m.Stride:][:w] {
				p.ids = append(p.ids, ids[v])
			}
		}
	default:
		p.readColours(img, classes.colours != nil)
	}
}

// readColours takes the colours of an image, whatever its opacity; without a list of colours, the shades of one that is all grey are ids.
func (p *plane) readColours(img image.Image, listed bool) {
	at := coloursOf(img)
	b := img.Bounds()
	shades := make([]uint32, 0, b.Dx()*b.Dy())
	grey := !listed
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, bits := at(x, y)
			grey = grey && red == green && green == blue
			shades = append(shades, red)
			p.ids = append(p.ids, red>>(bits-8)<<16|green>>(bits-8)<<8|blue>>(bits-8))
		}
	}
	if p.colours = !grey; grey {
		p.ids = shades
	}
}

// coloursOf returns a function that returns the colour of a pixel as it is in the file, and how many bits each part of it has.
func coloursOf(img image.Image) func(x, y int) (red, green, blue, bits uint32) {
	switch m := img.(type) {
	case *image.NRGBA:
		return func(x, y int) (red, green, blue, bits uint32) {
			c := m.NRGBAAt(x, y)
			return uint32(c.R), uint32(c.G), uint32(c.B), 8
		}
	case *image.NRGBA64, *image.RGBA64:
		return func(x, y int) (red, green, blue, bits uint32) {
			c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
			return uint32(c.R), uint32(c.G), uint32(c.B), 16
		}
	}
	return func(x, y int) (red, green, blue, bits uint32) {
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		return uint32(c.R), uint32(c.G), uint32(c.B), 8
	}
}

// uprightIDs undoes an EXIF orientation of a map of w×h numbers, as upright does that of an image.
func uprightIDs(ids []uint32, w, h, o int) []uint32 {
	if o < 2 || o > 8 {
		return ids
	}
	out := make([]uint32, len(ids))
	toW, toH := w, h
	if o >= 5 {
		toW, toH = h, w
	}
	for i := range out {
		x, y := i%toW, i/toW
		switch o { // (x, y) upright comes from …
		case 2:
			x = toW - 1 - x
		case 3:
			x, y = toW-1-x, toH-1-y
		case 4:
			y = toH - 1 - y
		case 5:
			x, y = y, x
		case 6:
			x, y = y, toW-1-x
		case 7:
			x, y = toH-1-y, toW-1-x
		case 8:
			x, y = toH-1-y, x
		}
		out[i] = ids[y*w+x]
	}
	return out
}
