package train

import (
	"fmt"
	"math"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// task is that of the chosen run, or of the chosen data set where no run is chosen.
func (p *Page) task() data.Task {
	if r := p.state.ChosenRun(); r != nil {
		return r.Info.Task
	}
	if d := p.state.ChosenDataset(); d != nil {
		return d.Info.Task
	}
	return data.Classification
}

// plotted returns the figures of a task that are drawn: those that are measured in training and in validation.
func plotted(t data.Task) (list []metric.Metric) {
	for _, m := range metric.Of(t) {
		if m.Training {
			list = append(list, m)
		}
	}
	return list
}

// figureText writes a value of a figure, the same wherever it stands.
func figureText(m metric.Metric, v float64) string {
	if m.Format == metric.Share {
		return percent(v)
	}
	return widgets.FormatNumber(v)
}

// percent writes a share.
func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

// figureAxis returns the axis of a figure: of a share it runs to 100 %, from a round percentage below the least value.
func figureAxis(m metric.Metric, values []widgets.PlotPoint) widgets.PlotAxis {
	if m.Format != metric.Share {
		return widgets.PlotAxis{}
	}
	low := 1.
	for _, v := range values {
		low = math.Min(low, v.Y)
	}
	low = math.Floor(low*10) / 10
	if low > .9 {
		low = .9
	}
	if len(values) == 0 {
		low = 0
	}
	tick := func(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }
	return widgets.PlotAxis{Min: low, Max: 1, Format: tick, Value: percent}
}

// measured returns the points of a figure over the validations, without those where it was not measured.
func measured(epochs []train.Epoch, of func(train.Epoch) float64) (points []widgets.PlotPoint) {
	for _, e := range epochs {
		if y := of(e); !math.IsNaN(y) {
			points = append(points, widgets.PlotPoint{X: e.Epoch, Y: y})
		}
	}
	return points
}
