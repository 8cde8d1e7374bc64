package vision

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
)

// colourful returns a model of w×h pixels that answers for each pixel by its own colour alone: dark, red or green. In grey it tells dark from bright and calls nothing green.
func colourful(t testing.TB, pre model.Preprocess) *model.Model {
	t.Helper()
	pre.Scale = 1. / 255
	if pre.Mean == "" {
		pre.Mean = model.MeanNone
	}
	var mean []float32
	if pre.Mean == model.MeanImage {
		mean = make([]float32, pre.Width*pre.Height*pre.Channels)
		for i := range mean {
			mean[i] = float32(i % 97)
		}
	}
	p, err := model.NewPreprocessor(pre, mean)
	if err != nil {
		t.Fatal(err)
	}
	w, h := p.Sees()
	weights := nn.TensorOf([]float32{0, 0, 0, 8, -8, 0, -8, 8, 0}, 3, 3)
	if pre.Channels == 1 {
		weights = nn.TensorOf([]float32{0, 8, -8}, 3, 1)
	}
	return &model.Model{
		Path: "colours", Task: data.Segmentation, Background: 0,
		Spec: nn.Spec{Format: nn.Format, Name: "colours", Input: nn.Shape{C: pre.Channels, H: h, W: w}, Classes: 3, Layers: []nn.Layer{
			{Name: "score", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(1)}},
			{Name: "loss", Type: "softmax-loss", Inputs: []string{"score"}},
		}},
		Labels: []string{"dark", "red", "green"}, Pre: p,
		Weights: map[string]nn.Tensor{"score.weight": weights, "score.bias": nn.TensorOf([]float32{4, 0, 0}, 3)},
	}
}

// blurred is colourful with a network that sees three pixels around each one.
func blurred(t testing.TB, w, h int) *model.Model {
	t.Helper()
	m := colourful(t, model.Preprocess{Width: w, Height: h, Channels: 3})
	m.Spec.Layers[0].Settings = map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(3), "pad": nn.Num(1)}
	wide := nn.NewTensor(3, 3, 3, 3)
	for i := range wide.Data() {
		wide.Data()[i] = m.Weights["score.weight"].Data()[i/9] / 9
	}
	m.Weights["score.weight"] = wide
	return m
}

func opened(t testing.TB, m *model.Model, batch int) *model.Predictor {
	t.Helper()
	device, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Open(device, batch, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Close(), device.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// patches returns a photo of patches of 5×3 pixels: which class of colourful each has is drawn from its place.
func patches(w, h int) (*image.RGBA, []uint16) {
	img, classes := image.NewRGBA(image.Rect(0, 0, w, h)), make([]uint16, w*h)
	colours := []color.RGBA{{10, 10, 10, 255}, {250, 0, 0, 255}, {0, 250, 0, 255}}
	for i := range classes {
		x, y := i%w, i/w
		classes[i] = uint16((x/5*7 + y/3*11) % 3)
		img.SetRGBA(x, y, colours[classes[i]])
	}
	return img, classes
}

func segmented(t testing.TB, p *model.Predictor, img image.Image, o SegmentOptions) *Segmentation {
	t.Helper()
	s, err := Segment(context.Background(), p, img, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); s.Size != b.Size() || len(s.Classes) != b.Dx()*b.Dy() || len(s.Scores) != len(s.Classes) {
		t.Fatalf("a photo of %v has %d classes and %d scores at %v", b.Size(), len(s.Classes), len(s.Scores), s.Size)
	}
	return s
}

func wantFault(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("the error is %v, not %s", err, code)
	}
}

// A network that sees one pixel at a time answers for a photo of any size as for each of its pixels, however it is cut and blended.
func TestPiecesOfALocalNetworkAnswerAsThePixelsDo(t *testing.T) {
	pre := model.Preprocess{Width: 16, Height: 12, Channels: 3, Resize: data.Squash}
	for _, batch := range []int{1, 3} {
		p := opened(t, colourful(t, pre), batch)
		for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {3, 5}, {15, 11}, {16, 12}, {17, 12}, {16, 13}, {24, 18}, {31, 47}, {33, 7}, {64, 48}} {
			img, want := patches(size[0], size[1])
			s := segmented(t, p, img, SegmentOptions{Tiles: true})
			if !slices.Equal(s.Classes, want) {
				t.Errorf("%v in batches of %d: other classes than those of the pixels", size, batch)
			}
			for i, score := range s.Scores { // softmax of 4, 8·250/255 and −8·250/255; for dark pixels of 4, 0 and 0
				wantScore := 255 / (1 + math.Exp(4-8*250/255.) + math.Exp(-16*250/255.))
				if want[i] == 0 {
					wantScore = 255 / (1 + 2*math.Exp(-4))
				}
				if d := float64(score) - wantScore; d < -1.5 || d > 1.5 {
					t.Fatalf("%v: pixel %d of class %d has the score %d, not %.1f", size, i, want[i], score, wantScore)
				}
			}
			n := s.Pixels()
			if n[0]+n[1]+n[2] != len(want) {
				t.Errorf("%v: %v pixels of classes", size, n)
			}
		}
	}
}

// In the middle of pieces a network that sees the neighbours answers as if there were no pieces.
func TestPiecesThatOverlapAreBlended(t *testing.T) {
	img, _ := patches(40, 30)
	whole := segmented(t, opened(t, blurred(t, 40, 30), 1), img, SegmentOptions{})
	parts := segmented(t, opened(t, blurred(t, 16, 12), 2), img, SegmentOptions{Tiles: true})
	far, other := 0, 0
	for i, score := range whole.Scores {
		if d := int(score) - int(parts.Scores[i]); d < -24 || d > 24 {
			far++
		}
		if whole.Classes[i] != parts.Classes[i] {
			other++
		}
	}
	if far > len(whole.Scores)/50 || other > len(whole.Scores)/100 {
		t.Errorf("%d of %d scores and %d classes are others at seams", far, len(whole.Scores), other)
	}
	same := segmented(t, opened(t, blurred(t, 40, 30), 1), img, SegmentOptions{Tiles: true})
	if !slices.Equal(whole.Classes, same.Classes) || !slices.Equal(whole.Scores, same.Scores) {
		t.Error("one piece answers otherwise than the whole photo of its size")
	}
}

// As a whole a photo is fitted as the training images were; what the network does not see of it has no class and no score.
func TestAWholePhotoIsFittedAsTheTrainingImagesWere(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 20)) // red at the left, green at the right
	for i := range 40 * 20 {
		c := color.RGBA{250, 0, 0, 255}
		if i%40 >= 20 {
			c = color.RGBA{0, 250, 0, 255}
		}
		img.SetRGBA(i%40, i/40, c)
	}
	for _, c := range []struct {
		resize data.Resize
		voids  int // columns at each side that the network does not see
	}{{data.Squash, 0}, {data.Fill, 0}, {data.Crop, 10}, {data.HalfCrop, 5}} {
		p := opened(t, colourful(t, model.Preprocess{Width: 16, Height: 16, Channels: 3, Resize: c.resize}), 1)
		s := segmented(t, p, img, SegmentOptions{})
		voids := 0
		for i, class := range s.Classes {
			x := i % 40
			switch {
			case class == data.Void:
				if voids++; s.Scores[i] != 0 || x >= 12 && x < 28 {
					t.Fatalf("%s: column %d is void, with a score of %d", c.resize, x, s.Scores[i])
				}
			case class == 0 && (x < 17 || x > 22) || x < 17 && class != 1 || x > 22 && class != 2:
				t.Fatalf("%s: class %d in column %d", c.resize, class, x)
			}
		}
		if n := s.Pixels(); voids < 40*(c.voids-1)*min(c.voids, 1) || voids > 40*(c.voids+1)*min(c.voids, 1) || n[0]+n[1]+n[2]+voids != 800 {
			t.Errorf("%s: %d of 800 pixels are void, %v have classes", c.resize, voids, n)
		}
		for _, tiny := range []image.Point{{1, 1}, {1, 300}, {300, 1}, {2, 3}} {
			s := segmented(t, p, image.NewGray(image.Rectangle{Max: tiny}), SegmentOptions{})
			if i := slices.IndexFunc(s.Classes, func(c uint16) bool { return c != 0 && c != data.Void }); i >= 0 {
				t.Errorf("%s, %v: black is class %d", c.resize, tiny, s.Classes[i])
			}
		}
	}
}

func TestSegmentInGrey(t *testing.T) {
	p := opened(t, colourful(t, model.Preprocess{Width: 8, Height: 8, Channels: 1, Resize: data.Squash}), 4)
	img := image.NewGray(image.Rect(3, 5, 24, 18)) // a photo need not begin at 0, 0
	for i := range img.Pix {
		img.Pix[i] = uint8(i % 2 * 255)
	}
	s := segmented(t, p, img, SegmentOptions{Tiles: true})
	for i, c := range s.Classes {
		if int(c) != i%2 {
			t.Fatalf("pixel %d has class %d", i, c)
		}
	}
}

// Where the network sees the middle of a training image alone, a whole photo is covered by pieces, and each place gets its own mean subtracted.
func TestSegmentWithACropAndAMeanImage(t *testing.T) {
	m := colourful(t, model.Preprocess{Width: 20, Height: 18, Channels: 3, Resize: data.Squash, Crop: 12, Mean: model.MeanImage})
	p := opened(t, m, 2)
	img := image.NewRGBA(image.Rect(0, 0, 20, 18))
	for i := range 20 * 18 { // the mean and .55 more of red: red by a little wherever the mean is that of the place
		at := func(c int) uint8 { return uint8(m.Pre.MeanImage[c*360+i]) }
		img.SetRGBA(i%20, i/20, color.RGBA{at(0) + 140, at(1), at(2), 255})
	}
	s := segmented(t, p, img, SegmentOptions{})
	for i, c := range s.Classes {
		if want := 255 / (1 + math.Exp(4-8*140/255.) + math.Exp(-16*140/255.)); c != 1 || math.Abs(float64(s.Scores[i])-want) > 2 {
			t.Fatalf("pixel %d has class %d with %d, not 1 with %.1f", i, c, s.Scores[i], want)
		}
	}
	big, want := patches(50, 40)
	s = segmented(t, p, big, SegmentOptions{Tiles: true})
	wrong := 0
	for i, c := range s.Classes {
		if c != want[i] {
			wrong++
		}
	}
	if wrong > len(want)/4 { // the mean is that of the middle everywhere
		t.Errorf("%d of %d pixels are wrong", wrong, len(want))
	}
}

func TestSegmentTellsHowFarItIsAndCanBeCancelled(t *testing.T) {
	p := opened(t, colourful(t, model.Preprocess{Width: 8, Height: 8, Channels: 3, Resize: data.Squash}), 2)
	img, _ := patches(20, 16)
	var seen []int
	s, err := Segment(context.Background(), p, img, SegmentOptions{Tiles: true}, func(done, total int) {
		if total != 12 {
			t.Errorf("%d pieces, not 4×3", total)
		}
		seen = append(seen, done)
	})
	if err != nil || s.Seconds <= 0 || !slices.Equal(seen, []int{2, 4, 6, 8, 10, 12}) {
		t.Errorf("progress %v, %v", seen, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	s, err = Segment(ctx, p, img, SegmentOptions{Tiles: true}, func(int, int) { calls++; cancel() })
	if s != nil || !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled after the first pieces it went on for %d, and returned %v, %v", calls, s, err)
	}
}

func TestModelsThatDoNotSegment(t *testing.T) {
	img, _ := patches(20, 16)
	pre := model.Preprocess{Width: 8, Height: 8, Channels: 3, Resize: data.Squash}
	segment := func(m *model.Model) error {
		_, err := Segment(context.Background(), opened(t, m, 1), img, SegmentOptions{}, nil)
		return err
	}
	m := colourful(t, pre)
	m.Task = data.Classification
	wantFault(t, segment(m), "vision.segment.task")
	m = colourful(t, pre)
	m.Spec.Layers[0].Settings["stride"] = nn.Num(2)
	wantFault(t, segment(m), "vision.segment.size")
	m = colourful(t, pre)
	m.Weights["score.bias"].Data()[1] = float32(math.NaN())
	wantFault(t, segment(m), "vision.segment.nan")
	m = colourful(t, pre)
	m.Labels = append(m.Labels, "blue")
	wantFault(t, segment(m), "vision.segment.size")
	if _, err := newStrip(data.Pixels{W: 1 << 14, H: 1, C: 1}, 1<<9, 1<<7); fault.Code(err) != "vision.segment.wide" {
		t.Errorf("a strip of 4 GB: %v", err)
	}
	// And the other way round: a network with an answer for each pixel is none that slides or names one class.
	p := opened(t, colourful(t, pre), 1)
	_, err := SlidingWindow(context.Background(), p, img, WindowOptions{}, nil)
	wantFault(t, err, "model.output.whole")
	_, err = p.Top(img, 1)
	wantFault(t, err, "model.output.whole")
}

// Memory is taken for the photo and a row of pieces, never for each pixel or piece.
func TestSegmentAllocatesNothingForEachPixel(t *testing.T) {
	p := opened(t, colourful(t, model.Preprocess{Width: 16, Height: 16, Channels: 3, Resize: data.Squash}), 4)
	count := func(w, h int) float64 {
		img, _ := patches(w, h)
		return testing.AllocsPerRun(2, func() {
			if _, err := Segment(context.Background(), p, img, SegmentOptions{Tiles: true}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	small, large := count(32, 32), count(64, 64)
	pieces := 49. - 9
	if large-small > 8*pieces {
		t.Errorf("%g allocations for 3×3 pieces, %g for 7×7", small, large)
	}
}

func TestRegions(t *testing.T) {
	const v = data.Void
	s := &Segmentation{Size: image.Pt(6, 4), Labels: []string{"none", "a", "b"}, Background: 0, Classes: []uint16{
		1, 0, 1, 2, 2, v,
		1, 1, 1, 0, 2, v,
		0, 0, 0, 1, 0, 2,
		2, 2, 2, 1, 1, 2,
	}}
	s.Scores = make([]uint8, 24)
	for i := range s.Scores {
		s.Scores[i] = 255
	}
	s.Scores[3] = 0
	regions, ids := s.Regions()
	want := []Region{{1, 1, "a", 5, 1}, {2, 2, "b", 3, 2. / 3}, {3, 1, "a", 3, 1}, {4, 2, "b", 3, 1}, {5, 2, "b", 2, 1}}
	if !slices.Equal(regions, want) {
		t.Errorf("regions %+v", regions)
	}
	if wantIDs := []uint32{
		1, 0, 1, 2, 2, 0,
		1, 1, 1, 0, 2, 0,
		0, 0, 0, 3, 0, 5,
		4, 4, 4, 3, 3, 5,
	}; !slices.Equal(ids, wantIDs) {
		t.Errorf("ids %v", ids)
	}
	s.Background = -1
	if regions, _ := s.Regions(); len(regions) != 9 || regions[0].Area != 5 {
		t.Errorf("without a background %+v", regions)
	}
}

// flood finds connected areas the plain way.
func flood(s *Segmentation) (areas []int) {
	seen := make([]bool, len(s.Classes))
	for i, c := range s.Classes {
		if seen[i] || int(c) == s.Background || c == data.Void {
			continue
		}
		seen[i] = true
		stack, area := []int{i}, 0
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			area++
			x, y := at%s.Size.X, at/s.Size.X
			for _, d := range [][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= s.Size.X || ny >= s.Size.Y {
					continue
				}
				if k := ny*s.Size.X + nx; !seen[k] && s.Classes[k] == c {
					seen[k] = true
					stack = append(stack, k)
				}
			}
		}
		areas = append(areas, area)
	}
	slices.SortFunc(areas, func(a, b int) int { return b - a })
	return areas
}

func FuzzRegions(f *testing.F) {
	f.Add(uint8(6), uint8(1), []byte("aabbccaabbcabcacbacbaabcbcbabcbbabcbcabcbabcabca"))
	f.Add(uint8(1), uint8(0), []byte{1, 1, 2, 1})
	f.Add(uint8(9), uint8(2), []byte{})
	f.Fuzz(func(t *testing.T, width, background uint8, pix []byte) {
		w := int(width) + 1
		h := len(pix) / w
		s := &Segmentation{Size: image.Pt(w, h), Labels: []string{"0", "1", "2", "3"}, Background: int(background%5) - 1, Classes: make([]uint16, w*h), Scores: make([]uint8, w*h)}
		for i := range s.Classes {
			if s.Classes[i] = uint16(pix[i] % 5); s.Classes[i] == 4 {
				s.Classes[i] = data.Void
			}
			s.Scores[i] = pix[i]
		}
		regions, ids := s.Regions()
		counts := make([]int, len(regions)+1)
		for i, id := range ids {
			counts[id]++
			if id > 0 && regions[id-1].Class != int(s.Classes[i]) {
				t.Fatalf("pixel %d of class %d lies in a region of %d", i, s.Classes[i], regions[id-1].Class)
			}
		}
		var areas []int
		for k, r := range regions {
			if r.ID != k+1 || r.Area != counts[k+1] || !(r.Score >= 0 && r.Score <= 1) {
				t.Fatalf("region %+v of %d pixels", r, counts[k+1])
			}
			areas = append(areas, r.Area)
		}
		if want := flood(s); !slices.Equal(areas, want) {
			t.Fatalf("areas %v, not %v", areas, want)
		}
	})
}
