package inspect

import (
	"fmt"
	"image"
	"path/filepath"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/widgets/raster"
)

// open asks for an image.
func (p *Page) open() {
	p.host.PickFile(page.ImageExtensions, func(path string) { p.Dropped([]string{path}) })
}

// source returns the data set that an image is taken from, so that there is something to see at once: the run's own, else the one that is chosen; "" if
// there is none.
func (p *Page) source() string {
	if d := p.state.DatasetOf(p.state.ChosenRun()); d != nil {
		return d.Name
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
	p.host.Session().UnseenImage(name, nth, func(img image.Image, r data.Record, err error) {
		if still() {
			p.take(img, r.File) // none where none can be read: the network is shown without one
		}
	})
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
	if !p.tensor || v == nil || len(v.Tensor.Data()) == 0 {
		b := p.img.Bounds()
		p.picture.Set(p.img)
		p.seen.Set(fmt.Sprintf("%s · %d×%d", p.imgName, b.Dx(), b.Dy()))
		return
	}
	s := v.Tensor.Shape()
	p.picture.Set(raster.Tensor(v.Tensor.Data(), s[0], s[1], s[2]))
	st := inspect.Describe(v.Tensor.Data())
	p.seen.Set(p.text("tensor", s[2], s[1], s[0], st.Min, st.Max))
}
