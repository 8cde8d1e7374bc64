package train

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// What can be done with the run that goes on, and with the next one.

// actions are the buttons below the form, what is told of the run that goes on, and the head above it.
type actions struct {
	head     *fyne.Container // of the form: its title, or the choice between the run that goes on and the next one
	progress *widgets.Progress
	where    *widgets.Text
	buttons  *fyne.Container
	next     *widgets.Button
	ahead    bool   // the form shows the settings of the next run, though one goes on
	mode     string // what the buttons are for
	headOf   string // the run that the head names
}

// sweep asks for several runs at once.
type sweep struct {
	seeds   int       // runs that differ in their seed alone
	rates   []float64 // learning rates that are tried beside that of the form
	batches []float64 // sizes of batches, likewise
}

// showActions shows what can be done now: train, pause, go on, stop, put into the queue.
func (p *Page) showActions() {
	t := p.state.Training
	p.showProgress(t)
	p.showHead()
	config, exists := p.configOf()
	if run := p.shownRun(); exists && run != "" && !p.actions.ahead {
		p.form.lock(run, p.state.Live(), config)
	} else {
		p.form.lock("", false, p.config)
	}
	r := p.state.ChosenRun()
	p.actions.next.Enable(t != nil || r != nil && (r.Info.BestEpoch > 0 || len(r.Info.Snapshots) > 0)) // without weights there is nothing to see
	if mode := p.modeNow(); mode != p.actions.mode {
		p.actions.mode = mode
		p.actions.buttons.Objects = []fyne.CanvasObject{p.buttonsNow()}
		p.actions.buttons.Refresh()
	}
}

// shownRun returns the run whose settings the form can show: the chosen one, if it can be read.
func (p *Page) shownRun() string {
	if r := p.state.ChosenRun(); r != nil && r.Err == nil {
		return r.Name
	}
	return ""
}

// showProgress tells how far the run is that goes on.
func (p *Page) showProgress(t *session.Training) {
	if t == nil {
		if p.actions.progress.Visible() {
			p.actions.progress.Hide()
			p.actions.where.Set("")
		}
		return
	}
	if !p.actions.progress.Visible() {
		p.actions.progress.Show()
	}
	p.actions.progress.Set(t.Progress())
	where := p.text("where", t.Epoch, t.Config.Epochs, widgets.Thousands(t.Iteration), widgets.Thousands(t.Iterations))
	if n := len(p.state.Waiting); n > 0 {
		where += p.text("waiting", n)
	}
	p.actions.where.Set(where)
}

// showHead lets choose whose settings the form shows: those of the chosen run or of the next one. A run that begins comes to the front, and when it has ended the next one.
func (p *Page) showHead() {
	run := p.shownRun()
	key := run
	if p.state.Live() {
		key += " goes on"
	}
	if p.actions.headOf == key {
		return
	}
	if p.actions.headOf != "-" { // not of a window that was built anew
		p.actions.ahead = !p.state.Live()
	}
	if p.actions.headOf = key; run == "" {
		p.actions.head.Objects = []fyne.CanvasObject{widgets.NewHeading(p.text("settings"))}
	} else {
		choice := widgets.NewSegmented([]string{short(run), p.text("settings.next")}, p.showSettingsOf)
		if p.actions.ahead {
			choice.Choose(1)
		}
		p.actions.head.Objects = []fyne.CanvasObject{widgets.Line(0, choice)}
	}
	p.actions.head.Refresh()
}

// short returns a name that leaves room for what stands beside it.
func short(name string) string { return widgets.Shortened(name, 14) }

// showSettingsOf shows the settings of the chosen run, or with 1 those of the next one.
func (p *Page) showSettingsOf(at int) {
	p.actions.ahead = at == 1
	p.showActions()
}

// resumable reports whether a run can go on from where it was stopped.
func resumable(r *session.Run) bool {
	return r != nil && r.Err == nil && slices.Contains([]string{train.Stopped, train.Interrupted}, r.Info.State)
}

// modeNow names what the buttons depend on.
func (p *Page) modeNow() string {
	s := p.state
	switch t := s.Training; {
	case t != nil && p.actions.ahead:
		return fmt.Sprint("ahead ", len(p.configs()))
	case t != nil && t.Stopping:
		return "stopping"
	case t != nil && t.Paused:
		return "paused"
	case t != nil:
		return "training"
	}
	mode := fmt.Sprint("ready ", len(s.Waiting), " ", len(p.configs()))
	if r := s.ChosenRun(); resumable(r) {
		mode += " " + r.Name
	}
	return mode
}

// buttonsNow makes the buttons of the present mode.
func (p *Page) buttonsNow() fyne.CanvasObject {
	sess := p.host.Session()
	live := func(do func(run string)) func() {
		return func() {
			if t := p.state.Training; t != nil {
				do(t.Run)
			}
		}
	}
	stop := widgets.NewButton(p.text("stop"), widgets.Plain, live(sess.Stop))
	switch mode, _, _ := strings.Cut(p.actions.mode, " "); mode {
	case "ahead":
		return widgets.NewButton(p.several("enqueue"), widgets.Primary, p.train)
	case "training":
		return widgets.Shares(8, []float32{1, 1}, widgets.NewButton(p.text("pause"), widgets.Plain, live(sess.Pause)), stop)
	case "paused":
		return widgets.Shares(8, []float32{1, 1}, widgets.NewButton(p.text("continue"), widgets.Primary, live(sess.Continue)), stop)
	case "stopping":
		b := widgets.NewButton(p.text("stopping"), widgets.Plain, nil)
		b.Enable(false)
		return b
	}
	var list []fyne.CanvasObject
	if r := p.state.ChosenRun(); resumable(r) {
		list = append(list, widgets.NewButton(p.text("resume", short(r.Name)), widgets.Plain, func() { p.try(sess.ResumeRun(r.Name)) }))
	}
	if n := len(p.state.Waiting); n > 0 {
		list = append(list, widgets.NewButton(p.text("queue.start", n), widgets.Plain, sess.StartQueue))
	}
	return widgets.Column(8, append(list, widgets.NewButton(p.several("train"), widgets.Primary, p.train))...)
}

// several returns the text of a button, with how many runs it is about if they are more than one.
func (p *Page) several(key string) string {
	if n := len(p.configs()); n > 1 {
		return p.text(key+".several", n)
	}
	return p.text(key)
}

// try tells what went wrong, if anything did.
func (p *Page) try(err error) {
	if err != nil {
		p.host.Fault(err)
	}
}

// train starts a run with the settings, or puts it into the queue, if all of them can be used.
func (p *Page) train() {
	if err := p.form.refusal(); err != nil {
		p.host.Fault(err)
		return
	}
	p.try(p.host.Session().Enqueue(p.configs()))
}

// configs returns the runs that Train starts.
func (p *Page) configs() []train.Config { return p.sweep.of(p.config) }

// of returns a configuration with each learning rate and size of batch that is to be tried, each with as many seeds as are asked for.
func (s sweep) of(config train.Config) []train.Config {
	others := func(first float64, list []float64) []float64 {
		return append([]float64{first}, slices.DeleteFunc(slices.Clone(list), func(v float64) bool { return v == first })...)
	}
	var list []train.Config
	for _, batch := range others(float64(config.Batch), s.batches) {
		for _, rate := range others(config.Rate, s.rates) {
			for k := range max(s.seeds, 1) {
				c := config
				c.Batch, c.Rate, c.Seed = int(batch), rate, c.Seed+uint64(k)
				list = append(list, c)
			}
		}
	}
	return list
}
