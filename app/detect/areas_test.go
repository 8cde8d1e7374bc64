package detect

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/train"
)

// prototypes are the colours by which the network of the tests knows its classes.
var prototypes = [6]color.RGBA{{208, 205, 198, 255}, {230, 60, 50, 255}, {60, 90, 220, 255}, {40, 170, 80, 255}, {245, 200, 50, 255}, {150, 60, 190, 255}}

// workspace has a data set of shapes and the run "run 1" of a network on it that gives each pixel the class with the nearest colour.
func workspace(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, "datasets"), 0o777); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(home, "datasets", "shapes")
	if _, err := samples.Import(context.Background(), "shapes", set, samples.Options{Task: data.Segmentation, Count: 24, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(set)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	device, err := kernel.NewCPU(1)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	spec := nn.Spec{Format: nn.Format, Name: "colours", Input: nn.Shape{C: 3, H: 96, W: 96}, Classes: 6, Layers: []nn.Layer{
		{Name: "score", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(1)}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"score"}},
	}}
	c := train.DefaultsFor(spec)
	c.Epochs, c.Mean = 1, model.MeanNone
	folder := filepath.Join(home, "runs", "run 1")
	if err := os.MkdirAll(filepath.Dir(folder), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := train.Run(context.Background(), train.Job{Folder: folder, Config: c, Spec: spec, Data: d, Device: device}, func(train.Event) {}); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(folder, "")
	if err != nil {
		t.Fatal(err)
	}
	weights, bias := nn.NewTensor(6, 3), nn.NewTensor(6)
	for k, p := range prototypes { // −|x−p|²/s, but for what is the same of all classes
		const s = 1500
		for i, v := range [3]uint8{p.R, p.G, p.B} {
			weights.Data()[3*k+i] = 2 * float32(v) / s / m.Pre.Scale
			bias.Data()[k] -= float32(v) * float32(v) / s
		}
	}
	m.Weights = map[string]nn.Tensor{"score.weight": weights, "score.bias": bias}
	if err := model.SaveWeights(filepath.Join(folder, model.WeightsFile), m.Weights, 1); err != nil {
		t.Fatal(err)
	}
	return home
}

// still is a photo of discs in colours near the prototypes, shaded from left to right.
func still(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := 0
			for k := range 9 {
				cx, cy, r := (k%3*2+1)*w/6, (k/3*2+1)*h/6, min(w, h)/(8+k%4)
				if (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r {
					c = 1 + k%5
				}
			}
			p, shade := prototypes[c], 40*x/w-20
			at := func(v uint8) uint8 { return uint8(max(0, min(255, int(v)+shade))) }
			img.SetRGBA(x, y, color.RGBA{at(p.R), at(p.G), at(p.B), 255})
		}
	}
	return img
}

// segmenting opens the tab with the run chosen.
func segmenting(t *testing.T, language string, dark bool) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.NewIn(t, workspace(t), language, dark, New)
	p := h.Page().(*Page)
	h.Until("the run", func(s *session.State) bool { return s.Run == "run 1" && p.method == p.areas })
	return h, p
}

// steady gives what the photo took a fixed time, so that a picture of it can be compared.
func steady(p *Page) *session.Segmented {
	f := p.found().(*session.Segmented)
	f.Seconds = .25
	p.showFound()
	return f
}

func TestAreasOfAPhoto(t *testing.T) {
	h, p := segmenting(t, "en", false)
	p.add("still life", still(240, 150))
	h.Until("the areas", func(*session.State) bool { return p.Shown() > 0 })
	f := steady(p)
	if len(f.Regions) != 9 || p.areas.wayOf(p.photos[0].img) != pieces || p.areas.because.Text() == "" {
		t.Errorf("%d areas, of a photo larger than what the network sees; it says %q", len(f.Regions), p.areas.because.Text())
	}
	if !p.areas.hidden[0] || p.areas.hidden[1] {
		t.Errorf("hidden at first are %v, not the background alone", p.areas.hidden)
	}
	x, y := 40, 25 // the middle of the first disc
	if got := p.areas.onClass(x, y, 1); got != "cross 1.00" {
		t.Errorf("at the pointer stands %q", got)
	}
	p.hovered(float32(x), float32(y), true)
	if p.under.Text() == "" {
		t.Error("nothing is read under the pointer")
	}
	p.areas.hidden = []bool{false} // of a run of that name with one class
	p.showFound()
	if len(p.areas.hidden) != len(f.Labels) || !p.areas.hidden[0] {
		t.Errorf("of the %d classes of another run %v are hidden", len(f.Labels), p.areas.hidden)
	}
	p.areas.onClass(-1, -1, -1)
	p.hovered(-1, -1, false)
	h.Golden("areas")

	p.areas.waySwitch.OnChosen(0)
	h.Until("the whole photo", func(*session.State) bool { return !p.looking && p.areas.because.Text() == "" })
	if w := steady(p); w == f || len(w.Regions) < 9 {
		t.Errorf("as a whole it has %d areas", len(w.Regions))
	}
	p.areas.waySwitch.OnChosen(1)
	h.Until("the pieces", func(*session.State) bool { return !p.looking })
	steady(p)

	p.areas.measure()
	if p.areas.rateButton.Enabled() {
		t.Error("it can be measured twice at once")
	}
	h.Until("the figures", func(*session.State) bool { return !p.areas.rateButton.Visible() && !p.areas.rating })
	h.Resize(928, 544) // of a window of 1024×640
	h.Golden("areas-measured")

	h.Picked = t.TempDir()
	p.areas.savePicture.Tapped(nil)
	p.areas.saveMask.Tapped(nil)
	var mask *image.Paletted
	h.Until("the saved pictures", func(*session.State) bool {
		picture, err := os.Open(filepath.Join(h.Picked, "still life.areas.png"))
		if err != nil {
			return false
		}
		defer picture.Close()
		file, err := os.Open(filepath.Join(h.Picked, "still life.mask.png"))
		if err != nil {
			return false
		}
		defer file.Close()
		drawn, err := png.Decode(picture)
		if err != nil || drawn.Bounds().Dx() != 240 || drawn.Bounds().Dy() <= 150 {
			t.Errorf("the picture is %v, %v", drawn.Bounds(), err)
		}
		img, err := png.Decode(file)
		mask, _ = img.(*image.Paletted)
		return err == nil
	})
	if mask == nil || mask.Bounds() != image.Rect(0, 0, 240, 150) || mask.ColorIndexAt(x, y) != 1 || mask.ColorIndexAt(0, 0) != 0 {
		t.Errorf("the mask is %v", mask)
	}
	if len(h.Faults) > 0 {
		t.Errorf("faults: %v", h.Faults)
	}
}

func TestAreasInKoreanAndDark(t *testing.T) {
	h, p := segmenting(t, "ko", true)
	h.Golden("areas-empty-ko-dark")
	p.add("정물", still(90, 60))
	h.Until("the areas", func(*session.State) bool { return p.Shown() > 0 })
	steady(p)
	if p.areas.wayOf(p.photos[0].img) != whole {
		t.Error("a photo no larger than what the network sees is cut into pieces")
	}
	h.Golden("areas-ko-dark")
	h.Rebuild("en")
	if p.Shown() < 9 || len(p.areas.legend.Rows()) != 6 {
		t.Errorf("after a change of language there are %d areas", p.Shown())
	}
}

func TestAreasOfExamplesAndOtherRuns(t *testing.T) {
	h, p := segmenting(t, "en", false)
	p.method.tryExample()
	h.Until("the scene", func(*session.State) bool { return p.at == 0 && p.Shown() > 0 })
	if b := p.photos[0].img.Bounds(); b.Dx() != 480 {
		t.Errorf("the scene is %v", b)
	}
	// A newer request takes the place of an older one, and a cancelled one brings nothing.
	p.add("one", still(400, 400))
	p.add("two", still(200, 200))
	h.Until("the second photo", func(*session.State) bool { return !p.looking && p.Shown() > 0 })
	if p.photos[1].found != nil || p.photos[2].found == nil {
		t.Error("the older request was answered, or the newer one not")
	}
	p.add("three", still(300, 300))
	p.cancel.Tapped(nil)
	h.Pump()
	if p.Shown() != 0 || p.looking || p.under.Text() == "" || p.areas.saveMask.Enabled() {
		t.Errorf("after Cancel there are %d areas, and it says %q", p.Shown(), p.under.Text())
	}
	p.show(2)
	// A classifier has its own controls, and finds nothing of what the segmenter found.
	other := *h.State()
	classifier := session.Run{Name: "classifier", Folder: "nowhere"}
	classifier.Info.Spec, classifier.Info.Task = h.State().Networks[0].Spec, data.Classification
	other.Runs, other.Run = append([]session.Run{classifier}, other.Runs...), "classifier"
	p.Update(&other)
	if p.method != p.windows || p.Shown() != 0 {
		t.Errorf("a classifier shows %d areas", p.Shown())
	}
	p.Update(h.State())
	if p.method != p.areas {
		t.Error("the segmenter's controls did not come back")
	}
	h.Until("the areas again", func(*session.State) bool { return p.Shown() > 0 })
}
