package widgets

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

var green = color.NRGBA{G: 200, A: 255}

// viewOf shows a photo of 100×50 in a window of 400×400: four units a pixel, 100 above and below.
func viewOf(t testing.TB) (*PhotoView, fyne.Window) {
	themed(t)
	v := NewPhotoView()
	w := test.NewTempWindow(t, v)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400, 400))
	v.SetImage(image.NewGray(image.Rect(0, 0, 100, 50)))
	return v, w
}

func mouseAt(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Button: desktop.MouseButtonPrimary}
}

func wheelAt(x, y, dy float32) *fyne.ScrollEvent {
	return &fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Scrolled: fyne.NewDelta(0, dy)}
}

func close2(a, b float32) bool { return max(a-b, b-a) < .02 }

func TestPhotoViewZoomsAroundThePointer(t *testing.T) {
	v, _ := viewOf(t)
	if x, y, inside := v.At(fyne.NewPos(200, 200)); x != 50 || y != 25 || !inside {
		t.Fatalf("the middle is %v, %v, %v", x, y, inside)
	}
	if _, _, inside := v.At(fyne.NewPos(200, 50)); inside {
		t.Fatal("above the photo is inside")
	}
	p := fyne.NewPos(150, 220)
	for range 5 {
		v.Scrolled(wheelAt(p.X, 200, 25)) // until there is no empty room above and below
	}
	x, y, _ := v.At(p)
	for range 30 {
		v.Scrolled(wheelAt(p.X, p.Y, 25))
	}
	if _, k := v.place(); k != mostEnlarged {
		t.Fatalf("enlarged to %v", k)
	}
	if x2, y2, _ := v.At(p); !close2(x, x2) || !close2(y, y2) {
		t.Fatalf("the place under the pointer moved from %v, %v to %v, %v", x, y, x2, y2)
	}
	if d := v.drawing; d.picture.ScaleMode != canvas.ImageScalePixels || d.crop.Rect.Dx() > 14 {
		t.Fatalf("scale mode %v, %v of the photo uploaded", d.picture.ScaleMode, d.crop.Rect)
	}
	v.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(1e5, 1e5)})
	if o, _ := v.place(); !close2(o.X, 0) || !close2(o.Y, 0) {
		t.Fatalf("dragged away to %v", o)
	}
	zoom := v.zoom
	v.SetImage(image.NewGray(image.Rect(5, 5, 105, 55)))
	if v.zoom != zoom {
		t.Fatal("another photo of that size lost the zoom")
	}
	v.DoubleTapped(&fyne.PointEvent{})
	if o, k := v.place(); k != 4 || o != fyne.NewPos(0, 100) {
		t.Fatalf("fitted at %v, %v", o, k)
	}
	v.zoom = 3
	v.SetImage(image.NewGray(image.Rect(0, 0, 50, 50)))
	if v.zoom != 1 {
		t.Fatal("a photo of another size kept the zoom")
	}
}

func TestPhotoViewChoosesBoxes(t *testing.T) {
	v, _ := viewOf(t)
	told := []int{}
	v.OnBox = func(i int) { told = append(told, i) }
	v.SetBoxes([]PhotoBox{
		{X: 10, Y: 10, Width: 60, Height: 30, Label: "large", Colour: green},
		{X: 20, Y: 20, Width: 10, Height: 10, Label: "small", Colour: green},
		{X: 12, Y: 0, Width: 50, Height: 45, Label: "larger", Colour: green},
	})
	click := func(x, y float32) {
		v.MouseDown(mouseAt(x, y))
		v.MouseUp(mouseAt(x, y))
		v.Tapped(&fyne.PointEvent{Position: fyne.NewPos(x, y)}) // comes later, tells nothing new
	}
	click(100, 200)
	click(46, 190)  // left of the small one
	click(45, 135)  // on the label above the large one
	click(390, 390) // beside all
	v.MouseDown(mouseAt(100, 200))
	v.Dragged(&fyne.DragEvent{})
	v.MouseUp(mouseAt(100, 200))                              // a drag
	v.Tapped(&fyne.PointEvent{Position: fyne.NewPos(390, 5)}) // never comes after a drag, but ends the press
	v.Tapped(&fyne.PointEvent{Position: fyne.NewPos(100, 200)})
	if fmt.Sprint(told) != "[1 0 0 -1 1]" {
		t.Fatalf("told %v", told)
	}
	if v.SetBoxes(v.Boxes()[:1]); v.chosen != -1 {
		t.Fatal("a box that is gone is chosen")
	}
}

func TestPhotoViewDrawsBoxesAndLabels(t *testing.T) {
	v, w := viewOf(t)
	v.SetBoxes([]PhotoBox{{X: 25, Y: 20, Width: 50, Height: 20, Label: "a", Colour: green}, {X: 0, Y: 0, Width: 20, Height: 10, Label: "b", Colour: green}})
	got := w.Canvas().Capture()
	is := func(x, y int, want color.NRGBA) {
		t.Helper()
		r, g, b, _ := got.At(x, y).RGBA()
		if c := (color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}); c != want {
			t.Errorf("%d, %d is %v, not %v", x, y, c, want)
		}
	}
	black := color.NRGBA{A: 255}
	is(200, 180, green)
	is(200, 259, green)
	is(100, 220, green)
	is(299, 220, green)
	is(200, 220, black)
	is(101, 168, green) // the label's tab
	is(1, 112, green)   // inside: there is no room above
	if v.drawing.labels[1].tab.Position().Y != 100 {
		t.Errorf("the label is at %v", v.drawing.labels[1].tab.Position())
	}
	v.SetBoxes(nil)
	got = w.Canvas().Capture()
	is(200, 180, black)
	is(101, 168, black)
}

func TestPhotoViewWindowFollowsThePointer(t *testing.T) {
	v, _ := viewOf(t)
	v.SetGrid(&PhotoGrid{Width: 10, Height: 10, Stride: 5, Rows: 5, Columns: 9, Scale: 2})
	var at string
	v.OnHover = func(x, y float32, inside bool) { at = fmt.Sprint(x, y, inside) }
	for _, c := range []struct {
		x, y        float32
		row, column int
		hover       string
	}{{200, 200, 2, 4, "50 25 true"}, {4, 104, 0, 0, "1 1 true"}, {399, 299, 4, 8, "99.75 49.75 true"}, {200, 20, 0, 0, "50 -20 false"}} {
		v.MouseMoved(mouseAt(c.x, c.y))
		if row, column := v.drawing.windowAt(); row != c.row || column != c.column || at != c.hover {
			t.Errorf("%+v: %d, %d, %s", c, row, column, at)
		}
	}
	v.MouseMoved(mouseAt(200, 200))
	if p, s := v.drawing.window[1].Position(), v.drawing.window[1].Size(); p != fyne.NewPos(159, 179) || s != fyne.NewSize(82, 82) {
		t.Errorf("the window is at %v, %v", p, s)
	}
	if v.MouseOut(); at != "0 0 false" {
		t.Errorf("outside: %s", at)
	}
	if v.SetGrid(nil); !v.drawing.window[0].Hidden {
		t.Error("the window stays")
	}
}

func TestPhotoViewShowsHeat(t *testing.T) {
	v, w := viewOf(t)
	heat := image.NewRGBA(image.Rect(0, 0, 2, 1))
	copy(heat.Pix, []uint8{200, 0, 0, 255, 200, 0, 0, 255})
	v.SetHeat(heat, .5)
	if r, _, _, _ := w.Canvas().Capture().At(200, 200).RGBA(); r>>8 < 90 || r>>8 > 110 {
		t.Errorf("half of 200 is %d", r>>8)
	}
	v.SetImage(nil)
	if v.SetHeat(nil, 0); !v.drawing.picture.Hidden || !v.drawing.heat.Hidden {
		t.Error("an empty view shows something")
	}
	v.Scrolled(wheelAt(5, 5, 25)) // nothing to zoom
	v.Dragged(&fyne.DragEvent{})
	w.Canvas().Capture()
}

func TestHalve(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 5, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	got := halve(img)
	if got.Rect.Size() != image.Pt(2, 1) || got.Pix[0] != 12 || got.Pix[4] != 20 || got.Pix[7] != 23 {
		t.Errorf("%v: %v", got.Rect, got.Pix)
	}
	if got := halve(image.NewRGBA(image.Rect(0, 0, 1, 9))); got.Rect.Size() != image.Pt(1, 4) {
		t.Errorf("a line became %v", got.Rect)
	}
}

// A movement of the threshold's slider: 500 boxes and the drawing of them.
func BenchmarkPhotoViewBoxes(b *testing.B) {
	v, _ := viewOf(b)
	boxes := make([]PhotoBox, 500)
	for i := range boxes {
		boxes[i] = PhotoBox{X: float32(i % 80), Y: float32(i % 30), Width: 20, Height: 20, Label: fmt.Sprint("class 0.", i%100), Colour: ClassColour(i)}
	}
	for b.Loop() {
		v.SetBoxes(boxes)
		v.drawing.draw(1400, 700)
	}
}
