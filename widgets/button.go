package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*Button)(nil)
	_ fyne.Focusable    = (*Button)(nil)
	_ desktop.Hoverable = (*Button)(nil)
)

// A ButtonLook is how much a button stands out.
type ButtonLook uint8

// The looks of buttons.
const (
	Plain   ButtonLook = iota // a card with a border
	Primary                   // filled with the accent: the next step
	Quiet                     // text alone
	Linked                    // text in the accent
)

// Button is what is pressed. It answers to the mouse, and to space and Enter when it has the focus.
type Button struct {
	widget.BaseWidget
	text     string
	style    ButtonLook
	height   float32
	size     float32
	bold     bool
	disabled bool
	hovered  bool
	focused  bool
	icon     func() fyne.Resource
	OnTapped func()
}

// NewButton makes a button.
func NewButton(text string, look ButtonLook, tapped func()) *Button {
	b := &Button{text: text, style: look, height: ButtonHeight, size: TextSize, OnTapped: tapped}
	if look >= Quiet {
		b.height = 20
	}
	b.ExtendBaseWidget(b)
	return b
}

// NewIconButton makes a button that is an icon, redrawn when the theme changes.
func NewIconButton(icon func() fyne.Resource, tapped func()) *Button {
	b := NewButton("", Quiet, tapped)
	b.icon, b.height = icon, 26
	return b
}

// Low makes it as high as a field.
func (b *Button) Low() *Button { b.height = FieldHeight + 2; return b }

// Small makes its letters small.
func (b *Button) Small() *Button { b.size, b.height = SmallSize, 16; return b }

// SetText changes the text.
func (b *Button) SetText(text string) {
	if b.text != text {
		b.text = text
		b.Refresh()
	}
}

// SetLook changes how much it stands out.
func (b *Button) SetLook(look ButtonLook, bold bool) {
	if b.style != look || b.bold != bold {
		b.style, b.bold = look, bold
		b.Refresh()
	}
}

// Enable lets it be pressed, or not.
func (b *Button) Enable(on bool) {
	if b.disabled == on {
		b.disabled = !on
		b.Refresh()
	}
}

// Enabled reports whether it can be pressed.
func (b *Button) Enabled() bool { return !b.disabled }

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.OnTapped != nil {
		b.OnTapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() { b.hovered = false; b.Refresh() }

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		b.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b}
	r.back.CornerRadius = 6
	r.picture.FillMode = canvas.ImageFillContain
	r.applyTheme()
	return r
}

type buttonRenderer struct {
	b       *Button
	back    canvas.Rectangle
	label   canvas.Text
	picture canvas.Image
}

func (r *buttonRenderer) Destroy() {}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	if r.b.icon != nil {
		return []fyne.CanvasObject{&r.back, &r.picture}
	}
	return []fyne.CanvasObject{&r.back, &r.label}
}

func (r *buttonRenderer) pad() float32 {
	switch {
	case r.b.style >= Quiet:
		return 2
	case r.b.height < ButtonHeight:
		return 10
	}
	return 14
}

func (r *buttonRenderer) MinSize() fyne.Size {
	if r.b.icon != nil {
		return fyne.NewSize(r.b.height, r.b.height)
	}
	// A bold text is measured for all, so that nothing moves when one of several becomes the chosen one.
	w := fyne.MeasureText(r.b.text, r.b.size, fyne.TextStyle{Bold: true}).Width
	return fyne.NewSize(w+2*r.pad(), r.b.height)
}

func (r *buttonRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	h := fyne.MeasureText("0", r.b.size, r.label.TextStyle).Height
	r.label.Text = Ellipsis(r.b.text, size.Width-2, r.b.size, r.label.TextStyle)
	r.label.Move(fyne.NewPos(0, (size.Height-h)/2))
	r.label.Resize(fyne.NewSize(size.Width, h))
	edge := min(size.Width, size.Height) * .16
	r.picture.Move(fyne.NewPos(edge, edge))
	r.picture.Resize(fyne.NewSize(size.Width-2*edge, size.Height-2*edge))
}

func (r *buttonRenderer) applyTheme() {
	b := r.b
	fill, text, line := fyne.ThemeColorName(""), ColourText, fyne.ThemeColorName("")
	switch b.style {
	case Plain:
		fill, line = ColourPanel, ColourLine
	case Primary:
		fill, text = ColourAccent, ColourOnAccent
	case Quiet:
		text = ColourQuiet
	case Linked:
		text = ColourAccent
	}
	r.label.TextSize, r.label.Alignment = b.size, fyne.TextAlignCenter
	r.label.TextStyle.Bold = b.style == Primary || b.bold
	r.back.FillColor, r.back.StrokeWidth = nil, 0
	if fill != "" {
		r.back.FillColor = Colour(fill)
	}
	if line != "" {
		r.back.StrokeColor, r.back.StrokeWidth = Colour(line), 1
	}
	r.label.Color = Colour(text)
	switch {
	case b.disabled:
		r.label.Color = Colour(ColourFaint)
		if b.style == Primary {
			r.back.FillColor = Colour(ColourField)
			r.back.StrokeColor, r.back.StrokeWidth = Colour(ColourLine), 1
		}
	case b.hovered && b.style == Primary:
		r.back.FillColor = Fade(Colour(ColourAccent), .88)
	case b.hovered && b.style == Plain:
		r.back.FillColor = Colour(ColourField)
	case b.hovered && b.style == Quiet:
		r.label.Color = Colour(ColourText)
	}
	if b.focused && !b.disabled {
		r.back.StrokeColor, r.back.StrokeWidth = Colour(ColourAccent), 1.5
	}
	if b.icon != nil {
		r.picture.Resource = b.icon()
		if b.hovered {
			r.back.FillColor = Fade(Colour(ColourQuiet), .12)
		}
	}
}

func (r *buttonRenderer) Refresh() {
	r.applyTheme()
	r.Layout(r.b.Size())
	r.back.Refresh()
	if r.b.icon != nil {
		r.picture.Refresh()
		return
	}
	r.label.Refresh()
}

// Segmented is a choice of few, as texts beside each other.
type Segmented struct {
	box
	buttons  []*Button
	chosen   int
	OnChosen func(i int)
}

// NewSegmented makes a choice; the first is chosen.
func NewSegmented(names []string, chosen func(i int)) *Segmented {
	s := &Segmented{OnChosen: chosen}
	var objects []fyne.CanvasObject
	for i, name := range names {
		b := NewButton(name, Quiet, func() { s.choose(i) })
		s.buttons = append(s.buttons, b)
		objects = append(objects, b)
	}
	s.content = Line(14, objects...)
	s.ExtendBaseWidget(s)
	s.show()
	return s
}

// Choose chooses without telling OnChosen.
func (s *Segmented) Choose(i int) {
	s.chosen = i
	s.show()
}

// Chosen returns the index of what is chosen.
func (s *Segmented) Chosen() int { return s.chosen }

// Name returns the name of a choice.
func (s *Segmented) Name(i int) string { return s.buttons[i].text }

// SetName gives a choice another name.
func (s *Segmented) SetName(i int, name string) {
	s.buttons[i].SetText(name)
	s.content.Refresh()
}

func (s *Segmented) choose(i int) {
	if s.chosen == i {
		return
	}
	s.Choose(i)
	if s.OnChosen != nil {
		s.OnChosen(i)
	}
}

func (s *Segmented) show() {
	for i, b := range s.buttons {
		if i == s.chosen {
			b.SetLook(Linked, true)
		} else {
			b.SetLook(Quiet, false)
		}
	}
}
