package training

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

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

// weightFiles are the files that weights can be in.
var weightFiles = []string{".safetensors", ".caffemodel"}

// startRows choose weights to start from, layers that stay as they are (all up to one), and those that learn faster or slower.
func (f *form) startRows(entry entryMaker, row rowMaker, choice choiceMaker) []fyne.CanvasObject {
	p, c := f.p, f.shown
	names, folders, from := []string{p.text("start.none")}, []string{""}, 0
	add := func(name, path string) {
		names, folders = append(names, name), append(folders, path)
		if path == c.Weights {
			from = len(names) - 1
		}
	}
	for _, r := range p.state.Runs {
		if r.Err == nil && r.Info.BestEpoch > 0 {
			add(r.Name, r.Folder)
		}
	}
	if c.Weights != "" && from == 0 { // a file, or a run that is gone
		add(filepath.Base(c.Weights), c.Weights)
	}
	names = append(names, p.text("start.file"))
	layers, frozen := []string{p.text("freeze.none")}, 0
	var lists [][]string
	for _, name := range butLast(f.trainable()) {
		lists = append(lists, append(slices.Clone(last(lists)), name))
		layers = append(layers, p.text("freeze.to", name))
		if slices.Equal(last(lists), c.Freeze) {
			frozen = len(lists)
		}
	}
	rates := widgets.NewEntry(layerRatesText(c.LayerRates), nil)
	if !f.locked {
		rates.Field.SetPlaceHolder(p.text("layer-rates.example"))
	}
	rates.Field.OnChanged = func(text string) {
		list, ok := parseLayerRates(text, f.trainable())
		if !ok {
			rates.SetWrong(p.text("limits.layer-rates", strings.Join(f.trainable(), ", ")))
			return
		}
		rates.SetWrong("")
		f.change(func(c *train.Config) { c.LayerRates = list })
	}
	return []fyne.CanvasObject{
		row("weights", choice(names, from, func(c *train.Config, i int) {
			if i < len(folders) {
				c.Weights = folders[i]
				return
			}
			p.host.PickFile(weightFiles, func(path string) {
				f.change(func(c *train.Config) { c.Weights = path })
				f.build()
			})
			f.build() // until a file is picked the choice stays what it was
		})),
		row("freeze", choice(layers, frozen, func(c *train.Config, i int) {
			c.Freeze = nil
			if i > 0 {
				c.Freeze = lists[i-1]
			}
		})),
		entry("layer-rates", rates),
		widgets.NewParagraph(p.text("start.about"), widgets.ColourQuiet).Small(),
	}
}

// trainable are the layers with weights of the chosen network.
func (f *form) trainable() []string {
	if n := f.p.state.ChosenNetwork(); n != nil {
		return nn.Trainable(n.Spec)
	}
	return nil
}

// layerRatesText writes factors of layers: "conv1 0.1, ip2 10".
func layerRatesText(rates map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(rates)) {
		parts = append(parts, name+" "+widgets.FormatNumber(rates[name]))
	}
	return strings.Join(parts, ", ")
}

// parseLayerRates reads what layerRatesText writes; nothing is none. Names may have blanks in them: the last part is the number.
func parseLayerRates(text string, layers []string) (map[string]float64, bool) {
	if strings.TrimSpace(text) == "" {
		return nil, true
	}
	rates := map[string]float64{}
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(strings.ReplaceAll(part, "=", " "))
		at := strings.LastIndexByte(part, ' ')
		if at < 0 {
			return nil, false
		}
		name := strings.TrimSpace(part[:at])
		v, ok := widgets.NewNumber(0, 0, train.MaxLayerRate, false, nil).Parse(part[at+1:])
		if _, twice := rates[name]; !ok || twice || !slices.Contains(layers, name) {
			return nil, false
		}
		rates[name] = v
	}
	return rates, true
}

// butLast leaves out the last: something must be left to learn.
func butLast(names []string) []string { return names[:max(len(names)-1, 0)] }

// last is the last of some lists, nil if there are none.
func last(lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	return lists[len(lists)-1]
}
