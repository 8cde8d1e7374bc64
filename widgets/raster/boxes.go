package raster

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// Box is an outline with a label on it.
type Box struct {
	X, Y, Width, Height float32 // pixels of the picture
	Label               string
	Colour              color.NRGBA
}

// Boxes draws a picture with boxes over it, the last on top; face writes the labels.
func Boxes(picture image.Image, boxes []Box, face font.Face) *image.RGBA {
	b := picture.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), picture, b.Min, draw.Src)
	for _, box := range boxes {
		r := image.Rect(int(box.X), int(box.Y), int(box.X+box.Width+.5), int(box.Y+box.Height+.5))
		fill := image.NewUniform(box.Colour)
		const line = 2
		for _, side := range []image.Rectangle{
			{r.Min, image.Pt(r.Max.X, r.Min.Y+line)},
			{image.Pt(r.Min.X, r.Max.Y-line), r.Max},
			{r.Min, image.Pt(r.Min.X+line, r.Max.Y)},
			{image.Pt(r.Max.X-line, r.Min.Y), r.Max},
		} {
			draw.Draw(out, side, fill, image.Point{}, draw.Over)
		}
		label(out, box, r, face)
	}
	return out
}

// label writes a box's label on a tab above it, or inside where there is no room.
func label(out *image.RGBA, box Box, r image.Rectangle, face font.Face) {
	if box.Label == "" {
		return
	}
	m := face.Metrics()
	height := (m.Ascent + m.Descent).Ceil() + 2
	width := font.MeasureString(face, box.Label).Ceil() + 6
	y := r.Min.Y - height
	if y < 0 {
		y = r.Min.Y
	}
	x := max(0, min(r.Min.X, out.Bounds().Dx()-width))
	draw.Draw(out, image.Rect(x, y, x+width, y+height), image.NewUniform(box.Colour), image.Point{}, draw.Over)
	d := font.Drawer{Dst: out, Src: image.NewUniform(Ink(box.Colour)), Face: face, Dot: fixed.P(x+3, y+1+m.Ascent.Ceil())}
	d.DrawString(box.Label)
}

// Ink is black or white, whichever reads better on a colour (relative luminance, as WCAG weighs it).
func Ink(on color.NRGBA) color.NRGBA {
	if 299*int(on.R)+587*int(on.G)+114*int(on.B) > 140_000 {
		return color.NRGBA{R: 0x1C, G: 0x21, B: 0x28, A: 255}
	}
	return color.NRGBA{R: 255, G: 255, B: 255, A: 255}
}

// classes is Okabe and Ito's list, which colour-blind people can tell apart.
var classes = [...]color.NRGBA{
	{0x56, 0xB4, 0xE9, 255},
	{0xE6, 0x9F, 0x00, 255},
	{0xCC, 0x79, 0xA7, 255},
	{0x00, 0x9E, 0x73, 255},
	{0xF0, 0xE4, 0x42, 255},
	{0x00, 0x72, 0xB2, 255},
	{0xD5, 0x5E, 0x00, 255},
}

// ClassColour returns the colour of class i, the same in the window and in files; after the list's end it goes on by lightness.
func ClassColour(i int) color.NRGBA {
	if i < 0 {
		i = -i
	}
	c := classes[i%len(classes)]
	round := i / len(classes)
	if round == 0 {
		return c
	}
	to, share := color.NRGBA{A: 255}, .18*float32(min(round+1, 4))
	if round%2 == 0 {
		to, share = color.NRGBA{R: 255, G: 255, B: 255, A: 255}, .18*float32(min(round, 4))
	}
	return Mix(c, to, share)
}

// Mix goes from a to b by share 0…1.
func Mix(a, b color.NRGBA, share float32) color.NRGBA {
	f := func(x, y uint8) uint8 { return uint8(float32(x) + (float32(y)-float32(x))*share + .5) }
	return color.NRGBA{R: f(a.R, b.R), G: f(a.G, b.G), B: f(a.B, b.B), A: f(a.A, b.A)}
}
