package nn

import "fmt"

// block adds a 3×3 convolution, the normalisation of a batch and a ReLU.
func (c *chain) block(name string, filters int) {
	c.normalised(name, filters, 3, 1)
	c.add(name+"-relu", "relu", nil)
}

// enlarged adds a deconvolution, and a crop to the size of another layer: where a pooling rounded its size up, the enlarged image is larger than the one before it.
func (c *chain) enlarged(name, like string, settings map[string]Value) {
	c.add(name, "deconvolution", settings)
	c.add(name+"-crop", "crop", nil)
	c.with(like)
}

// with gives the last layer another input beside the one it has.
func (c *chain) with(name string) {
	l := &c.layers[len(c.layers)-1]
	l.Inputs = append(l.Inputs, name)
}

// uNet returns a small network of the form of Ronneberger et al. 2015: an encoder that halves the image three times, a decoder that doubles it again with what the
// encoder saw at that size, and a score for each class at each place. At full size, where a convolution costs most and sees least, there is one alone: the time
// is better spent on two of them at each of the other sizes.
func uNet() []Layer {
	var c chain
	var skips []string
	stages := []struct{ filters, blocks int }{{16, 1}, {32, 2}, {64, 2}}
	for i, s := range stages {
		for b := range s.blocks {
			c.block(fmt.Sprintf("down%d-%d", i+1, b+1), s.filters)
		}
		skips = append(skips, c.last())
		c.add(fmt.Sprintf("pool%d", i+1), "max-pool", nil)
	}
	c.block("deep1", 96)
	c.block("deep2", 96)
	for i := len(stages) - 1; i >= 0; i-- {
		name, skip, filters := fmt.Sprintf("up%d", i+1), skips[i], stages[i].filters
		c.enlarged(name, skip, numbers("filters", filters/2, "kernel", 2, "pad", 0, "filler", "msra"))
		c.add(name+"-join", "concat", nil)
		c.with(skip)
		if i > 0 {
			c.block(name+"-conv", filters)
		}
	}
	c.add("score", "convolution", numbers("filters", 0, "kernel", 1, "filler", "msra"))
	c.add("loss", "softmax-loss", nil)
	return c.layers
}

// fcn is FCN-8s of Long et al. 2015 in small: a trunk in the manner of VGG, scores for each class at an eighth, a sixteenth and a thirty-second of the size, and deconvolutions,
// interpolations at first, that bring each to the size of the next and the sum to that of the image.
func fcn() []Layer {
	var c chain
	pools := map[int]string{}
	for i, filters := range []int{16, 32, 64, 128, 128} {
		stage := i + 1
		c.block(fmt.Sprintf("conv%d-1", stage), filters)
		if stage > 1 {
			c.block(fmt.Sprintf("conv%d-2", stage), filters)
		}
		pools[stage] = fmt.Sprintf("pool%d", stage)
		c.add(pools[stage], "max-pool", nil)
	}
	c.block("conv6", 256)
	c.add("drop6", "dropout", nil)
	score := func(name string) {
		c.add(name, "convolution", numbers("filters", 0, "kernel", 1, "filler", "msra"))
	}
	twice := numbers("kernel", 4, "pad", 1, "filler", "bilinear", "bias", "no")
	score("score32")
	for stage, size := 4, 16; stage >= 3; stage, size = stage-1, size/2 {
		c.enlarged(fmt.Sprintf("up%d", size), pools[stage], twice)
		larger, skip := c.last(), fmt.Sprintf("score%d", size)
		c.from(pools[stage])
		score(skip)
		c.add(fmt.Sprintf("sum%d", size), "add", nil)
		c.with(larger)
	}
	c.enlarged("up", Data, numbers("kernel", 16, "stride", 8, "pad", 4, "filler", "bilinear", "bias", "no"))
	c.add("loss", "softmax-loss", nil)
	return c.layers
}
