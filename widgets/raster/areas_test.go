package raster

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

func TestAreasLieOverThePictureAndTheirLegendBelow(t *testing.T) {
	letters, err := NewLetters(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	photo := image.NewGray(image.Rect(5, 7, 105, 47)) // a picture need not begin at 0, 0
	for i := range photo.Pix {
		photo.Pix[i] = 200
	}
	m := NewClassMap([]uint16{0, 1, 2, Void}, 2, 2)
	paint := ClassPaint{Colours: ClassColours(3, 1)}
	paint.Colours[0].A = 0
	var legend []LegendEntry
	for i, name := range []string{"road", "pedestrian", "a very long name of a class"} {
		legend = append(legend, LegendEntry{name, ClassColour(i)})
	}
	one := Areas(photo, m, paint, legend[:1], letters, 10)
	all := Areas(photo, m, paint, legend, letters, 10)
	none := Areas(photo, m, paint, nil, letters, 10)
	if one.Rect.Dx() != 100 || one.Rect.Dy() <= 40 || all.Rect.Dy() < one.Rect.Dy()+20 || none.Rect != image.Rect(0, 0, 100, 40) {
		t.Fatalf("the pictures are %v with one class below, %v with three and %v with none", one.Rect, all.Rect, none.Rect)
	}
	grey := color.NRGBA{200, 200, 200, 255}
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{{10, 10, grey}, {90, 10, ClassColour(1)}, {10, 30, ClassColour(2)}, {90, 30, grey}, {10, 49, ClassColour(0)}} {
		if got := color.NRGBAModel.Convert(all.At(c.x, c.y)); got != c.want {
			t.Errorf("at %d, %d: %v, want %v", c.x, c.y, got, c.want)
		}
	}
	dark := 0
	for i := range 80 * 20 {
		if color.GrayModel.Convert(all.At(20+i%80, 42+i/80)).(color.Gray).Y < 100 {
			dark++
		}
	}
	if dark < 20 {
		t.Errorf("the legend has no names: %d dark pixels", dark)
	}
}

func TestMaskOfIndices(t *testing.T) {
	m := NewClassMap([]uint16{0, 254, Void, 3}, 2, 2)
	few, ok := m.Mask(255).(*image.Paletted)
	if !ok || few.Pix[0] != 0 || few.Pix[1] != 254 || few.Pix[2] != 255 || few.Pix[3] != 3 {
		t.Fatalf("255 classes: %T %v", m.Mask(255), few)
	}
	if got := few.At(1, 1); got != color.Color(ClassColour(3)) {
		t.Errorf("class 3 has the colour %v", got)
	}
	many, ok := m.Mask(256).(*image.Gray16)
	if !ok || many.Gray16At(1, 0).Y != 254 || many.Gray16At(0, 1).Y != Void {
		t.Errorf("256 classes: %T", m.Mask(256))
	}
	if ids := Numbers([]uint32{1, 2, 70, 65535}, 2, 2); ids.Gray16At(1, 1).Y != 65535 || ids.Gray16At(0, 1).Y != 70 {
		t.Errorf("numbers %v", ids.Pix)
	}
}
