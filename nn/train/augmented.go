package train

import (
	"bytes"
	"image"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// preprocessor makes images of a data set, brought to w×h pixels, into tensors as a configuration says. Of images whose sizes differ the mean image is their mean pixel.
func preprocessor(d *data.Dataset, c Config, w, h int) (*model.Preprocessor, error) {
	info := d.Info()
	p := model.Preprocess{
		Width: w, Height: h, Channels: info.Channels, Resize: info.Resize, Crop: c.Crop, Mean: c.Mean, Scale: float32(c.Scale),
	}
	var mean []float32
	if p.Mean != model.MeanNone {
		m, err := d.Mean()
		if err != nil {
			return nil, err
		}
		if p.Mean == model.MeanImage && m.Image != nil {
			mean = m.Image
		} else {
			p.Mean, p.MeanPixel = model.MeanPixel, m.Pixel
		}
	}
	return model.NewPreprocessor(p, mean)
}

// augmenter makes what the network sees of an image in an epoch of training, and tells what chance made of it.
func augmenter(pre *model.Preprocessor, c Config, epoch int) func(id uint32, px data.Pixels) (data.Drawn, data.Pixels) {
	w, h := pre.Sees()
	background := pre.Background()
	return func(id uint32, px data.Pixels) (data.Drawn, data.Pixels) {
		d := c.Augment.Draw(c.Seed, id, epoch, image.Pt(px.W, px.H), image.Pt(w, h))
		return d, d.Pixels(px, background)
	}
}

// Augmented returns the first training image of a data set as it is, and what a network sees of it in the first epochs.
func Augmented(d *data.Dataset, c Config, epochs int) ([]data.Pixels, error) {
	ids := d.IDs(data.Train)
	if len(ids) == 0 {
		return nil, fault.New("train.data.empty", "%s has no images with a class to train on. Import it with a smaller share for validation and test.", d.Info().Name)
	}
	px, err := d.Pixels(ids[0])
	if err != nil {
		return nil, err
	}
	w, h := d.Info().InputSize()
	pre, err := preprocessor(d, c, w, h)
	if err != nil {
		return nil, err
	}
	list := []data.Pixels{{W: px.W, H: px.H, C: px.C, Pix: bytes.Clone(px.Pix)}}
	for epoch := range epochs {
		_, part := augmenter(pre, c, epoch)(ids[0], pre.Fit(px))
		list = append(list, part)
	}
	return list, nil
}
