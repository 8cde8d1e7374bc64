package train

import (
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// The rows of the form, made from the table of settings.

// settings returns the rows of the settings of a group, as far as they matter with the others and the chosen data set.
func (f *form) settings(group train.Group) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	c := f.shown.WithPolicyDefaults()
	for _, s := range train.Settings() {
		if s.Group == group && s.Matters(c) && f.concerns(s) {
			rows = append(rows, f.setting(s, c)...)
		}
	}
	return rows
}

// concerns reports whether the chosen data set has a use for a setting.
func (f *form) concerns(s train.Setting) bool {
	d := f.p.state.ChosenDataset()
	return d == nil || s.For(d.Info.Task) && (!s.Colour || d.Info.Channels == 3)
}

// setting returns the row of a setting, and what stands below it.
func (f *form) setting(s train.Setting, c train.Config) []fyne.CanvasObject {
	one := func(row fyne.CanvasObject) []fyne.CanvasObject { return []fyne.CanvasObject{row} }
	switch s.Key {
	case "rate":
		return f.rateRows(s, c)
	case "weights":
		return one(f.row(s.Key, f.weightsChoice(c)))
	case "freeze":
		return one(f.row(s.Key, f.freezeChoice(c)))
	case "layer-rates":
		return one(f.layerRatesRow(s, c))
	}
	switch v := s.Values.(type) {
	case train.Number:
		if v.Over {
			return one(f.numberOverRow(s.Key, v, f.number(v, c)))
		}
		return one(f.numberRow(s.Key, f.number(v, c)))
	case train.Choice:
		return one(f.row(s.Key, f.choiceOf(s.Key, v, c)))
	case train.Switch:
		return one(f.row(s.Key, f.switchOf(v, c)))
	}
	return one(f.entryRow(s.Key, inList(s.Text(c)), func(text string) (why string) {
		if read := f.shown; !s.Parse(&read, text) {
			return f.p.text("limits." + s.Key)
		}
		f.change(func(c *train.Config) { s.Parse(c, text) })
		return ""
	}))
}

// inList writes a list as people do: the table of settings needs no blanks.
func inList(text string) string { return strings.ReplaceAll(text, ",", ", ") }

// row returns a control with its name, and what is explained about it.
func (f *form) row(key string, control fyne.CanvasObject) fyne.CanvasObject {
	return widgets.FormRow(f.p.text("field."+key), fieldWidth, control, f.info(key)...)
}

func (f *form) info(key string) (extra []fyne.CanvasObject) {
	if f.p.host.Has("concept." + key + ".title") {
		extra = append(extra, f.p.host.Info(key))
	}
	return extra
}

// number returns the field of a number within its limits.
func (f *form) number(v train.Number, c train.Config) *widgets.Number {
	low := v.Low
	if v.Over {
		low = math.Nextafter(low, v.High)
	}
	n := widgets.NewNumber(v.Get(c), low, v.High, v.Whole, func(x float64) { f.change(func(c *train.Config) { v.Set(c, x) }) })
	if f.locked {
		n.Field.Disable()
	}
	return n
}

func (f *form) numberRow(key string, n *widgets.Number) fyne.CanvasObject {
	row := page.NumberRow(f.p.host, f.p.text("field."+key), fieldWidth, n, f.info(key)...)
	f.typed(key, n.Entry)
	return row
}

// numberOverRow is numberRow where the lower limit itself is not taken.
func (f *form) numberOverRow(key string, v train.Number, n *widgets.Number) fyne.CanvasObject {
	n.Explained(f.p.host.Text("number.over", widgets.FormatNumber(v.Low), widgets.FormatNumber(v.High)))
	row := widgets.EntryRow(f.p.text("field."+key), fieldWidth, n, f.info(key)...)
	f.typed(key, n.Entry)
	return row
}

// typed keeps a field that is in its row by now.
func (f *form) typed(key string, e *widgets.Entry) {
	e.OnWrong = f.body.Refresh
	f.fields = append(f.fields, &field{key, e})
	if text, ok := f.wrong[key]; ok {
		e.Field.SetText(text)
	}
}

// entryRow returns a row of text. take is given what is typed, and says what is wrong with it.
func (f *form) entryRow(key, text string, take func(text string) (why string)) fyne.CanvasObject {
	e := widgets.NewEntry(text, nil)
	e.Field.OnChanged = func(text string) { e.SetWrong(take(text)) }
	return f.textRow(key, e)
}

func (f *form) textRow(key string, e *widgets.Entry) fyne.CanvasObject {
	if f.locked {
		e.Field.Disable()
	}
	row := widgets.EntryRow(f.p.text("field."+key), fieldWidth, e, f.info(key)...)
	f.typed(key, e)
	return row
}

func (f *form) choice(texts []string, chosen int, set func(c *train.Config, i int)) *widgets.Choice {
	c := widgets.NewChoice(texts, chosen, func(i int) { f.change(func(c *train.Config) { set(c, i) }) })
	if f.locked {
		c.Lock()
	}
	return c
}

// choiceOf returns the choice of one of some names, before which stands the network's own where there is one.
func (f *form) choiceOf(key string, v train.Choice, c train.Config) *widgets.Choice {
	names := v.Names
	if v.Own {
		names = append([]string{""}, names...)
	}
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = f.p.nameText(key, name)
	}
	return f.choice(texts, max(0, slices.Index(names, v.Text(c))), func(c *train.Config, i int) {
		switch name := names[i]; {
		case name == "":
			v.Reset(c)
		case key == "solver":
			*c = c.WithSolver(name, f.usualRate())
		default:
			v.Parse(c, name)
		}
	})
}

// nameText returns what the window calls a name that a setting can have.
func (p *Page) nameText(key, name string) string {
	if name == "" {
		name = "own"
	}
	for _, key := range []string{"train." + key + "." + name, "layer." + name} {
		if p.host.Has(key) {
			return p.host.Text(key)
		}
	}
	return name // as the field writes it everywhere
}

func (f *form) switchOf(v train.Switch, c train.Config) *widgets.Choice {
	on := 0
	if v.On(c) {
		on = 1
	}
	return f.choice([]string{f.p.text("no"), f.p.text("yes")}, on, func(c *train.Config, i int) { v.Set(c, i == 1) })
}

// rateRows returns the learning rate, which a run takes while it goes on, and what the policy makes of it then.
func (f *form) rateRows(s train.Setting, c train.Config) []fyne.CanvasObject {
	f.rate = f.number(s.Values.(train.Number), c)
	if f.locked && f.goesOn {
		f.rate.Field.Enable()
		f.rate.Field.OnSubmitted = func(string) { f.changeRate() }
		f.rate.OnFocused = func(on bool) {
			if !on {
				f.changeRate()
			}
		}
	}
	f.rateNow = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	f.rateNow.Hide()
	return []fyne.CanvasObject{f.numberRow(s.Key, f.rate), f.rateNow}
}
