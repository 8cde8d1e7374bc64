// Package detect is the Detect tab: things found in photos, by a classifier that slides over them or a network that answers for each pixel.
package detect

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"io"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/widgets"
)

// Page is the Detect tab.
type Page struct {
	host  page.Host
	state *session.State

	photos  []*photo
	at      int // of the photo that is shown; −1: none
	example uint64
	looking bool
	asked   string // what was looked for last, by run, photo and options
	failed  error  // what that met

	method  method // of the chosen run
	windows *windows
	areas   *areas

	root     *fyne.Container
	main     fyne.CanvasObject // nil: to be built
	guide    fyne.CanvasObject
	list     *fyne.Container
	rows     []*widgets.ThumbRow
	heading  *widgets.Text
	top      *fyne.Container // title, size and what is shown
	title    *widgets.Text
	size     *widgets.Text
	view     *widgets.PhotoView
	empty    fyne.CanvasObject // in place of a photo
	under    *widgets.Text
	progress *widgets.Progress
	cancel   *widgets.Button
}

// A method is a way in which the network of a run looks at a photo. What the tab shows beside photos belongs to it; its settings live as long as the tab.
type method interface {
	// key begins the keys of its own texts.
	key() string
	// controls makes anew what stands right of the photo's title, right of its own name below the photo, beside each other under that, and at the right of the tab.
	controls() (title, name, summary, right fyne.CanvasObject)
	// update follows the state of the session.
	update()
	// options tells those of the form from others; false where they cannot be used.
	options(ph *photo) (text string, usable bool)
	// start looks at a photo in the background.
	start(run string, ph *photo, progress func(done, total int), done func(found any, err error))
	// show shows what was found in the photo that is shown; nil: nothing is known.
	show(found any)
	// count says in short how much was found.
	count(found any) string
	// hovered returns what is to be read about a place of the photo under the pointer.
	hovered(found any, x, y float32) string
	// tryExample adds a photo of things that the network learned to tell.
	tryExample()
}

// New makes the tab.
func New(h page.Host) page.Page {
	p := &Page{host: h, state: h.Session().State(), at: -1, example: 1}
	p.windows, p.areas = newWindows(p), newAreas(p)
	return p
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("detect."+key, args...) }

// methodOf returns how the network of the chosen run looks at photos.
func (p *Page) methodOf() method {
	if r := p.state.ChosenRun(); r != nil && r.Err == nil && r.Info.Task == data.Segmentation {
		return p.areas
	}
	return p.windows
}

// Update implements page.Page.
func (p *Page) Update(s *session.State) {
	p.state = s
	if m := p.methodOf(); m != p.method || p.main == nil {
		p.method = m
		p.buildMain()
	}
	content := p.main
	if s.Run == "" {
		content = p.guide
	}
	if len(p.root.Objects) == 0 || p.root.Objects[0].(*fyne.Container).Objects[0] != content {
		p.root.Objects = []fyne.CanvasObject{widgets.Inset(12, 12, 12, 12, content)}
		p.root.Refresh()
	}
	p.method.update()
	if p.at >= 0 && p.key(p.photos[p.at]) != p.asked {
		p.search()
	}
}

func (p *Page) showRows() {
	for i, ph := range p.photos {
		detail := ""
		if ph.img != nil {
			b := ph.img.Bounds()
			detail = fmt.Sprintf("%d×%d", b.Dx(), b.Dy())
			p.rows[i].Picture().Set(ph.img)
		}
		if found := p.current(ph); found != nil {
			detail += " · " + p.method.count(found)
		}
		p.rows[i].Set(ph.name, detail, i == p.at)
	}
}

// key returns what a search stands on; "" where there can be none.
func (p *Page) key(ph *photo) string {
	r := p.state.ChosenRun()
	if r == nil || r.Err != nil || ph.img == nil {
		return ""
	}
	options, usable := p.method.options(ph)
	if !usable {
		return ""
	}
	// While a run goes on its best weights change with every epoch: what was found with the first of them stays until the end.
	weights := model.EpochName(r.Info.BestEpoch)
	if p.state.Live() && r.Info.BestEpoch > 0 {
		weights = "now"
	}
	return fmt.Sprintf("%s %s %p %s", r.Name, weights, ph.img, options)
}

// current returns what was found in a photo with the run and the settings that are shown, or nil: what others found is not passed off as theirs.
func (p *Page) current(ph *photo) any {
	if key := p.key(ph); key == "" || ph.foundK != key {
		return nil
	}
	return ph.found
}

// found returns what is known of the photo that is shown, or nil.
func (p *Page) found() any {
	if p.at < 0 {
		return nil
	}
	return p.current(p.photos[p.at])
}

// reason says why nothing is shown to be found; "" where that needs no words.
func (p *Page) reason() string {
	if p.at < 0 {
		return ""
	}
	ph, r := p.photos[p.at], p.state.ChosenRun()
	_, usable := p.method.options(ph)
	switch {
	case !usable:
		return p.text("wrong")
	case r == nil:
		return ""
	case r.Err != nil:
		return p.host.FaultText(r.Err)
	case p.state.Live() && r.Info.BestEpoch == 0: // they come with the first epoch
		return p.text("wait")
	case p.failed != nil:
		return p.host.FaultText(p.failed)
	case !p.looking && ph.img != nil:
		return p.text("cancelled")
	}
	return ""
}

// search lets the network search at the chosen photo, unless that was done.
func (p *Page) search() {
	if p.at < 0 {
		return
	}
	ph, r := p.photos[p.at], p.state.ChosenRun()
	key := p.key(ph)
	p.asked, p.failed = key, nil
	if key == "" || p.state.Live() && r.Info.BestEpoch == 0 || ph.foundK == key {
		p.host.Session().CancelDetect() // of what was asked before
		p.looking = false
		p.showProgress(0, 0)
		p.showFound()
		return
	}
	p.looking = true
	p.showProgress(0, 1)
	p.showFound()
	p.method.start(r.Name, ph, p.showProgress, func(found any, err error) {
		if p.asked != key {
			return
		}
		p.looking = false
		p.showProgress(0, 0)
		if p.failed = err; err != nil {
			p.host.Fault(err)
		} else {
			ph.found, ph.foundK = found, key
		}
		p.showFound()
	})
}

// showProgress shows how far the search is; total 0: it is over.
func (p *Page) showProgress(done, total int) {
	if total == 0 || !p.looking {
		p.progress.Hide()
		p.cancel.Hide()
		return
	}
	p.progress.Show()
	p.cancel.Show()
	p.progress.Set(float64(done) / float64(total))
}

// showFound shows what was found: it is called for each movement of a slider.
func (p *Page) showFound() {
	found := p.found()
	if found == nil {
		p.under.Set(p.reason())
	} else {
		p.under.Set("")
	}
	p.method.show(found)
	p.showRows()
}

// hovered reads what was found under the pointer.
func (p *Page) hovered(x, y float32, inside bool) {
	switch found := p.found(); {
	case found == nil:
		p.under.Set(p.reason())
	case !inside:
		p.under.Set("")
	default:
		p.under.Set(p.method.hovered(found, x, y))
	}
}

// write saves a picture, which is made in the background.
func (p *Page) write(path string, made func() (image.Image, error)) {
	p.host.Session().Do(func(context.Context) func() {
		picture, err := made()
		if err == nil {
			err = disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, picture) })
		}
		return func() {
			if err != nil {
				p.host.Fault(err)
				return
			}
			p.host.Tell("files.saved", path)
		}
	})
}

// Show implements page.Page.
func (p *Page) Show() {
	if p.method == p.areas {
		p.areas.back()
	}
}

// Hide implements page.Page.
func (p *Page) Hide() {}

// Close implements page.Page.
func (p *Page) Close() {}

// Shown tells the tour how many boxes or areas are seen.
func (p *Page) Shown() int {
	if s, ok := p.found().(*session.Segmented); ok {
		return len(s.Regions)
	}
	return len(p.view.Boxes())
}
