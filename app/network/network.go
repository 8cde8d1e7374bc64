// Package network is the Network tab: a network as blocks and wires, its shapes and parameters, and what of it cannot work.
package network

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Page is the Network tab.
type Page struct {
	host  page.Host
	state *session.State

	name   string  // of the network that is shown
	spec   nn.Spec // as it is edited
	batch  int     // for which the memory is told
	report nn.Report
	past   []edit // for undo, the newest last
	future []edit // for redo
	copied []nn.Layer

	form     *form  // of the layer that is shown; nil if there is none
	typing   bool   // a field of it has the focus
	visited  string // field that was typed into since it has the focus
	unfolded bool   // the settings that are of interest to few are shown
	refused  string // network whose fault was told

	canvas   *widgets.BlockCanvas
	standard *widgets.Choice
	listed   []string // networks of that choice, after that of a new one
	undo     *widgets.Button
	redo     *widgets.Button
	totals   *widgets.Text
	shares   *shareBar
	problems *fyne.Container
	middle   *fyne.Container
	settings *fyne.Container
	next     *widgets.Button
	remove   *widgets.Button
}

// edit is a state of the network that can be gone back to.
type edit struct {
	name string
	spec nn.Spec
}

// New makes the tab.
func New(h page.Host) page.Page {
	return &Page{host: h, state: h.Session().State(), batch: 64}
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("network."+key, args...) }

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	selected := []string(nil)
	if p.canvas != nil {
		selected = p.canvas.Selected()
	}
	p.canvas, p.form, p.typing = widgets.NewBlockCanvas(), nil, false
	p.canvas.Covered = toolsHeight
	p.canvas.OnSelected = func([]string) { p.showSettings() }
	p.canvas.OnMoved = p.moved
	p.canvas.OnConnected = p.connect
	p.canvas.OnDisconnected = p.disconnect
	p.canvas.OnDeleted = p.deleteLayers
	p.canvas.OnShortcut = p.shortcut

	p.standard = widgets.NewChoice([]string{p.text("new")}, -1, func(i int) {
		if i == 0 {
			p.startNew()
			return
		}
		p.host.Session().ChooseNetwork(p.listed[i-1])
	})
	p.undo, p.redo = p.arrowButton(resources.IconUndo, p.Undo), p.arrowButton(resources.IconRedo, p.Redo)
	p.remove = widgets.NewButton(p.text("delete"), widgets.Plain, p.deleteNetwork).Low()
	tools := widgets.Line(8, widgets.Sized(132, 28, p.standard), p.undo, p.redo,
		widgets.NewButton(p.text("arrange"), widgets.Plain, p.arrange).Low(),
		widgets.NewButton(p.text("fit"), widgets.Plain, p.canvas.Fit).Low(), p.remove)
	drawing := widgets.NewPanel(container.NewStack(p.canvas, container.New(topLeft{}, tools))).Padded(1).Filled(widgets.ColourCanvas)

	p.totals = widgets.NewText("", widgets.ColourText)
	p.shares = newShareBar()
	p.problems = widgets.Column(6)
	below := widgets.NewPanel(widgets.Column(6,
		widgets.Sized(0, 20, p.totals),
		widgets.LineGrowing(4, p.shares.caption, p.shares.caption), p.shares, p.shares.legend))
	p.settings = container.NewStack()
	panel := widgets.NewPanel(p.settings)
	p.next = widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("train") })
	middle := widgets.ColumnGrowing(widgets.Gap, drawing, drawing, p.problems, below)
	p.middle = middle
	right := widgets.ColumnGrowing(widgets.Gap, panel, panel, p.next)
	palette := widgets.NewPanel(widgets.NewScroll(p.palette()))
	p.show()
	p.canvas.Select(selected...)
	p.showSettings()
	return widgets.Inset(12, 12, 12, 12, widgets.Beside(widgets.Gap, middle, widgets.Sized(156, 0, palette), middle, widgets.Sized(settingsWidth, 0, right)))
}

// toolsHeight is what the tools cover of the canvas.
const toolsHeight = 42

// topLeft puts the tools over the canvas' corner.
type topLeft struct{}

func (topLeft) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(10, 10) }

func (topLeft) Layout(objects []fyne.CanvasObject, _ fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(10, 10))
		o.Resize(o.MinSize())
	}
}

// palette lists the catalog of layers by group; a click adds one behind what is selected.
func (p *Page) palette() fyne.CanvasObject {
	var rows []fyne.CanvasObject
	group := ""
	for _, k := range nn.Catalog() {
		if k.Group != group {
			group = k.Group
			rows = append(rows, widgets.Sized(0, 24, widgets.NewHeading(p.host.Text("group."+group))))
		}
		rows = append(rows, newPaletteItem(p.host.Text("layer."+k.Type), k.Group, func() { p.add(k.Type, nil) }, func(at fyne.Position) { p.dropped(k.Type, at) }))
	}
	return widgets.Column(1, rows...)
}

// arrowButton returns a button with an icon that is pale while it cannot be pressed.
func (p *Page) arrowButton(icon resources.Icon, tapped func()) *widgets.Button {
	var b *widgets.Button
	b = widgets.NewIconButton(func() fyne.Resource {
		colour := widgets.ColourText
		if b != nil && !b.Enabled() {
			colour = widgets.ColourFaint
		}
		return icon.In(widgets.Colour(colour))
	}, tapped)
	return b
}

// Update implements page.Page.
func (p *Page) Update(s *session.State) {
	before := p.state
	p.state = s
	n := s.ChosenNetwork()
	if n == nil {
		return
	}
	same := before != nil && p.name == n.Name && before.Dataset == s.Dataset && len(p.spec.Layers) > 0
	if same {
		return
	}
	if n.Err != nil {
		if p.refused != n.Name { // once, not with each state
			p.refused = n.Name
			p.host.Fault(n.Err)
		}
		return
	}
	p.refused = ""
	if p.name != n.Name {
		p.past, p.future = nil, nil
	}
	p.name, p.spec = n.Name, n.Spec
	p.batch = train.DefaultsFor(n.Spec).Batch
	p.show()
	p.canvas.Fit()
	if len(p.canvas.Selected()) == 0 && len(p.spec.Layers) > 0 {
		p.canvas.Select(p.spec.Layers[0].Name)
	}
	p.showSettings()
}

// show draws the network as it is.
func (p *Page) show() {
	p.report = nn.Analyze(p.spec, p.batch)
	if p.arranged() {
		p.canvas.SetBlocks(p.blocks())
	} else {
		p.canvas.Arrange(p.blocks())
	}
	p.listed = p.listed[:0] // the standard ones for the data set's task, then the user's own
	for _, n := range p.host.Session().State().Networks {
		p.listed = append(p.listed, n.Name)
	}
	if !slices.Contains(p.listed, p.name) {
		p.listed = append(p.listed, p.name)
	}
	p.standard.Set(append([]string{p.text("new")}, p.listed...), 1+slices.Index(p.listed, p.name))
	p.undo.Enable(len(p.past) > 0)
	p.redo.Enable(len(p.future) > 0)
	p.remove.Enable(!slices.Contains(nn.StandardNames(), p.name))
	r := p.report
	p.totals.Set(p.text("totals", widgets.Thousands(int(r.Parameters)), amount(r.MultiplyAdds), float64(r.MemoryBytes)/1e6, p.batch))
	p.shares.set(p)
	p.showProblems()
	p.next.Enable(len(r.Problems) == 0)
	p.updateForm()
}

// amount writes a large number with three digits.
func amount(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g G", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.3g M", float64(n)/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.3g k", float64(n)/1e3)
	}
	return widgets.Thousands(int(n))
}

// blocks turns the network into what the canvas draws.
func (p *Page) blocks() []widgets.Block {
	in := p.spec.Input
	shape := func(s nn.Shape) string {
		if s.H == 1 && s.W == 1 {
			return fmt.Sprint(s.C)
		}
		return s.String()
	}
	blocks := []widgets.Block{{
		Name: nn.Data, Detail: in.String(), Group: "input", C: in.C, H: in.H, W: in.W, Output: true, Label: shape(in),
	}}
	wrong := map[string]bool{}
	for _, x := range p.report.Problems {
		wrong[x.Layer] = true
	}
	for i, l := range p.spec.Layers {
		r := p.report.Layers[i]
		kind, err := nn.KindOf(l.Type)
		b := widgets.Block{Name: l.Name, Detail: p.detail(l), Inputs: l.Inputs, X: l.X, Y: l.Y, Wrong: wrong[l.Name]}
		if err == nil {
			b.Group, b.Output = kind.Group, !kind.Loss
		}
		if r.OK {
			b.C, b.H, b.W, b.Label = r.Output.C, r.Output.H, r.Output.W, shape(r.Output)
		}
		if kind.Loss {
			b.C, b.H, b.W = 1, 1, 1
		}
		blocks = append(blocks, b)
	}
	if p.arranged() {
		x0, y0 := p.spec.Layers[0].X, p.spec.Layers[0].Y
		blocks[0].X, blocks[0].Y = x0-120, y0
		for _, l := range p.spec.Layers {
			if slices.Contains(l.Inputs, nn.Data) {
				blocks[0].X, blocks[0].Y = l.X-130, l.Y
				break
			}
		}
	}
	return blocks
}

// arranged reports whether the blocks have places of their own.
func (p *Page) arranged() bool {
	return slices.ContainsFunc(p.spec.Layers, func(l nn.Layer) bool { return l.X != 0 || l.Y != 0 })
}

// detail returns the small text below a block's name.
func (p *Page) detail(l nn.Layer) string {
	kind, err := nn.KindOf(l.Type)
	if err != nil {
		return l.Type
	}
	name := p.host.Text("layer." + l.Type)
	if _, window := kind.Field("kernel"); !window && kind.Group == "pooling" { // it takes all of a map
		return name
	}
	outputs := l.Int(kind.PerClass)
	if outputs == 0 {
		outputs = p.spec.Classes
	}
	k := nn.Window(l).Kernel
	switch kind.Group {
	case "filters":
		return fmt.Sprintf("%d×%d · %d", k.H, k.W, outputs)
	case "pooling":
		if k.H != k.W {
			return fmt.Sprintf("%s %d×%d", name, k.H, k.W)
		}
		return fmt.Sprintf("%s %d", name, k.H)
	case "dense":
		return fmt.Sprintf("FC %d", outputs)
	}
	if l.Type == "dropout" {
		return fmt.Sprintf("%s %g", name, l.Float("ratio"))
	}
	return name
}

// showProblems lists what cannot work, with a click to repair it where there is one.
func (p *Page) showProblems() {
	p.problems.Objects = nil
	const most = 3
	for i, x := range p.report.Problems {
		if i == most {
			p.problems.Add(widgets.NewText(p.text("problems.more", len(p.report.Problems)-most), widgets.ColourBad))
			break
		}
		said := widgets.NewParagraph(p.host.FaultText(x.Fault), widgets.ColourBad)
		row := []fyne.CanvasObject{said}
		if x.Layer != "" {
			row = append(row, widgets.NewButton(p.text("problem.show"), widgets.Quiet, func() {
				p.canvas.Select(x.Layer)
				p.showSettings()
			}))
		}
		if x.Fix != nil {
			row = append(row, widgets.NewButton(p.host.Text("fix."+x.Fix.Code, x.Fix.Args...), widgets.Linked, func() { p.change(x.Fix.Apply(p.spec)) }))
		}
		p.problems.Add(widgets.NewPanel(widgets.LineGrowing(12, said, row...)).Padded(8))
	}
	if len(p.problems.Objects) == 0 {
		p.problems.Hide()
	} else {
		p.problems.Show()
	}
	p.problems.Refresh()
	if p.middle != nil {
		p.middle.Refresh()
	}
}

// shortcuts are those that the tab takes while it is in sight and nothing else has a use for them.
var shortcuts = []fyne.Shortcut{&fyne.ShortcutUndo{}, &fyne.ShortcutRedo{}, &fyne.ShortcutCopy{}, &fyne.ShortcutPaste{}, &fyne.ShortcutSelectAll{}}

// Show implements page.Page.
func (p *Page) Show() {
	for _, s := range shortcuts {
		p.host.Window().Canvas().AddShortcut(s, func(s fyne.Shortcut) {
			if p.uncovered() {
				p.canvas.TypedShortcut(s)
			}
		})
	}
}

// Hide implements page.Page.
func (p *Page) Hide() {
	for _, s := range shortcuts {
		p.host.Window().Canvas().RemoveShortcut(s)
	}
}

// Key implements page.KeyTaker: what no widget takes is for the canvas, as if it had the focus.
func (p *Page) Key(e *fyne.KeyEvent) {
	if p.uncovered() {
		p.canvas.TypedKey(e)
	}
}

// uncovered reports whether no dialog or menu lies over the tab.
func (p *Page) uncovered() bool { return p.host.Window().Canvas().Overlays().Top() == nil }

// Close implements page.Page.
func (p *Page) Close() {}
