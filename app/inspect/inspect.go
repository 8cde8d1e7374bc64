// Package inspect is the Inspect tab: what every layer of a trained network makes of an image.
package inspect

import (
	"context"
	"fmt"
	"image"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// Page is the Inspect tab.
type Page struct {
	host  page.Host
	state *session.State
	shown bool

	run      string      // that all which is shown belongs to
	img      image.Image // that is looked at; nil: none
	imgName  string
	own      bool   // the image is the user's, not of a data set
	from     string // data set that the image was taken from, or is being
	seeking  bool   // it is on its way
	imgNth   int    // of the data set's images
	snapshot string // "" the best, or an epoch
	asked    string // what the view was asked for
	view     *inspect.View
	bare     bool         // it is of the network alone, without an image
	failed   error        // why there is none
	probe    *train.Probe // the last one that was seen
	watched  string
	layer    string
	filters  bool // filters rather than feature maps
	local    bool // every map has its own scale
	unit     int
	tensor   bool // the image as the network sees it

	evaluate evaluate
	at       int // page

	root        *fyne.Container
	main        fyne.CanvasObject
	pages       *widgets.Segmented
	pageRow     *fyne.Container
	maps        fyne.CanvasObject
	guide       fyne.CanvasObject
	picture     *widgets.Picture
	nextImage   *widgets.Button // another image of the data set
	seen        *widgets.Paragraph
	predictions *widgets.ProbabilityBars
	rows        []*widgets.ThumbRow
	list        *fyne.Container
	chooser     *fyne.Container // title, and what is shown
	title       *widgets.Text
	what        *widgets.Segmented
	whatBox     *fyne.Container
	scaleBox    *widgets.Choice
	epochs      *widgets.Choice
	epochOf     []string // of the choice
	sheet       *widgets.ContactSheet
	message     *widgets.Paragraph // in place of the sheet
	messages    *fyne.Container
	asking      *fyne.Container // a button to open an image, below the message
	scaleLine   fyne.CanvasObject
	bar         *widgets.ScaleBar
	read        *widgets.Text
	unitTitle   *widgets.Text
	enlarged    *widgets.Picture
	kernel      *widgets.Picture
	unitRows    struct{ mean, max, sum *widgets.Row }
	unitNote    *widgets.Paragraph
	aside       *fyne.Container // of all about the unit and the layer
	histogram   *widgets.Histogram
	facts       struct{ shape, mean, span, zeros, parameters *widgets.Row }
}

// New makes the tab.
func New(h page.Host) page.Page {
	p := &Page{host: h, state: h.Session().State(), unit: -1}
	p.evaluate.host, p.evaluate.state = h, p.state
	p.evaluate.show = func(img image.Image, name string) {
		p.own = true
		p.pages.Choose(pageMaps)
		p.turn(pageMaps)
		p.take(img, name)
	}
	return p
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("inspect."+key, args...) }

// The picture is as high as the window leaves it room: the layers below must be seen too.
const (
	leastPicture, mostPicture = 84, 168
	leastLayers               = 230
)

// Update implements page.Page.
func (p *Page) Update(s *session.State) {
	p.state = s
	content := p.main
	if s.Run == "" {
		content = p.guide
	}
	if len(p.root.Objects) == 0 || p.root.Objects[0].(*fyne.Container).Objects[0] != content {
		p.root.Objects = []fyne.CanvasObject{widgets.Inset(12, 12, 12, 12, content)}
		p.root.Refresh()
	}
	if s.Run == "" {
		return
	}
	if p.run != s.Run { // nothing of another run stays
		p.run, p.snapshot, p.asked, p.watched, p.epochOf = s.Run, "", "", "", nil
		p.view, p.failed = nil, nil
		p.showView()
	}
	p.evaluate.update(s)
	p.showEpochs()
	source := p.source()
	p.nextImage.Enable(source != "")
	if !p.own && p.from != source {
		p.seek(source)
	}
	if p.seeking {
		return
	}
	if s.Live() {
		p.follow(s.Training)
		return
	}
	p.ask()
}

// showEpochs offers the snapshots of the run.
func (p *Page) showEpochs() {
	names, ids := []string{p.text("epoch.best")}, []string{""}
	if r := p.state.ChosenRun(); r != nil && r.Err == nil && !p.state.Live() {
		for _, e := range r.Info.Snapshots {
			names, ids = append(names, p.text("epoch.nth", model.EpochName(e))), append(ids, model.EpochName(e))
		}
	}
	if p.state.Live() {
		names, ids = []string{p.text("epoch.now")}, []string{""}
	}
	if slices.Equal(ids, p.epochOf) && slices.Equal(names, p.epochs.Options()) {
		return
	}
	p.epochOf = ids
	at := slices.Index(ids, p.snapshot)
	if at < 0 {
		at, p.snapshot = 0, ""
	}
	p.epochs.Set(names, at)
}

// ask looks at the image with the chosen run, or at the network alone where there is no image, unless that was done.
func (p *Page) ask() {
	r := p.state.ChosenRun()
	if r == nil {
		return
	}
	key := fmt.Sprintf("%s %s %s %v %v %p", r.Name, p.snapshot, r.Info.State, r.Info.BestEpoch, r.Err, p.img)
	if key == p.asked {
		return
	}
	p.asked, p.watched = key, ""
	done := func(v *inspect.View, err error) {
		if p.asked != key {
			return
		}
		p.view, p.failed = v, err
		if err != nil {
			p.view = nil
			p.host.Fault(err)
		}
		p.showView()
	}
	switch {
	case r.Err != nil:
		p.view, p.failed = nil, r.Err
		p.showView()
	case p.img != nil:
		p.host.Session().Inspect(r.Name, p.snapshot, p.img, done)
	default:
		p.host.Session().Layers(r.Name, p.snapshot, done)
	}
}

// follow shows what a run that goes on makes of the image.
func (p *Page) follow(t *session.Training) {
	if !p.shown || !t.Started || p.img == nil {
		return
	}
	key := fmt.Sprintf("%s %p", t.Run, p.img)
	if p.watched != key {
		p.watched, p.asked, p.probe = key, "", t.Probe // which is of another image
		p.host.Session().Watch(t.Run, p.img)
		return
	}
	probe := t.Probe
	if probe == nil || probe == p.probe || len(probe.View.Layers) < 2 {
		return
	}
	p.probe = probe
	p.host.Session().Do(func(context.Context) func() {
		v := probe.View.Described()
		return func() {
			if p.watched == key {
				p.view = v
				p.showView()
			}
		}
	})
}

// showView shows a view: image, predictions, layers.
func (p *Page) showView() {
	p.showImage()
	v := p.view
	if v == nil {
		p.showNothing()
		return
	}
	var rows []widgets.ProbabilityRow
	for _, g := range v.Top {
		rows = append(rows, widgets.ProbabilityRow{Label: g.Label, Value: float64(g.Probability)})
	}
	p.predictions.SetRows(rows)
	for len(p.rows) < len(v.Layers) {
		p.rows = append(p.rows, widgets.NewThumbRow(nil))
	}
	if len(p.list.Objects) != len(v.Layers) {
		p.list.Objects = p.list.Objects[:0]
		for i := range v.Layers {
			p.list.Objects = append(p.list.Objects, p.rows[i])
		}
		p.list.Refresh()
	}
	if bare := len(v.Layers[0].Maps.Data()) == 0; bare != p.bare { // what there is to see is shown first
		p.bare, p.filters = bare, bare
	}
	if p.layerAt() < 0 {
		p.layer = v.Layers[min(1, len(v.Layers)-1)].Name
	}
	for i, l := range v.Layers {
		p.rows[i].OnTapped = func() {
			p.layer, p.unit, p.filters = l.Name, -1, len(l.Maps.Data()) == 0
			p.showRows()
			p.showLayer()
		}
		p.rows[i].Picture().Set(thumb(l))
	}
	p.showRows()
	p.showLayer()
}

// showNothing empties all that would be of a view, and says why there is none.
func (p *Page) showNothing() {
	p.predictions.SetRows(nil)
	p.list.Objects = nil
	p.list.Refresh()
	p.title.Set("")
	p.chooser.Hide()
	p.sheet.Set(widgets.SheetData{})
	p.read.Set("")
	p.scaleLine.Hide()
	p.unit = -1
	p.showNoUnit()
	p.histogram.SetValues(nil, 0, 0, nil)
	f := &p.facts
	for _, r := range []*widgets.Row{f.shape, f.mean, f.span, f.zeros, f.parameters} {
		r.Set("")
	}
	text := ""
	switch {
	case p.failed != nil:
		text = p.host.FaultText(p.failed)
	case p.state.Live():
		text = p.text("wait")
	}
	p.say(text)
	p.asking.Hide()
}

// say puts a sentence in place of the sheet, with a button to open an image; "" leaves the place to the sheet.
func (p *Page) say(text string) {
	p.message.Set(text)
	p.asking.Show()
	if text == "" {
		p.messages.Hide()
	} else {
		p.messages.Show()
	}
}

// thumb returns a layer's maps, or without an image its filters, as a small sheet; of many, the first. nil: it has neither.
func thumb(l inspect.Layer) image.Image {
	if len(l.Maps.Data()) == 0 {
		if l.Filters == nil {
			return nil
		}
		f := l.Filters
		d, tone := widgets.FilterData(f.Data(), f.Shape()[0], f.Shape()[1], f.Shape()[2], f.Shape()[3])
		n := min(d.Cells, 16)
		s := raster.LayOut(n, d.Width, d.Height, 1)
		if d.Colour {
			return s.Colour(d.Values[:3*n*d.Width*d.Height], []raster.Tone{tone}, black)
		}
		return s.Grey(d.Values[:n*d.Width*d.Height], []raster.Tone{tone}, black)
	}
	n := min(l.Shape.C, 16)
	if l.Shape.H*l.Shape.W == 1 {
		n = min(l.Shape.C, 256)
	}
	values := l.Maps.Data()[:n*l.Shape.H*l.Shape.W]
	if l.Name == nn.Data {
		return raster.Tensor(l.Maps.Data(), l.Shape.C, l.Shape.H, l.Shape.W)
	}
	s := raster.LayOut(n, l.Shape.W, l.Shape.H, 1)
	return s.Grey(values, []raster.Tone{raster.MapTone(l.Maps.Data())}, black)
}

func (p *Page) showRows() {
	for i, l := range p.view.Layers {
		shape := l.Shape.String()
		if l.Shape.H == 1 && l.Shape.W == 1 {
			shape = fmt.Sprint(l.Shape.C)
		}
		p.rows[i].Set(l.Name, shape, l.Name == p.layer)
	}
}

func (p *Page) layerAt() int {
	if p.view == nil {
		return -1
	}
	return slices.IndexFunc(p.view.Layers, func(l inspect.Layer) bool { return l.Name == p.layer })
}

// Show implements page.Page.
func (p *Page) Show() {
	p.shown, p.watched = true, ""
	p.evaluate.back()
	p.Update(p.state)
}

// Hide implements page.Page.
func (p *Page) Hide() {
	p.shown = false
	if p.watched != "" && p.state.Training != nil {
		p.host.Session().Watch(p.state.Training.Run, nil)
	}
	p.watched = ""
}

// Close implements page.Page.
func (p *Page) Close() { p.evaluate.close() }

// Key goes from layer to layer: page up and page down.
func (p *Page) Key(e *fyne.KeyEvent) {
	at := p.layerAt()
	if at < 0 {
		return
	}
	switch e.Name {
	case fyne.KeyPageUp:
		at--
	case fyne.KeyPageDown:
		at++
	default:
		return
	}
	if at >= 0 && at < len(p.view.Layers) {
		p.rows[at].Tapped(nil)
	}
}

// Shown tells the tour how many layers are seen.
func (p *Page) Shown() int {
	if p.view == nil {
		return 0
	}
	return len(p.view.Layers)
}

// ShowFilters shows the filters of the first layer that has some.
func (p *Page) ShowFilters() {
	if p.view == nil {
		return
	}
	for _, l := range p.view.Layers {
		if l.Filters != nil {
			p.layer, p.filters, p.unit = l.Name, true, 0
			p.showRows()
			p.showLayer()
			return
		}
	}
}

// Evaluate turns to the page of the evaluation and measures the chosen run.
func (p *Page) Evaluate() {
	p.pages.Choose(pageEvaluate)
	p.turn(pageEvaluate)
	p.evaluate.begin()
}

// Evaluated returns what was measured of the chosen run, nil before.
func (p *Page) Evaluated() metric.Values {
	if r := p.evaluate.result; r != nil {
		return r.Values
	}
	return nil
}
