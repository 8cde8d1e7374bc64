package inspect

import (
	"context"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/widgets"
)

// evaluate is the page that says how good the chosen run is on a part of a data set.
type evaluate struct {
	host page.Host
	show func(img image.Image, name string) // shows an image in the maps

	// What is chosen and what was measured outlive a change of language.
	state   *session.State
	run     string
	dataset string // "": the one of the run
	split   data.Split
	shares  bool
	figure  int                        // of the classes
	request *session.EvaluationRequest // that all which is shown belongs to
	best    float64                    // best epoch of the run when it was made
	result  *train.Evaluation
	failed  error
	running bool
	wrong   []train.ImageScore
	source  atomic.Pointer[wrongImages]

	object   fyne.CanvasObject
	tools    fyne.CanvasObject // that choose what is measured
	sets     *widgets.Choice
	names    []string // of the data sets in it
	splits   *widgets.Choice
	start    *widgets.Button
	progress *widgets.Progress
	told     *widgets.Text
	busy     fyne.CanvasObject
	matrix   *widgets.ConfusionMatrix
	counted  *widgets.Text // what a cell counts
	figures  *widgets.Segmented
	top      *fyne.Container // above the matrix
	chooser  *fyne.Container // of what is in it
	message  *widgets.Paragraph
	messages fyne.CanvasObject
	aside    *fyne.Container // of the figures
	heading  *widgets.Text
	rows     *fyne.Container
	note     *widgets.Paragraph
	noteBox  fyne.CanvasObject
	worst    *widgets.Text
	grid     *widgets.ThumbnailGrid
	grids    []*widgets.ThumbnailGrid // of all languages, to be closed
	wrongBox fyne.CanvasObject
}

// wrongImages is what the grid loads from, on its own goroutines.
type wrongImages struct {
	dataset string
	list    []train.ImageScore
}

func (e *evaluate) text(key string, args ...any) string {
	return e.host.Text("inspect."+key, args...)
}

// evaluationSplits returns the splits in the order in which they are offered.
func evaluationSplits() []data.Split { return []data.Split{data.Val, data.Test, data.Train} }

// update follows the run that is chosen.
func (e *evaluate) update(s *session.State) {
	e.state = s
	if e.run != s.Run {
		e.run, e.dataset, e.split = s.Run, "", data.Val
		e.choose()
		return
	}
	e.showTools()
	e.showNote()
}

// rebuilt shows again what was shown, in the present language.
func (e *evaluate) rebuilt() {
	e.showTools()
	e.showResult()
}

// choose takes up another run, data set or split: what was measured of it is shown, and nothing of another one.
func (e *evaluate) choose() {
	if e.running {
		e.host.Session().CancelEvaluate()
	}
	e.running, e.result, e.failed = false, nil, nil
	q := session.EvaluationRequest{Run: e.run, Dataset: e.dataset, Split: e.split}
	e.ask(&q)
	e.showTools()
	e.showResult()
	e.recall()
}

// recall looks for what was measured before.
func (e *evaluate) recall() {
	q := e.request
	e.host.Session().Evaluated(*q, func(found *train.Evaluation) {
		if e.request == q && found != nil && !e.running {
			e.result = found
			e.showResult()
		}
	})
}

// back is called when the tab comes into sight again: another tab may have had a run measured meanwhile, in place of this one. An evaluation that
// goes on shows its progress soon.
func (e *evaluate) back() {
	if e.running {
		e.running = false
		e.showResult()
		e.recall()
	}
}

// ask makes a request the one that all which is shown belongs to.
func (e *evaluate) ask(q *session.EvaluationRequest) {
	e.request, e.best = q, 0
	if r := e.state.ChosenRun(); r != nil {
		e.best = r.Info.BestEpoch
	}
}

// begin measures.
func (e *evaluate) begin() {
	q := session.EvaluationRequest{Run: e.run, Dataset: e.dataset, Split: e.split}
	e.ask(&q)
	e.running, e.result, e.failed = true, nil, nil
	e.showProgress(0, 0)
	e.showResult()
	e.host.Session().Evaluate(q, func(done, total int) {
		if e.request != &q {
			return
		}
		e.showProgress(done, total)
		if !e.running {
			e.running = true
			e.showResult()
		}
	}, func(result train.Evaluation, err error) {
		if e.request != &q {
			return
		}
		e.running, e.failed = false, err
		if err == nil {
			e.result = &result
		}
		e.showResult()
	})
}

// cancel breaks off.
func (e *evaluate) cancel() {
	e.host.Session().CancelEvaluate()
	e.running = false
	e.showResult()
}

func (e *evaluate) showProgress(done, total int) {
	if total == 0 {
		e.progress.Set(0)
		e.told.Set(e.text("evaluate.preparing"))
		return
	}
	e.progress.Set(float64(done) / float64(total))
	e.told.Set(e.text("evaluate.progress", widgets.Thousands(done), widgets.Thousands(total)))
}

// measuredOn returns the data set of the state that is measured on, or nil.
func (e *evaluate) measuredOn() *session.Dataset {
	if e.dataset == "" {
		return e.state.DatasetOf(e.state.ChosenRun())
	}
	i := slices.IndexFunc(e.state.Datasets, func(d session.Dataset) bool { return d.Name == e.dataset })
	if i < 0 {
		return nil
	}
	return &e.state.Datasets[i]
}

// showTools offers the data sets and splits that there are.
func (e *evaluate) showTools() {
	own, names, shown := "", []string{""}, []string{""}
	r := e.state.ChosenRun()
	if r != nil && r.Err == nil {
		shown[0] = filepath.Base(r.Info.Dataset) // also of a data set that is gone: it is said when it is measured on
		if d := e.state.DatasetOf(r); d != nil {
			own, shown[0] = d.Name, d.Name
		}
	}
	for _, d := range e.state.Datasets {
		if d.Err == nil && d.Name != own {
			names, shown = append(names, d.Name), append(shown, d.Name)
		}
	}
	e.names = names
	if at := max(0, slices.Index(names, e.dataset)); !slices.Equal(shown, e.sets.Options()) || at != e.sets.Chosen() {
		e.sets.Set(shown, at)
	}
	var splits []string
	for _, s := range evaluationSplits() {
		name := e.text("evaluate.split." + s.String())
		if d := e.measuredOn(); d != nil {
			name += " · " + widgets.Thousands(d.Info.Counts[s])
		}
		splits = append(splits, name)
	}
	if at := slices.Index(evaluationSplits(), e.split); !slices.Equal(splits, e.splits.Options()) || at != e.splits.Chosen() {
		e.splits.Set(splits, at)
	}
}

// showResult shows what was measured, what that met, or what can be done.
func (e *evaluate) showResult() {
	r := e.result
	visible(e.busy, e.running)
	visible(e.start, !e.running)
	visible(e.matrix, r != nil)
	visible(e.chooser, r != nil)
	visible(e.wrongBox, r != nil && len(e.wrongOf(r)) > 0)
	text, colour := "", widgets.ColourQuiet
	switch {
	case e.failed != nil:
		text, colour = e.host.FaultText(e.failed), widgets.ColourBad
	case r == nil && !e.running:
		text = e.text("evaluate.hint")
	}
	e.message.SetColour(colour)
	e.message.Set(text)
	visible(e.messages, text != "")
	e.showMatrix()
	e.showFigures()
	e.showWrong()
	e.top.Refresh()
	e.object.Refresh()
}

func visible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// classes returns the names of the run's classes.
func (e *evaluate) classes() []string {
	if r := e.state.ChosenRun(); r != nil {
		return r.Info.Labels
	}
	return nil
}

func (e *evaluate) wrongOf(r *train.Evaluation) []train.ImageScore {
	if r == nil {
		return nil
	}
	return r.Wrong()
}

// showWrong shows the images that were not answered right, the worst first.
func (e *evaluate) showWrong() {
	e.wrong = e.wrongOf(e.result)
	if len(e.wrong) == 0 {
		e.source.Store(nil)
		e.grid.SetItems(0, nil)
		return
	}
	d := e.measuredOn()
	if d == nil {
		return
	}
	name, list, r, classes := d.Name, e.wrong, e.result, e.classes()
	e.worst.Set(e.text("evaluate.wrong."+unit(r.Task), widgets.Thousands(len(list)), widgets.Thousands(r.Images)))
	ids := make([]uint32, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	e.host.Session().ClassesOf(name, ids, func(of []int32, err error) {
		if err != nil {
			e.host.Fault(err)
			return
		}
		if e.result == r {
			e.source.Store(&wrongImages{name, list})
			e.grid.SetItems(len(list), func(i int) string { return scoreLabel(r.Task, list[i], of[i], classes) })
		}
	})
}

// scoreLabel returns what is written on an image: of one class the true one, else how much is right.
func scoreLabel(t data.Task, s train.ImageScore, class int32, classes []string) string {
	switch {
	case t == data.Segmentation:
		return fmt.Sprintf("%.0f %%", 100*s.Right)
	case class >= 0 && int(class) < len(classes):
		return classes[class]
	}
	return ""
}

// load gives the grid a picture; it runs on a background goroutine.
func (e *evaluate) load(_ context.Context, item int) (image.Image, error) {
	at := e.source.Load()
	if at == nil || item >= len(at.list) {
		return nil, context.Canceled
	}
	return e.host.Session().Picture(at.dataset, at.list[item].ID)
}

// open shows an image of the grid in the maps.
func (e *evaluate) open(item int) {
	at := e.source.Load()
	if at == nil || item < 0 || item >= len(at.list) {
		return
	}
	e.host.Session().Image(at.dataset, at.list[item].ID, func(img image.Image, r data.Record, err error) {
		if err != nil {
			e.host.Fault(err)
			return
		}
		e.show(img, r.File)
	})
}

// close ends what loads pictures.
func (e *evaluate) close() {
	for _, g := range e.grids {
		g.Close()
	}
}
