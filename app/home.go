package app

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets"
)

// Preferences of a workspace that was chosen because another could not be written to.
const (
	homeInstead = "home"            // the folder
	homeOf      = "home.instead-of" // the one that it stands for
)

// openHome opens the workspace: the one that was asked for, or the one that was once chosen in its place. A folder that was asked for by name is
// tried first: it may be writable again.
func openHome[T any](p fyne.Preferences, wanted string, byName bool, open func(folder string) (T, error)) (T, error) {
	instead := ""
	if p.String(homeOf) == wanted {
		instead = p.String(homeInstead)
	}
	if instead == "" {
		return open(wanted)
	}
	if byName {
		if v, err := open(wanted); err == nil {
			return v, nil
		}
	}
	return open(instead)
}

// homeWindow is a small window that says why the workspace cannot be opened, and offers another folder; then goes on with one that can be. The application
// ends when it is closed without.
type homeWindow struct {
	app    fyne.App
	win    fyne.Window
	text   *resources.Translator
	wanted string
	open   func(folder string) error // begins with a folder
	why    *widgets.Paragraph
	err    error // why the workspace cannot be opened; nil once it is
}

func newHomeWindow(a fyne.App, o Options, wanted string, why error, open func(folder string) error) (*homeWindow, error) {
	t, dark, err := appearance(a, o)
	if err != nil {
		return nil, err
	}
	a.Settings().SetTheme(resources.Theme(dark))
	h := &homeWindow{app: a, win: a.NewWindow("Convscope"), text: t, wanted: wanted, open: open, err: why}
	h.why = widgets.NewParagraph(t.Fault(why), widgets.ColourText)
	other := widgets.NewButton(t.Text("home.other"), widgets.Primary, func() { files{a, h.win, t, h.fail}.folder(h.choose) })
	quit := widgets.NewButton(t.Text("home.quit"), widgets.Plain, h.win.Close)
	space := widgets.NewText("", widgets.ColourText)
	const width = 460
	h.why.Resize(fyne.NewSize(width-36, 10))
	more := widgets.NewParagraph(t.Text("home.more"), widgets.ColourQuiet)
	more.Resize(fyne.NewSize(width-36, 10))
	card := widgets.NewPanel(widgets.Column(widgets.Gap,
		widgets.NewText(t.Text("home.title"), widgets.ColourText).Sized(15).Bold(), h.why, more,
		widgets.LineGrowing(8, space, space, quit, other))).Padded(18)
	h.win.SetContent(container.NewStack(widgets.NewFill(widgets.ColourWindow), container.NewCenter(widgets.Sized(width, 0, card))))
	h.win.SetPadded(false)
	h.win.Resize(fitted(h.win, fyne.NewSize(720, 480))) // room for the dialog that asks for a folder
	h.win.CenterOnScreen()
	return h, nil
}

// choose takes another folder, if it can be written to, and remembers it.
func (h *homeWindow) choose(folder string) {
	if err := h.open(folder); err != nil {
		h.fail(err)
		return
	}
	h.err = nil
	h.app.Preferences().SetString(homeInstead, folder)
	h.app.Preferences().SetString(homeOf, h.wanted)
	h.win.Close()
}

func (h *homeWindow) fail(err error) {
	h.err = err
	h.why.Set(h.text.Fault(err))
	h.win.Content().Refresh()
}
