package vision

import (
	"context"
	"image"
	"math"
	"time"

	"github.com/disintegration/imaging"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/geometry"
	"github.com/convscope/convscope/nn/model"
)

// WindowOptions say how a window slides over a photo.
type WindowOptions struct {
	Width, Height int       // of the window in pixels of the photo at scale 1; 0: the network's input
	Stride        int       // pixels between windows at scale 1, and in proportion at the others; 0: a quarter of the window
	Scales        []float64 // sizes of the window, 1 being Width×Height; empty: 1 alone
}

// Windows are a classifier's answers at every place of a sliding window. Boxes are made of them at once for any threshold.
type Windows struct {
	Size    image.Point // of the photo
	Labels  []string
	Scales  []Grid
	Seconds float64
}

// A Grid is what a window of one size saw.
type Grid struct {
	Scale         float64
	Width, Height int // of the window in the photo
	Stride        int
	Rows, Columns int
	// Of each window, row by row: the probabilities of all classes, and how much of the window's content lies within it rather than at its edge,
	// 0…1 (see content).
	Probabilities []float32
	Content       []float32
}

// Place returns the window of a row and column.
func (g *Grid) Place(row, column int) image.Rectangle {
	return image.Rect(column*g.Stride, row*g.Stride, column*g.Stride+g.Width, row*g.Stride+g.Height)
}

// Count returns the number of windows of all scales.
func (w *Windows) Count() int {
	n := 0
	for i := range w.Scales {
		n += w.Scales[i].Rows * w.Scales[i].Columns
	}
	return n
}

// maxWindows bounds the work that a wrong stride could ask for.
const maxWindows = 4_000_000

// SlidingWindow classifies every place of a window over a photo. observe, if given, is told how many windows are done of how many.
func SlidingWindow(ctx context.Context, p *model.Predictor, img image.Image, o WindowOptions, observe func(done, total int)) (*Windows, error) {
	begun := time.Now()
	m := p.Model
	if err := p.WholeImage(); err != nil {
		return nil, err
	}
	b := img.Bounds()
	w := &Windows{Size: image.Pt(b.Dx(), b.Dy()), Labels: m.Labels}
	if err := w.lay(o, m); err != nil {
		return nil, err
	}
	total, done := w.Count(), 0
	photo := imaging.Clone(img) // one known kind of image, with its corner at 0,0
	stands := standsOut
	if quiet(photo) {
		stands = content
	}
	size := m.Pre.Len()
	batch := make([]float32, p.Batch*size)
	for i := range w.Scales {
		g := &w.Scales[i]
		n := g.Rows * g.Columns
		classes := m.Spec.Classes
		g.Probabilities, g.Content = make([]float32, n*classes), make([]float32, n)
		for first := 0; first < n; first += p.Batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			count := min(p.Batch, n-first)
			for k := range count {
				at := g.Place((first+k)/g.Columns, (first+k)%g.Columns)
				px := data.Fit(photo.SubImage(at), m.Pre.Width, m.Pre.Height, m.Pre.Channels, data.Squash)
				m.Pre.Tensor(px, batch[k*size:(k+1)*size])
				g.Content[first+k] = stands(px)
			}
			out, err := p.Probabilities(batch[:count*size], count)
			if err != nil {
				return nil, err
			}
			copy(g.Probabilities[first*classes:], out)
			if done += count; observe != nil {
				observe(done, total)
			}
		}
	}
	w.Seconds = time.Since(begun).Seconds()
	return w, nil
}

// lay puts the grids over the photo.
func (w *Windows) lay(o WindowOptions, m *model.Model) error {
	width, height := o.Width, o.Height
	if width <= 0 || height <= 0 {
		width, height = m.Pre.Width, m.Pre.Height
	}
	scales := o.Scales
	if len(scales) == 0 {
		scales = []float64{1}
	}
	total := 0
	for _, s := range scales {
		g := Grid{Scale: s, Width: int(math.Round(float64(width) * s)), Height: int(math.Round(float64(height) * s)), Stride: o.Stride}
		if !(s > 0) || g.Width < 2 || g.Height < 2 {
			return fault.New("vision.window.small", "A window of %d×%d at scale %g is too small to see anything. Choose a larger one.", width, height, s)
		}
		if g.Stride <= 0 {
			g.Stride = max(1, min(g.Width, g.Height)/4)
		} else {
			g.Stride = max(1, int(math.Round(float64(o.Stride)*s)))
		}
		if g.Width > w.Size.X || g.Height > w.Size.Y {
			continue
		}
		g.Rows, g.Columns = (w.Size.Y-g.Height)/g.Stride+1, (w.Size.X-g.Width)/g.Stride+1
		if total += g.Rows * g.Columns; total > maxWindows {
			return fault.New("vision.window.many", "A stride of %d makes more than %d windows on a photo of %d×%d. Choose a larger stride.", g.Stride, maxWindows, w.Size.X, w.Size.Y)
		}
		w.Scales = append(w.Scales, g)
	}
	if len(w.Scales) == 0 {
		return fault.New("vision.window.large", "The window of %d×%d does not fit into the photo of %d×%d. Choose a smaller window or a larger photo.", width, height, w.Size.X, w.Size.Y)
	}
	return nil
}

// flat is a contrast, of 255, that is no thing yet.
const flat = 12

// quiet reports whether a photo is things on a background: at least half of it has about one brightness.
func quiet(photo *image.NRGBA) bool {
	var counts [256]int
	n := 0
	for i := 0; i+3 < len(photo.Pix); i += 4 {
		counts[(299*int(photo.Pix[i])+587*int(photo.Pix[i+1])+114*int(photo.Pix[i+2]))/1000]++
		n++
	}
	most := 0
	for level := range counts {
		near := 0
		for v := max(0, level-flat); v <= min(255, level+flat); v++ {
			near += counts[v]
		}
		most = max(most, near)
	}
	return 2*most >= n
}

// standsOut returns the content of a window in a photo without a quiet background: 1, but for a flat window 0. What lies at its border may belong to
// the thing there, so nothing better can be told.
func standsOut(px data.Pixels) float32 {
	var sum, squares float64
	for _, v := range px.Pix {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(px.Pix))
	if mean := sum / n; squares/n-mean*mean < flat*flat/4 {
		return 0
	}
	return 1
}

// content estimates whether a window shows a whole thing. A classifier must name one of its classes even for an empty window or half a thing, so
// its probability alone finds boxes everywhere. What stands out from the window's background (the median of its border) is what it shows: the
// value is the share of it that does not lie on the window's border, times how well it is centred; 0 for a flat window.
func content(px data.Pixels) float32 {
	grey := make([]float32, px.W*px.H)
	for i := range grey {
		for c := range px.C {
			grey[i] += float32(px.Pix[i*px.C+c])
		}
		grey[i] /= float32(px.C)
	}
	background := borderMedian(grey, px.W, px.H)
	var sum, edge, sx, sy float64
	for i, v := range grey {
		d := math.Abs(float64(v - background))
		if d < flat {
			continue
		}
		x, y := i%px.W, i/px.W
		sum += d
		sx += d * (float64(x) + .5)
		sy += d * (float64(y) + .5)
		if x == 0 || y == 0 || x == px.W-1 || y == px.H-1 {
			edge += d
		}
	}
	if sum/float64(len(grey)) < flat/4. {
		return 0
	}
	// Distance of the centre of what stands out from the window's centre, 1 at half the window.
	dx, dy := 2*sx/sum/float64(px.W)-1, 2*sy/sum/float64(px.H)-1
	centred := math.Exp(-8 * (dx*dx + dy*dy))
	border := float64(2*(px.W+px.H)-4) / float64(px.W*px.H) // the share that even content would have there
	inside := math.Max(0, 1-edge/sum/border)
	return float32(inside * centred)
}

// borderMedian returns the median of an image's border.
func borderMedian(grey []float32, w, h int) float32 {
	var counts [256]int
	n := 0
	add := func(v float32) {
		counts[uint8(v)]++
		n++
	}
	for x := range w {
		add(grey[x])
		add(grey[(h-1)*w+x])
	}
	for y := 1; y < h-1; y++ {
		add(grey[y*w])
		add(grey[y*w+w-1])
	}
	seen := 0
	for v, c := range counts {
		if seen += c; 2*seen >= n {
			return float32(v)
		}
	}
	return 0
}

// Boxes makes boxes of the answers: every window whose most probable class, times its content, reaches the threshold; of windows that
// overlap by more than overlap (IoU) the best one. It is quick, so that sliders act at once.
func (w *Windows) Boxes(threshold, overlap float32) []Box {
	var boxes []Box
	for i := range w.Scales {
		g := &w.Scales[i]
		classes := len(w.Labels)
		for k, content := range g.Content {
			if content < threshold {
				continue // a probability is at most 1
			}
			p := g.Probabilities[k*classes : (k+1)*classes]
			best := 0
			for c, v := range p {
				if v > p[best] {
					best = c
				}
			}
			score := p[best] * content
			if score < threshold || score <= 0 {
				continue
			}
			at := g.Place(k/g.Columns, k%g.Columns)
			boxes = append(boxes, Box{
				Class: best, Label: w.Labels[best], Score: score,
				Rect: geometry.Rect{X: float32(at.Min.X), Y: float32(at.Min.Y), W: float32(at.Dx()), H: float32(at.Dy())},
			})
		}
	}
	return surest(boxes, overlap)
}

// surest returns those of the boxes that overlap no surer one by more than overlap, whatever their classes, the surest first.
func surest(boxes []Box, overlap float32) []Box {
	rects, scores := make([]geometry.Rect, len(boxes)), make([]float32, len(boxes))
	for i, b := range boxes {
		rects[i], scores[i] = b.Rect, b.Score
	}
	var kept []Box
	for _, i := range geometry.NMS(rects, scores, nil, overlap) {
		kept = append(kept, boxes[i])
	}
	return kept
}

// Heat is, for each window of a grid, how much it speaks for a class (−1: for any): probability times content, 0…1, row by row.
func (g *Grid) Heat(class int) []float32 {
	classes := len(g.Probabilities) / max(len(g.Content), 1)
	heat := make([]float32, len(g.Content))
	for k, content := range g.Content {
		for c, v := range g.Probabilities[k*classes : (k+1)*classes] {
			if class < 0 || c == class {
				heat[k] = max(heat[k], v*content)
			}
		}
	}
	return heat
}
