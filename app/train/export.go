package train

import (
	"context"
	"encoding/csv"
	"fmt"
	"image/color"
	"io"
	"maps"
	"math"
	"slices"
	"sync"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets"
)

// exportMenu offers the curves as a picture or a table.
func (p *Page) exportMenu(under fyne.CanvasObject) {
	if p.curve() == nil {
		return
	}
	var items []*fyne.MenuItem
	for _, kind := range []string{"png", "svg", "csv"} {
		items = append(items, fyne.NewMenuItem(p.text("export."+kind), func() {
			p.host.PickSave(p.state.Run+"."+kind, func(path string) { p.export(path, kind) })
		}))
	}
	p.menu(under, items...)
}

// export writes the curves of the chosen run, and what is laid over them, in the background.
func (p *Page) export(path, kind string) {
	c := p.curve()
	config, _ := p.configOf()
	shown := p.plotData(c, config)
	words := exportWords{p.state.Run, p.text("epoch"), p.text("loss"), p.host.Text("metric." + metric.Deciding(p.task()).Key)}
	p.host.Session().Do(func(context.Context) func() {
		var err error
		if kind == "csv" {
			err = disk.WriteFile(path, func(w io.Writer) error { return writeCSV(w, c) })
		} else {
			err = writePlot(path, kind, shown, words)
		}
		return func() {
			if err != nil {
				p.host.Fault(err)
				return
			}
			p.host.Tell("files.saved", path)
		}
	})
}

// writeCSV writes a line a step and a line an epoch.
func writeCSV(w io.Writer, c *session.Curve) error {
	t := csv.NewWriter(w)
	head, epochs := figureColumns(c)
	steps := []string{"epoch", "train_loss", "learning_rate", "images_per_second"}
	rows := [][]string{append(steps, head...)}
	f := widgets.FormatNumber
	rate, speed := follow(c.Rate), follow(c.Speed)
	for _, l := range c.Loss {
		rows = append(rows, append([]string{f(l.X), f(l.Y), rate(l.X), speed(l.X)}, make([]string, len(head))...))
	}
	for i, e := range c.Epochs {
		rows = append(rows, append([]string{f(e.Epoch), "", "", ""}, epochs[i]...))
	}
	if err := t.WriteAll(rows); err != nil {
		return err
	}
	return t.Error()
}

// figureColumns returns the columns of the validations: losses and all figures that were measured, of training and of validation.
func figureColumns(c *session.Curve) (head []string, rows [][]string) {
	train, val := map[string]bool{}, map[string]bool{}
	for _, e := range c.Epochs {
		for key := range e.Train {
			train[key] = true
		}
		for key := range e.Val {
			val[key] = true
		}
	}
	trainKeys, valKeys := slices.Sorted(maps.Keys(train)), slices.Sorted(maps.Keys(val))
	head = append(head, "epoch_train_loss")
	for _, key := range trainKeys {
		head = append(head, "epoch_train_"+key)
	}
	head = append(head, "val_loss")
	for _, key := range valKeys {
		head = append(head, "val_"+key)
	}
	f := widgets.FormatNumber
	for _, e := range c.Epochs {
		row := []string{f(e.TrainLoss)}
		for _, key := range trainKeys {
			row = append(row, f(e.Train.Get(key)))
		}
		row = append(row, f(e.ValLoss))
		for _, key := range valKeys {
			row = append(row, f(e.Val.Get(key)))
		}
		rows = append(rows, row)
	}
	return head, rows
}

// follow gives the value of a curve at rising places: that of its last point before. Curves of long runs are thinned each by itself.
func follow(points []session.Point) func(x float64) string {
	at := 0
	return func(x float64) string {
		for at+1 < len(points) && points[at+1].X <= x {
			at++
		}
		if at >= len(points) || points[at].X > x {
			return ""
		}
		return widgets.FormatNumber(points[at].Y)
	}
}

// exportWords are the texts of an exported plot.
type exportWords struct{ title, epoch, loss, figure string }

// inks are the colours of lines on paper; the theme's may be those for a dark screen.
var inks = map[fyne.ThemeColorName]color.Color{
	widgets.ColourAccent: color.NRGBA{R: 0x24, G: 0x68, B: 0xE5, A: 255}, widgets.ColourValidation: color.NRGBA{R: 0xE0, G: 0x6C, A: 255},
	widgets.ColourGood: color.NRGBA{R: 0x16, G: 0x86, B: 0x5A, A: 255}, widgets.ColourQuiet: color.NRGBA{R: 0x66, G: 0x70, B: 0x85, A: 255},
}

// paperFont makes the application's font that of plots, which have their own without Hangul.
var paperFont = sync.OnceValue(func() error {
	regular, err := opentype.Parse(font.Regular)
	if err != nil {
		return err
	}
	face := plotfont.Face{Font: plotfont.Font{Typeface: "Noto Sans KR"}, Face: regular}
	plotfont.DefaultCache.Add(plotfont.Collection{face})
	plot.DefaultFont = face.Font
	return nil
})

// writePlot draws for print what the window shows: the losses above, the figure of the task below.
func writePlot(path, kind string, shown widgets.PlotData, words exportWords) error {
	if err := paperFont(); err != nil {
		return err
	}
	loss, figure := plot.New(), plot.New()
	loss.Title.Text, loss.Y.Label.Text, figure.Y.Label.Text = words.title, words.loss, words.figure
	figure.Y.Min, figure.Y.Max = shown.Right.Min, 1
	if shown.Left.Log {
		loss.Y.Scale, loss.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	} else {
		loss.Y.Min = 0
	}
	drawn := map[*plot.Plot]bool{}
	for _, p := range []*plot.Plot{loss, figure} {
		p.X.Min, p.X.Max, p.X.Label.Text = 0, shown.X.Max, words.epoch
		p.Add(plotter.NewGrid())
	}
	for _, s := range shown.Series {
		on := loss
		if s.Right {
			on = figure
		}
		ok, err := addSeries(on, s)
		if err != nil {
			return fmt.Errorf("drawing %s: %w", s.Name, err)
		}
		drawn[on] = drawn[on] || ok
	}
	if shown.Left.Log { // which has no place for 0, where the library widens an axis without an extent to
		if !drawn[loss] {
			loss.Y.Min, loss.Y.Max = .1, 1
		}
		if loss.Y.Min == loss.Y.Max {
			loss.Y.Min, loss.Y.Max = loss.Y.Min/2, 2*loss.Y.Max
		}
	}
	loss.Legend.Top = true
	plots := [][]*plot.Plot{{loss}}
	if drawn[figure] {
		plots = append(plots, []*plot.Plot{figure})
	}
	canvas, err := draw.NewFormattedCanvas(18*vg.Centimeter, vg.Length(len(plots))*9*vg.Centimeter, kind)
	if err != nil {
		return err
	}
	tiles := draw.Tiles{Rows: len(plots), Cols: 1, PadY: 6 * vg.Millimeter, PadTop: 2 * vg.Millimeter, PadBottom: 2 * vg.Millimeter, PadLeft: 2 * vg.Millimeter, PadRight: 6 * vg.Millimeter}
	for i, row := range plot.Align(plots, tiles, draw.New(canvas)) {
		plots[i][0].Draw(row[0])
	}
	return disk.WriteFile(path, func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

// addSeries draws a series on a plot, as far as it has points that can be drawn.
func addSeries(p *plot.Plot, s widgets.PlotSeries) (bool, error) {
	log := p.Y.Scale == plot.LogScale{}
	usable := func(points []widgets.PlotPoint) (list plotter.XYs) {
		for _, v := range points {
			if !math.IsNaN(v.Y) && !math.IsInf(v.Y, 0) && (!log || v.Y > 0) {
				list = append(list, plotter.XY{X: v.X, Y: v.Y})
			}
		}
		return list
	}
	points := usable(s.Points)
	if len(points) == 0 {
		return false, nil
	}
	ink := s.Fixed
	if ink == nil {
		ink = inks[s.Colour]
	}
	if lower := usable(s.Lower); len(lower) > 0 {
		slices.Reverse(lower)
		area, err := plotter.NewPolygon(append(points, lower...))
		if err != nil {
			return false, err
		}
		area.Color, area.LineStyle.Width = widgets.Fade(ink, .18), 0
		p.Add(area)
		return true, nil
	}
	l, err := plotter.NewLine(points)
	if err != nil {
		return false, err
	}
	l.Color, l.Width = ink, vg.Points(1.2)
	if s.Faint {
		l.Color, l.Width = widgets.Fade(ink, .28), vg.Points(.6)
	}
	if s.Dashed {
		l.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	p.Add(l)
	if s.Name != "" && !s.Faint {
		p.Legend.Add(s.Name, l)
	}
	return true, nil
}
