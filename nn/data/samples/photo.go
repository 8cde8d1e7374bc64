package samples

import (
	"image"
	"image/color"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// PhotoOf returns a picture of w×h pixels with several of a data set's images at places and scales of chance, to try detection on: of those that no training saw, if there are any.
// The same arguments give the same picture.
func PhotoOf(d *data.Dataset, w, h int, seed uint64) (image.Image, error) {
	if err := photoSize(w, h); err != nil {
		return nil, err
	}
	ids := d.Unseen()
	if len(ids) == 0 {
		return nil, fault.New("dataset.photo", "The data set has no images with a class to make a photo of. Open a photo of your own.")
	}
	r := rand.New(rand.NewPCG(seed, 0x70686f746f)) // as in Photo
	first, err := d.Pixels(ids[0])
	if err != nil {
		return nil, err
	}
	at := places(w, h, max(first.W, first.H), r)
	things := make([]image.Image, len(at))
	for i := range things {
		px, err := d.Pixels(ids[r.IntN(len(ids))])
		if err != nil {
			return nil, err
		}
		things[i] = px.Image()
	}
	photo := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(photo, photo.Bounds(), image.NewUniform(corners(things)), image.Point{}, draw.Src)
	for i, p := range at {
		side := int(p.size)
		left, top := int(p.x-p.size/2), int(p.y-p.size/2)
		draw.CatmullRom.Scale(photo, image.Rect(left, top, left+side, top+side), things[i], things[i].Bounds(), draw.Src, nil)
	}
	return photo, nil
}

// corners is the mean colour of the corners of images: about that of what is around their things.
func corners(images []image.Image) color.Color {
	var sum [3]int
	n := 0
	for _, img := range images {
		b := img.Bounds()
		for _, p := range []image.Point{b.Min, {b.Max.X - 1, b.Min.Y}, {b.Min.X, b.Max.Y - 1}, {b.Max.X - 1, b.Max.Y - 1}} {
			c := color.RGBAModel.Convert(img.At(p.X, p.Y)).(color.RGBA)
			sum[0], sum[1], sum[2], n = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B), n+1
		}
	}
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}

// photoSize returns a fault where no photo of a size can be made.
func photoSize(w, h int) error {
	if w < 32 || h < 32 || w > data.MaxSide || h > data.MaxSide {
		return fault.New("sample.photo", "A photo of %v×%v pixels cannot be made. Choose a width and a height from 32 to %v.", w, h, data.MaxSide)
	}
	return nil
}
