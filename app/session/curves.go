package session

import (
	"context"
	"maps"
	"sync"

	"github.com/convscope/convscope/nn/train"
)

// readCurve gathers the curves of a run from the events in its folder. Of one whose events cannot be read they are empty.
func readCurve(folder string) (g gathering, err error) {
	events, err := train.ReadEvents(folder)
	for _, e := range events {
		g.add(e)
	}
	return g, err
}

// curveReads are the runs whose curves are being read.
type curveReads struct {
	mu   sync.Mutex
	runs map[string]bool
}

// begin reports whether the curves of a run are to be read: nobody does so already.
func (c *curveReads) begin(run string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs[run] {
		return false
	}
	if c.runs == nil {
		c.runs = map[string]bool{}
	}
	c.runs[run] = true
	return true
}

func (c *curveReads) end(run string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, run)
}

// ReadCurve reads the curves of a run beside those of the chosen one, to be compared.
func (s *Session) ReadCurve(run string) { s.loadCurve(run) }

// loadCurve reads the curves of a run that is not going on, once.
func (s *Session) loadCurve(run string) {
	state := s.State()
	if run == "" || state.Curves[run] != nil || state.Training != nil && state.Training.Run == run {
		return
	}
	if !s.reading.begin(run) {
		return
	}
	s.work.run(func(context.Context) {
		defer s.reading.end(run)
		g, err := readCurve(s.space.RunPath(run))
		s.fail(err)
		s.change(func(now *State) { now.Curves = withCurve(now.Curves, run, g.curve()) })
	})
}

// withCurve returns curves with those of a run, nil for none; curves itself, which a State shows, stays as it is.
func withCurve(curves map[string]*Curve, run string, c *Curve) map[string]*Curve {
	curves = maps.Clone(curves)
	if curves[run] = c; c == nil {
		delete(curves, run)
	}
	return curves
}
