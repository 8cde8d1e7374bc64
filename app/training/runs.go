package training

import (
	"fmt"
	"math"
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
	if st := stateOf(r); st == train.Stopped || st == train.Interrupted {
		items = append([]*fyne.MenuItem{fyne.NewMenuItem(p.text("resume", r.Name), func() {
			if err := sess.ResumeRun(r.Name); err != nil {
				p.host.Fault(err)
			}
		})}, items...)
	}
	widget.NewPopUpMenu(fyne.NewMenu("", items...), p.host.Window().Canvas()).ShowAtPosition(at)
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
	out = append(out, p.remarkValidation(c)...)
	if n := len(c.Warnings); n > 0 {
		out = append(out, remark{widgets.ColourCaution, p.text("say.jump", n, c.Warnings[n-1].Epoch), "loss"})
	}
	if at, rate, ok := lastDrop(c); ok {
		out = append(out, remark{widgets.ColourQuiet, p.text("say.drop", at, rate), "policy"})
	}
	return out
}

// remarkValidation compares validation with training.
func (p *Page) remarkValidation(c *session.Curve) []remark {
	last := c.Epochs[len(c.Epochs)-1]
	if math.IsNaN(last.ValLoss) {
		return []remark{{widgets.ColourCaution, p.text("say.no-validation"), "validation"}}
	}
	least, at := math.Inf(1), 0
	for i, e := range c.Epochs {
		if e.ValLoss < least {
			least, at = e.ValLoss, i
		}
	}
	classes := 0.
	if r := p.state.ChosenRun(); r != nil { // the run's own: another data set may be chosen by now
		classes = float64(r.Info.Spec.Classes)
	}
	best := bestOf(c)
	switch {
	case len(c.Epochs)-1-at >= 2 && last.ValLoss > 1.08*least && last.TrainLoss < c.Epochs[at].TrainLoss:
		return []remark{{widgets.ColourCaution, p.text("say.overfit", c.Epochs[at].Epoch, best.Epoch), "overfitting"}}
	case classes > 1 && last.TrainLoss > .95*math.Log(classes):
		return []remark{{widgets.ColourCaution, p.text("say.not-learning", math.Log(classes)), "rate"}}
	case last.ValLoss > 1.5*last.TrainLoss && last.ValLoss-last.TrainLoss > .1:
		return []remark{{widgets.ColourCaution, p.text("say.gap", last.TrainLoss, last.ValLoss), "overfitting"}}
	}
	return []remark{{widgets.ColourGood, p.text("say.well", percent(best.ValAccuracy), best.Epoch), "validation"}}
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
