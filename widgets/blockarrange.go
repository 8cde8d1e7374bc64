package widgets

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"
)

// zoomFor returns the zoom at which blocks fill a size.
func zoomFor(blocks []Block, size fyne.Size) float32 {
	const margin, low = 22, 12
	x0, y0, x1, y1 := extent(blocks)
	return min(1.25, (size.Width-2*margin)/(x1-x0), (size.Height-2*low)/(y1-y0))
}

// extent returns the part of the canvas that blocks and their texts take.
func extent(blocks []Block) (x0, y0, x1, y1 float32) {
	x0, y0, x1, y1 = float32(math.Inf(1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Inf(-1))
	for _, b := range blocks {
		f := faceOf(b)
		const text = 34
		x0, x1 = min(x0, b.X-max(f.w/2, text)), max(x1, b.X+max(f.w/2+f.d, text))
		y0, y1 = min(y0, b.Y-f.h/2-f.d), max(y1, b.Y+f.h/2+46)
	}
	wiresOf(blocks, indexOf(blocks), func(from, to Block) {
		if x, _ := port(from); to.X < from.X { // its shape stands beside it
			x1 = max(x1, x+labelWidth(from)+8)
		}
	})
	return x0, y0, x1, y1
}

func labelWidth(b Block) float32 {
	return fyne.MeasureText(b.Label, SmallSize, fyne.TextStyle{}).Width
}

// face is the drawn size of a block: width and height of its front, and the depth of the box.
type face struct{ w, h, d float32 }

// faceOf follows the shape: the height is that of the maps, the width grows with their number, the depth with their width.
func faceOf(b Block) face {
	if b.C == 0 {
		return face{26, 44, 8}
	}
	if b.H <= 1 && b.W <= 1 { // a vector: a column
		return face{10, 34 + 19*float32(math.Log10(float64(max(1, b.C))))*1.6, 9}
	}
	side := func(n int) float32 { return min(150, 22+float32(math.Sqrt(float64(n)))*22) }
	return face{8 + 7*float32(math.Log2(float64(max(1, b.C)))), side(b.H), 6 + side(b.W)/14}
}

// port returns where wires leave a block; entry where they arrive.
func port(b Block) (x, y float32) {
	f := faceOf(b)
	return b.X + f.w/2 + f.d, b.Y - f.d/2
}

func entry(b Block) (x, y float32) { return b.X - faceOf(b).w/2, b.Y - faceOf(b).d/2 }

// ArrangeBlocks lays blocks out from left to right, each behind what feeds it, in rows of at most width (0: one row); branches of one column lie
// below each other.
func ArrangeBlocks(blocks []Block, width float32) []Block {
	out := slices.Clone(blocks)
	var row []int
	x, height, bottom := float32(0), float32(0), float32(0)
	end := func() { // the middle of a row is known when all of it is
		for _, i := range row {
			out[i].Y += bottom + height/2
		}
		bottom += height + rowGap
		x, height, row = 0, 0, nil
	}
	for _, column := range columnsOf(out) {
		w, h := float32(0), float32(0)
		for _, i := range column {
			f := faceOf(out[i])
			w = max(w, f.w+f.d+max(0, labelWidth(out[i])-columnGap+labelMargin))
			h += f.h + f.d + textHeight
		}
		if width > 0 && x > 0 && x+w > width {
			end()
		}
		top := -h / 2
		for _, i := range column {
			f := faceOf(out[i])
			out[i].X, out[i].Y = x+f.w/2, top+(f.h+f.d+textHeight)/2
			top += f.h + f.d + textHeight
		}
		row = append(row, column...)
		x += w + columnGap
		height = max(height, h)
	}
	end()
	return out
}

// columnsOf groups blocks by how far they are from the input.
func columnsOf(blocks []Block) [][]int {
	index := map[string]int{}
	for i, b := range blocks {
		index[b.Name] = i
	}
	depth := make([]int, len(blocks))
	for range blocks { // at most so many times; a cycle ends there
		changed := false
		for i, b := range blocks {
			for _, in := range b.Inputs {
				if k, ok := index[in]; ok && depth[i] < depth[k]+1 && depth[k]+1 < len(blocks) {
					depth[i], changed = depth[k]+1, true
				}
			}
		}
		if !changed {
			break
		}
	}
	var columns [][]int
	for d := 0; d < len(blocks); d++ {
		var column []int
		for i := range blocks {
			if depth[i] == d {
				column = append(column, i)
			}
		}
		if len(column) > 0 {
			columns = append(columns, column)
		}
	}
	return columns
}
