package kernel

import "math"

// around returns the range of channels, or of places along a side, that the normalisation of number c of n sums over.
func around(c, size, n int) (from, to int) {
	return max(c-(size-1)/2, 0), min(c+size-(size-1)/2, n)
}

// mirrored returns the range of those whose sums number c is in.
func mirrored(c, size, n int) (from, to int) {
	return max(c-(size-(size-1)/2-1), 0), min(c+(size-1)/2+1, n)
}

// neighbours calls f for each element that the normalisation of element i sums over, or, if mirror is set, of whose sum it is a part.
func neighbours(s Shape, i, size int, within, mirror bool, f func(j int)) {
	span := around
	if mirror {
		span = mirrored
	}
	plane := s.H * s.W
	c, h, w := i/plane%s.C, i/s.W%s.H, i%s.W
	if !within {
		from, to := span(c, size, s.C)
		for k := from; k < to; k++ {
			f(i + (k-c)*plane)
		}
		return
	}
	top, bottom := span(h, size, s.H)
	left, right := span(w, size, s.W)
	for k := top; k < bottom; k++ {
		for l := left; l < right; l++ {
			f(i + (k-h)*s.W + l - w)
		}
	}
}

// area returns what the sum of a normalisation is divided by.
func area(size int, within bool) int {
	if within {
		return size * size
	}
	return size
}

func (r *refExecutor) lrn(o LRN) {
	s, x := r.shape(o.X), r.mem[o.X]
	factor := float64(o.Alpha) / float64(area(o.Size, o.Within))
	for i := range s.Len() {
		sum := 0.0
		neighbours(s, i, o.Size, o.Within, false, func(j int) { sum += float64(x[j]) * float64(x[j]) })
		scale := 1 + factor*sum
		r.mem[o.S][i] = float32(scale)
		r.mem[o.Y][i] = float32(float64(x[i]) * math.Pow(scale, -float64(o.Beta)))
	}
}

func (r *refExecutor) lrnGrad(o LRNGrad) {
	s, x, y, scale, dy := r.shape(o.X), r.mem[o.X], r.mem[o.Y], r.mem[o.S], r.mem[o.DY]
	factor := 2 * float64(o.Alpha) * float64(o.Beta) / float64(area(o.Size, o.Within))
	for i := range s.Len() {
		sum := 0.0
		neighbours(s, i, o.Size, o.Within, true, func(j int) { sum += float64(dy[j]) * float64(y[j]) / float64(scale[j]) })
		put(r.mem[o.DX], i, float64(dy[i])*math.Pow(float64(scale[i]), -float64(o.Beta))-factor*float64(x[i])*sum, o.Add)
	}
}

// eachChannel calls f with the indices of a channel's elements of all samples.
func eachChannel(s Shape, f func(c int, elements []int)) {
	plane := s.H * s.W
	for c := range s.C {
		var list []int
		for n := range s.N {
			for p := range plane {
				list = append(list, (n*s.C+c)*plane+p)
			}
		}
		f(c, list)
	}
}

func (r *refExecutor) batchNorm(o BatchNorm) {
	x, mean, variance := r.mem[o.X], r.mem[o.Mean], r.mem[o.Variance]
	eachChannel(r.shape(o.X), func(c int, elements []int) {
		m, v := float64(mean[c]), float64(variance[c])
		if r.s.Training && !o.Fixed {
			m, v = 0, 0
			for _, i := range elements {
				m += float64(x[i])
			}
			m /= float64(len(elements))
			for _, i := range elements {
				v += (float64(x[i]) - m) * (float64(x[i]) - m)
			}
			of := v / float64(max(len(elements)-1, 1))
			v /= float64(len(elements))
			mean[c] += o.Rate * float32(m-float64(mean[c]))
			variance[c] += o.Rate * float32(of-float64(variance[c]))
		}
		scale := 1 / math.Sqrt(v+float64(o.Epsilon))
		r.mem[o.Shift][c], r.mem[o.Scale][c] = float32(m), float32(scale)
		for _, i := range elements {
			r.mem[o.Y][i] = float32(float64(r.mem[o.W][c])*(float64(x[i])-m)*scale + float64(r.mem[o.B][c]))
		}
	})
}

func (r *refExecutor) batchNormGrad(o BatchNormGrad) {
	x, dy := r.mem[o.X], r.mem[o.DY]
	eachChannel(r.shape(o.X), func(c int, elements []int) {
		m, scale, n := float64(r.mem[o.Shift][c]), float64(r.mem[o.Scale][c]), float64(len(elements))
		db, dw := 0.0, 0.0
		for _, i := range elements {
			db += float64(dy[i])
			dw += float64(dy[i]) * (float64(x[i]) - m) * scale
		}
		if o.DX != None {
			for _, i := range elements {
				g := float64(dy[i])
				if r.s.Training && !o.Fixed {
					g -= (db + (float64(x[i])-m)*scale*dw) / n
				}
				put(r.mem[o.DX], i, float64(r.mem[o.W][c])*scale*g, o.Add)
			}
		}
		if o.DW != None {
			put(r.mem[o.DW], c, dw, r.s.Add)
			put(r.mem[o.DB], c, db, r.s.Add)
		}
	})
}
