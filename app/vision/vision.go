// Package vision is the Detect tab: things found in photos by a classifier that slides over them.
package vision

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/model"
	look "github.com/convscope/convscope/nn/vision"
	textfont "github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// Page is the Detect tab.
type Page struct {
	host  page.Host
	state *session.State

	photos    []*photo
	at        int // of the photo that is shown; −1: none
	window    int // side of the window; 0: the network's input
	stride    int // 0: a quarter of the window
	scales    int // index into scaleChoices
	threshold float64
	overlap   float64
	grid      bool
	heat      int // 0: boxes, 1: heat map
	class     int // of the heat map; −1: all
	example   uint64
	looking   bool
	asked     string // what was looked for last, by run, photo and options
	failed    error  // what that met

	root     *fyne.Container
	main     fyne.CanvasObject
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
	summary  struct{ window, count, time *widgets.Row }
	progress *widgets.Progress
	cancel   *widgets.Button
	windowN  *widgets.Number
	strideN  *widgets.Number
	found    *fyne.Container
	foundAll *widgets.Text
	saving   *widgets.Button
}

// scaleChoices are sizes of the window, 1 being its own.
var scaleChoices = [][]float64{{1}, {1, 1.5}, {1, 1.4, 2}, {.7, 1, 1.4, 2, 2.8}}

// New makes the tab.
func New(h page.Host) page.Page {
	return &Page{host: h, state: h.Session().State(), at: -1, class: -1, scales: 2, threshold: .55, overlap: .15, example: 1}
}

func (p *Page) text(key string, args ...any) string { return p.host.Text("detect."+key, args...) }

// side is the window's, in pixels of the photo.
func (p *Page) side() int {
	if p.window > 0 {
		return p.window
	}
	if r := p.state.ChosenRun(); r != nil && r.Err == nil {
		return r.Info.Spec.Input.W
	}
	return 28
}

func (p *Page) step() int {
	if p.stride > 0 {
		return p.stride
	}
	return max(1, p.side()/7)
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
	p.windowN.SetValue(float64(p.side()))
	p.strideN.SetValue(float64(p.step()))
	if p.at >= 0 && p.key(p.photos[p.at]) != p.asked {
		p.look()
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
		if p.current(ph) != nil {
			detail += " · " + p.text("found.short", widgets.Thousands(len(ph.boxes)))
		}
		p.rows[i].Set(ph.name, detail, i == p.at)
	}
}

// options are those of the form.
func (p *Page) options() look.WindowOptions {
	return look.WindowOptions{Width: p.side(), Height: p.side(), Stride: p.step(), Scales: scaleChoices[p.scales]}
}

// key tells what a search stands on; "" where there can be none.
func (p *Page) key(ph *photo) string {
	r := p.state.ChosenRun()
	if r == nil || r.Err != nil || ph.img == nil || p.windowN.Wrong() || p.strideN.Wrong() {
		return ""
	}
	// While a run goes on its best weights change with every epoch: what was found with the first of them stays until the end.
	weights := model.EpochName(r.Info.BestEpoch)
	if p.state.Live() && r.Info.BestEpoch > 0 {
		weights = "now"
	}
	return fmt.Sprintf("%s %s %p %+v", r.Name, weights, ph.img, p.options())
}

// current is what was found in a photo with the run and the settings that are shown, or nil: what others found is not passed off as theirs.
func (p *Page) current(ph *photo) *look.Windows {
	if key := p.key(ph); key == "" || ph.foundK != key {
		return nil
	}
	return ph.found
}

// reason says why nothing is shown to be found; "" where that needs no words.
func (p *Page) reason() string {
	if p.at < 0 {
		return ""
	}
	r := p.state.ChosenRun()
	switch {
	case p.windowN.Wrong() || p.strideN.Wrong():
		return p.text("wrong")
	case r == nil:
		return ""
	case r.Err != nil:
		return p.host.FaultText(r.Err)
	case p.state.Live() && r.Info.BestEpoch == 0: // they come with the first epoch
		return p.text("wait")
	case p.failed != nil:
		return p.host.FaultText(p.failed)
	case !p.looking && p.photos[p.at].img != nil:
		return p.text("cancelled")
	}
	return ""
}

// look slides the window over the chosen photo, unless that was done.
func (p *Page) look() {
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
	p.host.Session().Detect(r.Name, ph.img, p.options(), p.showProgress, func(w *look.Windows, err error) {
		if p.asked != key {
			return
		}
		p.looking = false
		p.showProgress(0, 0)
		if p.failed = err; err != nil {
			p.host.Fault(err)
		} else {
			ph.found, ph.foundK = w, key
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

// showFound shows boxes or heat for the thresholds: it is called for each movement of a slider.
func (p *Page) showFound() {
	s := &p.summary
	s.window.SetName(p.text("window.of", p.side(), p.step()))
	var w *look.Windows
	if p.at >= 0 {
		w = p.current(p.photos[p.at])
	}
	p.found.Objects = p.found.Objects[:0]
	p.saving.Enable(w != nil)
	if w == nil {
		p.under.Set(p.reason())
		p.view.SetBoxes(nil)
		p.view.SetHeat(nil, 0)
		p.showGrid(nil)
		s.count.Set("")
		s.time.Set("")
		p.foundAll.Set("")
		p.found.Refresh()
		p.showRows()
		return
	}
	p.under.Set("")
	ph := p.photos[p.at]
	ph.boxes = w.Boxes(float32(p.threshold), float32(p.overlap))
	counts := make([]int, len(w.Labels))
	boxes := make([]widgets.PhotoBox, len(ph.boxes))
	for i, b := range ph.boxes {
		counts[b.Class]++
		boxes[len(boxes)-1-i] = widgets.PhotoBox{X: b.X, Y: b.Y, Width: b.W, Height: b.H, Label: boxLabel(b), Colour: widgets.ClassColour(b.Class)}
	}
	if p.heat == 1 {
		p.view.SetBoxes(nil)
		p.view.SetHeat(heatOf(w, p.class), .75)
	} else {
		p.view.SetHeat(nil, 0)
		p.view.SetBoxes(boxes)
	}
	p.showGrid(w)
	s.count.Set(widgets.Thousands(w.Count()))
	s.time.Set(p.text("seconds", w.Seconds))
	p.foundAll.Set(p.text("found", widgets.Thousands(len(ph.boxes))))
	for c, n := range counts {
		if n == 0 && p.heat == 0 {
			continue
		}
		p.found.Objects = append(p.found.Objects, newFoundRow(w.Labels[c], n, widgets.ClassColour(c), p.heat == 1 && p.class == c, func() {
			if p.heat != 1 {
				return
			}
			if p.class == c {
				p.class = -1
			} else {
				p.class = c
			}
			p.showFound()
		}))
	}
	p.found.Refresh()
	p.showRows()
}

// showGrid shows where the window stops.
func (p *Page) showGrid(w *look.Windows) {
	if !p.grid || w == nil || len(w.Scales) == 0 {
		p.view.SetGrid(nil)
		return
	}
	g := w.Scales[0]
	p.view.SetGrid(&widgets.PhotoGrid{Width: g.Width, Height: g.Height, Stride: g.Stride, Rows: g.Rows, Columns: g.Columns})
}

// heatOf paints, at each window's middle, how much it speaks for a class (−1: for any).
func heatOf(w *look.Windows, class int) *image.RGBA {
	cell := w.Scales[0].Stride
	columns, rows := (w.Size.X+cell-1)/cell, (w.Size.Y+cell-1)/cell
	shares := make([]float32, columns*rows)
	for i := range w.Scales {
		g := &w.Scales[i]
		for k, v := range g.Heat(class) {
			at := g.Place(k/g.Columns, k%g.Columns)
			x, y := (at.Min.X+at.Max.X)/2, (at.Min.Y+at.Max.Y)/2
			half := max(1, g.Stride/2)
			for cy := (y - half) / cell; cy <= (y+half-1)/cell; cy++ {
				for cx := (x - half) / cell; cx <= (x+half-1)/cell; cx++ {
					if cx >= 0 && cy >= 0 && cx < columns && cy < rows {
						shares[cy*columns+cx] = max(shares[cy*columns+cx], v)
					}
				}
			}
		}
	}
	c := widgets.ClassColour(1)
	if class >= 0 {
		c = widgets.ClassColour(class)
	}
	return raster.Heat(shares, rows, columns, c)
}

// hovered reads what the windows around the pointer say.
func (p *Page) hovered(x, y float32, inside bool) {
	var w *look.Windows
	if p.at >= 0 {
		w = p.current(p.photos[p.at])
	}
	if w == nil {
		p.under.Set(p.reason())
		return
	}
	if !inside {
		p.under.Set("")
		return
	}
	g := &w.Scales[0]
	column := max(0, min(g.Columns-1, (int(x)-g.Width/2+g.Stride/2)/g.Stride))
	row := max(0, min(g.Rows-1, (int(y)-g.Height/2+g.Stride/2)/g.Stride))
	k := row*g.Columns + column
	classes := len(w.Labels)
	best := 0
	probabilities := g.Probabilities[k*classes : (k+1)*classes]
	for c, v := range probabilities {
		if v > probabilities[best] {
			best = c
		}
	}
	p.under.Set(p.text("under", int(x), int(y), w.Labels[best], 100*probabilities[best], 100*g.Content[k]))
}

// save writes the photo with its boxes.
func (p *Page) save() {
	if p.at < 0 || p.current(p.photos[p.at]) == nil {
		return
	}
	ph := p.photos[p.at]
	p.host.PickSave(strings.TrimSuffix(ph.name, filepath.Ext(ph.name))+".boxes.png", func(path string) {
		p.host.Session().Do(func(context.Context) func() {
			err := writeBoxes(path, ph.img, ph.boxes)
			return func() {
				if err != nil {
					p.host.Fault(err)
					return
				}
				p.host.Tell("files.saved", path)
			}
		})
	})
}

// boxLabel is what stands at a box: a class by as much of its name as leaves the photo to be seen, and how sure it is.
func boxLabel(b look.Box) string {
	return fmt.Sprintf("%s %.2f", widgets.Shortened(b.Label, 12), b.Score)
}

// writeBoxes writes a photo with boxes, the surest on top.
func writeBoxes(path string, img image.Image, boxes []look.Box) error {
	parsed, err := opentype.Parse(textfont.Regular)
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(max(10, min(20, img.Bounds().Dy()/40))), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return err
	}
	drawn := make([]raster.Box, len(boxes))
	for i, b := range boxes {
		drawn[len(boxes)-1-i] = raster.Box{X: b.X, Y: b.Y, Width: b.W, Height: b.H, Label: boxLabel(b), Colour: raster.ClassColour(b.Class)}
	}
	picture := raster.Boxes(img, drawn, face)
	return disk.WriteFile(path, func(w io.Writer) error { return png.Encode(w, picture) })
}

// Show implements page.Page.
func (p *Page) Show() {}

// Hide implements page.Page.
func (p *Page) Hide() {}

// Close implements page.Page.
func (p *Page) Close() {}

// Shown tells the tour how many boxes are seen.
func (p *Page) Shown() int { return len(p.view.Boxes()) }
