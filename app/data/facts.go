package data

import (
	"fmt"
	"strings"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
)

// showFacts fills in what is known of the data set as a whole.
func (p *Page) showFacts(d session.Dataset) {
	i := d.Info
	p.heading.Set(d.Name)
	f := &p.facts
	f.task.Set(p.text("task." + string(i.Task)))
	f.images.Set(widgets.Thousands(i.Images()))
	colour := p.text("colour")
	if i.Channels == 1 {
		colour = p.text("grey")
	}
	size := fmt.Sprintf("%d×%d", i.Width, i.Height)
	if !i.SameSize() {
		size = p.text("largest", i.Largest[0], i.Largest[1])
	}
	f.size.Set(size + " " + colour)
	f.stored.Set(fmt.Sprintf("%s · %s", strings.ToUpper(i.Encoding), megabytes(i.Bytes)))
	f.skipped.Set(widgets.Thousands(len(i.Skipped)))
	if len(i.Skipped) > 0 {
		p.skipList.Show()
	} else {
		p.skipList.Hide()
	}
	p.showNotes(i.Notes)
	p.showClasses(i)
	for s := range i.Counts {
		p.splits[s].Set(widgets.Thousands(i.Counts[s]))
	}
	p.splits[3].Set("…")
	if !p.counting(i) {
		p.splits[3].Set(widgets.Thousands(p.unlabelled(i)))
	}
	p.details.Refresh()
}

// showNotes says what was made of the source otherwise than it says.
func (p *Page) showNotes(notes []data.Note) {
	p.notes.Objects = nil
	for _, line := range p.noteLines(notes) {
		p.notes.Add(widgets.NewParagraph(line, widgets.ColourCaution).Small())
	}
	show(p.notes, len(notes) > 0)
}

// noteLines returns the sentences of notes.
func (p *Page) noteLines(notes []data.Note) (lines []string) {
	for _, n := range notes {
		lines = append(lines, p.host.ReasonText(n.Code, n.Args, n.Text))
	}
	return lines
}

// showClasses lists the classes, and warns of those that cannot be learned.
func (p *Page) showClasses(i data.Info) {
	perClass := p.perClass(i)
	var rows []widgets.ClassRow
	var untrained []string
	for c, name := range i.Classes {
		r := widgets.ClassRow{Name: name}
		for _, of := range perClass {
			n := 0
			if c < len(of) {
				n = of[c]
			}
			r.Parts = append(r.Parts, n)
			r.Count += n
		}
		if p.counting(i) {
			r.Count = -1
		}
		rows = append(rows, r)
		if r.Count > 0 && r.Parts[data.Train] == 0 {
			untrained = append(untrained, name)
		}
	}
	show(p.warning, len(untrained) > 0)
	if len(untrained) > 0 {
		p.warning.Set(p.text("untrained", few(untrained)))
	}
	p.classes.SetRows(rows, p.text("all"))
	heading := "classes"
	if i.Task == data.Segmentation {
		p.classes.SetTotal(i.Images())
		if heading = "classes.in"; p.counting(i) {
			heading = "classes.counting"
		}
	}
	p.classed.Set(p.text(heading))
}

// megabytes writes a size.
func megabytes(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", bytes>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}
