package network

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/widgets"
)

// paletteItem is a kind of layer in the palette: a click adds it, and it can be dragged onto the canvas.
type paletteItem struct {
	widget.BaseWidget
	name    string
	group   string
	hovered bool
	at      *fyne.Position // of a drag, in the window
	tapped  func()
	dropped func(at fyne.Position)
}

func newPaletteItem(name, group string, tapped func(), dropped func(fyne.Position)) *paletteItem {
	i := &paletteItem{name: name, group: group, tapped: tapped, dropped: dropped}
	i.ExtendBaseWidget(i)
	return i
}

// Tapped implements fyne.Tappable.
func (i *paletteItem) Tapped(*fyne.PointEvent) { i.tapped() }

// Dragged implements fyne.Draggable.
func (i *paletteItem) Dragged(e *fyne.DragEvent) {
	at := e.AbsolutePosition
	i.at = &at
}

// DragEnd implements fyne.Draggable.
func (i *paletteItem) DragEnd() {
	if i.at != nil {
		i.dropped(*i.at)
		i.at = nil
	}
}

// MouseIn implements desktop.Hoverable.
func (i *paletteItem) MouseIn(*desktop.MouseEvent) { i.hovered = true; i.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (i *paletteItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (i *paletteItem) MouseOut() { i.hovered = false; i.Refresh() }

// CreateRenderer implements fyne.Widget.
func (i *paletteItem) CreateRenderer() fyne.WidgetRenderer {
	r := &paletteRenderer{i: i}
	r.Refresh()
	return r
}

type paletteRenderer struct {
	i          *paletteItem
	back, mark canvas.Rectangle
	name       canvas.Text
}

func (r *paletteRenderer) Destroy()           {}
func (r *paletteRenderer) MinSize() fyne.Size { return fyne.NewSize(60, 22) }

func (r *paletteRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.back, &r.mark, &r.name}
}

func (r *paletteRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.mark.Move(fyne.NewPos(2, size.Height/2-4))
	r.mark.Resize(fyne.NewSize(3, 8))
	r.name.Text = widgets.Ellipsis(r.i.name, size.Width-12, widgets.TextSize, fyne.TextStyle{})
	h := fyne.MeasureText("0", widgets.TextSize, fyne.TextStyle{}).Height
	r.name.Move(fyne.NewPos(11, (size.Height-h)/2))
}

func (r *paletteRenderer) Refresh() {
	r.back.FillColor, r.back.CornerRadius = nil, 4
	if r.i.hovered {
		r.back.FillColor = widgets.Colour(widgets.ColourTint)
	}
	r.mark.FillColor, r.mark.CornerRadius = widgets.GroupColour(r.i.group), 1
	r.name.TextSize, r.name.Color = widgets.TextSize, widgets.Colour(widgets.ColourText)
	r.Layout(r.i.Size())
	canvas.Refresh(r.i)
}

// shareBar shows where the parameters are: a part for each layer that has some.
type shareBar struct {
	widget.BaseWidget
	parts   []sharePart
	caption *widgets.Text
	legend  *widgets.Text
}

type sharePart struct {
	group string
	share float32
}

func newShareBar() *shareBar {
	b := &shareBar{caption: widgets.NewText("", widgets.ColourQuiet).Small(), legend: widgets.NewText("", widgets.ColourQuiet).Small()}
	b.ExtendBaseWidget(b)
	return b
}

// set shows a network's parameters.
func (b *shareBar) set(p *Page) {
	b.parts = nil
	var filters, dense int64
	for i, l := range p.report.Layers {
		kind, err := nn.KindOf(p.spec.Layers[i].Type)
		if err != nil || l.Parameters == 0 {
			continue
		}
		if kind.Group == "dense" {
			dense += l.Parameters
		} else {
			filters += l.Parameters
		}
		b.parts = append(b.parts, sharePart{kind.Group, float32(float64(l.Parameters) / float64(p.report.Parameters))})
	}
	b.caption.Set(p.text("shares"))
	b.legend.Set(p.text("shares.legend", widgets.Thousands(int(filters)), widgets.Thousands(int(dense))))
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *shareBar) CreateRenderer() fyne.WidgetRenderer {
	r := &shareRenderer{b: b}
	r.update()
	return r
}

type shareRenderer struct {
	b       *shareBar
	bars    []*canvas.Rectangle
	objects []fyne.CanvasObject
}

func (r *shareRenderer) Destroy()                     {}
func (r *shareRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *shareRenderer) MinSize() fyne.Size           { return fyne.NewSize(60, 12) }
func (r *shareRenderer) Layout(fyne.Size)             { r.update() }

func (r *shareRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.b)
}

func (r *shareRenderer) update() {
	r.objects = r.objects[:0]
	x, size := float32(0), r.b.Size()
	for i, p := range r.b.parts {
		if i == len(r.bars) {
			r.bars = append(r.bars, canvas.NewRectangle(nil))
		}
		w := p.share * size.Width
		r.bars[i].FillColor = widgets.GroupColour(p.group)
		r.bars[i].Move(fyne.NewPos(x, 0))
		r.bars[i].Resize(fyne.NewSize(max(1, w-1), 12))
		r.objects = append(r.objects, r.bars[i])
		x += w
	}
}

// kernelPicture shows a kernel on the image that it slides over, and by how much it moves.
type kernelPicture struct {
	widget.BaseWidget
	kernel, stride int
}

func newKernelPicture(kernel, stride int) *kernelPicture {
	k := &kernelPicture{kernel: kernel, stride: stride}
	k.ExtendBaseWidget(k)
	return k
}

// set shows another kernel.
func (k *kernelPicture) set(kernel, stride int) {
	if k.kernel != kernel || k.stride != stride {
		k.kernel, k.stride = kernel, stride
		k.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (k *kernelPicture) CreateRenderer() fyne.WidgetRenderer {
	r := &kernelRenderer{k: k}
	r.next.StrokeWidth = 1.5
	r.update()
	return r
}

// mostCells is up to how many places a side are drawn one by one.
const mostCells = 16

type kernelRenderer struct {
	k            *kernelPicture
	image, patch canvas.Rectangle // where there are too many places to draw each
	cells        []*canvas.Rectangle
	next         canvas.Rectangle // where the kernel goes next
	objects      []fyne.CanvasObject
}

func (r *kernelRenderer) Destroy()                     {}
func (r *kernelRenderer) MinSize() fyne.Size           { return fyne.NewSize(100, 132) }
func (r *kernelRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *kernelRenderer) Layout(fyne.Size)             { r.update() }

func (r *kernelRenderer) Refresh() {
	r.update()
	canvas.Refresh(r.k)
}

func (r *kernelRenderer) update() {
	kernel, stride := max(1, r.k.kernel), max(1, r.k.stride)
	n := kernel + max(4, stride)
	size := r.k.Size()
	step := min(size.Width, size.Height-6) / float32(n)
	if n <= mostCells {
		step = float32(int(step))
	}
	x0, y0 := (size.Width-step*float32(n))/2, float32(3)
	place := func(o *canvas.Rectangle, x, y, side float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(max(0, side), max(0, side)))
	}
	r.objects = r.objects[:0]
	if n <= mostCells {
		r.drawCells(n, kernel, func(c *canvas.Rectangle, x, y int) { place(c, x0+float32(x)*step, y0+float32(y)*step, step-1) })
	} else {
		r.image.FillColor, r.image.StrokeColor, r.image.StrokeWidth = widgets.Colour(widgets.ColourField), widgets.Colour(widgets.ColourLine), 1
		r.patch.FillColor = widgets.Fade(widgets.Colour(widgets.ColourAccent), .85)
		place(&r.image, x0, y0, step*float32(n))
		place(&r.patch, x0, y0, step*float32(kernel))
		r.objects = append(r.objects, &r.image, &r.patch)
	}
	r.next.StrokeColor = widgets.Colour(widgets.ColourValidation)
	place(&r.next, x0+float32(stride)*step-1, y0-1, step*float32(kernel)+1)
	r.objects = append(r.objects, &r.next)
}

// drawCells draws each place, those of the kernel filled, its middle marked.
func (r *kernelRenderer) drawCells(n, kernel int, place func(c *canvas.Rectangle, x, y int)) {
	for len(r.cells) < n*n {
		r.cells = append(r.cells, canvas.NewRectangle(nil))
	}
	for i, c := range r.cells[:n*n] {
		x, y := i%n, i/n
		c.FillColor, c.StrokeColor, c.StrokeWidth = widgets.Colour(widgets.ColourField), widgets.Colour(widgets.ColourLine), 1
		if x < kernel && y < kernel {
			c.FillColor, c.StrokeWidth = widgets.Fade(widgets.Colour(widgets.ColourAccent), .85), 0
			if x == kernel/2 && y == kernel/2 {
				c.FillColor = widgets.Colour(widgets.ColourValidation)
			}
		}
		place(c, x, y)
		r.objects = append(r.objects, c)
	}
}
