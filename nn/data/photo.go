package data

import (
	"image"
	"image/color"
	"math/rand/v2"

	"golang.org/x/image/draw"

	"github.com/convscope/convscope/nn/fault"
)

// Photo gives a picture of w×h pixels with several of the data set's images at places and scales of chance, to try detection on: of those that no training saw, if there are any.
// The same arguments give the same picture.
func (d *Dataset) Photo(w, h int, seed uint64) (image.Image, error) {
	if err := photoSize(w, h); err != nil {
		return nil, err
	}
	ids := d.Unseen()
	if len(ids) == 0 {
		return nil, fault.New("dataset.photo", "The data set has no images with a class to make a photo of. Open a photo of your own.")
	}
	r := rand.New(rand.NewPCG(seed, 0x70686f746f)) // as in SamplePhoto
	first, err := d.Pixels(ids[0])
	if err != nil {
		return nil, err
	}
	photo := image.NewRGBA(image.Rect(0, 0, w, h))
	for _, p := range places(w, h, max(first.W, first.H), r) {
		px, err := d.Pixels(ids[r.IntN(len(ids))])
		if err != nil {
			return nil, err
		}
		img := px.Image()
		if photo.Pix[3] == 0 { // what is between the images is of the first one's edge
			edge := color.RGBAModel.Convert(img.At(img.Bounds().Min.X, img.Bounds().Min.Y))
			draw.Draw(photo, photo.Bounds(), image.NewUniform(edge), image.Point{}, draw.Src)
		}
		side := int(p.size)
		left, top := int(p.x-p.size/2), int(p.y-p.size/2)
		draw.CatmullRom.Scale(photo, image.Rect(left, top, left+side, top+side), img, img.Bounds(), draw.Src, nil)
	}
	return photo, nil
}

// photoSize tells whether a photo of this size can be made.
func photoSize(w, h int) error {
	if w < 32 || h < 32 || w > maxSide || h > maxSide {
		return fault.New("sample.photo", "A photo of %v×%v pixels cannot be made. Choose a width and a height from 32 to %v.", w, h, maxSide)
	}
	return nil
}
