package kernel

// cropRuns calls f for every run of channels or places that lie together in the part of an image that begins at a channel, a row and a column, and in the image.
func cropRuns(whole, part Shape, channel, row, column int, f func(whole, part, n int)) {
	n, runs := part.C, part.W
	if part.C == whole.C {
		n, runs = part.W*part.C, 1
	}
	for h := range part.H {
		for w := range runs {
			f(((row+h)*whole.W+column+w)*whole.C+channel, (h*part.W+w)*part.C, n)
		}
	}
}

func (e *cpuExecutor) crop(o Crop) sliceOp {
	whole, part := e.p.Buffers[o.X].Shape, e.p.Buffers[o.Y].Shape
	return e.each(func(n int) {
		x, y := e.of(o.X, n), e.of(o.Y, n)
		cropRuns(whole, part, o.Channel, o.Row, o.Column, func(from, to, n int) { copy(y[to:to+n], x[from:]) })
	})
}

func (e *cpuExecutor) cropGrad(o CropGrad) sliceOp {
	whole, part := e.p.Buffers[o.DX].Shape, e.p.Buffers[o.DY].Shape
	return e.each(func(n int) {
		dx, dy := e.of(o.DX, n), e.of(o.DY, n)
		if !o.Add {
			clear(dx)
		}
		cropRuns(whole, part, o.Channel, o.Row, o.Column, func(to, from, n int) {
			if o.Add {
				e.u.add(dx[to:to+n], dy[from:from+n])
			} else {
				copy(dx[to:to+n], dy[from:])
			}
		})
	})
}

// A blend makes a row of numbers from another: each is a weighted sum of some that follow each other.
type blend []struct {
	first  int
	shares []float32
}

// A resampling is a blend of rows and, within each, one of places: enlarging an image, and its gradient.
type resampling struct{ rows, places blend }

// upsampling enlarges images of shape s.
func upsampling(s Shape, factor int, bilinear bool) resampling {
	along := func(size int) blend {
		b := make(blend, size*factor)
		for i := range b {
			first, second, share := between(i, size, factor, bilinear)
			b[i].first, b[i].shares = first, []float32{float32(1 - share)}
			if second > first && share > 0 {
				b[i].shares = append(b[i].shares, float32(share))
			} else {
				b[i].shares[0] = 1
			}
		}
		return b
	}
	return resampling{along(s.H), along(s.W)}
}

// transposed is the gradient of a resampling.
func (r resampling) transposed() resampling {
	return resampling{r.rows.transposed(), r.places.transposed()}
}

func (b blend) transposed() blend {
	last := b[len(b)-1]
	t := make(blend, last.first+len(last.shares))
	for i, from := range b {
		for k, share := range from.shares {
			to := &t[from.first+k]
			if len(to.shares) == 0 {
				to.first = i
			}
			to.shares = append(to.shares, share)
		}
	}
	return t
}

// resample makes y of x, or adds it: row by row, first blended down and then along.
func (e *cpuExecutor) resample(x, y ID, r resampling, add bool) sliceOp {
	from, to := e.p.Buffers[x].Shape, e.p.Buffers[y].Shape
	line, wide := from.W*from.C, to.W*to.C
	e.reserve(line + wide)
	return func(w *worker, _, begin, end int) {
		row, sum := w.scratch[:line], w.scratch[line:line+wide]
		for n := begin; n < end; n++ {
			x, y := e.of(x, n), e.of(y, n)
			for h, down := range r.rows {
				e.u.weightedSum(row, x[down.first*line:], down.shares, line)
				out := y[h*wide : (h+1)*wide]
				if add {
					out = sum
				}
				for i, along := range r.places {
					e.u.weightedSum(out[i*to.C:(i+1)*to.C], row[along.first*to.C:], along.shares, to.C)
				}
				if add {
					e.u.add(y[h*wide:(h+1)*wide], sum)
				}
			}
		}
	}
}

// weightedSum does dst = Σ shares[k]·x[k·stride…].
func (u *unit) weightedSum(dst, x, shares []float32, stride int) {
	n := u.whole(len(dst), u.mix != nil)
	if n > 0 {
		u.mix(&dst[0], &x[0], &shares[0], 1, len(shares), 4*len(dst), 4*stride, n)
	}
	for i := n; i < len(dst); i++ {
		sum := float32(0)
		for k, share := range shares {
			sum += share * x[k*stride+i]
		}
		dst[i] = sum
	}
}
