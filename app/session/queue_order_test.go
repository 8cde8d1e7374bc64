package session

import (
	"errors"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/workspace"
)

// queued are runs on data sets of some names.
func queued(names ...string) (list []workspace.QueuedRun) {
	for _, name := range names {
		list = append(list, workspace.QueuedRun{Dataset: name, Config: train.Config{Weights: name + ".weights"}})
	}
	return list
}

// order returns the data sets of the runs that wait, those that could not start in brackets.
func (q *queue) order() (list []string) {
	for _, w := range q.waiting {
		if w.Err != nil {
			w.Dataset = "(" + w.Dataset + ")"
		}
		list = append(list, w.Dataset)
	}
	return list
}

func TestOrderOfTheQueue(t *testing.T) {
	why := errors.New("its data are gone")
	var q queue
	take := func() *Waiting {
		t.Helper()
		w := q.next()
		if w == nil {
			t.Fatal("none waits")
		}
		return w
	}
	for _, step := range []struct {
		what string
		do   func()
		want []string
	}{
		{"add", func() { q.add(queued("a", "b", "c", "d")...) }, []string{"a", "b", "c", "d"}},
		{"advance the third", func() { q.advance(3) }, []string{"c", "a", "b", "d"}},
		{"advance none", func() { q.advance(9) }, []string{"c", "a", "b", "d"}},
		{"remove the second", func() { q.remove(2) }, []string{"c", "a", "d"}},
		{"remove it again", func() { q.remove(2) }, []string{"c", "a", "d"}},
		{"c cannot start", func() { q.hold(*take(), why) }, []string{"(c)", "a", "d"}},
		{"nor can a", func() { q.hold(*take(), why) }, []string{"(c)", "(a)", "d"}},
		{"d starts", func() { take() }, []string{"(c)", "(a)"}},
		{"none is next", func() {
			if w := q.next(); w != nil {
				t.Errorf("%s starts", w.Dataset)
			}
		}, []string{"(c)", "(a)"}},
		{"another one", func() { q.add(queued("e")...) }, []string{"(c)", "(a)", "e"}},
		{"it is too late", func() { q.putBack(*take()) }, []string{"e", "(c)", "(a)"}},
		{"all may start", q.release, []string{"e", "c", "a"}},
		{"all start", func() { take(); take(); take() }, nil},
	} {
		before, copied := q.waiting, slices.Clone(q.waiting)
		step.do()
		if got := q.order(); !slices.Equal(got, step.want) {
			t.Fatalf("%s: %q wait, not %q", step.what, got, step.want)
		}
		if !slices.EqualFunc(before, copied, func(a, b Waiting) bool { return a.ID == b.ID && a.Err == b.Err }) {
			t.Errorf("%s: a list that was handed out is changed", step.what)
		}
	}
	if q.add(queued("f")...); q.waiting[0].ID != 6 {
		t.Errorf("the sixth run has the number %d", q.waiting[0].ID)
	}
}

func TestWeightsOfTheQueueMove(t *testing.T) {
	var q queue
	q.add(queued("a", "b")...)
	shown := q.waiting
	q.moveWeights("a.weights", "moved")
	if !needsWeights(q.waiting, "moved") || needsWeights(q.waiting, "a.weights") || !needsWeights(q.waiting, "b.weights") {
		t.Errorf("%+v", q.waiting)
	}
	if shown[0].Config.Weights != "a.weights" {
		t.Error("a list that was handed out is changed")
	}
}
