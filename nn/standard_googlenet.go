package nn

// googlenet is Caffe's models/bvlc_googlenet/train_val.prototxt (Szegedy et al. 2014), with its two auxiliary losses.
func googlenet() []Layer {
	var c chain
	c.rectified("conv1-7x7", 64, 7, numbers("stride", 2, "pad", 3))
	c.add("pool1", "max-pool", numbers("kernel", 3))
	c.add("norm1", "lrn", nil)
	c.rectified("conv2-reduce", 64, 1, nil)
	c.rectified("conv2-3x3", 192, 3, numbers("pad", 1))
	c.add("norm2", "lrn", nil)
	c.add("pool2", "max-pool", numbers("kernel", 3))
	c.inception("3a", 64, 96, 128, 16, 32, 32)
	c.inception("3b", 128, 128, 192, 32, 96, 64)
	c.add("pool3", "max-pool", numbers("kernel", 3))
	c.inception("4a", 192, 96, 208, 16, 48, 64)
	c.auxiliary("loss1")
	c.inception("4b", 160, 112, 224, 24, 64, 64)
	c.inception("4c", 128, 128, 256, 24, 64, 64)
	c.inception("4d", 112, 144, 288, 32, 64, 64)
	c.auxiliary("loss2")
	c.inception("4e", 256, 160, 320, 32, 128, 128)
	c.add("pool4", "max-pool", numbers("kernel", 3))
	c.inception("5a", 256, 160, 320, 32, 128, 128)
	c.inception("5b", 384, 192, 384, 48, 128, 128)
	c.add("pool5", "average-pool", numbers("kernel", 7, "stride", 1))
	c.add("drop5", "dropout", numbers("ratio", .4))
	c.add("classifier", "fully-connected", numbers("bias-decay", 0))
	c.add("loss3", "softmax-loss", nil)
	return c.layers
}

// rectified adds a convolution with the filler and biases of GoogLeNet, and its ReLU.
func (c *chain) rectified(name string, filters, kernel int, more map[string]Value) {
	settings := numbers("filters", filters, "kernel", kernel, "bias-value", .2, "bias-decay", 0)
	for k, v := range more {
		settings[k] = v
	}
	c.add(name, "convolution", settings)
	c.add(name+"-relu", "relu", nil)
}

// from lets the next layer take its input from another layer than the last one.
func (c *chain) from(name string) { c.next = name }

// inception adds the module: a 1×1 convolution, a 3×3 and a 5×5 each behind a 1×1 that narrows, and a pooling behind which a 1×1 follows, side by side.
func (c *chain) inception(name string, one, reduce3, three, reduce5, five, pool int) {
	in, branch := c.last(), func(s string) string { return name + "-" + s }
	c.rectified(branch("1x1"), one, 1, nil)
	c.from(in)
	c.rectified(branch("3x3-reduce"), reduce3, 1, nil)
	c.rectified(branch("3x3"), three, 3, numbers("pad", 1))
	c.from(in)
	c.rectified(branch("5x5-reduce"), reduce5, 1, nil)
	c.rectified(branch("5x5"), five, 5, numbers("pad", 2))
	c.from(in)
	c.add(branch("pool"), "max-pool", numbers("kernel", 3, "stride", 1, "pad", 1))
	c.rectified(branch("pool-proj"), pool, 1, nil)
	var ends []string
	for _, s := range []string{"1x1", "3x3", "5x5", "pool-proj"} {
		ends = append(ends, branch(s)+"-relu")
	}
	c.layers = append(c.layers, Layer{Name: branch("output"), Type: "concat", Inputs: ends})
}

// auxiliary adds a classifier of its own in the middle of the network, whose loss brings gradients to the layers before it.
func (c *chain) auxiliary(name string) {
	in := c.last()
	c.add(name+"-pool", "average-pool", numbers("kernel", 5, "stride", 3))
	c.rectified(name+"-conv", 128, 1, nil)
	c.add(name+"-fc", "fully-connected", numbers("outputs", 1024, "bias-value", .2, "bias-decay", 0))
	c.add(name+"-relu", "relu", nil)
	c.add(name+"-drop", "dropout", numbers("ratio", .7))
	c.add(name+"-classifier", "fully-connected", numbers("bias-decay", 0))
	c.add(name, "softmax-loss", numbers("weight", .3))
	c.from(in)
}
