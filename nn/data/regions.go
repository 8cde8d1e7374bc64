package data

import (
	"cmp"
	"slices"

	"github.com/convscope/convscope/nn/geometry"
)

// A region is where a map of numbers has one of them.
type region struct {
	Value          uint32
	runs           RunEncoder
	x0, y0, x1, y1 int // the smallest rectangle around it, x1 and y1 outside
}

// Regions returns the regions of a map of w numbers a row, by rising number, without those that are 0.
func Regions(m []uint32, w int) []*region {
	found := map[uint32]*region{}
	var last *region // neighbours mostly have the same number
	for from := 0; from < len(m); {
		row := from / w
		to := from + 1
		for end := (row + 1) * w; to < end && m[to] == m[from]; to++ {
		}
		v := m[from]
		if v != 0 {
			if last == nil || last.Value != v {
				if last = found[v]; last == nil {
					last = &region{Value: v, x0: w, y0: row}
					found[v] = last
				}
			}
			last.runs.Add(from, to)
			last.x0, last.x1, last.y1 = min(last.x0, from-row*w), max(last.x1, to-row*w), row+1
		}
		from = to
	}
	out := make([]*region, 0, len(found))
	for _, r := range found {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *region) int { return cmp.Compare(a.Value, b.Value) })
	return out
}

// Lengths returns how many lengths the runs of the region take.
func (r *region) Lengths() int { return len(r.runs.runs) }

// Mask returns the region of a map of so many pixels as a mask.
func (r *region) Mask(class, instance, pixels int) Mask {
	return Mask{Class: class, Instance: instance, Runs: r.runs.Finish(pixels)}
}

// Box returns the smallest box around the region.
func (r *region) Box(class int) Box {
	return Box{Class: class, Rect: geometry.Rect{X: float32(r.x0), Y: float32(r.y0), W: float32(r.x1 - r.x0), H: float32(r.y1 - r.y0)}}
}
