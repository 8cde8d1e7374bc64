package nn

import (
	"math"
	"slices"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// deconvolution is the transposed convolution: Caffe's Deconvolution, PyTorch's ConvTranspose2d, with weights inputs × filters/groups × kernel as these have. It
// puts a window of weights, times each number of its input, into an image that is larger by the stride; padding is cut off from that. Filters 0 stands for as many
// as there are classes.
func deconvolution() Kind {
	fields := []Field{
		whole("filters", 0, 0, 65536), whole("kernel", 4, 1, 512), whole("stride", 2, 1, 512), whole("pad", 1, 0, 512),
		advanced(whole("dilation", 1, 1, 512)), whole("groups", 1, 1, 65536),
	}
	for _, f := range slices.Concat(rectangular(512), learning()) {
		if f.Key == "filler" {
			f.Choices = append(slices.Clone(f.Choices), "bilinear")
		}
		fields = append(fields, f)
	}
	return Kind{
		Type: "deconvolution", Group: "filters", MinInputs: 1, MaxInputs: 1, spares: true, PerClass: "filters",
		Fields: fields,
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			s := in[0]
			if p := divided(l, s); p != nil {
				return Shape{}, p
			}
			g := Window(l)
			along := func(size, kernel, stride, pad, dilation int) int {
				return (size-1)*stride + dilation*(kernel-1) + 1 - pad
			}
			out := Shape{
				max(l.Int("filters"), 1),
				along(s.H, g.Kernel.H, g.Stride.H, g.Pad.H+g.PadEnd.H, g.Dilation.H),
				along(s.W, g.Kernel.W, g.Stride.W, g.Pad.W+g.PadEnd.W, g.Dilation.W),
			}
			if out.H < 1 || out.W < 1 {
				return Shape{}, problem(l, fault.New("nn.deconvolution.pad", "The padding of %s cuts away the whole output that it makes from a %d×%d input. Choose a smaller padding.",
					l.Name, s.H, s.W), withoutPadding(l.Name))
			}
			return out, nil
		},
		weights: func(l Layer, in []Shape) []weight {
			g, filters, groups := Window(l), max(l.Int("filters"), 1), l.Int("groups")
			list := learned(l, kernel.Shape{N: in[0].C, C: filters / groups, H: g.Kernel.H, W: g.Kernel.W})
			// Of all windows that overlap at a place of the output, one in stride × stride reaches it with a certain weight.
			list[0].fanIn = max(in[0].C/groups*g.Kernel.H*g.Kernel.W/(g.Stride.H*g.Stride.W), 1)
			if len(list) > 1 {
				list[1].shape.N = filters
			}
			return list
		},
		work: func(l Layer, in []Shape, _ Shape) int64 {
			return int64(in[0].Len()) * int64(max(l.Int("filters"), 1)/l.Int("groups")) * windowArea(l)
		},
		forward: func(b *builder, n *node) {
			bias, _ := n.bias()
			b.forward(kernel.Deconv{X: n.in[0].y, W: n.weights[0].ID, B: bias, Y: n.y, Geometry: Window(n.layer), Groups: n.layer.Int("groups")})
		},
		backward: func(b *builder, n *node) {
			g, groups := Window(n.layer), n.layer.Int("groups")
			if _, bias := n.bias(); !n.frozen {
				b.backward(kernel.DeconvGradWeights{X: n.in[0].y, DY: n.dy, DW: n.weights[0].Gradient, DB: bias, Geometry: g, Groups: groups})
			}
			if n.in[0].learns {
				dx, add := n.in[0].gradient()
				b.backward(kernel.DeconvGradInput{DY: n.dy, W: n.weights[0].ID, DX: dx, Geometry: g, Groups: groups, Add: add})
			}
		},
	}
}

// bilinear returns a weight of Caffe's bilinear filler: with a kernel of 2f − f mod 2 and a stride of f a deconvolution of such weights enlarges images as interpolation does. Each input
// channel goes to the output channel of its own number within the group, so that a deconvolution of one group, too, enlarges each channel by itself.
func bilinear(s kernel.Shape, i int) float32 {
	if n, c := i/s.Sample(), i/(s.H*s.W)%s.C; n%s.C != c {
		return 0
	}
	along := func(at, size int) float64 {
		f := math.Ceil(float64(size) / 2)
		return 1 - math.Abs(float64(at)/f-(2*f-1-math.Mod(f, 2))/(2*f))
	}
	return float32(along(i/s.W%s.H, s.H) * along(i%s.W, s.W))
}
