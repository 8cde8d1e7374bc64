package inspect

import (
	"fmt"
	"image/color"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

var black = color.NRGBA{R: 40, G: 40, B: 40, A: 255}

// showLayer shows the chosen layer's maps or filters, and its figures.
func (p *Page) showLayer() {
	at := p.layerAt()
	if at < 0 {
		return
	}
	l := p.view.Layers[at]
	p.title.Set(l.Name + " · " + p.typeName(l))
	seen := len(l.Maps.Data()) > 0
	if l.Filters == nil {
		p.filters = false
		p.whatBox.Hide()
	} else {
		p.whatBox.Show()
		if p.filters {
			p.what.Choose(1)
		} else {
			p.what.Choose(0)
		}
	}
	p.say("")
	p.chooser.Show()
	p.scaleLine.Show()
	switch {
	case p.filters:
		f := l.Filters
		d, tone := widgets.FilterData(f.Data(), f.Shape()[0], f.Shape()[1], f.Shape()[2], f.Shape()[3])
		if p.local {
			d.Tones = tones(d, raster.FilterTone)
		}
		p.sheet.Set(d)
		p.bar.Set(tone)
	case seen:
		d := widgets.SheetData{Values: l.Maps.Data(), Cells: l.Shape.C, Width: l.Shape.W, Height: l.Shape.H, Tones: []raster.Tone{raster.MapTone(l.Maps.Data())}}
		p.bar.Set(d.Tones[0])
		if p.local {
			d.Tones = tones(d, raster.MapTone)
		}
		if l.Name == nn.Data && l.Shape.C == 3 {
			d.Colour, d.Cells = true, 1
			d.Tones = []raster.Tone{{Low: l.Stats.Min, High: l.Stats.Max}}
		}
		p.sheet.Set(d)
	default:
		p.sheet.Set(widgets.SheetData{})
		p.scaleLine.Hide()
		p.say(p.text("ask.layer", l.Name))
	}
	if p.unit < 0 && seen && !p.filters && l.Name != nn.Data { // the one that answers most, so that there is something to look at
		p.unit = strongest(l)
	}
	p.sheet.Choose(p.unit)
	f, s := &p.facts, l.Stats
	p.histogram.SetValues(s.Histogram.Counts, s.Histogram.Low, s.Histogram.High, nil)
	f.shape.Set(l.Shape.String())
	f.mean.Set("")
	f.span.Set("")
	f.zeros.Set("")
	if seen {
		f.mean.Set(fmt.Sprintf("%.3g · %.3g", s.Mean, s.Deviation))
		f.span.Set(fmt.Sprintf("%.3g … %.3g", s.Min, s.Max))
		f.zeros.Set(fmt.Sprintf("%.1f %%", 100*s.Zeros))
	}
	f.parameters.Set(widgets.Thousands(int(l.Parameters)))
	p.showUnit()
}

func (p *Page) typeName(l inspect.Layer) string {
	if l.Name == nn.Data {
		return p.text("input")
	}
	return p.host.Text("layer." + l.Type)
}

// tones gives every cell its own.
func tones(d widgets.SheetData, of func([]float32) raster.Tone) []raster.Tone {
	n := d.Width * d.Height
	if d.Colour {
		n *= 3
	}
	out := make([]raster.Tone, d.Cells)
	for i := range out {
		out[i] = of(d.Values[i*n : (i+1)*n])
	}
	return out
}

// showUnit shows the chosen map or filter, and makes room for what is said of it.
func (p *Page) showUnit() {
	p.drawUnit()
	p.aside.Refresh()
}

// drawUnit enlarges the chosen map or filter.
func (p *Page) drawUnit() {
	at := p.layerAt()
	if at < 0 {
		return
	}
	l := p.view.Layers[at]
	u := &p.unitRows
	unit := p.unit
	if p.filters && l.Filters != nil && unit >= 0 { // a cell may be a slice of a filter
		perFilter := 1
		if c := l.Filters.Shape()[1]; c != 3 {
			d, _ := widgets.FilterData(l.Filters.Data(), l.Filters.Shape()[0], c, l.Filters.Shape()[2], l.Filters.Shape()[3])
			perFilter = max(1, d.Cells/l.Filters.Shape()[0])
		}
		unit /= perFilter
	}
	if unit < 0 || unit >= l.Shape.C {
		p.showNoUnit()
		return
	}
	p.unitTitle.Set(p.text("unit", unit+1, l.Name))
	if len(l.Maps.Data()) == 0 {
		p.enlarged.Set(nil)
		u.mean.Set("")
		u.max.Set("")
		p.showKernel(l, unit) // without maps it is filters that are chosen
		return
	}
	n := l.Shape.H * l.Shape.W
	values := l.Maps.At(unit).Data()
	sheet := raster.Sheet{Cells: 1, Columns: 1, Rows: 1, CellW: l.Shape.W, CellH: l.Shape.H}
	p.enlarged.Set(nil) // a single number is no larger when it is enlarged
	if n > 1 {
		p.enlarged.Set(sheet.Grey(values, []raster.Tone{raster.MapTone(values)}, black))
	}
	st := inspect.Describe(values)
	u.mean.Set(fmt.Sprintf("%.4g", st.Mean))
	u.max.Set(fmt.Sprintf("%.4g", st.Max))
	u.sum.Set("")
	p.kernel.Set(nil)
	switch {
	case l.Filters != nil:
		p.showKernel(l, unit)
	case n == 1:
		p.unitNote.Set(p.text("note.vector"))
	case st.Max == st.Min:
		p.unitNote.Set(p.text("note.silent"))
	default:
		p.unitNote.Set(p.text("note.map"))
	}
}

// strongest returns the unit of a layer with the largest activation.
func strongest(l inspect.Layer) int {
	each := l.Maps.Max(1, 2).Data()
	return slices.Index(each, slices.Max(each))
}

// showNoUnit says how a unit is chosen.
func (p *Page) showNoUnit() {
	u := &p.unitRows
	p.unitTitle.Set(p.text("unit.none"))
	p.enlarged.Set(nil)
	p.kernel.Set(nil)
	for _, r := range []*widgets.Row{u.mean, u.max, u.sum} {
		r.Set("")
	}
	p.unitNote.Set(p.text("unit.hint"))
}

// showKernel draws a filter and says what the sum of its weights means.
func (p *Page) showKernel(l inspect.Layer, unit int) {
	f := l.Filters
	w := f.At(unit).Data()
	sheet := raster.LayOut(f.Shape()[1], f.Shape()[3], f.Shape()[2], 1)
	if f.Shape()[1] == 3 {
		sheet = raster.Sheet{Cells: 1, Columns: 1, Rows: 1, CellW: f.Shape()[3], CellH: f.Shape()[2]}
		p.kernel.Set(sheet.Colour(w, []raster.Tone{raster.FilterTone(w)}, black))
	} else {
		p.kernel.Set(sheet.Grey(w, []raster.Tone{raster.FilterTone(w)}, black))
	}
	sum, size := 0., 0.
	for _, v := range w {
		sum += float64(v)
		size += max(float64(v), -float64(v))
	}
	p.unitRows.sum.Set(fmt.Sprintf("%+.3f", sum))
	switch {
	case sum > .2*size:
		p.unitNote.Set(p.text("note.above"))
	case sum < -.2*size:
		p.unitNote.Set(p.text("note.below"))
	default:
		p.unitNote.Set(p.text("note.edges", size))
	}
}

// hovered reads the value under the pointer.
func (p *Page) hovered(cell, x, y int) {
	at := p.layerAt()
	if cell < 0 || at < 0 {
		p.read.Set("")
		return
	}
	l := p.view.Layers[at]
	w, h, values := l.Shape.W, l.Shape.H, l.Maps.Data()
	if p.filters && l.Filters != nil {
		d, _ := widgets.FilterData(l.Filters.Data(), l.Filters.Shape()[0], l.Filters.Shape()[1], l.Filters.Shape()[2], l.Filters.Shape()[3])
		if d.Colour {
			p.read.Set(p.text("read.filter", cell+1, x, y))
			return
		}
		w, h, values = d.Width, d.Height, d.Values
	}
	if i := (cell*h+y)*w + x; i < len(values) {
		p.read.Set(p.text("read", cell+1, x, y, values[i]))
	}
}
