// Package training is the Train tab: settings, live curves, what they say, and the runs.
package training

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
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
	touched   bool         // the user changed something
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

// buildCurves makes the large plot with its tools.
func (p *Page) buildCurves() fyne.CanvasObject {
	scales := widgets.NewSegmented([]string{p.text("linear"), p.text("log")}, func(i int) {
		p.log = i == 1
		p.draw(true)
	})
	if p.log {
		scales.Choose(1)
	}
	smooth := widgets.NewSlider(0, .98, .02, p.smoothing, func(v float64) {
		p.smoothing = v
		p.draw(true)
	})
	title := widgets.NewText(p.text("curves"), widgets.ColourText).Bold().Natural()
	space := widgets.NewText("", widgets.ColourText)
	export := widgets.NewButton("↓ PNG · SVG · CSV", widgets.Quiet, nil)
	export.OnTapped = func() { p.exportMenu(export) }
	compare := widgets.NewButton(p.text("compare"), widgets.Quiet, nil)
	compare.OnTapped = func() { p.compareMenu(compare) }
	top := widgets.LineGrowing(14, space, title, scales,
		widgets.NewText(p.text("smoothing"), widgets.ColourQuiet).Natural(), widgets.Sized(80, 22, smooth), space, compare, export)
	return widgets.NewPanel(widgets.ColumnGrowing(4, p.plot, widgets.Sized(0, 22, top), p.plot)).Around(p.plot)
}

// small makes a panel with a small plot.
func (p *Page) small(key, concept string, plot *widgets.LinePlot) fyne.CanvasObject {
	head := []fyne.CanvasObject{widgets.NewHeading(p.text(key)).Natural()}
	if concept != "" {
		head = append(head, p.host.Info(concept))
	}
	return widgets.NewPanel(widgets.ColumnGrowing(2, plot, widgets.Sized(0, 20, widgets.Line(4, head...)), plot)).Around(plot)
}

// buildFilters makes the panel with the filters of the first convolution.
func (p *Page) buildFilters() fyne.CanvasObject {
	p.live = widgets.NewHeading(p.text("filters"))
	p.filters, p.scale, p.none = widgets.NewContactSheet(), widgets.NewScaleBar(), widgets.NewParagraph("", widgets.ColourQuiet).Small()
	p.lack = "-"
	p.noFilters("")
	sheet := container.NewStack(p.filters, p.none)
	return widgets.NewPanel(widgets.ColumnGrowing(4, sheet, widgets.Sized(0, 20, p.live), sheet, p.scale))
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
		p.forNet, p.config, p.touched = n.Name, train.DefaultsFor(n.Spec), false
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

// draw shows the curves of the chosen run.
func (p *Page) draw(always bool) {
	c := p.curve()
	over := p.overlaid()
	if c == p.drawn && over == p.over && !always {
		return
	}
	p.drawn, p.over = c, over
	config, _ := p.configOf()
	if c == nil {
		c = &session.Curve{}
	}
	p.plot.SetData(p.plotData(c, config))
	if !always && time.Since(p.slowly) < 500*time.Millisecond && p.state.Live() { // the small ones change too little to be drawn ten times a second
		return
	}
	p.slowly = time.Now()
	axis := widgets.PlotAxis{Max: float64(config.Epochs)}
	plan := p.plan(config, c)
	rate := points(c.Rate)
	p.rate.SetData(widgets.PlotData{
		Series: []widgets.PlotSeries{
			{Points: plan, Colour: widgets.ColourFaint, Dashed: true},
			{Name: p.text("rate"), Points: rate, Colour: widgets.ColourQuiet},
		}, X: axis, Head: p.epochHead(c),
	})
	p.drawLayers(c, axis)
}

// speedAxis counts whole images; where none was measured it has no numbers.
func speedAxis(c *session.Curve) widgets.PlotAxis {
	return widgets.PlotAxis{Format: func(v float64) string {
		if len(c.Speed) == 0 {
			return ""
		}
		return widgets.Thousands(int(math.Round(v)))
	}}
}

// plotData is what the large plot shows.
func (p *Page) plotData(c *session.Curve, config train.Config) widgets.PlotData {
	raw := points(c.Loss)
	var valLoss, valAccuracy, trainAccuracy []widgets.PlotPoint
	for _, e := range c.Epochs {
		add := func(to *[]widgets.PlotPoint, y float64) {
			if !math.IsNaN(y) {
				*to = append(*to, widgets.PlotPoint{X: e.Epoch, Y: y})
			}
		}
		add(&valLoss, e.ValLoss)
		add(&valAccuracy, e.ValAccuracy)
		add(&trainAccuracy, e.TrainAccuracy)
	}
	d := widgets.PlotData{
		Series: []widgets.PlotSeries{
			{Name: p.text("train-loss"), Points: raw, Colour: widgets.ColourAccent, Faint: true},
			{Name: p.text("train-loss"), Points: widgets.SmoothPlot(raw, p.smoothing), Colour: widgets.ColourAccent},
			{Name: p.text("val-loss"), Points: valLoss, Colour: widgets.ColourValidation, Dots: len(valLoss) < 40},
			{Name: p.text("train-accuracy"), Points: trainAccuracy, Colour: widgets.ColourAccent, Right: true, Dashed: true},
			{Name: p.text("val-accuracy"), Points: valAccuracy, Colour: widgets.ColourValidation, Right: true, Dashed: true},
		},
		X:     widgets.PlotAxis{Max: float64(config.Epochs)},
		Left:  widgets.PlotAxis{Log: p.log},
		Right: accuracyAxis(append(slices.Clone(valAccuracy), trainAccuracy...)),
		Head:  p.epochHead(c),
		Marks: p.marks(c),
	}
	d.Series = append(d.Series, p.overlay()...)
	return d
}

// accuracyAxis runs to 100 %, from a round percentage below the least value.
func accuracyAxis(values []widgets.PlotPoint) widgets.PlotAxis {
	low := 1.
	for _, v := range values {
		low = math.Min(low, v.Y)
	}
	low = math.Floor(low*10) / 10
	if low > .9 {
		low = .9
	}
	if len(values) == 0 {
		low = 0
	}
	tick := func(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }
	return widgets.PlotAxis{Min: low, Max: 1, Format: tick, Value: percent}
}

// percent writes an accuracy, the same wherever it stands.
func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

// epochHead is the first line of what is read out under the pointer.
func (p *Page) epochHead(c *session.Curve) func(float64) string {
	per := c.PerEpoch
	return func(x float64) string {
		if per == 0 {
			return p.text("at", x)
		}
		return p.text("at.iteration", x, widgets.Thousands(int(x*float64(per))))
	}
}

// marks are the best epoch and what was noticed.
func (p *Page) marks(c *session.Curve) []widgets.PlotMark {
	var marks []widgets.PlotMark
	if best := bestOf(c); best.Epoch > 0 && len(c.Epochs) > 1 {
		text := p.text("best", best.Epoch)
		if !math.IsNaN(best.ValAccuracy) {
			text += " · " + percent(best.ValAccuracy)
		}
		marks = append(marks, widgets.PlotMark{X: best.Epoch, Text: text, Colour: widgets.ColourGood})
	}
	for _, s := range c.Steered {
		marks = append(marks, widgets.PlotMark{X: s.Epoch, Text: p.text("steered", s.Rate), Colour: widgets.ColourAccent})
	}
	const most = 6
	for i, w := range c.Warnings {
		if i < most {
			marks = append(marks, widgets.PlotMark{X: w.Epoch, Text: p.text("jump"), Colour: widgets.ColourCaution})
		}
	}
	return marks
}

// bestOf is the best epoch so far; zero for none.
func bestOf(c *session.Curve) train.Epoch {
	var best train.Epoch
	for _, e := range c.Epochs {
		if e.Best {
			best = e
		}
	}
	return best
}

// plan is the learning rate over the whole run.
func (p *Page) plan(c train.Config, of *session.Curve) []widgets.PlotPoint {
	last := of.Iterations
	if last == 0 {
		last = 1000
	}
	const n = 400
	out := make([]widgets.PlotPoint, 0, n+1)
	c = c.WithPolicyDefaults()
	for i := 0; i <= n; i++ {
		at := min(last-1, i*last/n)
		out = append(out, widgets.PlotPoint{X: float64(i) / n * float64(c.Epochs), Y: train.Rate(c, at, last)})
	}
	return out
}

func points(from []session.Point) []widgets.PlotPoint {
	out := make([]widgets.PlotPoint, len(from))
	for i, p := range from {
		out[i] = widgets.PlotPoint(p)
	}
	return out
}

// firstFilters is the first layer of a network that has filters.
func firstFilters(s nn.Spec) string {
	report := nn.Analyze(s, 1)
	for _, i := range report.Order {
		if s.Layers[i].Type == "convolution" {
			return s.Layers[i].Name
		}
	}
	return ""
}

// showFilters shows the filters of the first convolution: of the run that goes on as they are now, of another as they became. They belong to
// the chosen run; while it has none, a sentence says why.
func (p *Page) showFilters() {
	if p.ownerOf != "" && p.ownerOf != p.state.Run {
		p.noFilters("")
	}
	if p.state.Live() {
		p.showLiveFilters(p.state.Training)
		return
	}
	p.watched = ""
	r := p.state.ChosenRun()
	key := ""
	if r != nil {
		key = fmt.Sprint(r.Name, r.Info.BestEpoch, r.Info.State, r.Err)
	}
	if key == p.filtersOf && key != "" {
		return
	}
	p.filtersOf = key
	switch {
	case r == nil:
		p.noFilters(p.text("filters.none"))
	case r.Err != nil:
		p.noFilters(p.text("filters.unreadable", r.Name))
	case firstFilters(r.Info.Spec) == "":
		p.noFilters(p.text("filters.no-convolution"))
	default:
		if p.ownerOf == "" {
			p.noFilters("")
		}
		p.readFilters(r.Name, firstFilters(r.Info.Spec), key)
	}
}

// showLiveFilters shows the filters of the run that goes on.
func (p *Page) showLiveFilters(t *session.Training) {
	p.filtersOf = ""
	if t.Started && p.watched != t.Run && p.shown {
		p.watch(t)
	}
	switch {
	case t.Probe != nil:
		for _, l := range t.Probe.Layers {
			if l.Filters != nil {
				p.setFilters(l.Name, *l.Filters, true)
			}
		}
	case firstFilters(t.Spec) == "":
		p.noFilters(p.text("filters.no-convolution"))
	case p.ownerOf != t.Run:
		p.noFilters(p.text("filters.soon"))
	}
}

// readFilters reads the filters that a run learned.
func (p *Page) readFilters(run, layer, key string) {
	p.host.Session().Filters(run, layer, func(t *nn.Tensor, err error) {
		switch {
		case p.filtersOf != key: // another run was chosen meanwhile
		case fault.Code(err) == "session.weights.none":
			p.noFilters(p.text("filters.no-weights", run))
		case err != nil:
			p.noFilters(p.host.FaultText(err))
		case t != nil:
			p.setFilters(layer, *t, false)
		}
	})
}

// setFilters shows filters of the chosen run.
func (p *Page) setFilters(layer string, t nn.Tensor, now bool) {
	key := "filters.of"
	if now {
		key = "filters.now"
	}
	p.ownerOf = p.state.Run
	p.live.Set(p.text(key, layer))
	d, tone := widgets.FilterData(t.Data, t.Shape[0], t.Shape[1], t.Shape[2], t.Shape[3])
	p.filters.Set(d)
	p.scale.Set(tone)
	p.scale.Show()
	p.none.Hide()
}

// noFilters shows none, and says why.
func (p *Page) noFilters(why string) {
	if p.ownerOf == "" && p.lack == why { // states come ten times a second
		return
	}
	p.ownerOf, p.lack = "", why
	p.live.Set(p.text("filters"))
	p.filters.Set(widgets.SheetData{})
	p.scale.Hide()
	p.none.Set(why)
	p.none.Show()
}

// watch asks the run for its filters, with the first image of its validation.
func (p *Page) watch(t *session.Training) {
	p.watched = t.Run
	layer, dataset, run := firstFilters(t.Spec), t.Dataset, t.Run
	if layer == "" {
		return
	}
	s := p.host.Session()
	s.Do(func(context.Context) func() {
		px, err := s.FirstImage(dataset)
		return func() {
			if err == nil && p.watched == run {
				s.Watch(&px, []string{layer})
			}
		}
	})
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
