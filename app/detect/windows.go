package detect

import (
	"fmt"
	"image"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"

	"github.com/convscope/convscope/nn/vision"
	textfont "github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// windows is the method of a classifier: it slides over the photo.
type windows struct {
	p         *Page
	window    int // side of the window; 0: the network's input
	stride    int // 0: a quarter of the window
	scales    int // index into scaleChoices
	threshold float64
	overlap   float64
	grid      bool
	heat      int // 0: boxes, 1: heat map
	class     int // of the heat map; −1: all

	summary          struct{ window, count, time *widgets.Row }
	windowN, strideN *widgets.Number
	found            *fyne.Container
	foundAll         *widgets.Text
	saving           *widgets.Button
}

func newWindows(p *Page) *windows {
	return &windows{p: p, class: -1, scales: 2, threshold: .55, overlap: .15}
}

// scaleChoices are sizes of the window, 1 being its own.
var scaleChoices = [][]float64{{1}, {1, 1.5}, {1, 1.4, 2}, {.7, 1, 1.4, 2, 2.8}}

// side returns the window's, in pixels of the photo.
func (m *windows) side() int {
	if m.window > 0 {
		return m.window
	}
	if r := m.p.state.ChosenRun(); r != nil && r.Err == nil {
		return r.Info.Spec.Input.W
	}
	return 28
}

func (m *windows) step() int {
	if m.stride > 0 {
		return m.stride
	}
	return max(1, m.side()/7)
}

func (m *windows) key() string { return "" }

func (m *windows) update() {
	m.windowN.SetValue(float64(m.side()))
	m.strideN.SetValue(float64(m.step()))
}

// form returns the options of the form.
func (m *windows) form() vision.WindowOptions {
	return vision.WindowOptions{Width: m.side(), Height: m.side(), Stride: m.step(), Scales: scaleChoices[m.scales]}
}

func (m *windows) options(*photo) (string, bool) {
	return fmt.Sprintf("%+v", m.form()), !m.windowN.Wrong() && !m.strideN.Wrong()
}

func (m *windows) start(run string, ph *photo, progress func(done, total int), done func(any, error)) {
	m.p.host.Session().Detect(run, ph.img, m.form(), progress, func(w *vision.Windows, err error) {
		done(&windowsFound{Windows: w}, err)
	})
}

// windowsFound is what the windows of a photo say, and the boxes that the thresholds make of it.
type windowsFound struct {
	*vision.Windows
	boxes []vision.Box
}

func (m *windows) count(found any) string {
	return m.p.text("found.short", widgets.Thousands(len(found.(*windowsFound).boxes)))
}

// show shows boxes or heat for the thresholds.
func (m *windows) show(found any) {
	p, s := m.p, &m.summary
	s.window.SetName(p.text("window.of", m.side(), m.step()))
	m.found.Objects = m.found.Objects[:0]
	w, _ := found.(*windowsFound)
	m.saving.Enable(w != nil)
	if w == nil {
		p.view.SetBoxes(nil)
		p.view.SetHeat(nil, 0)
		m.showGrid(nil)
		s.count.Set("")
		s.time.Set("")
		m.foundAll.Set("")
		m.found.Refresh()
		return
	}
	w.boxes = w.Boxes(float32(m.threshold), float32(m.overlap))
	counts := make([]int, len(w.Labels))
	boxes := make([]widgets.PhotoBox, len(w.boxes))
	for i, b := range w.boxes {
		counts[b.Class]++
		boxes[len(boxes)-1-i] = widgets.PhotoBox{X: b.X, Y: b.Y, Width: b.W, Height: b.H, Label: boxLabel(b), Colour: widgets.ClassColour(b.Class)}
	}
	if m.heat == 1 {
		p.view.SetBoxes(nil)
		p.view.SetHeat(heatOf(w.Windows, m.class), .75)
	} else {
		p.view.SetHeat(nil, 0)
		p.view.SetBoxes(boxes)
	}
	m.showGrid(w.Windows)
	s.count.Set(widgets.Thousands(w.Count()))
	s.time.Set(p.text("seconds", w.Seconds))
	m.foundAll.Set(p.text("found", widgets.Thousands(len(w.boxes))))
	m.showClasses(w.Labels, counts)
}

// showClasses lists the classes that were found; with the heat map all, of which one can be chosen.
func (m *windows) showClasses(labels []string, counts []int) {
	for c, n := range counts {
		if n == 0 && m.heat == 0 {
			continue
		}
		m.found.Objects = append(m.found.Objects, newFoundRow(labels[c], n, widgets.ClassColour(c), m.heat == 1 && m.class == c, func() {
			if m.heat != 1 {
				return
			}
			if m.class == c {
				m.class = -1
			} else {
				m.class = c
			}
			m.p.showFound()
		}))
	}
	m.found.Refresh()
}

// showGrid shows where the window stops.
func (m *windows) showGrid(w *vision.Windows) {
	if !m.grid || w == nil || len(w.Scales) == 0 {
		m.p.view.SetGrid(nil)
		return
	}
	g := w.Scales[0]
	m.p.view.SetGrid(&widgets.PhotoGrid{Width: g.Width, Height: g.Height, Stride: g.Stride, Rows: g.Rows, Columns: g.Columns})
}

// heatOf paints, at each window's middle, how much it speaks for a class (−1: for any).
func heatOf(w *vision.Windows, class int) *image.RGBA {
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
func (m *windows) hovered(found any, x, y float32) string {
	w := found.(*windowsFound)
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
	return m.p.text("under", int(x), int(y), w.Labels[best], 100*probabilities[best], 100*g.Content[k])
}

// save writes the photo with its boxes.
func (m *windows) save() {
	w, ok := m.p.found().(*windowsFound)
	if !ok {
		return
	}
	ph, boxes := m.p.photos[m.p.at], w.boxes
	m.p.host.PickSave(strings.TrimSuffix(ph.name, filepath.Ext(ph.name))+".boxes.png", func(path string) {
		m.p.write(path, func() (image.Image, error) { return drawBoxes(ph.img, boxes) })
	})
}

// boxLabel returns what stands at a box: a class by as much of its name as leaves the photo to be seen, and how sure it is.
func boxLabel(b vision.Box) string {
	return fmt.Sprintf("%s %.2f", widgets.Shortened(b.Label, 12), b.Score)
}

// drawBoxes draws a photo with boxes, the surest on top.
func drawBoxes(img image.Image, boxes []vision.Box) (image.Image, error) {
	parsed, err := opentype.Parse(textfont.Regular)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(max(10, min(20, img.Bounds().Dy()/40))), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	drawn := make([]raster.Box, len(boxes))
	for i, b := range boxes {
		drawn[len(boxes)-1-i] = raster.Box{X: b.X, Y: b.Y, Width: b.W, Height: b.H, Label: boxLabel(b), Colour: raster.ClassColour(b.Class)}
	}
	return raster.Boxes(img, drawn, face), nil
}
