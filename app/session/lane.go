package session

import (
	"context"
	"sync"
	"time"

	"github.com/convscope/convscope/nn/kernel"
)

// A lane is work of which only the newest counts: a new request cancels the one before and waits for its end. What belongs to a request
// reaches the window only while no newer one was made and the lane was not stopped.
type lane struct {
	background *background
	turn       sync.Mutex // held by the request that is worked on

	mu         sync.Mutex // guards what follows
	generation int        // of the newest request; a stop makes a new one too
	cancel     context.CancelFunc
}

func newLane(b *background) *lane { return &lane{background: b} }

// do works on a request in the background and posts its answer. What work gives to post, such as its progress, arrives before the answer.
func (l *lane) do(work func(ctx context.Context, post func(func())) (answer func())) {
	ctx, cancel := context.WithCancel(l.background.ctx)
	generation := l.next(cancel)
	post := func(call func()) {
		l.background.post(func() {
			if l.current(generation) { // asked here, not where it is posted: the window may have asked for something else meanwhile
				call()
			}
		})
	}
	l.background.run(func(context.Context) {
		defer cancel()
		kernel.GiveWay()
		l.turn.Lock()
		defer l.turn.Unlock()
		if ctx.Err() != nil {
			return
		}
		if answer := work(ctx, post); ctx.Err() == nil {
			post(answer)
		}
	})
}

// stop cancels the newest request; nothing of it reaches the window from here on.
func (l *lane) stop() { l.next(func() {}) }

// next cancels the newest request and begins another generation.
func (l *lane) next(cancel context.CancelFunc) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
	l.cancel = cancel
	l.generation++
	return l.generation
}

// current reports whether a generation is the newest, of a session that is open.
func (l *lane) current(generation int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.generation == generation && l.background.ctx.Err() == nil
}

// progressInterval is the least time between two posts of progress.
const progressInterval = 100 * time.Millisecond

// throttle posts progress at most ten times a second.
func throttle(post func(func()), progress func(done, total int)) func(done, total int) {
	var last time.Time
	return func(done, total int) {
		if now := time.Now(); now.Sub(last) > progressInterval {
			last = now
			post(func() { progress(done, total) })
		}
	}
}
