package data

import (
	"image"
	"math"
)

// Resize says how an image gets another size.
type Resize string

// The ways to another size.
const (
	Squash   Resize = "squash"    // width and height each on their own; shapes are distorted
	Crop     Resize = "crop"      // cover the new size, cut off what sticks out
	Fill     Resize = "fill"      // fit inside the new size, black around
	HalfCrop Resize = "half-crop" // half-way between crop and fill: one axis is cut, the other padded
)

// Resizes lists the ways to another size, the default first.
func Resizes() []Resize { return []Resize{Squash, Crop, Fill, HalfCrop} }

// Fit brings an image to w×h pixels in 1 or 3 channels: bilinear, averaging when it shrinks (as Pillow does); alpha over white;
// grey = .299 R + .587 G + .114 B. An image that has the size is taken as it is. The result shares no memory with img.
func Fit(img image.Image, w, h, channels int, how Resize) Pixels {
	src := Flatten(img, channels)
	fitted := fit(src, w, h, how)
	if g, ok := img.(*image.Gray); ok && len(fitted.Pix) > 0 && len(g.Pix) > 0 && &fitted.Pix[0] == &g.Pix[0] {
		fitted.Pix = append([]byte(nil), fitted.Pix...)
	}
	return fitted
}

// Fit brings pixels to w×h of them; those that have the size are returned themselves.
func (p Pixels) Fit(w, h int, how Resize) Pixels { return fit(p, w, h, how) }

// fit is Fit of flattened pixels; where nothing is to do it returns src itself.
func fit(src Pixels, w, h int, how Resize) Pixels {
	if src.W == w && src.H == h || src.W < 1 || src.H < 1 {
		return src
	}
	return Place(src.W, src.H, w, h, how).pixels(src)
}

// pixels brings an image to the second frame of a placement that Place made; black around it.
func (p Placement) pixels(src Pixels) Pixels {
	x, y := axisOf(p.FromW, p.W, p.ScaleX, p.X), axisOf(p.FromH, p.H, p.ScaleY, p.Y)
	part := resample(src, x, y)
	if part.W == p.W && part.H == p.H {
		return part
	}
	out := Pixels{W: p.W, H: p.H, C: src.C, Pix: make([]byte, p.W*p.H*src.C)}
	left, top := max(int(p.X), 0), max(int(p.Y), 0)
	for row := range part.H {
		copy(out.Pix[((top+row)*p.W+left)*src.C:], part.Pix[row*part.W*src.C:(row+1)*part.W*src.C])
	}
	return out
}

// scaled returns the size to which an image of sw×sh is scaled before it is cut or padded to w×h. Ratios are source to target,
// as DIGITS takes them: the smaller covers, the larger fits inside, half-crop takes their mean.
func scaled(sw, sh, w, h int, how Resize) (int, int) {
	rw, rh := float64(sw)/float64(w), float64(sh)/float64(h)
	var ratio float64
	switch how {
	case Crop:
		ratio = min(rw, rh)
	case Fill:
		ratio = max(rw, rh)
	case HalfCrop:
		ratio = (rw + rh) / 2
	default:
		return w, h
	}
	return max(int(math.Round(float64(sw)/ratio)), 1), max(int(math.Round(float64(sh)/ratio)), 1)
}

// An axis is scaled from src to full pixels, of which n are wanted, beginning at from.
type axis struct{ src, full, from, n int }

// axisOf returns the axis of a placement in a frame of n pixels.
func axisOf(src, n int, scale, offset float64) axis {
	a := axis{src: src, full: int(math.Round(scale * float64(src))), from: max(int(-offset), 0)}
	a.n = min(a.full-a.from, n-max(int(offset), 0))
	return a
}

// weightBits is the fixed point of the weights: sums of 255 times weights that add to one stay below 2³¹.
const weightBits = 22

// A tap is the range of source pixels that make a target pixel, with their weights.
type tap struct {
	from    int
	weights []int32
}

// taps returns the weights of the triangle filter, widened by the scale when shrinking so that every source pixel counts:
// Pillow's (libImaging/Resample.c).
func (a axis) taps() []tap {
	scale := float64(a.src) / float64(a.full)
	wide := max(scale, 1)
	out := make([]tap, a.n)
	weights := make([]float64, 0, 2*int(math.Ceil(wide))+1)
	for i := range out {
		centre := (float64(a.from+i) + .5) * scale
		from := max(int(centre-wide+.5), 0)
		to := min(int(centre+wide+.5), a.src)
		weights = weights[:0]
		sum := 0.
		for x := from; x < to; x++ {
			w := max(1-math.Abs((float64(x)-centre+.5)/wide), 0)
			weights = append(weights, w)
			sum += w
		}
		fixed := make([]int32, len(weights))
		for j, w := range weights {
			fixed[j] = int32(math.Round(w / sum * (1 << weightBits)))
		}
		out[i] = tap{from, fixed}
	}
	return out
}

// resample scales src along x, then along y, rounding to bytes in between as Pillow does.
func resample(src Pixels, x, y axis) Pixels {
	rows := y.taps()
	first, last := rows[0].from, rows[len(rows)-1].from+len(rows[len(rows)-1].weights)
	c := src.C
	mid := Pixels{W: x.n, H: last - first, C: c, Pix: src.Pix[first*src.W*c : last*src.W*c]}
	if x.src != x.full || x.from != 0 || x.n != x.full {
		mid.Pix = make([]byte, mid.W*mid.H*c)
		columns := x.taps()
		for r := range mid.H {
			resampleRow(mid.Pix[r*mid.W*c:(r+1)*mid.W*c], src.Pix[(first+r)*src.W*c:(first+r+1)*src.W*c], columns, c)
		}
	}
	if y.src == y.full && y.n == y.full {
		return mid
	}
	out := Pixels{W: x.n, H: y.n, C: c, Pix: make([]byte, x.n*y.n*c)}
	width := x.n * c
	sums := make([]int32, width)
	for r, t := range rows {
		for i := range sums {
			sums[i] = 1 << (weightBits - 1)
		}
		for k, weight := range t.weights {
			row := mid.Pix[(t.from-first+k)*width:][:width]
			for i, v := range row {
				sums[i] += int32(v) * weight
			}
		}
		to := out.Pix[r*width:][:width]
		for i, s := range sums {
			to[i] = clip(s)
		}
	}
	return out
}

// resampleRow scales one row of c interleaved channels.
func resampleRow(dst, src []byte, columns []tap, c int) {
	if c == 1 {
		for i, t := range columns {
			sum := int32(1 << (weightBits - 1))
			for k, v := range src[t.from : t.from+len(t.weights)] {
				sum += int32(v) * t.weights[k]
			}
			dst[i] = clip(sum)
		}
		return
	}
	for i, t := range columns {
		r, g, b := int32(1<<(weightBits-1)), int32(1<<(weightBits-1)), int32(1<<(weightBits-1))
		s := src[3*t.from : 3*(t.from+len(t.weights))]
		for k, weight := range t.weights {
			r += int32(s[3*k]) * weight
			g += int32(s[3*k+1]) * weight
			b += int32(s[3*k+2]) * weight
		}
		dst[3*i], dst[3*i+1], dst[3*i+2] = clip(r), clip(g), clip(b)
	}
}

// clip brings a sum in fixed point to a byte.
func clip(s int32) byte { return byte(min(max(s>>weightBits, 0), 255)) }
