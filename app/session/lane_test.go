package session

import (
	"context"
	"slices"
	"sync"
	"testing"
)

// later keeps what is posted until it is run, as a busy window does.
type later struct {
	mu    sync.Mutex
	calls []func()
}

func (p *later) post(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, f)
}

func (p *later) run() {
	p.mu.Lock()
	calls := p.calls
	p.calls = nil
	p.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// aLane returns a lane with a window that runs what is posted when the test says so, and a wait for the end of all work.
func aLane(t *testing.T) (l *lane, window *later, wait func(), end context.CancelFunc) {
	window = &later{}
	b := newBackground(window.post)
	t.Cleanup(func() { b.close() })
	return newLane(b), window, b.work.Wait, b.cancel
}

// answering makes work that posts progress and answers, both into a list.
func answering(got *[]string, name string) func(context.Context, func(func())) func() {
	return func(_ context.Context, post func(func())) func() {
		post(func() { *got = append(*got, name+" is on its way") })
		return func() { *got = append(*got, name) }
	}
}

func TestALaneAnswers(t *testing.T) {
	l, window, wait, _ := aLane(t)
	var got []string
	l.do(answering(&got, "a"))
	wait()
	window.run()
	if want := []string{"a is on its way", "a"}; !slices.Equal(got, want) {
		t.Errorf("the window gets %q, not %q", got, want)
	}
}

// An answer that is posted already does not arrive once the window has asked for something else, or for nothing more.
func TestACancelledAnswerDoesNotArrive(t *testing.T) {
	for name, then := range map[string]func(*lane, *[]string, context.CancelFunc){
		"stop":  func(l *lane, _ *[]string, _ context.CancelFunc) { l.stop() },
		"newer": func(l *lane, got *[]string, _ context.CancelFunc) { l.do(answering(got, "newer")) },
		"end":   func(_ *lane, _ *[]string, end context.CancelFunc) { end() },
	} {
		t.Run(name, func(t *testing.T) {
			l, window, wait, end := aLane(t)
			var got []string
			l.do(answering(&got, "older"))
			wait()
			then(l, &got, end)
			wait()
			window.run()
			if slices.Contains(got, "older") || slices.Contains(got, "older is on its way") {
				t.Errorf("the window gets %q", got)
			}
			if name == "newer" && !slices.Contains(got, "newer") {
				t.Error("the newer request has no answer")
			}
		})
	}
}

// A newer request cancels the work of the one before, waits for its end, and alone is answered; those between are never begun.
func TestANewerRequestCancelsTheOneBefore(t *testing.T) {
	l, window, wait, _ := aLane(t)
	var got []string
	began, working := make(chan struct{}), false
	l.do(func(ctx context.Context, _ func(func())) func() {
		working = true
		close(began)
		<-ctx.Done()
		working = false
		return func() { got = append(got, "first") }
	})
	<-began
	for _, name := range []string{"second", "third"} {
		l.do(func(ctx context.Context, post func(func())) func() {
			if working {
				t.Error("two requests are worked on at once")
			}
			return answering(&got, name)(ctx, post)
		})
	}
	wait()
	window.run()
	if want := []string{"third is on its way", "third"}; !slices.Equal(got, want) {
		t.Errorf("the window gets %q, not %q", got, want)
	}
}

func TestALaneFromManyGoroutines(t *testing.T) {
	l, window, wait, _ := aLane(t)
	var asking sync.WaitGroup
	answers := 0
	for range 8 {
		asking.Go(func() {
			for range 20 {
				l.do(func(context.Context, func(func())) func() { return func() { answers++ } })
				l.stop()
			}
		})
	}
	asking.Wait()
	wait()
	window.run()
	if answers != 0 {
		t.Errorf("%d answers arrive after a stop", answers)
	}
}
