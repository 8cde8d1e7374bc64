package data

import (
	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/fault"
)

// A Mean is the mean image over the training split, each value rounded to a byte as DIGITS does.
type Mean struct {
	W, H, C int
	Image   []float32 // C×H×W
	Pixel   []float32 // C: the mean image's mean
}

// Pixels gives the mean image as one to look at.
func (m Mean) Pixels() Pixels {
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

// Mean gives the mean image over the training split. It is kept from the import; after images moved between splits it is
// computed anew, which reads them all.
func (d *Dataset) Mean() (Mean, error) {
	p := Pixels{W: d.info.Width, H: d.info.Height, C: d.info.Channels}
	err := d.view(func(tx *bolt.Tx) error {
		if v := tx.Bucket(aboutBucket).Get(meanKey); len(v) == p.W*p.H*p.C {
			p.Pix = append([]byte(nil), v...)
		}
		return nil
	})
	if err != nil {
		return Mean{}, err
	}
	if p.Pix != nil {
		return meanOf(p), nil
	}
	sums := newSums(p.W * p.H * p.C)
	for _, id := range d.IDs(Train) {
		image, err := d.Pixels(id)
		if err != nil {
			return Mean{}, err
		}
		sums.add(image.Pix, 1)
	}
	if p.Pix = sums.mean(); p.Pix == nil {
		return Mean{}, fault.New("data.mean.empty", "The data set %s has no training images, so it has no mean image. Choose a smaller share for validation and test.", d.path)
	}
	return meanOf(p), nil
}

// sums adds up images, in whole numbers, so that the order does not matter.
type sums struct {
	values []int64
	images int64
}

func newSums(values int) *sums { return &sums{values: make([]int64, values)} }

// add adds an image, or with sign -1 takes it away again.
func (s *sums) add(pix []byte, sign int64) {
	values := s.values[:len(pix)]
	for i, v := range pix {
		values[i] += sign * int64(v)
	}
	s.images += sign
}

// merge adds what others added up.
func (s *sums) merge(o *sums) {
	for i, v := range o.values {
		s.values[i] += v
	}
	s.images += o.images
}

// mean gives the rounded mean image, or nil where there is none.
func (s *sums) mean() []byte {
	if s.images == 0 {
		return nil
	}
	b := make([]byte, len(s.values))
	for i, v := range s.values {
		b[i] = byte((2*v + s.images) / (2 * s.images))
	}
	return b
}
