// Package page is what a tab of the window must be, and what it may ask of the window.
package page

import (
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/widgets"
)

// A Page is a tab. All its methods are called on the window's goroutine.
type Page interface {
	// Build makes the tab's content. It is called at the start and again after the language changed: state that must outlive that lives in the page.
	Build() fyne.CanvasObject
	// Update shows a new state. It is called only while the tab is shown, and when it is about to be.
	Update(*session.State)
	// Show is called when the tab comes into sight, Hide when it goes out of it.
	Show()
	Hide()
	// Close is called once, at the end: what the page started is stopped and waited for.
	Close()
}

// A Row is a row of the table of tabs.
type Row struct {
	Key  string // "data", …: its name is the text "tab." + Key
	Icon func(color.Color) fyne.Resource
	New  func(Host) Page
}

// A DropTaker takes files that are dropped on the window while its tab is shown. What it does not take it gives back false for.
type DropTaker interface {
	Dropped(paths []string) bool
}

// A KeyTaker takes keys that no widget with the focus takes.
type KeyTaker interface {
	Key(*fyne.KeyEvent)
}

// A Host is the window as tabs see it.
type Host interface {
	Session() *session.Session
	// Text gives the text of a key in the window's language, a format over args.
	Text(key string, args ...any) string
	// Has tells whether there is a text.
	Has(key string) bool
	// FaultText gives the sentence of an error in the window's language.
	FaultText(err error) string
	// ReasonText gives the sentence of a fault that was kept as code and arguments.
	ReasonText(code string, args []any, english string) string
	// Fault shows an error: what, which file, what to do, and a way to copy the details.
	Fault(err error)
	// Confirm asks before what cannot be undone.
	Confirm(title, text, action string, then func())
	// Ask asks for a line of text. While then does not take it, why is said below it, and it can be corrected.
	Ask(title, text, value, action string, then func(string) error)
	// Explain shows the idea behind a thing.
	Explain(concept string)
	// Info makes the small button that explains a concept.
	Info(concept string) fyne.CanvasObject
	// Go shows a tab.
	Go(key string)
	// PickFolder and PickFile ask for a path.
	PickFolder(then func(path string))
	PickFile(extensions []string, then func(path string))
	// PickSave asks where to save a file, and before it takes the place of another one.
	PickSave(name string, then func(path string))
	// Tell says for a while that something was done.
	Tell(key string, args ...any)
	// Window is for pop-ups.
	Window() fyne.Window
	// Dialog shows a content over the window, until hide is called.
	Dialog(title string, content fyne.CanvasObject) (hide func())
}

// ImageExtensions are the names of image files that can be opened.
var ImageExtensions = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}

// IsImage tells by the name whether a file may be an image.
func IsImage(path string) bool {
	return slices.Contains(ImageExtensions, strings.ToLower(filepath.Ext(path)))
}

// Images lists the image files among paths, and those directly in folders among them. Hidden ones are left out.
func Images(paths []string) []string {
	var files []string
	for _, path := range paths {
		entries, err := os.ReadDir(path)
		if err != nil && IsImage(path) { // no folder
			files = append(files, path)
		}
		for _, e := range entries {
			if !e.IsDir() && IsImage(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	return files
}

// NoticeArgs returns the values of a notice's sentence, with counts written as everywhere in the window.
func NoticeArgs(n session.Notice) []any {
	args := slices.Clone(n.Args)
	for i, a := range args {
		if count, ok := a.(int); ok {
			args[i] = widgets.Thousands(count)
		}
	}
	return args
}
