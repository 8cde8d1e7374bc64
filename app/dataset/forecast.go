package dataset

import (
	"cmp"
	"math"
	"slices"

	"github.com/convscope/convscope/nn/data"
)

// A share is how many images of a class an import will put where. Class "" is of those without a label.
type share struct {
	class            string
	train, val, test int
}

// foresee reckons how an import will split the images, before any is read: as nn/data does, each class gets its percent in whole numbers, and what is
// left over goes to those with the largest remainders. It does not know where the source's own splits are kept.
func foresee(found *data.Found, o data.ImportOptions) (shares []share, known bool) {
	if o.ValPercent < 0 {
		return nil, false
	}
	var sizes []int
	unlabelled := found.Images
	for c, n := range found.PerClass {
		unlabelled -= n
		if n < o.MinPerClass {
			continue
		}
		if o.MaxPerClass > 0 {
			n = min(n, o.MaxPerClass)
		}
		shares, sizes = append(shares, share{class: found.Classes[c]}), append(sizes, n)
	}
	shares, sizes = append(shares, share{}), append(sizes, unlabelled)
	val := portions(sizes, o.ValPercent, make([]int, len(sizes)))
	test := portions(sizes, max(0, o.TestPercent), val)
	for i := range shares {
		shares[i].val, shares[i].test, shares[i].train = val[i], test[i], sizes[i]-val[i]-test[i]
	}
	return shares, true
}

// portions gives percent of each size in whole numbers that add up to percent of all, no more than is left after taken.
func portions(sizes []int, percent float64, taken []int) []int {
	out, order := make([]int, len(sizes)), make([]int, len(sizes))
	rest := make([]float64, len(sizes))
	total, given := 0, 0
	for i, n := range sizes {
		exact := float64(n) * percent / 100
		out[i], order[i] = int(exact), i
		rest[i] = exact - float64(out[i])
		total, given = total+n, given+out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	want := int(math.Round(float64(total) * percent / 100))
	for _, i := range order {
		if given < want && out[i] < sizes[i]-taken[i] {
			out[i]++
			given++
		}
		out[i] = min(out[i], sizes[i]-taken[i])
	}
	return out
}
