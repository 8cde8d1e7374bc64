package train

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// comparison is the view that lays the curves of many runs over each other, above a table of what they are. It takes the place of the tab's other content.
type comparison struct {
	p      *Page
	on     bool
	ticked []string // runs whose curves are drawn, in the order in which they were ticked
	metric int      // what is drawn
	order  string   // column by which the table is sorted
	down   bool

	object  fyne.CanvasObject
	top     fyne.CanvasObject
	metrics *widgets.Segmented
	plot    *widgets.LinePlot
	table   *widgets.Table
	same    *widgets.Text // settings that all ticked runs share
	disk    map[string]int64
	keys    []string // of the columns
	drawn   string   // what the plot shows
}

// What the comparison draws.
const (
	drawsFigure = iota // the one that decides
	drawsValLoss
	drawsTrainLoss
)

// mostTicked is how many runs are ticked when the comparison is opened first.
const mostTicked = 6

// A property is a column of the table: of a run, or a setting of it.
type property struct {
	key     string
	width   float32
	right   bool
	setting bool // differs for a reason: marked where ticked runs differ in it, left out where all runs agree
	text    func(p *Page, r session.Run) string
	value   func(r session.Run) any // float64 or string, for the order; nil: the text
}

// bestOf returns the best epoch so far; for none it is number 0 with a validation of NaN.
func bestOf(epochs []train.Epoch) train.Epoch {
	for _, e := range slices.Backward(epochs) {
		if e.Best {
			return e
		}
	}
	return train.Epoch{ValLoss: math.NaN()}
}

// result makes a column of a result.
func result(key string, width float32, write func(float64) string, of func(r session.Run) float64) property {
	return property{key, width, true, false, func(_ *Page, r session.Run) string {
		v := of(r)
		if !(v > 0) {
			return ""
		}
		return write(v)
	}, func(r session.Run) any { return of(r) }}
}

// results returns the columns of the figures of all tasks that some run is of: what each run reached at its best epoch.
func results(runs []session.Run) (list []property) {
	var seen []data.Task
	for _, r := range runs {
		if slices.Contains(seen, r.Info.Task) {
			continue
		}
		seen = append(seen, r.Info.Task)
		for _, m := range metric.Of(r.Info.Task) {
			if m.Listed {
				write := func(v float64) string { return figureText(m, v) }
				list = append(list, result(bestColumn+m.Key, 82, write, func(r session.Run) float64 { return bestOf(r.Info.Epochs).Val.Get(m.Key) }))
			}
		}
	}
	return list
}

// bestColumn begins the keys of columns of figures.
const bestColumn = "best-"

// general writes a number with three digits.
func general(v float64) string { return fmt.Sprintf("%.3g", v) }

// properties returns the columns that there can be.
func (m *comparison) properties() []property {
	columns := []property{
		{"run", 104, false, false, func(_ *Page, r session.Run) string { return r.Name }, func(r session.Run) any { return r.Name }},
	}
	columns = append(columns, results(m.p.state.Runs)...)
	columns = append(columns, []property{
		result("best-epoch", 72, general, func(r session.Run) float64 { return bestOf(r.Info.Epochs).Epoch }),
		result("val-loss", 76, general, func(r session.Run) float64 { return bestOf(r.Info.Epochs).ValLoss }),
		{"state", 82, false, false, func(p *Page, r session.Run) string { return p.stateText(r) }, nil},
		{"network", 112, false, true, func(_ *Page, r session.Run) string { return r.Info.Spec.Name }, nil},
		{"data", 96, false, true, func(_ *Page, r session.Run) string { return filepath.Base(r.Info.Dataset) }, nil},
	}...)
	columns = append(columns, settingColumns()...)
	return append(columns, []property{
		{"disk", 76, true, false, func(_ *Page, r session.Run) string {
			if n, ok := m.disk[r.Name]; ok {
				return megabytes(n)
			}
			return ""
		}, func(r session.Run) any { return float64(m.disk[r.Name]) }},
		{"note", 190, false, false, func(_ *Page, r session.Run) string { return r.Info.Note }, nil},
	}...)
}

// build makes the view.
func (m *comparison) build() fyne.CanvasObject {
	p := m.p
	m.plot, m.table, m.drawn, m.keys = widgets.NewLinePlot().Opaque(), widgets.NewTable(), "-", nil
	m.table.OnTick, m.table.OnSort = m.tick, m.sort
	m.table.OnChoose = func(run string) { p.host.Session().ChooseRun(run) }
	m.table.OnMenu = func(run string, at fyne.Position) {
		if i := slices.IndexFunc(p.state.Runs, func(r session.Run) bool { return r.Name == run }); i >= 0 {
			p.runMenu(p.state.Runs[i], at)
		}
	}
	m.metrics = widgets.NewSegmented([]string{m.figureName(), p.text("val-loss"), p.text("train-loss")}, func(i int) {
		m.metric = i
		m.draw()
	})
	m.metrics.Choose(m.metric)
	space := widgets.NewText("", widgets.ColourText)
	m.top = widgets.LineGrowing(14, space, widgets.NewText(p.text("compare.title"), widgets.ColourText).Bold().Natural(), m.metrics, p.host.Info("seed"), space,
		widgets.NewButton(p.text("compare.leave"), widgets.Plain, func() { p.ShowComparison(false) }))
	curves := widgets.NewPanel(widgets.ColumnGrowing(4, m.plot, widgets.Sized(0, 30, m.top), m.plot)).Around(m.plot)
	m.same = widgets.NewText("", widgets.ColourQuiet)
	list := widgets.NewPanel(widgets.ColumnGrowing(6, m.table, widgets.Inset(10, 12, 0, 12, m.same), m.table)).Padded(1)
	return widgets.RowShares(widgets.Gap, []float32{1, 1}, curves, list)
}

// ShowComparison shows the comparison of runs, or the curves of one again.
func (p *Page) ShowComparison(on bool) {
	m := &p.comparison
	m.on = on
	if on && len(m.ticked) == 0 {
		for _, r := range p.state.Runs {
			if r.Err == nil && len(r.Info.Epochs) > 0 && len(m.ticked) < mostTicked {
				m.ticked = append(m.ticked, r.Name)
			}
		}
	}
	if on {
		p.host.Window().Canvas().Unfocus() // of a field that is hidden now: Escape leaves the comparison
		p.host.Session().DiskUse(func(bytes map[string]int64) {
			m.disk = bytes
			m.update()
		})
	}
	p.Update(p.state)
}

// tick draws a run, or does so no longer.
func (m *comparison) tick(run string) {
	if i := slices.Index(m.ticked, run); i >= 0 {
		m.ticked = slices.Delete(slices.Clone(m.ticked), i, i+1)
	} else if slices.ContainsFunc(m.p.state.Runs, func(r session.Run) bool { return r.Name == run && r.Err == nil }) { // what cannot be read cannot be drawn
		m.ticked = append(slices.Clone(m.ticked), run)
	}
	m.update()
}

// renamed follows a run that has another name now.
func (m *comparison) renamed(from, to string) {
	m.ticked = slices.Clone(m.ticked)
	if i := slices.Index(m.ticked, from); i >= 0 {
		m.ticked[i] = to
	}
	m.disk[to] = m.disk[from]
	m.update()
}

// sort sorts by a column: numbers from the largest at first, a second time the other way round.
func (m *comparison) sort(column int) {
	key := m.keys[column]
	if key == m.order {
		m.down = !m.down
	} else {
		m.order, m.down = key, m.table.Columns()[column].Right && key != "val-loss" // the best first
	}
	m.update()
}

// update shows the present state.
func (m *comparison) update() {
	if !m.on || m.table == nil {
		return
	}
	p := m.p
	runs := slices.Clone(p.state.Runs)
	m.ticked = slices.DeleteFunc(slices.Clone(m.ticked), func(name string) bool { // deleted or renamed since
		return !slices.ContainsFunc(runs, func(r session.Run) bool { return r.Name == name })
	})
	for _, name := range m.ticked {
		p.host.Session().ReadCurve(name)
	}
	m.tabulate(runs)
	m.draw()
}

// tabulate fills the table. Settings that all runs share are said above it; where ticked runs differ in one, those that have not what most of them have are marked.
func (m *comparison) tabulate(runs []session.Run) {
	p := m.p
	colours := m.colours()
	var columns []widgets.TableColumn
	var shown []property
	var usual, shared []string // what most ticked runs have, by column; "name value" of what all have
	m.keys = nil
	for _, c := range m.properties() {
		all, _ := m.values(runs, c, func(session.Run) bool { return true })
		ticked, most := m.values(runs, c, m.isTicked)
		if c.setting && len(all) < 2 {
			for text := range all {
				if text != "" {
					shared = append(shared, p.columnTitle(c.key)+" "+text)
				}
			}
			continue
		}
		shown, m.keys, usual = append(shown, c), append(m.keys, c.key), append(usual, most)
		columns = append(columns, widgets.TableColumn{Title: p.columnTitle(c.key), Width: c.width, Right: c.right, Marked: c.setting && len(ticked) > 1})
	}
	sorted := slices.Index(m.keys, m.order)
	if sorted >= 0 {
		m.arrange(runs, shown[sorted])
	}
	var rows []widgets.TableRow
	for _, r := range runs {
		row := widgets.TableRow{Key: r.Name, Ticked: m.isTicked(r), Chosen: r.Name == p.state.Run, Colour: colours[r.Name]}
		for i, c := range shown {
			text := m.cell(r, c)
			row.Cells, row.Marked = append(row.Cells, text), append(row.Marked, row.Ticked && columns[i].Marked && text != usual[i])
		}
		rows = append(rows, row)
	}
	m.table.Set(columns, rows, sorted, m.down)
	text := ""
	switch {
	case len(runs) == 0:
		text = p.text("runs.none")
	case len(runs) > 1:
		text = p.text("compare.marked")
		if len(shared) > 0 {
			text += " · " + p.text("compare.same", strings.Join(shared, ", "))
		}
	}
	m.same.Set(text)
}

// cell returns what stands in a column of a run; of one that cannot be read, its name and state alone.
func (m *comparison) cell(r session.Run, c property) string {
	if r.Err != nil && c.key != "run" && c.key != "state" {
		return ""
	}
	return c.text(m.p, r)
}

func (m *comparison) isTicked(r session.Run) bool { return slices.Contains(m.ticked, r.Name) }

// values counts what some of the runs have in a column, and tells what most of them have; of several the first.
func (m *comparison) values(runs []session.Run, c property, of func(session.Run) bool) (count map[string]int, most string) {
	count = map[string]int{}
	for _, r := range runs {
		if r.Err == nil && of(r) {
			text := c.text(m.p, r)
			count[text]++
			if count[text] > count[most] {
				most = text
			}
		}
	}
	return count, most
}

// columnTitle returns the title of a column: that of the setting, or its own.
func (p *Page) columnTitle(key string) string {
	if figure, ok := strings.CutPrefix(key, bestColumn); ok && p.host.Has("metric."+figure+".short") {
		return p.host.Text("metric.best", p.host.Text("metric."+figure+".short"))
	}
	if p.host.Has("train.column." + key) {
		return p.text("column." + key)
	}
	return p.text("field." + key)
}

// arrange sorts runs by a column; what has no value comes last, either way.
func (m *comparison) arrange(runs []session.Run, by property) {
	slices.SortStableFunc(runs, func(a, b session.Run) int {
		x, y := m.cell(a, by), m.cell(b, by)
		if (x == "") != (y == "") {
			return cmp.Compare(len(y), len(x))
		}
		c := 0
		if by.value == nil {
			c = cmp.Compare(x, y)
		} else {
			switch v := by.value(a).(type) {
			case float64:
				c = cmp.Compare(v, by.value(b).(float64))
			case string:
				c = disk.Naturally(v, by.value(b).(string))
			}
		}
		if m.down {
			c = -c
		}
		return c
	})
}

// A group are ticked runs that differ in their seed alone: they are drawn as one.
type group struct {
	runs   []session.Run
	colour color.Color
}

// span returns the least and the largest value of some series.
func span(series []widgets.PlotSeries) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, p := range s.Points {
			low, high = min(low, p.Y), max(high, p.Y)
		}
	}
	return low, high
}

// groups puts the ticked runs together.
func (m *comparison) groups() []group {
	var list []group
	for _, name := range m.ticked {
		i := slices.IndexFunc(m.p.state.Runs, func(r session.Run) bool { return r.Name == name && r.Err == nil })
		if i < 0 {
			continue
		}
		r := m.p.state.Runs[i]
		at := slices.IndexFunc(list, func(g group) bool { // one that went back to an epoch has the seed of the run that it came from
			return reflect.DeepEqual(butSeed(g.runs[0]), butSeed(r)) && !slices.ContainsFunc(g.runs, func(o session.Run) bool { return o.Info.Config.Seed == r.Info.Config.Seed })
		})
		if at < 0 {
			at = len(list)
			list = append(list, group{colour: comparedColour(at)})
		}
		list[at].runs = append(list[at].runs, r)
	}
	return list
}

// comparedColour returns the colour of a group, of those class colours that are read well as small text on light and on dark.
func comparedColour(i int) color.Color {
	readable := [...]int{6, 3, 2, 1}
	switch {
	case i == 0:
		return widgets.Colour(widgets.ColourAccent)
	case i <= len(readable):
		return widgets.ClassColour(readable[i-1])
	}
	return widgets.ClassColour(i + 2)
}

// colours of the ticked runs.
func (m *comparison) colours() map[string]color.Color {
	all := map[string]color.Color{}
	for _, g := range m.groups() {
		for _, r := range g.runs {
			all[r.Name] = g.colour
		}
	}
	return all
}

// task is that of the first ticked run: its figure is drawn, for the runs of that task.
func (m *comparison) task() data.Task {
	for _, r := range m.p.state.Runs {
		if m.isTicked(r) {
			return r.Info.Task
		}
	}
	return m.p.task()
}

// figureName names the figure that is drawn.
func (m *comparison) figureName() string { return m.p.figureName("val", metric.Deciding(m.task())) }

// draw shows the curves of the ticked runs.
func (m *comparison) draw() {
	p := m.p
	groups := m.groups()
	key := fmt.Sprint(m.metric, p.curves.smoothing)
	longest := 0.
	for _, g := range groups {
		for _, r := range g.runs {
			key += fmt.Sprintf(" %s %p", r.Name, p.state.Curves[r.Name])
			longest = max(longest, float64(r.Info.Config.Epochs))
		}
	}
	if key == m.drawn {
		return
	}
	m.drawn = key
	m.metrics.SetName(drawsFigure, m.figureName())
	m.top.Refresh()
	task := m.task()
	figure := metric.Deciding(task)
	d := widgets.PlotData{X: widgets.PlotAxis{Max: max(longest, 1)}, Head: p.epochHead(emptyCurve)}
	for _, g := range groups {
		var curves []*session.Curve
		for _, r := range g.runs {
			if c := p.state.Curves[r.Name]; c != nil && (m.metric != drawsFigure || r.Info.Task == task) {
				curves = append(curves, c)
			}
		}
		if len(curves) == 0 {
			continue
		}
		name := g.runs[0].Name
		if n := len(curves); n > 1 {
			name = p.text("compare.group", name, n)
		}
		if m.metric == drawsTrainLoss {
			for _, c := range curves { // their steps are not at the same places, so that they make no band
				d.Series = append(d.Series, widgets.PlotSeries{Name: name, Points: widgets.SmoothPlot(points(c.Loss), max(p.curves.smoothing, .9)), Fixed: g.colour})
				name = ""
			}
			continue
		}
		of := func(i int, c *session.Curve) float64 { return c.Epochs[i].ValLoss }
		if m.metric == drawsFigure {
			of = func(i int, c *session.Curve) float64 { return c.Epochs[i].Val.Get(figure.Key) }
		}
		least, mean, most := band(curves, of)
		if len(curves) > 1 {
			d.Series = append(d.Series, widgets.PlotSeries{Points: most, Lower: least, Fixed: g.colour})
		}
		d.Series = append(d.Series, widgets.PlotSeries{Name: name, Points: mean, Fixed: g.colour, Dots: len(mean) < 40})
	}
	if m.metric == drawsFigure && len(d.Series) > 0 {
		whole := figureAxis(figure, nil)
		d.Left = widgets.PlotAxis{Format: whole.Format, Value: whole.Value} // as near as can be: what is compared is often nearly as good
		if low, high := span(d.Series); low < .5 && high > .8 {
			d.Left.Max = 1
		}
	} else if m.metric == drawsFigure {
		d.Left = figureAxis(figure, nil)
	}
	m.plot.SetData(d)
}
