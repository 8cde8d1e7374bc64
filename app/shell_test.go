package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
)

// window is a shell in Fyne's test driver; what is posted to its goroutine is done by pump.
type window struct {
	*shell
	mu    sync.Mutex
	queue []func()
}

func (w *window) pump() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 {
		f := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		f()
		w.mu.Lock()
	}
}

func open(t *testing.T, language string) *window {
	t.Helper()
	a := test.NewTempApp(t)
	w := &window{}
	s, err := session.New(session.Config{Home: t.TempDir(), Threads: 1, Post: func(f func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue = append(w.queue, f)
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.shell, err = newShell(a, s, Options{Language: language, Theme: "light", Width: 1024, Height: 640})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.banners.timer != nil {
			w.banners.timer.Stop()
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(time.Minute); w.state.Loading && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		w.pump()
	}
	return w
}

// cards returns the errors that are shown, without the line above them.
func (w *window) cards() []*bannerCard {
	var all []*bannerCard
	for _, o := range w.banners.list.Objects {
		if c, ok := o.(*bannerCard); ok {
			all = append(all, c)
		}
	}
	return all
}

func TestErrorsMergeAndGo(t *testing.T) {
	w := open(t, "en")
	later := func(d time.Duration) time.Time { return time.Now().Add(d) }
	damaged := func(n int) error { return fmt.Errorf("file %d is damaged", n) }
	for range 3 {
		w.Fault(damaged(1))
	}
	if c := w.cards(); len(c) != 1 || c[0].one.times != 3 {
		t.Fatalf("the same error three times makes %d cards", len(c))
	}
	for n := 2; n <= 5; n++ {
		w.Fault(damaged(n))
	}
	if c := w.cards(); len(c) != bannersShown || len(w.banners.all) != 5 || c[1].one.details != damaged(5).Error() {
		t.Fatalf("%d cards of %d errors are shown", len(c), len(w.banners.all))
	}
	if len(w.banners.list.Objects) != bannersShown+1 {
		t.Error("nothing leads to the older ones")
	}
	w.banners.expire(later(time.Second))
	if len(w.banners.all) != 5 {
		t.Error("errors go after a second")
	}
	c := w.cards()
	c[0].MouseIn(nil)
	w.banners.expire(later(time.Hour))
	if len(w.banners.all) != 4 || w.banners.all[3] != c[0].one {
		t.Errorf("after an hour under the mouse, %d errors are left", len(w.banners.all))
	}
	c[0].MouseOut()
	w.banners.expire(later(time.Hour))
	if len(w.banners.all) != 2 {
		t.Errorf("what was behind goes unseen: %d errors are left", len(w.banners.all))
	}
	w.banners.expire(later(time.Hour))
	if len(w.cards()) != 0 {
		t.Error("errors stay for ever")
	}
	if s, ok := w.banners.list.Objects[0].(*shield); !ok || s.MinSize().Height < 40 {
		t.Error("a click on a card that just went goes to what lies beneath")
	}

	w.fault(session.Notice{Err: damaged(6), Stays: true})
	w.banners.expire(later(time.Hour))
	if len(w.cards()) != 1 {
		t.Error("what must be acted on goes by itself")
	}
	w.banners.close(w.banners.all[0])
	if len(w.cards()) != 0 {
		t.Error("a closed error stays")
	}

	ways := 0
	w.fault(session.Notice{Err: damaged(7), OnCPU: func() error { ways++; return damaged(8) }})
	w.fault(session.Notice{Err: damaged(7)})
	go1 := func() { w.cards()[0].way.OnTapped() }
	go1()
	if all := w.banners.all; ways != 1 || len(all) != 2 || all[0].details != damaged(7).Error() || all[1].details != damaged(8).Error() {
		t.Errorf("a way out that was taken %d times and ends in an error leaves %d errors", ways, len(all))
	}
	w.banners.all[0].way.take = func() error { return nil }
	go1()
	if all := w.banners.all; len(all) != 1 || all[0].details != damaged(8).Error() {
		t.Errorf("a way out leaves %d errors", len(all))
	}
}

func TestErrorsFollowTheLanguageAndCoverNoTools(t *testing.T) {
	w := open(t, "en")
	for n := range 3 {
		w.Fault(fault.New("workspace.run.exists", "There is already a run %s. Choose another name.", fmt.Sprintf("run %d", n)))
	}
	w.banners.tell(func() string { return w.Text("notice.run.finished", "run 1") })
	w.setLanguage("ko")
	if c := w.cards(); len(c) != bannersShown || !strings.Contains(c[0].one.say(), "이미 있습니다") {
		t.Errorf("after the change of language there are %d errors", len(c))
	}
	if !strings.Contains(w.banners.news(), "학습이 끝났습니다") {
		t.Errorf("the news is %q", w.banners.news())
	}
	for _, size := range []fyne.Size{fyne.NewSize(1024, 640), fyne.NewSize(1280, 800)} {
		w.win.Resize(size)
		at, of := w.banners.object.Objects[0].Position(), w.banners.object.Objects[0].Size()
		if at.Y < size.Height/2 || at.Y+of.Height > size.Height-28-12-32 || at.X < 76 || at.X+of.Width > size.Width-246-12 {
			t.Errorf("in a window of %v errors lie at %v, %v", size, at, of)
		}
		news := w.banners.newsLine
		if news.Position().X < w.chips[2].Position().X+w.chips[2].Size().Width {
			t.Errorf("in a window of %v news lies over the choice of the run", size)
		}
	}
}

func TestEscapeHidesDialogs(t *testing.T) {
	w := open(t, "en")
	press := func(key fyne.KeyName) { w.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: key}) }
	overlays := w.win.Canvas().Overlays()
	press(fyne.KeyF1)
	if overlays.Top() == nil {
		t.Fatal("F1 explains nothing")
	}
	press(fyne.KeyF1)
	if len(overlays.List()) != 1 {
		t.Error("F1 explains over an explanation")
	}
	press(fyne.KeyEscape)
	if overlays.Top() != nil {
		t.Fatal("escape does not hide an explanation")
	}
	asked := false
	taken := func(string) error {
		asked = true
		return nil
	}
	w.Ask("name", "", "run 1", "rename", taken)
	focused := w.win.Canvas().Focused()
	if focused == nil {
		t.Fatal("a question does not take the focus")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if overlays.Top() != nil || asked {
		t.Error("escape does not leave a question unanswered")
	}
	w.Ask("name", "", "run 1", "rename", func(name string) error {
		if name == "run 1" {
			return fault.New("workspace.run.exists", "There is already a run %s. Choose another name.", name)
		}
		return taken(name)
	})
	entry := w.win.Canvas().Focused()
	enter := &fyne.KeyEvent{Name: fyne.KeyReturn}
	entry.TypedKey(enter)
	if overlays.Top() == nil || asked || w.win.Canvas().Focused() != entry || len(w.banners.all) != 0 {
		t.Error("an answer that is not taken cannot be corrected")
	}
	entry.TypedRune('2')
	entry.TypedKey(enter)
	if overlays.Top() != nil || !asked {
		t.Error("a corrected answer is not taken")
	}
	dialog.ShowInformation("Fyne's own", "", w.win)
	press(fyne.KeyEscape)
	if overlays.Top() != nil {
		t.Error("escape does not hide a dialog of Fyne's")
	}
}

func TestTheFileDialogSpeaksKorean(t *testing.T) {
	w := open(t, "ko")
	w.PickFolder(func(string) {})
	texts := map[string]bool{}
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			texts[l.Text] = true
		}
		switch o := o.(type) {
		case *fyne.Container:
			for _, c := range o.Objects {
				walk(c)
			}
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(o).Objects() {
				walk(c)
			}
		}
	}
	walk(w.win.Canvas().Overlays().Top())
	for _, want := range []string{"폴더 고르기", "홈", "컴퓨터"} {
		if !texts[want] {
			t.Errorf("there is no %q in the dialog", want)
		}
	}
	if texts["Home"] || texts["Computer"] {
		t.Error("places are named in English")
	}
}

func TestAPauseIsNoTime(t *testing.T) {
	w := open(t, "en")
	s := *w.state
	s.Training = &session.Training{Run: "run 1", Config: train.Defaults(), Iterations: 100, Iteration: 50, ImagesPerSecond: 1234, Left: 44 * time.Second, Paused: true}
	w.status.update(&s)
	if text := w.status.detail.Text(); strings.Contains(text, "images/s") || !strings.Contains(text, "0:44") {
		t.Errorf("of a paused run it says %q", text)
	}
}

func TestAnotherWorkspaceIsRemembered(t *testing.T) {
	a := test.NewTempApp(t)
	p := a.Preferences()
	no := errors.New("cannot be written to")
	writable := map[string]bool{"/other": true}
	open := func(folder string) (string, error) {
		if writable[folder] {
			return folder, nil
		}
		return "", no
	}
	if _, err := openHome(p, "/home", false, open); err != no {
		t.Errorf("a folder that cannot be written to: %v", err)
	}
	h, err := newHomeWindow(a, Options{Language: "ko"}, "/home", fault.New("workspace.root", "The folder of the workspace, %s, cannot be written to. Allow writing there, or choose another folder.", "/home"), func(folder string) error {
		_, err := open(folder)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.choose("/nowhere")
	if h.err == nil {
		t.Error("a second folder that cannot be written to is taken")
	}
	h.choose("/other")
	if h.err != nil {
		t.Errorf("another folder: %v", h.err)
	}
	for _, byName := range []bool{false, true} {
		if got, err := openHome(p, "/home", byName, open); got != "/other" {
			t.Errorf("at the next start it opens %q, %v", got, err)
		}
	}
	if _, err := openHome(p, "/third", true, open); err == nil {
		t.Error("it stands for a folder that it was not chosen for")
	}
	writable["/home"] = true
	if got, _ := openHome(p, "/home", true, open); got != "/home" {
		t.Errorf("a folder that was asked for by name and can be written to again: %q", got)
	}
}

// Before a file takes the place of another one that is asked, in Korean too.
func TestSavingAsks(t *testing.T) {
	w := open(t, "ko")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "run 1.csv"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	w.app.Preferences().SetString("folder", folder)
	var path string
	w.PickSave("run 1.csv", func(p string) { path = p })
	press := func(o fyne.CanvasObject, importance widget.Importance) {
		t.Helper()
		walk(o, func(o fyne.CanvasObject) {
			if b, ok := o.(*widget.Button); ok && b.Importance == importance && b.OnTapped != nil {
				b.OnTapped()
			}
		})
	}
	top := func() fyne.CanvasObject { return w.win.Canvas().Overlays().Top().(*widget.PopUp).Content }
	saving := top()
	press(saving, widget.HighImportance)
	var asked []string
	walk(top(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			asked = append(asked, l.Text)
		}
	})
	if text := strings.Join(asked, "|"); path != "" || top() == saving || !strings.Contains(text, "바꿀까요?") || !strings.Contains(text, "run 1.csv 파일이 이미") || strings.Contains(text, "verwrite") {
		t.Errorf("before run 1.csv is replaced it says %q", asked)
	}
	press(top(), widget.HighImportance)
	if path != filepath.Join(folder, "run 1.csv") {
		t.Errorf("after a yes %q is saved", path)
	}
}
