package widgets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func plotOf(t testing.TB, d PlotData) (*LinePlot, *plotRenderer) {
	themed(t)
	p := NewLinePlot()
	w := test.NewTempWindow(t, p)
	w.Resize(fyne.NewSize(900, 350))
	p.SetData(d)
	return p, p.renderer
}

func losses(n int) []PlotPoint {
	out := make([]PlotPoint, n)
	for i := range out {
		out[i] = PlotPoint{X: float64(i) * 12 / float64(n), Y: 2.3*math.Exp(-float64(i)/float64(n)*4) + .1}
	}
	return out
}

func TestTicksReadDifferently(t *testing.T) {
	whole := func(v float64) string { return strconv.Itoa(int(math.Round(v))) }
	p, _ := plotOf(t, PlotData{Series: []PlotSeries{{Right: true}}, Left: PlotAxis{Format: whole}, Right: PlotAxis{Max: 1, Format: func(v float64) string { return fmt.Sprintf("%g %%", 100*v) }}})
	s := p.scale(p.Size())
	var left []string
	for _, v := range s.left.ticks {
		left = append(left, s.left.format(v))
	}
	if !slices.Equal(left, []string{"0", "1"}) {
		t.Errorf("whole numbers from 0 to 1 are %q", left)
	}
	if zero := s.right.format(s.right.ticks[0]); zero != "0 %" {
		t.Errorf("zero is written as %q", zero)
	}
}

func TestTicksAreRound(t *testing.T) {
	p, _ := plotOf(t, PlotData{Series: []PlotSeries{{Name: "loss", Points: losses(500)}}, X: PlotAxis{Max: 12}})
	s := p.scale(p.Size())
	if len(s.left.ticks) < 3 || s.left.step != .5 {
		t.Errorf("the ticks of the loss are %v", s.left.ticks)
	}
	if s.x.ticks[len(s.x.ticks)-1] > 12 {
		t.Errorf("the epochs go to %v", s.x.ticks)
	}
	d := p.Data()
	d.Left.Log = true
	p.SetData(d)
	for _, v := range p.scale(p.Size()).left.ticks {
		if l := math.Log10(v); math.Abs(l-math.Round(l)) > 1e-9 {
			t.Errorf("a tick of the logarithmic axis is %g", v)
		}
	}
}

func TestLabelsStayApartAndInside(t *testing.T) {
	var series []PlotSeries
	for _, name := range []string{"train loss", "validation loss", "a third", "검증 정확도"} {
		series = append(series, PlotSeries{Name: name, Points: losses(50)})
	}
	p, r := plotOf(t, PlotData{Series: series})
	var ys []float32
	for _, text := range r.texts.all[:r.texts.used] {
		if text.TextSize != 12 {
			continue
		}
		ys = append(ys, text.Position().Y)
		if end := text.Position().X + text.Size().Width; end > p.Size().Width {
			t.Errorf("%q ends at %g of %g", text.Text, end, p.Size().Width)
		}
	}
	if len(ys) != 4 {
		t.Fatalf("%d labels for four lines", len(ys))
	}
	for i := 1; i < len(ys); i++ {
		if ys[i]-ys[i-1] < 12 {
			t.Errorf("two labels lie on each other: %v", ys)
		}
	}
}

// In a low plot labels stay inside: those that do not fit are left out, but not the highest and the lowest.
func TestLabelsOfALowPlot(t *testing.T) {
	var series []PlotSeries
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		series = append(series, PlotSeries{Name: name, Colour: ColourAccent, Points: []PlotPoint{{0, float64(i)}, {1, float64(i)}}})
	}
	p, r := plotOf(t, PlotData{Series: series})
	p.Resize(fyne.NewSize(320, 80))
	p.Refresh()
	s := p.scale(p.Size())
	seen := ""
	for _, text := range r.texts.all[:r.texts.used] {
		if text.TextSize != 12 {
			continue
		}
		seen += text.Text[:1]
		if y := text.Position().Y; y < s.plot.y0-8 || y > s.plot.y1 {
			t.Errorf("%q stands at %g, the plot is from %g to %g", text.Text, y, s.plot.y0, s.plot.y1)
		}
	}
	if len(seen) < 2 || len(seen) > 3 || seen[0] != 'e' || seen[len(seen)-1] != 'a' {
		t.Errorf("labels %q", seen)
	}
}

func TestReadOutAndZoom(t *testing.T) {
	p, r := plotOf(t, PlotData{Series: []PlotSeries{{Name: "loss", Points: losses(100)}}, Head: func(float64) string { return "epoch" }})
	before := r.texts.used
	p.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(300, 100)}})
	if r.texts.used != before+2 || r.texts.all[before].Text != "epoch" {
		t.Errorf("%d texts are read out", r.texts.used-before)
	}
	p.MouseOut()
	if r.texts.used != before {
		t.Error("what was read out stays after the mouse is gone")
	}
	p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(200, 100)}, Dragged: fyne.NewDelta(1, 0)})
	p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(400, 100)}, Dragged: fyne.NewDelta(200, 0)})
	p.DragEnd()
	if s := p.scale(p.Size()); s.x.max-s.x.min > 6 {
		t.Errorf("after the zoom %g to %g is seen", s.x.min, s.x.max)
	}
	p.DoubleTapped(nil)
	if s := p.scale(p.Size()); s.x.min != 0 {
		t.Error("a double click does not show all")
	}
}

func TestEmptyAndOddData(t *testing.T) {
	p, r := plotOf(t, PlotData{})
	r.draw(900, 350)
	nan, inf := math.NaN(), math.Inf(1)
	for _, points := range [][]PlotPoint{
		{{X: 1, Y: 1}}, {{X: 0, Y: nan}, {X: 1, Y: inf}}, {{X: 0, Y: 0}, {X: 1, Y: 0}}, {{X: 0, Y: -5}, {X: 0, Y: 5}}, {{X: 0, Y: 1e30}, {X: 1, Y: 1e-30}},
	} {
		for _, log := range []bool{false, true} {
			p.SetData(PlotData{Series: []PlotSeries{{Name: "x", Points: points}, {Name: "y", Points: points, Right: true, Dashed: true}}, Left: PlotAxis{Log: log}})
			r.draw(900, 350) // must neither panic nor hang
		}
	}
}

func TestSmoothing(t *testing.T) {
	points := []PlotPoint{{0, 1}, {1, 1}, {2, math.NaN()}, {3, 1}, {4, 11}}
	out := SmoothPlot(points, .9)
	if math.Abs(out[0].Y-1) > 1e-9 || math.Abs(out[3].Y-1) > 1e-9 {
		t.Errorf("smoothing changes what is even: %v", out)
	}
	if out[4].Y < 2 || out[4].Y > 6 {
		t.Errorf("a jump to 11 is smoothed to %g", out[4].Y)
	}
	if same := SmoothPlot(points, 0); &same[0] != &points[0] {
		t.Error("no smoothing makes a copy")
	}
}

func BenchmarkPlot(b *testing.B) {
	var series []PlotSeries
	for range 4 { // as many points as a curve of any number of steps has
		series = append(series, PlotSeries{Name: "loss", Points: losses(8192), Colour: ColourAccent})
	}
	p, r := plotOf(b, PlotData{})
	for name, zoom := range map[string]*[2]float64{"whole": nil, "zoomed": {1000, 1100}} {
		b.Run(name, func(b *testing.B) {
			p.zoom = zoom
			for b.Loop() {
				p.SetData(PlotData{Series: series})
				r.draw(900, 350)
			}
		})
	}
}
