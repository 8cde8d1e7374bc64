package train

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/foreign"
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

// augmentRows returns the settings of what chance does with an image in training, and pictures of it.
func (f *form) augmentRows() []fyne.CanvasObject {
	f.samples, f.sampled = widgets.NewContactSheet(), ""
	rows := []fyne.CanvasObject{widgets.NewParagraph(f.p.text("samples"), widgets.ColourQuiet).Small(), widgets.Sized(0, 92, f.samples)}
	return append(rows, f.settings(train.Augmentation)...)
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

// weightFiles are the endings of the files that weights can be in.
var weightFiles = append([]string{".safetensors"}, foreign.Suffixes()...)

// startRows choose weights to start from, layers that stay as they are (all up to one), and those that learn faster or slower.
func (f *form) startRows() []fyne.CanvasObject {
	return append(f.settings(train.Start), widgets.NewParagraph(f.p.text("start.about"), widgets.ColourQuiet).Small())
}

// weightsChoice offers the runs that have weights, and files.
func (f *form) weightsChoice(c train.Config) *widgets.Choice {
	p := f.p
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
	return f.choice(names, from, func(c *train.Config, i int) {
		if i < len(folders) {
			c.Weights = folders[i]
			return
		}
		p.host.PickFile(weightFiles, func(path string) {
			f.change(func(c *train.Config) { c.Weights = path })
			f.build()
		})
		f.build() // until a file is picked the choice stays what it was
	})
}

// freezeChoice offers to keep the first layers as they are, up to each but the last.
func (f *form) freezeChoice(c train.Config) *widgets.Choice {
	p := f.p
	layers, frozen := []string{p.text("freeze.none")}, 0
	var lists [][]string
	for _, name := range butLast(f.trainable()) {
		lists = append(lists, append(slices.Clone(last(lists)), name))
		layers = append(layers, p.text("freeze.to", name))
		if slices.Equal(last(lists), c.Freeze) {
			frozen = len(lists)
		}
	}
	return f.choice(layers, frozen, func(c *train.Config, i int) {
		c.Freeze = nil
		if i > 0 {
			c.Freeze = lists[i-1]
		}
	})
}

// layerRatesRow returns where layers are given factors of the learning rate. They must be layers of the network.
func (f *form) layerRatesRow(s train.Setting, c train.Config) fyne.CanvasObject {
	layers, factors := f.trainable(), s.Values.(train.LayerFactors)
	e := widgets.NewEntry(factorsText(s.Text(c)), nil)
	if !f.locked {
		e.Field.SetPlaceHolder(f.p.text("layer-rates.example"))
	}
	e.Field.OnChanged = func(text string) {
		read := f.shown
		ok := s.Parse(&read, text)
		for name := range factors.Get(read) {
			ok = ok && slices.Contains(layers, name)
		}
		if !ok {
			e.SetWrong(f.p.text("limits.layer-rates", widgets.FormatNumber(factors.High), strings.Join(layers, ", ")))
			return
		}
		e.SetWrong("")
		f.change(func(c *train.Config) { s.Parse(c, text) })
	}
	return f.textRow(s.Key, e)
}

// factorsText writes factors of layers as people do: "conv1 0.1, ip2 10".
func factorsText(text string) string { return strings.NewReplacer("=", " ", ",", ", ").Replace(text) }

// trainable returns the layers with weights of the chosen network.
func (f *form) trainable() []string {
	if n := f.p.state.ChosenNetwork(); n != nil {
		return nn.Trainable(n.Spec)
	}
	return nil
}

// butLast leaves out the last: something must be left to learn.
func butLast(names []string) []string { return names[:max(len(names)-1, 0)] }

// last returns the last of some lists, nil if there are none.
func last(lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	return lists[len(lists)-1]
}
