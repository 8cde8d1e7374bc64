// Package training is the Train tab: settings, live curves, what they say, and the runs.
package training

import (
	"time"

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

	config    train.Config // of the next run
	forNet    string       // what config was made for: a change of the network brings its defaults
	smoothing float64
	log       bool
	watched   string // run and moment for which probes were asked
	filtersOf string // run and epoch whose filters were asked for
	ownerOf   string // run whose filters are shown
	lack      string // what is said in place of filters
	drawn     *session.Curve
	versus    string    // run that is laid over the chosen one, or allSeeds
	over      string    // what of it is drawn
	seeds     int       // runs that Train starts, each with another seed
	rates     []float64 // learning rates that are tried too
	batches   []float64 // sizes of batches that are tried too
	ahead     bool      // the form shows the settings of the next run, though one goes on
	slowly    time.Time // when the small plots were drawn last

	comparison comparison

	root     *fyne.Container
	main     fyne.CanvasObject
	guide    fyne.CanvasObject
	plot     *widgets.LinePlot
	rate     *widgets.LinePlot
	layers   *widgets.LinePlot // of each layer, or images a second
	view     int               // which of these
	live     *widgets.Text
	filters  *widgets.ContactSheet
	scale    *widgets.ScaleBar
	none     *widgets.Paragraph // why there are no filters
	head     *fyne.Container    // of the form: its title, or the choice between the run that goes on and the next one
	runs     *fyne.Container
	rows     []*widgets.ListRow
	listed   int // how many of the rows are in the list; −1: not even that there are none
	says     *fyne.Container
	said     string
	form     *form
	formBox  *fyne.Container
	progress *widgets.Progress
	where    *widgets.Text
	buttons  *fyne.Container
	next     *widgets.Button
	mode     string // what the buttons are for
	headOf   string // the run that the form's head names
}

// New makes the tab.
func New(h page.Host) page.Page {
	p := &Page{host: h, state: h.Session().State(), config: train.Defaults(), smoothing: .6, seeds: 1}
	p.comparison = comparison{p: p, disk: map[string]int64{}}
	return p
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("train."+key, args...) }

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	p.drawn, p.filtersOf, p.ownerOf, p.rows, p.listed, p.said, p.mode = nil, "", "", nil, -1, "", "-"
	p.plot, p.rate, p.layers = widgets.NewLinePlot().Opaque(), widgets.NewLinePlot().Opaque(), widgets.NewLinePlot().Opaque()
	p.rate.SetCompact(true)
	curves := p.buildCurves()
	small := widgets.Shares(widgets.Gap, []float32{1.1, 1.1, .9}, p.small("rate", "policy", p.rate), p.buildLayers(), p.buildFilters())

	p.runs = widgets.Column(0)
	runsList := widgets.Loose(container.NewVScroll(p.runs))
	heading, table := widgets.NewHeading(p.text("runs")), widgets.NewButton(p.text("compare.table"), widgets.Linked, func() { p.ShowComparison(true) })
	runs := widgets.NewPanel(widgets.ColumnGrowing(0, runsList, widgets.Inset(8, 12, 2, 12, widgets.Sized(0, 20, widgets.LineGrowing(8, heading, heading, table))), runsList)).Padded(1)
	p.says = widgets.Column(6)
	saysList := widgets.NewScroll(p.says)
	says := widgets.NewPanel(widgets.ColumnGrowing(6, saysList, widgets.NewHeading(p.text("says")), saysList))
	below := widgets.Shares(widgets.Gap, []float32{1.6, 1}, runs, says)
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
	p.head, p.headOf = container.NewStack(), "-"
	p.formBox = container.NewStack()
	p.progress, p.where = widgets.NewProgress(), widgets.NewText("", widgets.ColourQuiet).Small()
	p.buttons = container.NewStack()
	foot := widgets.Column(6, p.progress, p.where, p.buttons)
	settings := widgets.NewScroll(p.formBox)
	panel := widgets.NewPanel(widgets.ColumnGrowing(8, settings, widgets.Sized(0, 20, p.head), settings, foot))
	p.next = widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("inspect") })
	p.form = newForm(p)
	p.formBox.Objects = []fyne.CanvasObject{p.form.object}
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, p.next)
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
		p.form.set(p.config)
		anew = true // an empty plot has the axes of the next run
	}
	p.showActions()
	p.showRuns()
	p.draw(anew)
	p.showFilters()
	p.showSays()
	p.comparison.update()
}

// curve is what is known of the chosen run.
func (p *Page) curve() *session.Curve { return p.state.Curves[p.state.Run] }

// configOf is the configuration of the chosen run.
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
	p.shown, p.watched = true, ""
	p.draw(true)
	p.showFilters()
}

// Hide implements page.Page.
func (p *Page) Hide() {
	p.shown = false
	if p.watched != "" && p.state.Training != nil {
		p.host.Session().Watch(nil, nil)
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
	size := p.plot.Size()
	p.plot.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(share*size.Width, size.Height/2)}})
}

// menu shows entries below a thing.
func (p *Page) menu(under fyne.CanvasObject, items ...*fyne.MenuItem) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under)
	widget.NewPopUpMenu(fyne.NewMenu("", items...), p.host.Window().Canvas()).ShowAtPosition(at.AddXY(0, under.Size().Height))
}
