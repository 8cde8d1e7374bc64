package detect

import (
	"fmt"
	"image"
	"path/filepath"
	"slices"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/widgets"
)

// photo is a photo that was dropped.
type photo struct {
	name   string
	path   string // "": an example
	img    image.Image
	found  any    // by the method that found it
	foundK string // asked of found
}

// open asks for a photo.
func (p *Page) open() {
	p.host.PickFile(page.ImageExtensions, func(path string) { p.Dropped([]string{path}) })
}

// Dropped implements page.DropTaker: photos, or a folder of them.
func (p *Page) Dropped(paths []string) bool {
	files := page.Images(paths)
	if len(files) == 0 {
		return false
	}
	const most = 200
	if len(files) > most {
		files = files[:most]
	}
	first := len(p.photos)
	for _, path := range files {
		p.photos = append(p.photos, &photo{name: filepath.Base(path), path: path})
	}
	p.showPhotos()
	p.show(first)
	return true
}

// sampleOf is the sample that a network learned to tell the things of, "" if it is none.
func (m *windows) sampleOf() string {
	r := m.p.state.ChosenRun()
	switch {
	case r == nil || r.Err != nil || len(r.Info.Labels) == 0 || slices.Contains(r.Info.Labels, "0") && slices.Contains(r.Info.Labels, "9"):
		return samples.Names()[0]
	case slices.Contains(r.Info.Labels, "circle"):
		return "shapes"
	}
	return ""
}

// tryExample makes a photo of things that the network learned to tell.
func (m *windows) tryExample() {
	p := m.p
	sample, dataset := m.sampleOf(), ""
	if sample == "" {
		d := p.state.DatasetOf(p.state.ChosenRun())
		if d == nil {
			p.host.Fault(fault.New("detect.example", "The data set %s of this run is no longer there, so no example can be made of it. Open a photo of your own.", p.state.ChosenRun().Info.Dataset))
			return
		}
		dataset = d.Name
	}
	seed := p.example
	p.example++
	const width, height = 480, 360
	p.host.Session().Example(sample, dataset, width, height, seed, func(img image.Image, err error) {
		if err != nil {
			p.host.Fault(err)
			return
		}
		p.add(p.text("example.name", seed), img)
	})
}

// add adds a photo that was made, and chooses it.
func (p *Page) add(name string, img image.Image) {
	p.photos = append(p.photos, &photo{name: name, img: img})
	p.showPhotos()
	p.show(len(p.photos) - 1)
}

// show chooses a photo, and reads it if need be.
func (p *Page) show(i int) {
	p.at = i
	ph := p.photos[i]
	p.showRows()
	if ph.img == nil {
		p.host.Session().Load(ph.path, func(img image.Image, err error) {
			if err != nil {
				p.host.Fault(err)
				p.photos = slices.DeleteFunc(p.photos, func(o *photo) bool { return o == ph })
				p.at = min(p.at, len(p.photos)-1)
				p.showPhotos()
				p.showPhoto()
				return
			}
			ph.img = img
			if p.at >= 0 && p.photos[p.at] == ph {
				p.showPhoto()
				p.search()
			}
		})
		return
	}
	p.showPhoto()
	p.search()
}

// showPhotos lists the photos.
func (p *Page) showPhotos() {
	p.heading.Set(p.text("photos", len(p.photos)))
	for len(p.rows) < len(p.photos) {
		p.rows = append(p.rows, widgets.NewThumbRow(nil))
	}
	p.list.Objects = p.list.Objects[:0]
	if len(p.photos) == 0 {
		p.list.Objects = append(p.list.Objects, widgets.Inset(4, 12, 4, 12, widgets.NewParagraph(p.text("photos.none"), widgets.ColourQuiet)))
	}
	for i := range p.photos {
		p.rows[i].OnTapped = func() { p.show(i) }
		p.list.Objects = append(p.list.Objects, p.rows[i])
	}
	p.list.Refresh()
	p.showRows()
}

// showPhoto shows the chosen photo and what was found in it.
func (p *Page) showPhoto() {
	if p.at < 0 {
		p.empty.Show()
		p.view.SetImage(nil)
		p.title.Set(p.text("photo.none"))
		p.size.Set("")
		p.showFound()
		return
	}
	p.empty.Hide()
	ph := p.photos[p.at]
	defer p.top.Refresh() // names differ in length
	p.title.Set(ph.name)
	if ph.img != nil {
		b := ph.img.Bounds()
		p.size.Set(fmt.Sprintf("%d×%d", b.Dx(), b.Dy()))
	}
	p.view.SetImage(ph.img)
	p.showFound()
}
