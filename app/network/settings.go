package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/widgets"
)

// Widths of the form: the column at the right, and the fields in it.
const settingsWidth, fieldWidth = 246, 84

// form is what the column at the right shows of a layer. Its fields stay while they are typed into; what follows from them is updated with each
// change.
type form struct {
	layer   string
	kernel  *kernelPicture // nil where the layer has no window
	follows *fyne.Container
}

// showSettings shows the form of the selected layer.
func (p *Page) showSettings() {
	if p.typing { // the field that has the focus goes
		p.host.Window().Canvas().Unfocus()
	}
	p.form = nil
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

// updateForm updates what follows from the fields of the layer that is shown.
func (p *Page) updateForm() {
	if p.form == nil {
		return
	}
	i := p.spec.Layer(p.form.layer)
	if i < 0 {
		return
	}
	l := p.spec.Layers[i]
	if p.form.kernel != nil {
		p.form.kernel.set(l.Int("kernel"), l.Int("stride"))
	}
	p.form.follows.Objects = p.consequences(i)
	p.settings.Refresh()
}

// hint shows what can be done while nothing is selected.
func (p *Page) hint() []fyne.CanvasObject {
	rows := []fyne.CanvasObject{widgets.NewHeading(p.name)}
	for _, key := range []string{"hint.select", "hint.add", "hint.wire", "hint.delete"} {
		rows = append(rows, widgets.NewParagraph(p.text(key), widgets.ColourQuiet))
	}
	return rows
}

// dataForm shows what goes into the network.
func (p *Page) dataForm() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		widgets.NewHeading(p.text("data")),
		widgets.NewRow(p.text("dataset"), p.state.Dataset),
		widgets.NewRow(p.text("input"), p.spec.Input.String()),
		widgets.NewRow(p.text("classes"), fmt.Sprint(p.spec.Classes)),
		widgets.NewNote(widgets.NewParagraph(p.text("data.note"), widgets.ColourText).Small()),
	}
}

// layerForm returns the form of a layer: name, fields, and what follows from them.
func (p *Page) layerForm(i int) []fyne.CanvasObject {
	l := p.spec.Layers[i]
	kind, err := nn.KindOf(l.Type)
	if err != nil {
		return []fyne.CanvasObject{widgets.NewParagraph(p.host.FaultText(err), widgets.ColourBad)}
	}
	title := widgets.NewHeading(l.Name + " · " + p.host.Text("layer."+l.Type))
	rows := []fyne.CanvasObject{title, p.nameRow(l)}
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
		rows = append(rows, p.folded(advanced)...)
	}
	p.form = &form{layer: l.Name, follows: widgets.Column(6)}
	if _, window := kind.Field("kernel"); window {
		p.form.kernel = newKernelPicture(l.Int("kernel"), l.Int("stride"))
		rows = append(rows, p.form.kernel)
	}
	p.form.follows.Objects = p.consequences(i)
	remove := widgets.NewButton(p.text("layer.delete"), widgets.Quiet, func() { p.deleteLayers([]string{l.Name}) })
	return append(rows, p.form.follows,
		widgets.NewNote(widgets.NewParagraph(p.host.Text("layer."+l.Type+".about"), widgets.ColourText).Small()), widgets.Line(0, remove))
}

// folded returns what is of interest to few, behind a button.
func (p *Page) folded(rows []fyne.CanvasObject) []fyne.CanvasObject {
	folded := widgets.Column(6, rows...)
	more := widgets.NewButton("", widgets.Quiet, nil)
	show := func() {
		if p.unfolded {
			folded.Show()
			more.SetText("− " + p.text("more"))
		} else {
			folded.Hide()
			more.SetText("+ " + p.text("more"))
		}
	}
	more.OnTapped = func() {
		p.unfolded = !p.unfolded
		show()
		p.settings.Refresh()
	}
	show()
	return []fyne.CanvasObject{widgets.Line(0, more), folded}
}

// consequences shows the shapes, parameters and work of a layer.
func (p *Page) consequences(i int) []fyne.CanvasObject {
	l, r := p.spec.Layers[i], p.report.Layers[i]
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
			k := nn.Window(l).Kernel
			text = fmt.Sprintf("%d·%d·%d·%d = %s", r.Output.C, k.H, k.W, r.Inputs[0].C/max(1, l.Int("groups")), text)
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
	if g := nn.Window(l); l.Type == "convolution" && len(r.Inputs) == 1 && g.Pad == g.PadEnd { // of the height, where that is padded alike above and below
		side := g.Dilation.H*(g.Kernel.H-1) + 1
		rows = append(rows, widgets.NewNote(widgets.NewParagraph(p.text("convolution.note", r.Inputs[0].H, g.Pad.H, side, g.Stride.H, r.Output.H), widgets.ColourText).Small()))
	}
	return rows
}

// nameRow returns the field of a layer's name. It is taken with Enter; an invalid name says why.
func (p *Page) nameRow(l nn.Layer) fyne.CanvasObject {
	name := widgets.NewEntry(l.Name, nil)
	name.OnFocused = p.focused
	name.Field.OnChanged = func(text string) { name.SetWrong(p.nameFault(l.Name, text)) }
	name.Field.OnSubmitted = func(text string) { p.rename(l.Name, text) }
	return widgets.EntryRow(p.text("name"), fieldWidth, name)
}

// nameFault returns why a layer cannot have a name; "" if it can.
func (p *Page) nameFault(from, to string) string {
	if strings.TrimSpace(to) == "" {
		return p.host.Text("name.missing")
	}
	to, err := disk.SafeName(to)
	switch {
	case err != nil:
		return p.host.FaultText(err)
	case to != from && (to == nn.Data || p.spec.Layer(to) >= 0):
		return p.text("name.taken")
	}
	return ""
}

// focused is told when a field of the form gets and loses the focus: what is typed in one visit is one step of undo.
func (p *Page) focused(on bool) {
	p.typing = on
	p.visited = ""
}

// field returns the control of a field.
func (p *Page) field(l nn.Layer, f nn.Field) fyne.CanvasObject {
	label := p.host.Text("field." + f.Key)
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
		c := widgets.NewChoice(names, slices.Index(f.Choices, l.Text(f.Key)), func(i int) {
			p.visited = ""
			p.set(l.Name, f.Key, nn.Word(f.Choices[i]))
			p.visited = ""
		})
		return widgets.FormRow(label, fieldWidth, c, extra...)
	}
	value := l.Float(f.Key)
	n := widgets.NewNumber(value, f.Min, f.Max, f.Type == nn.Int, func(v float64) { p.set(l.Name, f.Key, nn.Num(v)) })
	n.OnFocused = p.focused
	switch kind, _ := nn.KindOf(l.Type); {
	case f.Key == kind.PerClass && value == 0:
		n.Field.SetPlaceHolder(p.text("outputs.classes", p.spec.Classes))
		n.Set("")
	case f.Follows != "" && value == f.Default.Number:
		n.Field.SetPlaceHolder(strconv.Itoa(l.Int(f.Follows)))
		n.Set("")
	}
	return page.NumberRow(p.host, label, fieldWidth, n, extra...)
}

// set takes the value of a field in. The form stays: the field may have the focus.
func (p *Page) set(layer, key string, v nn.Value) {
	i := p.spec.Layer(layer)
	if i < 0 {
		return
	}
	spec := p.spec.Clone()
	spec.Layers[i] = spec.Layers[i].With(key, v)
	last := len(p.past) - 1
	switch field := layer + "." + key; {
	case p.visited != field || last < 0:
		p.past, p.visited = append(p.past, edit{p.name, p.spec}), field
	case p.past[last].spec.Layers[i].Float(key) == v.Number && p.past[last].spec.Layers[i].Text(key) == v.Text: // as it was before the visit
		p.past, p.visited = p.past[:last], ""
	}
	p.future = nil
	p.spec = spec
	p.name = p.host.Session().SaveNetwork(p.name, spec)
	p.spec.Name = p.name
	p.show()
}

// rename gives a layer another name, everywhere.
func (p *Page) rename(from, to string) {
	to, err := disk.SafeName(to)
	if err != nil {
		p.host.Fault(err)
		return
	}
	if to == from || p.nameFault(from, to) != "" {
		return
	}
	p.change(p.spec.Rename(from, to))
	p.canvas.Select(to)
	p.showSettings()
}
