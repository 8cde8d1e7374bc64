package nn

import "fmt"

// normalised adds a 3×3 or 1×1 convolution without bias and the normalisation of a batch.
func (c *chain) normalised(name string, filters, kernel, stride int) {
	c.add(name, "convolution", numbers("filters", filters, "kernel", kernel, "stride", stride, "pad", kernel/2, "filler", "msra", "bias", "no"))
	c.add(name+"-norm", "batch-norm", nil)
}

// resnetSmall returns the residual network of 20 layers for small images of He et al. 2016 (section 4.2), with 1×1 convolutions in the shortcuts where the size changes.
func resnetSmall() []Layer {
	const blocks = 3 // of a stage
	var c chain
	c.normalised("conv1", 16, 3, 1)
	c.add("relu1", "relu", nil)
	for stage, filters := range []int{16, 32, 64} {
		for block := range blocks {
			name := fmt.Sprintf("res%d%c", stage+2, 'a'+block)
			in, stride := c.last(), 1
			if stage > 0 && block == 0 {
				stride = 2
			}
			c.normalised(name+"-conv1", filters, 3, stride)
			c.add(name+"-relu1", "relu", nil)
			c.normalised(name+"-conv2", filters, 3, 1)
			way, shortcut := c.last(), in
			if stride > 1 {
				c.next = in
				c.normalised(name+"-short", filters, 1, stride)
				shortcut = c.last()
			}
			c.add(name, "add", nil)
			c.layers[len(c.layers)-1].Inputs = []string{way, shortcut}
			c.add(name+"-relu2", "relu", nil)
		}
	}
	c.add("pool", "global-pool", nil)
	c.add("ip", "fully-connected", numbers("filler", "msra"))
	c.add("loss", "softmax-loss", nil)
	return c.layers
}

// vggSmall stacks 3×3 convolutions as Simonyan and Zisserman 2015 do, for small images.
func vggSmall() []Layer {
	var c chain
	for stage, filters := range []int{32, 64, 128} {
		for i := range 2 {
			name := fmt.Sprintf("%d-%d", stage+1, i+1)
			c.add("conv"+name, "convolution", numbers("filters", filters, "kernel", 3, "pad", 1, "filler", "msra"))
			c.add("relu"+name, "relu", nil)
		}
		c.add(fmt.Sprintf("pool%d", stage+1), "max-pool", nil)
	}
	c.add("ip1", "fully-connected", numbers("outputs", 256, "filler", "msra"))
	c.add("relu4", "relu", nil)
	c.add("drop", "dropout", nil)
	c.add("ip2", "fully-connected", nil)
	c.add("loss", "softmax-loss", nil)
	return c.layers
}
