package app

import (
	"image/color"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

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
func (w *shell) Fault(err error) { w.banners.fail(w.text.Fault(err), err.Error()) }

// Window implements page.Host.
func (w *shell) Window() fyne.Window { return w.win }

// Go implements page.Host.
func (w *shell) Go(key string) {
	if i := slices.IndexFunc(w.rows, func(r page.Row) bool { return r.Key == key }); i >= 0 {
		w.show(i)
	}
}

// Dialog implements page.Host: a card in the middle of the window.
func (w *shell) Dialog(title string, content fyne.CanvasObject) (hide func()) {
	heading := widgets.NewText(title, widgets.ColourText).Sized(15).Bold()
	var d *cover
	done := func() {
		w.win.Canvas().Overlays().Remove(d.object)
	}
	d = newCover(widgets.NewPanel(widgets.Column(widgets.Gap, heading, content)).Padded(18))
	w.win.Canvas().Overlays().Add(d.object)
	d.object.Resize(w.win.Canvas().Size())
	return done
}

// cover is a card over the dimmed window.
type cover struct{ object *fyne.Container }

func newCover(card fyne.CanvasObject) *cover {
	return &cover{container.NewStack(canvas.NewRectangle(color.NRGBA{A: 90}), container.NewCenter(widgets.Sized(460, 0, card)))}
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

// paragraph is a text that knows the width of a dialog before it is laid out.
func (w *shell) paragraph(text string) fyne.CanvasObject {
	p := widgets.NewParagraph(text, widgets.ColourText)
	p.Resize(fyne.NewSize(460-36, 10))
	return p
}

// Ask implements page.Host.
func (w *shell) Ask(title, text, value, action string, then func(string)) {
	var hide func()
	entry := widgets.NewEntry(value, nil)
	take := func() {
		hide()
		then(entry.Field.Text)
	}
	entry.Field.OnSubmitted = func(string) { take() }
	no := widgets.NewButton(w.Text("cancel"), widgets.Plain, func() { hide() })
	space := widgets.NewText("", widgets.ColourText)
	hide = w.Dialog(title, widgets.Column(widgets.Gap, w.paragraph(text), entry, widgets.LineGrowing(8, space, space, no, widgets.NewButton(action, widgets.Primary, take))))
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
func (w *shell) PickFolder(then func(path string)) {
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		switch {
		case err != nil:
			w.Fault(err)
		case u != nil:
			w.app.Preferences().SetString("folder", filepath.Dir(u.Path()))
			then(u.Path())
		}
	}, w.win)
	w.openAt(d)
}

// PickFile implements page.Host.
func (w *shell) PickFile(extensions []string, then func(path string)) {
	d := dialog.NewFileOpen(func(u fyne.URIReadCloser, err error) {
		switch {
		case err != nil:
			w.Fault(err)
		case u != nil:
			w.app.Preferences().SetString("folder", filepath.Dir(u.URI().Path()))
			path := u.URI().Path()
			if err := u.Close(); err != nil {
				w.Fault(err)
			}
			then(path)
		}
	}, w.win)
	d.SetFilter(storage.NewExtensionFileFilter(extensions))
	w.openAt(d)
}

// openAt shows a file dialog at the folder used last.
func (w *shell) openAt(d *dialog.FileDialog) {
	if folder := w.app.Preferences().String("folder"); folder != "" {
		if u, err := storage.ListerForURI(storage.NewFileURI(folder)); err == nil {
			d.SetLocation(u)
		}
	}
	size := w.win.Canvas().Size()
	d.Resize(fyne.NewSize(min(900, size.Width-80), min(620, size.Height-80)))
	d.Show()
}

// banners are cards at the top, where no button is, that tell what happened.
type banners struct {
	w      *shell
	object *fyne.Container
	list   *fyne.Container
	told   fyne.CanvasObject // the card that only tells, if one is there
}

// shown is how long a banner that only tells stays.
const shown = 6 * time.Second

// mostBanners are shown at once; older ones go.
const mostBanners = 4

func newBanners(w *shell) *banners {
	b := &banners{w: w, list: widgets.Column(8)}
	b.object = container.New(aloft{}, b.list)
	return b
}

// aloft puts a thing into the free middle of the top bar; what is higher hangs down from there.
type aloft struct{}

func (aloft) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (aloft) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		width := min(bannerWidth, size.Width-40)
		o.Resize(fyne.NewSize(width, 10)) // lines break at this width, on which the height depends
		m := o.MinSize()
		o.Resize(fyne.NewSize(width, m.Height))
		o.Move(fyne.NewPos(max(20, min((size.Width-width)/2+130, size.Width-width-170)), 5))
	}
}

// bannerWidth is how wide banners are.
const bannerWidth = 460

func (b *banners) add(card fyne.CanvasObject) {
	b.list.Objects = append(b.list.Objects, card)
	if n := len(b.list.Objects); n > mostBanners {
		b.list.Objects = b.list.Objects[n-mostBanners:]
	}
	b.object.Refresh()
	b.object.Layout.Layout(b.object.Objects, b.object.Size())
}

func (b *banners) remove(card fyne.CanvasObject) {
	b.list.Objects = slices.DeleteFunc(b.list.Objects, func(o fyne.CanvasObject) bool { return o == card })
	b.object.Refresh()
	b.object.Layout.Layout(b.object.Objects, b.object.Size())
}

// tell shows a sentence for a while.
func (b *banners) tell(text string) {
	p := widgets.NewParagraph(text, widgets.ColourText)
	p.Resize(fyne.NewSize(bannerWidth-20, 10))
	card := widgets.NewPanel(p).Padded(8)
	if b.told != nil { // one line in the top bar: a second would hang over the tab
		b.remove(b.told)
	}
	b.told = card
	b.add(card)
	time.AfterFunc(shown, func() { fyne.Do(func() { b.remove(card) }) })
}

// fail shows an error until it is closed, with a way to copy its details.
func (b *banners) fail(text, details string) {
	p := widgets.NewParagraph(text, widgets.ColourBad)
	p.Resize(fyne.NewSize(bannerWidth-24, 10))
	space := widgets.NewText("", widgets.ColourText)
	var card fyne.CanvasObject
	copyButton := widgets.NewButton(b.w.Text("details.copy"), widgets.Quiet, func() { b.w.app.Clipboard().SetContent(text + "\n" + details) })
	closeButton := widgets.NewButton(b.w.Text("close"), widgets.Linked, func() { b.remove(card) })
	card = widgets.NewPanel(widgets.Column(8, p, widgets.LineGrowing(12, space, space, copyButton, closeButton)))
	b.add(card)
}
