package widgets

import (
	"container/list"
	"context"
	"image"
	"sync"

	"golang.org/x/image/draw"
)

// thumbnail is a loaded picture; img is nil where it is not there.
type thumbnail struct {
	img    image.Image
	failed bool
}

// thumbnailLoader loads pictures on two goroutines, the newest wish first, and keeps those used last.
type thumbnailLoader struct {
	load    func(ctx context.Context, item int) (image.Image, error)
	post    func(func())
	arrived func(item int, t thumbnail)

	mu          sync.Mutex
	wake        *sync.Cond
	first, last int // what is seen
	generation  int // of the items: what was begun for earlier ones is thrown away
	side        int
	busy        map[int]context.CancelFunc
	ready       map[int]*list.Element
	used        *list.List // newest first, of kept
	bytes       int
	closed      bool
	work        sync.WaitGroup
}

type kept struct {
	item  int
	t     thumbnail
	bytes int
}

// cacheBytes bounds the pictures that are kept.
const cacheBytes = 48 << 20

func newThumbnailLoader(load func(context.Context, int) (image.Image, error), post func(func()), arrived func(int, thumbnail)) *thumbnailLoader {
	l := &thumbnailLoader{load: load, post: post, arrived: arrived, side: 64, busy: map[int]context.CancelFunc{}}
	l.wake = sync.NewCond(&l.mu)
	l.reset()
	for range 2 {
		l.work.Go(l.run)
	}
	return l
}

func (l *thumbnailLoader) reset() {
	l.ready, l.used, l.bytes = map[int]*list.Element{}, list.New(), 0
}

// want tells which items are seen; others need not be loaded any more.
func (l *thumbnailLoader) want(first, last int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first, l.last = first, last
	for item, cancel := range l.busy {
		if item < first || item >= last {
			cancel()
		}
	}
	l.wake.Broadcast()
}

// get gives a picture that was loaded.
func (l *thumbnailLoader) get(item int) thumbnail {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.ready[item]
	if e == nil {
		return thumbnail{}
	}
	l.used.MoveToFront(e)
	return e.Value.(*kept).t
}

// forget drops everything: the items are others now.
func (l *thumbnailLoader) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
	for _, cancel := range l.busy {
		cancel()
	}
	l.busy = map[int]context.CancelFunc{}
	l.reset()
}

// setSide sets how large pictures are kept: in steps, so that not every movement of a slider loads all anew.
func (l *thumbnailLoader) setSide(side int) {
	step := 64
	for step < side {
		step *= 2
	}
	if step != l.side {
		l.forget()
		l.mu.Lock()
		l.side = step
		l.mu.Unlock()
	}
}

// close stops and waits.
func (l *thumbnailLoader) close() {
	l.mu.Lock()
	l.closed = true
	for _, cancel := range l.busy {
		cancel()
	}
	l.wake.Broadcast()
	l.mu.Unlock()
	l.work.Wait()
}

// next waits for an item that is seen and not loaded.
func (l *thumbnailLoader) next() (item, generation int, ctx context.Context, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.closed {
			return 0, 0, nil, false
		}
		for i := l.first; i < l.last; i++ {
			if l.ready[i] == nil && l.busy[i] == nil {
				ctx, cancel := context.WithCancel(context.Background())
				l.busy[i] = cancel
				return i, l.generation, ctx, true
			}
		}
		l.wake.Wait()
	}
}

func (l *thumbnailLoader) run() {
	for {
		item, generation, ctx, ok := l.next()
		if !ok {
			return
		}
		img, err := l.load(ctx, item)
		if img != nil {
			img = l.shrink(img)
		}
		cancelled := ctx.Err() != nil
		l.mu.Lock()
		if l.generation != generation {
			l.mu.Unlock()
			continue
		}
		l.busy[item]()
		delete(l.busy, item)
		if cancelled {
			l.mu.Unlock()
			continue
		}
		t := thumbnail{img: img, failed: err != nil || img == nil}
		l.keep(item, t)
		l.mu.Unlock()
		l.post(func() { l.arrived(item, t) })
	}
}

// keep stores a picture and drops the ones used longest ago.
func (l *thumbnailLoader) keep(item int, t thumbnail) {
	size := 64
	if t.img != nil {
		b := t.img.Bounds()
		size += 4 * b.Dx() * b.Dy()
	}
	l.ready[item] = l.used.PushFront(&kept{item, t, size})
	for l.bytes += size; l.bytes > cacheBytes && l.used.Len() > 1; {
		oldest := l.used.Back()
		k := oldest.Value.(*kept)
		l.used.Remove(oldest)
		delete(l.ready, k.item)
		l.bytes -= k.bytes
	}
}

// shrink brings a large picture to the size that is drawn, and any to the one kind of image that Fyne uploads as it is.
func (l *thumbnailLoader) shrink(img image.Image) image.Image {
	l.mu.Lock()
	side := 2 * l.side // sharp on screens of two pixels a unit
	l.mu.Unlock()
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if m := max(w, h); m > side {
		w, h = max(1, w*side/m), max(1, h*side/m)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(out, out.Rect, img, b.Min, draw.Src)
	} else {
		draw.ApproxBiLinear.Scale(out, out.Rect, img, b, draw.Src, nil)
	}
	return out
}
