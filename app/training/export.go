package training

import (
	"context"
	"encoding/csv"
	"fmt"
	"image/color"
	"io"
	"path/filepath"

	"fyne.io/fyne/v2"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
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
			p.host.PickFolder(func(folder string) { p.export(filepath.Join(folder, p.state.Run+"."+kind), kind) })
		}))
	}
	p.menu(under, items...)
}

// export writes the curves of the chosen run, in the background.
func (p *Page) export(path, kind string) {
	c, run := p.curve(), p.state.Run
	words := exportWords{title: run, epoch: p.text("epoch"), loss: p.text("loss"), train: p.text("train-loss"), val: p.text("val-loss")}
	p.host.Session().Do(func(context.Context) func() {
		var err error
		if kind == "csv" {
			err = data.WriteFileAtomic(path, func(w io.Writer) error { return writeCSV(w, c) })
		} else {
			err = writePlot(path, kind, c, words)
		}
		return func() {
			if err != nil {
				p.host.Fault(err)
			}
		}
	})
}

// writeCSV writes a line a step and a line an epoch.
func writeCSV(w io.Writer, c *session.Curve) error {
	t := csv.NewWriter(w)
	rows := [][]string{{"epoch", "train_loss", "learning_rate", "images_per_second", "epoch_train_loss", "epoch_train_accuracy", "val_loss", "val_accuracy"}}
	f := widgets.FormatNumber
	for i, l := range c.Loss {
		row := []string{f(l.X), f(l.Y), "", "", "", "", "", ""}
		if i < len(c.Rate) && c.Rate[i].X == l.X {
			row[2] = f(c.Rate[i].Y)
		}
		if i < len(c.Speed) && c.Speed[i].X == l.X {
			row[3] = f(c.Speed[i].Y)
		}
		rows = append(rows, row)
	}
	for _, e := range c.Epochs {
		rows = append(rows, []string{f(e.Epoch), "", "", "", f(e.TrainLoss), f(e.TrainAccuracy), f(e.ValLoss), f(e.ValAccuracy)})
	}
	if err := t.WriteAll(rows); err != nil {
		return err
	}
	return t.Error()
}

// exportWords are the texts of an exported plot.
type exportWords struct{ title, epoch, loss, train, val string }

// writePlot draws the losses for print.
func writePlot(path, kind string, c *session.Curve, words exportWords) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = words.title, words.epoch, words.loss
	p.Y.Min = 0
	p.Add(plotter.NewGrid())
	add := func(name string, points plotter.XYs, c color.Color) error {
		if len(points) == 0 {
			return nil
		}
		l, err := plotter.NewLine(points)
		if err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
		l.Color, l.Width = c, vg.Points(1.2)
		p.Add(l)
		p.Legend.Add(name, l)
		return nil
	}
	var loss, val plotter.XYs
	for _, v := range c.Loss {
		loss = append(loss, plotter.XY{X: v.X, Y: v.Y})
	}
	for _, e := range c.Epochs {
		if e.ValLoss == e.ValLoss {
			val = append(val, plotter.XY{X: e.Epoch, Y: e.ValLoss})
		}
	}
	p.Legend.Top = true
	if err := add(words.train, loss, color.NRGBA{R: 0x24, G: 0x68, B: 0xE5, A: 255}); err != nil {
		return err
	}
	if err := add(words.val, val, color.NRGBA{R: 0xE0, G: 0x6C, A: 255}); err != nil {
		return err
	}
	drawn, err := p.WriterTo(18*vg.Centimeter, 11*vg.Centimeter, kind)
	if err != nil {
		return err
	}
	return data.WriteFileAtomic(path, func(w io.Writer) error {
		_, err := drawn.WriteTo(w)
		return err
	})
}
