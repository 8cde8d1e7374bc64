// Package nn describes convolutional networks and compiles them to programs for a device.
//
// A Spec is a network as a person builds it: layers by name, joined by their inputs. The catalog has a row for each kind of layer.
// Analyze tells shapes, costs and, in words, what cannot work. Compile makes a kernel.Program; an Instance is that program with its
// weights on a device.
package nn

import "fmt"

// A Shape is that of one sample: channels × height × width. A vector of features is C×1×1.
type Shape struct {
	C int `json:"channels"`
	H int `json:"height"`
	W int `json:"width"`
}

// Len returns the number of elements.
func (s Shape) Len() int { return s.C * s.H * s.W }

// elements is Len where an int may be too small for it.
func (s Shape) elements() int64 { return int64(s.C) * int64(s.H) * int64(s.W) }

// String writes height × width × channels, as pictures of networks do; a vector is its length.
func (s Shape) String() string {
	if s.H == 1 && s.W == 1 {
		return fmt.Sprint(s.C)
	}
	return fmt.Sprintf("%d×%d×%d", s.H, s.W, s.C)
}
