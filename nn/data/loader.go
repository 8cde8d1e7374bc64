package data

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Shuffle gives the order of images in an epoch: a new slice, a pure function of its arguments.
func Shuffle(ids []uint32, seed uint64, epoch int) []uint32 {
	out := slices.Clone(ids)
	r := rand.New(rand.NewPCG(seed, uint64(epoch)))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// A Batch is what a Loader brings: N images. It is good until the next call of Next.
type Batch struct {
	Images []float32 // N×C×H×W, as prepare made them
	Labels []int     // N classes; -1: unlabelled
	IDs    []uint32  // N
	N      int
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
	batch Batch
	room  []float32
	err   error
	done  chan struct{}
}

// NewLoader starts reading the images ids in batches; the last batch may be smaller. prepare writes the values of an image, so many of them,
// into dst; it is called from several goroutines. At most a few batches are in memory at a time. Close it, also after the end.
func NewLoader(ctx context.Context, d *Dataset, ids []uint32, batch, values int, prepare func(id uint32, px Pixels, dst []float32)) *Loader {
	batch = max(batch, 1)
	workers := max(min(runtime.GOMAXPROCS(0), 4, (len(ids)+batch-1)/batch), 1)
	l := &Loader{order: make(chan *slot, workers+2), free: make(chan *slot, workers+2)}
	l.ctx, l.cancel = context.WithCancel(ctx)
	for range cap(l.free) {
		l.free <- &slot{}
	}
	work := make(chan *slot)
	l.group.Add(1)
	go l.deal(d.Index(), ids, batch, values, work)
	for range workers {
		l.group.Go(func() {
			for s := range work {
				s.err = l.fill(d, s, values, prepare)
				close(s.done)
			}
		})
	}
	return l
}

// deal hands out batches to fill, in order, and tells Next of them in the same order.
func (l *Loader) deal(index []Entry, ids []uint32, batch, values int, work chan<- *slot) {
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
		if cap(s.room) < n*values {
			s.room = make([]float32, min(batch, max(n, len(ids)))*values)
		}
		s.batch = Batch{Images: s.room[:n*values], Labels: s.batch.Labels[:0], IDs: append(s.batch.IDs[:0], ids[:n]...), N: n}
		for _, id := range s.batch.IDs {
			label := -1
			if int64(id) < int64(len(index)) { // else fill gives the fault
				label = int(index[id].Class)
			}
			s.batch.Labels = append(s.batch.Labels, label)
		}
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
func (l *Loader) fill(d *Dataset, s *slot, values int, prepare func(uint32, Pixels, []float32)) error {
	for i, id := range s.batch.IDs {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		px, err := d.Pixels(id)
		if err != nil {
			return err
		}
		prepare(id, px, s.batch.Images[i*values:(i+1)*values:(i+1)*values])
	}
	return nil
}

// Next gives the next batch, false after the last one. The batch is good until the next call. After an error there are no more.
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
