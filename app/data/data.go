// Package data is the Data tab: import with a preview, the grid of images, classes, splits and details.
package data

import (
	"context"
	"fmt"
	"image"
	"strings"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Page is the Data tab.
type Page struct {
	host  page.Host
	state *session.State
	root  *fyne.Container

	// What is chosen outlives a change of language.
	shown    string    // the data set in the grid
	info     data.Info // of it
	class    int       // −1: all
	split    int       // −1: all
	search   string
	searched *widgets.Entry // where that is typed
	cell     float64
	items    []data.Entry // of the grid
	source   atomic.Pointer[source]
	picked   int   // in items; −1: none
	form     *form // not nil: an import is being prepared

	annotated annotated
	content   *data.Content // of a data set for segmentation, once it is counted

	grid     *widgets.ThumbnailGrid
	body     *fyne.Container // the grid and the image that is shown large
	classed  *widgets.Text   // above the classes
	classes  *widgets.ClassBars
	splits   [4]*widgets.Row // all, train, val, test
	splitBox *widgets.Choice
	heading  *widgets.Text
	facts    struct{ task, images, size, stored, skipped *widgets.Row }
	skipList *widgets.Button
	details  *fyne.Container
	notes    *fyne.Container    // what was made of the source
	warning  *widgets.Paragraph // of classes that cannot be learned
	mean     *widgets.Picture
	selected struct {
		box                *fyne.Container
		picture            *widgets.Picture
		small              fyne.CanvasObject // the picture, where it is not shown large
		label, split, file *widgets.Row
		original           *widgets.Row
	}
	count    *widgets.Text
	explorer fyne.CanvasObject
	guide    fyne.CanvasObject
	broken   struct { // what a data set that cannot be opened shows
		object fyne.CanvasObject
		title  *widgets.Text
		why    *widgets.Paragraph
	}
	next  *widgets.Button
	grids []*widgets.ThumbnailGrid // of earlier languages, to be closed
}

// unlabelled stands after the splits in the choice of one.
const unlabelled = 3

// source is what the grid loads from, on its own goroutines.
type source struct {
	dataset string
	items   []data.Entry
}

// New makes the tab.
func New(h page.Host) page.Page {
	return &Page{host: h, class: -1, split: -1, cell: 55, picked: -1, state: h.Session().State(), annotated: annotated{opacity: .5}}
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("data."+key, args...) }

// Build implements page.Page.
func (p *Page) Build() fyne.CanvasObject {
	if p.grid != nil {
		p.grids = append(p.grids, p.grid)
	}
	p.buildGuide()
	p.buildBroken()
	p.buildExplorer()
	p.root = container.NewStack()
	if p.form != nil {
		p.form.build()
		p.form.preview()
	}
	p.shown = ""
	p.arrange()
	return p.root
}

// buildGuide makes what an empty workspace shows.
func (p *Page) buildGuide() {
	var buttons []fyne.CanvasObject
	for i, s := range offeredSamples() {
		look := widgets.Plain
		if i == 0 {
			look = widgets.Primary
		}
		buttons = append(buttons, widgets.NewButton(p.text("sample."+s.key), look, func() { p.host.Session().ImportSample(s.name, s.task) }))
	}
	buttons = append(buttons, p.importButton())
	p.guide = widgets.NewPanel(widgets.NewGuide(
		func() fyne.Resource { return resources.IconData.In(widgets.Colour(widgets.ColourAccent)) },
		p.text("guide.title"), []string{p.text("guide.1"), p.text("guide.2"), p.text("guide.3")}, buttons...))
}

// buildBroken makes what is shown of a data set of which nothing is known but why it cannot be opened.
func (p *Page) buildBroken() {
	b := &p.broken
	b.title, b.why = widgets.NewText("", widgets.ColourText).Sized(17).Bold(), widgets.NewParagraph("", widgets.ColourBad)
	details := widgets.NewButton(p.host.Text("details.copy"), widgets.Quiet, func() {
		if d := p.state.ChosenDataset(); d != nil && d.Err != nil {
			fyne.CurrentApp().Clipboard().SetContent(p.host.FaultText(d.Err) + "\n" + d.Err.Error())
		}
	})
	b.object = widgets.NewPanel(container.NewCenter(widgets.Sized(430, 0, widgets.Column(12, b.title, b.why,
		widgets.Line(8, p.importButton(), widgets.NewButton(p.text("samples"), widgets.Plain, p.samples),
			widgets.NewButton(p.text("delete"), widgets.Plain, p.delete), details)))))
}

// buildExplorer makes classes, grid and details.
func (p *Page) buildExplorer() {
	p.classes = widgets.NewClassBars()
	p.classes.Select(p.class)
	p.classes.OnSelected = func(i int) { p.class = i; p.filter() }
	splitRows := []fyne.CanvasObject{widgets.NewHeading(p.text("split"))}
	for i, key := range []string{"train", "val", "test"} {
		p.splits[i] = widgets.NewRow(p.text("split."+key), "")
		splitRows = append(splitRows, p.splits[i])
	}
	p.splits[3] = widgets.NewRow(p.text("unlabelled"), "")
	splitRows = append(splitRows, p.splits[3])
	p.splitBox = widgets.NewChoice([]string{p.text("split.all"), p.text("split.train"), p.text("split.val"), p.text("split.test"), p.text("split.unlabelled")}, p.split+1, func(i int) {
		p.split = i - 1
		p.filter()
	})
	splitRows = append(splitRows, widgets.FormRow(p.text("show"), 104, p.splitBox))
	p.classed = widgets.NewHeading(p.text("classes"))
	heading := widgets.Inset(10, 12, 6, 12, p.classed)
	left := widgets.NewPanel(widgets.ColumnGrowing(0, p.classes, heading, p.classes, widgets.Inset(8, 12, 10, 12, widgets.Column(2, splitRows...)))).Padded(1)

	p.grid = widgets.NewThumbnailGrid(p.load, p.host.Session().Post)
	p.grid.SetCellSize(float32(p.cell))
	p.grid.OnSelected = p.pickItem
	p.searched = widgets.NewEntry(p.search, func(text string) { p.search = text; p.filter() })
	p.searched.Field.SetPlaceHolder(p.text("search"))
	p.count = widgets.NewText("", widgets.ColourQuiet)
	size := widgets.NewSlider(28, 224, 1, p.cell, func(v float64) { p.cell = v; p.grid.SetCellSize(float32(v)) })
	top := widgets.LineGrowing(10, p.count, widgets.Sized(220, 0, p.searched), p.count, widgets.NewText(p.text("size"), widgets.ColourQuiet).Natural(), widgets.Sized(110, 22, size))
	hint := widgets.NewText(p.text("drop"), widgets.ColourQuiet).Aligned(fyne.TextAlignTrailing)
	bottom := widgets.LineGrowing(8, hint,
		p.importButton(),
		widgets.NewButton(p.text("samples"), widgets.Plain, p.samples),
		widgets.NewButton(p.text("delete"), widgets.Plain, p.delete), hint)
	p.annotated.build(p.text)
	p.body = container.New(gridAbove{}, p.grid, p.annotated.panel)
	middle := widgets.ColumnGrowing(10, p.body, top, p.body, bottom)

	right := p.buildDetails()
	p.next = widgets.NewButton(p.text("next"), widgets.Primary, func() { p.host.Go("network") })
	column := widgets.ColumnGrowing(widgets.Gap, right, right, p.next)
	p.explorer = widgets.Beside(widgets.Gap, middle, widgets.Sized(200, 0, left), middle, widgets.Sized(186, 0, column))
}

// buildDetails makes the column at the right.
func (p *Page) buildDetails() fyne.CanvasObject {
	p.heading = widgets.NewHeading("")
	f := &p.facts
	f.task, f.images = widgets.NewRow(p.text("task"), ""), widgets.NewRow(p.text("images"), "")
	f.size, f.stored, f.skipped = widgets.NewRow(p.text("pixels"), ""), widgets.NewRow(p.text("stored"), ""), widgets.NewRow(p.text("skipped"), "")
	p.skipList = widgets.NewButton(p.text("skipped.show"), widgets.Linked, p.showSkipped)
	p.warning = widgets.NewParagraph("", widgets.ColourCaution).Small()
	p.notes = widgets.Column(4)
	p.mean, p.selected.picture = widgets.NewPicture(), widgets.NewPicture()
	s := &p.selected
	s.label, s.split, s.file = widgets.NewRow(p.text("label"), ""), widgets.NewRow(p.text("split"), ""), widgets.NewRow(p.text("file"), "")
	s.original = widgets.NewRow(p.text("original"), "")
	s.small = leftAligned(s.picture)
	s.box = widgets.Column(4, widgets.Sized(0, 20, widgets.NewHeading(p.text("selected"))), s.small, s.label, s.split, s.file, s.original)
	s.box.Hide()
	meanTitle := widgets.NewHeading(p.text("mean")).Natural()
	p.details = widgets.Column(4,
		p.heading, f.task, f.images, f.size, f.stored, f.skipped, p.skipList, p.notes, p.warning,
		widgets.Sized(0, 24, widgets.Line(4, meanTitle, p.host.Info("mean"))), leftAligned(p.mean), s.box)
	return widgets.NewPanel(widgets.NewScroll(p.details))
}

// leftAligned gives a picture its usual size at the left.
func leftAligned(o fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Line(0, widgets.Sized(92, 92, o))
}

// arrange puts the right content into the tab.
func (p *Page) arrange() {
	content := p.guide
	switch d := p.state.ChosenDataset(); {
	case p.form != nil:
		content = p.form.object
	case d != nil && d.Err != nil:
		content = p.broken.object
	case d != nil:
		content = p.explorer
	}
	padded := widgets.Inset(12, 12, 12, 12, content)
	if len(p.root.Objects) == 1 {
		if old, ok := p.root.Objects[0].(*fyne.Container); ok && old.Objects[0] == content {
			return
		}
	}
	p.root.Objects = []fyne.CanvasObject{padded}
	p.root.Refresh()
}

// Update implements page.Page.
func (p *Page) Update(s *session.State) {
	p.state = s
	if p.form != nil {
		p.form.update(s)
	}
	p.arrange()
	d := s.ChosenDataset()
	if d == nil {
		p.shown = ""
		return
	}
	if d.Name != p.shown {
		if p.shown != "" {
			p.class, p.split = -1, -1
			p.searched.Field.SetText("") // and so what is looked for
			p.classes.Select(-1)
			p.splitBox.Choose(0)
		}
		p.shown = d.Name
		p.open(*d)
	}
}

// open shows a data set.
func (p *Page) open(d session.Dataset) {
	p.info, p.items, p.picked = d.Info, nil, -1
	p.source.Store(nil)
	p.selected.box.Hide()
	p.grid.SetItems(0, nil)
	p.mean.Set(nil)
	if d.Err != nil {
		p.broken.title.Set(p.text("broken", d.Name))
		p.broken.why.Set(p.host.FaultText(d.Err))
		return
	}
	p.annotated.forget()
	p.body.Refresh()
	p.countContent(d)
	p.showFacts(d)
	name := d.Name
	p.host.Session().MeanImage(name, func(mean image.Image, err error) {
		if p.shown == name && err == nil { // what hinders it is told with the images
			p.mean.Set(mean)
		}
	})
	p.filter()
}

// filter finds the images to show.
func (p *Page) filter() {
	name, info, search := p.shown, p.info, p.search
	if d := p.state.ChosenDataset(); d == nil || d.Name != name || d.Err != nil {
		return
	}
	q := session.Query{Class: p.class, Split: p.split, Text: search, Content: p.content}
	if p.split == unlabelled {
		q.Split, q.Unlabelled = -1, true
	}
	p.host.Session().FindImages(name, q, func(items []data.Entry, err error) {
		if err != nil {
			p.host.Fault(err)
			return
		}
		p.items, p.picked = items, -1
		p.source.Store(&source{name, items})
		p.hidePicked()
		switch {
		case len(items) > 0:
			p.count.Set(p.text("count", widgets.Thousands(len(items))))
		case strings.TrimSpace(search) != "":
			p.count.Set(p.text("none.found", search))
		default:
			p.count.Set(p.text("none.there"))
		}
		p.grid.SetItems(len(items), func(i int) string {
			switch c := items[i].Class; {
			case !info.Task.Usable(items[i]):
				return "?"
			case info.Task == data.Classification && c >= 0 && int(c) < len(info.Classes):
				return info.Classes[c]
			}
			return "" // things of several classes
		})
	})
}

// load gives the grid a picture; it runs on a background goroutine.
func (p *Page) load(_ context.Context, item int) (image.Image, error) {
	at := p.source.Load()
	if at == nil || item >= len(at.items) {
		return nil, context.Canceled
	}
	return p.host.Session().Picture(at.dataset, at.items[item].ID)
}

// pickItem shows what is known of an image.
func (p *Page) pickItem(i int) {
	if i < 0 || i >= len(p.items) {
		p.hidePicked()
		return
	}
	p.picked = i
	info := p.info
	if info.Task == data.Segmentation {
		p.pickAnnotated(i)
		return
	}
	p.host.Session().Image(p.shown, p.items[i].ID, func(img image.Image, r data.Record, err error) {
		if p.picked != i || err != nil {
			return
		}
		s := &p.selected
		s.picture.Set(img)
		s.small.Show()
		s.label.Show()
		p.showRecord(r, info)
	})
}

// showRecord shows what is known of the chosen image.
func (p *Page) showRecord(r data.Record, info data.Info) {
	s := &p.selected
	label := p.text("unlabelled")
	if c := int(r.Truth.Class); c >= 0 && c < len(info.Classes) {
		label = info.Classes[c]
	}
	s.label.Set(label)
	s.split.Set(p.text("split." + r.Split.String()))
	s.file.Set(r.File)
	s.original.Set(fmt.Sprintf("%d×%d", r.W, r.H))
	s.box.Show()
	p.details.Refresh()
}

// hidePicked shows no image by itself.
func (p *Page) hidePicked() {
	p.selected.box.Hide()
	p.annotated.panel.Hide()
	p.body.Refresh()
}

// Dropped implements page.DropTaker: the first folder, archive or file is looked at.
func (p *Page) Dropped(paths []string) bool {
	p.prepare(paths[0])
	return true
}

// Show implements page.Page.
func (p *Page) Show() {}

// Hide implements page.Page.
func (p *Page) Hide() {}

// Close implements page.Page.
func (p *Page) Close() {
	for _, g := range p.grids {
		g.Close()
	}
	if p.grid != nil {
		p.grid.Close()
	}
}

// Shown tells the tour how many images the grid holds.
func (p *Page) Shown() int { return len(p.items) }
