package widgets

import (
	"container/list"
	"context"
	"image"
	"sync"

	"golang.org/x/image/draw"
)

// thumbnail is a loaded picture; img is nil where there is none.
type thumbnail struct {
	img    *image.RGBA
	side   int  // pixels that it was scaled to fit into; 0: as large as it is in the file
	opaque bool // square and without holes: it covers its cell
	failed bool
}

// sharp reports whether the picture looks right in cells of side pixels: neither blurred nor so much too large that it flickers.
func (t thumbnail) sharp(side int) bool { return t.side == 0 || side <= t.side && t.side <= 2*side }

// thumbnailLoader loads pictures on two goroutines, the newest wish first, and keeps those used last.
type thumbnailLoader struct {
	load    func(ctx context.Context, item int) (image.Image, error)
	post    func(func())
	arrived func(item int, t thumbnail)

	mu          sync.Mutex
	wake        *sync.Cond
	first, last int   // what is seen
	side        int   // pixels of a cell
	wishes      []int // the next one at the end
	generation  int   // of the items: what was begun for earlier ones is thrown away
	busy        map[int]context.CancelFunc
	ready       map[int]*list.Element
	used        *list.List // of kept, newest first
	bytes       int
	fresh       []int // arrived, not yet told
	closed      bool
	work        sync.WaitGroup
}

type kept struct {
	item  int
	t     thumbnail
	bytes int
}

const (
	cacheBytes    = 48 << 20 // of the pictures that are kept
	crispPixels   = 64       // smaller pictures are shown pixel by pixel
	thumbnailPool = 2        // goroutines
)

func newThumbnailLoader(load func(context.Context, int) (image.Image, error), post func(func()), arrived func(int, thumbnail)) *thumbnailLoader {
	l := &thumbnailLoader{load: load, post: post, arrived: arrived, busy: map[int]context.CancelFunc{}}
	l.wake = sync.NewCond(&l.mu)
	l.reset()
	for range thumbnailPool {
		l.work.Go(l.run)
	}
	return l
}

func (l *thumbnailLoader) reset() {
	l.ready, l.used, l.bytes = map[int]*list.Element{}, list.New(), 0
}

// want sets which items are seen in cells of side pixels; others need not be loaded any more. What came into sight last is loaded
// first, from its first item on.
func (l *thumbnailLoader) want(first, last, side int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if first == l.first && last == l.last && side == l.side {
		return
	}
	wishes := l.wishes[:0]
	for _, i := range l.wishes {
		if side == l.side && i >= first && i < last {
			wishes = append(wishes, i)
		}
	}
	for i := last - 1; i >= first; i-- {
		if side != l.side || i < l.first || i >= l.last {
			wishes = append(wishes, i)
		}
	}
	l.wishes, l.first, l.last, l.side = wishes, first, last, side
	for item, cancel := range l.busy {
		if item < first || item >= last {
			cancel()
		}
	}
	l.wake.Broadcast()
}

// get returns a picture that was loaded.
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
	l.wishes, l.fresh = l.wishes[:0], nil
	l.first, l.last = 0, 0
	l.reset()
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

// wish is an item to load.
type wish struct {
	item, generation, side int
	ctx                    context.Context
}

// next waits for something to load.
func (l *thumbnailLoader) next() (w wish, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.closed {
			return wish{}, false
		}
		for n := len(l.wishes); n > 0; n = len(l.wishes) {
			i := l.wishes[n-1]
			l.wishes = l.wishes[:n-1]
			if e := l.ready[i]; l.busy[i] != nil || e != nil && e.Value.(*kept).t.sharp(l.side) {
				continue
			}
			ctx, cancel := context.WithCancel(context.Background())
			l.busy[i] = cancel
			return wish{i, l.generation, l.side, ctx}, true
		}
		l.wake.Wait()
	}
}

func (l *thumbnailLoader) run() {
	for {
		w, ok := l.next()
		if !ok {
			return
		}
		img, err := l.load(w.ctx, w.item)
		t := thumbnail{failed: true}
		if err == nil && img != nil && w.ctx.Err() == nil {
			t = shrink(img, w.side)
		}
		if l.done(w, t) {
			l.post(l.tell)
		}
	}
}

// done takes a picture in and reports whether the window has to be told.
func (l *thumbnailLoader) done(w wish, t thumbnail) (tell bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.generation != w.generation {
		return false
	}
	cancelled := w.ctx.Err() != nil
	l.busy[w.item]()
	delete(l.busy, w.item)
	seen := w.item >= l.first && w.item < l.last
	if cancelled || !t.sharp(l.side) {
		if seen { // it came back into sight, or its cell has grown, while it was being loaded
			l.wishes = append(l.wishes, w.item)
			l.wake.Signal()
		}
		if cancelled {
			return false
		}
	}
	l.keep(w.item, t)
	l.fresh = append(l.fresh, w.item)
	return len(l.fresh) == 1 && !l.closed
}

// tell hands over what has arrived since the last time; it runs on the window's goroutine.
func (l *thumbnailLoader) tell() {
	l.mu.Lock()
	fresh := l.fresh
	l.fresh = nil
	l.mu.Unlock()
	for _, i := range fresh {
		if t := l.get(i); t.img != nil || t.failed {
			l.arrived(i, t)
		}
	}
}

// keep stores a picture and drops those used longest ago that are not seen.
func (l *thumbnailLoader) keep(item int, t thumbnail) {
	size := 64
	if t.img != nil {
		size += len(t.img.Pix)
	}
	if old := l.ready[item]; old != nil {
		l.drop(old)
	}
	l.ready[item] = l.used.PushFront(&kept{item, t, size})
	l.bytes += size
	for e := l.used.Back(); e != nil && l.bytes > cacheBytes; {
		before := e.Prev()
		if i := e.Value.(*kept).item; i < l.first || i >= l.last {
			l.drop(e)
		}
		e = before
	}
}

func (l *thumbnailLoader) drop(e *list.Element) {
	k := e.Value.(*kept)
	l.used.Remove(e)
	delete(l.ready, k.item)
	l.bytes -= k.bytes
}

// shrink brings a picture down to a cell of side pixels, and any picture to the one kind of image that is uploaded as it is.
func shrink(img image.Image, side int) thumbnail {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w < 1 || h < 1 {
		return thumbnail{failed: true}
	}
	t := thumbnail{}
	if m := max(w, h); m > side && m >= crispPixels {
		w, h, t.side = max(1, w*side/m), max(1, h*side/m), side
	}
	t.img = image.NewRGBA(image.Rect(0, 0, w, h))
	if t.side == 0 {
		draw.Draw(t.img, t.img.Rect, img, b.Min, draw.Src)
	} else {
		draw.BiLinear.Scale(t.img, t.img.Rect, img, b, draw.Src, nil)
	}
	t.opaque = w == h && t.img.Opaque()
	return t
}
