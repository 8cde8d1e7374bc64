package train

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// What the plot of layers shows.
const (
	viewGradients = iota
	viewUpdates
	viewSpeed
)

// buildLayers makes the panel that shows how each layer learns, or how quick the run is.
func (p *Page) buildLayers() fyne.CanvasObject {
	views := widgets.NewSegmented([]string{p.text("gradients"), p.text("updates"), p.text("speed")}, func(i int) {
		p.curves.view = i
		p.draw(true)
	})
	views.Choose(p.curves.view)
	head := widgets.Line(2, views, p.host.Info("gradient"))
	return widgets.NewPanel(widgets.ColumnGrowing(2, p.curves.layers, widgets.Sized(0, 20, head), p.curves.layers)).Around(p.curves.layers)
}

// drawLayers shows what was chosen.
func (p *Page) drawLayers(c *session.Curve, axis widgets.PlotAxis) {
	p.curves.layers.SetCompact(p.curves.view == viewSpeed || len(c.Health) == 0)
	if p.curves.view == viewSpeed {
		p.curves.layers.SetData(widgets.PlotData{
			Series: []widgets.PlotSeries{{Name: p.text("images-per-second"), Points: widgets.SmoothPlot(points(c.Speed), .9), Colour: widgets.ColourAccent}},
			X:      axis, Left: speedAxis(c), Head: p.epochHead(c),
		})
		return
	}
	value := func(l train.LayerHealth) float64 { return l.Gradient }
	if p.curves.view == viewUpdates {
		value = train.LayerHealth.Ratio
	}
	p.curves.layers.SetData(widgets.PlotData{Series: layerSeries(c.Health, value), X: axis, Left: widgets.PlotAxis{Log: true}, Head: p.epochHead(c)})
}

// layerColours are the class colours that lines are drawn in, those that are read well as small text on light and on dark; the first layer has the accent.
var layerColours = [...]int{-1, 2, 3, 1, 6}

// mostLayers is how many layers can be told apart in a small plot.
const mostLayers = len(layerColours)

// layerSeries makes a line of each layer of weights, of some of them if they are many: the first, the last and those between at equal distances.
func layerSeries(health []train.Health, value func(train.LayerHealth) float64) []widgets.PlotSeries {
	var names []string
	lines := map[string][]widgets.PlotPoint{}
	for _, h := range health {
		for _, l := range h.Layers {
			v := value(l)
			if !(v > 0) || math.IsInf(v, 0) { // a ReLU, or nothing that a logarithm could show
				continue
			}
			if lines[l.Name] == nil {
				names = append(names, l.Name)
			}
			lines[l.Name] = append(lines[l.Name], widgets.PlotPoint{X: h.Epoch, Y: v})
		}
	}
	if n := len(names); n > mostLayers {
		var some []string
		for i := range mostLayers {
			some = append(some, names[i*(n-1)/(mostLayers-1)])
		}
		names = slices.Compact(some)
	}
	var series []widgets.PlotSeries
	for i, name := range names {
		line := widgets.PlotSeries{Name: name, Points: lines[name], Colour: widgets.ColourAccent}
		if class := layerColours[i]; class >= 0 {
			line.Fixed = widgets.ClassColour(class)
		}
		series = append(series, line)
	}
	return series
}
