package widgets

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func TestNumberTellsOnlyWhatCanBe(t *testing.T) {
	themed(t)
	var told []float64
	n := NewNumber(30, 1, 100, true, func(v float64) { told = append(told, v) })
	test.NewTempWindow(t, n)
	for _, text := range []string{"x", "0", "101", "2.5", "", "12"} {
		n.Field.SetText(text)
		if wrong := text != "12"; n.wrong != wrong {
			t.Errorf("%q is marked as wrong: %v", text, n.wrong)
		}
	}
	if len(told) != 1 || told[0] != 12 || n.Value() != 12 {
		t.Errorf("told %v, the value is %g", told, n.Value())
	}
	n.SetValue(7)
	if len(told) != 1 || n.Field.Text != "7" {
		t.Error("setting a value tells, or is not shown")
	}
	if v, ok := n.Parse("3,0"); !ok || v != 3 {
		t.Error("a comma is not a decimal point")
	}
}

func TestRowSaysWhyANumberCannotBe(t *testing.T) {
	themed(t)
	n := NewNumber(30, 1, 100, true, nil).Explained("from 1 to 100")
	told := 0
	n.OnWrong = func() { told++ }
	row := EntryRow("epochs", 100, n)
	w := test.NewTempWindow(t, row)
	w.Canvas().Focus(n.Field)
	if w.Canvas().Focused() == nil {
		t.Error("the field of a number cannot get the focus")
	}
	low := row.MinSize().Height
	n.Field.SetText("101")
	n.Field.SetText("102")
	if !n.Wrong() || !n.said.Visible() || n.said.text != "from 1 to 100" || row.MinSize().Height <= low {
		t.Errorf("wrong: %v, said: %q", n.Wrong(), n.said.text)
	}
	n.SetValue(40)
	if n.Wrong() || n.said.Visible() || row.MinSize().Height != low || told != 2 {
		t.Errorf("what was wrong is still said after a right value; told %d times", told)
	}
}

// Undo is the window's where nothing was typed; what was typed is undone in the field.
func TestShortcutsThatATextHasNoUseForAreTheWindows(t *testing.T) {
	themed(t)
	e := NewEntry("20", nil)
	w := test.NewTempWindow(t, e)
	undone, went := 0, 0
	w.Canvas().AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) { undone++ })
	there := &desktop.CustomShortcut{KeyName: fyne.Key1, Modifier: fyne.KeyModifierControl}
	w.Canvas().AddShortcut(there, func(fyne.Shortcut) { went++ })
	w.Canvas().Focus(e.Field)
	e.Field.TypedShortcut(&fyne.ShortcutUndo{})
	e.Field.TypedShortcut(there)
	if undone != 1 || went != 1 {
		t.Fatalf("the window got undo %d and its own shortcut %d times", undone, went)
	}
	test.Type(e.Field, "5")
	e.Field.TypedShortcut(&fyne.ShortcutUndo{})
	if e.Field.Text != "20" || undone != 1 {
		t.Errorf("what was typed is %q after undo; the window undid %d times", e.Field.Text, undone)
	}
}

func TestNumbersInGroups(t *testing.T) {
	whole, any := NewNumber(1, 1, 1e6, true, nil), NewNumber(1, 0, 10, false, nil)
	for text, want := range map[string]float64{"10,000": 1e4, "1,000,000": 1e6} {
		if v, ok := whole.Parse(text); !ok || v != want {
			t.Errorf("%s is read as %g, %v", text, v, ok)
		}
	}
	if v, ok := whole.Parse("1,5"); ok {
		t.Errorf("1,5 is a whole number: %g", v)
	}
	if v, ok := any.Parse("1,5"); !ok || v != 1.5 {
		t.Errorf("1,5 is read as %g", v)
	}
}

func TestButtonsByMouseAndKey(t *testing.T) {
	themed(t)
	pressed := 0
	b := NewButton("Train", Primary, func() { pressed++ })
	test.NewTempWindow(t, b)
	test.Tap(b)
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyA})
	if pressed != 2 {
		t.Errorf("pressed %d times, not 2", pressed)
	}
	b.Enable(false)
	test.Tap(b)
	if pressed != 2 || b.Enabled() {
		t.Error("a disabled button can be pressed")
	}
}

func TestSliderRoundsAndTells(t *testing.T) {
	themed(t)
	var told []float64
	s := NewSlider(0, 1, .05, .5, func(v float64) { told = append(told, v) })
	w := test.NewTempWindow(t, s)
	w.Resize(fyne.NewSize(200, 40))
	s.Slide(.52)
	s.Slide(.53)
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	s.Set(.2)
	if len(told) != 2 || told[0] != .55 || told[1] != 1 || s.Value() != .2 {
		t.Errorf("told %v, the value is %g", told, s.Value())
	}
}

func TestSegmentedAndChoice(t *testing.T) {
	themed(t)
	chosen := -1
	s := NewSegmented([]string{"boxes", "heat map"}, func(i int) { chosen = i })
	w := test.NewTempWindow(t, s)
	test.Tap(s.buttons[1])
	test.Tap(s.buttons[1])
	if chosen != 1 || s.Chosen() != 1 {
		t.Errorf("chosen %d", chosen)
	}
	c := NewChoice([]string{"SGD", "Adam"}, 0, func(i int) { chosen = 10 + i })
	w.SetContent(c)
	c.Pick(1)
	c.Pick(5)
	if chosen != 11 || c.Chosen() != 1 {
		t.Errorf("chosen %d", chosen)
	}
	c.Set([]string{"a"}, -1)
	if c.value() != "" {
		t.Error("nothing chosen has a value")
	}
}

func TestTextsAreShortenedAndWrapped(t *testing.T) {
	themed(t)
	long := "특징 맵과 필터를 보여 주는 아주 긴 이름 😀 with_one_word_that_is_longer_than_a_line"
	short := Ellipsis(long, 80, TextSize, fyne.TextStyle{})
	if got := fyne.MeasureText(short, TextSize, fyne.TextStyle{}).Width; got > 81 {
		t.Errorf("%q is %g wide", short, got)
	}
	if Ellipsis("ok", 80, TextSize, fyne.TextStyle{}) != "ok" || Ellipsis(long, 0, TextSize, fyne.TextStyle{}) != "" {
		t.Error("a text that fits is shortened, or one is shown where there is no room")
	}
	lines := wrap(long+"\nsecond", 90, TextSize, fyne.TextStyle{})
	if lines[len(lines)-1] != "second" {
		t.Errorf("the lines are %q", lines)
	}
	for _, l := range lines {
		if fyne.MeasureText(l, TextSize, fyne.TextStyle{}).Width > 91 {
			t.Errorf("the line %q is too wide", l)
		}
	}
	for width := float32(60); width < 120; width++ {
		for _, line := range wrap("the best is 95.2 % so far", width, TextSize, fyne.TextStyle{}) {
			if strings.HasPrefix(line, "%") {
				t.Errorf("at %g a line begins with %q", width, line)
			}
		}
	}
	if wrap("x", .5, TextSize, fyne.TextStyle{})[0] != "x" {
		t.Error("a letter wider than a line is lost")
	}
}

func TestLayouts(t *testing.T) {
	themed(t)
	a, b, grows := NewFill(ColourPanel), NewFill(ColourPanel), NewFill(ColourPanel)
	c := ColumnGrowing(10, grows, Sized(0, 20, a), grows, Sized(0, 30, b))
	c.Resize(fyne.NewSize(100, 200))
	if h := grows.Size().Height; h != 200-20-30-20 {
		t.Errorf("what grows is %g high", h)
	}
	l := LineGrowing(5, grows, Sized(20, 10, a), grows, Sized(30, 10, b))
	l.Resize(fyne.NewSize(100, 10))
	if w := grows.Size().Width; w != 100-20-30-10 {
		t.Errorf("what grows is %g wide", w)
	}
	s := Shares(10, []float32{1, 3}, a, b)
	s.Resize(fyne.NewSize(90, 10))
	if a.Size().Width != 20 || b.Size().Width != 60 {
		t.Errorf("shares of 1 and 3 are %g and %g", a.Size().Width, b.Size().Width)
	}
	if m := Loose(Sized(500, 500, a)).MinSize(); m.Width > 1 || m.Height > 1 {
		t.Errorf("a loose thing asks for %v", m)
	}
	if Thousands(1234567) != "1,234,567" || Thousands(-1000) != "-1,000" || Thousands(12) != "12" {
		t.Error("Thousands puts commas at the wrong places")
	}
}

// A text that gets its place for the first time breaks its lines to the width that it gets, also within rows and insets.
func TestHeightsFollowTheWidthAtOnce(t *testing.T) {
	themed(t)
	said := NewParagraph("A sentence that takes one line where there is room for it.", ColourText).Small()
	below := NewFill(ColourLine)
	list := Column(5, Inset(0, 4, 0, 4, Column(2, said)), below)
	list.Resize(fyne.NewSize(600, 400))
	if at, high := below.Position().Y, said.HeightFor(592); at != high+5 {
		t.Errorf("what is below a line of %g begins at %g", high, at)
	}
}
