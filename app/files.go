package app

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/resources"
)

// files asks for files and folders with Fyne's dialog, beginning where the last one was found.
type files struct {
	app  fyne.App
	win  fyne.Window
	text *resources.Translator
	fail func(error)
}

// folder asks for a folder.
func (f files) folder(then func(path string)) {
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		switch {
		case err != nil:
			f.fail(err)
		case u != nil:
			f.app.Preferences().SetString("folder", u.Path())
			then(u.Path())
		}
	}, f.win)
	d.SetTitleText(f.text.Text("files.folder"))
	f.show(d)
}

// file asks for a file with one of the extensions.
func (f files) file(extensions []string, then func(path string)) {
	d := dialog.NewFileOpen(func(u fyne.URIReadCloser, err error) {
		switch {
		case err != nil:
			f.fail(err)
		case u != nil:
			f.take(u, then)
		}
	}, f.win)
	d.SetTitleText(f.text.Text("files.file"))
	d.SetFilter(storage.NewExtensionFileFilter(extensions))
	f.show(d)
}

// take goes on with the path of a file that was chosen, which Fyne has opened, and begins in its folder the next time.
func (f files) take(chosen interface {
	URI() fyne.URI
	Close() error
}, then func(path string),
) {
	path := chosen.URI().Path()
	f.app.Preferences().SetString("folder", filepath.Dir(path))
	if err := chosen.Close(); err != nil {
		f.fail(err)
	}
	then(path)
}

// save asks where to save a file, and before it takes the place of another one.
func (f files) save(name string, then func(path string)) {
	d := dialog.NewFileSave(func(u fyne.URIWriteCloser, err error) {
		switch {
		case err != nil:
			f.fail(err)
		case u != nil:
			f.take(u, then)
		}
	}, f.win)
	d.SetTitleText(f.text.Text("files.save"))
	d.SetFileName(name)
	f.show(d)
	f.onTop(func(o fyne.CanvasObject) {
		if b, ok := o.(*widget.Button); ok && b.Importance == widget.HighImportance {
			save := b.OnTapped
			b.OnTapped = func() {
				save()
				f.translateQuestion()
			}
		}
	})
}

// translateQuestion puts the question that Fyne asks before it overwrites a file into the window's language: Fyne has it in English only.
func (f files) translateQuestion() {
	f.onTop(func(o fyne.CanvasObject) {
		l, ok := o.(*widget.Label)
		if !ok {
			return
		}
		if name, asked := strings.CutPrefix(l.Text, "Are you sure you want to overwrite the file\n"); asked {
			l.SetText(f.text.Text("files.overwrite.text", strings.TrimSuffix(name, "?")))
			return
		}
		for english, key := range map[string]string{
			"Overwrite?": "files.overwrite", "Cannot overwrite": "files.is-folder",
			"Files cannot replace a directory,\ncheck the file name and try again": "files.is-folder.text",
		} {
			if l.Text == english {
				l.SetText(f.text.Text(key))
			}
		}
	})
}

// onTop does something with all that the dialog on top holds.
func (f files) onTop(do func(fyne.CanvasObject)) {
	if p, ok := f.win.Canvas().Overlays().Top().(*widget.PopUp); ok {
		walk(p.Content, do)
	}
}

// walk does something with all that a container holds, however deep.
func walk(o fyne.CanvasObject, do func(fyne.CanvasObject)) {
	do(o)
	if c, ok := o.(*fyne.Container); ok {
		for _, inner := range c.Objects {
			walk(inner, do)
		}
	}
}

// show shows a dialog at the folder used last.
func (f files) show(d *dialog.FileDialog) {
	if folder := f.app.Preferences().String("folder"); folder != "" {
		if u, err := storage.ListerForURI(storage.NewFileURI(folder)); err == nil {
			d.SetLocation(u)
		}
	}
	size := f.win.Canvas().Size()
	d.Resize(fyne.NewSize(min(900, size.Width-80), min(620, size.Height-80)))
	d.Show()
	f.onTop(f.namePlaces)
}

// namePlaces names the places at the dialog's left (Home, Computer, …) in the window's language: Fyne writes them in English, whatever it was taught.
func (f files) namePlaces(o fyne.CanvasObject) {
	split, ok := o.(*container.Split)
	if !ok {
		return
	}
	places, ok := split.Leading.(*widget.List)
	if !ok {
		return
	}
	update := places.UpdateItem
	places.UpdateItem = func(id widget.ListItemID, item fyne.CanvasObject) {
		update(id, item)
		walk(item, func(o fyne.CanvasObject) {
			if name, ok := o.(*widget.Label); ok && f.text.Has("place."+name.Text) {
				name.SetText(f.text.Text("place." + name.Text))
			}
		})
	}
	places.Refresh()
	split.Refresh() // the names may be wider
}
