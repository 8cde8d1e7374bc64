package raster

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
)

// A LegendEntry is a class in the legend of a picture.
type LegendEntry struct {
	Name   string
	Colour color.NRGBA
}

// EdgeColour is that of the line where one area ends and another begins.
var EdgeColour = color.NRGBA{R: 0x14, G: 0x17, B: 0x1C, A: 220}

// SeenClasses returns the colours of the classes of a picture, of which hidden ones are left out, and the legend of those that have pixels.
func SeenClasses(names []string, pixels []int, opacity float64, hidden func(class int) bool) (colours []color.NRGBA, legend []LegendEntry) {
	colours = ClassColours(len(names), opacity)
	for c, n := range pixels {
		if hidden(c) {
			colours[c].A = 0
		} else if n > 0 {
			legend = append(legend, LegendEntry{Name: names[c], Colour: ClassColour(c)})
		}
	}
	return colours, legend
}

// Areas draws a picture with a class map over it, stretched to its size, and below it a legend of as many lines as the entries need, in letters of a size in pixels.
func Areas(picture image.Image, m ClassMap, paint ClassPaint, legend []LegendEntry, letters *Letters, size float32) *image.RGBA {
	b := picture.Bounds()
	places, below := layLegend(legend, letters, size, b.Dx())
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()+below))
	photo := image.Rect(0, 0, b.Dx(), b.Dy())
	draw.Draw(out, photo, picture, b.Min, draw.Src)
	over := image.NewRGBA(photo)
	m.Draw(over, m.Whole(), paint)
	draw.Draw(out, photo, over, image.Point{}, draw.Over)
	draw.Draw(out, image.Rect(0, b.Dy(), b.Dx(), b.Dy()+below), image.White, image.Point{}, draw.Src)
	for i, e := range legend {
		x, y := places[i].X, places[i].Y+b.Dy()
		side := int(size)
		draw.Draw(out, image.Rect(x, y, x+side, y+side), image.NewUniform(e.Colour), image.Point{}, draw.Src)
		letters.Write(out, e.Name, size, Vertex{float32(x) + 1.5*size, float32(y) + .85*size}, 0, color.NRGBA{R: 0x1C, G: 0x21, B: 0x28, A: 255})
	}
	return out
}

// layLegend returns where in a strip of a width the swatches of a legend's entries lie, and how high the strip is: 0 without entries.
func layLegend(legend []LegendEntry, letters *Letters, size float32, width int) (places []image.Point, height int) {
	gap, line := int(size*.75), int(size*1.5)
	x, y := gap, gap
	for _, e := range legend {
		w := int(1.5*size + letters.Width(e.Name, size) + 1)
		if x > gap && x+w+gap > width {
			x, y = gap, y+line
		}
		places = append(places, image.Pt(x, y))
		x += w + int(1.5*size)
	}
	if len(legend) == 0 {
		return nil, 0
	}
	return places, y + line + gap/2
}

// voidColour is that of Void in a mask's palette, as Pascal VOC has it.
var voidColour = color.NRGBA{R: 224, G: 224, B: 192, A: 255}

// mostPaletted is how many classes an 8-bit mask has at most: its last index is void.
const mostPaletted = 255

// Mask returns the map as an image of indices, to be written as PNG: of up to 255 classes with 8 bits, in the colours of the classes and with 255 for Void; of more in 16-bit grey with
// 65535 for it.
func (m ClassMap) Mask(classes int) image.Image {
	if classes > mostPaletted {
		return Numbers(m.Classes, m.Width, m.Height)
	}
	palette := make(color.Palette, mostPaletted+1)
	for i := range palette {
		palette[i] = color.NRGBA{A: 255}
	}
	for i, c := range ClassColours(classes, 1) {
		palette[i] = c
	}
	palette[mostPaletted] = voidColour
	img := image.NewPaletted(image.Rect(0, 0, m.Width, m.Height), palette)
	for i, c := range m.Classes {
		img.Pix[i] = uint8(min(c, mostPaletted))
	}
	return img
}

// Numbers returns an image of 16-bit grey with a number of up to 65535 at each of height×width places in row order.
func Numbers[T uint16 | uint32](numbers []T, width, height int) *image.Gray16 {
	img := image.NewGray16(image.Rect(0, 0, width, height))
	for i, v := range numbers {
		binary.BigEndian.PutUint16(img.Pix[2*i:], uint16(v))
	}
	return img
}
