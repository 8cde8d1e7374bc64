package widgets

import (
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
)

// scale maps values to places for one size of a plot.
type scale struct {
	plot           struct{ x0, y0, x1, y1 float32 }
	x, left, right axis
}

// axis is an axis with its range and round ticks.
type axis struct {
	min, max float64
	log      bool
	ticks    []float64
	write    func(float64) string // ticks; nil: short numbers
	read     func(float64) string // values; nil: as ticks
	step     float64
}

// scale works out ranges, margins and ticks.
func (p *LinePlot) scale(size fyne.Size) scale {
	var s scale
	hasRight := false
	for _, l := range p.data.Series {
		hasRight = hasRight || l.Right
	}
	s.x = p.horizontal()
	s.left = p.vertical(p.data.Left, false, s.x)
	vertical := 5
	if p.compact {
		vertical = 3
	}
	vertical = max(2, min(vertical, int((size.Height-30)/16))) // texts of ticks stand clear of each other
	s.left.tick(vertical)
	if hasRight {
		s.right = p.vertical(p.data.Right, true, s.x)
		s.right.tick(vertical)
	}
	room := float32(0)
	for _, v := range s.left.ticks {
		room = max(room, fyne.MeasureText(s.left.format(v), SmallSize, fyne.TextStyle{}).Width)
	}
	s.plot.x0, s.plot.x1 = room+12, size.Width-12
	room = 0
	for _, v := range s.right.ticks {
		room = max(room, fyne.MeasureText(s.right.format(v), SmallSize, fyne.TextStyle{}).Width)
	}
	s.plot.x1 -= room
	s.plot.y0, s.plot.y1 = 8, size.Height-22
	if len(p.data.Marks) > 0 {
		s.plot.y0 = 18
	}
	horizontal := int(min(10, max(2, (s.plot.x1-s.plot.x0)/80)))
	end := s.x.max
	s.x.max = p.roomForLabels(s)
	s.x.tick(horizontal)
	s.x.ticks = slices.DeleteFunc(s.x.ticks, func(v float64) bool { return v > end+s.x.step*1e-6 })
	return s
}

// roomForLabels returns where the horizontal axis ends so that the labels at the lines' ends do not lie on the lines.
func (p *LinePlot) roomForLabels(s scale) float64 {
	last, widest := s.x.min, float32(0)
	for _, l := range p.data.Series {
		if n := len(l.Points); n > 0 && l.Name != "" && !l.Faint {
			last = math.Max(last, math.Min(l.Points[n-1].X, s.x.max))
			a := s.left
			if l.Right {
				a = s.right
			}
			widest = max(widest, fyne.MeasureText(l.Name+" "+a.value(l.Points[n-1].Y), 12, fyne.TextStyle{}).Width)
		}
	}
	room := s.plot.x1 - s.plot.x0
	if p.compact || widest == 0 || widest > room/2 {
		return s.x.max
	}
	// (last−min)/(max−min)·room + 16 + widest ≤ room
	return math.Max(s.x.max, s.x.min+(last-s.x.min)*float64(room/(room-widest-16)))
}

// horizontal returns the range of X: what is zoomed into, what was asked for, or what the data have.
func (p *LinePlot) horizontal() axis {
	a := axis{min: p.data.X.Min, max: p.data.X.Max, write: p.data.X.Format}
	if p.zoom != nil {
		a.min, a.max = p.zoom[0], p.zoom[1]
		return a
	}
	if a.min == a.max {
		a.min, a.max = math.Inf(1), math.Inf(-1)
		for _, l := range p.data.Series {
			if n := len(l.Points); n > 0 {
				a.min, a.max = math.Min(a.min, l.Points[0].X), math.Max(a.max, l.Points[n-1].X)
			}
		}
	}
	if !(a.max > a.min) {
		if math.IsInf(a.min, 0) {
			a.min = 0
		}
		a.max = a.min + 1
	}
	return a
}

// vertical returns the range of one side's values within the horizontal range.
func (p *LinePlot) vertical(spec PlotAxis, right bool, x axis) axis {
	a := axis{min: spec.Min, max: spec.Max, log: spec.Log, write: spec.Format, read: spec.Value}
	if a.min != a.max {
		return a
	}
	a.min, a.max = math.Inf(1), math.Inf(-1)
	for _, l := range p.data.Series {
		if l.Right != right {
			continue
		}
		for _, pt := range append(l.Points[:len(l.Points):len(l.Points)], l.Lower...) {
			if pt.X < x.min || pt.X > x.max || math.IsNaN(pt.Y) || math.IsInf(pt.Y, 0) || a.log && pt.Y <= 0 {
				continue
			}
			a.min, a.max = math.Min(a.min, pt.Y), math.Max(a.max, pt.Y)
		}
	}
	switch {
	case math.IsInf(a.min, 0):
		a.min, a.max = 0, 1
		if a.log {
			a.min, a.max = .1, 1
		}
	case a.log:
		a.min, a.max = math.Pow(10, math.Floor(math.Log10(a.min))), math.Pow(10, math.Ceil(math.Log10(a.max)))
		if a.min == a.max {
			a.max *= 10
		}
	default:
		if a.min > 0 && a.min < .5*a.max {
			a.min = 0
		}
		if a.min == a.max {
			a.min, a.max = a.min-math.Abs(a.min)/2, a.max+math.Max(math.Abs(a.max)/2, 1e-9)
		}
	}
	return a
}

// tick puts about n round ticks; a range that is not asked for grows to whole ticks.
func (a *axis) tick(n int) {
	if a.log {
		low, high := int(math.Round(math.Log10(a.min))), int(math.Round(math.Log10(a.max)))
		step := max(1, (high-low+n-1)/n)
		for e := low; e <= high; e += step {
			a.ticks = append(a.ticks, math.Pow(10, float64(e)))
		}
		return
	}
	raw := (a.max - a.min) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	a.step = unit * 10
	for _, m := range []float64{1, 2, 2.5, 5} {
		if raw <= unit*m*1.0001 {
			a.step = unit * m
			break
		}
	}
	for i := int(math.Ceil(a.min/a.step - 1e-6)); float64(i)*a.step <= a.max+a.step*1e-6; i++ { // whole: rounded up to zero a number is −0
		a.ticks = append(a.ticks, float64(i)*a.step)
	}
	// Where the texts of ticks have fewer digits than their step, the first of those that read alike stays.
	a.ticks = slices.CompactFunc(a.ticks, func(v, w float64) bool { return a.format(v) == a.format(w) })
}

// format writes a tick.
func (a axis) format(v float64) string {
	if a.write != nil {
		return a.write(v)
	}
	return short(v)
}

// value writes a value that is read out.
func (a axis) value(v float64) string {
	if a.read != nil {
		return a.read(v)
	}
	return a.format(v)
}

// short writes a number with three digits.
func short(v float64) string {
	switch m := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case m != 0 && m < 1e-3 || m >= 1e6:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case m < 1e-9:
		return "0"
	}
	digits := min(6, max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))))
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		for text[len(text)-1] == '0' {
			text = text[:len(text)-1]
		}
		if text[len(text)-1] == '.' {
			text = text[:len(text)-1]
		}
	}
	return text
}

func (s scale) pixelX(v float64) float32 {
	return s.plot.x0 + float32((v-s.x.min)/(s.x.max-s.x.min))*(s.plot.x1-s.plot.x0)
}

func (s scale) xAt(px float32) float64 {
	return s.x.min + float64((px-s.plot.x0)/(s.plot.x1-s.plot.x0))*(s.x.max-s.x.min)
}

func (s scale) yAt(v float64, right bool) float32 {
	a := s.left
	if right {
		a = s.right
	}
	share := (v - a.min) / (a.max - a.min)
	if a.log {
		if v <= 0 {
			return float32(math.NaN())
		}
		share = (math.Log10(v) - math.Log10(a.min)) / (math.Log10(a.max) - math.Log10(a.min))
	}
	share = math.Min(1.02, math.Max(-.02, share)) // what leaves the plot lies along its edge
	return s.plot.y1 - float32(share)*(s.plot.y1-s.plot.y0)
}
