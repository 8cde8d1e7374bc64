package nn

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// rectangular lists the fields that give a window another height than width, or padding that differs from side to side: Caffe's kernel_h, stride_h and so on.
// Left as they are the window is square and padded alike.
func rectangular(mostPad float64) []Field {
	follows := func(key, square string, def, most float64) Field {
		f := advanced(whole(key, def, def, most))
		f.Follows = square
		return f
	}
	return []Field{
		follows("kernel-h", "kernel", 0, 512), follows("kernel-w", "kernel", 0, 512),
		follows("stride-h", "stride", 0, 512), follows("stride-w", "stride", 0, 512),
		follows("pad-top", "pad", -1, mostPad), follows("pad-bottom", "pad", -1, mostPad),
		follows("pad-left", "pad", -1, mostPad), follows("pad-right", "pad", -1, mostPad),
	}
}

// followed returns the value of a field, or of the one that it follows.
func (l Layer) followed(key string) int {
	f, _ := kinds[l.Type].Field(key)
	if v := l.Int(key); f.Follows == "" || v != int(f.Default.Number) {
		return v
	}
	return l.Int(f.Follows)
}

// Window reads the fields of a layer with a window: a convolution, a transposed one or a pooling.
func Window(l Layer) kernel.Geometry {
	pair := func(h, w string) kernel.Pair { return kernel.Pair{H: l.followed(h), W: l.followed(w)} }
	dilation := max(l.Int("dilation"), 1) // 0 of a window without
	return kernel.Geometry{
		Kernel: pair("kernel-h", "kernel-w"), Stride: pair("stride-h", "stride-w"), Dilation: kernel.Pair{H: dilation, W: dilation},
		Pad: pair("pad-top", "pad-left"), PadEnd: pair("pad-bottom", "pad-right"),
	}
}

// windowArea returns how many places a window sees.
func windowArea(l Layer) int64 {
	k := Window(l).Kernel
	return int64(k.H) * int64(k.W)
}

// tooLarge returns the problem of a window, spread by its dilation, that does not fit into its image. The repair is the usual window, or a smaller one
// where that does not fit without padding: the largest that fits leaves a single place, and then the next window finds no room.
func tooLarge(l Layer, s Shape) *Problem {
	g := Window(l)
	spread := func(k, dilation int) int { return dilation*(k-1) + 1 }
	f := fault.New("nn.kernel.large",
		"The %d×%d window of %s is larger than the %d×%d image that reaches it. Make it smaller, or remove a layer before it that shrinks the image.",
		spread(g.Kernel.H, g.Dilation.H), spread(g.Kernel.W, g.Dilation.W), l.Name, s.H, s.W)
	usual := 1
	if field, ok := kinds[l.Type].Field("kernel"); ok {
		usual = int(field.Default.Number)
	}
	var repairs []*Fix
	for k := min(usual, (min(s.H, s.W)-1)/g.Dilation.H+1); k >= 1; k-- {
		fix := setting(l.Name, "kernel", float64(k))
		fix.Apply = func(s Spec) Spec { return square(s, l.Name, "kernel", float64(k), "kernel-h", "kernel-w") }
		if kinds[l.Type].Group == "pooling" && max(g.Pad.H, g.Pad.W, g.PadEnd.H, g.PadEnd.W) >= k { // padding must be smaller than the window of pooling
			set := fix.Apply
			fix.Code, fix.Apply = "set-kernel-pad", func(s Spec) Spec { return unpadded(set(s), l.Name) }
		}
		repairs = append(repairs, fix)
	}
	return problem(l, f, repairs...)
}

// square sets a field of a window, and lets others follow it.
func square(s Spec, layer, key string, v float64, followers ...string) Spec {
	s = with(s, layer, key, v)
	if i := s.Layer(layer); i >= 0 {
		for _, f := range followers {
			delete(s.Layers[i].Settings, f)
		}
	}
	return s
}

// unpadded takes all padding from a window.
func unpadded(s Spec, layer string) Spec {
	return square(s, layer, "pad", 0, "pad-top", "pad-bottom", "pad-left", "pad-right")
}

// withoutPadding returns the fix that does so.
func withoutPadding(layer string) *Fix {
	fix := setting(layer, "pad", 0)
	fix.Apply = func(s Spec) Spec { return unpadded(s, layer) }
	return fix
}
