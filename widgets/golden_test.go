package widgets_test

import (
	"fmt"
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

// scene returns a street of 360×240 pixels, and the classes of its places at a fourth of that.
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

// recalls returns the shares of the diagonal of their rows.
func recalls(counts [][]int) []float64 {
	out := make([]float64, len(counts))
	for i, row := range counts {
		sum := 0
		for _, n := range row {
			sum += n
		}
		out[i] = float64(row[i]) / float64(sum) // not a number for a class that is not there
	}
	return out
}

func TestGoldenConfusion(t *testing.T) {
	m := widgets.NewConfusionMatrix()
	w := window(t, false, 740, 470, m)
	counts := [][]int{
		{794, 22, 41, 22, 13, 3, 6, 6, 56, 37},
		{18, 822, 7, 12, 6, 5, 10, 4, 35, 81},
		{61, 4, 642, 48, 82, 64, 55, 26, 12, 6},
		{20, 5, 79, 551, 52, 164, 58, 40, 12, 19},
		{25, 3, 66, 82, 646, 44, 41, 78, 12, 3},
		{17, 0, 44, 155, 35, 640, 28, 61, 12, 8},
		{9, 7, 47, 56, 30, 24, 816, 3, 6, 2},
		{11, 1, 35, 43, 43, 56, 4, 794, 3, 10},
		{64, 24, 12, 9, 6, 4, 3, 2, 853, 23},
		{44, 54, 9, 18, 5, 8, 8, 11, 30, 813},
	}
	m.SetData(widgets.Confusion{
		Names:  []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
		Counts: counts, Figures: recalls(counts), TotalHead: "images", FigureHead: "recall",
	})
	m.Select(3, 5)
	m.OnHover = func(_, _ int) string { return "155 of 1,000 images of a dog were taken for a cat: 15.5 %." }
	m.MouseMoved(at(240, 255))
	widgettest.Golden(t, "confusion", w.Canvas().Capture())
}

// Shares of pixels, in Korean, narrow.
func TestGoldenConfusionOfPixels(t *testing.T) {
	m := widgets.NewConfusionMatrix()
	w := window(t, true, 480, 380, m)
	counts := make([][]int, len(streetKo))
	for i := range counts {
		counts[i] = make([]int, len(streetKo))
		for j := range counts[i] {
			counts[i][j] = (i*7 + j*13) % 10 * 40_000
		}
		counts[i][i] = 3_000_000 * (9 - i)
	}
	counts[7] = make([]int, len(streetKo))
	m.SetData(widgets.Confusion{Names: streetKo, Counts: counts, Shares: true, Figures: recalls(counts), TotalHead: "픽셀", FigureHead: "IoU"})
	m.Select(6, 6)
	widgettest.Golden(t, "confusion-shares-ko-dark", w.Canvas().Capture())
}

// A hundred classes: cells without text, each so manieth name.
func TestGoldenConfusionOfAHundredClasses(t *testing.T) {
	m := widgets.NewConfusionMatrix()
	w := window(t, false, 760, 560, m)
	var names []string
	counts := make([][]int, 100)
	for i := range counts {
		names = append(names, fmt.Sprint("species ", i+1))
		counts[i] = make([]int, 100)
		counts[i][i] = 60 + i*7%40
		counts[i][(i*31+7)%100] += 9
		counts[i][i/10*10+(i*3)%10] += 14
	}
	m.SetData(widgets.Confusion{Names: names, Counts: counts, Figures: recalls(counts), TotalHead: "images", FigureHead: "recall"})
	m.Select(41, 43)
	widgettest.Golden(t, "confusion-hundred", w.Canvas().Capture())
}

func TestGoldenConfusionOfTwoClasses(t *testing.T) {
	m := widgets.NewConfusionMatrix()
	w := window(t, true, 520, 260, m)
	counts := [][]int{{1_912_345, 87_655}, {1_203, 48_797}}
	m.SetData(widgets.Confusion{Names: []string{"background", "nucleus"}, Counts: counts, Figures: recalls(counts), TotalHead: "pixels", FigureHead: "IoU"})
	widgettest.Golden(t, "confusion-two-dark", w.Canvas().Capture())
}
