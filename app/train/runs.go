package train

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

var emptyCurve = &session.Curve{}

// runList is the list of runs.
type runList struct {
	box    *fyne.Container
	rows   []*widgets.ListRow
	listed int // how many of the rows are in the list; −1: not even that there are none
}

// buildRuns makes the list.
func (p *Page) buildRuns() fyne.CanvasObject {
	p.list = runList{box: widgets.Column(0), listed: -1}
	heading, table := widgets.NewHeading(p.text("runs")), widgets.NewButton(p.text("compare.table"), widgets.Linked, func() { p.ShowComparison(true) })
	rows := widgets.Loose(container.NewVScroll(p.list.box))
	return widgets.NewPanel(widgets.ColumnGrowing(0, rows, widgets.Inset(8, 12, 2, 12, widgets.Sized(0, 20, widgets.LineGrowing(8, heading, heading, table))), rows)).Padded(1)
}

// showRuns lists the run that goes on, those that wait, the next first, and the others that are on the disk.
func (p *Page) showRuns() {
	waiting, runs := p.state.Waiting, p.state.Runs
	n := len(waiting) + len(runs)
	for len(p.list.rows) < n {
		p.list.rows = append(p.list.rows, widgets.NewListRow([]float32{76, 0, -76, -64}, []string{"", "", "", ""}, nil))
	}
	if p.list.listed != n {
		p.list.listed, p.list.box.Objects = n, p.list.box.Objects[:0]
		for _, row := range p.list.rows[:n] {
			p.list.box.Objects = append(p.list.box.Objects, row)
		}
		if n == 0 {
			p.list.box.Objects = append(p.list.box.Objects, widgets.Inset(2, 12, 2, 12, widgets.NewParagraph(p.text("runs.none"), widgets.ColourQuiet)))
		}
		p.list.box.Refresh()
	}
	recipes, alike := make([]string, len(runs)), map[string]int{}
	for i, r := range runs {
		recipes[i] = p.recipe(r)
		alike[recipes[i]]++
	}
	show := func(row *widgets.ListRow, i int) {
		what := recipes[i]
		if alike[what] > 1 { // what tells them apart
			what += p.text("queue.also", runs[i].Info.Config.Batch, runs[i].Info.Config.Seed)
		}
		p.showRun(row, runs[i], what)
	}
	next := 0
	row := func() *widgets.ListRow {
		next++
		return p.list.rows[next-1]
	}
	for i, r := range runs {
		if p.goesOn(r) {
			show(row(), i)
		}
	}
	for i, w := range waiting {
		p.showWaiting(row(), i, w)
	}
	for i, r := range runs {
		if !p.goesOn(r) {
			show(row(), i)
		}
	}
}

func (p *Page) goesOn(r session.Run) bool {
	return p.state.Training != nil && p.state.Training.Run == r.Name
}

// showRun shows a run in a row, with what it is.
func (p *Page) showRun(row *widgets.ListRow, r session.Run, what string) {
	row.OnTapped = func() { p.host.Session().ChooseRun(r.Name) }
	row.OnMenu = func(at fyne.Position) { p.runMenu(r, at) }
	if r.Info.Note != "" {
		what += " · " + r.Info.Note
	}
	row.Set([]string{r.Name, what, p.stateText(r), bestText(r)}, r.Name == p.state.Run)
}

// showWaiting shows a run that waits in a row, with why if it could not start.
func (p *Page) showWaiting(row *widgets.ListRow, i int, w session.Waiting) {
	row.OnTapped = nil
	row.OnMenu = func(at fyne.Position) { p.waitingMenu(w, at) }
	state := "state.waiting"
	if w.Err != nil {
		state = "state.held"
		row.OnTapped = func() { p.host.Fault(w.Err) }
	}
	what := p.recipeOf(w.Spec.Name, w.Config, widgets.FormatNumber(w.Config.Rate)) + p.text("queue.also", w.Config.Batch, w.Config.Seed)
	row.Set([]string{p.text("queue.place", i+1), what, p.text(state), ""}, false)
}

// stateText returns the state of a run in a word, or how far it is.
func (p *Page) stateText(r session.Run) string {
	if p.goesOn(r) {
		return fmt.Sprintf("%.0f %%", 100*p.state.Training.Progress())
	}
	return p.text("state." + stateOf(r))
}

// bestText returns the accuracy of a run's best epoch, "" before one was validated.
func bestText(r session.Run) string {
	if r.Info.Best > 0 {
		return figureText(metric.Deciding(r.Info.Task), r.Info.Best)
	}
	return ""
}

// recipe returns what a run trained and how, or in short why that cannot be read: the whole sentence is below the curves once it is chosen.
func (p *Page) recipe(r session.Run) string {
	switch {
	case strings.HasSuffix(fault.Code(r.Err), ".newer"):
		return p.text("broken.newer")
	case r.Err != nil:
		return p.text("broken.damaged")
	}
	return p.recipeOf(r.Info.Spec.Name, r.Info.Config, rateText(r))
}

func (p *Page) recipeOf(network string, c train.Config, rate string) string {
	return fmt.Sprintf("%s · %s %s %s", network, p.text("solver."+c.Solver), rate, c.Policy)
}

// rateText returns the base learning rate of a run: the first and the last, if it was changed on the way.
func rateText(r session.Run) string {
	text := widgets.FormatNumber(r.Info.Config.Rate)
	if rates := r.Info.Rates; len(rates) > 1 && rates[0] != r.Info.Config.Rate {
		text = widgets.FormatNumber(rates[0]) + "→" + text
	}
	return text
}

func stateOf(r session.Run) string {
	if r.Err != nil {
		return "broken"
	}
	if r.Info.State == "" {
		return train.Running
	}
	return r.Info.State
}

// runMenu offers what can be done with a run.
func (p *Page) runMenu(r session.Run, at fyne.Position) {
	sess := p.host.Session()
	var items []*fyne.MenuItem
	add := func(key string, do func(), args ...any) {
		items = append(items, fyne.NewMenuItem(p.text(key, args...), do))
	}
	live := p.state.Training != nil && p.state.Training.Run == r.Name
	if resumable(&r) && !live {
		add("resume", func() { p.try(sess.ResumeRun(r.Name)) }, r.Name)
	}
	if stateOf(r) == train.Finished && p.state.Training == nil {
		add("run.extend", func() { p.extend(r) })
	}
	if r.Err == nil {
		add("run.settings", func() { p.takeSettings(r.Info.Spec.Name, r.Info.Config) })
		add("run.snapshots", func() { p.showSnapshots(r) })
	}
	add("run.note", func() {
		p.host.Ask(dialogTitle(p.text("run.note")), p.text("run.note.text", r.Name), r.Info.Note, p.text("run.note.action"), func(note string) error {
			sess.SetNote(r.Name, note)
			return nil
		})
	})
	add("run.rename", func() {
		p.host.Ask(dialogTitle(p.text("run.rename")), p.text("run.rename.text", r.Name), r.Name, p.text("run.rename.action"), func(to string) error {
			return sess.RenameRun(r.Name, to, func(folder string) { p.renamed(r, to, folder) })
		})
	})
	add("run.delete", func() {
		p.host.Confirm(p.text("run.delete.title", r.Name), p.text("run.delete.text"), p.text("run.delete.action"), func() { sess.DeleteRun(r.Name) })
	})
	widget.NewPopUpMenu(fyne.NewMenu("", items...), p.host.Window().Canvas()).ShowAtPosition(at)
}

// renamed follows a run that has another name now, wherever the tab refers to it.
func (p *Page) renamed(r session.Run, to, folder string) {
	if p.config.Weights == r.Folder {
		p.config.Weights = folder
		if !p.form.locked {
			p.form.set(p.config)
		}
	}
	if p.curves.versus == r.Name {
		p.curves.versus = to
	}
	p.comparison.renamed(r.Name, to)
}

// dialogTitle returns the text of a menu's entry without the dots that say that a dialog comes.
func dialogTitle(entry string) string { return strings.TrimSuffix(entry, "…") }

// waitingMenu offers what can be done with a run that waits.
func (p *Page) waitingMenu(w session.Waiting, at fyne.Position) {
	sess := p.host.Session()
	widget.NewPopUpMenu(fyne.NewMenu("",
		fyne.NewMenuItem(p.text("queue.first"), func() { sess.Advance(w.ID) }),
		fyne.NewMenuItem(p.text("run.settings"), func() { p.takeSettings(w.Spec.Name, w.Config) }),
		fyne.NewMenuItem(p.text("queue.remove"), func() { sess.Unqueue(w.ID) }),
	), p.host.Window().Canvas()).ShowAtPosition(at)
}

// extend asks for how many epochs more a run that is finished goes on.
func (p *Page) extend(r session.Run) {
	const most = 10000
	p.host.Ask(dialogTitle(p.text("run.extend")), p.text("run.extend.text", r.Name, r.Info.Config.Epochs), "10", p.text("run.extend.action"), func(text string) error {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > most {
			return fault.New("training.extend", "%q is not a number of epochs from 1 to %d.", text, most)
		}
		return p.host.Session().ExtendRun(r.Name, n)
	})
}

// takeSettings makes the settings of a run those of the next one, of its network if that is still there.
func (p *Page) takeSettings(network string, c train.Config) {
	if slices.ContainsFunc(p.state.Networks, func(n session.Network) bool { return n.Name == network }) {
		p.host.Session().ChooseNetwork(network)
		p.forNet = network
	}
	p.config = c
	p.form.lock("", false, c)
	p.form.set(c)
	p.actions.ahead, p.actions.headOf = true, "-" // they are those of the next run
	p.showActions()
}
