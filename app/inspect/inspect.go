// Package inspect is the Inspect tab: what every layer of a trained network makes of an image.
package inspect

import (
	"context"
	"fmt"
	"image"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	look "github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/resources"
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
	view     *look.View
	bare     bool  // it is of the network alone, without an image
	failed   error // why there is none
	probe    int   // iteration of the probe that is shown
	watched  string
	layer    string
	filters  bool // filters rather than feature maps
	local    bool // every map has its own scale
	unit     int
	tensor   bool // the image as the network sees it

	root      *fyne.Container
	main      fyne.CanvasObject
	guide     fyne.CanvasObject
	picture   *widgets.Picture
	nextImage *widgets.Button // another image of the data set
	seen      *widgets.Paragraph
	guesses   *widgets.ProbabilityBars
	rows      []*widgets.ThumbRow
	list      *fyne.Container
	chooser   *fyne.Container // title, and what is shown
	title     *widgets.Text
	what      *widgets.Segmented
	whatBox   *fyne.Container
	scaleBox  *widgets.Choice
	epochs    *widgets.Choice
	epochOf   []string // of the choice
	sheet     *widgets.ContactSheet
	message   *widgets.Paragraph // in place of the sheet
	messages  *fyne.Container
	asking    *fyne.Container // a button to open an image, below the message
	scaleLine fyne.CanvasObject
	bar       *widgets.ScaleBar
	read      *widgets.Text
	unitTitle *widgets.Text
	enlarged  *widgets.Picture
	kernel    *widgets.Picture
	unitRows  struct{ mean, max, sum *widgets.Row }
	unitNote  *widgets.Paragraph
	histogram *widgets.Histogram
	facts     struct{ shape, mean, span, zeros, parameters *widgets.Row }
}

// New makes the tab.
func New(h page.Host) page.Page {
	return &Page{host: h, state: h.Session().State(), unit: -1}
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("inspect."+key, args...) }

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	left := p.buildLeft()
	middle := p.buildSheet()
	right := p.buildRight()
	p.main = widgets.Beside(widgets.Gap, middle, widgets.Sized(192, 0, left), middle, widgets.Sized(246, 0, right))
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconInspect.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")},
		widgets.NewButton(p.text("guide.train"), widgets.Primary, func() { p.host.Go("train") })))
	p.root = container.NewStack()
	p.rows = nil
	p.Update(p.state)
	p.showView()
	return p.root
}

func (p *Page) buildLeft() fyne.CanvasObject {
	p.picture = widgets.NewPicture()
	p.seen = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	p.guesses = widgets.NewProbabilityBars()
	as := widgets.NewSegmented([]string{p.text("as.image"), p.text("as.tensor")}, func(i int) {
		p.tensor = i == 1
		p.showImage()
	})
	if p.tensor {
		as.Choose(1)
	}
	open := widgets.NewButton(p.text("open"), widgets.Plain, p.open).Low()
	p.nextImage = widgets.NewButton(p.text("another"), widgets.Plain, p.another).Low()
	height := &pictureHeight{}
	imagePanel := widgets.NewPanel(widgets.Column(6,
		widgets.NewHeading(p.text("image")), container.New(height, p.picture), widgets.Line(0, as), p.seen, p.guesses,
		widgets.Shares(6, []float32{1, 1}, open, p.nextImage)))
	p.list = widgets.Column(0)
	scroll := widgets.Loose(container.NewVScroll(p.list))
	layers := widgets.NewPanel(widgets.ColumnGrowing(4, scroll, widgets.Inset(11, 12, 0, 12, widgets.NewHeading(p.text("layers"))), scroll)).Padded(1)
	return container.New(&imageAbove{height}, imagePanel, layers)
}

// The picture is as high as the window leaves it room: the layers below must be seen too.
const (
	leastPicture, mostPicture = 84, 168
	leastLayers               = 230
)

// pictureHeight is the layout of the picture alone.
type pictureHeight struct{ now float32 }

func (h *pictureHeight) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leastPicture, max(leastPicture, h.now))
}

func (h *pictureHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
}

// imageAbove puts the image's panel above that of the layers.
type imageAbove struct{ picture *pictureHeight }

func (*imageAbove) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(120, 300) }

func (a *imageAbove) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	a.picture.now = leastPicture
	spare := size.Height - widgets.Gap - leastLayers - objects[0].MinSize().Height
	a.picture.now = leastPicture + max(0, min(spare, mostPicture-leastPicture))
	h := objects[0].MinSize().Height
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(size.Width, h))
	objects[1].Move(fyne.NewPos(0, h+widgets.Gap))
	objects[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-h-widgets.Gap)))
}

func (p *Page) buildSheet() fyne.CanvasObject {
	p.title = widgets.NewText("", widgets.ColourText).Bold().Natural()
	p.what = widgets.NewSegmented([]string{p.text("maps"), p.text("filters")}, func(i int) {
		p.filters = i == 1
		p.unit = -1
		p.showLayer()
	})
	p.whatBox = container.NewStack(p.what)
	p.scaleBox = widgets.NewChoice([]string{p.text("scale.layer"), p.text("scale.map")}, 0, func(i int) {
		p.local = i == 1
		p.showLayer()
	})
	if p.local {
		p.scaleBox.Choose(1)
	}
	p.epochs = widgets.NewChoice(nil, -1, func(i int) {
		p.snapshot = p.epochOf[i]
		p.ask()
	})
	p.chooser = widgets.Line(10, p.title, p.whatBox, p.host.Info("feature-map"))
	right := widgets.Line(10, widgets.Sized(108, 26, p.scaleBox), widgets.Sized(100, 26, p.epochs))
	p.sheet = widgets.NewContactSheet()
	p.sheet.OnChosen = func(cell int) {
		p.unit = cell
		p.showUnit()
	}
	p.sheet.OnHovered = p.hovered
	p.bar, p.read = widgets.NewScaleBar(), widgets.NewText("", widgets.ColourQuiet).Small().Aligned(fyne.TextAlignTrailing)
	p.message = widgets.NewParagraph("", widgets.ColourQuiet).Centred()
	p.asking = container.NewCenter(widgets.NewButton(p.text("open.long"), widgets.Plain, p.open))
	p.messages = container.NewCenter(widgets.Sized(360, 0, widgets.Column(12, p.message, p.asking)))
	p.scaleLine = widgets.LineGrowing(8, p.read, p.bar, p.read)
	return widgets.NewPanel(container.New(sheetLayout{}, p.chooser, right, container.NewStack(p.sheet, p.messages), p.scaleLine))
}

// sheetLayout puts what chooses above the sheet, in two lines where one has no room, and the scale below it.
type sheetLayout struct{}

func (sheetLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 200) }

func (sheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const line, gap = 26, 8
	left, right, sheet, scale := objects[0], objects[1], objects[2], objects[3]
	l, r, foot := left.MinSize().Width, right.MinSize().Width, scale.MinSize().Height
	y := float32(0)
	left.Move(fyne.NewPos(0, y))
	left.Resize(fyne.NewSize(l, line))
	if l+2*gap+r <= size.Width {
		right.Move(fyne.NewPos(size.Width-r, y))
	} else {
		y += line + gap/2
		right.Move(fyne.NewPos(0, y))
	}
	right.Resize(fyne.NewSize(r, line))
	y += line + gap
	sheet.Move(fyne.NewPos(0, y))
	sheet.Resize(fyne.NewSize(size.Width, max(0, size.Height-y-gap-foot)))
	scale.Move(fyne.NewPos(0, size.Height-foot))
	scale.Resize(fyne.NewSize(size.Width, foot))
}

// open asks for an image.
func (p *Page) open() {
	p.host.PickFile(page.ImageExtensions, func(path string) { p.Dropped([]string{path}) })
}

func (p *Page) buildRight() fyne.CanvasObject {
	p.unitTitle = widgets.NewHeading(p.text("unit.none"))
	p.enlarged, p.kernel = widgets.NewPicture(), widgets.NewPicture()
	u := &p.unitRows
	u.mean, u.max, u.sum = widgets.NewRow(p.text("mean"), ""), widgets.NewRow(p.text("max"), ""), widgets.NewRow(p.text("sum"), "")
	p.unitNote = widgets.NewParagraph("", widgets.ColourText).Small()
	f := &p.facts
	f.shape, f.mean, f.span = widgets.NewRow(p.text("shape"), ""), widgets.NewRow(p.text("mean-deviation"), ""), widgets.NewRow(p.text("span"), "")
	f.zeros, f.parameters = widgets.NewRow(p.text("zeros"), ""), widgets.NewRow(p.text("parameters"), "")
	p.histogram = widgets.NewHistogram()
	rows := widgets.Column(6,
		p.unitTitle, widgets.Shares(10, []float32{1, 1}, widgets.Sized(0, 104, p.enlarged), widgets.Sized(0, 104, p.kernel)),
		u.mean, u.max, u.sum, widgets.NewNote(p.unitNote),
		widgets.Sized(0, 24, widgets.NewHeading(p.text("layer"))), p.histogram, f.shape, f.mean, f.span, f.zeros, f.parameters)
	panel := widgets.NewPanel(widgets.NewScroll(rows))
	next := widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("detect") })
	return widgets.ColumnGrowing(widgets.Gap, panel, panel, next)
}

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

// source is the data set that an image is taken from, so that there is something to see at once: the run's own, else the one that is chosen; "" if
// there is none.
func (p *Page) source() string {
	if r := p.state.ChosenRun(); r != nil && r.Err == nil {
		for _, d := range p.state.Datasets {
			if d.Err == nil && filepath.Clean(d.Path) == filepath.Clean(r.Info.Dataset) {
				return d.Name
			}
		}
	}
	if d := p.state.ChosenDataset(); d != nil && d.Err == nil {
		return d.Name
	}
	return ""
}

// seek takes an image of a data set; "": none.
func (p *Page) seek(name string) {
	p.img, p.imgName, p.own, p.from, p.seeking = nil, "", false, name, name != ""
	p.showImage()
	if !p.seeking {
		return
	}
	nth := p.imgNth
	still := func() bool { return p.seeking && p.from == name && p.imgNth == nth }
	p.host.Session().Do(func(context.Context) func() {
		img, file := imageOf(p.host.Session(), name, nth)
		return func() {
			if still() {
				p.take(img, file)
			}
		}
	})
}

// imageOf reads an image of a data set, or nil where it has none that can be read. It runs in the background.
func imageOf(s *session.Session, name string, nth int) (image.Image, string) {
	d, err := s.Data(name)
	if err != nil {
		return nil, ""
	}
	ids := append(d.IDs(data.Val), d.IDs(data.Test)...)
	if len(ids) == 0 {
		ids = d.IDs(data.Train)
	}
	if len(ids) == 0 {
		return nil, ""
	}
	id := ids[(nth*7919)%len(ids)] // a large prime: images of all classes come by soon
	px, err := d.Pixels(id)
	if err != nil {
		return nil, ""
	}
	r, err := d.Record(id)
	if err != nil {
		return nil, ""
	}
	return px.Image(), r.File
}

// another takes the next image of the data set.
func (p *Page) another() {
	if source := p.source(); source != "" {
		p.imgNth++
		p.seek(source)
	}
}

// take makes an image the one that is looked at.
func (p *Page) take(img image.Image, name string) {
	p.img, p.imgName, p.seeking, p.asked, p.watched = img, name, false, "", ""
	p.showImage()
	p.Update(p.state)
}

// Dropped implements page.DropTaker.
func (p *Page) Dropped(paths []string) bool {
	path := paths[0]
	if !page.IsImage(path) {
		return false
	}
	p.host.Session().Load(path, func(img image.Image, err error) {
		if err != nil {
			p.host.Fault(err)
			return
		}
		p.own = true
		p.take(img, filepath.Base(path))
	})
	return true
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
	done := func(v *look.View, err error) {
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
		p.host.Session().Look(r.Name, p.snapshot, p.img, done)
	default:
		folder, snapshot := r.Folder, p.snapshot
		p.host.Session().Do(func(context.Context) func() {
			m, err := model.Load(folder, snapshot)
			if err != nil {
				return func() { done(nil, err) }
			}
			v := look.Layers(m)
			return func() { done(v, nil) }
		})
	}
}

// follow shows what a run that goes on makes of the image.
func (p *Page) follow(t *session.Training) {
	if !p.shown || !t.Started || p.img == nil {
		return
	}
	key := fmt.Sprintf("%s %p", t.Run, p.img)
	if p.watched != key {
		p.watched, p.asked, p.probe = key, "", -1
		run, in, img := t.Run, t.Spec.Input, p.img
		layers := []string{nn.Data}
		for _, l := range t.Spec.Layers {
			layers = append(layers, l.Name)
		}
		p.host.Session().Do(func(context.Context) func() {
			px := data.Fit(img, in.W, in.H, in.C, data.Squash)
			return func() {
				if p.watched == key {
					p.host.Session().Watch(run, &px, layers)
				}
			}
		})
		return
	}
	probe := t.Probe
	if probe == nil || probe.Iteration == p.probe || len(probe.Layers) < 2 {
		return
	}
	p.probe = probe.Iteration
	labels := []string(nil)
	if d := p.state.ChosenDataset(); d != nil {
		labels = d.Info.Classes
	}
	p.host.Session().Do(func(context.Context) func() {
		v := viewOf(t, labels)
		return func() {
			if p.watched == key {
				p.view = v
				p.showView()
			}
		}
	})
}

// viewOf makes a view of a probe.
func viewOf(t *session.Training, labels []string) *look.View {
	v := &look.View{Epoch: t.Probe.Epoch}
	report := nn.Analyze(t.Spec, 1)
	for _, l := range t.Probe.Layers {
		layer := look.Layer{Name: l.Name, Type: nn.Data, Maps: l.Maps, Filters: l.Filters, Stats: look.Describe(l.Maps.Data)}
		if len(l.Maps.Shape) == 3 {
			layer.Shape = nn.Shape{C: l.Maps.Shape[0], H: l.Maps.Shape[1], W: l.Maps.Shape[2]}
		}
		if i := t.Spec.Layer(l.Name); i >= 0 {
			layer.Type, layer.Parameters = t.Spec.Layers[i].Type, report.Layers[i].Parameters
			kind, err := nn.KindOf(layer.Type)
			if err == nil && kind.Loss {
				m := model.Model{Labels: labels, Spec: t.Spec}
				if len(l.Maps.Data) == len(labels) {
					out := slices.Clone(l.Maps.Data)
					kind.Probabilities(out)
					v.Top = m.Guesses(out, 5)
				}
				continue
			}
		}
		if l.Name == nn.Data {
			v.Tensor = l.Maps
		}
		v.Layers = append(v.Layers, layer)
	}
	return v
}

// showView shows a view: image, guesses, layers.
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
	p.guesses.SetRows(rows)
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
	if bare := len(v.Layers[0].Maps.Data) == 0; bare != p.bare { // what there is to see is shown first
		p.bare, p.filters = bare, bare
	}
	if p.layerAt() < 0 {
		p.layer = v.Layers[min(1, len(v.Layers)-1)].Name
	}
	for i, l := range v.Layers {
		p.rows[i].OnTapped = func() {
			p.layer, p.unit, p.filters = l.Name, -1, len(l.Maps.Data) == 0
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
	p.guesses.SetRows(nil)
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

// thumb is a layer's maps, or without an image its filters, as a small sheet; of many, the first. nil: it has neither.
func thumb(l look.Layer) image.Image {
	if len(l.Maps.Data) == 0 {
		if l.Filters == nil {
			return nil
		}
		f := l.Filters
		d, tone := widgets.FilterData(f.Data, f.Shape[0], f.Shape[1], f.Shape[2], f.Shape[3])
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
	values := l.Maps.Data[:n*l.Shape.H*l.Shape.W]
	if l.Name == nn.Data {
		return raster.Tensor(l.Maps.Data, l.Shape.C, l.Shape.H, l.Shape.W)
	}
	s := raster.LayOut(n, l.Shape.W, l.Shape.H, 1)
	return s.Grey(values, []raster.Tone{raster.MapTone(l.Maps.Data)}, black)
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
	return slices.IndexFunc(p.view.Layers, func(l look.Layer) bool { return l.Name == p.layer })
}

// showImage shows the image as it is, or the very numbers that the network gets.
func (p *Page) showImage() {
	v := p.view
	if p.img == nil {
		p.picture.Set(nil)
		p.seen.Set("")
		if !p.seeking {
			p.seen.Set(p.text("ask"))
		}
		return
	}
	if !p.tensor || v == nil || len(v.Tensor.Data) == 0 {
		b := p.img.Bounds()
		p.picture.Set(p.img)
		p.seen.Set(fmt.Sprintf("%s · %d×%d", p.imgName, b.Dx(), b.Dy()))
		return
	}
	s := v.Tensor.Shape
	p.picture.Set(raster.Tensor(v.Tensor.Data, s[0], s[1], s[2]))
	st := look.Describe(v.Tensor.Data)
	p.seen.Set(p.text("tensor", s[2], s[1], s[0], st.Min, st.Max))
}

// Show implements page.Page.
func (p *Page) Show() {
	p.shown, p.watched = true, ""
	p.Update(p.state)
}

// Hide implements page.Page.
func (p *Page) Hide() {
	p.shown = false
	if p.watched != "" && p.state.Training != nil {
		p.host.Session().Watch(p.state.Training.Run, nil, nil)
	}
	p.watched = ""
}

// Close implements page.Page.
func (p *Page) Close() {}

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
