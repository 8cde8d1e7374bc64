// Package pagetest is a window for tests of tabs: Fyne's test driver, a session in a temporary folder, and a queue in place of the window's
// goroutine, which the test empties itself.
package pagetest

import (
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/page"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/resources"
	"github.com/convscope/convscope/widgets/widgettest"
)

var _ page.Host = (*Host)(nil)

// Host is a page.Host that remembers what it was asked for.
type Host struct {
	t       testing.TB
	session *session.Session
	text    *resources.Translator
	win     fyne.Window
	page    page.Page
	state   *session.State
	seen    int // serial of the last notice

	mu    sync.Mutex
	queue []func()

	Faults  []error
	Went    []string // tabs
	Picked  string   // what PickFolder and PickFile answer
	Answer  string   // what Ask answers
	Refuse  bool     // Confirm is answered with no
	Asked   []string // titles of questions
	Dialogs int
}

// New opens a window of 1100×700 with a tab on an empty workspace.
func New(t testing.TB, language string, dark bool, build func(page.Host) page.Page) *Host {
	t.Helper()
	return NewIn(t, t.TempDir(), language, dark, build)
}

// NewIn opens a window with a tab on the workspace in a folder.
func NewIn(t testing.TB, home, language string, dark bool, build func(page.Host) page.Page) *Host {
	t.Helper()
	app := test.NewTempApp(t)
	app.Settings().SetTheme(resources.Theme(dark))
	text, err := resources.NewTranslator(language)
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{t: t, text: text}
	h.session, err = session.New(session.Config{Home: home, Post: h.post, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	h.win = test.NewTempWindow(t, container.NewStack())
	h.win.SetPadded(false)
	h.state = h.session.State()
	h.page = build(h)
	h.win.SetContent(h.page.Build())
	h.win.Resize(fyne.NewSize(1100, 700))
	h.page.Show()
	h.session.Subscribe(func(s *session.State) {
		h.state = s
		for _, n := range s.Notices {
			if n.Serial > h.seen {
				h.seen = n.Serial
				if n.Err != nil {
					h.Faults = append(h.Faults, n.Err)
				} else {
					h.Text(n.Key, page.NoticeArgs(n)...)
				}
			}
		}
		h.page.Update(s)
	})
	t.Cleanup(func() {
		h.page.Close()
		if err := h.session.Close(); err != nil {
			t.Error(err)
		}
	})
	h.Until("the workspace", func(s *session.State) bool { return !s.Loading })
	return h
}

func (h *Host) post(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue = append(h.queue, f)
}

// Pump does what was posted.
func (h *Host) Pump() {
	for {
		h.mu.Lock()
		if len(h.queue) == 0 {
			h.mu.Unlock()
			return
		}
		f := h.queue[0]
		h.queue = h.queue[1:]
		h.mu.Unlock()
		f()
	}
}

// Until pumps until the state is so; a test that waits too long fails.
func (h *Host) Until(what string, is func(*session.State) bool) {
	h.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.Pump()
		if is(h.state) {
			return
		}
	}
	h.t.Fatalf("%s did not come; faults: %v", what, h.Faults)
}

// Resize makes the window another size than 1100×700.
func (h *Host) Resize(w, height float32) { h.win.Resize(fyne.NewSize(w, height)) }

// Golden compares what the window shows with testdata/NAME.png.
func (h *Host) Golden(name string) {
	h.t.Helper()
	widgettest.Golden(h.t, name, h.win.Canvas().Capture())
}

// Page returns the tab.
func (h *Host) Page() page.Page { return h.page }

// State returns the newest state that the tab was given.
func (h *Host) State() *session.State { return h.state }

// Rebuild builds the tab anew in another language.
func (h *Host) Rebuild(language string) {
	h.t.Helper()
	text, err := resources.NewTranslator(language)
	if err != nil {
		h.t.Fatal(err)
	}
	h.text = text
	h.page.Hide()
	h.win.SetContent(h.page.Build())
	h.page.Update(h.state)
	h.page.Show()
}

// Session implements page.Host.
func (h *Host) Session() *session.Session { return h.session }

// Text implements page.Host; a key that has no text fails the test.
func (h *Host) Text(key string, args ...any) string {
	if !h.text.Has(key) {
		h.t.Errorf("there is no text %q in %s", key, h.text.Language)
	}
	return h.text.Text(key, args...)
}

// Has implements page.Host.
func (h *Host) Has(key string) bool { return h.text.Has(key) }

// FaultText implements page.Host.
func (h *Host) FaultText(err error) string { return h.text.Fault(err) }

// ReasonText implements page.Host.
func (h *Host) ReasonText(code string, args []any, english string) string {
	return h.text.Reason(code, args, english)
}

// Fault implements page.Host.
func (h *Host) Fault(err error) { h.Faults = append(h.Faults, err) }

// Confirm implements page.Host.
func (h *Host) Confirm(title, _, _ string, then func()) {
	h.Asked = append(h.Asked, title)
	if !h.Refuse {
		then()
	}
}

// Ask implements page.Host.
func (h *Host) Ask(title, _, _, _ string, then func(string) error) {
	h.Asked = append(h.Asked, title)
	if err := then(h.Answer); err != nil {
		h.Fault(err)
	}
}

// Explain implements page.Host; a concept without text fails the test.
func (h *Host) Explain(concept string) {
	h.Text("concept." + concept + ".title")
	h.Text("concept." + concept + ".text")
}

// Info implements page.Host.
func (h *Host) Info(concept string) fyne.CanvasObject {
	h.Explain(concept)
	return widget.NewLabel("")
}

// Go implements page.Host.
func (h *Host) Go(key string) { h.Went = append(h.Went, key) }

// PickFolder implements page.Host.
func (h *Host) PickFolder(then func(path string)) { then(h.Picked) }

// PickSave implements page.Host: into the folder that was picked.
func (h *Host) PickSave(name string, then func(path string)) { then(filepath.Join(h.Picked, name)) }

// Tell implements page.Host; a key without text fails the test.
func (h *Host) Tell(key string, args ...any) { h.Text(key, args...) }

// PickFile implements page.Host.
func (h *Host) PickFile(_ []string, then func(path string)) { then(h.Picked) }

// Window implements page.Host.
func (h *Host) Window() fyne.Window { return h.win }

// Dialog implements page.Host.
func (h *Host) Dialog(string, fyne.CanvasObject) (hide func()) {
	h.Dialogs++
	return func() {}
}

// WritePNG writes a picture to a file, and makes its folder.
func WritePNG(t testing.TB, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
}
