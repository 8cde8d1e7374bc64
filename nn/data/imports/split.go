package imports

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A shares says how a collection is split: what the source's own splits keep, and which percentages of the rest go where.
type shares struct {
	val, test float64 // percent of the images in the pool
	seed      uint64
}

// release decides which images keep their source's split and which are split by percent: an image whose split is -1
// afterwards is. A percentage below 0 was not given. Where --val is given, the source's train and val images are pooled,
// where --test is given its train and test images. By default 25 % of what has no split of its own is for validation,
// unless the source has a validation split.
func release(items []source.Item, val, test float64, seed uint64) (shares, error) {
	if val > 100 || test > 100 || max(val, 0)+max(test, 0) > 100 || math.IsNaN(val) || math.IsNaN(test) {
		return shares{}, fault.New("data.percent", "%v %% for validation and %v %% for testing add up to more than the whole. Choose shares that add up to 100 at most.", max(val, 0), max(test, 0))
	}
	hasVal := false
	for i := range items {
		it := &items[i]
		switch s := data.Split(it.Split); {
		case it.Split < 0:
		case it.Fixed:
			hasVal = hasVal || s == data.Val
		case s == data.Train && (val >= 0 || test >= 0), s == data.Val && val >= 0, s == data.Test && test >= 0:
			it.Split = -1
		case s == data.Val:
			hasVal = true
		}
	}
	if val < 0 {
		val = 25
		if hasVal {
			val = 0
		}
		val = min(val, 100-max(test, 0))
	}
	return shares{val: val, test: max(test, 0), seed: seed}, nil
}

// ranks returns the place of each image in the draw: those of a class with the lowest ranks are for validation, the next ones for the
// test. An image's rank does not depend on whether others can be read.
func ranks(n int, seed uint64) []uint64 {
	r := rand.New(rand.NewPCG(seed, 0x73706c6974)) // "split"
	out := make([]uint64, n)
	for i := range out {
		out[i] = r.Uint64()
	}
	return out
}

// assign returns the split of each image of which use is true. Each stratum gets its share, and all together get
// theirs to the image: what is left over of the whole numbers goes to those with the largest remainders.
func (s shares) assign(items []source.Item, strata []int, rank []uint64, use func(i int) bool) []data.Split {
	out := make([]data.Split, len(items))
	none := slices.Max(append([]int{-1}, strata...)) + 1
	pool := make([][]int, none+1) // by stratum; the last for images without one
	for i, it := range items {
		switch {
		case !use(i):
		case it.Split >= 0:
			out[i] = data.Split(it.Split)
		case strata[i] < 0:
			pool[none] = append(pool[none], i)
		default:
			pool[strata[i]] = append(pool[strata[i]], i)
		}
	}
	sizes := make([]int, len(pool))
	for c, p := range pool {
		sizes[c] = len(p)
		slices.SortFunc(p, func(a, b int) int { return cmp.Or(cmp.Compare(rank[a], rank[b]), a-b) })
	}
	val, test := Apportion(sizes, s.val, s.test)
	for c, p := range pool {
		for _, i := range p[:val[c]] {
			out[i] = data.Val
		}
		for _, i := range p[val[c] : val[c]+test[c]] {
			out[i] = data.Test
		}
	}
	return out
}

// Apportion returns how many images of classes of the given sizes are for validation and for the test: percents of each in whole numbers that add up
// to the percent of all, by the largest remainders. Percents below 0 count as 0.
func Apportion(sizes []int, valPercent, testPercent float64) (val, test []int) {
	val = apportion(sizes, max(valPercent, 0), nil)
	return val, apportion(sizes, max(testPercent, 0), val)
}

// apportion returns percent of each size in whole numbers that add up to percent of all sizes, by the largest remainders; no
// more than is left after taken.
func apportion(sizes []int, percent float64, taken []int) []int {
	out := make([]int, len(sizes))
	rest := make([]float64, len(sizes))
	order := make([]int, len(sizes))
	total, given := 0, 0
	for c, n := range sizes {
		exact := float64(n) * percent / 100
		out[c] = int(exact)
		rest[c] = exact - float64(out[c])
		order[c] = c
		total += n
		given += out[c]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	want := int(math.Round(float64(total) * percent / 100))
	for _, c := range order {
		room := sizes[c]
		if taken != nil {
			room -= taken[c]
		}
		if given < want && out[c] < room {
			out[c]++
			given++
		}
		out[c] = min(out[c], room)
	}
	return out
}

// limit leaves out classes of which the source has fewer than least images, and all but most images of each class (of each stratum), chosen by seed; 0 is
// no limit. A source of validation or test images that was joined is counted for itself, as DIGITS does: a hundred images of
// a class to train on are a hundred, however many there are to test with.
func limit(c *source.Collection, least, most int, seed uint64) {
	if least > 0 {
		own := slices.DeleteFunc(slices.Clone(c.Items), func(it source.Item) bool { return it.Fixed })
		images := imagesOf(c.Task, own, len(c.Classes))
		var kept []string
		for class, name := range c.Classes {
			if n := images[class]; n < least {
				c.Skipped = append(c.Skipped, data.NewSkipped(name, fault.New("data.class.small", "The class %s has %v images, fewer than the %v asked for.", name, n, least)))
				continue
			}
			kept = append(kept, name)
		}
		defer c.Renumber(kept)
	}
	if most <= 0 {
		return
	}
	pools := map[[2]int][]int{} // by the split of what was joined, or -1, and by class
	for i, class := range strata(c.Task, c.Items, len(c.Classes)) {
		if class < 0 {
			continue
		}
		pool := [2]int{-1, class}
		if c.Items[i].Fixed {
			pool[0] = int(c.Items[i].Split)
		}
		pools[pool] = append(pools[pool], i)
	}
	rank := ranks(len(c.Items), seed^0x6d617820) // not the draw of the split
	drop := make([]bool, len(c.Items))
	for _, items := range pools {
		slices.SortFunc(items, func(a, b int) int { return cmp.Or(cmp.Compare(rank[a], rank[b]), a-b) })
		for _, i := range items[min(most, len(items)):] {
			drop[i] = true
		}
	}
	kept := c.Items[:0]
	for i, it := range c.Items {
		if !drop[i] {
			kept = append(kept, it)
		}
	}
	c.Items = kept
}

// strata returns the class by which a split is balanced for each image: of the classes in it, the one that the fewest images have, so that rare
// classes come into every part; -1 where there is none.
func strata(t data.Task, items []source.Item, classes int) []int {
	images := imagesOf(t, items, classes)
	out := make([]int, len(items))
	for i, it := range items {
		out[i] = -1
		t.Weigh(it.Truth, func(class int, _ float64) {
			if at := out[i]; at < 0 || images[class] < images[at] || images[class] == images[at] && class < at {
				out[i] = class
			}
		})
	}
	return out
}

// imagesOf returns how many images have each of so many classes.
func imagesOf(t data.Task, items []source.Item, classes int) []int {
	images, last := make([]int, classes), make([]int, classes) // the image that was counted last, plus one
	for i, it := range items {
		t.Weigh(it.Truth, func(class int, _ float64) {
			if last[class] != i+1 {
				last[class] = i + 1
				images[class]++
			}
		})
	}
	return images
}
