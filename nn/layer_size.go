package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// upsample enlarges the image by a whole factor: PyTorch's Upsample without align_corners.
func upsample() Kind {
	bilinear := func(n *node) bool { return n.layer.Text("interpolation") == "bilinear" }
	return Kind{
		Type: "upsample", Group: "size", MinInputs: 1, MaxInputs: 1, spares: true,
		Fields: []Field{whole("factor", 2, 1, 64), choice("interpolation", "bilinear", "nearest")},
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			f, s := l.Int("factor"), in[0]
			return Shape{s.C, f * s.H, f * s.W}, nil
		},
		work: elements,
		forward: func(b *builder, n *node) {
			b.forward(kernel.Upsample{X: n.in[0].y, Y: n.y, Factor: n.layer.Int("factor"), Bilinear: bilinear(n)})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.UpsampleGrad{DY: n.dy, DX: dx, Factor: n.layer.Int("factor"), Bilinear: bilinear(n), Add: add})
		},
	}
}

// crop cuts its first input to the size of its second, of which it takes nothing else: Caffe's Crop of height and width. The part lies in the middle (of an odd rest one place less
// is cut off before than after), or begins at an offset.
func crop() Kind {
	part := func(l Layer, in, like Shape) (row, column int) {
		if l.Text("align") == "centre" {
			return (in.H - like.H) / 2, (in.W - like.W) / 2
		}
		return l.Int("offset-h"), l.Int("offset-w")
	}
	return Kind{
		Type: "crop", Group: "size", MinInputs: 2, MaxInputs: 2, spares: true,
		Fields: []Field{choice("align", "centre", "offset"), advanced(whole("offset-h", 0, 0, maxSide)), advanced(whole("offset-w", 0, 0, maxSide))},
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			s, like := in[0], in[1]
			if like.H > s.H || like.W > s.W {
				return Shape{}, problem(l, fault.New("nn.crop.small", "%s crops the %d×%d image from %s to the size of %s, but that is larger: %d×%d. Connect the larger one first.",
					l.Name, s.H, s.W, l.Inputs[0], l.Inputs[1], like.H, like.W), exchanged(l.Name))
			}
			if row, column := part(l, s, like); row+like.H > s.H || column+like.W > s.W {
				fix := &Fix{Code: "set-align-centre", Args: []any{l.Name}, Apply: func(s Spec) Spec {
					s = s.Clone()
					if i := s.Layer(l.Name); i >= 0 {
						s.Layers[i] = s.Layers[i].With("align", Word("centre"))
					}
					return s
				}}
				return Shape{}, problem(l, fault.New("nn.crop.offset", "From row %d and column %d on, the %d×%d image that %s crops has no room for %d×%d. Choose a smaller offset.",
					row, column, s.H, s.W, l.Name, like.H, like.W), fix)
			}
			return Shape{s.C, like.H, like.W}, nil
		},
		work: func(Layer, []Shape, Shape) int64 { return 0 },
		forward: func(b *builder, n *node) {
			row, column := part(n.layer, n.in[0].out, n.in[1].out)
			b.forward(kernel.Crop{X: n.in[0].y, Y: n.y, Row: row, Column: column})
		},
		backward: func(b *builder, n *node) {
			if !n.in[0].learns {
				return
			}
			row, column := part(n.layer, n.in[0].out, n.in[1].out)
			dx, add := n.in[0].gradient()
			b.backward(kernel.CropGrad{DY: n.dy, DX: dx, Row: row, Column: column, Add: add})
		},
	}
}

// exchanged returns the fix that exchanges the two inputs of a layer.
func exchanged(layer string) *Fix {
	return &Fix{Code: "exchange-inputs", Args: []any{layer}, Apply: func(s Spec) Spec {
		s = s.Clone()
		if i := s.Layer(layer); i >= 0 && len(s.Layers[i].Inputs) == 2 {
			in := s.Layers[i].Inputs
			in[0], in[1] = in[1], in[0]
		}
		return s
	}}
}

// slice gives some of the channels, from one on and up to another that is not among them, 0: to the last. (Caffe's Slice has several outputs; here each is a layer.)
func slice() Kind {
	end := func(l Layer, s Shape) int {
		if to := l.Int("to"); to > 0 {
			return to
		}
		return s.C
	}
	return Kind{
		Type: "slice", Group: "size", MinInputs: 1, MaxInputs: 1, spares: true,
		Fields: []Field{whole("from", 0, 0, 65535), whole("to", 0, 0, 65536)},
		shape: func(l Layer, in []Shape) (Shape, *Problem) {
			s, from := in[0], l.Int("from")
			to := end(l, s)
			if from >= to || to > s.C {
				fix := &Fix{Code: "set-all-channels", Args: []any{l.Name}, Apply: func(s Spec) Spec { return with(with(s, l.Name, "from", 0), l.Name, "to", 0) }}
				return Shape{}, problem(l, fault.New("nn.slice.range", "%s takes the maps from %d up to %d, but %s has maps from 0 up to %d. Choose others.",
					l.Name, from, to, l.Inputs[0], s.C), fix)
			}
			return Shape{to - from, s.H, s.W}, nil
		},
		work: func(Layer, []Shape, Shape) int64 { return 0 },
		forward: func(b *builder, n *node) {
			b.forward(kernel.Crop{X: n.in[0].y, Y: n.y, Channel: n.layer.Int("from")})
		},
		backward: func(b *builder, n *node) {
			dx, add := n.in[0].gradient()
			b.backward(kernel.CropGrad{DY: n.dy, DX: dx, Channel: n.layer.Int("from"), Add: add})
		},
	}
}
