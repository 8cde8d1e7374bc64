package widgets

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/convscope/convscope/widgets/raster"
)

// viewOfClasses lays a map of 4×2 places over a black photo of 100×50, four units a pixel, 100 above and below: two rows 0 0 1 1 and 2 2 void 1.
func viewOfClasses(t testing.TB) (v *PhotoView, at func(x, y int) color.NRGBA) {
	v, w := viewOf(t)
	m := raster.NewClassMap([]uint16{0, 0, 1, 1, 2, 2, raster.Void, 1}, 4, 2)
	red, green, blue := color.NRGBA{R: 200, A: 255}, color.NRGBA{G: 200, A: 255}, color.NRGBA{B: 200, A: 255}
	v.SetClassStyle(ClassStyle{Colours: []color.NRGBA{red, green, blue}, Opacity: .5})
	v.SetClassMap(&m)
	return v, func(x, y int) color.NRGBA {
		return color.NRGBAModel.Convert(w.Canvas().Capture().At(x, y)).(color.NRGBA)
	}
}

func TestClassMapLiesOverThePhoto(t *testing.T) {
	v, at := viewOfClasses(t)
	is := func(x, y int, want color.NRGBA) {
		t.Helper()
		got := at(x, y)
		if d := max(int(got.R)-int(want.R), int(want.R)-int(got.R), int(got.G)-int(want.G), int(want.G)-int(got.G), int(got.B)-int(want.B), int(want.B)-int(got.B)); d > 2 {
			t.Errorf("%d, %d is %v, not %v", x, y, got, want)
		}
	}
	is(199, 199, color.NRGBA{R: 100})
	is(200, 101, color.NRGBA{G: 100})
	is(1, 201, color.NRGBA{B: 100})
	is(250, 250, color.NRGBA{}) // void
	v.zoomBy(2, fyne.NewPos(0, 100))
	is(398, 198, color.NRGBA{R: 100}) // what was at 199, 199

	v.Fit()
	v.style.Hidden = []bool{true}
	v.style.Opacity, v.style.Outline = 1, true
	v.SetClassStyle(v.style)
	is(100, 150, color.NRGBA{}) // hidden
	is(220, 110, color.NRGBA{G: 200})
	is(200, 110, color.NRGBA{R: 17, G: 20, B: 24}) // between what is hidden and what is not
	v.HighlightClass(2)
	is(220, 110, color.NRGBA{G: 60}) // the others turn pale
	is(100, 250, color.NRGBA{B: 200})
	v.HighlightClass(0) // hidden: nothing is brought out
	is(220, 110, color.NRGBA{G: 200})

	v.SetImage(image.NewGray(image.Rect(0, 0, 100, 50)))
	is(220, 110, color.NRGBA{}) // the map of another photo is gone
}

func TestClassUnderThePointer(t *testing.T) {
	v, _ := viewOfClasses(t)
	var told []string
	v.OnClass = func(x, y, class int) string {
		told = append(told, fmt.Sprint(x, y, class))
		if class < 0 {
			return ""
		}
		return fmt.Sprint("class ", class)
	}
	says := func(want, label string) {
		t.Helper()
		got := told
		told = nil
		if fmt.Sprint(got) != want || v.drawing.tip.text != label || v.drawing.tip.back.Hidden != (label == "") {
			t.Errorf("told %v, not %s; the label says %q, not %q", got, want, v.drawing.tip.text, label)
		}
	}
	v.MouseMoved(mouseAt(4, 104))
	says("[1 1 0]", "class 0")
	if v.Cursor() != desktop.CrosshairCursor {
		t.Error("the pointer is no crosshair on a class map")
	}
	v.MouseMoved(mouseAt(396, 296))
	says("[99 49 1]", "class 1")
	if end := v.drawing.tip.back.Position().Add(v.drawing.tip.back.Size()); end.X > 396 || end.Y > 296 {
		t.Errorf("the label ends at %v", end)
	}
	v.MouseMoved(mouseAt(250, 250))
	says("[62 37 -1]", "") // void
	v.MouseMoved(mouseAt(250, 50))
	v.MouseMoved(mouseAt(250, 40))
	says("[-1 -1 -1]", "") // beside the photo, told once
	v.MouseMoved(mouseAt(4, 200))
	says("[1 25 2]", "class 2")
	v.zoomBy(3, fyne.NewPos(400, 200)) // what is under the resting pointer is another place now
	says("[67 25 -1]", "")
	v.Fit()
	v.MouseMoved(mouseAt(4, 104))
	says("[1 1 0]", "class 0")
	other := raster.NewClassMap([]uint16{2}, 1, 1)
	v.SetClassMap(&other)
	says("[1 1 2]", "class 2")
	v.MouseOut()
	v.MouseOut()
	says("[-1 -1 -1]", "")
	v.MouseMoved(mouseAt(4, 104))
	v.SetClassMap(nil)
	v.SetClassMap(nil)
	says("[1 1 2 -1 -1 -1]", "")
	v.SetImage(nil)
	v.MouseMoved(mouseAt(4, 104))
	says("[]", "")
}

// viewOf12Megapixels shows a photo of 4000×3000 with a class map of its size on 1400×1050 pixels.
func viewOf12Megapixels(b *testing.B) *PhotoView {
	v, w := viewOf(b)
	w.Resize(fyne.NewSize(1400, 1050))
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 4000, 3000)))
	classes := make([]uint16, 4000*3000)
	for i := range classes {
		classes[i] = uint16(i/4000/100+i%4000/150) % 12
	}
	m := raster.NewClassMap(classes, 4000, 3000)
	v.SetClassStyle(ClassStyle{Colours: ClassColours(12), Opacity: .5, Outline: true})
	v.SetClassMap(&m)
	return v
}

// A movement of the opacity's slider.
func BenchmarkPhotoViewOpacity(b *testing.B) {
	v := viewOf12Megapixels(b)
	for b.Loop() {
		v.style.Opacity = 1 - v.style.Opacity
		v.SetClassStyle(v.style)
		v.drawing.draw(1400, 1050)
	}
}

// A movement of the pointer: nothing but the label is drawn again.
func BenchmarkPhotoViewClassUnderThePointer(b *testing.B) {
	v := viewOf12Megapixels(b)
	v.OnClass = func(_, _, class int) string { return fmt.Sprint("class ", class) }
	for i := 0; b.Loop(); i++ {
		v.MouseMoved(mouseAt(float32(i%1400), float32(i%1050)))
	}
}
