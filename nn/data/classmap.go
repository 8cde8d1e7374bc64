package data

import (
	"math"
	"slices"

	"github.com/convscope/convscope/nn/fault"
)

// Void is the class of a pixel that is left out of training and scores.
const Void uint16 = 0xffff

// ClassMap returns the class of each of the w×h pixels of an image in row order: polygons first, masks over them, later ones over
// earlier ones, void masks last. What nothing covers has the class background, or is Void where that is below 0, or where neither polygons nor
// masks are known. The map is written into dst where it has room. The class of the whole image and boxes say nothing of pixels.
func (t Truth) ClassMap(w, h, background int, dst []uint16) ([]uint16, error) {
	ground := Void
	if background >= 0 && t.Kinds()&Segmentation.row().label != 0 {
		ground = uint16(background)
	}
	for _, p := range t.Polygons {
		if err := CheckMapClass(p.Class); err != nil {
			return nil, err
		}
	}
	for _, m := range t.Masks {
		if err := CheckMapClass(m.Class); err != nil && !m.Void {
			return nil, err
		}
	}
	return paint(t, w, h, dst, ground, Void, func(class, _ int) uint16 { return uint16(class) })
}

// CheckMapClass returns a fault where a class has no number in a map of classes.
func CheckMapClass(class int) error {
	if class < 0 || class >= int(Void) {
		return fault.New("data.classmap.class", "The class %v does not fit into a class map, which has room for %v. Use fewer classes for segmentation.", class, int(Void))
	}
	return nil
}

// InstanceMap returns the instance of each of the w×h pixels of an image in row order, drawn as ClassMap draws classes. It is 0 where things are not
// told apart, where there is none, and where pixels are void.
func (t Truth) InstanceMap(w, h int, dst []uint32) ([]uint32, error) {
	return paint(t, w, h, dst, 0, 0, func(_, instance int) uint32 { return uint32(instance) })
}

// paint draws polygons and masks into a map of w×h values that are ground where nothing is drawn.
func paint[T uint16 | uint32](t Truth, w, h int, dst []T, ground, void T, value func(class, instance int) T) ([]T, error) {
	dst = resized(dst, w*h)
	fill(dst, ground)
	var crossings []float64
	for _, p := range t.Polygons {
		v := value(p.Class, p.Instance)
		crossings = EachSpan(p.Points, w, h, crossings, func(from, to int) { fill(dst[from:to], v) })
	}
	for _, last := range []bool{false, true} {
		for _, m := range t.Masks {
			if m.Void != last {
				continue
			}
			v := void
			if !m.Void {
				v = value(m.Class, m.Instance)
			}
			if err := eachRun(m.Runs, w, h, func(from, to int) { fill(dst[from:to], v) }); err != nil {
				return nil, err
			}
		}
	}
	return dst, nil
}

// resized returns dst with room for n values, whatever they are.
func resized[T any](dst []T, n int) []T { return slices.Grow(dst[:0], n)[:n] }

// fill sets all values of a map.
func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// eachRun calls inside with the range of pixels of each run inside a mask of w×h pixels, and returns a fault where the runs are not those of so many pixels.
func eachRun(runs []uint32, w, h int, inside func(from, to int)) error {
	at, pixels := 0, w*h
	for i, run := range runs {
		if uint64(run) > uint64(pixels-at) {
			return fault.New("data.mask.long", "The mask covers more than the %v×%v pixels of its image. Label it again.", w, h)
		}
		if i%2 == 1 && run > 0 {
			inside(at, at+int(run))
		}
		at += int(run)
	}
	if at != pixels {
		return fault.New("data.mask.short", "The mask covers %v of its image's %v pixels. Label it again.", at, pixels)
	}
	return nil
}

// EachSpan calls inside with the range of pixels of each row, of w×h, whose centres lie in an outline by the even-odd rule. crossings is memory to use; it is
// returned for the next outline.
func EachSpan(outline [][2]float32, w, h int, crossings []float64, inside func(from, to int)) []float64 {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range outline {
		top, bottom = min(top, float64(p[1])), max(bottom, float64(p[1]))
	}
	for row := centreFrom(top, h); row < centreFrom(bottom, h); row++ {
		y := float64(row) + .5
		crossings = crossings[:0]
		q := outline[len(outline)-1]
		for _, p := range outline {
			px, py, qx, qy := float64(p[0]), float64(p[1]), float64(q[0]), float64(q[1])
			if (py > y) != (qy > y) {
				crossings = append(crossings, px+(y-py)/(qy-py)*(qx-px))
			}
			q = p
		}
		slices.Sort(crossings) // an even number: the outline is closed
		for i := 0; i+1 < len(crossings); i += 2 {
			if from, to := centreFrom(crossings[i], w), centreFrom(crossings[i+1], w); from < to {
				inside(row*w+from, row*w+to)
			}
		}
	}
	return crossings
}

// centreFrom returns the first of n pixels whose centre does not lie before a place; n where there is none.
func centreFrom(place float64, n int) int { return int(math.Ceil(min(max(place, 0), float64(n)) - .5)) }

// A RunEncoder makes runs of the ranges of pixels that lie inside a mask, in rising order.
type RunEncoder struct {
	runs []uint32
	end  int // of the last range
}

// Add adds a range; one that begins where the last one ended lengthens it.
func (r *RunEncoder) Add(from, to int) {
	if from == r.end && len(r.runs) > 0 {
		r.runs[len(r.runs)-1] += uint32(to - from)
	} else {
		r.runs = append(r.runs, uint32(from-r.end), uint32(to-from))
	}
	r.end = to
}

// Empty reports whether no range was added.
func (r *RunEncoder) Empty() bool { return len(r.runs) == 0 }

// Finish returns the Mask.Runs of a mask of so many pixels.
func (r *RunEncoder) Finish(pixels int) []uint32 {
	if r.end < pixels || len(r.runs) == 0 {
		return append(r.runs, uint32(pixels-r.end))
	}
	return r.runs
}
