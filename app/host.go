package app

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

var _ page.Host = (*shell)(nil)

// Session implements page.Host.
func (w *shell) Session() *session.Session { return w.session }

// Text implements page.Host.
func (w *shell) Text(key string, args ...any) string { return w.text.Text(key, args...) }

// Has implements page.Host.
func (w *shell) Has(key string) bool { return w.text.Has(key) }

// FaultText implements page.Host.
func (w *shell) FaultText(err error) string { return w.text.Fault(err) }

// ReasonText implements page.Host.
func (w *shell) ReasonText(code string, args []any, english string) string {
	return w.text.Reason(code, args, english)
}

// Fault implements page.Host.
func (w *shell) Fault(err error) { w.fault(session.Notice{Err: err}) }

// fault shows the error of a notice, and a way out of it where there is one.
func (w *shell) fault(n session.Notice) {
	one := &banner{say: func() string { return w.text.Fault(n.Err) }, details: n.Err.Error(), stays: n.Stays}
	if n.OnCPU != nil {
		one.way = &way{"banner.cpu", n.OnCPU}
	}
	w.banners.fail(one)
}

// Window implements page.Host.
func (w *shell) Window() fyne.Window { return w.win }

// Go implements page.Host.
func (w *shell) Go(key string) {
	if i := slices.IndexFunc(w.rows, func(r page.Row) bool { return r.Key == key }); i >= 0 {
		w.show(i)
	}
}

// Dialog implements page.Host: a card in the middle of the window. The escape key hides it too.
func (w *shell) Dialog(title string, content fyne.CanvasObject) (hide func()) {
	heading := widgets.NewText(title, widgets.ColourText).Sized(15).Bold()
	const pad, least = 18, 460
	card := widgets.NewPanel(widgets.Column(widgets.Gap, heading, content)).Padded(pad)
	width := max(least, min(content.MinSize().Width+2*pad, w.win.Canvas().Size().Width-2*pad))
	cover := container.NewStack(canvas.NewRectangle(color.NRGBA{A: 90}), container.NewCenter(widgets.Sized(width, 0, card)))
	w.covers = append(w.covers, cover)
	w.win.Canvas().Overlays().Add(cover)
	cover.Resize(w.win.Canvas().Size())
	return func() { w.uncover(cover) }
}

// uncover takes a dialog away.
func (w *shell) uncover(cover fyne.CanvasObject) {
	w.covers = slices.DeleteFunc(w.covers, func(o fyne.CanvasObject) bool { return o == cover })
	w.win.Canvas().Overlays().Remove(cover)
}

// escape hides the dialog on top, as the escape key does. It reports whether there was one.
func (w *shell) escape() bool {
	top := w.win.Canvas().Overlays().Top()
	if p, ok := top.(*widget.PopUp); ok { // one of Fyne's
		p.Hide()
		return true
	}
	if !slices.Contains(w.covers, top) {
		return false
	}
	w.uncover(top)
	return true
}

// Confirm implements page.Host.
func (w *shell) Confirm(title, text, action string, then func()) {
	var hide func()
	no := widgets.NewButton(w.Text("cancel"), widgets.Plain, func() { hide() })
	yes := widgets.NewButton(action, widgets.Primary, func() {
		hide()
		then()
	})
	space := widgets.NewText("", widgets.ColourText)
	hide = w.Dialog(title, widgets.Column(widgets.Gap, w.paragraph(text), widgets.LineGrowing(8, space, space, no, yes)))
}

// paragraph returns a text that knows the width of a dialog before it is laid out.
func (w *shell) paragraph(text string) fyne.CanvasObject {
	p := widgets.NewParagraph(text, widgets.ColourText)
	p.Resize(fyne.NewSize(460-36, 10))
	return p
}

// Ask implements page.Host.
func (w *shell) Ask(title, text, value, action string, then func(string) error) {
	var hide func()
	entry := widgets.NewEntry(value, nil)
	take := func() {
		if err := then(entry.Field.Text); err != nil {
			entry.SetWrong(w.text.Fault(err))
			w.win.Canvas().Focus(entry.Field)
			return
		}
		hide()
	}
	entry.Field.OnChanged = func(string) { entry.SetWrong("") }
	entry.Field.OnSubmitted = func(string) { take() }
	entry.Field.OnEscape = func() { hide() }
	no := widgets.NewButton(w.Text("cancel"), widgets.Plain, func() { hide() })
	space := widgets.NewText("", widgets.ColourText)
	hide = w.Dialog(title, widgets.Column(widgets.Gap, w.paragraph(text), widgets.EntryAlone(entry), widgets.LineGrowing(8, space, space, no, widgets.NewButton(action, widgets.Primary, take))))
	w.win.Canvas().Focus(entry.Field)
}

// Explain implements page.Host.
func (w *shell) Explain(concept string) {
	var hide func()
	close := widgets.NewButton(w.Text("close"), widgets.Primary, func() { hide() })
	space := widgets.NewText("", widgets.ColourText)
	hide = w.Dialog(w.Text("concept."+concept+".title"), widgets.Column(widgets.Gap, w.paragraph(w.Text("concept."+concept+".text")), widgets.LineGrowing(8, space, space, close)))
}

// Info implements page.Host.
func (w *shell) Info(concept string) fyne.CanvasObject {
	icon := func() fyne.Resource { return resources.IconInfo.In(widgets.Colour(widgets.ColourFaint)) }
	return widgets.Sized(20, 20, widgets.NewIconButton(icon, func() { w.Explain(concept) }))
}

// PickFolder implements page.Host.
func (w *shell) PickFolder(then func(path string)) { w.files().folder(then) }

// PickSave implements page.Host.
func (w *shell) PickSave(name string, then func(path string)) { w.files().save(name, then) }

// Tell implements page.Host.
func (w *shell) Tell(key string, args ...any) {
	w.banners.tell(func() string { return w.Text(key, args...) })
}

// PickFile implements page.Host.
func (w *shell) PickFile(extensions []string, then func(path string)) {
	w.files().file(extensions, then)
}

func (w *shell) files() files { return files{w.app, w.win, w.text, w.Fault} }
