package train

import (
	"math"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
)

// The tab takes a state of a run of a million steps, a thousand epochs of a thousand; the plot's drawing is measured by itself (BenchmarkPlot).
func BenchmarkTabOfAMillionSteps(b *testing.B) {
	h := pagetest.New(b, "en", false, New)
	p := h.Page().(*Page)
	h.Pump()
	val := make([]float64, 1000)
	for i := range val {
		val[i] = .1 + math.Exp(-float64(i)/300)
	}
	one, another := synthetic(b, h.State(), epochs(val, val)), synthetic(b, h.State(), epochs(val, val))
	for _, s := range []*session.State{one, another} {
		c := s.Curves["run 1"]
		c.Loss, c.Rate, c.Speed, c.Health = c.Loss[:8192], c.Rate[:8192], c.Speed[:8192], c.Health[:min(len(c.Health), 400)]
	}
	for b.Loop() {
		p.Update(one)
		p.Update(another)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(2*b.N), "ms/state")
}
