package session

import (
	"context"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
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

func TestOneImportAtATime(t *testing.T) {
	var i importing
	i.progress(imports.Progress{Done: 1}) // of one that has ended
	if i.shown != nil {
		t.Errorf("before any there is %+v", i.shown)
	}
	cancelled := 0
	if !i.begin("a", "source", func() { cancelled++ }) || i.begin("b", "source", func() { cancelled += 2 }) {
		t.Fatal("two go on")
	}
	before := i.shown
	i.progress(imports.Progress{Done: 3, Total: 9, Skipped: &data.Skipped{}})
	i.progress(imports.Progress{Done: 4, Total: 9, PerSecond: 2})
	if before.Done != 0 {
		t.Error("what was handed out is changed")
	}
	if got := *i.shown; got.Name != "a" || got.Done != 4 || got.Total != 9 || got.PerSecond != 2 || got.Skipped != 1 {
		t.Errorf("it shows %+v", got)
	}
	if i.cancel(); cancelled != 1 {
		t.Errorf("the other one is cancelled: %d", cancelled)
	}
	if i.end(); i.shown != nil || !i.begin("b", "", nil) {
		t.Error("after its end it goes on")
	}
}

func TestCurvesAreReadOnce(t *testing.T) {
	var c curveReads
	if !c.begin("a") || c.begin("a") || !c.begin("b") {
		t.Error("they are read twice, or another one's are not")
	}
	if c.end("a"); !c.begin("a") || c.begin("b") {
		t.Error("the end of one ends another, or none")
	}
}
