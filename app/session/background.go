package session

import (
	"context"
	"sync"
)

// A background runs the session's work beside the window's goroutine. What it started is cancelled and waited for when it is closed.
type background struct {
	ctx    context.Context // done when the background is closed
	cancel context.CancelFunc
	post   func(func()) // brings a call to the window's goroutine, in order

	mu     sync.Mutex // guards closed, and the start of work against its wait
	closed bool
	work   sync.WaitGroup
}

func newBackground(post func(func())) *background {
	b := &background{post: post}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// run starts work, unless the background is closed.
func (b *background) run(work func(context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.work.Go(func() { work(b.ctx) })
	}
}

// answer starts work; the call that it returns, if any, is posted to the window's goroutine, unless the background is closed by then.
func (b *background) answer(work func(context.Context) (answer func())) {
	b.run(func(ctx context.Context) {
		if answer := work(ctx); answer != nil && ctx.Err() == nil {
			b.post(answer)
		}
	})
}

// close cancels all work and waits for its end. It reports whether the background was open.
func (b *background) close() bool {
	b.mu.Lock()
	open := !b.closed
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.work.Wait()
	return open
}
