// Package train is the Train tab: settings, live curves, what they say, and the runs.
package train

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Page is the Train tab.
type Page struct {
	host  page.Host
	state *session.State
	shown bool

	config train.Config // of the next run
	forNet string       // what config was made for: a change of the network brings its defaults
	sweep  sweep

	root        *fyne.Container
	main, guide fyne.CanvasObject
	curves      curves
	comparison  comparison
	learned     learned
	list        runList
	says        *fyne.Container
	said        string // what is written there
	form        *form
	unfolded    unfolded
	actions     actions
	finding     string // how far the search for a learning rate is; "" while there is none
}

// New makes the tab.
func New(h page.Host) page.Page {
	p := &Page{host: h, state: h.Session().State(), config: train.Defaults(), curves: curves{smoothing: .6}, sweep: sweep{seeds: 1}, actions: actions{ahead: true}}
	p.comparison = comparison{p: p, disk: map[string]int64{}}
	return p
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("train."+key, args...) }

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	curves := p.buildCurves()
	small := widgets.Shares(widgets.Gap, []float32{1.1, 1.1, .9}, p.small("rate", "policy", p.curves.rate), p.buildLayers(), p.buildFilters())
	below := widgets.Shares(widgets.Gap, []float32{1.6, 1}, p.buildRuns(), p.buildSays())
	left := widgets.Loose(widgets.RowShares(widgets.Gap, []float32{.535, .225, .24}, curves, small, below))
	p.main = widgets.Beside(widgets.Gap, left, left, widgets.Sized(246, 0, p.buildRight()))
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconTrain.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")},
		widgets.NewButton(p.text("guide.data"), widgets.Primary, func() { p.host.Go("data") })))
	p.comparison.object = p.comparison.build()
	p.root = container.NewStack()
	p.Update(p.state)
	return p.root
}

// small makes a panel with a small plot.
func (p *Page) small(key, concept string, plot *widgets.LinePlot) fyne.CanvasObject {
	head := []fyne.CanvasObject{widgets.NewHeading(p.text(key)).Natural()}
	if concept != "" {
		head = append(head, p.host.Info(concept))
	}
	return widgets.NewPanel(widgets.ColumnGrowing(2, plot, widgets.Sized(0, 20, widgets.Line(4, head...)), plot)).Around(plot)
}

// buildRight makes the settings and the buttons.
func (p *Page) buildRight() fyne.CanvasObject {
	p.actions = actions{
		head: container.NewStack(), progress: widgets.NewProgress(), where: widgets.NewText("", widgets.ColourQuiet).Small(), buttons: container.NewStack(),
		next: widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("inspect") }), ahead: p.actions.ahead, headOf: "-",
	}
	a := &p.actions
	p.form = newForm(p)
	settings := widgets.NewScroll(p.form.object)
	panel := widgets.NewPanel(widgets.ColumnGrowing(8, settings, widgets.Sized(0, 20, a.head), settings, widgets.Column(6, a.progress, a.where, a.buttons)))
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, a.next)
}

// Update implements page.Page.
func (p *Page) Update(s *session.State) {
	p.state = s
	content := p.main
	if s.ChosenDataset() == nil && len(s.Runs) == 0 && s.Training == nil {
		content = p.guide
	} else if p.comparison.on {
		content = p.comparison.object
	}
	if len(p.root.Objects) == 0 || p.root.Objects[0].(*fyne.Container).Objects[0] != content {
		p.root.Objects = []fyne.CanvasObject{widgets.Inset(12, 12, 12, 12, content)}
		p.root.Refresh()
	}
	anew := false
	if n := s.ChosenNetwork(); n != nil && p.forNet != n.Name {
		p.forNet, p.config = n.Name, train.DefaultsFor(n.Spec)
		if !p.form.locked { // it shows the run that goes on
			p.form.set(p.config)
		}
		anew = true // an empty plot has the axes of the next run
	}
	p.forgetLost()
	p.form.showDevices()
	p.showActions()
	p.form.showRate(s.Training)
	p.showRuns()
	p.draw(anew)
	p.showFilters()
	p.showSays()
	p.comparison.update()
}

// forgetLost lets the next run start from nothing if the run whose weights it was to start from was deleted.
func (p *Page) forgetLost() {
	w := p.config.Weights
	if p.state.Loading || !p.host.Session().IsRunPath(w) || slices.ContainsFunc(p.state.Runs, func(r session.Run) bool { return r.Folder == w }) {
		return
	}
	p.config.Weights = ""
	if !p.form.locked {
		p.form.set(p.config)
	}
}

// curve returns what is known of the chosen run.
func (p *Page) curve() *session.Curve { return p.state.Curves[p.state.Run] }

// configOf returns the configuration of the chosen run.
func (p *Page) configOf() (train.Config, bool) {
	if p.state.Live() {
		return p.state.Training.Config, true
	}
	if r := p.state.ChosenRun(); r != nil && r.Err == nil {
		return r.Info.Config, true
	}
	return p.config, false
}

// Show implements page.Page.
func (p *Page) Show() {
	p.shown, p.learned.watched = true, ""
	p.draw(true)
	p.showFilters()
}

// Hide implements page.Page.
func (p *Page) Hide() {
	p.shown = false
	if p.learned.watched != "" && p.state.Training != nil {
		p.host.Session().Watch(p.learned.watched, nil)
	}
}

// Close implements page.Page.
func (p *Page) Close() {}

// Key implements page.KeyTaker: Escape leaves the comparison.
func (p *Page) Key(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape && p.comparison.on {
		p.ShowComparison(false)
	}
}

// Point reads the curves at a share of the plot's width, as the mouse does: for measuring how soon the window answers.
func (p *Page) Point(share float32) {
	size := p.curves.plot.Size()
	p.curves.plot.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(share*size.Width, size.Height/2)}})
}

// menu shows entries below a thing.
func (p *Page) menu(under fyne.CanvasObject, items ...*fyne.MenuItem) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under)
	widget.NewPopUpMenu(fyne.NewMenu("", items...), p.host.Window().Canvas()).ShowAtPosition(at.AddXY(0, under.Size().Height))
}
