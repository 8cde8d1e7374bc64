package data

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
)

// showSkipped lists the files that were left out, with the reasons.
func (p *Page) showSkipped() {
	d := p.state.ChosenDataset()
	if d == nil {
		return
	}
	const most = 200
	var lines []fyne.CanvasObject
	for i, s := range d.Info.Skipped {
		if i == most {
			lines = append(lines, widgets.NewText(p.text("skipped.more", len(d.Info.Skipped)-most), widgets.ColourQuiet))
			break
		}
		reason := widgets.NewParagraph(p.host.ReasonText(s.Code, s.Args, s.Reason), widgets.ColourQuiet)
		reason.Resize(fyne.NewSize(410, 10))
		lines = append(lines, widgets.NewText(s.File, widgets.ColourText), reason)
	}
	var hide func()
	space := widgets.NewText("", widgets.ColourText)
	scroll := widgets.Sized(0, 300, container.NewVScroll(widgets.Column(4, lines...)))
	hide = p.host.Dialog(p.text("skipped.title", len(d.Info.Skipped)), widgets.Column(widgets.Gap, scroll,
		widgets.LineGrowing(8, space, space, widgets.NewButton(p.host.Text("close"), widgets.Primary, func() { hide() }))))
}

// An offeredSample is a sample for a task, as it is offered.
type offeredSample struct {
	key, name string
	task      data.Task
}

func offeredSamples() []offeredSample {
	return []offeredSample{
		{"digits", "digits", data.Classification},
		{"shapes", "shapes", data.Classification},
		{"outlines", "shapes", data.Segmentation},
	}
}

// samples offers the built-in samples.
func (p *Page) samples() {
	var hide func()
	var rows []fyne.CanvasObject
	for _, s := range offeredSamples() {
		about := widgets.NewParagraph(p.text("sample."+s.key+".about"), widgets.ColourQuiet)
		about.Resize(fyne.NewSize(420, 10))
		rows = append(rows, widgets.NewButton(p.text("sample."+s.key), widgets.Plain, func() {
			hide()
			p.host.Session().ImportSample(s.name, s.task)
		}), about)
	}
	space := widgets.NewText("", widgets.ColourText)
	rows = append(rows, widgets.LineGrowing(8, space, space, widgets.NewButton(p.host.Text("cancel"), widgets.Quiet, func() { hide() })))
	hide = p.host.Dialog(p.text("samples"), widgets.Column(8, rows...))
}

// archives are the names of files that can be imported.
var archives = []string{".zip", ".tar", ".gz", ".tgz"}

// importButton asks for a folder or a file and prepares its import.
func (p *Page) importButton() *widgets.Button {
	b := widgets.NewButton(p.text("import"), widgets.Plain, nil)
	b.OnTapped = func() {
		menu := widget.NewPopUpMenu(fyne.NewMenu("",
			fyne.NewMenuItem(p.text("import.folder"), func() { p.host.PickFolder(p.prepare) }),
			fyne.NewMenuItem(p.text("import.file"), func() { p.host.PickFile(archives, p.prepare) }),
		), p.host.Window().Canvas())
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
		menu.ShowAtPosition(at.AddXY(0, -menu.MinSize().Height-2))
	}
	return b
}

// delete deletes the data set after a question.
func (p *Page) delete() {
	d := p.state.ChosenDataset()
	if d == nil {
		return
	}
	name, text := d.Name, p.text("delete.text", widgets.Thousands(d.Info.Images()))
	if d.Err != nil {
		text = p.text("delete.broken")
	}
	p.host.Confirm(p.text("delete.title", name), text, p.text("delete.action"), func() {
		p.host.Session().DeleteDataset(name)
	})
}
