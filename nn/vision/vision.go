// Package vision finds things in photos with trained networks: a classifier that slides over the photo as a window, and what it takes to
// make boxes of its answers.
package vision

import (
	"cmp"
	"slices"
)

// A Box is something found: where, what, and how sure. X and Y are its top left corner in pixels of the photo.
type Box struct {
	Class      int
	Label      string
	Score      float32 // 0…1
	X, Y, W, H float32
}

// IoU is the area that two boxes share over the area that they cover together (Jaccard), 0…1.
func IoU(a, b Box) float32 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	shared := w * h
	return shared / (a.W*a.H + b.W*b.H - shared)
}

// NMS is non-maximum suppression: going by falling score, a box is kept if it overlaps none that is kept with an IoU of more than
// overlap. Boxes of all classes suppress each other if across is set, else those of one class. The result is by falling score.
func NMS(boxes []Box, overlap float32, across bool) []Box {
	sorted := slices.Clone(boxes)
	slices.SortStableFunc(sorted, func(a, b Box) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Box
	for _, b := range sorted {
		if !slices.ContainsFunc(kept, func(k Box) bool { return (across || k.Class == b.Class) && IoU(k, b) > overlap }) {
			kept = append(kept, b)
		}
	}
	return kept
}
