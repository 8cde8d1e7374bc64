// Package vision finds things in photos with trained networks: a classifier that slides over the photo as a window, and what it takes to
// make boxes of its answers.
package vision

import "github.com/convscope/convscope/nn/geometry"

// A Box is something found: where in the photo, what, and how sure.
type Box struct {
	Class int
	Label string
	Score float32 // 0…1
	geometry.Rect
}
