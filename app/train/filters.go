package train

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/widgets"
)

// The filters of the first convolution, as they are now or as they became.

// learned is the panel of filters.
type learned struct {
	title   *widgets.Text
	sheet   *widgets.ContactSheet
	scale   *widgets.ScaleBar
	none    *widgets.Paragraph // why there are no filters
	owner   string             // run whose filters are shown
	lack    string             // what is said in place of filters
	asked   string             // run and epoch whose filters were asked for
	watched string             // run that was asked for its filters of now
}

// buildFilters makes the panel with the filters of the first convolution.
func (p *Page) buildFilters() fyne.CanvasObject {
	p.learned = learned{
		title: widgets.NewHeading(p.text("filters")), sheet: widgets.NewContactSheet(), scale: widgets.NewScaleBar(),
		none: widgets.NewParagraph("", widgets.ColourQuiet).Small(), lack: "-",
	}
	p.noFilters("")
	sheet := container.NewStack(p.learned.sheet, p.learned.none)
	return widgets.NewPanel(widgets.ColumnGrowing(4, sheet, widgets.Sized(0, 20, p.learned.title), sheet, p.learned.scale))
}

// firstFilters returns the first layer of a network that has filters.
func firstFilters(s nn.Spec) string {
	report := nn.Analyze(s, 1)
	for _, i := range report.Order {
		if s.Layers[i].Type == "convolution" {
			return s.Layers[i].Name
		}
	}
	return ""
}

// showFilters shows the filters of the first convolution: of the run that goes on as they are now, of another as they became. They belong to
// the chosen run; while it has none, a sentence says why.
func (p *Page) showFilters() {
	if p.learned.owner != "" && p.learned.owner != p.state.Run {
		p.noFilters("")
	}
	if p.state.Live() {
		p.showLiveFilters(p.state.Training)
		return
	}
	p.learned.watched = ""
	r := p.state.ChosenRun()
	key := ""
	if r != nil {
		key = fmt.Sprint(r.Name, r.Info.BestEpoch, r.Info.State, r.Err)
	}
	if key == p.learned.asked && key != "" {
		return
	}
	p.learned.asked = key
	switch {
	case r == nil:
		p.noFilters(p.text("filters.none"))
	case r.Err != nil:
		p.noFilters(p.text("filters.unreadable", r.Name))
	case firstFilters(r.Info.Spec) == "":
		p.noFilters(p.text("filters.no-convolution"))
	default:
		if p.learned.owner == "" {
			p.noFilters("")
		}
		p.readFilters(r.Name, firstFilters(r.Info.Spec), key)
	}
}

// showLiveFilters shows the filters of the run that goes on.
func (p *Page) showLiveFilters(t *session.Training) {
	p.learned.asked = ""
	if t.Started && p.learned.watched != t.Run && p.shown {
		p.watch(t)
	}
	switch {
	case t.Probe != nil:
		for _, l := range t.Probe.View.Layers {
			if l.Filters != nil {
				p.setFilters(l.Name, *l.Filters, true)
			}
		}
	case firstFilters(t.Spec) == "":
		p.noFilters(p.text("filters.no-convolution"))
	case p.learned.owner != t.Run:
		p.noFilters(p.text("filters.soon"))
	}
}

// readFilters reads the filters that a run learned.
func (p *Page) readFilters(run, layer, key string) {
	p.host.Session().Filters(run, layer, func(t *nn.Tensor, err error) {
		switch {
		case p.learned.asked != key: // another run was chosen meanwhile
		case fault.Code(err) == "session.weights.none":
			p.noFilters(p.text("filters.no-weights", run))
		case err != nil:
			p.noFilters(p.host.FaultText(err))
		case t != nil:
			p.setFilters(layer, *t, false)
		}
	})
}

// setFilters shows filters of the chosen run.
func (p *Page) setFilters(layer string, t nn.Tensor, now bool) {
	key := "filters.of"
	if now {
		key = "filters.now"
	}
	p.learned.owner = p.state.Run
	p.learned.title.Set(p.text(key, layer))
	d, tone := widgets.FilterData(t.Data(), t.Shape()[0], t.Shape()[1], t.Shape()[2], t.Shape()[3])
	p.learned.sheet.Set(d)
	p.learned.scale.Set(tone)
	p.learned.scale.Show()
	p.learned.none.Hide()
}

// noFilters shows none, and says why.
func (p *Page) noFilters(why string) {
	if p.learned.owner == "" && p.learned.lack == why { // states come ten times a second
		return
	}
	p.learned.owner, p.learned.lack = "", why
	p.learned.title.Set(p.text("filters"))
	p.learned.sheet.Set(widgets.SheetData{})
	p.learned.scale.Hide()
	p.learned.none.Set(why)
	p.learned.none.Show()
}

// watch asks the run for its filters.
func (p *Page) watch(t *session.Training) {
	p.learned.watched = t.Run
	if layer := firstFilters(t.Spec); layer != "" {
		p.host.Session().WatchFilters(t.Run, layer)
	}
}
