package session

import (
	"context"
	"testing"
)

// What was started is cancelled and waited for, and nothing is started or answered afterwards.
func TestBackgroundIsWaitedFor(t *testing.T) {
	window := &later{}
	b := newBackground(window.post)
	began, ended, answers := make(chan struct{}), false, 0
	b.run(func(ctx context.Context) {
		close(began)
		<-ctx.Done()
		ended = true
	})
	<-began
	b.answer(func(ctx context.Context) func() {
		<-ctx.Done()
		return func() { answers++ }
	})
	if !b.close() || !ended {
		t.Errorf("closed, with the work at its end: %v", ended)
	}
	if b.close() {
		t.Error("it is closed twice")
	}
	b.run(func(context.Context) { t.Error("work is started after the end") })
	b.answer(func(context.Context) func() { return func() { answers++ } })
	window.run()
	if answers != 0 {
		t.Errorf("%d answers come after the end", answers)
	}
}

func TestBackgroundAnswers(t *testing.T) {
	window := &later{}
	b := newBackground(window.post)
	answers := 0
	b.answer(func(context.Context) func() { return nil })
	b.answer(func(context.Context) func() { return func() { answers++ } })
	b.work.Wait()
	if window.run(); answers != 1 {
		t.Errorf("%d answers", answers)
	}
	b.close()
}
