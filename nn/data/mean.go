package data

import (
	"encoding/binary"
	"math"

	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/fault"
)

// A Mean is the mean image over the training split, each value rounded to a byte as DIGITS does.
type Mean struct {
	W, H, C int
	Image   []float32 // C×H×W; nil where the sizes of images differ
	Pixel   []float32 // C: the mean image's mean, or that of all pixels
}

// Pixels returns the mean image as one to look at: one pixel where there is none.
func (m Mean) Pixels() Pixels {
	if m.Image == nil {
		m.W, m.H, m.Image = 1, 1, m.Pixel
	}
	p := Pixels{W: m.W, H: m.H, C: m.C, Pix: make([]byte, len(m.Image))}
	for i, v := range m.Image {
		plane := m.W * m.H
		p.Pix[i%plane*m.C+i/plane] = byte(v)
	}
	return p
}

// meanOf makes a Mean of a mean image of H×W×C bytes.
func meanOf(p Pixels) Mean {
	m := Mean{W: p.W, H: p.H, C: p.C, Image: make([]float32, len(p.Pix)), Pixel: make([]float32, p.C)}
	plane := p.W * p.H
	for c := range p.C {
		sum := 0
		for i := range plane {
			v := p.Pix[i*p.C+c]
			m.Image[c*plane+i] = float32(v)
			sum += int(v)
		}
		m.Pixel[c] = float32(float64(sum) / float64(plane))
	}
	return m
}

// Mean returns the mean over the training split: the mean image, or, where the sizes of images differ, that of all pixels alone (Image is nil, W and H are 0). It is kept from the
// import; after images moved between splits it is computed again, which reads them all.
func (d *Dataset) Mean() (Mean, error) {
	var m Mean
	err := d.view(func(tx *bolt.Tx) error {
		m = d.meanFrom(tx.Bucket(aboutBucket).Get(meanKey))
		return nil
	})
	if err != nil || m.Pixel != nil {
		return m, err
	}
	sums := NewMeanSum(d.info.Width, d.info.Height, d.info.Channels)
	for _, id := range d.IDs(Train) {
		image, err := d.Pixels(id)
		if err != nil {
			return Mean{}, err
		}
		sums.Add(image, 1)
	}
	if m = d.meanFrom(sums.mean()); m.Pixel == nil {
		return Mean{}, fault.New("data.mean.empty", "The data set %s has no training images, so it has no mean image. Choose a smaller share for validation and test.", d.path)
	}
	return m, nil
}

// meanFrom reads what MeanSum.mean returned; Pixel is nil where it is not that.
func (d *Dataset) meanFrom(value []byte) Mean {
	w, h, c := d.info.Width, d.info.Height, d.info.Channels
	switch {
	case d.info.SameSize() && len(value) == w*h*c:
		return meanOf(Pixels{W: w, H: h, C: c, Pix: value})
	case !d.info.SameSize() && len(value) == 4*c:
		m := Mean{C: c, Pixel: make([]float32, c)}
		for i := range m.Pixel {
			m.Pixel[i] = math.Float32frombits(binary.BigEndian.Uint32(value[4*i:]))
			if !(m.Pixel[i] >= 0 && m.Pixel[i] <= 255) {
				return Mean{}
			}
		}
		return m
	}
	return Mean{}
}

// A MeanSum adds up images for their mean, in whole numbers, so that the order does not matter.
type MeanSum struct {
	values []int64 // of each place of the images, or of each channel
	places bool
	count  int64 // of images, or of pixels
}

// NewMeanSum returns a MeanSum for images of w×h×c, or with w 0 of any size.
func NewMeanSum(w, h, c int) *MeanSum {
	if w == 0 {
		return &MeanSum{values: make([]int64, c)}
	}
	return &MeanSum{values: make([]int64, w*h*c), places: true}
}

// Add adds an image, or with sign -1 takes it away again.
func (s *MeanSum) Add(p Pixels, sign int64) {
	if s.places {
		values := s.values[:len(p.Pix)]
		for i, v := range p.Pix {
			values[i] += sign * int64(v)
		}
		s.count += sign
		return
	}
	for c := range s.values {
		sum := int64(0)
		for i := c; i < len(p.Pix); i += p.C {
			sum += int64(p.Pix[i])
		}
		s.values[c] += sign * sum
	}
	s.count += sign * int64(p.W*p.H)
}

// Merge adds what another one added up.
func (s *MeanSum) Merge(o *MeanSum) {
	for i, v := range o.values {
		s.values[i] += v
	}
	s.count += o.count
}

// mean returns the rounded mean image, H×W×C bytes; of images of any size the mean of each channel as a float32, high byte first; nil where there
// are none.
func (s *MeanSum) mean() []byte {
	if s.count == 0 {
		return nil
	}
	var b []byte
	for _, v := range s.values {
		if s.places {
			b = append(b, byte((2*v+s.count)/(2*s.count)))
		} else {
			b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(float64(v)/float64(s.count))))
		}
	}
	return b
}
