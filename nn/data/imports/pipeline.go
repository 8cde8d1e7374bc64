package imports

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
)

// A pipeline reads, fits and encodes the images of a collection on all cores; one goroutine writes them in their order.
type pipeline struct {
	collection *source.Collection
	options    Options
	share      shares
	size       imageSize
	info       *data.Info
	draft      *data.Draft
	observe    func(Progress)
	largest    [2]int // width and height of the images written
	told       int    // files left out that were told of; a second run meets the same ones first
}

// Work is dealt in chunks, so that handing it over costs little; of large images a chunk has no more than so many bytes.
const (
	chunkItems = 32
	chunkBytes = 16 << 20
)

// chunk returns of how many images a chunk is, and how many chunks a worker may be ahead of the writer.
func (s imageSize) chunk() (items, ahead int) {
	if s.w == 0 {
		return 1, 1
	}
	return max(1, min(chunkItems, chunkBytes/(s.w*s.h*s.c))), 4
}

// Large images are decoded together only as long as they have no more than this many pixels, whatever the number of cores.
const (
	largePixels  = 4_000_000
	pixelsAtOnce = 2 * data.MaxPixels
)

// A chunk is some neighbouring items and what became of them.
type chunk struct {
	from, to int
	results  []result
	err      error // of the import, not of an image
	done     chan struct{}
}

// A result is an image ready to be written, or why it is left out.
type result struct {
	record data.Encoded
	w, h   int // of its pixels: as it came, then as it is kept
	truth  data.Truth
	err    error
}

// A keptItem is an item whose image was written, and what the index says of it.
type keptItem struct {
	item  int
	class int32
	kinds data.Kinds
}

// run imports all images into a new database and fills in p.info. It returns *unlike when the shape was guessed wrong.
func (p *pipeline) run(ctx context.Context) error {
	p.info.Width, p.info.Height, p.info.Channels = p.size.w, p.size.h, p.size.c
	w, err := p.draft.NewWriter(*p.info)
	if err != nil {
		return err
	}
	defer w.Abort()

	items := p.collection.Items
	rank := ranks(len(items), p.options.Seed)
	p.collection.Forget()
	strata := strata(p.collection.Task, items, len(p.collection.Classes))
	assumed := p.share.assign(items, strata, rank, func(int) bool { return true })
	p.info.Skipped, p.largest = append([]data.Skipped{}, p.collection.Skipped...), [2]int{}
	kept, total, err := p.write(ctx, w, assumed)
	if err != nil {
		return err
	}
	if l := p.collection.Labels; l != nil && len(kept) > 0 {
		if err := l.Finish(p.collection); err != nil {
			return err
		}
		p.info.Classes, p.info.Notes = p.collection.Classes, p.collection.Notes
	}
	if len(kept) == 0 {
		first := p.info.Skipped[len(p.collection.Skipped)]
		return fault.New("data.unreadable", "None of the %v images of %s can be read; the first: %s", len(items), p.collection.Name, first.Reason)
	}
	return p.finish(w, kept, rank, assumed, total)
}

// write runs the workers and writes what they make. It returns the items written, and the sum of those assumed to
// be for training.
func (p *pipeline) write(ctx context.Context, w *data.Writer, assumed []data.Split) (kept []keptItem, total *data.MeanSum, err error) {
	ctx, cancel := context.WithCancel(ctx)
	threads := p.options.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	n, ahead := p.size.chunk()
	threads = min(threads, (len(p.collection.Items)+n-1)/n) // more would have nothing to do
	work, order := make(chan *chunk), make(chan *chunk, ahead*threads)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() { deal(ctx, len(p.collection.Items), n, work, order) })
	large := semaphore.NewWeighted(pixelsAtOnce)
	parts := make([]*data.MeanSum, threads)
	for i := range parts {
		parts[i] = data.NewMeanSum(p.size.w, p.size.h, p.size.c)
		group.Go(func() {
			e := data.NewEncoder(p.options.Encoding)
			for c := range work {
				p.chunk(ctx, c, e, large, assumed, parts[i])
				close(c.done)
			}
		})
	}
	report := newReporter(p.collection, p.observe)
	for i := range p.collection.Skipped[min(p.told, len(p.collection.Skipped)):] {
		report.step(0, &p.collection.Skipped[i])
		p.told++
	}
	for c := range order {
		<-c.done
		if c.err != nil {
			return nil, nil, c.err
		}
		for i, r := range c.results {
			if r.err != nil {
				s := data.NewSkipped(p.collection.Items[c.from+i].File, r.err)
				p.info.Skipped = append(p.info.Skipped, s)
				report.step(1, p.untold(&s))
				continue
			}
			if err := w.Add(r.record); err != nil {
				return nil, nil, err
			}
			if it := &p.collection.Items[c.from+i]; it.Labels != nil {
				it.Truth = r.truth.Sketch()
			}
			kept = append(kept, keptItem{c.from + i, p.info.Task.Leading(r.truth), r.truth.Kinds()})
			p.largest = [2]int{max(p.largest[0], r.w), max(p.largest[1], r.h)}
			report.step(1, nil)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	report.end()
	group.Wait()
	total = parts[0]
	for _, other := range parts[1:] {
		total.Merge(other)
	}
	return kept, total, nil
}

// untold returns the file that was just added to those left out, or nil if a run before has told of it.
func (p *pipeline) untold(s *data.Skipped) *data.Skipped {
	if len(p.info.Skipped) <= p.told {
		return nil
	}
	p.told++
	return s
}

// deal cuts the items into chunks of n and hands them to the workers and, in order, to the writer.
func deal(ctx context.Context, items, n int, work, order chan<- *chunk) {
	defer close(work)
	defer close(order)
	for from := 0; from < items; from += n {
		c := &chunk{from: from, to: min(from+n, items), done: make(chan struct{})}
		select {
		case work <- c:
		case <-ctx.Done():
			return
		}
		select {
		case order <- c:
		case <-ctx.Done():
			return
		}
	}
}

// chunk makes the images of a chunk.
func (p *pipeline) chunk(ctx context.Context, c *chunk, e *data.Encoder, large *semaphore.Weighted, assumed []data.Split, sum *data.MeanSum) {
	for i := c.from; i < c.to; i++ {
		if c.err = ctx.Err(); c.err != nil {
			return
		}
		px, r, err := p.image(ctx, &p.collection.Items[i], large)
		var stop *unlike
		_, together := p.collection.Items[i].From.(*source.RawImages) // one file with all images: what is wrong with it is wrong with all
		if errors.As(err, &stop) || ctx.Err() != nil || err != nil && together {
			c.err = err
			return
		}
		if r.err = err; err == nil {
			it := &p.collection.Items[i]
			if r.record, px, c.err = e.Encode(it.File, r.w, r.h, px, r.truth); c.err != nil {
				return
			}
			r.w, r.h = px.W, px.H
			if assumed[i] == data.Train { // the mean is of the images as they are kept
				sum.Add(px, 1)
			}
		}
		c.results = append(c.results, r)
	}
}

// image reads and fits one image and what is true of it.
func (p *pipeline) image(ctx context.Context, it *source.Item, large *semaphore.Weighted) (data.Pixels, result, error) {
	o, err := it.From.Open(it.Ref)
	if err != nil {
		return data.Pixels{}, result{}, err
	}
	if other := p.size.fits(o); other != nil {
		return data.Pixels{}, result{}, other
	}
	if err := p.size.room(o.W, o.H, it.File); err != nil {
		return data.Pixels{}, result{}, err
	}
	if size := int64(o.W) * int64(o.H); size > largePixels {
		if err := large.Acquire(ctx, min(size, pixelsAtOnce)); err != nil {
			return data.Pixels{}, result{}, err
		}
		defer large.Release(min(size, pixelsAtOnce))
	}
	img, err := o.Decode()
	if err != nil {
		return data.Pixels{}, result{}, err
	}
	r := result{w: o.W, h: o.H, truth: it.Truth}
	if it.Labels != nil {
		if r.truth, err = it.Labels.Truth(it.Ref, o); err != nil {
			return data.Pixels{}, result{}, err
		}
	}
	w, h := p.size.of(o.W, o.H)
	how := p.size.resize(p.options.Resize)
	if r.truth, err = data.Place(o.W, o.H, w, h, how).Truth(r.truth); err != nil {
		return data.Pixels{}, result{}, err
	}
	return data.Flatten(img, p.size.c).Fit(w, h, how), r, nil
}

// finish splits the images that could be read, corrects the mean's sum where that split differs from the assumed one, and
// completes the database and p.info.
func (p *pipeline) finish(w *data.Writer, kept []keptItem, rank []uint64, assumed []data.Split, total *data.MeanSum) error {
	items, use := p.collection.Items, make([]bool, len(p.collection.Items))
	for _, k := range kept {
		use[k.item] = true
	}
	strata := strata(p.info.Task, items, len(p.info.Classes))
	split := p.share.assign(items, strata, rank, func(i int) bool { return use[i] })
	index := make([]data.Entry, len(kept))
	for id, k := range kept {
		i := k.item
		index[id] = data.Entry{ID: uint32(id), Class: k.class, Split: split[i], Kinds: k.kinds}
		if (split[i] == data.Train) == (assumed[i] == data.Train) {
			continue
		}
		px, err := w.Pixels(uint32(id))
		if err != nil {
			return err
		}
		sign := int64(-1)
		if split[i] == data.Train {
			sign = 1
		}
		total.Add(px, sign)
	}
	if !p.info.SameSize() {
		p.info.Largest = p.largest
	}
	if err := p.enough(kept); err != nil {
		return err
	}
	info, err := w.Finish(*p.info, index, total)
	*p.info = info
	return err
}

// enough returns a fault where too few classes have images that could be read. The class of the background needs none: it has all pixels without a mask.
func (p *pipeline) enough(kept []keptItem) error {
	items := make([]source.Item, len(kept))
	for i, k := range kept {
		items[i] = p.collection.Items[k.item]
	}
	var with []string
	for class, images := range imagesOf(p.info.Task, items, len(p.info.Classes)) {
		if images > 0 || class == p.info.Background {
			with = append(with, p.info.Classes[class])
		}
	}
	return p.info.Task.Enough(p.collection.Name, with)
}

// A reporter tells of progress, some ten times a second and whenever a file is left out.
type reporter struct {
	observe     func(Progress)
	of          Progress // what all that is told has
	done, total int
	start, last time.Time
}

const reportEvery = 100 * time.Millisecond

func newReporter(c *source.Collection, observe func(Progress)) *reporter {
	of := Progress{Total: len(c.Items), Format: c.Format, Why: c.Why}
	observe(of)
	return &reporter{observe: observe, of: of, total: of.Total, start: time.Now(), last: time.Now()}
}

func (r *reporter) step(n int, skipped *data.Skipped) {
	r.done += n
	if skipped == nil && (r.done%16 != 0 || time.Since(r.last) < reportEvery) {
		return
	}
	r.tell(skipped)
}

func (r *reporter) end() { r.tell(nil) }

func (r *reporter) tell(skipped *data.Skipped) {
	r.last = time.Now()
	p := r.of
	p.Done, p.Skipped = r.done, skipped
	if seconds := r.last.Sub(r.start).Seconds(); seconds > 0 && r.done > 0 {
		p.PerSecond = float64(r.done) / seconds
		p.Left = time.Duration(float64(r.total-r.done) / p.PerSecond * float64(time.Second))
	}
	r.observe(p)
}
