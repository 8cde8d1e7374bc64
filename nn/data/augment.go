package data

import (
	"image"
	"math"
	"math/rand/v2"
)

// Augmentation says how much an image may be changed at random before the network sees it in training, so that it learns what does not matter. The zero value
// changes nothing.
type Augmentation struct {
	Shift      int     `json:"shift,omitempty"`      // moved by up to so many pixels along each side
	Mirror     bool    `json:"mirror,omitempty"`     // left and right exchanged, every other time
	Rotate     float64 `json:"rotate,omitempty"`     // turned by up to so many degrees, 0…180, to either side
	Scale      float64 `json:"scale,omitempty"`      // made larger or smaller by up to this share, 0…0.9
	Noise      float64 `json:"noise,omitempty"`      // normal noise of this deviation, a share of white, 0…1
	Hue        float64 `json:"hue,omitempty"`        // the hue turned by up to this share of the circle, 0…0.5
	Saturation float64 `json:"saturation,omitempty"` // the saturation times 1 ± up to this share, 0…1
	Value      float64 `json:"value,omitempty"`      // the brightness times 1 ± up to this share, 0…1
}

// IsZero reports whether nothing is changed.
func (a Augmentation) IsZero() bool { return a == Augmentation{} }

// A Drawn is what chance makes of an Augmentation for one image in one epoch. It is applied to the image and to what is true of it alike.
type Drawn struct {
	From image.Point // size of the image
	Part image.Point // size of what the network sees
	X, Y int         // where in the image the part begins

	mirror                 bool
	dx, dy                 int
	angle, factor          float64
	hue, saturation, value float64
	coloured               bool // one of the three may be changed
	noise                  float64
	after                  rand.PCG // the chance that is left for the noise
}

// Draw returns what becomes of the image id of a size in an epoch, of which the network sees a part of at most that size: a pure function of its arguments.
func (a Augmentation) Draw(seed uint64, id uint32, epoch int, from, part image.Point) Drawn {
	d := Drawn{From: from, Part: part, noise: a.Noise, coloured: a.Hue != 0 || a.Saturation != 0 || a.Value != 0}
	d.after = *rand.NewPCG(seed^(uint64(id)+1)*0x9e3779b97f4a7c15, uint64(epoch))
	a.draw(&d, rand.New(&d.after))
	return d
}

// draw makes the changes. All numbers are drawn whatever is set, so that a setting changes only what it is about.
func (a Augmentation) draw(d *Drawn, r *rand.Rand) {
	either := func(most float64) float64 { return (2*r.Float64() - 1) * most }
	step := func(most int) int { return int(math.Floor(r.Float64()*float64(2*most+1))) - most }
	d.mirror = r.Float64() < .5 && a.Mirror
	d.dx, d.dy = step(a.Shift), step(a.Shift)
	d.angle, d.factor = either(a.Rotate)*math.Pi/180, 1+either(a.Scale)
	free := d.From.Sub(d.Part)
	d.X, d.Y = int(r.Float64()*float64(free.X+1)), int(r.Float64()*float64(free.Y+1))
	d.hue, d.saturation, d.value = either(a.Hue), 1+either(a.Saturation), 1+either(a.Value)
}

// Pixels returns the part of the image that the network sees. What comes in from outside is taken from background, which has the image's size and channels.
func (d Drawn) Pixels(px Pixels, background []byte) Pixels {
	out := Pixels{W: d.Part.X, H: d.Part.Y, C: px.C, Pix: make([]byte, d.Part.X*d.Part.Y*px.C)}
	if d.angle == 0 && d.factor == 1 {
		d.move(px, background, out)
	} else {
		d.turn(px, background, out)
	}
	if d.coloured {
		d.colour(out)
	}
	if d.noise > 0 {
		r := rand.New(&d.after) // of this copy: the same noise each time
		for i, v := range out.Pix {
			out.Pix[i] = toByte(float64(v) + r.NormFloat64()*d.noise*255)
		}
	}
	return out
}

// move copies pixel by pixel.
func (d Drawn) move(px Pixels, background []byte, out Pixels) {
	for i := range out.H {
		row := i + d.Y + d.dy
		for j := range out.W {
			to := out.Pix[(i*out.W+j)*px.C:][:px.C]
			column := j
			if d.mirror {
				column = out.W - 1 - j
			}
			if column += d.X + d.dx; row < 0 || row >= px.H || column < 0 || column >= px.W {
				copy(to, background[((i+d.Y)*px.W+j+d.X)*px.C:])
				continue
			}
			copy(to, px.Pix[(row*px.W+column)*px.C:])
		}
	}
}

// turn takes each pixel from between the four around the place that it comes from.
func (d Drawn) turn(px Pixels, background []byte, out Pixels) {
	source := d.source()
	for i := range out.H {
		for j := range out.W {
			column, row := source(float64(j)+.5, float64(i)+.5)
			column, row = column-.5, row-.5
			left, top := math.Floor(column), math.Floor(row)
			right, down := column-left, row-top
			for ch := range px.C {
				at := func(di, dj int) float64 {
					y, x := int(top)+di, int(left)+dj
					if y < 0 || y >= px.H || x < 0 || x >= px.W {
						return float64(background[((i+d.Y)*px.W+j+d.X)*px.C+ch])
					}
					return float64(px.Pix[(y*px.W+x)*px.C+ch])
				}
				above := at(0, 0)*(1-right) + at(0, 1)*right
				below := at(1, 0)*(1-right) + at(1, 1)*right
				out.Pix[(i*out.W+j)*px.C+ch] = toByte(above*(1-down) + below*down)
			}
		}
	}
}

// colour changes hue, saturation and brightness; of grey images the brightness.
func (d Drawn) colour(p Pixels) {
	if p.C == 1 {
		for i, v := range p.Pix {
			p.Pix[i] = toByte(float64(v) * d.value)
		}
		return
	}
	for i := 0; i+2 < len(p.Pix); i += 3 {
		h, s, v := toHSV(float64(p.Pix[i]), float64(p.Pix[i+1]), float64(p.Pix[i+2]))
		h += d.hue
		r, g, b := toRGB(h-math.Floor(h), min(s*d.saturation, 1), min(v*d.value, 255))
		p.Pix[i], p.Pix[i+1], p.Pix[i+2] = toByte(r), toByte(g), toByte(b)
	}
}

// toHSV returns hue and saturation 0…1 and the value in the unit of the colours (Smith 1978).
func toHSV(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	span := v - min(r, g, b)
	if span == 0 {
		return 0, 0, v
	}
	switch v {
	case r:
		h = (g - b) / span
	case g:
		h = 2 + (b-r)/span
	default:
		h = 4 + (r-g)/span
	}
	h /= 6
	return h - math.Floor(h), span / v, v
}

func toRGB(h, s, v float64) (r, g, b float64) {
	sector := math.Floor(h * 6)
	f := h*6 - sector
	p, q, t := v*(1-s), v*(1-s*f), v*(1-s*(1-f))
	switch int(sector) % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}

// toByte rounds to 0…255.
func toByte(v float64) byte { return byte(math.Round(min(max(v, 0), 255))) }
