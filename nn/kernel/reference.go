package kernel

import (
	"errors"
	"math"
)

// NewReference makes the plain device that all others are checked against: one operation after the other, one number after the
// other, sums in float64, on one thread. Each buffer has memory of its own that nobody else can reach, and values are made
// not-a-number before each step, so whatever reads what was not written, or reaches around the seam, shows.
func NewReference() Device { return reference{} }

type reference struct{}

func (reference) Name() string { return "reference" }
func (reference) Threads() int { return 1 }
func (reference) Close() error { return nil }

func (reference) Prepare(p *Program) (Executor, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	r := &refExecutor{p: p, mem: make([][]float32, len(p.Buffers))}
	for i, b := range p.Buffers {
		r.mem[i] = make([]float32, b.Shape.Len())
	}
	return r, nil
}

type refExecutor struct {
	p   *Program
	mem [][]float32
	s   Step
}

func (r *refExecutor) Close() error {
	r.mem = nil
	return nil
}

func (r *refExecutor) Buffer(id ID) HostAccess {
	if r.mem == nil {
		return closedAccess{}
	}
	return hostMemory(r.mem[id])
}

// closedAccess is access to a buffer whose memory was given back.
type closedAccess struct{}

func (closedAccess) Upload([]float32) error   { return errClosed }
func (closedAccess) Download([]float32) error { return errClosed }
func (closedAccess) Len() int                 { return 0 }

// hostMemory is access by copying to memory that lies on the host.
type hostMemory []float32

func (m hostMemory) Len() int { return len(m) }

func (m hostMemory) Upload(src []float32) error {
	if err := CheckUpload(len(src), len(m)); err != nil {
		return err
	}
	copy(m, src)
	return nil
}

func (m hostMemory) Download(dst []float32) error {
	if err := CheckDownload(len(dst), len(m)); err != nil {
		return err
	}
	copy(dst, m)
	return nil
}

var (
	errSamples = errors.New("kernel: a step of no samples, or of more than the batch")
	errClosed  = errors.New("kernel: use of a closed executor")
)

// Run does one step.
func (r *refExecutor) Run(s Step) error {
	if r.mem == nil {
		return errClosed
	}
	if s.Samples < 1 || s.Samples > r.p.Batch {
		return errSamples
	}
	r.s = s
	if !s.NoForward {
		nan := float32(math.NaN())
		for i, b := range r.p.Buffers {
			if b.Role == Value {
				for j := range r.mem[i] {
					r.mem[i][j] = nan
				}
			}
		}
		for _, op := range r.p.Forward {
			r.run(op)
		}
	}
	if s.Backward {
		for _, op := range r.p.Backward {
			r.run(op)
		}
	}
	if s.Update {
		for _, op := range r.p.Update {
			r.run(op)
		}
	}
	return nil
}

// shape is that of a buffer; of its samples only those of the step.
func (r *refExecutor) shape(id ID) Shape {
	s := r.p.Buffers[id].Shape
	if role := r.p.Buffers[id].Role; role == Input || role == Value {
		s.N = r.s.Samples
	}
	return s
}

// put writes v, or adds it.
func put(m []float32, i int, v float64, add bool) {
	if add {
		v += float64(m[i])
	}
	m[i] = float32(v)
}

// at returns the index of an element.
func (s Shape) at(n, c, h, w int) int { return ((n*s.C+c)*s.H+h)*s.W + w }

func (r *refExecutor) run(op Op) {
	switch o := op.(type) {
	case Conv:
		r.convolve(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups, false)
	case ConvGradInput:
		r.spread(o.DY, o.W, None, o.DX, o.Geometry, o.Groups, o.Add)
	case ConvGradWeights:
		r.correlate(o.X, o.DY, o.DW, o.Geometry, o.Groups)
		r.biasGrad(o.DY, o.DB)
	case Deconv:
		r.spread(o.X, o.W, o.B, o.Y, o.Geometry, o.Groups, false)
	case DeconvGradInput:
		r.convolve(o.DY, o.W, None, o.DX, o.Geometry, o.Groups, o.Add)
	case DeconvGradWeights:
		r.correlate(o.DY, o.X, o.DW, o.Geometry, o.Groups)
		r.biasGrad(o.DY, o.DB)
	case Dense:
		r.dense(o)
	case DenseGradInput:
		r.denseGradInput(o)
	case DenseGradWeights:
		r.denseGradWeights(o)
	case Pool:
		r.pool(o)
	case PoolGrad:
		r.poolGrad(o)
	case LRN:
		r.lrn(o)
	case LRNGrad:
		r.lrnGrad(o)
	case BatchNorm:
		r.batchNorm(o)
	case BatchNormGrad:
		r.batchNormGrad(o)
	case Softmax:
		r.softmax(o.X, o.Y)
	case SoftmaxGrad:
		r.softmaxGrad(o)
	case Copy:
		r.copyChannels(o)
	case Crop, CropGrad, Upsample, UpsampleGrad:
		r.size(op)
	case Update:
		r.update(o)
	default:
		r.pointwise(op)
	}
}

// pointwise runs the operations that know no neighbours.
func (r *refExecutor) pointwise(op Op) {
	switch o := op.(type) {
	case Activation:
		x, y := r.mem[o.X], r.mem[o.Y]
		for i := range r.shape(o.X).Len() {
			y[i] = float32(activate(o.Kind, float64(o.Slope), float64(x[i])))
		}
	case ActivationGrad:
		y, dy, dx := r.mem[o.Y], r.mem[o.DY], r.mem[o.DX]
		for i := range r.shape(o.Y).Len() {
			put(dx, i, float64(dy[i])*steepness(o.Kind, float64(o.Slope), float64(y[i])), o.Add)
		}
	case Dropout:
		r.dropout(o.X, o.Y, o.Ratio, o.Stream, false)
	case DropoutGrad:
		r.dropout(o.DY, o.DX, o.Ratio, o.Stream, o.Add)
	case Sum:
		a, b, y := r.mem[o.A], r.mem[o.B], r.mem[o.Y]
		for i := range r.shape(o.Y).Len() {
			y[i] = a[i] + b[i]
		}
	default:
		r.loss(op)
	}
}

func activate(k ActivationKind, slope, x float64) float64 {
	switch k {
	case Sigmoid:
		return 1 / (1 + math.Exp(-x))
	case Tanh:
		return math.Tanh(x)
	case LeakyReLU:
		if x < 0 {
			return slope * x
		}
		return x
	}
	return max(x, 0)
}

// steepness returns the derivative written in terms of the output y.
func steepness(k ActivationKind, slope, y float64) float64 {
	switch k {
	case Sigmoid:
		return y * (1 - y)
	case Tanh:
		return 1 - y*y
	}
	switch {
	case y > 0:
		return 1
	case k == LeakyReLU:
		return slope
	}
	return 0
}

func (r *refExecutor) dropout(x, y ID, ratio float32, stream int, add bool) {
	s, mx, my := r.shape(x), r.mem[x], r.mem[y]
	for n := range s.N {
		for e := range s.Sample() {
			i := n*s.Sample() + e
			v := float64(mx[i])
			if r.s.Training {
				if Keep(r.s.Seed, r.s.Iteration, stream, r.s.First+n, e, ratio) {
					v /= float64(1 - ratio)
				} else {
					v = 0
				}
			}
			put(my, i, v, add)
		}
	}
}

// putAll writes sums to a buffer, or adds them.
func (r *refExecutor) putAll(id ID, sum []float64, add bool) {
	for i, v := range sum {
		put(r.mem[id], i, v, add)
	}
}

func (r *refExecutor) dense(o Dense) {
	in, out := r.shape(o.X).Sample(), r.shape(o.Y).Sample()
	for n := range r.s.Samples {
		for q := range out {
			sum := 0.0
			if o.B != None {
				sum = float64(r.mem[o.B][q])
			}
			for i := range in {
				sum += float64(r.mem[o.X][n*in+i]) * float64(r.mem[o.W][q*in+i])
			}
			r.mem[o.Y][n*out+q] = float32(sum)
		}
	}
}

func (r *refExecutor) denseGradInput(o DenseGradInput) {
	in, out := r.shape(o.DX).Sample(), r.shape(o.DY).Sample()
	for n := range r.s.Samples {
		for i := range in {
			sum := 0.0
			for q := range out {
				sum += float64(r.mem[o.DY][n*out+q]) * float64(r.mem[o.W][q*in+i])
			}
			put(r.mem[o.DX], n*in+i, sum, o.Add)
		}
	}
}

func (r *refExecutor) denseGradWeights(o DenseGradWeights) {
	in, out := r.shape(o.X).Sample(), r.shape(o.DY).Sample()
	for q := range out {
		for i := range in {
			sum := 0.0
			for n := range r.s.Samples {
				sum += float64(r.mem[o.DY][n*out+q]) * float64(r.mem[o.X][n*in+i])
			}
			put(r.mem[o.DW], q*in+i, sum, r.s.Add)
		}
	}
	r.biasGrad(o.DY, o.DB)
}

// window is the part of the image that a window of a pooling covers, and the area that its mean divides by.
type window struct{ h0, h1, w0, w1, area int }

func (g Geometry) window(s Shape, i, j int) window {
	h, w := i*g.Stride.H-g.Pad.H, j*g.Stride.W-g.Pad.W
	he, we := min(h+g.Kernel.H, s.H+g.PadEnd.H), min(w+g.Kernel.W, s.W+g.PadEnd.W)
	return window{max(h, 0), min(he, s.H), max(w, 0), min(we, s.W), (he - h) * (we - w)}
}

// eachWindow calls f for every window of a pooling: its place in the output and in the input.
func (r *refExecutor) eachWindow(x, y ID, g Geometry, f func(n, c, out int, w window)) {
	sx, sy := r.shape(x), r.shape(y)
	for n := range sy.N {
		for c := range sy.C {
			for i := range sy.H {
				for j := range sy.W {
					f(n, c, sy.at(n, c, i, j), g.window(sx, i, j))
				}
			}
		}
	}
}

// peak returns the index of the first maximum of a window.
func (r *refExecutor) peak(x ID, n, c int, w window) int {
	s := r.shape(x)
	best := s.at(n, c, w.h0, w.w0)
	for h := w.h0; h < w.h1; h++ {
		for v := w.w0; v < w.w1; v++ {
			if i := s.at(n, c, h, v); r.mem[x][i] > r.mem[x][best] {
				best = i
			}
		}
	}
	return best
}

func (r *refExecutor) pool(o Pool) {
	sx := r.shape(o.X)
	r.eachWindow(o.X, o.Y, o.Geometry, func(n, c, out int, w window) {
		if !o.Average {
			r.mem[o.Y][out] = r.mem[o.X][r.peak(o.X, n, c, w)]
			return
		}
		sum := 0.0
		for h := w.h0; h < w.h1; h++ {
			for v := w.w0; v < w.w1; v++ {
				sum += float64(r.mem[o.X][sx.at(n, c, h, v)])
			}
		}
		r.mem[o.Y][out] = float32(sum / float64(w.area))
	})
}

func (r *refExecutor) poolGrad(o PoolGrad) {
	sx := r.shape(o.X)
	sum := make([]float64, sx.Len())
	r.eachWindow(o.X, o.Y, o.Geometry, func(n, c, out int, w window) {
		dy := float64(r.mem[o.DY][out])
		if !o.Average {
			sum[r.peak(o.X, n, c, w)] += dy
			return
		}
		for h := w.h0; h < w.h1; h++ {
			for v := w.w0; v < w.w1; v++ {
				sum[sx.at(n, c, h, v)] += dy / float64(w.area)
			}
		}
	})
	for i := range sum {
		put(r.mem[o.DX], i, sum[i], o.Add)
	}
}

// softmax runs over the channels of each place.
func (r *refExecutor) softmax(x, y ID) {
	s := r.shape(x)
	plane := s.H * s.W
	for n := range s.N {
		for p := range plane {
			top := math.Inf(-1)
			for c := range s.C {
				top = max(top, float64(r.mem[x][(n*s.C+c)*plane+p]))
			}
			sum := 0.0
			for c := range s.C {
				sum += math.Exp(float64(r.mem[x][(n*s.C+c)*plane+p]) - top)
			}
			for c := range s.C {
				i := (n*s.C+c)*plane + p
				r.mem[y][i] = float32(math.Exp(float64(r.mem[x][i])-top) / sum)
			}
		}
	}
}

func (r *refExecutor) softmaxGrad(o SoftmaxGrad) {
	s := r.shape(o.Y)
	plane := s.H * s.W
	for n := range s.N {
		for p := range plane {
			sum := 0.0
			for c := range s.C {
				i := (n*s.C+c)*plane + p
				sum += float64(r.mem[o.DY][i]) * float64(r.mem[o.Y][i])
			}
			for c := range s.C {
				i := (n*s.C+c)*plane + p
				put(r.mem[o.DX], i, float64(r.mem[o.Y][i])*(float64(r.mem[o.DY][i])-sum), o.Add)
			}
		}
	}
}

func (r *refExecutor) copyChannels(o Copy) {
	sx, sy := r.shape(o.X), r.shape(o.Y)
	plane := sx.H * sx.W
	for n := range sx.N {
		for c := range o.Channels {
			for p := range plane {
				put(r.mem[o.Y], (n*sy.C+o.To+c)*plane+p, float64(r.mem[o.X][(n*sx.C+o.From+c)*plane+p]), o.Add)
			}
		}
	}
}
