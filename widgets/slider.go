package widgets

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*Slider)(nil)
	_ fyne.Draggable    = (*Slider)(nil)
	_ fyne.Focusable    = (*Slider)(nil)
	_ desktop.Mouseable = (*Slider)(nil)
	_ fyne.Widget       = (*Progress)(nil)
)

// Slider is a slim slider. It reports each change while it is dragged.
type Slider struct {
	widget.BaseWidget
	min, max, step float64
	value          float64
	focused        bool
	OnChanged      func(v float64)
}

// NewSlider makes a slider from low to high in steps.
func NewSlider(low, high, step, value float64, changed func(v float64)) *Slider {
	s := &Slider{min: low, max: high, step: step, value: value, OnChanged: changed}
	s.ExtendBaseWidget(s)
	return s
}

// Value returns where it stands.
func (s *Slider) Value() float64 { return s.value }

// Set moves it without telling.
func (s *Slider) Set(v float64) {
	if v = s.round(v); v != s.value {
		s.value = v
		s.Refresh()
	}
}

// SetRange changes its ends without telling.
func (s *Slider) SetRange(low, high, step float64) {
	s.min, s.max, s.step = low, high, step
	s.value = s.round(s.value)
	s.Refresh()
}

// Slide moves it as a user does, and reports the change.
func (s *Slider) Slide(v float64) {
	if v = s.round(v); v != s.value {
		s.value = v
		s.Refresh()
		if s.OnChanged != nil {
			s.OnChanged(v)
		}
	}
}

func (s *Slider) round(v float64) float64 {
	v = s.min + math.Round((v-s.min)/s.step)*s.step
	return math.Min(s.max, math.Max(s.min, math.Round(v*1e9)/1e9))
}

func (s *Slider) to(x float32) {
	room := s.Size().Width - 14
	if room > 0 {
		s.Slide(s.min + float64((x-7)/room)*(s.max-s.min))
	}
}

// MouseDown implements desktop.Mouseable.
func (s *Slider) MouseDown(e *desktop.MouseEvent) { s.to(e.Position.X) }

// MouseUp implements desktop.Mouseable.
func (s *Slider) MouseUp(*desktop.MouseEvent) {}

// Dragged implements fyne.Draggable.
func (s *Slider) Dragged(e *fyne.DragEvent) { s.to(e.Position.X) }

// DragEnd implements fyne.Draggable.
func (s *Slider) DragEnd() {}

// FocusGained implements fyne.Focusable.
func (s *Slider) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Slider) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable.
func (s *Slider) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: the arrows move it.
func (s *Slider) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyDown:
		s.Slide(s.value - s.step)
	case fyne.KeyRight, fyne.KeyUp:
		s.Slide(s.value + s.step)
	case fyne.KeyHome:
		s.Slide(s.min)
	case fyne.KeyEnd:
		s.Slide(s.max)
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Slider) CreateRenderer() fyne.WidgetRenderer {
	r := &sliderRenderer{s: s}
	r.Refresh()
	return r
}

type sliderRenderer struct {
	s           *Slider
	track, done canvas.Rectangle
	knob        canvas.Circle
}

func (r *sliderRenderer) Destroy()           {}
func (r *sliderRenderer) MinSize() fyne.Size { return fyne.NewSize(60, 22) }

func (r *sliderRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.track, &r.done, &r.knob}
}

func (r *sliderRenderer) Layout(size fyne.Size) {
	s, y := r.s, size.Height/2
	share := float32(0)
	if s.max > s.min {
		share = float32((s.value - s.min) / (s.max - s.min))
	}
	x := 7 + share*max(0, size.Width-14)
	r.track.Move(fyne.NewPos(0, y-2))
	r.track.Resize(fyne.NewSize(size.Width, 4))
	r.done.Move(fyne.NewPos(0, y-2))
	r.done.Resize(fyne.NewSize(x, 4))
	r.knob.Move(fyne.NewPos(x-7, y-7))
	r.knob.Resize(fyne.NewSize(14, 14))
}

func (r *sliderRenderer) Refresh() {
	r.track.FillColor, r.track.CornerRadius = Colour(ColourLine), 2
	r.done.FillColor, r.done.CornerRadius = Colour(ColourAccent), 2
	r.knob.FillColor, r.knob.StrokeWidth = Colour(ColourAccent), 2
	r.knob.StrokeColor = Colour(ColourPanel)
	if r.s.focused {
		r.knob.StrokeColor = Colour(ColourTint)
	}
	r.Layout(r.s.Size())
	canvas.Refresh(r.s)
}

// SliderRow is a name, a slider, and its value in words.
type SliderRow struct {
	box
	slider *Slider
	value  *Text
	text   func(float64) string
}

// NewSliderRow makes a row with a slider.
func NewSliderRow(name string, low, high, step, value float64, text func(float64) string, changed func(float64)) *SliderRow {
	r := &SliderRow{value: NewText(text(value), ColourText).Aligned(fyne.TextAlignTrailing), text: text}
	r.slider = NewSlider(low, high, step, value, func(v float64) {
		r.value.Set(text(v))
		changed(v)
	})
	label := NewText(name, ColourQuiet)
	r.content = Sized(0, RowHeight, LineGrowing(8, label, label, Sized(96, 22, r.slider), Sized(34, 0, r.value)))
	r.ExtendBaseWidget(r)
	return r
}

// Slider returns the slider of the row.
func (r *SliderRow) Slider() *Slider { return r.slider }

// Set moves the slider without telling.
func (r *SliderRow) Set(v float64) {
	r.slider.Set(v)
	r.value.Set(r.text(r.slider.Value()))
}

// Progress is a thin bar.
type Progress struct {
	widget.BaseWidget
	share float64
}

// NewProgress makes a bar.
func NewProgress() *Progress {
	p := &Progress{}
	p.ExtendBaseWidget(p)
	return p
}

// Set fills a share of it, 0…1.
func (p *Progress) Set(share float64) {
	share = math.Min(1, math.Max(0, share))
	if p.share != share {
		p.share = share
		p.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Progress) CreateRenderer() fyne.WidgetRenderer {
	r := &progressRenderer{p: p}
	r.Refresh()
	return r
}

type progressRenderer struct {
	p           *Progress
	track, done canvas.Rectangle
}

func (r *progressRenderer) Destroy() {}
func (r *progressRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.track, &r.done}
}
func (r *progressRenderer) MinSize() fyne.Size { return fyne.NewSize(40, 6) }

func (r *progressRenderer) Layout(size fyne.Size) {
	y := (size.Height - 6) / 2
	r.track.Move(fyne.NewPos(0, y))
	r.track.Resize(fyne.NewSize(size.Width, 6))
	r.done.Move(fyne.NewPos(0, y))
	r.done.Resize(fyne.NewSize(size.Width*float32(r.p.share), 6))
}

func (r *progressRenderer) Refresh() {
	r.track.FillColor, r.track.CornerRadius = Colour(ColourLine), 3
	r.done.FillColor, r.done.CornerRadius = Colour(ColourAccent), 3
	r.done.Hidden = r.p.share <= 0
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}
