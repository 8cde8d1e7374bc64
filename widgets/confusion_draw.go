package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/draw"

	"github.com/convscope/convscope/widgets/raster"
)

// matrixDrawing is the objects of a ConfusionMatrix: one picture of the cells, the bars and the sloped names, texts where they can be read, the frames of two cells, the sentence at the pointer.
type matrixDrawing struct {
	m               *ConfusionMatrix
	place           matrixPlace
	picture         *canvas.Raster
	img             *image.RGBA
	hovered, chosen canvas.Rectangle
	tip             *tip
	texts           textPool
	objects         []fyne.CanvasObject
	fonts           [2]fyne.Resource // that letters were read from: regular, bold
	letters         [2]*raster.Letters
}

func newMatrixDrawing(m *ConfusionMatrix) *matrixDrawing {
	d := &matrixDrawing{m: m, tip: newTip()}
	d.picture = canvas.NewRaster(d.draw)
	d.hovered.StrokeWidth, d.chosen.StrokeWidth = 1, 2
	d.hovered.CornerRadius, d.chosen.CornerRadius = 1, 2
	return d
}

// CreateRenderer implements fyne.Widget.
func (m *ConfusionMatrix) CreateRenderer() fyne.WidgetRenderer {
	m.drawing.update()
	return &matrixRenderer{m.drawing}
}

type matrixRenderer struct{ d *matrixDrawing }

func (r *matrixRenderer) Destroy()                     {}
func (r *matrixRenderer) Objects() []fyne.CanvasObject { return r.d.objects }
func (r *matrixRenderer) MinSize() fyne.Size           { return fyne.NewSize(200, 160) }
func (r *matrixRenderer) Layout(size fyne.Size) {
	r.d.picture.Resize(size)
	r.d.update()
}

func (r *matrixRenderer) Refresh() {
	r.d.update()
	canvas.Refresh(r.d.m)
}

// readFonts reads the theme's fonts, for names that are sloped.
func (d *matrixDrawing) readFonts() {
	for i, font := range [2]fyne.Resource{theme.TextFont(), theme.TextBoldFont()} {
		if font == d.fonts[i] {
			continue
		}
		d.fonts[i] = font
		letters, err := raster.NewLetters(font.Content())
		if err != nil { // names lie flat then, and are shorter
			letters = nil
		}
		d.letters[i] = letters
	}
}

// update places all texts and frames.
func (d *matrixDrawing) update() {
	d.readFonts()
	m := d.m
	d.place = m.layOut(m.Size(), d.letters[0] != nil && d.letters[1] != nil)
	d.texts.used, d.objects = 0, append(d.objects[:0], d.picture)
	d.writeRows()
	d.writeColumns()
	d.writeCells()
	d.chosen.StrokeColor, d.hovered.StrokeColor = Colour(ColourAccent), Colour(ColourText)
	d.objects = append(d.objects, &d.hovered, &d.chosen)
	d.objects = append(d.objects, d.tip.objects()...)
	d.frame(&d.chosen, m.chosen, 1)
	d.frame(&d.hovered, m.hovered, 0)
}

// point frames the cell under the pointer and shows a sentence.
func (d *matrixDrawing) point(sentence string, at fyne.Position) {
	d.frame(&d.hovered, d.m.hovered, 0)
	d.tip.show(sentence, at, d.m.Size())
	canvas.Refresh(&d.hovered)
}

// frame puts a rectangle around a cell; small cells have it larger than they are.
func (d *matrixDrawing) frame(r *canvas.Rectangle, c matrixCell, out float32) {
	r.Hidden = c == noCell || d.place.n == 0
	if r.Hidden {
		return
	}
	at, size := d.place.cell(c)
	out = max(out, (7-size.Width)/2, (7-size.Height)/2)
	r.Move(at.SubtractXY(out, out))
	r.Resize(size.AddWidthHeight(2*out, 2*out))
}

// text writes a text whose line is around y; align is 0 for one that begins at x, .5 for its middle, 1 for its end.
func (d *matrixDrawing) text(s string, x, y, align, size float32, c color.Color, bold bool) {
	t := d.texts.next()
	t.Text, t.TextSize, t.Color, t.TextStyle.Bold = s, size, c, bold
	m := fyne.MeasureText(s, size, t.TextStyle)
	t.Move(fyne.NewPos(x-align*m.Width, y-m.Height/2))
	t.Resize(m)
	d.objects = append(d.objects, t)
}

// written reports whether a name has room, of which each so manieth has; that of the chosen cell always has, and those near it have not.
func written(i, step, chosen int) bool {
	if chosen < 0 || i == chosen {
		return i%step == 0 || i == chosen
	}
	return i%step == 0 && max(i-chosen, chosen-i) >= step
}

// writeRows writes the names of the true classes, and sums and figures at the ends of their rows.
func (d *matrixDrawing) writeRows() {
	m, p := d.m, d.place
	for row := range p.n {
		if !written(row, p.rowStep, m.chosen.row) {
			continue
		}
		y, bold := p.y+(float32(row)+.5)*p.height, row == m.chosen.row
		name, number := Colour(ColourQuiet), Colour(ColourText)
		if bold {
			name, number = Colour(ColourAccent), Colour(ColourAccent)
		}
		d.text(Ellipsis(m.data.Names[row], p.rowRoom, p.rowText, fyne.TextStyle{Bold: bold}), p.x-matrixGap, y, 1, p.rowText, name, bold)
		if p.total > 0 {
			d.text(countText(m.totals[row], p.compactTotals), p.total, y, 1, p.rowText, Colour(ColourQuiet), false)
		}
		if p.figure > 0 && row < len(m.data.Figures) {
			d.text(figureText(m.data.Figures[row]), p.figure, y, 1, p.rowText, number, bold)
		}
	}
	if p.total > 0 {
		d.text(m.data.TotalHead, p.total, p.y-11, 1, SmallSize, Colour(ColourQuiet), false)
	}
	if p.figure > 0 {
		left := max(p.total, p.x+float32(p.n)*p.width) + matrixGap
		d.text(Ellipsis(m.data.FigureHead, p.figure-left, SmallSize, fyne.TextStyle{}), p.figure, p.y-11, 1, SmallSize, Colour(ColourQuiet), false)
	}
}

// writeColumns writes the names of the predicted classes that lie flat.
func (d *matrixDrawing) writeColumns() {
	m, p := d.m, d.place
	for column := 0; column < p.n && !p.sloped; column++ {
		if !written(column, p.columnStep, m.chosen.column) {
			continue
		}
		bold, c := column == m.chosen.column, Colour(ColourQuiet)
		if bold {
			c = Colour(ColourAccent)
		}
		name := Ellipsis(m.data.Names[column], p.columnRoom, SmallSize, fyne.TextStyle{Bold: bold})
		d.text(name, p.x+(float32(column)+.5)*p.width, p.y-11, .5, SmallSize, c, bold)
	}
}

// writeCells writes counts or shares into the cells.
func (d *matrixDrawing) writeCells() {
	m, p := d.m, d.place
	if p.cellText == 0 {
		return
	}
	colours := m.colours()
	for row := range p.n {
		for column := range p.n {
			n, share := m.data.Counts[row][column], m.share(row, column)
			text := countText(n, p.compact)
			if m.data.Shares {
				text = shareText(n, share)
			}
			c := Colour(ColourFaint)
			if n > 0 && (share >= .01 || row == column) {
				c = raster.Ink(colours.of(n, share, row == column))
			}
			at, size := p.cell(matrixCell{row, column})
			d.text(text, at.X+size.Width/2, at.Y+size.Height/2, .5, p.cellText, c, false)
		}
	}
}

// shareText writes a share in at most three letters; what is not there at all is 0, not .00.
func shareText(n int, share float64) string {
	switch text := figureText(share); {
	case n == 0:
		return "0"
	case text == "1.00":
		return "1"
	default:
		return text
	}
}

// matrixColours are what cells are coloured with.
type matrixColours struct {
	none, panel, right, wrong color.NRGBA
	most                      float64 // share that is as strong as cells become beside the diagonal
}

// leastMost keeps the confusions of a very good network pale.
const leastMost = .1

func (m *ConfusionMatrix) colours() matrixColours {
	return matrixColours{ours(ColourField), ours(ColourPanel), ours(ColourAccent), ours(ColourValidation), max(leastMost, m.most)}
}

// of returns the colour of a cell: stronger where its share of the row is larger.
func (c matrixColours) of(n int, share float64, diagonal bool) color.NRGBA {
	switch {
	case n == 0:
		return c.none
	case diagonal:
		return raster.Mix(c.panel, c.right, float32(.1+.5*share))
	}
	return raster.Mix(c.panel, c.wrong, float32(.06+.59*share/c.most))
}

// draw paints cells, bars and sloped names, sharp on the screen's pixels.
func (d *matrixDrawing) draw(w, h int) image.Image {
	if d.img == nil || d.img.Rect.Dx() != w || d.img.Rect.Dy() != h {
		d.img = image.NewRGBA(image.Rect(0, 0, w, h))
	} else {
		clear(d.img.Pix)
	}
	size := d.m.Size()
	if d.place.n == 0 || size.Width <= 0 {
		return d.img
	}
	k := float32(w) / size.Width
	d.drawCells(k)
	d.drawBars(k)
	d.drawNames(k)
	return d.img
}

// rectangle fills a part of the picture; its sides are in units.
func (d *matrixDrawing) rectangle(x0, y0, x1, y1, k float32, c color.NRGBA) {
	left, top := pixel(x0*k), pixel(y0*k)
	r := image.Rect(left, top, max(left+1, pixel(x1*k)), max(top+1, pixel(y1*k)))
	draw.Draw(d.img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// drawCells draws those of what was confused, then the diagonal over them: where cells are smaller than pixels, it is seen.
func (d *matrixDrawing) drawCells(k float32) {
	m, p, colours := d.m, d.place, d.m.colours()
	gap := float32(0)
	if min(p.width, p.height) >= 8 {
		gap = 1
	}
	paint := func(row, column int) {
		n := m.data.Counts[row][column]
		if n == 0 && gap == 0 {
			return
		}
		at, size := p.cell(matrixCell{row, column})
		d.rectangle(at.X, at.Y, at.X+size.Width-gap, at.Y+size.Height-gap, k, colours.of(n, m.share(row, column), row == column))
	}
	if gap == 0 {
		d.rectangle(p.x, p.y, p.x+float32(p.n)*p.width, p.y+float32(p.n)*p.height, k, colours.none)
	}
	for row := range p.n {
		for column := range p.n {
			if row != column {
				paint(row, column)
			}
		}
	}
	for i := range p.n {
		paint(i, i)
	}
}

// drawBars draws the figures at the rows' ends, and behind those of the chosen row its mark.
func (d *matrixDrawing) drawBars(k float32) {
	m, p := d.m, d.place
	if end := max(p.total, p.figure); end > 0 && m.chosen != noCell {
		y := p.y + float32(m.chosen.row)*p.height
		d.rectangle(p.x+float32(p.n)*p.width+4, y, end+4, y+p.height, k, ours(ColourTint))
	}
	if p.bar == 0 {
		return
	}
	height := min(8, max(1, p.height-2))
	track, accent := Fade(Colour(ColourQuiet), .1), ours(ColourAccent)
	for row, v := range m.data.Figures {
		y := p.y + (float32(row)+.5)*p.height - height/2
		d.rectangle(p.bar, y, p.bar+p.barRoom, y+height, k, track)
		if v > 0 { // false for what is not a number
			d.rectangle(p.bar, y, p.bar+p.barRoom*float32(min(1, v)), y+height, k, accent)
		}
	}
}

// drawNames writes the names of the predicted classes upwards over narrow columns.
func (d *matrixDrawing) drawNames(k float32) {
	m, p := d.m, d.place
	if !p.sloped {
		return
	}
	for column := range p.n {
		if !written(column, p.columnStep, m.chosen.column) {
			continue
		}
		bold := column == m.chosen.column
		letters, c := d.letters[0], ours(ColourQuiet)
		if bold {
			letters, c = d.letters[1], ours(ColourAccent)
		}
		name := Ellipsis(m.data.Names[column], p.columnRoom, SmallSize, fyne.TextStyle{Bold: bold})
		start := raster.Vertex{X: (p.x + (float32(column)+.5)*p.width + 3) * k, Y: (p.y - 5) * k}
		letters.Write(d.img, name, SmallSize*k, start, nameSlope, c)
	}
}
