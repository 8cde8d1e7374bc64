package data

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Shuffle returns the order of images in an epoch: a new slice, a pure function of its arguments.
func Shuffle(ids []uint32, seed uint64, epoch int) []uint32 {
	out := slices.Clone(ids)
	r := rand.New(rand.NewPCG(seed, uint64(epoch)))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// A Batch is what a Loader brings: N images and what a network's answers are compared with. It is good until the next call of Next.
type Batch struct {
	Images []float32   // N×C×H×W, as Prepare made them
	Truths [][]float32 // for each truth of the network N×C×H×W, likewise
	IDs    []uint32    // N
	N      int
}

// A Prepare writes what a network sees of an image, and its truths. It is called from several goroutines.
type Prepare func(e Entry, px Pixels, image []float32, truths [][]float32) error

// Sizes are how many numbers of one record a batch has.
type Sizes struct {
	Image  int
	Truths []int
}

// A Loader reads images ahead of training, on goroutines of its own, and brings them in batches in the order of the IDs.
type Loader struct {
	cancel context.CancelFunc
	ctx    context.Context
	group  sync.WaitGroup
	order  chan *slot // batches in order; each is waited for
	free   chan *slot
	last   *slot // lent to the caller
	err    error // that ended the batches
}

// A slot is a batch being filled.
type slot struct {
	batch  Batch
	images []float32
	truths [][]float32
	err    error
	done   chan struct{}
}

// hold makes room for n records. No batch is larger than a slot's first.
func (s *slot) hold(n int, sizes Sizes) {
	if s.images == nil {
		s.images = make([]float32, n*sizes.Image)
		for _, size := range sizes.Truths {
			s.truths = append(s.truths, make([]float32, n*size))
		}
	}
	s.batch.Images, s.batch.N = s.images[:n*sizes.Image], n
	s.batch.Truths = s.batch.Truths[:0]
	for k, size := range sizes.Truths {
		s.batch.Truths = append(s.batch.Truths, s.truths[k][:n*size])
	}
}

// NewLoader starts reading the images ids in batches, prepared; the last batch may be smaller. At most a few batches are in memory at a time. Close it, also
// after the end.
func NewLoader(ctx context.Context, d *Dataset, ids []uint32, batch int, sizes Sizes, prepare Prepare) *Loader {
	batch = max(batch, 1)
	workers := max(min(runtime.GOMAXPROCS(0), 4, (len(ids)+batch-1)/batch), 1)
	l := &Loader{order: make(chan *slot, workers+2), free: make(chan *slot, workers+2)}
	l.ctx, l.cancel = context.WithCancel(ctx)
	for range cap(l.free) {
		l.free <- &slot{}
	}
	work := make(chan *slot)
	l.group.Add(1)
	go l.deal(ids, batch, sizes, work)
	index := d.Index()
	for range workers {
		l.group.Go(func() {
			for s := range work {
				s.err = l.fill(d, index, s, sizes, prepare)
				close(s.done)
			}
		})
	}
	return l
}

// deal hands out batches to fill, in order, and tells Next of them in the same order.
func (l *Loader) deal(ids []uint32, batch int, sizes Sizes, work chan<- *slot) {
	defer l.group.Done()
	defer close(work)
	defer close(l.order)
	for len(ids) > 0 {
		var s *slot
		select {
		case s = <-l.free:
		case <-l.ctx.Done():
			return
		}
		n := min(batch, len(ids))
		s.hold(n, sizes)
		s.batch.IDs = append(s.batch.IDs[:0], ids[:n]...)
		s.done, s.err = make(chan struct{}), nil
		ids = ids[n:]
		select {
		case work <- s:
		case <-l.ctx.Done():
			return
		}
		l.order <- s // never blocks: there are no more slots than places
	}
}

// fill reads the images of a batch.
func (l *Loader) fill(d *Dataset, index []Entry, s *slot, sizes Sizes, prepare Prepare) error {
	truths := make([][]float32, len(sizes.Truths))
	for i, id := range s.batch.IDs {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		px, err := d.Pixels(id) // which knows its own index, and tells of an id that is not there
		if err != nil {
			return err
		}
		for k, size := range sizes.Truths {
			truths[k] = s.batch.Truths[k][i*size : (i+1)*size : (i+1)*size]
		}
		if err := prepare(index[id], px, s.batch.Images[i*sizes.Image:(i+1)*sizes.Image:(i+1)*sizes.Image], truths); err != nil {
			return err
		}
	}
	return nil
}

// Next returns the next batch, false after the last one. The batch is good until the next call. After an error there are no more.
func (l *Loader) Next() (Batch, bool, error) {
	if l.last != nil {
		l.free <- l.last
		l.last = nil
	}
	if l.err != nil {
		return Batch{}, false, l.err
	}
	s, ok := <-l.order
	if !ok {
		return Batch{}, false, l.ctx.Err()
	}
	<-s.done
	if s.err != nil {
		l.cancel()
		l.err = s.err
		return Batch{}, false, s.err
	}
	l.last = s
	return s.batch, true, nil
}

// Close stops reading ahead and waits for the goroutines.
func (l *Loader) Close() {
	l.cancel()
	l.group.Wait()
}
