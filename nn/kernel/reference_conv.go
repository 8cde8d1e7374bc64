package kernel

// eachTap calls f for every pair of places that a convolution joins: an output element, the input element that a tap of the kernel
// sees there, and the weight.
func eachTap(sx, sw, sy Shape, g Geometry, groups int, f func(x, w, y int)) {
	cg, fg := sx.C/groups, sw.N/groups
	for n := range sy.N {
		for fl := range sw.N {
			for i := range sy.H {
				for j := range sy.W {
					for c := range cg {
						for a := range g.Kernel.H {
							for b := range g.Kernel.W {
								h, w := i*g.Stride.H-g.Pad.H+a*g.Dilation.H, j*g.Stride.W-g.Pad.W+b*g.Dilation.W
								if h >= 0 && h < sx.H && w >= 0 && w < sx.W {
									f(sx.at(n, fl/fg*cg+c, h, w), sw.at(fl, c, a, b), sy.at(n, fl, i, j))
								}
							}
						}
					}
				}
			}
		}
	}
}

// convolve is a convolution, or adds one.
func (r *refExecutor) convolve(x, w, b, y ID, g Geometry, groups int, add bool) {
	sx, sw, sy := r.shape(x), r.shape(w), r.shape(y)
	sum := make([]float64, sy.Len())
	eachTap(sx, sw, sy, g, groups, func(i, k, o int) { sum[o] += float64(r.mem[x][i]) * float64(r.mem[w][k]) })
	r.addBias(sum, b, sy)
	r.putAll(y, sum, add)
}

// spread is the gradient of the input of a convolution, or the transposed convolution of dy.
func (r *refExecutor) spread(dy, w, b, dx ID, g Geometry, groups int, add bool) {
	sx, sw, sy := r.shape(dx), r.shape(w), r.shape(dy)
	sum := make([]float64, sx.Len())
	eachTap(sx, sw, sy, g, groups, func(i, k, o int) { sum[i] += float64(r.mem[dy][o]) * float64(r.mem[w][k]) })
	r.addBias(sum, b, sx)
	r.putAll(dx, sum, add)
}

// correlate is the gradient of the weights of a convolution from x to y.
func (r *refExecutor) correlate(x, dy, dw ID, g Geometry, groups int) {
	sx, sw, sy := r.shape(x), r.shape(dw), r.shape(dy)
	sum := make([]float64, sw.Len())
	eachTap(sx, sw, sy, g, groups, func(i, k, o int) { sum[k] += float64(r.mem[dy][o]) * float64(r.mem[x][i]) })
	r.putAll(dw, sum, r.s.Add)
}

// addBias adds a bias for each channel of s, if there is one.
func (r *refExecutor) addBias(sum []float64, b ID, s Shape) {
	if b == None {
		return
	}
	for i := range sum {
		sum[i] += float64(r.mem[b][i/(s.H*s.W)%s.C])
	}
}

// biasGrad sums the gradient of the output over samples and places.
func (r *refExecutor) biasGrad(dy, db ID) {
	if db == None {
		return
	}
	s := r.shape(dy)
	channels := r.p.Buffers[db].Shape.Len()
	sum := make([]float64, channels)
	for i := range s.Len() {
		sum[i/(s.Sample()/channels)%channels] += float64(r.mem[dy][i])
	}
	for c := range sum {
		put(r.mem[db], c, sum[c], r.s.Add)
	}
}
