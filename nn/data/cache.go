package data

import (
	"sync/atomic"

	"github.com/convscope/convscope/nn/machine"
)

// A cache keeps decoded images up to a number of bytes. Images are never put out again: training goes through all of them in an
// order of chance, where an image kept from the first epoch is as good as any and a least-recently-used one would have been
// thrown out just before it is needed. Reading takes no lock.
type cache struct {
	images []atomic.Pointer[Pixels] // by ID
	left   atomic.Int64             // bytes
}

func newCache(images int, limit int64) *cache {
	c := &cache{images: make([]atomic.Pointer[Pixels], images)}
	c.left.Store(limit)
	return c
}

// get returns an image that is kept.
func (c *cache) get(id uint32) (Pixels, bool) {
	if p := c.images[id].Load(); p != nil {
		return *p, true
	}
	return Pixels{}, false
}

// put keeps an image while there is room.
func (c *cache) put(id uint32, p Pixels) {
	size := int64(len(p.Pix)) + 64 // with what the memory manager adds
	if c.left.Load() < size {
		return
	}
	if c.left.Add(-size) < 0 || !c.images[id].CompareAndSwap(nil, &p) {
		c.left.Add(size) // another goroutine took the room or brought the same image
	}
}

// cacheBytes is the room for decoded images: a quarter of the memory, at most 1 GiB.
func cacheBytes() int64 {
	const most = 1 << 30
	if memory := machine.Memory(); memory > 0 {
		return min(most, memory/4)
	}
	return most / 4
}
