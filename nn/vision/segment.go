package vision

import (
	"context"
	"image"
	"math"
	"slices"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
)

// SegmentOptions say how a photo comes to a network that answers for each pixel.
type SegmentOptions struct {
	// Tiles looks at the photo at its own scale, piece by piece; otherwise it is looked at as a whole, fitted to the network's input as the training images were.
	Tiles bool
}

// A Segmentation is the class of each pixel of a photo.
type Segmentation struct {
	Size       image.Point // of the photo
	Labels     []string
	Background int      // the class of what is none of the things that were labelled; −1: there is none
	Classes    []uint16 // of each pixel in row order; data.Void where the network did not see the photo
	Scores     []uint8  // probability of that class, 255 being 1
	Seconds    float64
}

// Pixels counts the pixels of each class.
func (s *Segmentation) Pixels() []int {
	n := make([]int, len(s.Labels))
	for _, c := range s.Classes {
		if int(c) < len(n) {
			n[c]++
		}
	}
	return n
}

// Segment finds the class of each pixel of a photo. observe, if given, is told how many pieces are done of how many. Beside its result it takes memory for the photo and
// for the scores of one row of pieces.
func Segment(ctx context.Context, p *model.Predictor, img image.Image, o SegmentOptions, observe func(done, total int)) (*Segmentation, error) {
	begun := time.Now()
	m := p.Model
	if m.Task != data.Segmentation {
		return nil, fault.New("vision.segment.task", "The model %s was trained for %s: it does not classify each pixel. Choose a model that was trained for segmentation.", m.Path, string(m.Task))
	}
	if err := eachPixel(p); err != nil {
		return nil, err
	}
	size := img.Bounds().Size()
	at := data.Place(size.X, size.Y, m.Pre.Width, m.Pre.Height, m.Pre.Resize)
	if o.Tiles {
		at = data.Place(size.X, size.Y, size.X, size.Y, data.Squash)
	}
	frame := data.Fit(img, at.W, at.H, m.Pre.Channels, m.Pre.Resize)
	classes, scores, err := tile(ctx, p, frame, observe)
	if err != nil {
		return nil, err
	}
	s := &Segmentation{Size: size, Labels: m.Labels, Background: m.Background, Classes: classes, Scores: scores}
	if !at.IsIdentity() {
		s.Classes, s.Scores = back(at, classes, scores)
	}
	s.Seconds = time.Since(begun).Seconds()
	return s, nil
}

// eachPixel returns a fault where a model does not give each of its classes a number at each pixel that it sees.
func eachPixel(p *model.Predictor) error {
	m, out := p.Model, p.Instance.Network.Outputs()[0].Shape
	if err := p.OneOutput(); err != nil {
		return err
	}
	w, h := m.Pre.Sees()
	if out != (nn.Shape{C: len(m.Labels), H: h, W: w}) {
		return fault.New("vision.segment.size", "The model %s outputs %s, not a number for each of its %d classes at each of the %d×%d pixels that it sees. Choose a model that was trained for segmentation.", m.Path, out.String(), len(m.Labels), w, h)
	}
	return nil
}

// back brings answers from the frame that the network saw to the photo, by the nearest place: a class between two classes is none.
func back(at data.Placement, classes []uint16, scores []uint8) ([]uint16, []uint8) {
	way := at.Inverse()
	wide := make([]uint16, len(scores)) // Placement brings maps of classes
	for i, v := range scores {
		wide[i] = uint16(v)
	}
	placed := way.ClassMap(wide, nil)
	narrow := make([]uint8, len(placed))
	for i, v := range placed {
		if v != data.Void {
			narrow[i] = uint8(v)
		}
	}
	return way.ClassMap(classes, nil), narrow
}

// strip gathers the scores of pieces that lie over each other, for as many rows as a piece is high.
type strip struct {
	w, h, classes int
	sums          []float32 // classes × h × w
	weights       []float32 // h × w
}

// add adds a piece's scores, classes×h×tw, at x. Places near its edge count less: there the network saw little around them.
func (s *strip) add(scores []float32, x, tw int) {
	for r := range s.h {
		fall := float32(min(r+1, s.h-r))
		for c := range min(tw, s.w-x) {
			weight := fall * float32(min(c+1, tw-c))
			s.weights[r*s.w+x+c] += weight
			for k := range s.classes {
				s.sums[(k*s.h+r)*s.w+x+c] += weight * scores[(k*s.h+r)*tw+c]
			}
		}
	}
}

// take writes the answers of the first rows, and moves the others up. It reports whether all of them are numbers.
func (s *strip) take(rows int, classes []uint16, scores []uint8) bool {
	for r := range rows {
		for c := range s.w {
			best := 0
			for k := 1; k < s.classes; k++ {
				if s.sums[(k*s.h+r)*s.w+c] > s.sums[(best*s.h+r)*s.w+c] {
					best = k
				}
			}
			share := s.sums[(best*s.h+r)*s.w+c] / s.weights[r*s.w+c]
			if share != share {
				return false
			}
			classes[r*s.w+c] = uint16(best)
			scores[r*s.w+c] = uint8(math.Round(255 * float64(min(max(share, 0), 1))))
		}
	}
	for k := range s.classes {
		plane := s.sums[k*s.h*s.w : (k+1)*s.h*s.w]
		clear(plane[copy(plane, plane[rows*s.w:]):])
	}
	clear(s.weights[copy(s.weights, s.weights[rows*s.w:]):])
	return true
}

// maxStrip is how many numbers a strip holds at most.
const maxStrip = 1 << 28

// newStrip makes the strip of a frame for so many classes and pieces h high.
func newStrip(frame data.Pixels, h, classes int) (*strip, error) {
	if n := classes * h * frame.W; n > maxStrip {
		return nil, fault.New("vision.segment.wide", "A photo %d pixels wide would take %d MB piece by piece, with %d classes. Look at it as a whole, or make it smaller.", frame.W, n*4>>20, classes)
	}
	return &strip{w: frame.W, h: h, classes: classes, sums: make([]float32, classes*h*frame.W), weights: make([]float32, h*frame.W)}, nil
}

// tile answers for each pixel of a frame, in pieces of the size that the network sees, which overlap by half.
func tile(ctx context.Context, p *model.Predictor, frame data.Pixels, observe func(done, total int)) ([]uint16, []uint8, error) {
	m := p.Model
	w, h := m.Pre.Sees()
	xs, ys := starts(frame.W, w), starts(frame.H, h)
	s, err := newStrip(frame, h, len(m.Labels))
	if err != nil {
		return nil, nil, err
	}
	classes, scores := make([]uint16, frame.W*frame.H), make([]uint8, frame.W*frame.H)
	size, empty := m.Pre.Len(), m.Pre.Seen(m.Pre.Background())
	batch := make([]float32, p.Batch*size)
	done, total := 0, len(xs)*len(ys)
	for row, y := range ys {
		for first := 0; first < len(xs); first += p.Batch {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			n := min(p.Batch, len(xs)-first)
			for k := range n {
				meanX, meanY := (m.Pre.Width-w)/2, (m.Pre.Height-h)/2
				if frame.W == m.Pre.Width && frame.H == m.Pre.Height { // it is known where in the mean image the piece lies
					meanX, meanY = xs[first+k], y
				}
				m.Pre.TensorOfPart(piece(frame, xs[first+k], y, empty), meanX, meanY, batch[k*size:(k+1)*size])
			}
			answers, err := p.Probabilities(batch[:n*size], n)
			if err != nil {
				return nil, nil, err
			}
			each := len(answers) / n
			for k := range n {
				s.add(answers[k*each:(k+1)*each], xs[first+k], w)
			}
			if done += n; observe != nil {
				observe(done, total)
			}
		}
		rows := frame.H - y
		if row+1 < len(ys) {
			rows = ys[row+1] - y
		}
		if !s.take(rows, classes[y*frame.W:], scores[y*frame.W:]) {
			return nil, nil, fault.New("vision.segment.nan", "The model %s outputs NaN for this photo, so its weights cannot be used. Train it again, or choose another model or epoch.", m.Path)
		}
	}
	return classes, scores, nil
}

// starts lists where pieces of a length begin along an axis, so that they overlap by half at least and the last one ends with the axis.
func starts(whole, piece int) []int {
	last := max(whole-piece, 0)
	list := []int{0}
	for at := 0; at < last; {
		at = min(at+max(piece/2, 1), last)
		list = append(list, at)
	}
	return list
}

// piece cuts as many pixels out of a frame as empty has, which fills it up where the frame is smaller.
func piece(frame data.Pixels, x, y int, empty data.Pixels) data.Pixels {
	out := empty
	out.Pix = slices.Clone(empty.Pix)
	for r := range min(out.H, frame.H-y) {
		from := ((y+r)*frame.W + x) * frame.C
		copy(out.Pix[r*out.W*frame.C:], frame.Pix[from:from+min(out.W, frame.W-x)*frame.C])
	}
	return out
}
