// Package app is the window: tabs, the choice they share, status line, languages and themes, and the tour that shows that all of it works.
package app

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/lang"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/workspace"
	"github.com/convscope/convscope/resources"
)

// ID is the application's name for the system, under which its preferences are kept.
const ID = "io.github.convscope"

// Options say how the application starts.
type Options struct {
	Home     string        // of the workspace; "": CONVSCOPE_HOME or ~/Convscope
	Language string        // "en" or "ko"; "": as last time, or the system's
	Theme    string        // "light" or "dark"; "": as last time
	Threads  int           // 0: all cores
	Tour     string        // folder for the pictures of the tour; "": no tour
	Dataset  string        // what the tour works on: a source to import; "": the built-in digits
	Latency  time.Duration // how long to measure the window's answers while it trains; 0: not
	Width    float32
	Height   float32
}

// alone reports whether the application works without a user: from nothing, leaving the user's workspace and preferences alone.
func (o Options) alone() bool { return o.Tour != "" || o.Latency > 0 }

// Run opens the window and returns when it is closed. With a tour it returns an error if a step of it failed.
func Run(o Options) error {
	nameLocale()
	id := ID
	if o.alone() {
		id += ".tour"
	}
	a := fyneapp.NewWithID(id)
	a.SetIcon(resources.AppIcon())
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	// The window's goroutine must not wait for its turn behind workers that compute: with more places than cores it has one at once, and the
	// system, to which workers have the lower priority, gives it a core.
	runtime.GOMAXPROCS(runtime.NumCPU() + 2)
	if o.alone() {
		return runAlone(a, o)
	}
	wanted, byName, err := workspace.Locate(o.Home)
	if err != nil {
		return err
	}
	open := func(folder string) (*shell, error) { return openShell(a, folder, o) }
	w, err := openHome(a.Preferences(), wanted, byName, open)
	if err == nil {
		a.Run()
		return w.close()
	}
	h, err := newHomeWindow(a, o, wanted, err, func(folder string) (err error) {
		w, err = open(folder)
		return err
	})
	if err != nil {
		return err
	}
	h.win.Show()
	a.Run()
	if h.err != nil {
		return h.err
	}
	return w.close()
}

// runAlone opens the window on a workspace of its own and works without a user.
func runAlone(a fyne.App, o Options) error {
	home, err := os.MkdirTemp("", "convscope-tour-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	w, err := openShell(a, home, o)
	if err != nil {
		return err
	}
	toured := make(chan error, 1)
	go func() { toured <- w.tour(o) }()
	a.Run()
	err = w.close()
	return errors.Join(<-toured, err)
}

// openShell opens the window on a workspace and shows it.
func openShell(a fyne.App, home string, o Options) (*shell, error) {
	s, err := session.New(session.Config{Home: home, Post: fyne.Do, Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	w, err := newShell(a, s, o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	w.win.Show()
	spreadRenderer()
	return w, nil
}

// appearance returns the language and the theme to start with.
func appearance(a fyne.App, o Options) (t *resources.Translator, dark bool, err error) {
	p := a.Preferences()
	if t, err = resources.NewTranslator(o.language(p)); err != nil {
		return nil, false, err
	}
	dark = p.BoolWithFallback("dark", false)
	if o.Theme != "" {
		dark = o.Theme == "dark"
	}
	return t, dark, t.TeachFyne()
}

// fitted returns a window's size, no larger than the screen where that is known.
func fitted(w fyne.Window, size fyne.Size) fyne.Size {
	width, height := screenSize()
	return fit(w.Canvas().Scale(), size, width, height)
}

// fit makes a size no larger than a screen of so many pixels; 0 is not known.
func fit(scale float32, size fyne.Size, width, height int) fyne.Size {
	if width == 0 || height == 0 || scale <= 0 {
		return size
	}
	return size.Min(fyne.NewSize(float32(width)/scale, float32(height)/scale))
}

// nameLocale gives a system without a language, as containers are, English: Fyne takes "C" for an error.
func nameLocale() {
	named := false
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v := os.Getenv(key)
		if base, _, _ := strings.Cut(v, "."); base == "C" || base == "POSIX" {
			v = "en_US.UTF-8"
			os.Setenv(key, v)
		}
		named = named || v != ""
	}
	if !named {
		os.Setenv("LANG", "en_US.UTF-8")
	}
}

// language chooses the language to start with.
func (o Options) language(p fyne.Preferences) string {
	if o.Language != "" {
		return o.Language
	}
	system := "en"
	if strings.HasPrefix(strings.ToLower(lang.SystemLocale().String()), "ko") {
		system = "ko"
	}
	return p.StringWithFallback("language", system)
}
