package vision

import (
	"cmp"
	"slices"

	"github.com/convscope/convscope/nn/data"
)

// A Region is a connected area of one class in a photo. Things of one class that touch are one region: a class for each pixel does not tell them apart.
type Region struct {
	ID    int // from 1
	Class int
	Label string
	Area  int     // pixels
	Score float32 // mean probability of the class in it, 0…1
}

// Regions returns the connected areas (by the four neighbours of a pixel) of all classes but the background, by falling area, and of each pixel in row order the ID of its
// region; 0: none. It is the two passes of Rosenfeld and Pfaltz, "Sequential operations in digital picture processing" (1966).
func (s *Segmentation) Regions() ([]Region, []uint32) {
	w := s.Size.X
	ids, roots := make([]uint32, len(s.Classes)), union{0} // 0 is no region
	for i, c := range s.Classes {
		if int(c) == s.Background || c == data.Void {
			continue
		}
		left, above := uint32(0), uint32(0)
		if i%w > 0 && s.Classes[i-1] == c {
			left = ids[i-1]
		}
		if i >= w && s.Classes[i-w] == c {
			above = ids[i-w]
		}
		switch {
		case left == 0 && above == 0:
			ids[i] = roots.add()
		case left == 0 || above == 0:
			ids[i] = max(left, above)
		default:
			ids[i] = roots.join(left, above)
		}
	}
	return s.number(ids, roots)
}

// number makes regions of the roots and gives each pixel the ID of its region.
func (s *Segmentation) number(ids []uint32, roots union) ([]Region, []uint32) {
	at := make([]int, len(roots)) // of the root's region in the list, plus one
	var list []Region
	var sums []uint64 // of the scores, in 255ths
	for i, id := range ids {
		if id == 0 {
			continue
		}
		root := roots.find(id)
		ids[i] = root
		if at[root] == 0 {
			c := int(s.Classes[i])
			list, sums = append(list, Region{ID: int(root), Class: c, Label: s.Labels[c]}), append(sums, 0)
			at[root] = len(list)
		}
		list[at[root]-1].Area++
		sums[at[root]-1] += uint64(s.Scores[i])
	}
	for k := range list {
		list[k].Score = float32(float64(sums[k]) / float64(list[k].Area) / 255)
	}
	slices.SortStableFunc(list, func(a, b Region) int { return cmp.Compare(b.Area, a.Area) }) // of equal ones the upper first
	for k := range list {
		at[list[k].ID] = k + 1
		list[k].ID = k + 1
	}
	for i, root := range ids {
		ids[i] = uint32(at[root])
	}
	return list, ids
}

// A union is a forest of numbers that stand for the same region: of each its parent, a root its own.
type union []uint32

// add adds a root.
func (u *union) add() uint32 {
	*u = append(*u, uint32(len(*u)))
	return uint32(len(*u) - 1)
}

// find returns the root of a number, and halves the way there.
func (u union) find(n uint32) uint32 {
	for u[n] != n {
		u[n] = u[u[n]]
		n = u[n]
	}
	return n
}

// join makes two numbers one region and returns its root.
func (u union) join(a, b uint32) uint32 {
	a, b = u.find(a), u.find(b)
	u[max(a, b)] = min(a, b)
	return min(a, b)
}
