package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/widgets/raster"
)

// inspectVerb is `cnn inspect --model MODEL --image IMAGE --out FOLDER`.
type inspectVerb struct {
	Model    string `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Image    string `required:"" help:"Image to feed to the network."`
	Out      string `required:"" placeholder:"FOLDER" help:"Folder for the pictures and layers.json."`
	Layer    string `help:"Only this layer."`
	Snapshot string `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	NPY      bool   `name:"npy" help:"Also write the values as NumPy arrays: the output of each layer, C×H×W, and filters, F×C×h×w."`
	Force    bool   `help:"Overwrite what is in --out."`
	engineFlags
}

// layerInside is what layers.json tells of a layer.
type layerInside struct {
	Name       string        `json:"name"`
	Type       string        `json:"type"`
	Shape      [3]int        `json:"shape"`
	Mean       number        `json:"mean"`
	Deviation  number        `json:"deviation"`
	Min        number        `json:"min"`
	Max        number        `json:"max"`
	Zeros      number        `json:"zeros"`
	Parameters int64         `json:"parameters"`
	Histogram  histogramLine `json:"histogram"`
	Filters    string        `json:"filters,omitempty"` // names of the pictures
	Features   string        `json:"features"`
	Arrays     []string      `json:"arrays,omitempty"` // with --npy
}

type histogramLine struct {
	Low    number `json:"low"`
	High   number `json:"high"`
	Counts []int  `json:"counts"`
}

// Run draws every layer, or the one that was named.
func (v inspectVerb) Run(ctx context.Context, o *output) (err error) {
	if entries, err := os.ReadDir(v.Out); err == nil && len(entries) > 0 && !v.Force {
		return fault.New("cnn.out.exists", "The folder %s is not empty. Choose another one or add --force.", v.Out)
	}
	m, err := model.Load(v.Model, v.Snapshot)
	if err != nil {
		return err
	}
	img, err := data.DecodeFile(v.Image)
	if err != nil {
		return err
	}
	device, err := v.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.Close()) }()
	p, err := m.Open(device, 1, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	view, err := inspect.Image(ctx, p, img)
	if err != nil {
		return err
	}
	if err := disk.MakeFolder(v.Out); err != nil {
		return err
	}
	var lines []layerInside
	for _, l := range view.Layers {
		if v.Layer != "" && l.Name != v.Layer {
			continue
		}
		line, err := v.draw(l)
		if err != nil {
			return err
		}
		lines = append(lines, line)
		err = o.emit(line, func(w io.Writer) {
			fmt.Fprintf(w, "%-12s %-16s %-14s mean %9.4f  deviation %9.4f  zeros %5.1f %%  %d parameters\n",
				l.Name, l.Type, l.Shape, l.Stats.Mean, l.Stats.Deviation, 100*l.Stats.Zeros, l.Parameters)
		})
		if err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return fault.New("cnn.layer.unknown", "The network of %s has no layer %s. 'cnn show' lists its layers.", v.Model, v.Layer)
	}
	return disk.WriteFile(filepath.Join(v.Out, "layers.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(lines)
	})
}

// draw writes the pictures of a layer.
func (v inspectVerb) draw(l inspect.Layer) (layerInside, error) {
	name, err := disk.SafeName(l.Name)
	if err != nil {
		return layerInside{}, err
	}
	s := l.Stats
	line := layerInside{
		Name: l.Name, Type: l.Type, Shape: [3]int{l.Shape.C, l.Shape.H, l.Shape.W}, Parameters: l.Parameters,
		Mean: number(s.Mean), Deviation: number(s.Deviation), Min: number(s.Min), Max: number(s.Max), Zeros: number(s.Zeros),
		Histogram: histogramLine{number(s.Histogram.Low), number(s.Histogram.High), s.Histogram.Counts},
		Features:  name + ".features.png",
	}
	if err := v.write(line.Features, raster.Maps(l.Maps.Data(), l.Shape.C, l.Shape.H, l.Shape.W)); err != nil {
		return line, err
	}
	if err := v.writeArray(&line, name+".features.npy", l.Maps); err != nil {
		return line, err
	}
	if l.Filters == nil {
		return line, nil
	}
	line.Filters = name + ".filters.png"
	if err := v.write(line.Filters, filterSheet(*l.Filters)); err != nil {
		return line, err
	}
	return line, v.writeArray(&line, name+".filters.npy", *l.Filters)
}

// writeArray writes an array where arrays are asked for.
func (v inspectVerb) writeArray(line *layerInside, name string, t nn.Tensor) error {
	if !v.NPY {
		return nil
	}
	line.Arrays = append(line.Arrays, name)
	return disk.WriteFile(filepath.Join(v.Out, name), t.WriteNPY)
}

func filterSheet(t nn.Tensor) image.Image {
	return raster.Filters(t.Data(), t.Shape()[0], t.Shape()[1], t.Shape()[2], t.Shape()[3])
}

func (v inspectVerb) write(name string, img image.Image) error {
	return disk.WriteFile(filepath.Join(v.Out, name), func(w io.Writer) error { return png.Encode(w, img) })
}
