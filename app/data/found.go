package data

import (
	"strings"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/widgets"
)

// buildFound returns what the source was recognised as, for which task, with which classes, and what is done about what was found.
func (f *form) buildFound() []fyne.CanvasObject {
	p := f.p
	recognised := p.text("recognised", p.text("format."+f.found.Format), widgets.Thousands(f.found.Images), len(f.found.Classes))
	rows := []fyne.CanvasObject{
		widgets.NewHeading(p.text("import.title")),
		widgets.NewNote(widgets.NewParagraph(recognised+"\n"+strings.Join(someClasses(f.found.Classes), ", "), widgets.ColourText).Small()),
		widgets.NewRow(p.text("task"), p.text("task."+string(f.found.Task))),
	}
	lines := p.noteLines(f.found.Notes)
	if f.found.Skipped > 0 {
		lines = append(lines, p.text("found.skipped", f.found.Skipped))
	}
	if len(lines) > 0 {
		rows = append(rows, widgets.NewHeading(p.text("found")))
	}
	for _, line := range lines {
		rows = append(rows, widgets.NewParagraph(line, widgets.ColourCaution).Small())
	}
	return rows
}
