package network

import (
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/widgets"
)

// change makes an edited network the present one: it is drawn, saved, and can be undone. A standard network is kept as it is: the edit
// makes a copy.
func (p *Page) change(spec nn.Spec) {
	p.past = append(p.past, edit{p.name, p.spec})
	p.future = nil
	p.keep(spec)
}

// keep shows and saves a network.
func (p *Page) keep(spec nn.Spec) {
	p.visited = ""
	p.spec = spec
	p.name = p.host.Session().SaveNetwork(p.name, spec)
	p.spec.Name = p.name
	p.show()
	p.showSettings()
}

// Undo goes back to before the last edit.
func (p *Page) Undo() {
	n := len(p.past)
	if n == 0 {
		return
	}
	last := p.past[n-1]
	p.past = p.past[:n-1]
	p.future = append(p.future, edit{p.name, p.spec})
	p.keep(last.spec)
}

// Redo does again what was undone.
func (p *Page) Redo() {
	n := len(p.future)
	if n == 0 {
		return
	}
	next := p.future[n-1]
	p.future = p.future[:n-1]
	p.past = append(p.past, edit{p.name, p.spec})
	p.keep(next.spec)
}

// shortcut does what a key asks for.
func (p *Page) shortcut(name string) {
	switch name {
	case "undo":
		p.Undo()
	case "redo":
		p.Redo()
	case "copy":
		p.copySelected()
	case "paste":
		p.paste()
	}
}

// placed returns the network with the places that the canvas shows, so that an edit moves nothing else.
func (p *Page) placed() nn.Spec {
	spec := p.spec.Clone()
	for _, b := range p.canvas.Blocks() {
		if i := spec.Layer(b.Name); i >= 0 {
			spec.Layers[i].X, spec.Layers[i].Y = b.X, b.Y
		}
	}
	return spec
}

// add puts a new layer behind what is selected, or behind the last layer that has an output. Where a wire leads on from there, the layer is put
// into it.
func (p *Page) add(typ string, at *fyne.Position) {
	kind, err := nn.KindOf(typ)
	if err != nil {
		p.host.Fault(err)
		return
	}
	spec := p.spec.Clone()
	after := p.after()
	l := nn.Layer{Name: spec.FreeName(shortName(typ)), Type: typ}
	if after != "" {
		l.Inputs = []string{after}
	}
	if at != nil { // dropped somewhere: places matter now
		spec = p.placed()
		l.X, l.Y = p.canvas.At(*at)
	} else {
		for i := range spec.Layers {
			spec.Layers[i].X, spec.Layers[i].Y = 0, 0
		}
	}
	if !kind.Loss && after != "" && kind.MaxInputs == 1 {
		for i := range spec.Layers {
			for k, in := range spec.Layers[i].Inputs {
				if in == after {
					spec.Layers[i].Inputs[k] = l.Name
				}
			}
		}
	}
	i := spec.Layer(after) + 1
	spec.Layers = slices.Insert(spec.Layers, i, l)
	p.change(spec)
	p.canvas.Select(l.Name)
	p.showSettings()
}

// dropped adds a layer at a place of the window, if that lies on the canvas.
func (p *Page) dropped(typ string, at fyne.Position) {
	corner := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.canvas)
	pos, size := at.Subtract(corner), p.canvas.Size()
	if pos.X >= 0 && pos.Y >= 0 && pos.X < size.Width && pos.Y < size.Height {
		p.add(typ, &pos)
	}
}

// after returns the layer that a new one follows.
func (p *Page) after() string {
	if s := p.canvas.Selected(); len(s) == 1 {
		if i := p.spec.Layer(s[0]); i < 0 || !lossy(p.spec.Layers[i]) {
			return s[0]
		}
		if i := p.spec.Layer(s[0]); len(p.spec.Layers[i].Inputs) > 0 {
			return p.spec.Layers[i].Inputs[0]
		}
	}
	last := nn.Data
	for _, i := range p.report.Order {
		if !lossy(p.spec.Layers[i]) {
			last = p.spec.Layers[i].Name
		}
	}
	return last
}

func lossy(l nn.Layer) bool {
	kind, err := nn.KindOf(l.Type)
	return err == nil && kind.Loss
}

// shortName returns what new layers of a type are called, as Caffe's users call them.
func shortName(typ string) string {
	names := map[string]string{
		"convolution": "conv", "deconvolution": "deconv", "upsample": "up", "max-pool": "pool", "average-pool": "pool", "fully-connected": "ip", "dropout": "drop", "lrn": "norm",
		"softmax-loss": "loss", "squared-loss": "loss", "absolute-loss": "loss", "sigmoid-loss": "loss", "hinge-loss": "loss",
	}
	if n, ok := names[typ]; ok {
		return n
	}
	return typ
}

// moved puts blocks elsewhere.
func (p *Page) moved(names []string, dx, dy float32) {
	spec := p.placed()
	for _, name := range names {
		if i := spec.Layer(name); i >= 0 {
			spec.Layers[i].X += dx
			spec.Layers[i].Y += dy
		}
	}
	p.change(spec)
}

// arrange lets the blocks be placed automatically again.
func (p *Page) arrange() {
	spec := p.spec.Clone()
	for i := range spec.Layers {
		spec.Layers[i].X, spec.Layers[i].Y = 0, 0
	}
	if p.arranged() {
		p.change(spec)
	}
	p.canvas.Fit()
}

// connect puts a wire from one block to another. A layer of one input takes it in place of the wire it had.
func (p *Page) connect(from, to string) {
	i := p.spec.Layer(to)
	if i < 0 || slices.Contains(p.spec.Layers[i].Inputs, from) {
		return
	}
	kind, err := nn.KindOf(p.spec.Layers[i].Type)
	if err != nil {
		return
	}
	spec := p.spec.Clone()
	l := &spec.Layers[i]
	if len(l.Inputs) >= kind.MaxInputs && len(l.Inputs) > 0 {
		l.Inputs = l.Inputs[:len(l.Inputs)-1]
	}
	l.Inputs = append(l.Inputs, from)
	p.change(spec)
}

// disconnect cuts a wire.
func (p *Page) disconnect(from, to string) {
	spec := p.spec.Clone()
	if i := spec.Layer(to); i >= 0 {
		spec.Layers[i].Inputs = slices.DeleteFunc(spec.Layers[i].Inputs, func(n string) bool { return n == from })
		p.change(spec)
	}
}

// deleteLayers takes layers out; what was fed from a layer of one input is fed from that input now.
func (p *Page) deleteLayers(names []string) {
	spec := p.spec.Clone()
	changed := false
	for _, name := range names {
		if spec.Layer(name) < 0 { // the data cannot be deleted
			continue
		}
		changed = true
		spec = spec.Remove(name)
	}
	if changed {
		p.change(spec)
	}
}

// copySelected remembers the selected layers.
func (p *Page) copySelected() {
	p.copied = nil
	spec := p.spec.Clone()
	for _, name := range p.canvas.Selected() {
		if i := spec.Layer(name); i >= 0 {
			p.copied = append(p.copied, spec.Layers[i])
		}
	}
}

// paste adds copies of what was copied, with new names, wired among themselves as the originals were.
func (p *Page) paste() {
	if len(p.copied) == 0 {
		return
	}
	spec := p.spec.Clone()
	renamed := map[string]string{}
	var names []string
	for _, l := range p.copied {
		name := spec.FreeName(shortName(l.Type))
		renamed[l.Name] = name
		names = append(names, name)
		l.Name, l.Inputs = name, slices.Clone(l.Inputs)
		if p.arranged() { // else they are placed with the others
			l.X, l.Y = l.X+30, l.Y+30
		}
		spec.Layers = append(spec.Layers, l)
	}
	for _, name := range names {
		l := &spec.Layers[spec.Layer(name)]
		for k, in := range l.Inputs {
			if to, ok := renamed[in]; ok {
				l.Inputs[k] = to
			}
		}
	}
	p.change(spec)
	p.canvas.Select(names...)
	p.showSettings()
}

// startNew begins a network with a loss alone to build on.
func (p *Page) startNew() {
	spec := nn.Spec{Format: nn.Format, Name: p.text("new.name"), Input: p.spec.Input, Classes: p.spec.Classes, Layers: []nn.Layer{
		{Name: "ip1", Type: "fully-connected", Inputs: []string{nn.Data}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip1"}},
	}}
	name := spec.Name
	for i := 2; slices.ContainsFunc(p.state.Networks, func(n session.Network) bool { return n.Name == name }); i++ {
		name = spec.Name + " " + widgets.Thousands(i)
	}
	p.past, p.future = nil, nil
	p.name = name
	p.keep(spec)
	p.canvas.Fit()
}

// deleteNetwork deletes the network after a question.
func (p *Page) deleteNetwork() {
	name := p.name
	p.host.Confirm(p.text("delete.title", name), p.text("delete.text"), p.text("delete.action"), func() {
		p.host.Session().DeleteNetwork(name)
	})
}
