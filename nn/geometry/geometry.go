// Package geometry has the rectangle of everything that finds and marks things in images, and what is reckoned with it.
package geometry

import (
	"cmp"
	"slices"
)

// A Rect is a rectangle in pixels of an image, from its top left corner.
type Rect struct {
	X float32 `json:"x"` // left edge
	Y float32 `json:"y"` // top edge
	W float32 `json:"w"`
	H float32 `json:"h"`
}

// IoU returns the area that two rectangles share over the area that they cover together, 0…1 (the Jaccard index). Those without an area share none.
func (r Rect) IoU(o Rect) float32 {
	w := min(r.X+r.W, o.X+o.W) - max(r.X, o.X)
	h := min(r.Y+r.H, o.Y+o.H) - max(r.Y, o.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	shared := w * h
	return shared / (r.W*r.H + o.W*o.H - shared)
}

// NMS is non-maximum suppression: going by falling score, a rectangle is kept if it overlaps none that is kept with an IoU of more than overlap. With classes, only rectangles of
// one class suppress each other; nil: all do. It returns the indices of those kept, by falling score; those of equal score keep their order.
func NMS(rects []Rect, scores []float32, classes []int, overlap float32) []int {
	order := make([]int, len(rects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var kept []int
	for _, i := range order {
		suppressed := slices.ContainsFunc(kept, func(k int) bool {
			return (classes == nil || classes[k] == classes[i]) && rects[k].IoU(rects[i]) > overlap
		})
		if !suppressed {
			kept = append(kept, i)
		}
	}
	return kept
}
