package widgets

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// legendColumns is where the columns of a legend are.
type legendColumns struct {
	name, nameRoom      float32 // left end, width
	bar, barRoom        float32 // left end, width; 0: no room for bars
	share, figure       float32 // right ends
	hasShare, hasFigure bool
}

const (
	shareRoom   float32 = 50
	figureRoom  float32 = 34
	longestBar  float32 = 96
	shortestBar float32 = 16
)

// columns divides a width: the names get what they need, up to a half; then come the figures, the shares, and bars in what is left. Bars stand for the figures, or where there are none for the shares.
func (l *Legend) columns(width float32) legendColumns {
	c := legendColumns{name: Gap + swatch + 8, hasFigure: l.heads.Figure != "", hasShare: l.heads.Share != ""}
	end := width - Gap
	c.nameRoom = min(l.names+2, max(0, end-c.name)/2)
	left := c.name + c.nameRoom + 8
	c.figure, c.share = end, end
	if c.hasFigure {
		end -= figureRoom
		c.hasShare = c.hasShare && end-left > shareRoom+shortestBar+8 // the figure says more
	} else if c.hasShare {
		end -= shareRoom
	}
	if !c.hasFigure && !c.hasShare {
		return c
	}
	c.barRoom = end - left
	if c.hasFigure && c.hasShare {
		c.barRoom -= shareRoom + 8
	}
	c.barRoom = min(longestBar, c.barRoom)
	if c.barRoom < shortestBar {
		c.barRoom = 0
	}
	c.bar = end - c.barRoom
	if c.hasFigure {
		c.share = c.bar - 8
	}
	return c
}

// figureText writes a number of 0 to 1 as tables of measures do, without the zero before its point.
func figureText(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strings.TrimPrefix(strconv.FormatFloat(v, 'f', 2, 64), "0")
}

// CreateRenderer implements fyne.Widget.
func (l *Legend) CreateRenderer() fyne.WidgetRenderer {
	r := &legendRenderer{l: l, foot: newLegendLine(l)}
	r.objects = append([]fyne.CanvasObject{l.content.scroll, &r.title, &r.share, &r.figure, &r.line}, r.foot.objects()...)
	r.Refresh()
	return r
}

type legendRenderer struct {
	l                    *Legend
	title, share, figure canvas.Text
	line                 canvas.Line
	foot                 *legendLine
	objects              []fyne.CanvasObject
}

func (r *legendRenderer) Destroy()                     {}
func (r *legendRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *legendRenderer) MinSize() fyne.Size           { return r.l.MinSize() }

func (r *legendRenderer) Layout(size fyne.Size) {
	l, c := r.l, r.l.columns(size.Width)
	head := l.head()
	height := max(0, min(float32(len(l.rows))*legendRow, size.Height-head-l.below()))
	l.content.scroll.Move(fyne.NewPos(0, head))
	l.content.scroll.Resize(fyne.NewSize(size.Width, height))

	left := size.Width - Gap
	for _, h := range []struct {
		text  *canvas.Text
		title string
		end   float32
		shown bool
	}{{&r.figure, l.heads.Figure, c.figure, c.hasFigure}, {&r.share, l.heads.Share, c.share, c.hasShare}} {
		if h.text.Hidden = !h.shown; h.shown {
			left = r.head(h.text, h.title, Gap, min(h.end, left)) - 8
		}
	}
	r.title.Hidden = l.heads.Title == ""
	r.head(&r.title, l.heads.Title, Gap, left)
	r.title.Move(fyne.NewPos(Gap, r.title.Position().Y))

	r.line.Hidden = l.foot == nil
	r.foot.clear()
	if l.foot != nil {
		y := head + height
		r.line.Position1, r.line.Position2 = fyne.NewPos(Gap, y+2), fyne.NewPos(size.Width-Gap, y+2)
		r.foot.showMean(*l.foot, y+4, size.Width)
	}
}

// head writes a text between two ends, at the right of them, and returns where it begins.
func (r *legendRenderer) head(t *canvas.Text, text string, left, right float32) float32 {
	t.Text = Ellipsis(text, right-left, t.TextSize, t.TextStyle)
	m := fyne.MeasureText(t.Text, t.TextSize, t.TextStyle)
	t.Move(fyne.NewPos(right-m.Width, legendHead-4-m.Height))
	return right - m.Width
}

func (r *legendRenderer) Refresh() {
	r.title.TextSize, r.title.TextStyle.Bold, r.title.Color = HeadingSize, true, Colour(ColourQuiet)
	for _, t := range []*canvas.Text{&r.share, &r.figure} {
		t.TextSize, t.Color = SmallSize, Colour(ColourQuiet)
	}
	r.line.StrokeColor, r.line.StrokeWidth = Colour(ColourLine), 1
	r.Layout(r.l.Size())
	r.l.content.scroll.Refresh()
	r.l.content.update(true)
	canvas.Refresh(r.l)
}

// legendLine is the objects of one row of a legend.
type legendLine struct {
	l                        *Legend
	back, swatch, track, bar canvas.Rectangle
	name, share, figure      canvas.Text
}

func newLegendLine(l *Legend) *legendLine {
	n := &legendLine{l: l}
	n.name.TextSize, n.share.TextSize, n.figure.TextSize = TextSize, SmallSize, TextSize
	n.swatch.CornerRadius, n.track.CornerRadius, n.bar.CornerRadius = 2, 1, 1
	n.swatch.StrokeWidth = 1.5
	n.clear()
	return n
}

func (n *legendLine) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&n.back, &n.swatch, &n.track, &n.bar, &n.name, &n.share, &n.figure}
}

func (n *legendLine) clear() {
	n.back.Hidden, n.swatch.Hidden, n.track.Hidden, n.bar.Hidden = true, true, true, true
	n.name.Hidden, n.share.Hidden, n.figure.Hidden = true, true, true
}

func (n *legendLine) show(row int, y, width float32, _ bool) {
	l := n.l
	data, lit, hidden, c := l.rows[row], row == l.lit, l.hidden[row], l.columns(width)
	text, quiet := Colour(ColourText), Colour(ColourQuiet)
	switch {
	case lit:
		text, quiet = Colour(ColourAccent), Colour(ColourAccent)
	case hidden:
		text, quiet = Colour(ColourFaint), Colour(ColourFaint)
	}
	n.back.Hidden, n.back.FillColor = !lit, Colour(ColourTint)
	n.back.Move(fyne.NewPos(0, y))
	n.back.Resize(fyne.NewSize(width, legendRow))
	n.swatch.Hidden, n.swatch.FillColor, n.swatch.StrokeColor = false, data.Colour, data.Colour
	if hidden {
		n.swatch.FillColor = color.Transparent
	}
	n.swatch.Move(fyne.NewPos(Gap, y+(legendRow-swatch)/2))
	n.swatch.Resize(fyne.NewSize(swatch, swatch))
	n.write(data, c, c.name, c.nameRoom, y, lit)
	n.name.Color, n.figure.Color, n.share.Color = text, text, quiet
	value := data.Figure
	if !c.hasFigure {
		value = data.Share
	}
	n.track.Hidden = c.barRoom == 0
	n.bar.Hidden = n.track.Hidden || !(value > 0)
	const height = 8
	top := y + (legendRow-height)/2
	n.track.FillColor, n.bar.FillColor = Fade(Colour(ColourQuiet), .1), Colour(ColourAccent)
	if hidden {
		n.bar.FillColor = Fade(Colour(ColourAccent), .4)
	}
	n.track.Move(fyne.NewPos(c.bar, top))
	n.track.Resize(fyne.NewSize(c.barRoom, height))
	n.bar.Move(fyne.NewPos(c.bar, top))
	n.bar.Resize(fyne.NewSize(max(1, c.barRoom*float32(min(1, value))), height))
}

// showMean shows the row below all others.
func (n *legendLine) showMean(data LegendRow, y, width float32) {
	c := n.l.columns(width)
	n.write(data, c, Gap, c.name+c.nameRoom-Gap, y, true)
	n.name.Color, n.figure.Color, n.share.Color = Colour(ColourText), Colour(ColourText), Colour(ColourQuiet)
}

// write writes the name, from left on in some room, and the numbers.
func (n *legendLine) write(data LegendRow, c legendColumns, left, room, y float32, bold bool) {
	style := fyne.TextStyle{Bold: bold}
	if bold {
		room += Gap / 2 // bold letters are wider
	}
	n.name.TextStyle, n.figure.TextStyle = style, style
	n.name.Text, n.figure.Text, n.share.Text = Ellipsis(data.Name, room, TextSize, style), figureText(data.Figure), percent(data.Share)
	n.name.Hidden, n.figure.Hidden, n.share.Hidden = false, !c.hasFigure, !c.hasShare || math.IsNaN(data.Share)
	place := func(t *canvas.Text, x, right float32) {
		m := fyne.MeasureText(t.Text, t.TextSize, t.TextStyle)
		t.Move(fyne.NewPos(x-right*m.Width, y+(legendRow-m.Height)/2))
	}
	place(&n.name, left, 0)
	place(&n.figure, c.figure, 1)
	place(&n.share, c.share, 1)
}
