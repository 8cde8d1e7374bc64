package data

import "github.com/convscope/convscope/nn/data/imports"

// A share is how many images of a class an import will put where. Class "" is of those without a label.
type share struct {
	class            string
	train, val, test int
}

// foresee reckons how an import will split the images, before any is read. It does not know where the source's own splits are kept.
func foresee(found *imports.Found, o imports.Options) (shares []share, known bool) {
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
	val, test := imports.Apportion(sizes, o.ValPercent, o.TestPercent)
	for i := range shares {
		shares[i].val, shares[i].test, shares[i].train = val[i], test[i], sizes[i]-val[i]-test[i]
	}
	return shares, true
}
