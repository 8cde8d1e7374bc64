package widgets

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"github.com/convscope/convscope/widgets/raster"
)

var (
	_ fyne.Widget         = (*LinePlot)(nil)
	_ desktop.Hoverable   = (*LinePlot)(nil)
	_ fyne.Draggable      = (*LinePlot)(nil)
	_ fyne.DoubleTappable = (*LinePlot)(nil)
)

// PlotPoint is a point of a series.
type PlotPoint struct{ X, Y float64 }

// PlotAxis is an axis of a plot; Min = Max takes the range from the data.
type PlotAxis struct {
	Min, Max float64
	Log      bool
	Format   func(float64) string // of ticks; nil: short numbers
	Value    func(float64) string // of values that are read out; nil: as ticks
}

// PlotSeries is a line of a plot.
type PlotSeries struct {
	Name   string // label at its end, with the last value; "" for none
	Colour fyne.ThemeColorName
	Fixed  color.Color // in place of Colour, for series that are many
	Points []PlotPoint // rising X; not changed after it was given
	Right  bool        // belongs to the right axis
	Dashed bool
	Faint  bool // thin and pale, behind the others, without label: raw values behind smoothed ones
	Dots   bool // a dot at each point, for series with few

	Lower []PlotPoint // with these the series is the band between them and Points, filled palely
}

// PlotMark is a vertical line with a text at its top.
type PlotMark struct {
	X      float64
	Text   string
	Colour fyne.ThemeColorName
}

// PlotData is all that a plot shows.
type PlotData struct {
	Series         []PlotSeries
	Marks          []PlotMark
	X, Left, Right PlotAxis
	Head           func(x float64) string // first line of what is read out under the pointer; nil: the number
}

// LinePlot draws series over a common horizontal axis. The values under the pointer are read out; dragging zooms, a double click shows all.
type LinePlot struct {
	widget.BaseWidget
	data       PlotData
	compact    bool
	opaque     bool
	zoom       *[2]float64
	pointer    *fyne.Position
	from, drag *fyne.Position // of a zoom being dragged
	renderer   *plotRenderer
}

// NewLinePlot makes an empty plot.
func NewLinePlot() *LinePlot {
	p := &LinePlot{}
	p.ExtendBaseWidget(p)
	return p
}

// SetData shows data.
func (p *LinePlot) SetData(d PlotData) {
	p.data = d
	if !p.Visible() {
		return
	}
	p.Refresh()
}

// Data returns what is shown.
func (p *LinePlot) Data() PlotData { return p.data }

// SetCompact is for small plots: fewer ticks, no labels at the lines' ends.
func (p *LinePlot) SetCompact(on bool) { p.compact = on; p.Refresh() }

// Opaque makes it fill its place with the panel's colour: for a panel that leaves it out (Panel.Around).
func (p *LinePlot) Opaque() *LinePlot { p.opaque = true; return p }

// paper fills a picture with an opaque colour.
func paper(img *image.RGBA, c color.NRGBA) {
	w := img.Rect.Dx() * 4
	first := img.Pix[:w]
	for x := 0; x < w; x += 4 {
		first[x], first[x+1], first[x+2], first[x+3] = c.R, c.G, c.B, 255
	}
	for y := 1; y < img.Rect.Dy(); y++ {
		copy(img.Pix[y*img.Stride:y*img.Stride+w], first)
	}
}

// Reset shows the whole width again.
func (p *LinePlot) Reset() { p.zoom = nil; p.Refresh() }

// MouseIn implements desktop.Hoverable.
func (p *LinePlot) MouseIn(e *desktop.MouseEvent) { p.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (p *LinePlot) MouseMoved(e *desktop.MouseEvent) {
	p.pointer = &e.Position
	p.pointed()
}

// MouseOut implements desktop.Hoverable.
func (p *LinePlot) MouseOut() {
	p.pointer = nil
	p.pointed()
}

// pointed shows what is read under the pointer; the lines stay as they are drawn.
func (p *LinePlot) pointed() {
	if p.renderer != nil {
		p.renderer.update()
		p.renderer.cross.Refresh()
	}
}

// Dragged implements fyne.Draggable.
func (p *LinePlot) Dragged(e *fyne.DragEvent) {
	if p.from == nil {
		start := e.Position.Subtract(fyne.NewPos(e.Dragged.DX, e.Dragged.DY))
		p.from = &start
	}
	at := e.Position
	p.drag, p.pointer = &at, nil
	p.pointed()
}

// DragEnd implements fyne.Draggable.
func (p *LinePlot) DragEnd() {
	if p.from != nil && p.drag != nil {
		s := p.scale(p.Size())
		a, b := s.xAt(min(p.from.X, p.drag.X)), s.xAt(max(p.from.X, p.drag.X))
		if a, b = max(a, s.x.min), min(b, s.x.max); b-a > (s.x.max-s.x.min)/200 {
			p.zoom = &[2]float64{a, b}
		}
	}
	p.from, p.drag = nil, nil
	p.Refresh()
}

// DoubleTapped implements fyne.DoubleTappable.
func (p *LinePlot) DoubleTapped(*fyne.PointEvent) { p.Reset() }

// SmoothPlot returns the exponential moving average of points with the bias of its beginning taken out (as Adam's); weight 0…1.
func SmoothPlot(points []PlotPoint, weight float64) []PlotPoint {
	if weight <= 0 {
		return points
	}
	out := make([]PlotPoint, len(points))
	mean, share := 0., 1.
	for i, p := range points {
		if math.IsNaN(p.Y) || math.IsInf(p.Y, 0) {
			out[i] = p
			continue
		}
		mean = weight*mean + (1-weight)*p.Y
		share *= weight
		out[i] = PlotPoint{p.X, mean / (1 - share)}
	}
	return out
}

// CreateRenderer implements fyne.Widget.
func (p *LinePlot) CreateRenderer() fyne.WidgetRenderer {
	r := &plotRenderer{p: p}
	r.picture = canvas.NewRaster(r.draw)
	r.box.CornerRadius, r.box.StrokeWidth = 6, 1
	p.renderer = r
	r.Refresh()
	return r
}

type plotRenderer struct {
	p       *LinePlot
	picture *canvas.Raster
	img     *image.RGBA
	pen     raster.Pen // over the whole plot
	inner   raster.Pen // within its frame
	cross   canvas.Line
	band    canvas.Rectangle // of a zoom being dragged
	box     canvas.Rectangle // of what is read out
	texts   textPool
	backs   []*canvas.Rectangle // behind labels, so that a line below them does not cross out what they say
	objects []fyne.CanvasObject
}

func (r *plotRenderer) Destroy()                     {}
func (r *plotRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *plotRenderer) MinSize() fyne.Size           { return fyne.NewSize(120, 60) }

func (r *plotRenderer) Layout(size fyne.Size) {
	r.picture.Resize(size)
	r.update()
}

// Refresh redraws the lines, and of the texts those that changed: to refresh the whole widget would upload all of them again.
func (r *plotRenderer) Refresh() {
	r.update()
	r.picture.Refresh()
}

// text places a text, taking one that was used before.
func (r *plotRenderer) text(s string, x, y, size float32, c color.Color, align fyne.TextAlign) *canvas.Text {
	t := r.texts.next()
	if t.Text != s || t.TextSize != size || t.Color != c {
		t.Text, t.TextSize, t.Color = s, size, c
		t.Refresh()
	}
	m := fyne.MeasureText(s, size, fyne.TextStyle{})
	switch align {
	case fyne.TextAlignCenter:
		x -= m.Width / 2
	case fyne.TextAlignTrailing:
		x -= m.Width
	}
	t.Move(fyne.NewPos(x, y-m.Height/2))
	t.Resize(m)
	r.objects = append(r.objects, t)
	return t
}

// update places all that is not a line.
func (r *plotRenderer) update() {
	p := r.p
	size := p.Size()
	r.texts.used, r.objects = 0, append(r.objects[:0], r.picture)
	if size.Width < 40 || size.Height < 30 {
		return
	}
	s := p.scale(size)
	faint := Colour(ColourFaint)
	for _, v := range s.left.ticks {
		r.text(s.left.format(v), s.plot.x0-8, s.yAt(v, false), SmallSize, faint, fyne.TextAlignTrailing)
	}
	for _, v := range s.right.ticks {
		r.text(s.right.format(v), s.plot.x1+8, s.yAt(v, true), SmallSize, faint, fyne.TextAlignLeading)
	}
	for _, v := range s.x.ticks {
		r.text(s.x.format(v), s.pixelX(v), s.plot.y1+11, SmallSize, faint, fyne.TextAlignCenter)
	}
	r.marks(s)
	if !p.compact {
		r.labels(s)
	}
	switch {
	case p.from != nil && p.drag != nil:
		x0, x1 := min(p.from.X, p.drag.X), max(p.from.X, p.drag.X)
		x0, x1 = max(x0, s.plot.x0), min(x1, s.plot.x1)
		if r.band.FillColor == nil {
			defer r.band.Refresh()
		}
		r.band.FillColor = Fade(Colour(ColourAccent), .15)
		r.band.Move(fyne.NewPos(x0, s.plot.y0))
		r.band.Resize(fyne.NewSize(max(0, x1-x0), s.plot.y1-s.plot.y0))
		r.objects = append(r.objects, &r.band)
	case p.pointer != nil:
		r.readOut(s)
	}
}

// marks writes the texts of the vertical lines above them, in a second row within the frame where two would lie on each other, or not at all where a third would.
func (r *plotRenderer) marks(s scale) {
	ends := [2]float32{-1, -1} // of the texts in each row
	list := slices.Clone(r.p.data.Marks)
	slices.SortStableFunc(list, func(a, b PlotMark) int { return cmp.Compare(a.X, b.X) })
	for _, m := range list {
		x := s.pixelX(m.X)
		if m.Text == "" || x < s.plot.x0 || x > s.plot.x1 {
			continue
		}
		w := fyne.MeasureText(m.Text, SmallSize, fyne.TextStyle{}).Width
		x = max(s.plot.x0+w/2, min(x, s.plot.x1-w/2))
		for row, end := range ends {
			if x-w/2 > end {
				ends[row] = x + w/2 + 4
				r.text(m.Text, x, s.plot.y0-8+float32(row)*14, SmallSize, Colour(m.Colour), fyne.TextAlignCenter)
				break
			}
		}
	}
}

// labels writes the name and the last value at each line's end, moved apart.
func (r *plotRenderer) labels(s scale) {
	type label struct {
		text  string
		x, y  float32
		c     color.Color
		width float32
	}
	var all []label
	for _, l := range r.p.data.Series {
		if l.Name == "" || l.Faint || len(l.Points) == 0 {
			continue
		}
		end := l.Points[len(l.Points)-1]
		if r.p.zoom != nil {
			i := sort.Search(len(l.Points), func(i int) bool { return l.Points[i].X > r.p.zoom[1] })
			if i == 0 {
				continue
			}
			end = l.Points[i-1]
		}
		axis := s.left
		if l.Right {
			axis = s.right
		}
		text := l.Name + " " + axis.value(end.Y)
		w := fyne.MeasureText(text, 12, fyne.TextStyle{}).Width
		x, y := s.pixelX(end.X)+10, s.yAt(end.Y, l.Right)
		if x+w > s.plot.x1-4 {
			x, y = s.plot.x1-4-w, y-11
		}
		if y != y || x != x {
			continue
		}
		all = append(all, label{text, max(x, s.plot.x0+4), y, l.colour(), w})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].y < all[j].y }) // before they are kept within the frame: the order is that of the values
	for i := range all {
		all[i].y = max(s.plot.y0+7, min(all[i].y, s.plot.y1-7))
	}
	const line = 16
	for room := max(int((s.plot.y1-s.plot.y0)/line), 1); len(all) > room; { // not all fit: of those between, the nearest to another one is left to the pointer
		out := len(all) - 1
		for i, gap := 1, float32(math.MaxFloat32); i < len(all)-1; i++ {
			if d := all[i].y - all[i-1].y; d < gap {
				out, gap = i, d
			}
		}
		all = slices.Delete(all, out, out+1)
	}
	for i := 1; i < len(all); i++ {
		all[i].y = max(all[i].y, all[i-1].y+line)
	}
	for i, limit := len(all)-1, s.plot.y1-7; i >= 0; i-- {
		all[i].y = min(all[i].y, limit)
		limit = all[i].y - line
	}
	for i, l := range all {
		if i == len(r.backs) {
			r.backs = append(r.backs, canvas.NewRectangle(color.Transparent))
		}
		back := r.backs[i]
		if c := Fade(Colour(ColourPanel), .8); back.FillColor != c {
			back.FillColor = c
			back.Refresh()
		}
		back.Move(fyne.NewPos(l.x-3, l.y-7))
		back.Resize(fyne.NewSize(l.width+6, 14))
		r.objects = append(r.objects, back)
	}
	for _, l := range all {
		r.text(l.text, l.x, l.y, 12, l.c, fyne.TextAlignLeading)
	}
}

func (l PlotSeries) colour() color.Color {
	if l.Fixed != nil {
		return l.Fixed
	}
	return Colour(l.Colour)
}

// readOut writes the values under the pointer.
func (r *plotRenderer) readOut(s scale) {
	p := r.p
	if p.pointer.X < s.plot.x0 || p.pointer.X > s.plot.x1 {
		return
	}
	x := s.xAt(p.pointer.X)
	type line struct {
		text string
		c    color.Color
	}
	head := short(x)
	if p.data.Head != nil {
		head = p.data.Head(x)
	}
	lines := []line{{head, Colour(ColourQuiet)}}
	for _, l := range p.data.Series {
		v, ok := valueAt(l.Points, x)
		if l.Faint || l.Name == "" || !ok {
			continue
		}
		axis := s.left
		if l.Right {
			axis = s.right
		}
		lines = append(lines, line{"●  " + l.Name + "  " + axis.value(v), l.colour()})
	}
	if len(lines) == 1 && len(p.data.Series) > 0 { // beyond the data there is nothing to read
		return
	}
	px := s.pixelX(x)
	r.cross.Position1, r.cross.Position2 = fyne.NewPos(px, s.plot.y0), fyne.NewPos(px, s.plot.y1)
	r.cross.StrokeColor, r.cross.StrokeWidth = Colour(ColourFaint), 1
	width := float32(0)
	for _, l := range lines {
		width = max(width, fyne.MeasureText(l.text, SmallSize, fyne.TextStyle{}).Width)
	}
	w, h := width+20, float32(len(lines))*16+10
	bx := px + 12
	if bx+w > p.Size().Width {
		bx = px - 12 - w
	}
	by := max(0, min(p.pointer.Y-h/2, p.Size().Height-h))
	r.box.FillColor, r.box.StrokeColor = Colour(ColourPanel), Colour(ColourLine)
	r.box.Move(fyne.NewPos(bx, by))
	r.box.Resize(fyne.NewSize(w, h))
	r.objects = append(r.objects, &r.cross, &r.box)
	for i, l := range lines {
		r.text(l.text, bx+10, by+13+16*float32(i), SmallSize, l.c, fyne.TextAlignLeading)
	}
}

// valueAt returns the value of the point nearest to x, if the series reaches there.
func valueAt(points []PlotPoint, x float64) (float64, bool) {
	if len(points) == 0 {
		return 0, false
	}
	i := sort.Search(len(points), func(i int) bool { return points[i].X >= x })
	if i == len(points) {
		last := points[i-1]
		return last.Y, len(points) > 1 && x-last.X <= (last.X-points[0].X)/50
	}
	if i > 0 && x-points[i-1].X < points[i].X-x {
		i--
	}
	return points[i].Y, true
}

// draw paints grid and lines.
func (r *plotRenderer) draw(w, h int) image.Image {
	if r.img == nil || r.img.Rect.Dx() != w || r.img.Rect.Dy() != h {
		r.img = image.NewRGBA(image.Rect(0, 0, w, h))
	} else {
		clear(r.img.Pix)
	}
	if r.p.opaque {
		paper(r.img, color.NRGBAModel.Convert(Colour(ColourPanel)).(color.NRGBA))
	}
	size := r.p.Size()
	if size.Width < 40 || size.Height < 30 {
		return r.img
	}
	s, k := r.p.scale(size), float32(w)/size.Width
	grid := color.NRGBAModel.Convert(Colour(ColourLine)).(color.NRGBA)
	for _, v := range s.left.ticks {
		y := float32(int(s.yAt(v, false)*k)) + .5
		r.pen.Line(r.img, []raster.Vertex{{X: s.plot.x0 * k, Y: y}, {X: s.plot.x1 * k, Y: y}}, 1, grid)
	}
	for _, m := range r.p.data.Marks {
		if x := s.pixelX(m.X) * k; x >= s.plot.x0*k && x <= s.plot.x1*k {
			line := raster.Dash([]raster.Vertex{{X: x, Y: s.plot.y0 * k}, {X: x, Y: s.plot.y1 * k}}, 3*k, 3*k)
			r.pen.Line(r.img, line, k, Fade(Colour(m.Colour), .7))
		}
	}
	inside := r.img.SubImage(image.Rect(int(s.plot.x0*k), int((s.plot.y0-3)*k), int((s.plot.x1+2)*k), int((s.plot.y1+3)*k))).(*image.RGBA)
	for _, pale := range []bool{true, false} {
		for _, l := range r.p.data.Series {
			if (l.Faint || l.Lower != nil) == pale {
				r.line(inside, l, s, k)
			}
		}
	}
	return r.img
}

// line paints a series.
func (r *plotRenderer) line(dst *image.RGBA, l PlotSeries, s scale, k float32) {
	ox, oy := float32(dst.Rect.Min.X), float32(dst.Rect.Min.Y)
	view := &image.RGBA{Pix: dst.Pix, Stride: dst.Stride, Rect: image.Rect(0, 0, dst.Rect.Dx(), dst.Rect.Dy())}
	points := make([]raster.Vertex, 0, len(l.Points))
	for _, p := range l.Points {
		points = append(points, raster.Vertex{X: s.pixelX(p.X)*k - ox, Y: s.yAt(p.Y, l.Right)*k - oy})
	}
	c := color.NRGBAModel.Convert(l.colour()).(color.NRGBA)
	width := 1.5 * k
	if l.Lower != nil {
		lower := make([]raster.Vertex, 0, len(l.Lower))
		for _, p := range l.Lower {
			lower = append(lower, raster.Vertex{X: s.pixelX(p.X)*k - ox, Y: s.yAt(p.Y, l.Right)*k - oy})
		}
		raster.Area(view, points, lower, Fade(c, .18))
		return
	}
	if l.Faint {
		c, width = Fade(c, .28), k
	}
	line := raster.Thin(points)
	if l.Dashed {
		line = raster.Dash(line, 5*k, 4*k)
	}
	r.inner.Line(view, line, width, c)
	if l.Dots || len(points) == 1 {
		for _, p := range points {
			r.inner.Line(view, []raster.Vertex{p, p}, 4.5*k, c)
		}
	}
}
