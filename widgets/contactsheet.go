package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets/raster"
)

var (
	_ fyne.Widget       = (*ContactSheet)(nil)
	_ fyne.Focusable    = (*ContactSheet)(nil)
	_ desktop.Hoverable = (*ContactSheet)(nil)
)

// SheetData is what a contact sheet shows.
type SheetData struct {
	Values        []float32
	Cells         int  // maps, or slices of filters
	Width, Height int  // of a cell, in values
	Colour        bool // a cell is three planes: red, green, blue
	Tones         []raster.Tone
}

// ContactSheet shows many small pictures of numbers as one: feature maps or filters. A click chooses a cell.
type ContactSheet struct {
	widget.BaseWidget
	data    SheetData
	sheet   raster.Sheet
	chosen  int
	hovered int
	focused bool
	// OnChosen is told the cell that was clicked, or reached by the arrow keys.
	OnChosen func(cell int)
	// OnHovered is told the cell under the pointer and the place in it, or −1.
	OnHovered func(cell, x, y int)
}

// NewContactSheet makes an empty sheet.
func NewContactSheet() *ContactSheet {
	c := &ContactSheet{chosen: -1, hovered: -1}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows numbers; what is chosen stays chosen if there is such a cell.
func (c *ContactSheet) Set(d SheetData) {
	c.data = d
	if c.chosen >= d.Cells {
		c.chosen = -1
	}
	c.Refresh()
}

// Data returns what is shown.
func (c *ContactSheet) Data() SheetData { return c.data }

// Choose chooses a cell without reporting it; −1 is none.
func (c *ContactSheet) Choose(cell int) {
	c.chosen = cell
	c.Refresh()
}

// Chosen returns the cell that is chosen, or −1.
func (c *ContactSheet) Chosen() int { return c.chosen }

// place returns where the sheet lies in the widget and how large a value is drawn.
func (c *ContactSheet) place() (origin fyne.Position, k float32) {
	w, h := c.sheet.Size()
	if w == 0 {
		return fyne.Position{}, 1
	}
	size := c.Size()
	k = min(size.Width/float32(w), size.Height/float32(h))
	if k > 1 {
		k = float32(int(k*2)) / 2 // halves: cells of equal size on screens of one or two pixels a unit
	}
	// One cell alone is not blown up without bound.
	k = min(k, 24)
	return fyne.NewPos(float32(int((size.Width-float32(w)*k)/2)), float32(int((size.Height-float32(h)*k)/2))), k
}

// at returns the cell at a position, and the value in it.
func (c *ContactSheet) at(p fyne.Position) (cell, x, y int) {
	o, k := c.place()
	if p.X < o.X || p.Y < o.Y {
		return -1, 0, 0
	}
	px, py := int((p.X-o.X)/k), int((p.Y-o.Y)/k)
	cell = c.sheet.At(px, py)
	if cell < 0 {
		return -1, 0, 0
	}
	r := c.sheet.Cell(cell)
	return cell, px - r.Min.X, py - r.Min.Y
}

// Tapped implements fyne.Tappable.
func (c *ContactSheet) Tapped(e *fyne.PointEvent) {
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(c); canvas != nil {
		canvas.Focus(c)
	}
	if cell, _, _ := c.at(e.Position); cell >= 0 {
		c.choose(cell)
	}
}

func (c *ContactSheet) choose(cell int) {
	c.Choose(cell)
	if c.OnChosen != nil {
		c.OnChosen(cell)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *ContactSheet) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *ContactSheet) MouseMoved(e *desktop.MouseEvent) {
	cell, x, y := c.at(e.Position)
	if c.OnHovered != nil {
		c.OnHovered(cell, x, y)
	}
	if cell != c.hovered {
		c.hovered = cell
		c.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (c *ContactSheet) MouseOut() {
	c.hovered = -1
	if c.OnHovered != nil {
		c.OnHovered(-1, 0, 0)
	}
	c.Refresh()
}

// FocusGained implements fyne.Focusable.
func (c *ContactSheet) FocusGained() { c.focused = true }

// FocusLost implements fyne.Focusable.
func (c *ContactSheet) FocusLost() { c.focused = false }

// TypedRune implements fyne.Focusable.
func (c *ContactSheet) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: the arrows go from cell to cell.
func (c *ContactSheet) TypedKey(e *fyne.KeyEvent) {
	step := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1, fyne.KeyUp: -c.sheet.Columns, fyne.KeyDown: c.sheet.Columns}[e.Name]
	if to := c.chosen + step; step != 0 && to >= 0 && to < c.data.Cells {
		c.choose(to)
	}
}

// CreateRenderer implements fyne.Widget.
func (c *ContactSheet) CreateRenderer() fyne.WidgetRenderer {
	r := &sheetRenderer{c: c}
	r.picture.ScaleMode, r.picture.FillMode = canvas.ImageScalePixels, canvas.ImageFillStretch
	r.Refresh()
	return r
}

type sheetRenderer struct {
	c             *ContactSheet
	picture       canvas.Image
	chosen, hover canvas.Rectangle
	drawn         SheetData
	layout        raster.Sheet
	background    color.Color
}

func (r *sheetRenderer) Destroy()           {}
func (r *sheetRenderer) MinSize() fyne.Size { return fyne.NewSize(60, 60) }

func (r *sheetRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.picture, &r.hover, &r.chosen}
}

func (r *sheetRenderer) Layout(size fyne.Size) {
	r.paint(size)
	r.outline()
}

// paint redraws the sheet if numbers, layout or theme changed.
func (r *sheetRenderer) paint(size fyne.Size) {
	c, d := r.c, r.c.data
	if d.Cells == 0 || size.Width < 4 || size.Height < 4 {
		r.picture.Hidden = true
		c.sheet = raster.Sheet{}
		return
	}
	sheet := raster.LayOut(d.Cells, d.Width, d.Height, float64(size.Width)/float64(size.Height))
	background := ours(ColourPanel)
	if d.Width*d.Height == 1 { // a single number may be as white, or as black, as the panel: its place shows all the same
		background = raster.Mix(ours(ColourAccent), background, .8)
	}
	c.sheet = sheet
	same := sheet == r.layout && background == r.background && len(d.Values) == len(r.drawn.Values) && len(d.Values) > 0 && &d.Values[0] == &r.drawn.Values[0] && sameTones(d.Tones, r.drawn.Tones)
	if !same {
		var img image.Image
		if d.Colour {
			img = sheet.Colour(d.Values, d.Tones, background)
		} else {
			img = sheet.Grey(d.Values, d.Tones, background)
		}
		r.picture.Image, r.drawn, r.layout, r.background = img, d, sheet, background
	}
	r.picture.Hidden = false
	o, k := c.place()
	w, h := sheet.Size()
	r.picture.Move(o)
	r.picture.Resize(fyne.NewSize(float32(w)*k, float32(h)*k))
	if !same {
		r.picture.Refresh()
	}
}

func sameTones(a, b []raster.Tone) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (r *sheetRenderer) outline() {
	o, k := r.c.place()
	for _, f := range []struct {
		line *canvas.Rectangle
		cell int
		c    fyne.ThemeColorName
	}{{&r.chosen, r.c.chosen, ColourValidation}, {&r.hover, r.c.hovered, ColourAccent}} {
		f.line.Hidden = f.cell < 0 || f.cell >= r.c.data.Cells
		b := r.c.sheet.Cell(f.cell)
		f.line.StrokeColor, f.line.StrokeWidth = Colour(f.c), 2
		f.line.Move(fyne.NewPos(o.X+float32(b.Min.X)*k-1, o.Y+float32(b.Min.Y)*k-1))
		f.line.Resize(fyne.NewSize(float32(b.Dx())*k+2, float32(b.Dy())*k+2))
	}
}

func (r *sheetRenderer) Refresh() {
	r.Layout(r.c.Size()) // paint refreshes the picture if it changed
	r.chosen.Refresh()
	r.hover.Refresh()
}

// ScaleBar shows a tone: black to white with its values at the ends.
type ScaleBar struct {
	box
	low, high *Text
}

// NewScaleBar makes a bar.
func NewScaleBar() *ScaleBar {
	b := &ScaleBar{low: NewText("", ColourQuiet).Small().Natural(), high: NewText("", ColourQuiet).Small().Natural()}
	ramp := canvas.NewHorizontalGradient(color.Black, color.White)
	b.content = Line(6, b.low, Sized(96, 7, ramp), b.high)
	b.ExtendBaseWidget(b)
	return b
}

// Set shows a tone's ends.
func (b *ScaleBar) Set(t raster.Tone) {
	if low, high := short(t.Low), short(t.High); low != b.low.Text() || high != b.high.Text() {
		b.low.Set(low)
		b.high.Set(high)
		b.Refresh()
	}
}

// Picture shows one image of any size, as large as there is room, small ones in clear pixels.
type Picture struct {
	widget.BaseWidget
	img image.Image
}

// NewPicture makes an empty picture.
func NewPicture() *Picture {
	p := &Picture{}
	p.ExtendBaseWidget(p)
	return p
}

// Set shows an image, or nothing.
func (p *Picture) Set(img image.Image) {
	if p.img != img {
		p.img = img
		p.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer {
	r := &pictureRenderer{p: p}
	r.picture.FillMode = canvas.ImageFillContain
	r.back.CornerRadius = 4
	r.Refresh()
	return r
}

type pictureRenderer struct {
	p       *Picture
	back    canvas.Rectangle
	picture canvas.Image
}

func (r *pictureRenderer) Destroy() {}
func (r *pictureRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{&r.back, &r.picture}
}
func (r *pictureRenderer) MinSize() fyne.Size { return fyne.NewSize(24, 24) }

func (r *pictureRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.picture.Resize(size)
}

func (r *pictureRenderer) Refresh() {
	r.back.FillColor = Colour(ColourField)
	r.back.Hidden = r.p.img != nil
	r.picture.Hidden = r.p.img == nil
	r.picture.Image = r.p.img
	r.picture.ScaleMode = canvas.ImageScaleFastest
	if r.p.img != nil && r.p.img.Bounds().Dx() <= 128 {
		r.picture.ScaleMode = canvas.ImageScalePixels
	}
	r.picture.Refresh()
	r.back.Refresh()
}

// FilterData makes a sheet of F×C×h×w weights: a cell a filter in colour where C is 3, else a cell a slice. Zero is middle grey.
func FilterData(values []float32, f, c, h, w int) (SheetData, raster.Tone) {
	sheet, colour := raster.FilterSheet(f, c, h, w, 1)
	tone := raster.FilterTone(values)
	d := SheetData{Values: values, Cells: sheet.Cells, Width: w, Height: h, Colour: colour, Tones: []raster.Tone{tone}}
	if !colour && c > 1 && sheet.Cells < f*c && sheet.Cells%f == 0 { // the first slices of each filter
		per := sheet.Cells / f
		d.Values = make([]float32, 0, sheet.Cells*h*w)
		for i := range f {
			d.Values = append(d.Values, values[i*c*h*w:(i*c+per)*h*w]...)
		}
	}
	return d, tone
}
