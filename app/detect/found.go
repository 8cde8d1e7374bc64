package detect

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets"
)

// foundRow is a class with how many of it were found.
type foundRow struct {
	widget.BaseWidget
	name   string
	count  int
	colour color.NRGBA
	chosen bool
	tapped func()
}

func newFoundRow(name string, count int, c color.NRGBA, chosen bool, tapped func()) *foundRow {
	r := &foundRow{name: name, count: count, colour: c, chosen: chosen, tapped: tapped}
	r.ExtendBaseWidget(r)
	return r
}

// Tapped implements fyne.Tappable.
func (r *foundRow) Tapped(*fyne.PointEvent) { r.tapped() }

// CreateRenderer implements fyne.Widget.
func (r *foundRow) CreateRenderer() fyne.WidgetRenderer {
	x := &foundRenderer{r: r}
	x.Refresh()
	return x
}

type foundRenderer struct {
	r           *foundRow
	back, dot   canvas.Rectangle
	name, count canvas.Text
}

func (x *foundRenderer) Destroy()           {}
func (x *foundRenderer) MinSize() fyne.Size { return fyne.NewSize(80, widgets.RowHeight-2) }

func (x *foundRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&x.back, &x.dot, &x.name, &x.count}
}

func (x *foundRenderer) Layout(size fyne.Size) {
	x.back.Resize(size)
	x.dot.Move(fyne.NewPos(1, size.Height/2-5))
	x.dot.Resize(fyne.NewSize(10, 10))
	h := fyne.MeasureText("0", widgets.TextSize, fyne.TextStyle{}).Height
	x.count.Text = widgets.Thousands(x.r.count)
	w := fyne.MeasureText(x.count.Text, widgets.TextSize, fyne.TextStyle{}).Width
	x.name.Text = widgets.Ellipsis(x.r.name, size.Width-w-28, widgets.TextSize, fyne.TextStyle{})
	x.name.Move(fyne.NewPos(18, (size.Height-h)/2))
	x.count.Move(fyne.NewPos(size.Width-w-2, (size.Height-h)/2))
}

func (x *foundRenderer) Refresh() {
	x.back.FillColor, x.back.CornerRadius = nil, 4
	if x.r.chosen {
		x.back.FillColor = widgets.Colour(widgets.ColourTint)
	}
	x.dot.FillColor, x.dot.CornerRadius = x.r.colour, 2
	x.name.TextSize, x.name.Color = widgets.TextSize, widgets.Colour(widgets.ColourText)
	x.count.TextSize, x.count.Color = widgets.TextSize, widgets.Colour(widgets.ColourText)
	x.Layout(x.r.Size())
	canvas.Refresh(x.r)
}
