package widgets

import (
	"fmt"
	"image/color"
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
	pointer   int
}

// NewHistogram makes an empty one.
func NewHistogram() *Histogram {
	h := &Histogram{pointer: -1}
	h.ExtendBaseWidget(h)
	return h
}

// Set shows counts of numbers from low to high.
func (h *Histogram) Set(counts []int, low, high float64) {
	h.counts, h.low, h.high = counts, low, high
	h.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (h *Histogram) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (h *Histogram) MouseMoved(e *desktop.MouseEvent) {
	if n := len(h.counts); n > 0 && h.Size().Width > 0 {
		h.pointer = max(0, min(n-1, int(e.Position.X/h.Size().Width*float32(n))))
		h.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (h *Histogram) MouseOut() { h.pointer = -1; h.Refresh() }

// CreateRenderer implements fyne.Widget.
func (h *Histogram) CreateRenderer() fyne.WidgetRenderer {
	r := &histogramRenderer{h: h}
	r.Refresh()
	return r
}

type histogramRenderer struct {
	h               *Histogram
	bars            []*canvas.Rectangle
	base            canvas.Line
	low, high, said canvas.Text
	objects         []fyne.CanvasObject
}

func (r *histogramRenderer) Destroy()                     {}
func (r *histogramRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *histogramRenderer) MinSize() fyne.Size           { return fyne.NewSize(80, 84) }
func (r *histogramRenderer) Layout(fyne.Size)             { r.update() }

func (r *histogramRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.h)
}

func (r *histogramRenderer) update() {
	h, size := r.h, r.h.Size()
	r.objects = r.objects[:0]
	most := 1
	for _, c := range h.counts {
		most = max(most, c)
	}
	for len(r.bars) < len(h.counts) {
		r.bars = append(r.bars, canvas.NewRectangle(nil))
	}
	top, bottom := float32(16), size.Height-16
	w := size.Width / float32(max(1, len(h.counts)))
	for i, c := range h.counts {
		b := r.bars[i]
		b.FillColor = Fade(Colour(ColourAccent), .85)
		if i == h.pointer {
			b.FillColor = Colour(ColourValidation)
		}
		height := (bottom - top) * float32(c) / float32(most)
		if c > 0 {
			height = max(height, 1)
		}
		b.Move(fyne.NewPos(float32(i)*w, bottom-height))
		b.Resize(fyne.NewSize(max(1, w-1), height))
		r.objects = append(r.objects, b)
	}
	r.base.StrokeColor, r.base.StrokeWidth = Colour(ColourLine), 1
	r.base.Position1, r.base.Position2 = fyne.NewPos(0, bottom), fyne.NewPos(size.Width, bottom)
	r.objects = append(r.objects, &r.base)
	if len(h.counts) == 0 {
		return
	}
	write := func(t *canvas.Text, s string, x, y float32, align fyne.TextAlign) {
		t.Text, t.TextSize, t.Color, t.Alignment = s, SmallSize, Colour(ColourQuiet), fyne.TextAlignLeading
		m := fyne.MeasureText(s, SmallSize, fyne.TextStyle{})
		if align == fyne.TextAlignTrailing {
			x -= m.Width
		}
		t.Move(fyne.NewPos(x, y))
		r.objects = append(r.objects, t)
	}
	write(&r.low, short(h.low), 0, bottom+1, fyne.TextAlignLeading)
	write(&r.high, short(h.high), size.Width, bottom+1, fyne.TextAlignTrailing)
	if h.pointer >= 0 && h.pointer < len(h.counts) {
		step := (h.high - h.low) / float64(len(h.counts))
		from := h.low + float64(h.pointer)*step
		write(&r.said, fmt.Sprintf("%s … %s:  %s", short(from), short(from+step), Thousands(h.counts[h.pointer])), 0, 0, fyne.TextAlignLeading)
	}
}

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

// ProbabilityRow is one guess.
type ProbabilityRow struct {
	Label  string
	Value  float64     // 0…1
	Colour color.Color // nil: the accent
}

// ProbabilityBars shows guesses with their probabilities.
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

// Set shows guesses.
func (b *ProbabilityBars) Set(rows []ProbabilityRow) { b.rows = rows; b.Refresh() }

// Rows are the guesses shown.
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

func (r *probabilityRenderer) update() {
	size := r.b.Size()
	r.objects = r.objects[:0]
	bold := fyne.TextStyle{Bold: true}
	widest := float32(14)
	for _, row := range r.b.rows {
		widest = max(widest, fyne.MeasureText(row.Label, TextSize, bold).Width)
	}
	widest = min(widest, size.Width*.42)
	const share = 50
	for i, row := range r.b.rows {
		if i == len(r.lines) {
			r.lines = append(r.lines, &probabilityLine{})
		}
		l, y := r.lines[i], float32(i)*probabilityRow
		h := fyne.MeasureText("0", TextSize, bold).Height
		l.label.Text, l.label.TextSize, l.label.TextStyle, l.label.Color = Ellipsis(row.Label, widest, TextSize, bold), TextSize, bold, Colour(ColourText)
		l.label.Move(fyne.NewPos(0, y+(probabilityRow-h)/2))
		l.share.Text, l.share.TextSize, l.share.Color = strconv.FormatFloat(100*row.Value, 'f', 1, 64)+" %", TextSize, Colour(ColourQuiet)
		w := fyne.MeasureText(l.share.Text, TextSize, fyne.TextStyle{}).Width
		l.share.Move(fyne.NewPos(size.Width-w, y+(probabilityRow-h)/2))
		x, room := widest+10, max(0, size.Width-widest-10-share-6)
		l.track.FillColor, l.track.CornerRadius = Colour(ColourField), 2
		l.track.Move(fyne.NewPos(x, y+7))
		l.track.Resize(fyne.NewSize(room, 10))
		l.bar.FillColor, l.bar.CornerRadius = row.Colour, 2
		if row.Colour == nil {
			l.bar.FillColor = Colour(ColourAccent)
		}
		l.bar.Move(fyne.NewPos(x, y+7))
		l.bar.Resize(fyne.NewSize(max(1, room*float32(row.Value)), 10))
		r.objects = append(r.objects, &l.label, &l.track, &l.bar, &l.share)
	}
}
