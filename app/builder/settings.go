package builder

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
)

// fieldWidth is how wide the fields of the form are.
const fieldWidth = 104

// showSettings shows the form of the selected layer.
func (p *Page) showSettings() {
	rows := p.hint()
	switch s := p.canvas.Selected(); {
	case len(s) == 1 && s[0] == nn.Data:
		rows = p.dataForm()
	case len(s) == 1:
		if i := p.spec.Layer(s[0]); i >= 0 {
			rows = p.layerForm(i)
		}
	}
	p.settings.Objects = []fyne.CanvasObject{widgets.NewScroll(widgets.Column(6, rows...))}
	p.settings.Refresh()
}

// hint tells what can be done while nothing is selected.
func (p *Page) hint() []fyne.CanvasObject {
	rows := []fyne.CanvasObject{widgets.NewHeading(p.name)}
	for _, key := range []string{"hint.select", "hint.add", "hint.wire", "hint.delete"} {
		rows = append(rows, widgets.NewParagraph(p.text(key), widgets.ColourQuiet))
	}
	return rows
}

// dataForm tells what goes into the network.
func (p *Page) dataForm() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		widgets.NewHeading(p.text("data")),
		widgets.NewRow(p.text("dataset"), p.state.Dataset),
		widgets.NewRow(p.text("input"), p.spec.Input.String()),
		widgets.NewRow(p.text("classes"), fmt.Sprint(p.spec.Classes)),
		widgets.NewNote(widgets.NewParagraph(p.text("data.note"), widgets.ColourText).Small()),
	}
}

// layerForm is the form of a layer: name, fields, and what follows from them.
func (p *Page) layerForm(i int) []fyne.CanvasObject {
	l, r := p.spec.Layers[i], p.report.Layers[i]
	kind, err := nn.KindOf(l.Type)
	if err != nil {
		return []fyne.CanvasObject{widgets.NewParagraph(p.host.FaultText(err), widgets.ColourBad)}
	}
	title := widgets.NewHeading(l.Name + " · " + p.host.Text("layer."+l.Type))
	name := widgets.NewEntry(l.Name, nil)
	name.Field.OnSubmitted = func(text string) { p.rename(l.Name, text) }
	rows := []fyne.CanvasObject{title, widgets.FormRow(p.text("name"), fieldWidth, name)}
	var advanced []fyne.CanvasObject
	for _, f := range kind.Fields {
		row := p.field(l, f)
		if f.Advanced {
			advanced = append(advanced, row)
		} else {
			rows = append(rows, row)
		}
	}
	if len(advanced) > 0 {
		folded := widgets.Column(6, advanced...)
		folded.Hide()
		more := widgets.NewButton("▸ "+p.text("more"), widgets.Quiet, nil)
		more.OnTapped = func() {
			if folded.Visible() {
				folded.Hide()
				more.SetText("▸ " + p.text("more"))
			} else {
				folded.Show()
				more.SetText("▾ " + p.text("more"))
			}
			p.settings.Refresh()
		}
		rows = append(rows, widgets.Line(0, more), folded)
	}
	if slices.Contains([]string{"filters", "pooling"}, kind.Group) {
		rows = append(rows, newKernelPicture(l.Int("kernel"), l.Int("stride")))
	}
	rows = append(rows, p.consequences(l, r, kind)...)
	remove := widgets.NewButton(p.text("layer.delete"), widgets.Quiet, func() { p.deleteLayers([]string{l.Name}) })
	return append(rows, widgets.NewNote(widgets.NewParagraph(p.host.Text("layer."+l.Type+".about"), widgets.ColourText).Small()), widgets.Line(0, remove))
}

// consequences tells shapes, parameters and work of a layer.
func (p *Page) consequences(l nn.Layer, r nn.LayerReport, kind nn.Kind) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, x := range p.report.Problems {
		if x.Layer == l.Name {
			rows = append(rows, widgets.NewParagraph(p.host.FaultText(x.Fault), widgets.ColourBad).Small())
		}
	}
	if !r.OK {
		return rows
	}
	in := ""
	for _, s := range r.Inputs {
		if in != "" {
			in += ", "
		}
		in += s.String()
	}
	rows = append(rows, widgets.NewRow(p.text("in"), in), widgets.NewRow(p.text("out"), r.Output.String()))
	if len(r.Weights) > 0 {
		text := widgets.Thousands(int(r.Weights[0]))
		if l.Type == "convolution" {
			k := l.Int("kernel")
			text = fmt.Sprintf("%d·%d·%d·%d = %s", l.Int("filters"), k, k, r.Inputs[0].C/max(1, l.Int("groups")), text)
		}
		rows = append(rows, widgets.NewRow(p.text("weights"), text))
	}
	if len(r.Weights) > 1 {
		rows = append(rows, widgets.NewRow(p.text("biases"), widgets.Thousands(int(r.Weights[1]))))
	}
	if r.MultiplyAdds > 0 {
		rows = append(rows, widgets.NewRow(p.text("multiply-adds"), widgets.Thousands(int(r.MultiplyAdds))))
	}
	rows = append(rows, widgets.NewRow(p.text("memory", p.batch), fmt.Sprintf("%.1f MB", float64(r.MemoryBytes)/1e6)))
	if kind.Group == "filters" && len(r.Inputs) == 1 {
		k, s, pad := l.Int("kernel"), l.Int("stride"), l.Int("pad")
		side := k + (k-1)*(l.Int("dilation")-1)
		rows = append(rows, widgets.NewNote(widgets.NewParagraph(p.text("convolution.note", r.Inputs[0].H, 2*pad, side, s, r.Output.H), widgets.ColourText).Small()))
	}
	return rows
}

// field is the control of a field.
func (p *Page) field(l nn.Layer, f nn.Field) fyne.CanvasObject {
	label := p.host.Text("field." + f.Key)
	set := func(v nn.Value) {
		spec := p.spec.Clone()
		if i := spec.Layer(l.Name); i >= 0 {
			spec.Layers[i] = spec.Layers[i].With(f.Key, v)
			p.past = append(p.past, edit{p.name, p.spec})
			p.future = nil
			p.spec = spec
			p.name = p.host.Session().SaveNetwork(p.name, spec)
			p.spec.Name = p.name
			p.show() // the form stays as it is: its field has the focus
		}
	}
	var extra []fyne.CanvasObject
	if p.host.Has("concept." + f.Key + ".title") {
		extra = append(extra, p.host.Info(f.Key))
	}
	if f.Type == nn.Choice {
		var names []string
		for _, c := range f.Choices {
			name := c
			if p.host.Has("choice." + c) {
				name = p.host.Text("choice." + c)
			}
			names = append(names, name)
		}
		c := widgets.NewChoice(names, slices.Index(f.Choices, l.Text(f.Key)), func(i int) { set(nn.Word(f.Choices[i])) })
		return widgets.FormRow(label, fieldWidth, c, extra...)
	}
	value := l.Float(f.Key)
	if f.Key == "outputs" && value == 0 {
		n := widgets.NewNumber(value, f.Min, f.Max, true, func(v float64) { set(nn.Num(v)) })
		n.Field.SetPlaceHolder(p.text("outputs.classes", p.spec.Classes))
		n.Set("")
		return widgets.FormRow(label, fieldWidth, n, extra...)
	}
	n := widgets.NewNumber(value, f.Min, f.Max, f.Type == nn.Int, func(v float64) { set(nn.Num(v)) })
	return widgets.FormRow(label, fieldWidth, n, extra...)
}

// rename gives a layer another name, everywhere.
func (p *Page) rename(from, to string) {
	to, err := data.SafeName(to)
	if err != nil {
		p.host.Fault(err)
		return
	}
	if to == from || to == nn.Data || p.spec.Layer(to) >= 0 {
		return
	}
	spec := p.spec.Clone()
	for i := range spec.Layers {
		l := &spec.Layers[i]
		if l.Name == from {
			l.Name = to
		}
		for k, in := range l.Inputs {
			if in == from {
				l.Inputs[k] = to
			}
		}
	}
	p.change(spec)
	p.canvas.Select(to)
	p.showSettings()
}
