package train

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// remark is a sentence about the curves, with the idea behind it and what can be done about it at once.
type remark struct {
	colour  fyne.ThemeColorName
	text    string
	concept string
	remedy  *remedy
}

// remedy is what a click does about what the curves say.
type remedy struct {
	text string
	do   func()
}

// buildSays makes the panel of what the curves say.
func (p *Page) buildSays() fyne.CanvasObject {
	p.says, p.said = widgets.Column(6), ""
	list := widgets.NewScroll(p.says)
	return widgets.NewPanel(widgets.ColumnGrowing(6, list, widgets.NewHeading(p.text("says")), list))
}

// remarks read the curves: the chosen run as it stands.
func (p *Page) remarks() []remark {
	c, s := p.curve(), p.state
	if r := s.ChosenRun(); r != nil && r.Err != nil && !s.Live() {
		return []remark{{widgets.ColourBad, p.host.FaultText(r.Err), "", nil}}
	}
	if c == nil || len(c.Loss) == 0 {
		switch {
		case s.Live() && !s.Training.Started && s.Training.Counting.Images > 0:
			return []remark{{widgets.ColourQuiet, p.text("say.counting", s.Training.Counting.Done, s.Training.Counting.Images), "class-weights", nil}}
		case s.Live():
			return []remark{{widgets.ColourQuiet, p.text("say.begins"), "epoch", nil}}
		case s.ChosenRun() != nil && c != nil:
			return []remark{{widgets.ColourQuiet, p.text("say.no-step"), "", nil}}
		}
		return []remark{{widgets.ColourQuiet, p.text("say.nothing"), "epoch", nil}}
	}
	var out []remark
	if c.Transferred != nil {
		out = append(out, p.started(*c.Transferred))
	}
	if c.Weighed != nil {
		out = append(out, p.weighed(*c.Weighed))
	}
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
		out = append(out, remark{widgets.ColourBad, p.text(key), "rate", p.backBefore(r)})
	}
	switch {
	case len(c.Epochs) > 0:
	case s.Live():
		return append(out, remark{widgets.ColourQuiet, p.text("say.first"), "validation", nil})
	case diverged:
		return out
	default:
		return append(out, remark{widgets.ColourQuiet, p.text("say.ended", c.Loss[len(c.Loss)-1].X), "validation", nil})
	}
	out = append(out, p.found(c, diverged)...)
	if at, rate, ok := lastDrop(c); ok {
		key := "say.drop"
		if calmer(c, at) {
			key = "say.drop.calmer"
		}
		out = append(out, remark{widgets.ColourQuiet, p.text(key, at, rate), "policy", nil})
	}
	return out
}

// history returns the chosen run as Diagnose reads it.
func (p *Page) history(c *session.Curve) train.History {
	info := train.RunInfo{State: train.Running}
	if r := p.state.ChosenRun(); r != nil { // the run's own: another data set may be chosen by now
		info = r.Info
	}
	h := train.HistoryOf(info, nil)
	h.PerEpoch, h.Valid, h.Health = c.PerEpoch, c.Epochs, c.Health
	config, _ := p.configOf()
	h.Epochs = config.Epochs
	if p.state.Live() {
		h.State = train.Running
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

// found returns what Diagnose reads in the curves. That a run diverged is told by others, who know what is kept of it.
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
			args = []any{f.Args[0], bestOf(c.Epochs).Epoch}
		case train.FindVanishing:
			args = []any{f.Args[0], f.Args[1], widgets.Thousands(int(f.Args[2].(float64)))}
		case train.FindWell:
			decides, _ := metric.Named(f.Args[0].(string))
			args = []any{p.host.Text("metric."+decides.Key+".value", figureText(decides, f.Args[1].(float64))), f.Args[2]}
			if settled, at := settled(c); settled {
				out = append(out, remark{say.colour, p.text("say.well.settled", args[0], args[1], at), say.concept, nil})
				continue
			}
			if !p.state.Live() {
				out = append(out, remark{say.colour, p.text("say.well.done", args...), say.concept, nil})
				continue
			}
		case train.FindIgnored:
			args = []any{p.classes(f.Args[0].([]int))}
		}
		out = append(out, remark{say.colour, p.text("say."+f.Code, args...), say.concept, p.remedyFor(f.Code, c)})
	}
	return out
}

// remedyFor returns what a click does about what was found; nil for nothing.
func (p *Page) remedyFor(code string, c *session.Curve) *remedy {
	switch code {
	case train.FindOverfit:
		best, run := bestOf(c.Epochs).Epoch, p.state.Run
		if r := p.state.ChosenRun(); r == nil || !p.state.Live() && !model.HasSnapshot(r.Info.Snapshots, best) {
			return nil
		}
		return &remedy{p.text("back.to", model.EpochName(best)), func() { p.host.Session().GoBack(run, best, 0) }}
	case train.FindRateHigh, train.FindRateLow, train.FindNotLearn, train.FindPlateau:
		if p.state.ChosenDataset() == nil || p.form.locked {
			return nil
		}
		return &remedy{p.text("find.title"), func() { p.form.findRate() }}
	}
	return nil
}

// weighed returns what classes weigh, the first of those that weigh most.
func (p *Page) weighed(e train.Weighed) remark {
	const most = 4
	order := make([]int, len(e.Classes))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(e.Weights[b], e.Weights[a]) })
	var parts []string
	for _, c := range order[:min(most, len(order))] {
		parts = append(parts, fmt.Sprintf("%s %.3g", e.Classes[c], e.Weights[c]))
	}
	if len(order) > most {
		parts = append(parts, "…")
	}
	return remark{widgets.ColourQuiet, p.text("say.weighed", strings.Join(parts, ", ")), "class-weights", nil}
}

// started tells of the weights that a run started from.
func (p *Page) started(t train.Transferred) remark {
	taken, anew, unused := 0, 0, 0
	for _, w := range t.Weights {
		switch {
		case w.Taken():
			taken++
		case w.State == train.TransferUnused:
			unused++
		default:
			anew++
		}
	}
	text := p.text("say.started", filepath.Base(t.From), taken, anew, unused)
	return remark{widgets.ColourQuiet, text, "", &remedy{p.text("transfer.show"), func() { p.showTransfer(t) }}}
}

// showTransfer lists what became of each weight, those that were not taken first.
func (p *Page) showTransfer(t train.Transferred) {
	list := slices.Clone(t.Weights)
	slices.SortStableFunc(list, func(a, b train.Transfer) int {
		if a.Taken() == b.Taken() {
			return 0
		}
		if a.Taken() {
			return 1
		}
		return -1
	})
	table := widgets.NewTable()
	columns := []widgets.TableColumn{{Title: p.text("transfer.weight"), Width: 150}, {Title: p.text("transfer.state"), Width: 200}, {Title: p.text("transfer.has"), Width: 100}, {Title: p.text("transfer.wants"), Width: 100}}
	var rows []widgets.TableRow
	for _, w := range list {
		rows = append(rows, widgets.TableRow{Key: w.Key, Cells: []string{w.Key, p.text("transfer." + w.State), shapeText(w.Has), shapeText(w.Wants)}})
	}
	table.Set(columns, rows, -1, false)
	var hide func()
	space := widgets.NewText("", widgets.ColourText)
	hide = p.host.Dialog(p.text("transfer.title", filepath.Base(t.From)), widgets.Column(widgets.Gap, widgets.Sized(590, 300, table),
		widgets.LineGrowing(0, space, space, widgets.NewButton(p.text("find.leave"), widgets.Plain, func() { hide() }))))
}

// shapeText writes a shape.
func shapeText(shape []int) string {
	var parts []string
	for _, d := range shape {
		parts = append(parts, fmt.Sprint(d))
	}
	return strings.Join(parts, "×")
}

// backBefore goes back to the last good snapshot of a run that diverged, with a tenth of its rate, or trains again if it has none.
func (p *Page) backBefore(r *session.Run) *remedy {
	n := len(r.Info.Snapshots)
	if n == 0 {
		c := r.Info.Config
		c.Rate /= 10
		return &remedy{p.text("again.slower", c.Rate), func() {
			p.takeSettings(r.Info.Spec.Name, c)
			p.try(p.host.Session().Enqueue([]train.Config{c}))
		}}
	}
	last, rate, run := r.Info.Snapshots[n-1], r.Info.Config.Rate/10, r.Name
	return &remedy{p.text("back.slower", model.EpochName(last), rate), func() { p.host.Session().GoBack(run, last, rate) }}
}

// settled reports whether the validation loss has not got better for the last third of the epochs and more, and since when.
func settled(c *session.Curve) (bool, float64) {
	least, at := math.Inf(1), 0.
	for _, e := range c.Epochs {
		if e.ValLoss < .99*least {
			least, at = e.ValLoss, e.Epoch
		}
	}
	n := len(c.Epochs)
	return n > 3 && c.Epochs[n-1].Epoch-at > c.Epochs[n-1].Epoch/3, at
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

// calmer reports whether the loss swings less after a place than before it: by a fifth at least, over equal stretches.
func calmer(c *session.Curve, at float64) bool {
	const stretch = .5 // of an epoch
	swing := func(from, to float64) (sum float64, n int) {
		for i := 1; i < len(c.Loss); i++ {
			if c.Loss[i].X > from && c.Loss[i].X <= to {
				sum += math.Abs(c.Loss[i].Y - c.Loss[i-1].Y)
				n++
			}
		}
		return sum / float64(max(n, 1)), n
	}
	before, n := swing(at-stretch, at)
	after, m := swing(at, at+stretch)
	return n > 5 && m > 5 && after < .8*before
}

// showSays writes what the curves say.
func (p *Page) showSays() {
	remarks := p.remarks()
	var key strings.Builder
	key.WriteString(p.state.Run) // what a click does is about the run
	for _, r := range remarks {
		key.WriteString(r.text)
		if r.remedy != nil {
			key.WriteString(r.remedy.text)
		}
	}
	if key.String() == p.said {
		return
	}
	p.said = key.String()
	p.says.Objects = p.says.Objects[:0]
	for _, r := range remarks {
		dot := widgets.NewText("●", r.colour).Natural()
		text := widgets.NewParagraph(r.text, widgets.ColourText)
		p.says.Objects = append(p.says.Objects, widgets.Beside(8, text, widgets.Column(0, dot), text))
		var links []fyne.CanvasObject
		if r.remedy != nil {
			links = append(links, widgets.NewButton(r.remedy.text, widgets.Plain, r.remedy.do))
		}
		if r.concept != "" {
			links = append(links, widgets.NewButton(p.text("why"), widgets.Linked, func() { p.host.Explain(r.concept) }))
		}
		if len(links) > 0 {
			p.says.Objects = append(p.says.Objects, widgets.Inset(0, 0, 0, 20, widgets.Line(8, links...)))
		}
	}
	p.says.Refresh()
}
