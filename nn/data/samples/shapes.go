package samples

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/geometry"
)

// shapesSide is the side of a picture of the shapes sample, in pixels.
const shapesSide = 32

// A figure is a class of the shapes sample: an outline around 0,0 within a radius of 1.
type figure struct {
	name   string
	points [][2]float64
}

// figures lists the classes of the shapes sample, in the order of their names.
func figures() []figure {
	return []figure{
		{"cross", crossOutline(.34)},
		{"disc", regular(32, 1, 1)},
		{"square", regular(4, 1, 1)},
		{"star", regular(10, 1, .42)},
		{"triangle", regular(3, 1, 1)},
	}
}

// regular returns n points on a circle, by turns at two radii.
func regular(n int, even, odd float64) [][2]float64 {
	out := make([][2]float64, n)
	for i := range out {
		radius := even
		if i%2 == 1 {
			radius = odd
		}
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		out[i] = [2]float64{radius * cos, radius * sin}
	}
	return out
}

// crossOutline returns a plus with arms of half a width.
func crossOutline(half float64) [][2]float64 {
	long := math.Sqrt(1 - half*half)
	var out [][2]float64
	for quarter := range 4 {
		sin, cos := math.Sincos(math.Pi / 2 * float64(quarter))
		for _, p := range [][2]float64{{long, -half}, {long, half}, {half, half}} {
			out = append(out, [2]float64{p[0]*cos - p[1]*sin, p[0]*sin + p[1]*cos})
		}
	}
	return out
}

// A drawing is a picture of the shapes sample before it is drawn.
type drawing struct {
	figure  int
	outline [][2]float64 // in pixels
	ink     [3]float64
	seed    uint64 // of the background
	paper   [3]float64
}

// shapesOrigin draws the pictures when they are asked for.
type shapesOrigin struct{ drawings []drawing }

func (o *shapesOrigin) Open(ref int) (data.OpenedImage, error) {
	return data.OpenedImage{W: shapesSide, H: shapesSide, Decode: func() (image.Image, error) {
		d := o.drawings[ref]
		r := rand.New(rand.NewPCG(d.seed, 1))
		img := paper(shapesSide, shapesSide, d.paper, r)
		d.draw(img)
		return img, nil
	}}, nil
}

// shapesCollection draws count pictures by seed. For classification they have one figure each, the classes by turns, with its box, outline and mask; for the
// other tasks any number of them.
func shapesCollection(task data.Task, count int, seed uint64) (*source.Collection, error) {
	if count == 0 {
		count = 2000
	}
	if task != data.Classification {
		return scenesCollection(task, count, seed), nil
	}
	kinds := figures()
	o := &shapesOrigin{drawings: make([]drawing, count)}
	c := &source.Collection{Background: data.NoBackground, Items: make([]source.Item, count)}
	for _, k := range kinds {
		c.Classes = append(c.Classes, k.name)
	}
	r := rand.New(rand.NewPCG(seed, 0x736861706573)) // "shapes"
	for i := range o.drawings {
		class := i % len(kinds)
		size := shapesSide * (.45 + .5*r.Float64())
		room := shapesSide - size
		d := newDrawing(class, kinds[class], shapesSide/2+(r.Float64()-.5)*room, shapesSide/2+(r.Float64()-.5)*room, size/2, r)
		o.drawings[i] = d
		c.Items[i] = source.Item{
			File: fmt.Sprintf("shapes/%s/%05d", kinds[class].name, i), From: o, Ref: i, Split: -1,
			Truth: d.truth(shapesSide, shapesSide),
		}
	}
	return c, nil
}

// at returns the outline of a figure around a place, turned by an angle.
func (f figure) at(x, y, radius, angle float64) [][2]float64 {
	sin, cos := math.Sincos(angle)
	var out [][2]float64
	for _, p := range f.points {
		out = append(out, [2]float64{x + radius*(p[0]*cos-p[1]*sin), y + radius*(p[0]*sin+p[1]*cos)})
	}
	return out
}

// newDrawing places a figure with a turn and colours of chance; ink and paper differ in brightness or hue enough to be seen.
func newDrawing(class int, f figure, x, y, radius float64, r *rand.Rand) drawing {
	d := drawing{figure: class, seed: r.Uint64()}
	d.outline = f.at(x, y, radius, 2*math.Pi*r.Float64())
	d.paper = colourOfChance(r)
	for {
		d.ink = colourOfChance(r)
		if contrast(d.ink, d.paper) > .9 {
			return d
		}
	}
}

func colourOfChance(r *rand.Rand) [3]float64 {
	return [3]float64{r.Float64(), r.Float64(), r.Float64()}
}

// contrast is how much two colours differ, 0…3.
func contrast(a, b [3]float64) float64 {
	return math.Abs(a[0]-b[0]) + math.Abs(a[1]-b[1]) + math.Abs(a[2]-b[2])
}

// truth returns all that is true of a picture of w×h pixels with the drawing in it.
func (d drawing) truth(w, h int) data.Truth {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	polygon := data.Polygon{Class: d.figure, Instance: 1}
	for _, p := range d.outline {
		x0, y0, x1, y1 = min(x0, p[0]), min(y0, p[1]), max(x1, p[0]), max(y1, p[1])
		polygon.Points = append(polygon.Points, [2]float32{float32(p[0]), float32(p[1])})
	}
	on := make([]bool, w*h)
	for i := range on {
		on[i] = inside(d.outline, float64(i%w)+.5, float64(i/w)+.5)
	}
	return data.Truth{
		Class:    d.figure,
		Boxes:    []data.Box{{Class: d.figure, Rect: geometry.Rect{X: float32(x0), Y: float32(y0), W: float32(x1 - x0), H: float32(y1 - y0)}}},
		Polygons: []data.Polygon{polygon},
		Masks:    []data.Mask{{Class: d.figure, Instance: 1, Runs: data.EncodeRuns(on)}},
	}
}

// draw fills the outline, with edges smoothed by 4×4 points a pixel.
func (d drawing) draw(img *image.RGBA) {
	const n = 4
	b := img.Rect
	x0, y0, x1, y1 := b.Max.X, b.Max.Y, b.Min.X, b.Min.Y
	for _, p := range d.outline {
		x0, x1 = min(x0, int(math.Floor(p[0]))), max(x1, int(math.Ceil(p[0])))
		y0, y1 = min(y0, int(math.Floor(p[1]))), max(y1, int(math.Ceil(p[1])))
	}
	for y := max(y0, b.Min.Y); y < min(y1, b.Max.Y); y++ {
		for x := max(x0, b.Min.X); x < min(x1, b.Max.X); x++ {
			hits := 0
			for i := range n * n {
				if inside(d.outline, float64(x)+(float64(i%n)+.5)/n, float64(y)+(float64(i/n)+.5)/n) {
					hits++
				}
			}
			pix, share := img.Pix[img.PixOffset(x, y):], float64(hits)/(n*n)
			for k := range 3 {
				pix[k] = byte(math.Round(float64(pix[k])*(1-share) + 255*d.ink[k]*share))
			}
		}
	}
}

// inside reports whether a point lies in an outline, by the number of edges to its right.
func inside(outline [][2]float64, x, y float64) bool {
	in := false
	for i, p := range outline {
		q := outline[(i+1)%len(outline)]
		if (p[1] > y) != (q[1] > y) && x < p[0]+(y-p[1])/(q[1]-p[1])*(q[0]-p[0]) {
			in = !in
		}
	}
	return in
}

// paper is a background: a colour that changes a little over the picture, with some noise.
func paper(w, h int, c [3]float64, r *rand.Rand) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	dx, dy := .3*(r.Float64()-.5)/float64(w), .3*(r.Float64()-.5)/float64(h)
	for y := range h {
		for x := range w {
			shade := dx*float64(x) + dy*float64(y) + .06*(r.Float64()-.5)
			var v [3]byte
			for k := range v {
				v[k] = byte(255 * min(max(c[k]+shade, 0), 1))
			}
			img.SetRGBA(x, y, color.RGBA{v[0], v[1], v[2], 255})
		}
	}
	return img
}

// shapesBackground is the paper of a photo of shapes.
func shapesBackground(w, h int, r *rand.Rand) *image.RGBA {
	return paper(w, h, colourOfChance(r), r)
}

// pasteShape draws a figure of chance.
func pasteShape(photo *image.RGBA, x, y, size float64, r *rand.Rand) error {
	kinds := figures()
	class := r.IntN(len(kinds))
	newDrawing(class, kinds[class], x, y, size/2*.9, r).draw(photo)
	return nil
}
