package model

import (
	"cmp"
	"encoding/json"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// Ways to subtract a mean from an image.
const (
	MeanNone  = "none"
	MeanImage = "image" // the mean image of the training split, place by place
	MeanPixel = "pixel" // the mean of each channel
)

// Preprocess says how an image becomes what a network sees: fitted to a size, cut to its middle if Crop is set, then (x − mean)·scale for each of its bytes
// 0…255. It is preprocess.json; the mean image lies beside it as mean.png.
type Preprocess struct {
	Format    int         `json:"format"`
	Width     int         `json:"width"`
	Height    int         `json:"height"`
	Channels  int         `json:"channels"` // 1 grey, 3 RGB
	Resize    data.Resize `json:"resize"`
	Crop      int         `json:"crop,omitempty"` // side of the middle that the network sees; 0: all of the image
	Mean      string      `json:"mean"`           // none, image or pixel
	MeanPixel []float32   `json:"mean_pixel,omitempty"`
	Scale     float32     `json:"scale"`
}

// preprocessFormat is the version of preprocess.json.
const preprocessFormat = 1

// Bounds of an image that a network takes: beyond them a damaged file would ask for gigabytes.
const (
	maxSide   = 1 << 14
	maxPixels = 1 << 24
)

// Sees returns the size of what the network sees, in pixels.
func (p Preprocess) Sees() (width, height int) {
	if p.Crop > 0 {
		return p.Crop, p.Crop
	}
	return p.Width, p.Height
}

// A Preprocessor makes tensors of images: the one place where this is done, in training and in use.
type Preprocessor struct {
	Preprocess
	MeanImage []float32 // C×H×W, whole numbers 0…255; nil unless Mean is "image"

	subtract []float32 // C×H×W, of the whole image
}

// NewPreprocessor checks p and makes it ready. mean is the mean image, C×H×W, needed if p.Mean is "image".
func NewPreprocessor(p Preprocess, mean []float32) (*Preprocessor, error) {
	p.Format = preprocessFormat
	p.Resize = cmp.Or(p.Resize, data.Squash)
	size := p.Width * p.Height * p.Channels
	switch {
	case p.Width < 1 || p.Height < 1 || p.Width > maxSide || p.Height > maxSide || p.Width*p.Height > maxPixels || p.Channels != 1 && p.Channels != 3:
		return nil, fault.New("model.preprocess.size", "The preprocessing makes images of %d×%d with %d channels, which no network takes. Use another model.", p.Width, p.Height, p.Channels)
	case p.Crop < 0 || p.Crop > min(p.Width, p.Height):
		return nil, fault.New("model.preprocess.crop", "The preprocessing crops %d×%d pixels from images of %d×%d. Choose a crop that is not larger than the images.", p.Crop, p.Crop, p.Width, p.Height)
	case p.Scale == 0 || math.IsNaN(float64(p.Scale)) || math.IsInf(float64(p.Scale), 0):
		return nil, fault.New("model.preprocess.scale", "The preprocessing multiplies by %g, which leaves nothing of an image. Use another model.", p.Scale)
	case !slices.Contains([]data.Resize{data.Squash, data.Crop, data.Fill, data.HalfCrop}, p.Resize):
		return nil, fault.New("model.preprocess.resize", "The preprocessing resizes by %s; it must be squash, crop, fill or half-crop.", string(p.Resize))
	case p.Mean == MeanImage && len(mean) != size, p.Mean == MeanPixel && len(p.MeanPixel) != p.Channels:
		return nil, fault.New("model.preprocess.mean", "The mean of the preprocessing does not fit images of %d×%d with %d channels. Use another model.", p.Width, p.Height, p.Channels)
	case p.Mean != MeanNone && p.Mean != MeanImage && p.Mean != MeanPixel:
		return nil, fault.New("model.preprocess.kind", "The preprocessing subtracts %s; it must be none, image or pixel.", p.Mean)
	}
	r := &Preprocessor{Preprocess: p, subtract: make([]float32, size)}
	plane := p.Width * p.Height
	switch p.Mean {
	case MeanImage:
		r.MeanImage = mean
		copy(r.subtract, mean)
	case MeanPixel:
		for i := range r.subtract {
			r.subtract[i] = p.MeanPixel[i/plane]
		}
	}
	return r, nil
}

// Len returns the number of elements of a tensor, C·H·W.
func (r *Preprocessor) Len() int {
	w, h := r.Sees()
	return r.Channels * w * h
}

// Fit brings a stored image to the preprocessing's size, as Image does; one that has it is returned itself.
func (r *Preprocessor) Fit(px data.Pixels) data.Pixels { return px.Fit(r.Width, r.Height, r.Resize) }

// Tensor turns H×W×C bytes into C×H×W numbers (x−mean)·scale. px has the preprocessing's size; dst has Len elements.
func (r *Preprocessor) Tensor(px data.Pixels, dst []float32) {
	w, h := r.Sees()
	x, y := (px.W-w)/2, (px.H-h)/2
	r.part(px, x, y, x, y, dst)
}

// TensorOfPart does the same with pixels of the size that the network sees, which were cut out of an image at x, y.
func (r *Preprocessor) TensorOfPart(px data.Pixels, x, y int, dst []float32) {
	r.part(px, 0, 0, x, y, dst)
}

// part takes the pixels from fromX, fromY on, and of the mean those from x, y on.
func (r *Preprocessor) part(px data.Pixels, fromX, fromY, x, y int, dst []float32) {
	w, h := r.Sees()
	c, whole := px.C, r.Width*r.Height
	for ch := range c {
		for i := range h {
			at := ((fromY+i)*px.W+fromX)*c + ch
			out, sub := dst[(ch*h+i)*w:(ch*h+i+1)*w], r.subtract[ch*whole+(y+i)*r.Width+x:][:w]
			for j := range out {
				out[j] = (float32(px.Pix[at]) - sub[j]) * r.Scale
				at += c
			}
		}
	}
}

// Background returns what becomes zero: the mean, H×W×C bytes; black where none is subtracted.
func (r *Preprocessor) Background() []byte {
	plane := r.Width * r.Height
	b := make([]byte, plane*r.Channels)
	for i := range b {
		b[i] = byte(math.Round(float64(min(max(r.subtract[i%r.Channels*plane+i/r.Channels], 0), 255))))
	}
	return b
}

// Image fits an image of any size and gives both what the network sees as a picture and as a tensor.
func (r *Preprocessor) Image(img image.Image) (data.Pixels, []float32) {
	px := data.Fit(img, r.Width, r.Height, r.Channels, r.Resize)
	t := make([]float32, r.Len())
	r.Tensor(px, t)
	return r.middle(px), t
}

// Seen returns the part that the network sees of the H×W×C bytes of a whole image.
func (r *Preprocessor) Seen(pix []byte) data.Pixels {
	return r.middle(data.Pixels{W: r.Width, H: r.Height, C: r.Channels, Pix: pix})
}

// FitMap brings the class map of a stored image of w×h pixels to the preprocessing's size, as Fit does the image.
func (r *Preprocessor) FitMap(classes []uint16, w, h int) []uint16 {
	if w == r.Width && h == r.Height {
		return classes
	}
	return data.Place(w, h, r.Width, r.Height, r.Resize).ClassMap(classes, nil)
}

// SeenMap returns the part that the network sees of the class map of a stored image of w×h pixels.
func (r *Preprocessor) SeenMap(classes []uint16, w, h int) []uint16 {
	classes, w, h = r.FitMap(classes, w, h), r.Width, r.Height
	if r.Crop == 0 {
		return classes
	}
	x, y := (w-r.Crop)/2, (h-r.Crop)/2
	out := make([]uint16, 0, r.Crop*r.Crop)
	for i := range r.Crop {
		out = append(out, classes[(y+i)*w+x:][:r.Crop]...)
	}
	return out
}

// middle returns the part of an image that the network sees.
func (r *Preprocessor) middle(px data.Pixels) data.Pixels {
	if r.Crop == 0 {
		return px
	}
	out := data.Pixels{W: r.Crop, H: r.Crop, C: px.C}
	x, y := (px.W-r.Crop)/2, (px.H-r.Crop)/2
	for i := range r.Crop {
		from := ((y+i)*px.W + x) * px.C
		out.Pix = append(out.Pix, px.Pix[from:from+r.Crop*px.C]...)
	}
	return out
}

// meanPicture returns the mean image as a picture, for mean.png.
func (r *Preprocessor) meanPicture() image.Image {
	plane := r.Width * r.Height
	if r.Channels == 1 {
		img := image.NewGray(image.Rect(0, 0, r.Width, r.Height))
		for i := range plane {
			img.Pix[i] = uint8(r.MeanImage[i])
		}
		return img
	}
	img := image.NewNRGBA(image.Rect(0, 0, r.Width, r.Height))
	for i := range plane {
		img.SetNRGBA(i%r.Width, i/r.Width, color.NRGBA{uint8(r.MeanImage[i]), uint8(r.MeanImage[plane+i]), uint8(r.MeanImage[2*plane+i]), 255})
	}
	return img
}

// meanOf reads the mean image back from mean.png.
func meanOf(img image.Image, p Preprocess) []float32 {
	px := data.Fit(img, p.Width, p.Height, p.Channels, data.Squash)
	plane := p.Width * p.Height
	mean := make([]float32, plane*p.Channels)
	for i, v := range px.Pix {
		mean[i%p.Channels*plane+i/p.Channels] = float32(v)
	}
	return mean
}

// json writes preprocess.json.
func (p Preprocess) json() []byte {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic("model: preprocessing with numbers that JSON does not have: " + err.Error())
	}
	return append(b, '\n')
}
