package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// showVerb is `cnn show NETWORK|MODEL|DATASET`.
type showVerb struct {
	What  string `arg:"" help:"Name of a standard network, a network.json, or the folder of a model or a data set."`
	Input string `placeholder:"CxHxW" help:"Input of the network, e.g. 3x32x32 (default: its own)."`
	Batch int    `default:"0" help:"Batch size for which to print the memory; 0: the network's own."`
}

// Run tells what is there.
func (v showVerb) Run(ctx context.Context, o *output) error {
	if v.Batch < 0 {
		return misused("--batch must be 0 (the network's own) or more but is %d", v.Batch)
	}
	if _, err := os.Stat(filepath.Join(v.What, data.InfoFile)); err == nil {
		return showDataset(ctx, o, v.What)
	}
	spec, err := networkOf(v.What)
	if err != nil {
		return err
	}
	if v.Input != "" {
		in, err := parseShape("--input", v.Input)
		if err != nil {
			return err
		}
		if spec, err = resized(v.What, spec, in); err != nil {
			return err
		}
	}
	batch := v.Batch
	if batch == 0 {
		batch = nn.StandardBatch(spec.Name)
	}
	return showNetwork(o, spec, batch)
}

// networkOf finds a network: by a standard name, in a network.json, or in a model's folder.
func networkOf(what string) (nn.Spec, error) {
	if slices.Contains(nn.StandardNames(), what) {
		return nn.Standard(what, nn.StandardInput(what), nn.StandardClasses(what))
	}
	path := what
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, model.NetworkFile)
	}
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nn.Spec{}, fault.New("cnn.network.unknown", "There is no network %s. Name a standard network (%s), a network.json or the folder of a model.",
			what, strings.Join(nn.StandardNames(), ", "))
	}
	return model.LoadNetwork(path)
}

// resized gives the network for another input.
func resized(name string, spec nn.Spec, in nn.Shape) (nn.Spec, error) {
	if slices.Contains(nn.StandardNames(), name) {
		return nn.Standard(name, in, spec.Classes)
	}
	spec.Input = in
	return spec, nil
}

// parseShape reads "CxHxW".
func parseShape(flag, text string) (nn.Shape, error) {
	parts := strings.Split(strings.ToLower(text), "x")
	var n [3]int
	ok := len(parts) == 3
	for i := 0; ok && i < 3; i++ {
		var err error
		n[i], err = strconv.Atoi(parts[i])
		ok = err == nil && n[i] >= 1 && n[i] <= 1<<14
	}
	if !ok {
		return nn.Shape{}, misused("%s must be channels x height x width, e.g. 3x32x32, but is %q", flag, text)
	}
	return nn.Shape{C: n[0], H: n[1], W: n[2]}, nil
}

// layerLine describes a layer.
type layerLine struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Output       [3]int `json:"output"`
	Parameters   int64  `json:"parameters"`
	MultiplyAdds int64  `json:"multiply_adds"`
}

// networkLine describes a network.
type networkLine struct {
	Name         string      `json:"name"`
	Input        [3]int      `json:"input"`
	Layers       []layerLine `json:"layers"`
	Parameters   int64       `json:"parameters"`
	MultiplyAdds int64       `json:"multiply_adds"`
	MemoryBytes  int64       `json:"memory_bytes"`
	Problems     []string    `json:"problems,omitempty"`
}

func showNetwork(o *output, spec nn.Spec, batch int) error {
	report := nn.Analyze(spec, batch)
	line := networkLine{
		Name: spec.Name, Input: [3]int{spec.Input.C, spec.Input.H, spec.Input.W},
		Parameters: report.Parameters, MultiplyAdds: report.MultiplyAdds, MemoryBytes: report.MemoryBytes,
	}
	for _, i := range report.Order {
		l := report.Layers[i]
		line.Layers = append(line.Layers, layerLine{l.Name, l.Type, [3]int{l.Output.C, l.Output.H, l.Output.W}, l.Parameters, l.MultiplyAdds})
	}
	for _, p := range report.Problems {
		line.Problems = append(line.Problems, p.Fault.Error())
	}
	err := o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%s, input %v\n", line.Name, spec.Input)
		for _, l := range line.Layers {
			fmt.Fprintf(w, "  %-12s %-16s %5d×%-4d×%-4d %12d parameters %14d multiply-adds\n",
				l.Name, l.Type, l.Output[0], l.Output[1], l.Output[2], l.Parameters, l.MultiplyAdds)
		}
		fmt.Fprintf(w, "%d parameters, %d multiply-adds an image, %.1f MB to train a batch of %d\n",
			line.Parameters, line.MultiplyAdds, float64(line.MemoryBytes)/1e6, batch)
		for _, p := range line.Problems {
			fmt.Fprintln(w, "problem:", p)
		}
	})
	if err == nil && len(line.Problems) > 0 {
		err = fault.New("cnn.network.problem", "The network %s does not work: %s", line.Name, line.Problems[0])
	}
	return err
}

// showDataset describes a data set: images by their class, or, where an image is more than one thing, by the classes that it contains.
func showDataset(ctx context.Context, o *output, folder string) error {
	d, err := data.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	info := d.Info()
	line := describe(info)
	perClass := info.PerClass
	if info.Task == data.Segmentation {
		content, err := d.Content(ctx)
		if err != nil {
			return err
		}
		perClass = content.Images
	}
	for c := range info.Classes {
		line.PerClass = append(line.PerClass, splitCounts{perClass[data.Train][c], perClass[data.Val][c], perClass[data.Test][c]})
	}
	if err := d.Newer(); err != nil {
		line.Notice = err.Error()
	}
	return o.emit(line, line.text)
}
