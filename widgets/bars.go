package widgets

import (
	"image/color"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*Histogram)(nil)
	_ desktop.Hoverable = (*Histogram)(nil)
	_ fyne.Widget       = (*ProbabilityBars)(nil)
)

// Histogram shows how often numbers fall into ranges of equal width.
type Histogram struct {
	widget.BaseWidget
	counts    []int
	low, high float64
	format    func(float64) string
	pointer   int // of the bar under the mouse, −1 for none
}

// NewHistogram makes an empty one.
func NewHistogram() *Histogram {
	h := &Histogram{pointer: -1}
	h.ExtendBaseWidget(h)
	return h
}

// SetValues shows counts of numbers from low to high, in ranges of equal width; format writes a number, nil for short ones.
func (h *Histogram) SetValues(counts []int, low, high float64, format func(float64) string) {
	if format == nil {
		format = short
	}
	h.counts, h.low, h.high, h.format = counts, low, high, format
	if h.pointer >= len(counts) {
		h.pointer = -1
	}
	h.redraw()
}

func (h *Histogram) redraw() {
	if h.Visible() {
		h.Refresh()
	}
}

// MouseIn implements desktop.Hoverable.
func (h *Histogram) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (h *Histogram) MouseMoved(e *desktop.MouseEvent) {
	if n := len(h.counts); n > 0 && h.Size().Width > 0 {
		if at := max(0, min(n-1, int(e.Position.X/h.Size().Width*float32(n)))); at != h.pointer {
			h.pointer = at
			h.redraw()
		}
	}
}

// MouseOut implements desktop.Hoverable.
func (h *Histogram) MouseOut() {
	h.pointer = -1
	h.redraw()
}

// CreateRenderer implements fyne.Widget.
func (h *Histogram) CreateRenderer() fyne.WidgetRenderer {
	r := &histogramRenderer{h: h}
	r.Refresh()
	return r
}

type histogramRenderer struct {
	h                     *Histogram
	bars                  []*canvas.Rectangle // reused
	base, notch           canvas.Line
	low, zero, high, said canvas.Text
	objects               []fyne.CanvasObject
}

func (r *histogramRenderer) Destroy()                     {}
func (r *histogramRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *histogramRenderer) MinSize() fyne.Size           { return fyne.NewSize(80, 84) }
func (r *histogramRenderer) Layout(fyne.Size)             { r.update() }

func (r *histogramRenderer) Refresh() {
	r.applyTheme()
	r.update()
	canvas.Refresh(r.h)
}

func (r *histogramRenderer) applyTheme() {
	r.base.StrokeColor, r.base.StrokeWidth = Colour(ColourLine), 1
	r.notch.StrokeColor, r.notch.StrokeWidth = Colour(ColourQuiet), 1
	for _, t := range []*canvas.Text{&r.low, &r.zero, &r.high} {
		t.TextSize, t.Color = SmallSize, Colour(ColourFaint)
	}
	r.said.TextSize, r.said.Color = SmallSize, Colour(ColourQuiet)
}

func (r *histogramRenderer) update() {
	h, size := r.h, r.h.Size()
	r.objects = r.objects[:0]
	bottom := size.Height - 16
	r.updateBars(16, bottom)
	r.base.Position1, r.base.Position2 = fyne.NewPos(0, bottom), fyne.NewPos(size.Width, bottom)
	r.objects = append(r.objects, &r.base)
	n := len(h.counts)
	if n == 0 {
		return
	}
	low, zero, high := h.format(h.low), h.format(0), h.format(h.high)
	left, right := smallWidth(low)+6, size.Width-smallWidth(high)
	r.write(&r.low, low, 0, bottom+1)
	r.write(&r.high, high, right, bottom+1)
	if h.low < 0 && h.high > 0 {
		x, half := size.Width*float32(-h.low/(h.high-h.low)), smallWidth(zero)/2
		r.notch.Position1, r.notch.Position2 = fyne.NewPos(x, bottom), fyne.NewPos(x, bottom+3)
		r.objects = append(r.objects, &r.notch)
		if x-half >= left && x+half <= right-6 {
			r.write(&r.zero, zero, x-half, bottom+1)
		}
	}
	if h.pointer >= 0 {
		step := (h.high - h.low) / float64(n)
		from := h.low + float64(h.pointer)*step
		r.write(&r.said, h.format(from)+" … "+h.format(from+step)+":  "+Thousands(h.counts[h.pointer]), 0, 0)
	}
}

// updateBars places the bars between two heights.
func (r *histogramRenderer) updateBars(top, bottom float32) {
	h := r.h
	most := 1
	for _, c := range h.counts {
		most = max(most, c)
	}
	for len(r.bars) < len(h.counts) {
		r.bars = append(r.bars, canvas.NewRectangle(nil))
	}
	w := h.Size().Width / float32(max(1, len(h.counts)))
	plain, chosen := Fade(Colour(ColourAccent), .85), Colour(ColourValidation)
	for i, c := range h.counts {
		b := r.bars[i]
		b.FillColor = plain
		if i == h.pointer {
			b.FillColor = chosen
		}
		height := max(0, bottom-top) * float32(c) / float32(most)
		if c > 0 {
			height = max(height, 1)
		}
		b.Move(fyne.NewPos(float32(i)*w, bottom-height))
		b.Resize(fyne.NewSize(max(1, w-1), height))
		r.objects = append(r.objects, b)
	}
}

// write places a small text.
func (r *histogramRenderer) write(t *canvas.Text, s string, x, y float32) {
	t.Text = s
	t.Move(fyne.NewPos(x, y))
	r.objects = append(r.objects, t)
}

// smallWidth returns the width of a small text.
func smallWidth(s string) float32 { return fyne.MeasureText(s, SmallSize, fyne.TextStyle{}).Width }

// Thousands writes a whole number with commas.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// ProbabilityRow is one prediction.
type ProbabilityRow struct {
	Label  string
	Value  float64     // 0…1
	Colour color.NRGBA // zero: the accent
}

// ProbabilityBars shows predictions with their probabilities.
type ProbabilityBars struct {
	widget.BaseWidget
	rows []ProbabilityRow
}

// NewProbabilityBars makes an empty list.
func NewProbabilityBars() *ProbabilityBars {
	b := &ProbabilityBars{}
	b.ExtendBaseWidget(b)
	return b
}

// SetRows shows predictions.
func (b *ProbabilityBars) SetRows(rows []ProbabilityRow) {
	b.rows = rows
	if b.Visible() {
		b.Refresh()
	}
}

// Rows returns the predictions shown.
func (b *ProbabilityBars) Rows() []ProbabilityRow { return b.rows }

// CreateRenderer implements fyne.Widget.
func (b *ProbabilityBars) CreateRenderer() fyne.WidgetRenderer {
	r := &probabilityRenderer{b: b}
	r.Refresh()
	return r
}

const (
	probabilityRow = 24
	usualRows      = 5
)

type probabilityLine struct {
	label, share canvas.Text
	track, bar   canvas.Rectangle
}

type probabilityRenderer struct {
	b       *ProbabilityBars
	lines   []*probabilityLine
	objects []fyne.CanvasObject
}

func (r *probabilityRenderer) Destroy()                     {}
func (r *probabilityRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *probabilityRenderer) Layout(fyne.Size)             { r.update() }

func (r *probabilityRenderer) MinSize() fyne.Size {
	return fyne.NewSize(120, probabilityRow*float32(max(usualRows, len(r.b.rows)))) // room before they are there
}

func (r *probabilityRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.b)
}

// percent writes a share of 0…1, and nothing for what is not a number.
func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
}

func (r *probabilityRenderer) update() {
	size := r.b.Size()
	r.objects = r.objects[:0]
	bold := fyne.TextStyle{Bold: true}
	label, share := float32(14), fyne.MeasureText(percent(1), TextSize, fyne.TextStyle{}).Width
	for _, row := range r.b.rows {
		label = max(label, fyne.MeasureText(row.Label, TextSize, bold).Width)
	}
	label = min(label, size.Width*.42)
	x := label + 10
	room := max(0, size.Width-x-share-10)
	height := fyne.MeasureText("0", TextSize, bold).Height
	for i, row := range r.b.rows {
		if i == len(r.lines) {
			r.lines = append(r.lines, &probabilityLine{})
		}
		l, y := r.lines[i], float32(i)*probabilityRow
		l.applyTheme(row)
		l.label.Text = Ellipsis(row.Label, label, TextSize, bold)
		l.label.Move(fyne.NewPos(0, y+(probabilityRow-height)/2))
		l.share.Text = percent(row.Value)
		w := fyne.MeasureText(l.share.Text, TextSize, fyne.TextStyle{}).Width
		l.share.Move(fyne.NewPos(size.Width-w, y+(probabilityRow-height)/2))
		l.track.Move(fyne.NewPos(x, y+7))
		l.track.Resize(fyne.NewSize(room, 10))
		l.bar.Move(fyne.NewPos(x, y+7))
		value := float32(0)
		if row.Value > 0 { // false for what is not a number
			value = float32(min(1, row.Value))
		}
		l.bar.Resize(fyne.NewSize(max(1, room*value), 10))
		r.objects = append(r.objects, &l.label, &l.track, &l.bar, &l.share)
	}
}

func (l *probabilityLine) applyTheme(row ProbabilityRow) {
	l.label.TextSize, l.label.TextStyle, l.label.Color = TextSize, fyne.TextStyle{Bold: true}, Colour(ColourText)
	l.share.TextSize, l.share.Color = TextSize, Colour(ColourQuiet)
	l.track.FillColor, l.track.CornerRadius = Colour(ColourField), 2
	l.bar.FillColor, l.bar.CornerRadius = row.Colour, 2
	if row.Colour == (color.NRGBA{}) {
		l.bar.FillColor = Colour(ColourAccent)
	}
}
