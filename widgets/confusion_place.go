package widgets

import (
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
)

const (
	largestCellWidth  float32 = 110
	largestCellHeight float32 = 64
	matrixGap         float32 = 10 // between names, cells and what stands at the rows' ends
	mostCellTexts             = 1600
	manyPixels                = 10_000_000  // sums from here on are written as millions
	nameSlope                 = math.Pi / 4 // of names above narrow columns
)

// matrixPlace is where the parts of a confusion matrix are.
type matrixPlace struct {
	n                   int     // rows and columns
	x, y                float32 // corner of the cells
	width, height       float32 // of a cell
	rowRoom, columnRoom float32 // for names at the left and above
	sloped              bool    // names above are
	rowStep, columnStep int     // each so manieth name is written
	rowText, cellText   float32 // sizes of texts at the rows and in the cells; 0: none in the cells
	compact             bool    // counts in cells are written as thousands and millions
	compactTotals       bool
	total, figure       float32 // right ends of sums and figures; 0: none
	bar, barRoom        float32 // left end and length of the figures' bars; 0: none
}

// at returns the cell at a position.
func (p matrixPlace) at(pos fyne.Position) matrixCell {
	if p.n == 0 || pos.X < p.x || pos.Y < p.y {
		return noCell
	}
	c := matrixCell{int((pos.Y - p.y) / p.height), int((pos.X - p.x) / p.width)}
	if c.row >= p.n || c.column >= p.n {
		return noCell
	}
	return c
}

// cell returns the corner and the size of a cell.
func (p matrixPlace) cell(c matrixCell) (fyne.Position, fyne.Size) {
	return fyne.NewPos(p.x+float32(c.column)*p.width, p.y+float32(c.row)*p.height), fyne.NewSize(p.width, p.height)
}

// layOut divides a size among names, cells and the ends of the rows. Names may be sloped if there is a font for it.
func (m *ConfusionMatrix) layOut(size fyne.Size, mayNamesSlope bool) matrixPlace {
	p := matrixPlace{n: len(m.data.Names)}
	if p.n == 0 || size.Width < 80 || size.Height < 60 {
		return matrixPlace{}
	}
	n, letters, widest := float32(p.n), map[rune]float32{}, float32(0)
	for _, name := range m.data.Names {
		widest = max(widest, letterWidths(name, letters))
	}
	small := widest * SmallSize / TextSize

	p.rowText, p.rowStep = rowTexts(size.Height * .85 / n)
	p.rowRoom = min(widest*p.rowText/TextSize+4, .22*size.Width)
	p.x = p.rowRoom + matrixGap
	ends := m.placeEnds(&p, size.Width)
	room := size.Width - p.x
	p.y = 20
	if width := min(largestCellWidth, (room-ends)/n); small+6 > width && mayNamesSlope {
		sin := float32(math.Sin(nameSlope))
		p.sloped, p.columnRoom = true, min(small, min(.26*size.Height, 120)/sin)
		p.y = p.columnRoom*sin + 14
		ends = max(ends, p.columnRoom*sin+4) // the last name reaches over the ends of the rows
	}
	p.width, p.height = cellSize((room-ends)/n, (size.Height-p.y-6)/n) // the last row has a frame around it, and a text that is higher than it
	p.rowText, p.rowStep = rowTexts(p.height)
	switch {
	case p.sloped:
		p.columnStep = int(math.Ceil(float64(17 / p.width)))
	default:
		p.columnStep = int(math.Ceil(float64(min(small+6, 40) / p.width)))
		p.columnRoom = p.width*float32(p.columnStep) - 4
	}
	for _, end := range []*float32{&p.total, &p.bar, &p.figure} {
		if *end > 0 {
			*end += p.x + n*p.width
		}
	}
	m.placeCellTexts(&p)
	return p
}

// cellSize makes cells that are not too large nor too oblong for a room; whole units, where that costs little.
func cellSize(width, height float32) (float32, float32) {
	width, height = min(width, largestCellWidth), min(height, largestCellHeight)
	width, height = min(width, 2*height), min(height, 1.2*width)
	whole := func(v float32) float32 {
		if v < 4 {
			return max(v, .05)
		}
		return float32(int(v))
	}
	return whole(width), whole(height)
}

// rowTexts returns how large texts of rows of a height are, and how many rows have one.
func rowTexts(height float32) (size float32, step int) {
	if height >= 18 {
		return TextSize, 1
	}
	return SmallSize, max(1, int(math.Ceil(float64(14/max(height, .05)))))
}

// placeEnds places what stands at the rows' ends, from the end of the cells on, and returns the width of it: narrow ones do without bars, then without sums.
func (m *ConfusionMatrix) placeEnds(p *matrixPlace, width float32) float32 {
	end := float32(0)
	if m.data.TotalHead != "" && width >= 320 {
		room := smallWidth(m.data.TotalHead)
		p.compactTotals = slices.Max(m.totals) >= manyPixels
		for _, total := range m.totals {
			room = max(room, fyne.MeasureText(countText(total, p.compactTotals), TextSize, fyne.TextStyle{}).Width)
		}
		end += matrixGap + room
		p.total = end
	}
	if m.data.Figures != nil {
		switch {
		case width >= 560:
			p.barRoom = 64
		case width >= 420:
			p.barRoom = 32
		}
		if p.barRoom > 0 {
			end += matrixGap
			p.bar = end + 4
			end += 4 + p.barRoom
		}
		end += matrixGap + fyne.MeasureText("1.00", TextSize, fyne.TextStyle{Bold: true}).Width
		p.figure = end
	}
	return end + 2
}

// placeCellTexts finds how large the texts in the cells can be.
func (m *ConfusionMatrix) placeCellTexts(p *matrixPlace) {
	if p.n*p.n > mostCellTexts {
		return
	}
	fits := func(text string, size float32) bool {
		t := fyne.MeasureText(text, size, fyne.TextStyle{})
		return t.Width+6 <= p.width && t.Height-2 <= p.height
	}
	longest := ".88"
	if !m.data.Shares {
		most := 0
		for _, row := range m.data.Counts {
			for _, n := range row {
				most = max(most, n)
			}
		}
		longest = Thousands(most)
	}
	switch {
	case fits(longest, TextSize):
		p.cellText = TextSize
	case fits(longest, SmallSize):
		p.cellText = SmallSize
	case !m.data.Shares && fits("888M", SmallSize):
		p.cellText, p.compact = SmallSize, true
	}
}

// countText writes a count, as thousands and millions if it is to be compact.
func countText(n int, compact bool) string {
	if compact {
		return compactCount(n)
	}
	return Thousands(n)
}

// compactCount writes a count with at most four letters, up to 999 G.
func compactCount(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	v, unit := float64(n), 0
	for v >= 999.5 && unit < 3 {
		v /= 1000
		unit++
	}
	digits := 0
	if v < 9.95 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + string(" kMG"[unit])
}
