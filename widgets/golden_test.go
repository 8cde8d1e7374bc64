package widgets_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
	"github.com/convscope/convscope/widgets/widgettest"
)

// window shows a widget in a panel with the application's theme.
func window(t *testing.T, dark bool, width, height float32, o fyne.CanvasObject) fyne.Window {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(resources.Theme(dark))
	w := test.NewTempWindow(t, container.NewStack())
	w.SetPadded(false)
	w.SetContent(container.NewStack(widgets.NewFill(widgets.ColourWindow), widgets.Inset(8, 8, 8, 8, widgets.NewPanel(o))))
	w.Resize(fyne.NewSize(width, height))
	return w
}

func at(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Button: desktop.MouseButtonPrimary}
}

var (
	street   = []string{"sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car"}
	streetKo = []string{"하늘", "건물", "기둥", "도로", "인도", "나무", "표지판", "울타리", "자동차"}
)

// scene is a street of 360×240 pixels, and the classes of its places at a fourth of that.
func scene() (image.Image, raster.ClassMap) {
	const w, h = 90, 60
	classes := make([]uint16, w*h)
	for y := range h {
		for x := range w {
			c := uint16(0)
			in := func(x0, y0, x1, y1 int) bool { return x >= x0 && y >= y0 && x < x1 && y < y1 }
			round := func(cx, cy, r int) bool { return (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r }
			switch {
			case round(62, 44, 9), in(54, 44, 72, 50):
				c = 8
			case in(20, 14, 22, 46):
				c = 2
			case round(21, 12, 4):
				c = 6
			case y > 40 && x+y < 66:
				c = 4
			case y > 38:
				c = 3
			case round(47, 22, 11):
				c = 5
			case x < 30 && y > 8, x > 66 && y > x/4:
				c = 1
			case in(0, 0, 6, 5):
				c = raster.Void
			}
			classes[y*w+x] = c
		}
	}
	photo := image.NewRGBA(image.Rect(0, 0, 4*w, 4*h))
	for y := range 4 * h {
		for x := range 4 * w {
			g := uint8(90 + (x*7+y*3)%60 + y/4)
			photo.SetRGBA(x, y, color.RGBA{g, g, g - 20, 255})
		}
	}
	return photo, raster.NewClassMap(classes, w, h)
}

func TestGoldenClassMap(t *testing.T) {
	v := widgets.NewPhotoView()
	photo, m := scene()
	w := window(t, false, 640, 440, v)
	v.OnClass = func(_, _, class int) string { return street[class] + " 0.97" }
	v.SetImage(photo)
	v.SetClassStyle(widgets.ClassStyle{Colours: widgets.ClassColours(len(street)), Opacity: .55, Outline: true})
	v.SetClassMap(&m)
	v.MouseMoved(at(400, 300))
	widgettest.Golden(t, "classmap", w.Canvas().Capture())
}

// Zoomed in, the buildings hidden and the car brought out.
func TestGoldenClassMapOfOneClass(t *testing.T) {
	v := widgets.NewPhotoView()
	photo, m := scene()
	w := window(t, true, 640, 440, v)
	v.OnClass = func(_, _, class int) string { return streetKo[class] + " 0.97" }
	v.SetImage(photo)
	v.SetClassStyle(widgets.ClassStyle{Colours: widgets.ClassColours(len(street)), Opacity: .5, Outline: true, Hidden: []bool{false, true}})
	v.SetClassMap(&m)
	v.HighlightClass(8)
	v.MouseMoved(at(420, 300))
	for range 4 {
		v.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(420, 300)}, Scrolled: fyne.NewDelta(0, 25)})
	}
	widgettest.Golden(t, "classmap-one-ko-dark", w.Canvas().Capture())
}

func legendRows(names []string) []widgets.LegendRow {
	var rows []widgets.LegendRow
	shares := []float64{.213, .284, .0121, .2754, .0841, .0912, .004, .0002, .036}
	figures := []float64{.91, .74, .21, .93, .76, .7, .33, math.NaN(), .66}
	for i, c := range widgets.ClassColours(len(names)) {
		rows = append(rows, widgets.LegendRow{Name: names[i], Colour: c, Share: shares[i], Figure: figures[i]})
	}
	return rows
}

func TestGoldenLegend(t *testing.T) {
	l := widgets.NewLegend()
	w := window(t, false, 270, 330, l)
	l.SetRows(widgets.LegendHeads{Title: "Classes", Share: "pixels", Figure: "IoU"}, legendRows(street), &widgets.LegendRow{Name: "mean of 8", Share: math.NaN(), Figure: .66})
	l.SetHidden([]bool{true})
	l.Highlight(8)
	widgettest.Golden(t, "legend", w.Canvas().Capture())
}

// Without figures, narrow, and with more classes than there is room for.
func TestGoldenLegendOfShares(t *testing.T) {
	l := widgets.NewLegend()
	w := window(t, true, 230, 200, l)
	rows := legendRows(streetKo)
	rows[1].Name = "건물과 그 밖의 모든 구조물"
	l.SetRows(widgets.LegendHeads{Title: "클래스", Share: "픽셀"}, rows, nil)
	l.SetHidden([]bool{false, true})
	l.Highlight(3)
	widgettest.Golden(t, "legend-shares-ko-dark", w.Canvas().Capture())
}
