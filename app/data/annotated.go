package data

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
	"github.com/convscope/convscope/widgets/raster"
)

// annotated is the panel below the grid of a data set for segmentation: the chosen image, large, with its masks over it.
type annotated struct {
	opacity float64 // outlives a change of language

	panel   fyne.CanvasObject
	view    *widgets.PhotoView
	legend  *widgets.Legend
	void    *widgets.Text
	style   widgets.ClassStyle
	classes []string
}

// build makes the panel in the present language.
func (a *annotated) build(text func(key string, args ...any) string) {
	a.view, a.legend = widgets.NewPhotoView(), widgets.NewLegend()
	a.void = widgets.NewText("", widgets.ColourQuiet).Small()
	a.legend.OnHighlighted = a.view.HighlightClass
	a.legend.OnHidden = func(int, bool) {
		a.style.Hidden = a.legend.Hidden()
		a.view.SetClassStyle(a.style)
	}
	a.view.OnClass = func(_, _, class int) string {
		a.legend.Highlight(class)
		switch {
		case class < 0:
			return text("void")
		case class < len(a.classes):
			return a.classes[class]
		}
		return ""
	}
	opacity := widgets.NewSliderRow(text("opacity"), 0, 1, .05, a.opacity, func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }, func(v float64) {
		a.opacity, a.style.Opacity = v, v
		a.view.SetClassStyle(a.style)
	})
	side := widgets.ColumnGrowing(6, a.legend, a.legend, a.void, opacity)
	a.panel = widgets.NewPanel(widgets.Beside(widgets.Gap, a.view, a.view, widgets.Sized(210, 0, side)))
	a.panel.Hide()
}

// show shows an image with its masks.
func (a *annotated) show(image session.Annotated, info data.Info, text func(key string, args ...any) string) {
	a.classes = info.Classes
	a.style = widgets.ClassStyle{Colours: widgets.ClassColours(len(info.Classes)), Opacity: a.opacity, Outline: true, Hidden: a.legend.Hidden()}
	a.view.SetImage(image.Image)
	a.view.SetClassStyle(a.style)
	var classes *raster.ClassMap
	if image.Classes != nil {
		m := raster.NewClassMap(image.Classes, image.Record.StoredW, image.Record.StoredH)
		classes = &m
	}
	a.view.SetClassMap(classes)
	pixels, void := make([]int, len(info.Classes)), 0
	for _, c := range image.Classes {
		if c == data.Void {
			void++
		} else if int(c) < len(pixels) {
			pixels[c]++
		}
	}
	all := float64(max(1, len(image.Classes)))
	var rows []widgets.LegendRow
	for c, name := range info.Classes {
		rows = append(rows, widgets.LegendRow{Name: name, Colour: a.style.Colours[c], Share: float64(pixels[c]) / all, Figure: math.NaN()})
	}
	a.legend.SetRows(widgets.LegendHeads{Title: text("classes"), Share: text("share")}, rows, nil)
	switch {
	case image.Classes == nil:
		a.void.Set(text("masks.none"))
	case void > 0:
		a.void.Set(text("void.share", 100*float64(void)/all))
	default:
		a.void.Set("")
	}
	a.panel.Show()
}

// forget shows no class of the data set before as hidden.
func (a *annotated) forget() {
	a.legend.SetHidden(nil)
	a.panel.Hide()
}

// gridAbove lays out the grid above the chosen image, which takes the larger part where it is shown.
type gridAbove struct{}

func (gridAbove) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 200) }

func (gridAbove) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	grid, panel := objects[0], objects[1]
	h := size.Height
	if panel.Visible() {
		h = float32(math.Floor(float64(size.Height) * .38))
		panel.Move(fyne.NewPos(0, h+widgets.Gap))
		panel.Resize(fyne.NewSize(size.Width, max(0, size.Height-h-widgets.Gap)))
	}
	grid.Move(fyne.NewPos(0, 0))
	grid.Resize(fyne.NewSize(size.Width, h))
}

// pickAnnotated shows an image of a data set for segmentation with its masks.
func (p *Page) pickAnnotated(i int) {
	name, info := p.shown, p.info
	p.host.Session().Annotated(name, p.items[i].ID, func(a session.Annotated, err error) {
		if p.picked != i || p.shown != name {
			return
		}
		if err != nil {
			p.host.Fault(err)
			return
		}
		p.annotated.show(a, info, p.text)
		s := &p.selected
		s.small.Hide() // it is shown large
		s.label.Hide() // the legend has its classes
		p.showRecord(a.Record, info)
		p.body.Refresh()
		p.grid.Select(i) // the grid is lower now
	})
}

// countContent finds out which images have which classes, of a data set for segmentation.
func (p *Page) countContent(d session.Dataset) {
	p.content = nil
	if d.Info.Task != data.Segmentation {
		return
	}
	p.host.Session().Content(d.Name, func(c *data.Content, err error) {
		if p.shown != d.Name || err != nil { // what hinders it is told with the images
			return
		}
		p.content = c
		p.showFacts(d)
		if p.class >= 0 {
			p.filter()
		}
	})
}

// perClass returns the images of each class by split: those that have it, in segmentation, once they are counted; else those that are of it.
func (p *Page) perClass(i data.Info) [3][]int {
	switch {
	case i.Task != data.Segmentation:
		return i.PerClass
	case p.content != nil:
		return p.content.Images
	}
	return [3][]int{}
}

// counting reports whether it is not known yet which images have which classes.
func (p *Page) counting(i data.Info) bool { return i.Task == data.Segmentation && p.content == nil }

// unlabelled returns the number of images that are not labelled as the task needs it.
func (p *Page) unlabelled(i data.Info) int {
	if p.content != nil {
		return i.Images() - p.content.Labelled
	}
	n := i.Images()
	for _, split := range i.PerClass {
		for _, of := range split {
			n -= of
		}
	}
	return n
}
