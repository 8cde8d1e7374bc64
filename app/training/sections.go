package training

import (
	"fmt"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// The sections of the form that are folded away at first: augmentation, and a start from weights.

// augmentation tells whether images are changed in training.
func (f *form) augmentation() string {
	if c := f.shown; !c.Augment.IsZero() || c.Crop > 0 {
		return f.p.text("augmentation.on")
	}
	return f.p.text("augmentation.off")
}

// samplesShown is how many pictures show what augmentation does: the image itself and what becomes of it.
const samplesShown = 10

// augmentRows are the settings of what chance does with an image in training, and pictures of it.
func (f *form) augmentRows(number numberMaker, row rowMaker, choice choiceMaker) []fyne.CanvasObject {
	a, p := f.shown.Augment, f.p
	share := func(key string, v, most float64, set func(*data.Augmentation, float64)) fyne.CanvasObject {
		return number(key, v, 0, most, false, func(c *train.Config, v float64) { set(&c.Augment, v) })
	}
	mirrored := 0
	if a.Mirror {
		mirrored = 1
	}
	f.samples, f.sampled = widgets.NewContactSheet(), ""
	rows := []fyne.CanvasObject{
		widgets.NewParagraph(p.text("samples"), widgets.ColourQuiet).Small(), widgets.Sized(0, 92, f.samples),
		row("mirror", choice([]string{p.text("no"), p.text("yes")}, mirrored, func(c *train.Config, i int) { c.Augment.Mirror = i == 1 })),
		number("shift", float64(a.Shift), 0, 1024, true, func(c *train.Config, v float64) { c.Augment.Shift = int(v) }),
		number("crop", float64(f.shown.Crop), 0, 16384, true, func(c *train.Config, v float64) { c.Crop = int(v) }),
		share("rotate", a.Rotate, 180, func(a *data.Augmentation, v float64) { a.Rotate = v }),
		share("resize", a.Scale, .9, func(a *data.Augmentation, v float64) { a.Scale = v }),
		share("noise", a.Noise, 1, func(a *data.Augmentation, v float64) { a.Noise = v }),
		share("brightness", a.Value, 1, func(a *data.Augmentation, v float64) { a.Value = v }),
	}
	if d := p.state.ChosenDataset(); d == nil || d.Info.Channels == 3 {
		rows = append(rows,
			share("saturation", a.Saturation, 1, func(a *data.Augmentation, v float64) { a.Saturation = v }),
			share("hue", a.Hue, .5, func(a *data.Augmentation, v float64) { a.Hue = v }))
	}
	return rows
}

// showSamples shows what the settings make of an image.
func (f *form) showSamples() {
	d := f.p.state.ChosenDataset()
	if !f.augment || f.samples == nil || d == nil {
		return
	}
	c := f.shown
	key := fmt.Sprint(d.Name, c.Augment, c.Crop, c.Mean, c.Seed)
	if key == f.sampled {
		return
	}
	f.sampled = key
	f.p.host.Session().Augmented(d.Name, c, samplesShown-1, func(list []data.Pixels, err error) {
		if f.sampled != key {
			return
		}
		sheet := widgets.SheetData{}
		if err == nil {
			sheet = sheetOf(list)
		}
		f.samples.Set(sheet)
	})
}

// sheetOf puts pictures on a contact sheet; smaller ones in the middle of their cell.
func sheetOf(list []data.Pixels) widgets.SheetData {
	w, h := list[0].W, list[0].H
	s := widgets.SheetData{Cells: len(list), Width: w, Height: h, Colour: list[0].C == 3, Tones: []raster.Tone{{Low: 0, High: 255}}}
	for _, px := range list {
		x, y := (w-px.W)/2, (h-px.H)/2
		for ch := range px.C {
			plane := make([]float32, w*h)
			for i := range px.H {
				for j := range px.W {
					plane[(y+i)*w+x+j] = float32(px.Pix[(i*px.W+j)*px.C+ch])
				}
			}
			s.Values = append(s.Values, plane...)
		}
	}
	return s
}

// startedFrom names the run whose weights the next one starts from.
func (f *form) startedFrom() string {
	if f.shown.Weights == "" {
		return f.p.text("start.none")
	}
	return filepath.Base(f.shown.Weights)
}

// startRows choose weights to start from, and layers that stay as they are: all up to one.
func (f *form) startRows(row rowMaker, choice choiceMaker) []fyne.CanvasObject {
	p, c := f.p, f.shown
	names, folders, from := []string{p.text("start.none")}, []string{""}, 0
	for _, r := range p.state.Runs {
		if r.Err == nil && r.Info.BestEpoch > 0 {
			names, folders = append(names, r.Name), append(folders, r.Folder)
			if r.Folder == c.Weights {
				from = len(names) - 1
			}
		}
	}
	layers, frozen := []string{p.text("freeze.none")}, 0
	var lists [][]string
	if n := p.state.ChosenNetwork(); n != nil {
		for _, name := range nn.Trainable(n.Spec) {
			lists = append(lists, append(slices.Clone(last(lists)), name))
			layers = append(layers, p.text("freeze.to", name))
			if slices.Equal(last(lists), c.Freeze) {
				frozen = len(lists)
			}
		}
	}
	return []fyne.CanvasObject{
		row("weights", choice(names, from, func(c *train.Config, i int) { c.Weights = folders[i] })),
		row("freeze", choice(layers, frozen, func(c *train.Config, i int) {
			c.Freeze = nil
			if i > 0 {
				c.Freeze = lists[i-1]
			}
		})),
		widgets.NewParagraph(p.text("start.about"), widgets.ColourQuiet).Small(),
	}
}

// last is the last of some lists, nil if there are none.
func last(lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	return lists[len(lists)-1]
}
