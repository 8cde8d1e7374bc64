package training

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

var emptyCurve = &session.Curve{}

// showRuns lists the runs.
func (p *Page) showRuns() {
	s := p.state
	runs := s.Runs
	for len(p.rows) < len(runs) {
		p.rows = append(p.rows, widgets.NewListRow([]float32{76, 0, -76, -64}, []string{"", "", "", ""}, nil))
	}
	if p.listed != len(runs) {
		p.listed, p.runs.Objects = len(runs), p.runs.Objects[:0]
		for i := range runs {
			p.runs.Objects = append(p.runs.Objects, p.rows[i])
		}
		if len(runs) == 0 {
			p.runs.Objects = append(p.runs.Objects, widgets.Inset(2, 12, 2, 12, widgets.NewParagraph(p.text("runs.none"), widgets.ColourQuiet)))
		}
		p.runs.Refresh()
	}
	for i, r := range runs {
		row := p.rows[i]
		row.OnTapped = func() { p.host.Session().ChooseRun(r.Name) }
		row.OnMenu = func(at fyne.Position) { p.runMenu(r, at) }
		state, best := p.text("state."+stateOf(r)), r.Info.Best
		if t := s.Training; t != nil && t.Run == r.Name {
			state = fmt.Sprintf("%.0f %%", 100*t.Progress())
		}
		accuracy := ""
		if best > 0 {
			accuracy = percent(best)
		}
		row.Set([]string{r.Name, p.recipe(r), state, accuracy}, r.Name == s.Run)
	}
}

// recipe is what a run trained and how, or in short why that cannot be read: the whole sentence is below the curves once it is chosen.
func (p *Page) recipe(r session.Run) string {
	switch {
	case strings.HasSuffix(fault.Code(r.Err), ".newer"):
		return p.text("broken.newer")
	case r.Err != nil:
		return p.text("broken.damaged")
	}
	c := r.Info.Config
	return fmt.Sprintf("%s · %s %g %s", r.Info.Spec.Name, p.text("solver."+c.Solver), c.Rate, c.Policy)
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
	items := []*fyne.MenuItem{
		fyne.NewMenuItem(p.text("run.rename"), func() {
			p.host.Ask(p.text("run.rename"), p.text("run.rename.text", r.Name), r.Name, p.text("run.rename.action"), func(to string) { sess.RenameRun(r.Name, to) })
		}),
		fyne.NewMenuItem(p.text("run.delete"), func() {
			p.host.Confirm(p.text("run.delete.title", r.Name), p.text("run.delete.text"), p.text("run.delete.action"), func() { sess.DeleteRun(r.Name) })
		}),
	}
	if r.Err == nil {
		items = append([]*fyne.MenuItem{fyne.NewMenuItem(p.text("run.settings"), func() { p.takeSettings(r) })}, items...)
	}
	if stateOf(r) == train.Finished && p.state.Training == nil {
		items = append([]*fyne.MenuItem{fyne.NewMenuItem(p.text("run.extend"), func() { p.extend(r) })}, items...)
	}
	if st := stateOf(r); st == train.Stopped || st == train.Interrupted {
		items = append([]*fyne.MenuItem{fyne.NewMenuItem(p.text("resume", r.Name), func() {
			if err := sess.ResumeRun(r.Name); err != nil {
				p.host.Fault(err)
			}
		})}, items...)
	}
	widget.NewPopUpMenu(fyne.NewMenu("", items...), p.host.Window().Canvas()).ShowAtPosition(at)
}

// extend asks for how many epochs more a run that is finished goes on.
func (p *Page) extend(r session.Run) {
	const most = 10000
	p.host.Ask(p.text("run.extend"), p.text("run.extend.text", r.Name, r.Info.Config.Epochs), "10", p.text("run.extend.action"), func(text string) {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > most {
			p.host.Fault(fault.New("training.extend", "%q is no number of epochs from 1 to %d.", text, most))
			return
		}
		if err := p.host.Session().ExtendRun(r.Name, n); err != nil {
			p.host.Fault(err)
		}
	})
}

// takeSettings makes the settings of a run those of the next one, of its network if that is still there.
func (p *Page) takeSettings(r session.Run) {
	if slices.ContainsFunc(p.state.Networks, func(n session.Network) bool { return n.Name == r.Info.Spec.Name }) {
		p.host.Session().ChooseNetwork(r.Info.Spec.Name)
		p.forNet = r.Info.Spec.Name
	}
	p.config, p.touched = r.Info.Config, true
	if p.state.Training == nil {
		p.form.set(p.config)
	}
}

// remark is a sentence about the curves.
type remark struct {
	colour  fyne.ThemeColorName
	text    string
	concept string
}

// remarks read the curves: the chosen run as it stands.
func (p *Page) remarks() []remark {
	c, s := p.curve(), p.state
	if r := s.ChosenRun(); r != nil && r.Err != nil && !s.Live() {
		return []remark{{widgets.ColourBad, p.host.FaultText(r.Err), ""}}
	}
	if c == nil || len(c.Loss) == 0 {
		switch {
		case s.Live():
			return []remark{{widgets.ColourQuiet, p.text("say.begins"), "epoch"}}
		case s.ChosenRun() != nil && c != nil:
			return []remark{{widgets.ColourQuiet, p.text("say.no-step"), ""}}
		}
		return []remark{{widgets.ColourQuiet, p.text("say.nothing"), "epoch"}}
	}
	var out []remark
	diverged := false
	if r := s.ChosenRun(); r != nil && !s.Live() && r.Info.State == train.Diverged {
		diverged = true
		key := "say.diverged"
		switch {
		case len(r.Info.Snapshots) > 0:
		case r.Info.BestEpoch > 0:
			key = "say.diverged.best"
		default:
			key = "say.diverged.early"
		}
		out = append(out, remark{widgets.ColourBad, p.text(key), "rate"})
	}
	switch {
	case len(c.Epochs) > 0:
	case s.Live():
		return append(out, remark{widgets.ColourQuiet, p.text("say.first"), "validation"})
	case diverged:
		return out
	default:
		return append(out, remark{widgets.ColourQuiet, p.text("say.ended", c.Loss[len(c.Loss)-1].X), "validation"})
	}
	out = append(out, p.found(c, diverged)...)
	if at, rate, ok := lastDrop(c); ok {
		out = append(out, remark{widgets.ColourQuiet, p.text("say.drop", at, rate), "policy"})
	}
	return out
}

// history is the chosen run as Diagnose reads it.
func (p *Page) history(c *session.Curve) train.History {
	h := train.History{PerEpoch: c.PerEpoch, Valid: c.Epochs, Health: c.Health, State: train.Running}
	config, _ := p.configOf()
	h.Epochs = config.Epochs
	if r := p.state.ChosenRun(); r != nil { // the run's own: another data set may be chosen by now
		h.Classes, h.Loss = r.Info.Spec.Classes, r.Info.Spec.LossType()
		if !p.state.Live() {
			h.State = r.Info.State
		}
	}
	at := 0
	for _, l := range c.Loss {
		for at+1 < len(c.Rate) && c.Rate[at+1].X <= l.X {
			at++
		}
		s := train.StepPoint{Epoch: l.X, Loss: l.Y}
		if at < len(c.Rate) {
			s.Rate = c.Rate[at].Y
		}
		h.Steps = append(h.Steps, s)
	}
	for _, w := range c.Warnings {
		if fault.Code(w.Fault) == "train.jump" {
			h.Jumps = append(h.Jumps, w.Epoch)
		}
	}
	return h
}

// sayings are how what was found is told: in which colour, and which idea explains it.
var sayings = map[string]struct {
	colour  fyne.ThemeColorName
	concept string
}{
	train.FindVanishing: {widgets.ColourCaution, "gradient"}, train.FindExploding: {widgets.ColourBad, "gradient"}, train.FindDead: {widgets.ColourCaution, "dead"},
	train.FindNotLearn: {widgets.ColourCaution, "rate"}, train.FindRateHigh: {widgets.ColourCaution, "rate"}, train.FindRateLow: {widgets.ColourCaution, "rate"},
	train.FindPlateau: {widgets.ColourCaution, "policy"}, train.FindOverfit: {widgets.ColourCaution, "overfitting"}, train.FindGap: {widgets.ColourCaution, "overfitting"},
	train.FindJump: {widgets.ColourCaution, "loss"}, train.FindIgnored: {widgets.ColourCaution, "unbalanced"}, train.FindNoVal: {widgets.ColourCaution, "validation"},
	train.FindWell: {widgets.ColourGood, "validation"},
}

// found tells what Diagnose reads in the curves. That a run diverged is told by others, who know what is kept of it.
func (p *Page) found(c *session.Curve, diverged bool) []remark {
	var out []remark
	for _, f := range train.Diagnose(p.history(c)) {
		say, ok := sayings[f.Code]
		if !ok || diverged && f.Code == train.FindWell {
			continue
		}
		args := f.Args
		switch f.Code {
		case train.FindOverfit:
			args = []any{f.Args[0], bestOf(c).Epoch}
		case train.FindVanishing:
			args = []any{f.Args[0], f.Args[1], widgets.Thousands(int(f.Args[2].(float64)))}
		case train.FindWell:
			args = []any{percent(f.Args[0].(float64)), f.Args[1]}
		case train.FindIgnored:
			args = []any{p.classes(f.Args[0].([]int))}
		}
		out = append(out, remark{say.colour, p.text("say."+f.Code, args...), say.concept})
	}
	return out
}

// classes names classes of the chosen run, a few of them.
func (p *Page) classes(list []int) string {
	const most = 4
	var labels, names []string
	if r := p.state.ChosenRun(); r != nil {
		labels = r.Info.Labels
	}
	for i, c := range list {
		if i == most {
			names = append(names, "…")
			break
		}
		name := fmt.Sprint(c)
		if c < len(labels) {
			name = labels[c]
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// lastDrop finds where the learning rate last fell by half or more at once.
func lastDrop(c *session.Curve) (epoch, rate float64, ok bool) {
	end := float64(c.Iterations) / float64(max(1, c.PerEpoch))
	for i := len(c.Rate) - 1; i > 0; i-- {
		if c.Rate[i].X < .97*end && c.Rate[i].Y < .55*c.Rate[i-1].Y {
			return c.Rate[i].X, c.Rate[i].Y, true
		}
	}
	return 0, 0, false
}

// showSays writes what the curves say.
func (p *Page) showSays() {
	remarks := p.remarks()
	key := fmt.Sprint(remarks)
	if key == p.said {
		return
	}
	p.said = key
	p.says.Objects = p.says.Objects[:0]
	for _, r := range remarks {
		dot := widgets.NewText("●", r.colour).Natural()
		text := widgets.NewParagraph(r.text, widgets.ColourText)
		row := widgets.Beside(8, text, widgets.Column(0, dot), text)
		p.says.Objects = append(p.says.Objects, row)
		if r.concept != "" {
			p.says.Objects = append(p.says.Objects, widgets.Inset(0, 0, 0, 20, widgets.Line(0, widgets.NewButton(p.text("why"), widgets.Linked, func() { p.host.Explain(r.concept) }))))
		}
	}
	p.says.Refresh()
}
