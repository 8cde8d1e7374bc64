package detect

import (
	"fmt"
	"image"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/vision"
	textfont "github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// How a photo comes to the network.
const (
	fitting = iota // as fits its size, until the user chooses
	whole
	pieces
)

// areas is the method of a network that answers for each pixel.
type areas struct {
	p       *Page
	way     int
	opacity float64
	outline bool
	hidden  []bool // classes that are not drawn
	run     string // whose classes they are
	weights string // of the run, which rated is about
	rated   *train.Evaluation
	rating  bool // the weights are being measured

	waySwitch             *widgets.Segmented
	because               *widgets.Paragraph
	legend                *widgets.Legend
	rateButton            *widgets.Button
	savePicture, saveMask *widgets.Button
	summary               struct{ way, count, time *widgets.Row }
	shown                 *session.Segmented // in the view
	form, right           *fyne.Container
}

func newAreas(p *Page) *areas {
	return &areas{p: p, opacity: .5, outline: true}
}

func (m *areas) key() string { return "areas." }

// sees returns the size in pixels of what the network of the chosen run sees.
func (m *areas) sees() image.Point {
	r := m.p.state.ChosenRun()
	if r == nil || r.Err != nil {
		return image.Point{}
	}
	return image.Pt(r.Info.Spec.Input.W, r.Info.Spec.Input.H)
}

// wayOf returns how a photo comes to the network: piece by piece by itself where it is larger than what the network sees.
func (m *areas) wayOf(img image.Image) int {
	if m.way != fitting || img == nil {
		return max(m.way, whole)
	}
	if size, sees := img.Bounds().Size(), m.sees(); size.X > sees.X || size.Y > sees.Y {
		return pieces
	}
	return whole
}

func (m *areas) options(ph *photo) (string, bool) {
	return fmt.Sprint("way ", m.wayOf(ph.img)), true
}

func (m *areas) start(run string, ph *photo, progress func(done, total int), done func(any, error)) {
	o := vision.SegmentOptions{Tiles: m.wayOf(ph.img) == pieces}
	m.p.host.Session().Segment(run, ph.img, o, progress, func(s session.Segmented, err error) { done(&s, err) })
}

func (m *areas) count(found any) string {
	return m.p.text("areas.found.short", widgets.Thousands(len(found.(*session.Segmented).Regions)))
}

// update follows the chosen run: another one has other classes, and other weights have other figures.
func (m *areas) update() {
	r := m.p.state.ChosenRun()
	if r.Name != m.run {
		m.run, m.hidden = r.Name, nil
	}
	if weights := fmt.Sprint(r.Name, " ", r.Info.BestEpoch); weights != m.weights {
		m.weights, m.rated, m.rating = weights, nil, false
		m.recall()
		m.show(m.p.found())
	}
	m.showRate()
}

func (m *areas) show(found any) {
	p, s := m.p, &m.summary
	f, _ := found.(*session.Segmented)
	m.showWay()
	m.savePicture.Enable(f != nil)
	m.saveMask.Enable(f != nil)
	if f != m.shown {
		m.shown = f
		p.view.SetClassMap(nil)
	}
	if f == nil {
		s.count.Set("")
		s.time.Set("")
		m.showLegend(nil)
		return
	}
	if len(m.hidden) != len(f.Labels) { // not chosen yet; or another run has the name of one before
		m.hidden = make([]bool, len(f.Labels))
		if f.Background >= 0 {
			m.hidden[f.Background] = true
		}
	}
	m.restyle()
	classes := raster.NewClassMap(f.Classes, f.Size.X, f.Size.Y)
	p.view.SetClassMap(&classes)
	s.count.Set(widgets.Thousands(len(f.Regions)))
	s.time.Set(p.text("seconds", f.Seconds))
	m.showLegend(f)
}

// showWay shows how the photo comes to the network, and why where that was not chosen.
func (m *areas) showWay() {
	var img image.Image
	if m.p.at >= 0 {
		img = m.p.photos[m.p.at].img
	}
	way, sees := m.wayOf(img), m.sees()
	m.waySwitch.Choose(way - whole)
	because := ""
	if m.way == fitting && img != nil {
		key := "areas.because.whole"
		if way == pieces {
			key = "areas.because.pieces"
		}
		because = m.p.text(key, sees.X, sees.Y)
	}
	if because != m.because.Text() {
		m.because.Set(because)
		if m.because.Hide(); because != "" {
			m.because.Show()
		}
		m.layOut()
	}
	name := m.p.text("areas.whole")
	if way == pieces {
		name = m.p.text("areas.pieces")
	}
	m.summary.way.Set(name)
}

// restyle draws the areas as the controls say.
func (m *areas) restyle() { m.p.view.SetClassStyle(m.style()) }

func (m *areas) style() widgets.ClassStyle {
	return widgets.ClassStyle{Colours: widgets.ClassColours(len(m.hidden)), Opacity: m.opacity, Outline: m.outline, Hidden: m.hidden}
}

// showLegend lists the classes with their shares of the photo, where it is known what it shows, and what was measured of each.
func (m *areas) showLegend(f *session.Segmented) {
	heads := widgets.LegendHeads{Title: m.p.text("areas.classes")}
	var rows []widgets.LegendRow
	if r := m.p.state.ChosenRun(); r != nil && r.Err == nil {
		for c, label := range r.Info.Labels {
			rows = append(rows, widgets.LegendRow{Name: label, Colour: widgets.ClassColour(c), Share: math.NaN(), Figure: math.NaN()})
		}
	}
	if f != nil && len(f.Counts) == len(rows) {
		heads.Share = m.p.text("areas.share")
		for c, n := range f.Counts {
			rows[c].Share = float64(n) / float64(len(f.Classes))
		}
	}
	var foot *widgets.LegendRow
	if e := m.rated; e != nil && len(e.Classes[metric.IoU]) == len(rows) {
		heads.Figure = m.p.text("areas.iou")
		for c, v := range e.Classes[metric.IoU] {
			rows[c].Figure = v
		}
		foot = &widgets.LegendRow{Name: m.p.text("areas.mean"), Share: math.NaN(), Figure: e.Values.Get(metric.MeanIoU)}
	}
	m.legend.SetRows(heads, rows, foot)
	m.legend.SetHidden(m.hidden)
}

// validation asks for the figures of the chosen run on the validation images.
func (m *areas) validation() session.EvaluationRequest {
	return session.EvaluationRequest{Run: m.run, Split: data.Val}
}

// recall looks for figures that were measured before.
func (m *areas) recall() {
	weights := m.weights
	m.p.host.Session().Evaluated(m.validation(), func(e *train.Evaluation) {
		if e != nil {
			m.rate(weights, e)
		}
	})
}

// rate shows what was measured with some weights, unless they are no longer those of the run.
func (m *areas) rate(weights string, e *train.Evaluation) {
	if weights == m.weights {
		m.rated = e
		m.showRate()
		m.show(m.p.found())
	}
}

// showRate offers to measure the run where that can be done and was not.
func (m *areas) showRate() {
	d := m.p.state.DatasetOf(m.p.state.ChosenRun())
	offered := m.rated == nil && d != nil && d.Info.Counts[data.Val] > 0 && !m.p.state.Live()
	if m.rateButton.SetText(m.p.text("areas.measure")); m.rating {
		m.rateButton.SetText(m.p.text("areas.measuring"))
	}
	m.rateButton.Enable(!m.rating)
	if offered == m.rateButton.Visible() {
		return
	}
	if m.rateButton.Hide(); offered {
		m.rateButton.Show()
	}
	m.layOut()
}

// measure finds the IoU of each class on the validation images.
func (m *areas) measure() {
	weights := m.weights
	m.rating = true
	m.showRate()
	m.p.host.Session().Evaluate(m.validation(), func(int, int) {}, func(e train.Evaluation, err error) {
		m.rating = false
		if err != nil {
			m.p.host.Fault(err)
			m.showRate()
			return
		}
		m.rate(weights, &e)
	})
}

// back is called when the tab comes into sight again: another tab may have measured meanwhile, in place of this one.
func (m *areas) back() {
	m.rating = false
	m.recall()
	m.showRate()
}

// layOut gives the column at the right its heights again, after a text in it changed.
func (m *areas) layOut() {
	m.right.Refresh()
	m.form.Refresh()
}

// hovered is told by the view's OnClass, which knows the class too.
func (m *areas) hovered(found any, x, y float32) string {
	f := found.(*session.Segmented)
	at := int(y)*f.Size.X + int(x)
	if at < 0 || at >= len(f.Classes) {
		return ""
	}
	class := f.Classes[at]
	if class == data.Void {
		return m.p.text("areas.under.void", int(x), int(y))
	}
	return m.p.text("areas.under", int(x), int(y), f.Labels[class], float64(f.Scores[at])/255)
}

// onClass marks the class under the pointer in the legend, and names it at the pointer.
func (m *areas) onClass(x, y, class int) string {
	f, ok := m.p.found().(*session.Segmented)
	if !ok {
		return ""
	}
	m.legend.Highlight(class)
	if class < 0 || class >= len(f.Labels) {
		return ""
	}
	return fmt.Sprintf("%s %.2f", widgets.Shortened(f.Labels[class], 16), float64(f.Scores[y*f.Size.X+x])/255)
}

// tryExample adds a picture with many things: a scene of the sample that the network learned, or an image of its data set.
func (m *areas) tryExample() {
	p := m.p
	r, seed := p.state.ChosenRun(), p.example
	add := func(name string, img image.Image, err error) {
		if err != nil {
			p.host.Fault(err)
			return
		}
		p.add(name, img)
	}
	const width, height = 480, 360
	if slices.Contains(r.Info.Labels, "star") && slices.Contains(r.Info.Labels, "disc") {
		p.host.Session().Scene("shapes", width, height, seed, func(img image.Image, err error) { add(p.text("example.name", seed), img, err) })
	} else if d := p.state.DatasetOf(r); d != nil {
		p.host.Session().UnseenImage(d.Name, int(seed), func(img image.Image, r data.Record, err error) { add(filepath.Base(r.File), img, err) })
	} else {
		p.host.Fault(fault.New("detect.example", "The data set %s of this run is no longer there, so no example can be made of it. Open a photo of your own.", r.Info.Dataset))
		return
	}
	p.example++
}

// saveAs writes a picture of what was found, whose name ends so.
func (m *areas) saveAs(ending string, made func(photo image.Image, f *session.Segmented, classes raster.ClassMap) (image.Image, error)) {
	f, ok := m.p.found().(*session.Segmented)
	if !ok {
		return
	}
	ph := m.p.photos[m.p.at]
	m.p.host.PickSave(strings.TrimSuffix(ph.name, filepath.Ext(ph.name))+ending, func(path string) {
		m.p.write(path, func() (image.Image, error) { return made(ph.img, f, raster.NewClassMap(f.Classes, f.Size.X, f.Size.Y)) })
	})
}

// picture returns what draws a photo with its areas as they are shown, and the names of the classes below it.
func (m *areas) picture() func(image.Image, *session.Segmented, raster.ClassMap) (image.Image, error) {
	style := m.style()
	style.Hidden = slices.Clone(style.Hidden)
	return func(photo image.Image, f *session.Segmented, classes raster.ClassMap) (image.Image, error) {
		letters, err := raster.NewLetters(textfont.Regular)
		if err != nil {
			return nil, err
		}
		colours, legend := raster.SeenClasses(f.Labels, f.Counts, style.Opacity, func(class int) bool { return style.Hidden[class] })
		paint := raster.ClassPaint{Colours: colours, Line: 1}
		if style.Outline {
			paint.Edge = raster.EdgeColour
		}
		return raster.Areas(photo, classes, paint, legend, letters, float32(max(10, min(20, f.Size.Y/40)))), nil
	}
}

func mask(_ image.Image, f *session.Segmented, classes raster.ClassMap) (image.Image, error) {
	return classes.Mask(len(f.Labels)), nil
}
