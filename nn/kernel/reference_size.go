package kernel

import "math"

// size runs an operation that changes the size of images.
func (r *refExecutor) size(op Op) {
	switch o := op.(type) {
	case Crop:
		r.eachCropped(o.X, o.Y, o.Channel, o.Row, o.Column, func(x, y int) { r.mem[o.Y][y] = r.mem[o.X][x] })
	case CropGrad:
		sum := make([]float64, r.shape(o.DX).Len())
		r.eachCropped(o.DX, o.DY, o.Channel, o.Row, o.Column, func(x, y int) { sum[x] = float64(r.mem[o.DY][y]) })
		r.putAll(o.DX, sum, o.Add)
	case Upsample:
		sum := make([]float64, r.shape(o.Y).Len())
		r.eachUpsampled(o.X, o.Y, o.Factor, o.Bilinear, func(x, y int, share float64) { sum[y] += share * float64(r.mem[o.X][x]) })
		r.putAll(o.Y, sum, false)
	case UpsampleGrad:
		sum := make([]float64, r.shape(o.DX).Len())
		r.eachUpsampled(o.DX, o.DY, o.Factor, o.Bilinear, func(x, y int, share float64) { sum[x] += share * float64(r.mem[o.DY][y]) })
		r.putAll(o.DX, sum, o.Add)
	}
}

// eachCropped calls f for every number of a part and where it lies in the whole.
func (r *refExecutor) eachCropped(whole, part ID, channel, row, column int, f func(whole, part int)) {
	sw, sp := r.shape(whole), r.shape(part)
	for n := range sp.N {
		for c := range sp.C {
			for h := range sp.H {
				for w := range sp.W {
					f(sw.at(n, channel+c, row+h, column+w), sp.at(n, c, h, w))
				}
			}
		}
	}
}

// between returns the two of size places, enlarged by a factor, between whose middles the middle of place i of the large image lies, and the share of the second.
// The nearest place alone is both.
func between(i, size, factor int, bilinear bool) (first, second int, share float64) {
	if !bilinear {
		return i / factor, i / factor, 0
	}
	at := max((float64(i)+.5)/float64(factor)-.5, 0)
	first = int(math.Floor(at))
	return first, min(first+1, size-1), at - float64(first)
}

// eachUpsampled calls f for every number of an enlarged image and each of the small image that has a share of it.
func (r *refExecutor) eachUpsampled(small, large ID, factor int, bilinear bool, f func(small, large int, share float64)) {
	ss, sl := r.shape(small), r.shape(large)
	for n := range sl.N {
		for c := range sl.C {
			for h := range sl.H {
				top, bottom, down := between(h, ss.H, factor, bilinear)
				for w := range sl.W {
					left, right, along := between(w, ss.W, factor, bilinear)
					to := sl.at(n, c, h, w)
					f(ss.at(n, c, top, left), to, (1-down)*(1-along))
					f(ss.at(n, c, top, right), to, (1-down)*along)
					f(ss.at(n, c, bottom, left), to, down*(1-along))
					f(ss.at(n, c, bottom, right), to, down*along)
				}
			}
		}
	}
}
