package main

import (
	"context"
	"fmt"
	"image/png"
	"io"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/vision"
	textfont "github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets/raster"
)

// detectVerb is `cnn detect --model MODEL IMAGE…`.
type detectVerb struct {
	Model     string   `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Method    string   `enum:"window" default:"window" help:"How things are found: window, a classifier that slides over the photo."`
	Window    string   `placeholder:"WxH" help:"Size of the window in the photo (default: the network's input)."`
	Stride    int      `placeholder:"N" help:"Pixels between windows; 0: a quarter of the window."`
	Scales    string   `default:"1" placeholder:"F,…" help:"Scales of the window, relative to --window."`
	Threshold float64  `default:"0.5" help:"Minimum score of a box, 0 to 1."`
	NMS       float64  `name:"nms" default:"0.15" help:"Of boxes that overlap by more than this IoU only the best is kept, 0 to 1."`
	Draw      string   `placeholder:"OUT.png" help:"Write the photo with its boxes; for several photos, a folder."`
	Snapshot  string   `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	Force     bool     `help:"Overwrite --draw."`
	Images    []string `arg:"" name:"image" help:"Photos, or folders of photos."`
	engineFlags
}

type boxLine struct {
	Label  string  `json:"label"`
	Score  number  `json:"score"`
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Width  float32 `json:"width"`
	Height float32 `json:"height"`
}

type heatLine struct {
	Rows    int `json:"rows"`
	Columns int `json:"columns"`
	Stride  int `json:"stride"`
}

type detectLine struct {
	Image   string    `json:"image"`
	Method  string    `json:"method"`
	Boxes   []boxLine `json:"boxes"`
	Heatmap heatLine  `json:"heatmap"` // of the first scale
	Seconds number    `json:"seconds"`
}

// detectBatch is how many windows go through the network at once.
const detectBatch = 64

// Run looks at each photo.
func (v detectVerb) Run(ctx context.Context, o *output) error {
	options, err := v.options()
	if err != nil {
		return err
	}
	pictures := picturesOf(v.Images)
	draw := pictureFile{v.Draw, ".boxes.png", v.Force, len(pictures) > 1}
	if err := draw.check(); err != nil {
		return err
	}
	return withPredictor(v.Model, v.Snapshot, data.Classification, v.engineFlags, detectBatch, func(_ *model.Model, p *model.Predictor) error {
		return eachPicture(ctx, o, pictures, func(path string) error {
			return v.photo(ctx, o, p, path, options, draw)
		})
	})
}

// options checks the flags.
func (v detectVerb) options() (vision.WindowOptions, error) {
	w := vision.WindowOptions{Stride: v.Stride}
	if v.Stride < 0 {
		return w, misused("--stride must be 0 (a quarter of the window) or more but is %d", v.Stride)
	}
	if !(v.Threshold >= 0 && v.Threshold <= 1) || !(v.NMS >= 0 && v.NMS <= 1) {
		return w, misused("--threshold and --nms must be from 0 to 1 but are %s and %s", plain(v.Threshold), plain(v.NMS))
	}
	if v.Window != "" {
		var err error
		if w.Width, w.Height, err = parseSize("--window", v.Window); err != nil {
			return w, err
		}
	}
	for _, text := range strings.Split(v.Scales, ",") {
		s, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(s > 0 && s <= 64) {
			return w, misused("--scales must be one or more sizes from just over 0 to 64, e.g. 1,1.5,2, but is %q", v.Scales)
		}
		w.Scales = append(w.Scales, s)
	}
	return w, nil
}

// photo finds the things in one photo.
func (v detectVerb) photo(ctx context.Context, o *output, p *model.Predictor, path string, options vision.WindowOptions, draw pictureFile) error {
	to, err := draw.of(path)
	if err != nil {
		return err
	}
	img, err := data.DecodeFile(path)
	if err != nil {
		return err
	}
	bar := o.progress(-1, "looking", "windows")
	found, err := vision.SlidingWindow(ctx, p, img, options, bar.set)
	bar.close()
	if err != nil {
		return err
	}
	grid := found.Scales[0]
	line := detectLine{Image: path, Method: v.Method, Boxes: []boxLine{}, Heatmap: heatLine{grid.Rows, grid.Columns, grid.Stride}, Seconds: number(found.Seconds)}
	boxes := found.Boxes(float32(v.Threshold), float32(v.NMS))
	for _, b := range boxes {
		line.Boxes = append(line.Boxes, boxLine{b.Label, number(b.Score), b.X, b.Y, b.W, b.H})
	}
	if to != "" {
		if err := drawBoxes(to, path, boxes); err != nil {
			return err
		}
	}
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d boxes in %.2f s (%d windows)\n", path, len(boxes), found.Seconds, found.Count())
		for _, b := range boxes {
			fmt.Fprintf(w, "  %-16s %.2f  at %g,%g  %g×%g\n", b.Label, b.Score, b.X, b.Y, b.W, b.H)
		}
	})
}

// drawBoxes writes the photo with its boxes, the surest on top.
func drawBoxes(to, photo string, boxes []vision.Box) error {
	img, err := data.DecodeFile(photo)
	if err != nil {
		return err
	}
	parsed, err := opentype.Parse(textfont.Regular)
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(max(10, min(20, img.Bounds().Dy()/40))), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return err
	}
	drawn := make([]raster.Box, len(boxes))
	for i, b := range boxes {
		drawn[len(boxes)-1-i] = raster.Box{X: b.X, Y: b.Y, Width: b.W, Height: b.H, Label: fmt.Sprintf("%s %.2f", b.Label, b.Score), Colour: raster.ClassColour(b.Class)}
	}
	picture := raster.Boxes(img, drawn, face)
	return disk.WriteFile(to, func(w io.Writer) error { return png.Encode(w, picture) })
}
