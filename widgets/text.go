package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget = (*Text)(nil)
	_ fyne.Widget = (*Paragraph)(nil)
)

// Text is one line that ends in … where there is no room.
type Text struct {
	widget.BaseWidget
	text    string
	colour  fyne.ThemeColorName
	size    float32
	style   fyne.TextStyle
	align   fyne.TextAlign
	natural bool // asks for the room of its whole text
}

// NewText makes a line in the window's text size.
func NewText(text string, colour fyne.ThemeColorName) *Text {
	t := &Text{text: text, colour: colour, size: TextSize}
	t.ExtendBaseWidget(t)
	return t
}

// NewHeading makes the heading of a panel.
func NewHeading(text string) *Text {
	return NewText(text, ColourQuiet).Sized(HeadingSize).Bold()
}

// Small makes it as small as hints are.
func (t *Text) Small() *Text { return t.Sized(SmallSize) }

// Sized sets the size of its letters.
func (t *Text) Sized(size float32) *Text { t.size = size; t.Refresh(); return t }

// Bold makes it bold.
func (t *Text) Bold() *Text { t.style.Bold = true; t.Refresh(); return t }

// Aligned sets where in its room it stands.
func (t *Text) Aligned(a fyne.TextAlign) *Text { t.align = a; t.Refresh(); return t }

// Natural makes it ask for the room of its whole text; without, it takes what it gets.
func (t *Text) Natural() *Text { t.natural = true; t.Refresh(); return t }

// Set changes the text.
func (t *Text) Set(text string) {
	if t.text != text {
		t.text = text
		t.Refresh()
	}
}

// Text returns the text.
func (t *Text) Text() string { return t.text }

// SetColour changes the colour.
func (t *Text) SetColour(c fyne.ThemeColorName) {
	if t.colour != c {
		t.colour = c
		t.Refresh()
	}
}

// SetBold changes the weight.
func (t *Text) SetBold(on bool) {
	if t.style.Bold != on {
		t.style.Bold = on
		t.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t: t}
	r.Refresh()
	return r
}

type textRenderer struct {
	t    *Text
	line canvas.Text
}

func (r *textRenderer) Destroy() {}

func (r *textRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{&r.line} }

func (r *textRenderer) MinSize() fyne.Size {
	full := fyne.MeasureText(r.t.text, r.t.size, r.t.style)
	if !r.t.natural {
		full.Width = min(full.Width, 8)
	}
	return full
}

func (r *textRenderer) Layout(size fyne.Size) {
	r.line.Text = Ellipsis(r.t.text, size.Width, r.t.size, r.t.style)
	h := fyne.MeasureText("0", r.t.size, r.t.style).Height
	r.line.Move(fyne.NewPos(0, (size.Height-h)/2))
	r.line.Resize(fyne.NewSize(size.Width, h))
}

func (r *textRenderer) Refresh() {
	r.line.Color, r.line.TextSize, r.line.TextStyle, r.line.Alignment = Colour(r.t.colour), r.t.size, r.t.style, r.t.align
	r.Layout(r.t.Size())
	canvas.Refresh(&r.line)
}

// textPool has the texts of a drawing, which are used again when it changes.
type textPool struct {
	all  []*canvas.Text
	used int
}

// next returns a text that is not used yet.
func (p *textPool) next() *canvas.Text {
	if p.used == len(p.all) {
		p.all = append(p.all, canvas.NewText("", nil))
	}
	p.used++
	return p.all[p.used-1]
}

// Shortened returns a text of so many letters at most, ending it in … where it is longer: for what is laid out elsewhere, or at a scale of its own. Ellipsis goes by the width.
func Shortened(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

// Ellipsis shortens text to a width, ending it in …
func Ellipsis(text string, width, size float32, style fyne.TextStyle) string {
	if fyne.MeasureText(text, size, style).Width <= width+.5 {
		return text
	}
	letters := []rune(text)
	low, high := 0, len(letters)
	for low < high {
		mid := (low + high + 1) / 2
		if fyne.MeasureText(string(letters[:mid])+"…", size, style).Width <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low == 0 {
		return ""
	}
	return strings.TrimRight(string(letters[:low]), " ") + "…"
}

// Paragraph is text that breaks into lines.
type Paragraph struct {
	widget.BaseWidget
	text   string
	colour fyne.ThemeColorName
	size   float32
	bold   bool
	centre bool
	width  float32 // at which it was last laid out
}

// NewParagraph makes a paragraph.
func NewParagraph(text string, colour fyne.ThemeColorName) *Paragraph {
	p := &Paragraph{text: text, colour: colour, size: TextSize}
	p.ExtendBaseWidget(p)
	return p
}

// Small makes it as small as hints are.
func (p *Paragraph) Small() *Paragraph { p.size = SmallSize; return p }

// Centred centres its lines.
func (p *Paragraph) Centred() *Paragraph { p.centre = true; return p }

// Set changes the text.
func (p *Paragraph) Set(text string) {
	if p.text != text {
		p.text = text
		p.Refresh()
	}
}

// Text returns the text.
func (p *Paragraph) Text() string { return p.text }

// SetColour changes the colour.
func (p *Paragraph) SetColour(c fyne.ThemeColorName) {
	if p.colour != c {
		p.colour = c
		p.Refresh()
	}
}

// Resize implements fyne.CanvasObject; the height that it asks for follows its width.
func (p *Paragraph) Resize(size fyne.Size) {
	if p.width != size.Width {
		p.width = size.Width
		p.BaseWidget.Resize(size)
		p.Refresh()
		return
	}
	p.BaseWidget.Resize(size)
}

// HeightFor returns the height that it takes at a width.
func (p *Paragraph) HeightFor(width float32) float32 {
	return float32(len(wrap(p.text, width, p.size, fyne.TextStyle{Bold: p.bold}))) * lineHeight(p.size)
}

// MinSize implements fyne.CanvasObject.
func (p *Paragraph) MinSize() fyne.Size {
	p.ExtendBaseWidget(p)
	width := p.width
	if width < 24 {
		width = 200
	}
	return fyne.NewSize(24, p.HeightFor(width))
}

// CreateRenderer implements fyne.Widget.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer {
	r := &paragraphRenderer{p: p}
	r.Refresh()
	return r
}

type paragraphRenderer struct {
	p       *Paragraph
	lines   []*canvas.Text
	objects []fyne.CanvasObject
}

func (r *paragraphRenderer) Destroy()                     {}
func (r *paragraphRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *paragraphRenderer) MinSize() fyne.Size           { return r.p.MinSize() }
func (r *paragraphRenderer) Layout(fyne.Size)             { r.update() }

func (r *paragraphRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.p)
}

func (r *paragraphRenderer) update() {
	p := r.p
	width := p.Size().Width
	if width < 24 {
		width = 200
	}
	texts := wrap(p.text, width, p.size, fyne.TextStyle{Bold: p.bold})
	for len(r.lines) < len(texts) {
		r.lines = append(r.lines, canvas.NewText("", nil))
	}
	r.objects = r.objects[:0]
	h := lineHeight(p.size)
	for i, text := range texts {
		l := r.lines[i]
		l.Text, l.Color, l.TextSize, l.TextStyle.Bold = text, Colour(p.colour), p.size, p.bold
		l.Alignment = fyne.TextAlignLeading
		if p.centre {
			l.Alignment = fyne.TextAlignCenter
		}
		l.Move(fyne.NewPos(0, float32(i)*h))
		l.Resize(fyne.NewSize(width, h))
		r.objects = append(r.objects, l)
	}
}

func lineHeight(size float32) float32 { return float32(int(size*1.38 + .5)) }

// words returns what a line is not broken within. A percent sign stays with its number.
func words(para string) []string {
	var all []string
	for _, word := range strings.Split(para, " ") {
		if n := len(all); n > 0 && strings.HasPrefix(word, "%") {
			all[n-1] += " " + word
			continue
		}
		all = append(all, word)
	}
	return all
}

// wrap breaks text into lines of a width, between words where it can.
func wrap(text string, width, size float32, style fyne.TextStyle) []string {
	var lines []string
	for _, para := range strings.Split(text, "\n") {
		line := ""
		for _, word := range words(para) {
			next := word
			if line != "" {
				next = line + " " + word
			}
			if fyne.MeasureText(next, size, style).Width <= width {
				line = next
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = word
			for fyne.MeasureText(line, size, style).Width > width { // a word longer than a line
				letters := []rune(line)
				n := len(letters) - 1
				for n > 1 && fyne.MeasureText(string(letters[:n]), size, style).Width > width {
					n--
				}
				if n < 1 {
					break
				}
				lines = append(lines, string(letters[:n]))
				line = string(letters[n:])
			}
		}
		lines = append(lines, line)
	}
	return lines
}
