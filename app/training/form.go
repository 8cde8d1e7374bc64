package training

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
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
	rateNow *widgets.Paragraph  // what the policy makes of it, while a run goes on
	policy  []fyne.CanvasObject // the rows of the policy's parameters
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
	fields    []*field // what is typed, in the order of the rows
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

// steer gives the run that goes on the rate that was typed, once it is typed to the end: on the way to 15e-4 lies 15, and a
// single step with that ruins a run.
func (f *form) steer() {
	if v, ok := f.rate.Parse(f.rate.Field.Text); ok && f.locked && v != f.shown.Rate {
		f.shown.Rate = v
		f.p.host.Session().SetRate(f.run, v)
	}
}

// typedWrong is what was typed and cannot be used, by setting.
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
	p, c, wrong := f.p, f.shown, f.typedWrong()
	f.fields = nil
	info := func(key string) (extra []fyne.CanvasObject) {
		if p.host.Has("concept." + key + ".title") {
			extra = append(extra, p.host.Info(key))
		}
		return extra
	}
	row := func(key string, control fyne.CanvasObject) fyne.CanvasObject {
		return widgets.FormRow(p.text("field."+key), fieldWidth, control, info(key)...)
	}
	typed := func(key string, entry *widgets.Entry) { // it is in its row by now
		entry.OnWrong = f.body.Refresh
		f.fields = append(f.fields, &field{key, entry})
		if text, ok := wrong[key]; ok {
			entry.Field.SetText(text)
		}
	}
	numberRow := func(key string, n *widgets.Number) fyne.CanvasObject {
		object := page.NumberRow(p.host, p.text("field."+key), fieldWidth, n, info(key)...)
		typed(key, n.Entry)
		return object
	}
	number := func(key string, v, low, high float64, whole bool, set func(*train.Config, float64)) fyne.CanvasObject {
		n := widgets.NewNumber(v, low, high, whole, func(v float64) { f.change(func(c *train.Config) { set(c, v) }) })
		if f.locked {
			n.Field.Disable()
		}
		return numberRow(key, n)
	}
	entry := func(key string, e *widgets.Entry) fyne.CanvasObject {
		if f.locked {
			e.Field.Disable()
		}
		object := widgets.EntryRow(p.text("field."+key), fieldWidth, e, info(key)...)
		typed(key, e)
		return object
	}
	choice := func(names []string, chosen int, set func(c *train.Config, i int)) *widgets.Choice {
		c := widgets.NewChoice(names, chosen, func(i int) { f.change(func(c *train.Config) { set(c, i) }) })
		if f.locked {
			c.Lock()
		}
		return c
	}
	solvers, policies := train.Solvers(), train.Policies()
	var solverNames, policyNames []string
	chosen := 0
	for i, s := range solvers {
		solverNames = append(solverNames, p.text("solver."+s.Name))
		if s.Name == c.Solver {
			chosen = i
		}
	}
	at := 0
	for i, x := range policies {
		policyNames = append(policyNames, x.Name)
		if x.Name == c.Policy {
			at = i
		}
	}
	f.rate = widgets.NewNumber(c.Rate, 1e-9, 100, false, func(v float64) { f.change(func(c *train.Config) { c.Rate = v }) })
	switch {
	case f.locked && !f.goesOn:
		f.rate.Field.Disable()
	case f.locked: // a run takes another rate while it goes
		f.rate.Field.OnSubmitted = func(string) { f.steer() }
		f.rate.OnFocused = func(on bool) {
			if !on {
				f.steer()
			}
		}
	}
	f.rateNow = widgets.NewParagraph("", widgets.ColourQuiet).Small()
	f.rateNow.Hide()
	rows := []fyne.CanvasObject{
		number("epochs", float64(c.Epochs), 1, 1e6, true, func(c *train.Config, v float64) { c.Epochs = int(v) }),
		number("batch", float64(c.Batch), 1, 65536, true, func(c *train.Config, v float64) { c.Batch = int(v) }),
		row("solver", choice(solverNames, chosen, func(c *train.Config, i int) { *c = c.WithSolver(solvers[i].Name, f.usualRate()) })),
		numberRow("rate", f.rate),
		f.rateNow,
		row("policy", choice(policyNames, at, func(c *train.Config, i int) {
			c.Policy, c.Gamma, c.Step, c.Power = policies[i].Name, 0, nil, 0
		})),
	}
	f.policy = f.policyRows(number, entry)
	rows = append(rows, f.policy...)
	rows = append(rows, widgets.Sized(0, 64, f.curve))
	if f.chooses() {
		rows = append(rows, f.deviceRow(150))
	}
	f.augmented, f.several = widgets.NewButton(f.augmentation(), widgets.Quiet, nil), widgets.NewButton(f.runsToCome(), widgets.Quiet, nil)
	f.started = widgets.NewButton(f.startedFrom(), widgets.Quiet, nil)
	rows = append(rows, f.section("more", nil, &f.advanced, func() []fyne.CanvasObject { return f.advancedRows(number, row, choice) })...)
	rows = append(rows, f.section("several", f.several, &f.sweep, func() []fyne.CanvasObject { return f.severalRows(number, entry) })...)
	rows = append(rows, f.section("augmentation", f.augmented, &f.augment, func() []fyne.CanvasObject { return f.augmentRows(number, row, choice) })...)
	rows = append(rows, f.section("start", f.started, &f.start, func() []fyne.CanvasObject { return f.startRows(entry, row, choice) })...)
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

// section is a row that folds and unfolds settings, and below it these settings. What is wrong is not folded away.
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

// usualRate is the rate of the chosen network with SGD.
func (f *form) usualRate() float64 {
	if n := f.p.state.ChosenNetwork(); n != nil {
		return train.DefaultsFor(n.Spec).Rate
	}
	return train.Defaults().Rate
}

type (
	numberMaker func(key string, v, low, high float64, whole bool, set func(*train.Config, float64)) fyne.CanvasObject
	entryMaker  func(key string, e *widgets.Entry) fyne.CanvasObject
	rowMaker    func(key string, control fyne.CanvasObject) fyne.CanvasObject
	choiceMaker func(names []string, chosen int, set func(c *train.Config, i int)) *widgets.Choice
)

// policyRows are the parameters of the chosen policy.
func (f *form) policyRows(number numberMaker, entry entryMaker) []fyne.CanvasObject {
	c := f.shown.WithPolicyDefaults()
	p, err := train.PolicyOf(c.Policy)
	if err != nil {
		return nil
	}
	var rows []fyne.CanvasObject
	if len(p.Step) > 0 {
		if len(p.Step) == 1 {
			rows = append(rows, number("step", c.Step[0], .1, 100, false, func(c *train.Config, v float64) { c.Step = []float64{v} }))
		} else {
			rows = append(rows, entry("step", f.list(c.Step, "limits.steps", parseSteps, func(steps []float64) {
				f.change(func(c *train.Config) { c.Step = steps })
			})))
		}
	}
	if p.Gamma != 0 {
		rows = append(rows, number("gamma", c.Gamma, 1e-9, 10, false, func(c *train.Config, v float64) { c.Gamma = v }))
	}
	if p.Power != 0 {
		rows = append(rows, number("power", c.Power, .01, 100, false, func(c *train.Config, v float64) { c.Power = v }))
	}
	return rows
}

// list is an entry of numbers with commas between them. limits says what they must be while parse does not take them.
func (f *form) list(numbers []float64, limits string, parse func(string) ([]float64, bool), take func([]float64)) *widgets.Entry {
	text := make([]string, len(numbers))
	for i, v := range numbers {
		text[i] = widgets.FormatNumber(v)
	}
	e := widgets.NewEntry(strings.Join(text, ", "), nil)
	e.Field.OnChanged = func(t string) {
		numbers, ok := parse(t)
		if !ok {
			e.SetWrong(f.p.text(limits))
			return
		}
		e.SetWrong("")
		take(numbers)
	}
	return e
}

// parseSteps reads percentages: "50, 85".
func parseSteps(text string) ([]float64, bool) {
	var steps []float64
	for _, part := range strings.Split(text, ",") {
		n := widgets.NewNumber(0, 0, 100, false, nil)
		v, ok := n.Parse(part)
		if !ok || v <= 0 || len(steps) > 0 && v <= steps[len(steps)-1] {
			return nil, false
		}
		steps = append(steps, v)
	}
	return steps, true
}

// advancedRows are the settings that are left alone at first.
func (f *form) advancedRows(number numberMaker, row rowMaker, choice choiceMaker) []fyne.CanvasObject {
	c, p := f.shown, f.p
	means := []string{model.MeanImage, model.MeanPixel, model.MeanNone}
	var meanNames []string
	for _, m := range means {
		meanNames = append(meanNames, p.text("mean."+m))
	}
	losses, lossNames := append([]string{""}, nn.LossTypes()...), []string{p.text("loss.own")}
	for _, l := range losses[1:] {
		lossNames = append(lossNames, p.host.Text("layer."+l))
	}
	rows := []fyne.CanvasObject{
		row("loss", choice(lossNames, slices.Index(losses, c.Loss), func(c *train.Config, i int) { c.Loss = losses[i] })),
		number("momentum", c.Momentum, 0, .9999, false, func(c *train.Config, v float64) { c.Momentum = v }),
		number("weight-decay", c.WeightDecay, 0, 1, false, func(c *train.Config, v float64) { c.WeightDecay = v }),
		number("accumulate", float64(c.Accumulate), 1, 1000, true, func(c *train.Config, v float64) { c.Accumulate = int(v) }),
		row("mean", choice(meanNames, slices.Index(means, c.Mean), func(c *train.Config, i int) { c.Mean = means[i] })),
		number("scale", c.Scale, 1e-6, 1e3, false, func(c *train.Config, v float64) { c.Scale = v }),
		number("validate", c.ValidateEvery, .01, 1e6, false, func(c *train.Config, v float64) { c.ValidateEvery = v }),
		number("snapshot", c.SnapshotEvery, .01, 1e6, false, func(c *train.Config, v float64) { c.SnapshotEvery = v }),
		number("seed", float64(c.Seed), 0, 1e15, true, func(c *train.Config, v float64) { c.Seed = uint64(v) }),
	}
	if f.locked || f.chooses() {
		return rows
	}
	return append(rows, f.deviceRow(fieldWidth))
}

// chooses tells whether there is more than the processor to train on: then the choice stands where it is seen.
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

// deviceRow is the choice of what the next runs are trained on.
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

// severalRows ask for more than one run: with several seeds, and with learning rates and sizes of batches that are tried beside those of the form.
func (f *form) severalRows(number numberMaker, entry entryMaker) []fyne.CanvasObject {
	p := f.p
	told := func() {
		f.several.SetText(f.runsToCome())
		p.showActions() // the button says how many runs it starts
	}
	return []fyne.CanvasObject{
		number("seeds", float64(p.sweep.seeds), 1, 50, true, func(_ *train.Config, v float64) { p.sweep.seeds = int(v); p.showActions() }),
		entry("rates", f.list(p.sweep.rates, "limits.rates", parseRates, func(rates []float64) { p.sweep.rates = rates; told() })),
		entry("batches", f.list(p.sweep.batches, "limits.batches", parseBatches, func(sizes []float64) { p.sweep.batches = sizes; told() })),
		widgets.NewParagraph(p.text("several.about"), widgets.ColourQuiet).Small(),
	}
}

// runsToCome says how many runs Train starts.
func (f *form) runsToCome() string { return f.p.text("several.count", len(f.p.configs())) }

// parseRates reads learning rates: "0.01, 0.1"; nothing is none.
func parseRates(text string) ([]float64, bool) {
	return parseList(text, widgets.NewNumber(0, 1e-9, 100, false, nil))
}

// parseBatches reads sizes of batches: "32, 128".
func parseBatches(text string) ([]float64, bool) {
	return parseList(text, widgets.NewNumber(0, 1, 65536, true, nil))
}

// parseList reads numbers that differ, each as n takes it.
func parseList(text string, n *widgets.Number) ([]float64, bool) {
	var list []float64
	if strings.TrimSpace(text) == "" {
		return nil, true
	}
	for _, part := range strings.Split(text, ",") {
		v, ok := n.Parse(part)
		if !ok || slices.Contains(list, v) {
			return nil, false
		}
		list = append(list, v)
	}
	return list, len(list) <= 20
}

// drawPolicy draws the learning rate over the run.
func (f *form) drawPolicy() {
	c := f.shown
	f.curve.SetData(widgets.PlotData{
		Series: []widgets.PlotSeries{{Points: f.p.plan(c, emptyCurve), Colour: widgets.ColourQuiet}},
		X:      widgets.PlotAxis{Max: float64(max(1, c.Epochs))},
	})
}
