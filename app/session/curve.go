package session

import (
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// A Curve is what a run measured, thinned for drawing. It is never changed.
type Curve struct {
	Loss, Rate, Speed []Point // by epoch; thinned to the extremes of equal stretches
	Epochs            []train.Epoch
	Health            []train.Health
	RateChanges       []train.RateChanged // where its rate was changed
	Warnings          []Mark
	Transferred       *train.Transferred // what became of the weights that it started from
	Weighed           *train.Weighed     // what classes weigh in its loss; nil: all alike
	Iterations        int
	PerEpoch          int
}

// A Point of a curve; X in epochs.
type Point struct{ X, Y float64 }

// A Mark is a warning at a place.
type Mark struct {
	Epoch float64
	Fault *fault.Fault
}

// maxPoints bounds the points of a curve: twice as many as any screen has columns.
const maxPoints = 4096

// series gathers points. Slices of it that were handed out stay as they are: it only appends, or begins anew.
type series struct {
	points []Point
	stride int // steps that two points (least and largest) stand for
	held   []Point
}

func (s *series) add(x, y float64) {
	if s.stride <= 1 {
		s.points = append(s.points, Point{x, y})
	} else {
		s.held = append(s.held, Point{x, y})
		if len(s.held) >= s.stride {
			s.points = append(s.points, extremes(s.held)...)
			s.held = s.held[:0]
		}
	}
	if len(s.points) < maxPoints {
		return
	}
	s.stride = max(2*s.stride, 4) // two points stand for four steps, then for eight …
	s.points = thin(s.points, 4)
}

// view returns what was gathered so far, with the newest point as its end.
func (s *series) view() []Point {
	n := len(s.points)
	p := s.points[:n:n]
	if k := len(s.held); k > 0 {
		p = append(p, s.held[k-1])
	}
	return p
}

// thin returns the least and the largest of each group, in order.
func thin(points []Point, group int) []Point {
	out := make([]Point, 0, maxPoints)
	for len(points) > 0 {
		n := min(group, len(points))
		out = append(out, extremes(points[:n])...)
		points = points[n:]
	}
	return out
}

// extremes returns the least and the largest point in their order.
func extremes(p []Point) []Point {
	low, high := 0, 0
	for i := range p {
		if p[i].Y < p[low].Y {
			low = i
		}
		if p[i].Y > p[high].Y {
			high = i
		}
	}
	if low == high {
		return []Point{p[low]}
	}
	return []Point{p[min(low, high)], p[max(low, high)]}
}

// gathering is a Curve in the making.
type gathering struct {
	loss, rate, speed series
	epochs            []train.Epoch
	health            []train.Health
	rateChanges       []train.RateChanged
	warnings          []Mark
	transferred       *train.Transferred
	weighed           *train.Weighed
	iterations        int
	perEpoch          int
}

// add takes an event in.
func (g *gathering) add(e train.Event) {
	switch e := e.(type) {
	case train.Started:
		g.iterations, g.perEpoch = e.Iterations, e.IterationsPerEpoch
		g.rewind(e.Iteration)
	case train.Step:
		g.loss.add(e.Epoch, e.Loss)
		g.rate.add(e.Epoch, e.Rate)
		g.speed.add(e.Epoch, e.ImagesPerSecond)
	case train.Epoch:
		g.epochs = append(g.epochs, e)
	case train.Health:
		g.health = append(g.health, e)
	case train.RateChanged:
		g.rateChanges = append(g.rateChanges, e)
	case train.Transferred:
		g.transferred = &e
	case train.Weighed:
		g.weighed = &e
	case train.Warning:
		if e.Fault != nil {
			g.warnings = append(g.warnings, Mark{e.Epoch, e.Fault})
		}
	}
}

// rewind forgets what lies after the snapshot that a run goes on from.
func (g *gathering) rewind(iteration int) {
	if g.perEpoch == 0 {
		return
	}
	x := float64(iteration) / float64(g.perEpoch)
	for _, s := range []*series{&g.loss, &g.rate, &g.speed} {
		s.held = s.held[:0]
		s.points = before(s.points, func(p Point) bool { return p.X > x })
	}
	g.epochs = before(g.epochs, func(e train.Epoch) bool { return e.Iteration > iteration })
	g.health = before(g.health, func(h train.Health) bool { return h.Iteration > iteration })
	g.rateChanges = before(g.rateChanges, func(s train.RateChanged) bool { return s.Iteration > iteration })
	g.warnings = before(g.warnings, func(w Mark) bool { return w.Epoch > x })
}

// before returns what comes before the later ones at the end of a list; it can be appended to without a change of the list.
func before[E any](list []E, later func(E) bool) []E {
	n := len(list)
	for n > 0 && later(list[n-1]) {
		n--
	}
	return list[:n:n]
}

func (g *gathering) curve() *Curve {
	return &Curve{
		Loss: g.loss.view(), Rate: g.rate.view(), Speed: g.speed.view(),
		Epochs: g.epochs[:len(g.epochs):len(g.epochs)], Health: g.health[:len(g.health):len(g.health)], RateChanges: g.rateChanges[:len(g.rateChanges):len(g.rateChanges)], Warnings: g.warnings[:len(g.warnings):len(g.warnings)],
		Transferred: g.transferred, Weighed: g.weighed, Iterations: g.iterations, PerEpoch: g.perEpoch,
	}
}

// gatheringOf returns a gathering that goes on from a curve.
func gatheringOf(c *Curve) gathering {
	return gathering{
		loss: series{points: c.Loss}, rate: series{points: c.Rate}, speed: series{points: c.Speed}, epochs: c.Epochs, health: c.Health, rateChanges: c.RateChanges,
		warnings: c.Warnings, transferred: c.Transferred, weighed: c.Weighed, iterations: c.Iterations, perEpoch: c.PerEpoch,
	}
}
