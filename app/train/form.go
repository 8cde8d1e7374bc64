package train

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// form has the settings of a run.
type form struct {
	p       *Page
	object  fyne.CanvasObject
	body    *fyne.Container
	curve   *widgets.LinePlot
	rate    *widgets.Number
	rateNow *widgets.Paragraph // what the policy makes of it, while a run goes on
	*unfolded

	find      *widgets.Button // tries learning rates
	started   *widgets.Button // says from which
	several   *widgets.Button // says how many runs there will be
	augmented *widgets.Button // says whether there is any
	samples   *widgets.ContactSheet
	sampled   string // of what the samples are
	locked    bool
	run       string // whose settings are shown while locked
	goesOn    bool   // that one takes another rate
	shown     train.Config
	fields    []*field          // what is typed, in the order of the rows
	wrong     map[string]string // what was typed before the rows were built, and cannot be used
	devices   []session.Device
	device    string // which of them is chosen
}

// unfolded are the sections of the form that are open.
type unfolded struct{ advanced, augment, start, sweep bool }

// field is a setting that is typed. What is wrong with it is said below it.
type field struct {
	key   string
	entry *widgets.Entry
}

const fieldWidth = 100

func newForm(p *Page) *form {
	f := &form{p: p, curve: widgets.NewLinePlot(), body: widgets.Column(5), unfolded: &p.unfolded}
	f.curve.SetCompact(true)
	f.object = f.body
	f.set(p.config)
	return f
}

// set shows settings.
func (f *form) set(c train.Config) {
	f.shown, f.fields = c, nil
	f.build()
}

// changeRate gives the run that goes on the rate that was typed, once it is typed to the end: on the way to 15e-4 lies 15, and a
// single step with that ruins a run.
func (f *form) changeRate() {
	if v, ok := f.rate.Parse(f.rate.Field.Text); ok && f.locked && v != f.shown.Rate {
		f.shown.Rate = v
		f.p.host.Session().SetRate(f.run, v)
	}
}

// typedWrong returns what was typed and cannot be used, by setting.
func (f *form) typedWrong() map[string]string {
	texts := map[string]string{}
	for _, t := range f.fields {
		if t.entry.Wrong() {
			texts[t.key] = t.entry.Field.Text
		}
	}
	return texts
}

// refusal tells which settings cannot be used, and puts the cursor into the first; nil if there are none.
func (f *form) refusal() error {
	var names []string
	for _, t := range f.fields {
		if !t.entry.Wrong() {
			continue
		}
		if len(names) == 0 {
			f.p.host.Window().Canvas().Focus(t.entry.Field)
		}
		names = append(names, f.p.text("field."+t.key))
	}
	if len(names) == 0 {
		return nil
	}
	return fault.New("training.settings", "These settings cannot be used as they are: %s. Correct what is marked red, then train.", strings.Join(names, ", "))
}

// lock shows the settings of a run, of which nothing can be changed but, while it goes on, the learning rate; without a run, those of the next one.
func (f *form) lock(run string, goesOn bool, c train.Config) {
	if on := run != ""; f.locked == on && (!on || f.run == run && f.goesOn == goesOn && reflect.DeepEqual(f.shown, c)) {
		return
	}
	f.locked, f.run, f.goesOn = run != "", run, goesOn
	f.set(c)
}

// change takes a change of the user in.
func (f *form) change(set func(*train.Config)) {
	if f.locked {
		return
	}
	before := f.shown
	set(&f.p.config)
	set(&f.shown)
	if f.shown.Policy != before.Policy || f.shown.Solver != before.Solver { // it has other parameters, or another rate
		f.build()
	}
	f.drawPolicy()
	f.augmented.SetText(f.augmentation())
	f.started.SetText(f.startedFrom())
	f.several.SetText(f.runsToCome())
	f.showSamples()
	if f.p.state.Run == "" {
		f.p.draw(true)
	}
}

// build makes the rows. What was typed and is wrong stays typed, and wrong: it is not replaced in silence.
func (f *form) build() {
	p := f.p
	f.wrong, f.fields = f.typedWrong(), nil
	rows := append(f.settings(train.Basic), widgets.Sized(0, 64, f.curve))
	if f.chooses() {
		rows = append(rows, f.deviceRow(150))
	}
	f.augmented, f.several = widgets.NewButton(f.augmentation(), widgets.Quiet, nil), widgets.NewButton(f.runsToCome(), widgets.Quiet, nil)
	f.started = widgets.NewButton(f.startedFrom(), widgets.Quiet, nil)
	rows = append(rows, f.section("more", nil, &f.advanced, f.advancedRows)...)
	rows = append(rows, f.section("several", f.several, &f.sweep, f.severalRows)...)
	rows = append(rows, f.section("augmentation", f.augmented, &f.augment, f.augmentRows)...)
	rows = append(rows, f.section("start", f.started, &f.start, f.startRows)...)
	if !f.locked {
		f.find = widgets.NewButton(p.text("find"), widgets.Quiet, f.findRate)
		f.showFinding()
		rows = append(rows, widgets.Line(0, f.find))
	}
	f.body.Objects = rows
	f.body.Refresh()
	f.drawPolicy()
	f.showSamples()
}

// section returns a row that folds and unfolds settings, and below it these settings. What is wrong is not folded away.
func (f *form) section(key string, state *widgets.Button, open *bool, make func() []fyne.CanvasObject) []fyne.CanvasObject {
	mark, from := "+ ", len(f.fields)
	var rows []fyne.CanvasObject
	if *open {
		mark, rows = "− ", make()
	}
	fields := f.fields[from:]
	toggle := func() {
		*open = !*open || slices.ContainsFunc(fields, func(t *field) bool { return t.entry.Wrong() })
		f.build()
	}
	head := []fyne.CanvasObject{widgets.NewButton(mark+f.p.text(key), widgets.Quiet, toggle)}
	if state != nil {
		space := widgets.NewText("", widgets.ColourText)
		state.OnTapped = toggle
		head = []fyne.CanvasObject{widgets.LineGrowing(0, space, head[0], space, state)}
	} else {
		head = []fyne.CanvasObject{widgets.Line(0, head...)}
	}
	return append(head, rows...)
}

// usualRate returns the rate of the chosen network with SGD.
func (f *form) usualRate() float64 {
	if n := f.p.state.ChosenNetwork(); n != nil {
		return train.DefaultsFor(n.Spec).Rate
	}
	return train.Defaults().Rate
}

// advancedRows returns the settings that are left alone at first.
func (f *form) advancedRows() []fyne.CanvasObject {
	rows := f.settings(train.More)
	if f.locked || f.chooses() {
		return rows
	}
	return append(rows, f.deviceRow(fieldWidth))
}

// chooses reports whether there is more than the processor to train on: then the choice stands where it is seen.
func (f *form) chooses() bool {
	return !f.locked && slices.ContainsFunc(f.p.state.Devices, func(d session.Device) bool { return d.Name != "" })
}

// showRate tells what the policy makes of the learning rate at this moment: what is typed is the rate before it.
func (f *form) showRate(t *session.Training) {
	text := ""
	if f.locked && f.goesOn && t != nil && t.Rate > 0 && math.Abs(t.Rate/f.shown.Rate-1) > 1e-6 {
		text = f.p.text("rate.now", t.Rate, f.shown.Rate, t.Rate/f.shown.Rate)
	}
	if text == f.rateNow.Text() {
		return
	}
	f.rateNow.Set(text)
	if text == "" {
		f.rateNow.Hide()
	} else {
		f.rateNow.Show()
	}
	f.body.Refresh()
}

// showDevices shows what there is to train on, and what of it is chosen, if that is another than before: devices are looked for while the window is there already, and a run
// that its device did not train to the end may go on on another.
func (f *form) showDevices() {
	if s := f.p.state; !slices.Equal(f.devices, s.Devices) || f.device != s.Device {
		f.devices, f.device = s.Devices, s.Device
		f.build()
	}
}

// deviceRow returns the choice of what the next runs are trained on.
func (f *form) deviceRow(width float32) fyne.CanvasObject {
	p := f.p
	var names []string
	kinds := p.state.Devices
	for _, d := range kinds {
		name := d.Name
		switch {
		case d.Measured:
			name = p.text("device.measured")
		case name == "":
			name = p.host.Text("status.engine", p.state.Engine, p.state.Threads)
		}
		names = append(names, name)
	}
	at := slices.IndexFunc(kinds, func(d session.Device) bool { return d.Kind == p.state.Device })
	choice := widgets.NewChoice(names, max(0, at), func(i int) { p.host.Session().SetDevice(kinds[i].Kind) })
	return widgets.FormRow(p.text("field.device"), width, choice)
}

// mostSeeds is how many runs the window starts that differ in their seed alone, mostTried how many values of a setting it tries.
const mostSeeds, mostTried = 50, 20

// severalRows ask for more than one run: with several seeds, and with learning rates and sizes of batches that are tried beside those of the form.
func (f *form) severalRows() []fyne.CanvasObject {
	p := f.p
	told := func() {
		f.several.SetText(f.runsToCome())
		p.showActions() // the button says how many runs it starts
	}
	tried := func(key string, list *[]float64, parse func(string) ([]float64, bool)) fyne.CanvasObject {
		texts := make([]string, len(*list))
		for i, v := range *list {
			texts[i] = widgets.FormatNumber(v)
		}
		return f.entryRow(key, strings.Join(texts, ", "), func(text string) (why string) {
			values, ok := parse(text)
			if !ok {
				return p.text("limits." + key)
			}
			*list = values
			told()
			return ""
		})
	}
	seeds := widgets.NewNumber(float64(p.sweep.seeds), 1, mostSeeds, true, func(v float64) {
		p.sweep.seeds = int(v)
		told()
	})
	return []fyne.CanvasObject{
		f.numberRow("seeds", seeds), tried("rates", &p.sweep.rates, parseRates), tried("batches", &p.sweep.batches, parseBatches),
		widgets.NewParagraph(p.text("several.about"), widgets.ColourQuiet).Small(),
	}
}

// runsToCome returns how many runs Train starts.
func (f *form) runsToCome() string { return f.p.text("several.count", len(f.p.configs())) }

// parseRates reads learning rates: "0.01, 0.1"; nothing is none.
func parseRates(text string) ([]float64, bool) { return parseTried("rate", text) }

// parseBatches reads sizes of batches: "32, 128".
func parseBatches(text string) ([]float64, bool) { return parseTried("batch", text) }

// parseTried reads values of a setting that differ.
func parseTried(key, text string) ([]float64, bool) {
	if strings.TrimSpace(text) == "" {
		return nil, true
	}
	list, ok := train.SettingOf(key).Values.(train.Number).ParseList(text)
	return list, ok && len(list) <= mostTried && len(slices.Compact(slices.Sorted(slices.Values(list)))) == len(list)
}

// drawPolicy draws the learning rate over the run.
func (f *form) drawPolicy() {
	c := f.shown
	f.curve.SetData(widgets.PlotData{
		Series: []widgets.PlotSeries{{Points: f.p.plan(c, emptyCurve), Colour: widgets.ColourQuiet}},
		X:      widgets.PlotAxis{Max: float64(max(1, c.Epochs))},
	})
}
