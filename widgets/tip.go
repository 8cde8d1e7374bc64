package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

const (
	tipLines         = 4
	tipWidth float32 = 280
	tipLine  float32 = 15
)

// tip is a short text beside the pointer, light on dark in both themes, so that it can be read on a photo too.
type tip struct {
	back  canvas.Rectangle
	lines [tipLines]canvas.Text
	text  string // "": hidden
}

func newTip() *tip {
	t := &tip{}
	t.back.FillColor, t.back.StrokeColor = color.NRGBA{R: 0x10, G: 0x13, B: 0x18, A: 0xE6}, color.NRGBA{R: 255, G: 255, B: 255, A: 48}
	t.back.StrokeWidth, t.back.CornerRadius = 1, 3
	for i := range t.lines {
		t.lines[i].TextSize, t.lines[i].Color = SmallSize, color.White
	}
	t.hide()
	return t
}

func (t *tip) objects() []fyne.CanvasObject {
	all := []fyne.CanvasObject{&t.back}
	for i := range t.lines {
		all = append(all, &t.lines[i])
	}
	return all
}

func (t *tip) hide() {
	t.text = ""
	t.back.Hidden = true
	for i := range t.lines {
		t.lines[i].Hidden = true
	}
	canvas.Refresh(&t.back)
}

// show writes a text to the right of a position and above it, or where there is room in the widget; "" hides it.
func (t *tip) show(text string, at fyne.Position, room fyne.Size) {
	if text == "" {
		if t.text != "" {
			t.hide()
		}
		return
	}
	t.text = text
	texts := wrap(text, max(40, min(tipWidth, room.Width-16)), SmallSize, fyne.TextStyle{})
	texts = texts[:min(len(texts), tipLines)]
	width := float32(0)
	for _, line := range texts {
		width = max(width, smallWidth(line))
	}
	size := fyne.NewSize(width+12, float32(len(texts))*tipLine+4)
	x, y := at.X+12, at.Y-size.Height-6
	if x+size.Width > room.Width {
		x = at.X - 12 - size.Width
	}
	if y < 0 {
		y = at.Y + 16
	}
	x, y = max(0, min(x, room.Width-size.Width)), max(0, min(y, room.Height-size.Height))
	t.back.Hidden = false
	t.back.Move(fyne.NewPos(x, y))
	t.back.Resize(size)
	for i := range t.lines {
		t.lines[i].Hidden = i >= len(texts)
		if i < len(texts) {
			t.lines[i].Text = texts[i]
			t.lines[i].Move(fyne.NewPos(x+6, y+2+float32(i)*tipLine))
		}
	}
	canvas.Refresh(&t.back)
}
