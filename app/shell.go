package app

import (
	"fmt"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// shell is the window. All its methods run on the window's goroutine, but where they say so.
type shell struct {
	app     fyne.App
	win     fyne.Window
	session *session.Session
	text    *resources.Translator
	dark    bool

	rows     []page.Row
	pages    []page.Page
	contents []fyne.CanvasObject // of the pages
	current  int

	rail    *widgets.Rail
	chips   [3]*widgets.Choice // data set, network, run
	bar     *fyne.Container    // of the choices and what stands beside them
	body    *fyne.Container
	status  *statusLine
	banners *banners
	covers  []fyne.CanvasObject // dialogs that are open, the last on top
	state   *session.State
	seen    int // serial of the last notice shown
	cancel  func()
	closing bool
}

func newShell(a fyne.App, s *session.Session, o Options) (*shell, error) {
	p := a.Preferences()
	t, dark, err := appearance(a, o)
	if err != nil {
		return nil, err
	}
	w := &shell{app: a, session: s, text: t, dark: dark, rows: rows(), state: s.State()}
	a.Settings().SetTheme(resources.Theme(dark))
	w.win = a.NewWindow("Convscope")
	for _, r := range w.rows {
		w.pages = append(w.pages, r.New(w))
	}
	w.build()
	width, height := float32(p.FloatWithFallback("width", 1280)), float32(p.FloatWithFallback("height", 800))
	if o.alone() {
		width, height = 1280, 800
	}
	size := fitted(w.win, fyne.NewSize(width, height))
	if o.Width > 0 && o.Height > 0 {
		size = fyne.NewSize(o.Width, o.Height)
	}
	w.win.Resize(size)
	w.win.SetPadded(false)
	w.win.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) {
		var paths []string
		for _, u := range uris {
			paths = append(paths, u.Path())
		}
		w.dropped(paths)
	})
	w.win.SetCloseIntercept(w.quit)
	w.keys()
	a.Lifecycle().SetOnEnteredForeground(s.Refresh) // folders may have been moved meanwhile
	w.cancel = s.Subscribe(w.update)
	return w, nil
}

// build makes the window's content in the present language.
func (w *shell) build() {
	var items []widgets.RailItem
	w.contents = w.contents[:0]
	for i, r := range w.rows {
		items = append(items, widgets.RailItem{Name: w.Text("tab." + r.Key), Icon: r.Icon})
		w.contents = append(w.contents, w.pages[i].Build())
	}
	w.rail = widgets.NewRail(items, w.show)
	w.body = container.NewStack(w.contents...)
	for i, c := range w.contents {
		if i != w.current {
			c.Hide()
		}
	}
	w.status = newStatusLine(w)
	if w.banners == nil {
		w.banners = newBanners(w)
	}
	w.banners.build()
	body := widgets.Sized(640, 480, w.body) // tabs may ask for more; they make do with less
	main := widgets.ColumnGrowing(0, body, w.topBar(), body)
	upper := widgets.Beside(0, main, w.rail, main)
	w.win.SetContent(container.NewStack(widgets.ColumnGrowing(0, upper, upper, w.status.object), w.banners.object))
	w.rail.Choose(w.current)
	w.showState()
}

// topBar has the choice that all tabs share, and at the right what concerns the window.
func (w *shell) topBar() fyne.CanvasObject {
	choose := []func(string){w.session.ChooseDataset, w.session.ChooseNetwork, w.session.ChooseRun}
	for i, key := range []string{"data", "network", "run"} {
		chip := widgets.NewChip(w.Text("top."+key), w.Text("top.none"), nil)
		chip.OnChosen = func(k int) { choose[i](chip.Options()[k]) }
		w.chips[i] = chip
	}
	arrow := func() fyne.CanvasObject { return widgets.NewText("›", widgets.ColourFaint).Natural() }
	languages := widgets.NewSegmented([]string{"한국어", "EN"}, func(i int) { w.setLanguage([]string{"ko", "en"}[i]) })
	if w.text.Language == "en" {
		languages.Choose(1)
	}
	info := widgets.NewIconButton(func() fyne.Resource { return resources.IconInfo.In(widgets.Colour(widgets.ColourQuiet)) }, func() { w.Explain("tab-" + w.rows[w.current].Key) })
	contrast := widgets.NewIconButton(func() fyne.Resource { return resources.IconContrast.In(widgets.Colour(widgets.ColourQuiet)) }, w.switchTheme)
	news := w.banners.newsLine
	w.bar = widgets.LineGrowing(8, news, w.chips[0], arrow(), w.chips[1], arrow(), w.chips[2], news, info, languages, contrast)
	bar := container.NewStack(
		widgets.NewFill(widgets.ColourPanel),
		widgets.Inset(0, 14, 0, 14, w.bar),
		container.New(bottomEdge{}, widgets.NewFill(widgets.ColourLine)),
	)
	return widgets.Sized(0, 44, bar)
}

// bottomEdge is a line along the bottom, topEdge one along the top.
type bottomEdge struct{}

func (bottomEdge) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (bottomEdge) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, size.Height-1))
	objects[0].Resize(fyne.NewSize(size.Width, 1))
}

type topEdge struct{}

func (topEdge) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (topEdge) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(size.Width, 1))
}

// show brings a tab into sight.
func (w *shell) show(i int) {
	if i == w.current {
		return
	}
	w.pages[w.current].Hide()
	w.contents[w.current].Hide() // rather than taken out: what was uploaded stays, and coming back is quick
	w.current = i
	w.rail.Choose(i)
	w.contents[i].Show()
	w.pages[i].Update(w.state)
	w.pages[i].Show()
}

// update takes a new state of the session.
func (w *shell) update(s *session.State) {
	w.state = s
	w.showState()
}

// showState shows the state in the frame and the tab in sight.
func (w *shell) showState() {
	s := w.state
	w.chips[0].Set(namesOf(s.Datasets, func(d session.Dataset) string { return d.Name }, s.Dataset))
	w.chips[1].Set(namesOf(s.Networks, func(n session.Network) string { return n.Name }, s.Network))
	w.chips[2].Set(namesOf(s.Runs, func(r session.Run) string { return r.Name }, s.Run))
	w.status.update(s)
	for _, n := range s.Notices {
		if n.Serial <= w.seen {
			continue
		}
		w.seen = n.Serial
		if n.Err != nil {
			w.fault(n)
		} else {
			w.banners.tell(func() string { return w.Text(n.Key, page.NoticeArgs(n)...) })
		}
	}
	w.pages[w.current].Update(s)
}

func namesOf[T any](all []T, name func(T) string, chosen string) ([]string, int) {
	var names []string
	at := -1
	for i, v := range all {
		names = append(names, name(v))
		if names[i] == chosen {
			at = i
		}
	}
	return names, at
}

// dropped takes files or folders that were dropped on the window: the tab in sight may take them; else they are data.
func (w *shell) dropped(paths []string) {
	if len(paths) == 0 {
		return
	}
	if t, ok := w.pages[w.current].(page.DropTaker); ok && t.Dropped(paths) {
		return
	}
	w.Go("data")
	if t, ok := w.pages[w.current].(page.DropTaker); ok && t.Dropped(paths) {
		return
	}
	w.banners.fail(&banner{say: func() string { return w.Text("drop.unknown", filepath.Base(paths[0])) }, details: paths[0]})
}

// setLanguage shows everything in another language.
func (w *shell) setLanguage(language string) {
	if language == w.text.Language {
		return
	}
	t, err := resources.NewTranslator(language)
	if err == nil {
		err = t.TeachFyne()
	}
	if err != nil {
		w.Fault(err)
		return
	}
	w.text = t
	w.app.Preferences().SetString("language", language)
	w.pages[w.current].Hide()
	w.build()
	w.pages[w.current].Show()
}

// switchTheme goes from light to dark and back.
func (w *shell) switchTheme() {
	w.dark = !w.dark
	w.app.Preferences().SetBool("dark", w.dark)
	w.app.Settings().SetTheme(resources.Theme(w.dark))
	w.pages[w.current].Hide()
	w.build() // Fyne refreshes what is in sight; the other tabs are made again
	w.pages[w.current].Show()
}

// keys takes the keys that belong to the window.
func (w *shell) keys() {
	for i, key := range []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5} {
		w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { w.show(i) })
	}
	w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { w.switchTheme() })
	w.win.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if w.win.Canvas().Overlays().Top() != nil { // what lies beneath a dialog hears nothing
			if e.Name == fyne.KeyEscape {
				w.escape()
			}
			return
		}
		if e.Name == fyne.KeyF1 {
			w.Explain("tab-" + w.rows[w.current].Key)
			return
		}
		if t, ok := w.pages[w.current].(page.KeyTaker); ok {
			t.Key(e)
		}
	})
}

// quit closes the window once all that goes on has been brought to a good end: a run writes its snapshot.
func (w *shell) quit() {
	if w.closing {
		return
	}
	w.closing = true
	size := w.win.Canvas().Size()
	w.app.Preferences().SetFloat("width", float64(size.Width))
	w.app.Preferences().SetFloat("height", float64(size.Height))
	if w.state.Training != nil {
		run := w.state.Training.Run
		w.banners.tell(func() string { return w.Text("quit.saving", run) })
	}
	go func() {
		err := w.session.Close()
		fyne.Do(func() {
			if err != nil {
				fyne.LogError("closing", err)
			}
			w.app.Quit()
		})
	}()
}

// close stops what the pages started, after the window is gone.
func (w *shell) close() error {
	w.cancel()
	err := w.session.Close()
	for _, p := range w.pages {
		p.Close()
	}
	return err
}

// statusLine is the line along the bottom.
type statusLine struct {
	w                          *shell
	object                     fyne.CanvasObject
	engine, job, detail, right *widgets.Text
	bar                        *widgets.Progress
	barBox                     *fyne.Container
	cancel                     *widgets.Button
}

func newStatusLine(w *shell) *statusLine {
	text := func() *widgets.Text { return widgets.NewText("", widgets.ColourQuiet).Sized(12).Natural() }
	s := &statusLine{w: w, engine: text(), job: text(), detail: text(), right: text(), bar: widgets.NewProgress()}
	s.barBox = widgets.Sized(180, 6, s.bar)
	s.cancel = widgets.NewButton(w.Text("cancel"), widgets.Linked, w.session.CancelImport)
	space := widgets.NewText("", widgets.ColourText)
	line := widgets.LineGrowing(18, space, s.engine, s.job, s.barBox, s.detail, s.cancel, space, s.right)
	s.object = widgets.Sized(0, 28, container.NewStack(
		widgets.NewFill(widgets.ColourPanel),
		widgets.Inset(0, 14, 0, 14, line),
		container.New(topEdge{}, widgets.NewFill(widgets.ColourLine)),
	))
	return s
}

// update shows what goes on.
func (s *statusLine) update(st *session.State) {
	w := s.w
	engine := w.Text("status.engine", st.Engine, st.Threads)
	if t := st.Training; t != nil && t.OnAdapter {
		engine = t.Device
	}
	s.engine.Set(engine)
	s.right.Set(w.Text("status.memory", st.Memory>>20))
	job, detail, share := w.Text("status.ready"), "", -1.
	switch {
	case st.Import != nil:
		i := st.Import
		job, share = w.Text("status.importing", i.Name), 0
		if i.Total > 0 {
			share = float64(i.Done) / float64(i.Total)
			detail = w.Text("status.import", widgets.Thousands(i.Done), widgets.Thousands(i.Total), widgets.Thousands(int(i.PerSecond)), duration(i.Left))
		}
	case st.Training != nil:
		t := st.Training
		share = t.Progress()
		switch {
		case t.Stopping:
			job = w.Text("status.stopping", t.Run)
		case t.Paused:
			job = w.Text("status.paused", t.Run)
		default:
			job = w.Text("status.training", t.Run)
		}
		epochs := t.Config.Epochs
		epoch := min(int(t.Epoch)+1, epochs)
		detail = w.Text("status.train", 100*share, epoch, epochs, widgets.Thousands(int(t.ImagesPerSecond)), duration(t.Left))
		if t.Paused { // nothing is seen a second, and the time left stands still
			detail = w.Text("status.train.paused", 100*share, epoch, epochs, duration(t.Left))
		}
	case st.Loading:
		job = w.Text("status.loading")
	}
	s.job.Set(job)
	s.detail.Set(detail)
	show(s.barBox, share >= 0)
	s.bar.Set(share)
	show(s.cancel, st.Import != nil)
}

func show(o fyne.CanvasObject, on bool) {
	if on == o.Visible() {
		return
	}
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// duration writes a time left as people read it: 0:42, 1:05:10.
func duration(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
