package kernel

// size checks an operation that changes the size of images.
func (c *checker) size(op Op) {
	switch o := op.(type) {
	case Crop:
		c.crop(o.X, o.Y, o.Channel, o.Row, o.Column)
		c.resized(o.X, o.Y)
	case CropGrad:
		c.crop(o.DX, o.DY, o.Channel, o.Row, o.Column)
		c.resized(o.DY, o.DX)
	case Upsample:
		c.upsample(o.X, o.Y, o.Factor)
		c.resized(o.X, o.Y)
	case UpsampleGrad:
		c.upsample(o.DX, o.DY, o.Factor)
		c.resized(o.DY, o.DX)
	default:
		c.loss(op)
	}
}

// resized demands an image that is read and another that is written.
func (c *checker) resized(from, to ID) {
	c.reads(from)
	c.writes(to)
	c.apart(to, from)
}

func (c *checker) crop(whole, part ID, channel, row, column int) {
	w, p := c.shape(whole), c.shape(part)
	if min(channel, row, column) < 0 || channel+p.C > w.C || row+p.H > w.H || column+p.W > w.W {
		c.fail("%v from channel %d, row %d and column %d of %v", p, channel, row, column, w)
	}
}

func (c *checker) upsample(small, large ID, factor int) {
	s, l := c.shape(small), c.shape(large)
	if factor < 1 || l.C != s.C || l.H != factor*s.H || l.W != factor*s.W {
		c.fail("%v enlarged by %d to %v", s, factor, l)
	}
}
