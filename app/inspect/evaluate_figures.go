package inspect

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/widgets"
)

// unit returns the ending of the texts about what a cell counts.
func unit(t data.Task) string {
	if t == data.Segmentation {
		return "pixels"
	}
	return "images"
}

func (e *evaluate) showMatrix() {
	r, names := e.result, e.classes()
	if r == nil || len(r.Confusion) != len(names) {
		e.matrix.SetData(widgets.Confusion{})
		return
	}
	list := metric.OfClasses(r.Task)
	e.figure = min(e.figure, len(list)-1)
	e.showChooser(list)
	d := widgets.Confusion{
		Names: names, Counts: make([][]int, len(names)), Shares: e.shares,
		Figures: r.Classes[list[e.figure].Key], TotalHead: e.text("evaluate." + unit(r.Task)), FigureHead: e.host.Text("metric." + list[e.figure].Key + ".short"),
	}
	for i, row := range r.Confusion {
		for _, n := range row {
			d.Counts[i] = append(d.Counts[i], int(n))
		}
	}
	e.counted.Set(e.text("evaluate.cells." + unit(r.Task)))
	e.matrix.SetData(d)
}

// showChooser offers the figures of the classes, of a task that has several.
func (e *evaluate) showChooser(list []metric.Metric) {
	var names []string
	for _, m := range list {
		names = append(names, e.host.Text("metric."+m.Key+".short"))
	}
	e.figures = widgets.NewSegmented(names, func(i int) {
		e.figure = i
		e.showMatrix()
	})
	e.figures.Choose(e.figure)
	e.chooser.Objects = e.chooser.Objects[:1]
	if len(list) > 1 {
		e.chooser.Add(e.figures)
	}
	e.top.Refresh()
}

// hovered returns what a cell of the matrix counts.
func (e *evaluate) hovered(truth, predicted int) string {
	d := e.matrix.Data()
	n, total := d.Counts[truth][predicted], 0
	for _, c := range d.Counts[truth] {
		total += c
	}
	if total == 0 {
		return e.text("evaluate.cell.none."+unit(e.result.Task), d.Names[truth])
	}
	if truth == predicted {
		return e.text("evaluate.cell.right."+unit(e.result.Task), widgets.Thousands(n), widgets.Thousands(total), d.Names[truth], 100*float64(n)/float64(total))
	}
	return e.text("evaluate.cell."+unit(e.result.Task), widgets.Thousands(n), widgets.Thousands(total), d.Names[truth], d.Names[predicted], 100*float64(n)/float64(total))
}

// figureText writes a figure.
func figureText(m metric.Metric, v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case m.Format == metric.Share:
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.4g", v)
}

// showFigures lists the figures of the whole.
func (e *evaluate) showFigures() {
	r := e.result
	e.rows.Objects = nil
	e.heading.Set("")
	if r != nil {
		e.heading.Set(e.text("evaluate.on", e.run, e.text("evaluate.split."+e.split.String())))
		e.rows.Add(widgets.NewRow(e.text("evaluate.dataset"), e.sets.Options()[e.sets.Chosen()]))
		e.rows.Add(widgets.NewRow(e.text("evaluate.images"), widgets.Thousands(r.Images)))
		for _, m := range metric.Of(r.Task) {
			e.rows.Add(widgets.NewRow(e.host.Text("metric."+m.Key), figureText(m, r.Values.Get(m.Key))))
		}
		e.rows.Add(widgets.NewRow(e.text("evaluate.loss"), fmt.Sprintf("%.4f", r.Loss)))
		e.showMixed()
	}
	e.showNote()
}

// A mixUp is how often one class was taken for another.
type mixUp struct {
	truth, predicted int
	count            int64
}

// mixUps returns the largest cells beside the diagonal.
func mixUps(confusion [][]int64, most int) []mixUp {
	var list []mixUp
	for i, row := range confusion {
		for j, n := range row {
			if i != j && n > 0 {
				list = append(list, mixUp{i, j, n})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mixUp) int { return int(max(-1, min(1, b.count-a.count))) })
	return list[:min(most, len(list))]
}

// showMixed lists what is mixed up most.
func (e *evaluate) showMixed() {
	const most = 3
	names, list := e.classes(), mixUps(e.result.Confusion, most)
	if len(list) == 0 || len(names) != len(e.result.Confusion) {
		return
	}
	e.rows.Add(widgets.Sized(0, 26, widgets.NewHeading(e.text("evaluate.mixed."+unit(e.result.Task)))))
	for _, m := range list {
		e.rows.Add(widgets.NewRow(names[m.truth]+" → "+names[m.predicted], widgets.Thousands(int(m.count))))
	}
}

// showNote says what is to be known about the figures.
func (e *evaluate) showNote() {
	text, names := "", e.classes()
	r := e.state.ChosenRun()
	switch {
	case e.result == nil:
	case r != nil && r.Info.BestEpoch != e.best:
		text = e.text("evaluate.older")
	case len(e.result.Missed) > 0:
		var missed []string
		for _, c := range e.result.Missed {
			if c < len(names) {
				missed = append(missed, names[c])
			}
		}
		text = e.text("evaluate.missed", few(missed))
	case e.split == data.Train:
		text = e.text("evaluate.seen")
	}
	e.note.Set(text)
	visible(e.noteBox, text != "")
	e.aside.Refresh()
}

// few lists the first names, and how many more there are.
func few(names []string) string {
	const most = 5
	text := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" … (+%d)", len(names)-most)
	}
	return text
}
