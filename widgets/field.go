package widgets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*Choice)(nil)
	_ desktop.Hoverable = (*Choice)(nil)
	_ fyne.Widget       = (*Check)(nil)
)

// typed is an entry that reports when it gains and loses the focus.
type typed struct {
	widget.Entry
	focused  func(on bool)
	OnEscape func() // the escape key; may be nil
}

// TypedKey implements fyne.Focusable.
func (t *typed) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape && t.OnEscape != nil {
		t.OnEscape()
		return
	}
	t.Entry.TypedKey(e)
}

// FocusGained implements fyne.Focusable.
func (t *typed) FocusGained() {
	t.Entry.FocusGained()
	t.focused(true)
}

// FocusLost implements fyne.Focusable.
func (t *typed) FocusLost() {
	t.Entry.FocusLost()
	t.focused(false)
}

// TypedShortcut implements fyne.Shortcutable: the window gets what is of no use here, such as undo where nothing was typed.
func (t *typed) TypedShortcut(s fyne.Shortcut) {
	before := t.Text
	t.Entry.TypedShortcut(s)
	switch s.(type) {
	case *fyne.ShortcutUndo, *fyne.ShortcutRedo:
		if t.Text == before {
			handOn(t, s)
		}
	case *desktop.CustomShortcut:
		handOn(t, s)
	}
}

// handOn passes a shortcut that a widget has no use for on to the window.
func handOn(from fyne.CanvasObject, s fyne.Shortcut) {
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(from).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

// Entry is a line of text to type into, 26 high.
type Entry struct {
	box
	Field          *typed
	frame          *Frame
	said           *Paragraph // of its row: why what was typed is invalid
	wrong, focused bool
	OnFocused      func(on bool) // is told when the focus comes and goes
	OnWrong        func()        // is told when what was typed becomes wrong or right
}

// NewEntry makes an entry; changed is called with each valid change.
func NewEntry(text string, changed func(string)) *Entry {
	e := &Entry{}
	e.build(text, changed)
	e.ExtendBaseWidget(e)
	return e
}

// build makes the content. Fyne's entry is higher than ours and reaches out of it; that it has no frame of its own is the theme's. An override of the theme for each
// would stay in Fyne's caches for ever, with fonts of its own. Who extends an Entry is the widget that Fyne knows: only then does it find the field below it, to give it the focus.
func (e *Entry) build(text string, changed func(string)) {
	e.Field, e.frame, e.said = &typed{}, NewFrame(ColourLine), NewParagraph("", ColourBad).Small()
	e.said.Hide()
	e.Field.ExtendBaseWidget(e.Field)
	e.Field.focused = func(on bool) {
		e.focused = on
		e.outline()
		if e.OnFocused != nil {
			e.OnFocused(on)
		}
	}
	e.Field.SetText(text)
	e.Field.OnChanged = changed
	e.content = Sized(0, FieldHeight, container.NewStack(e.frame, Inset(-3, 2, -3, 2, e.Field)))
}

// outline shows by the frame whether what was typed can be, and whether it has the focus.
func (e *Entry) outline() {
	switch {
	case e.wrong:
		e.frame.Set(ColourBad)
	case e.focused:
		e.frame.Set(ColourAccent)
	default:
		e.frame.Set(ColourLine)
	}
}

// SetWrong marks what was typed as invalid, with the reason in its row; "" clears that.
func (e *Entry) SetWrong(why string) { e.mark(why != "", why) }

// mark is SetWrong with a reason that may be left out.
func (e *Entry) mark(wrong bool, why string) {
	before := e.wrong
	e.wrong = wrong
	e.outline()
	e.said.Set(why)
	if why != "" {
		e.said.Show()
	} else {
		e.said.Hide()
	}
	if before != wrong && e.OnWrong != nil {
		e.OnWrong()
	}
}

// Wrong reports whether what was typed is invalid.
func (e *Entry) Wrong() bool { return e.wrong }

// reason returns what its row says.
func (e *Entry) reason() *Paragraph { return e.said }

// Set changes the text without telling.
func (e *Entry) Set(text string) {
	if e.Field.Text == text {
		return
	}
	told := e.Field.OnChanged
	e.Field.OnChanged = nil
	e.Field.SetText(text)
	e.Field.OnChanged = told
}

// Number is an entry of a number within bounds. What is not a number, or out of bounds, is marked and not reported.
type Number struct {
	*Entry
	min, max float64
	whole    bool
	value    float64
	why      string
}

// NewNumber makes an entry of a number.
func NewNumber(value, low, high float64, whole bool, changed func(float64)) *Number {
	n := &Number{Entry: &Entry{}, min: low, max: high, whole: whole, value: value}
	n.build(FormatNumber(value), nil)
	n.ExtendBaseWidget(n)
	n.Field.OnChanged = func(text string) {
		v, err := n.parse(text)
		n.judge(err != nil)
		if err != nil || v == n.value {
			return
		}
		n.value = v
		if changed != nil {
			changed(v)
		}
	}
	return n
}

// Explained sets what its row says while what was typed is invalid.
func (n *Number) Explained(why string) *Number { n.why = why; return n }

// Bounds returns what the number must lie between, and whether it must be whole.
func (n *Number) Bounds() (low, high float64, whole bool) { return n.min, n.max, n.whole }

// judge marks what was typed.
func (n *Number) judge(wrong bool) {
	if wrong {
		n.mark(true, n.why)
	} else {
		n.mark(false, "")
	}
}

// grouped is a whole number as people and the window write it: 10,000.
var grouped = regexp.MustCompile(`^\d{1,3}(,\d{3})+$`)

func (n *Number) parse(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if n.whole && grouped.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	text = strings.ReplaceAll(text, ",", ".")
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	if !(v >= n.min && v <= n.max) || n.whole && v != float64(int64(v)) {
		return 0, strconv.ErrRange
	}
	return v, nil
}

// Parse reads a number as the entry does.
func (n *Number) Parse(text string) (float64, bool) {
	v, err := n.parse(text)
	return v, err == nil
}

// Value returns the last valid number.
func (n *Number) Value() float64 { return n.value }

// SetValue changes the number without telling.
func (n *Number) SetValue(v float64) {
	if v != n.value {
		n.value = v
		n.Set(FormatNumber(v))
		n.judge(false)
	}
}

// FormatNumber writes a number as short as it is exact.
func FormatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// FormRow returns a quiet name at the left and a control at the right, which is width wide.
func FormRow(name string, width float32, control fyne.CanvasObject, extra ...fyne.CanvasObject) *fyne.Container {
	label := NewText(name, ColourQuiet)
	objects := append([]fyne.CanvasObject{label}, extra...)
	return LineGrowing(6, label, append(objects, Sized(width, FieldHeight, control))...)
}

// EntryRow returns a form's row of an Entry or a Number. Below it stands why what was typed is invalid, while it is.
func EntryRow(name string, width float32, e interface {
	fyne.CanvasObject
	reason() *Paragraph
}, extra ...fyne.CanvasObject,
) *fyne.Container {
	return Column(2, FormRow(name, width, e, extra...), e.reason())
}

// EntryAlone returns an Entry over its whole width. Below it stands why what was typed is invalid, while it is.
func EntryAlone(e *Entry) *fyne.Container { return Column(4, e, e.reason()) }

// Choice is a field that opens a list of values.
type Choice struct {
	widget.BaseWidget
	prefix   string // quiet, before the value
	options  []string
	chosen   int
	bold     bool
	height   float32
	natural  bool
	hovered  bool
	locked   bool
	empty    string
	OnChosen func(i int)
}

// Lock lets nothing be chosen.
func (c *Choice) Lock() *Choice {
	c.locked = true
	c.Refresh()
	return c
}

// NewChoice makes a choice among texts; chosen −1 is none.
func NewChoice(options []string, chosen int, told func(i int)) *Choice {
	c := &Choice{options: options, chosen: chosen, OnChosen: told, height: FieldHeight}
	c.ExtendBaseWidget(c)
	return c
}

// NewChip makes a choice with a quiet name before a bold value, as wide as its text: the shared choice at the top of the window. empty is shown
// when nothing is chosen.
func NewChip(prefix, empty string, told func(i int)) *Choice {
	c := &Choice{prefix: prefix, empty: empty, chosen: -1, bold: true, natural: true, height: 28, OnChosen: told}
	c.ExtendBaseWidget(c)
	return c
}

// Set changes the options and what is chosen, without telling.
func (c *Choice) Set(options []string, chosen int) {
	if c.chosen == chosen && slices.Equal(c.options, options) {
		return
	}
	c.options, c.chosen = options, chosen
	c.Refresh()
}

// Choose chooses without telling.
func (c *Choice) Choose(i int) {
	if c.chosen != i {
		c.chosen = i
		c.Refresh()
	}
}

// Chosen returns the index of what is chosen, or −1.
func (c *Choice) Chosen() int { return c.chosen }

// Options returns the texts to choose from.
func (c *Choice) Options() []string { return c.options }

func (c *Choice) value() string {
	if c.chosen < 0 || c.chosen >= len(c.options) {
		return c.empty
	}
	return c.options[c.chosen]
}

// Pick chooses as a user does, and reports the choice.
func (c *Choice) Pick(i int) {
	if i < 0 || i >= len(c.options) {
		return
	}
	c.Choose(i)
	if c.OnChosen != nil {
		c.OnChosen(i)
	}
}

// Tapped implements fyne.Tappable: the list opens below.
func (c *Choice) Tapped(*fyne.PointEvent) {
	if len(c.options) == 0 || c.locked {
		return
	}
	var items []*fyne.MenuItem
	for i, option := range c.options {
		item := fyne.NewMenuItem(option, func() { c.Pick(i) })
		item.Checked = i == c.chosen
		items = append(items, item)
	}
	canvas := fyne.CurrentApp().Driver().CanvasForObject(c)
	if canvas == nil {
		return
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(c)
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), canvas)
	menu.ShowAtPosition(at.AddXY(0, c.Size().Height+2))
	if menu.Size().Width < c.Size().Width {
		menu.Resize(fyne.NewSize(c.Size().Width, menu.Size().Height))
	}
}

// MouseIn implements desktop.Hoverable.
func (c *Choice) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *Choice) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *Choice) MouseOut() { c.hovered = false; c.Refresh() }

// CreateRenderer implements fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	r := &choiceRenderer{c: c}
	r.back.CornerRadius, r.back.StrokeWidth = FieldRadius, 1
	r.Refresh()
	return r
}

type choiceRenderer struct {
	c                    *Choice
	back                 canvas.Rectangle
	prefix, value, arrow canvas.Text
}

func (r *choiceRenderer) Destroy() {}

func (r *choiceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.back, &r.prefix, &r.value, &r.arrow}
}

func (r *choiceRenderer) style() fyne.TextStyle { return fyne.TextStyle{Bold: r.c.bold} }

func (r *choiceRenderer) prefixWidth() float32 {
	if r.c.prefix == "" {
		return 0
	}
	return fyne.MeasureText(r.c.prefix, TextSize, fyne.TextStyle{}).Width + 7
}

func (r *choiceRenderer) MinSize() fyne.Size {
	if !r.c.natural {
		return fyne.NewSize(48, r.c.height)
	}
	w := min(fyne.MeasureText(r.c.value(), TextSize, r.style()).Width, 180)
	return fyne.NewSize(10+r.prefixWidth()+w+22, r.c.height)
}

// arrowSize is the size of the sign that a choice opens, which in the font is as large as a letter of Hangul.
const arrowSize = 8

func (r *choiceRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	h := fyne.MeasureText("0", TextSize, fyne.TextStyle{}).Height
	y := (size.Height - h) / 2
	x := float32(10)
	if !r.c.natural {
		x = 8
	}
	r.prefix.Text = r.c.prefix
	r.prefix.Move(fyne.NewPos(x, y))
	x += r.prefixWidth()
	r.value.Text = Ellipsis(r.c.value(), size.Width-x-20, TextSize, r.style())
	r.value.Move(fyne.NewPos(x, y))
	r.arrow.Move(fyne.NewPos(size.Width-17, (size.Height-fyne.MeasureText("0", arrowSize, fyne.TextStyle{}).Height)/2))
}

func (r *choiceRenderer) Refresh() {
	r.back.FillColor, r.back.StrokeColor = Colour(ColourField), Colour(ColourLine)
	if r.c.hovered && !r.c.locked {
		r.back.StrokeColor = Colour(ColourFaint)
	}
	r.prefix.Color, r.prefix.TextSize = Colour(ColourQuiet), TextSize
	r.value.Color, r.value.TextSize, r.value.TextStyle = Colour(ColourText), TextSize, r.style()
	if r.c.chosen < 0 {
		r.value.Color, r.value.TextStyle = Colour(ColourFaint), fyne.TextStyle{}
	}
	r.arrow.Text, r.arrow.Color, r.arrow.TextSize = "▼", Colour(ColourQuiet), arrowSize
	if r.c.locked {
		r.arrow.Text, r.value.Color = "", Colour(ColourFaint)
	}
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// Check is a box with a text that is on or off.
type Check struct {
	widget.BaseWidget
	text      string
	on        bool
	hovered   bool
	OnChanged func(on bool)
}

// NewCheck makes a check.
func NewCheck(text string, on bool, changed func(on bool)) *Check {
	c := &Check{text: text, on: on, OnChanged: changed}
	c.ExtendBaseWidget(c)
	return c
}

// On reports whether it is on.
func (c *Check) On() bool { return c.on }

// Set changes it without telling.
func (c *Check) Set(on bool) {
	if c.on != on {
		c.on = on
		c.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (c *Check) Tapped(*fyne.PointEvent) {
	c.Set(!c.on)
	if c.OnChanged != nil {
		c.OnChanged(c.on)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *Check) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *Check) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *Check) MouseOut() { c.hovered = false; c.Refresh() }

// CreateRenderer implements fyne.Widget.
func (c *Check) CreateRenderer() fyne.WidgetRenderer {
	r := &checkRenderer{c: c}
	r.box.CornerRadius = 3
	r.Refresh()
	return r
}

type checkRenderer struct {
	c           *Check
	box         canvas.Rectangle
	text        canvas.Text
	down, right canvas.Line // of the tick
}

func (r *checkRenderer) Destroy() {}

func (r *checkRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.box, &r.text, &r.down, &r.right}
}

func (r *checkRenderer) MinSize() fyne.Size {
	return fyne.NewSize(22+fyne.MeasureText(r.c.text, TextSize, fyne.TextStyle{}).Width, RowHeight-2)
}

func (r *checkRenderer) Layout(size fyne.Size) {
	y := (size.Height - 14) / 2
	r.box.Move(fyne.NewPos(0, y))
	r.box.Resize(fyne.NewSize(14, 14))
	r.down.Position1, r.down.Position2 = fyne.NewPos(3.5, y+7.5), fyne.NewPos(6, y+10)
	r.right.Position1, r.right.Position2 = fyne.NewPos(6, y+10), fyne.NewPos(10.5, y+4.5)
	h := fyne.MeasureText("0", TextSize, fyne.TextStyle{}).Height
	r.text.Move(fyne.NewPos(22, (size.Height-h)/2))
}

func (r *checkRenderer) Refresh() {
	r.box.FillColor, r.box.StrokeColor, r.box.StrokeWidth = Colour(ColourField), Colour(ColourFaint), 1
	if r.c.on {
		r.box.FillColor, r.box.StrokeColor = Colour(ColourAccent), Colour(ColourAccent)
	}
	if r.c.hovered {
		r.box.StrokeColor = Colour(ColourAccent)
	}
	for _, l := range []*canvas.Line{&r.down, &r.right} {
		l.StrokeColor, l.StrokeWidth, l.Hidden = Colour(ColourOnAccent), 1.8, !r.c.on
	}
	r.text.Text, r.text.Color, r.text.TextSize = r.c.text, Colour(ColourText), TextSize
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}
