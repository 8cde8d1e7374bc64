package inspect

import (
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// streets writes n photos of 24×16 pixels, sky above and road below, with masks; in one of four a car stands at the right. The road's edge is void.
func streets(t *testing.T, n int) string {
	t.Helper()
	root, random := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	colours := []color.RGBA{{120, 170, 230, 255}, {90, 90, 95, 255}, {200, 40, 40, 255}}
	for i := range n {
		photo, mask := image.NewRGBA(image.Rect(0, 0, 24, 16)), image.NewGray(image.Rect(0, 0, 24, 16))
		horizon := 5 + random.IntN(6)
		for y := range 16 {
			for x := range 24 {
				class := 0
				if y >= horizon {
					class = 1
				}
				if i%4 == 0 && y >= horizon && x > 16 {
					class = 2
				}
				c := colours[class]
				noise := uint8(random.IntN(24))
				photo.SetRGBA(x, y, color.RGBA{c.R + noise, c.G + noise, c.B + noise, 255})
				if y == horizon {
					class = 255
				}
				mask.SetGray(x, y, color.Gray{Y: uint8(class)})
			}
		}
		name := string(rune('a'+i/10)) + string(rune('0'+i%10)) + ".png"
		pagetest.WritePNG(t, filepath.Join(root, "images", name), photo)
		pagetest.WritePNG(t, filepath.Join(root, "labels", name), mask)
	}
	if err := os.WriteFile(filepath.Join(root, "classes.txt"), []byte("sky\nroad\ncar\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return root
}

// imported makes a data set of a source, with images of 24×16 pixels.
func imported(h *pagetest.Host, source, name string, channels int) {
	o := imports.Default()
	o.Width, o.Height, o.Channels = 24, 16, channels
	h.Session().Import(source, name, o)
	h.Until("the data set "+name, func(s *session.State) bool { return s.Import == nil && s.Dataset == name })
}

// ran trains a network of one convolution on the chosen data set for an epoch, and opens the page on its run.
func ran(t *testing.T, h *pagetest.Host) (*Page, string) {
	t.Helper()
	p := h.Page().(*Page)
	i := h.State().ChosenDataset().Info
	layers := []nn.Layer{{Name: "conv", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(0), "kernel": nn.Num(3), "pad": nn.Num(1), "filler": nn.Word("msra")}}}
	if i.Task == data.Classification {
		layers = []nn.Layer{{Name: "ip", Type: "fully-connected", Inputs: []string{nn.Data}}}
	}
	last := layers[0].Name
	h.Session().SaveNetwork("tiny", nn.Spec{
		Format: nn.Format, Input: nn.Shape{C: i.Channels, H: i.Height, W: i.Width}, Classes: len(i.Classes),
		Layers: append(layers, nn.Layer{Name: "loss", Type: "softmax-loss", Inputs: []string{last}}),
	})
	h.Until("the network", func(s *session.State) bool { return s.ChosenNetwork().Name == "tiny" })
	c := train.DefaultsFor(h.State().ChosenNetwork().Spec)
	c.Epochs, c.Batch, c.Rate, c.Policy, c.Solver, c.Seed = 3, 4, .02, "fixed", "adam", 1
	run, err := h.Session().Train(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Until("the run", func(s *session.State) bool {
		r := s.ChosenRun()
		return s.Training == nil && r != nil && r.Name == run && r.Info.State == train.Finished
	})
	p.pages.OnChosen(pageEvaluate)
	p.pages.Choose(pageEvaluate)
	return p, run
}

// measured presses the button and waits.
func measured(h *pagetest.Host, p *Page) {
	p.evaluate.start.Tapped(nil)
	h.Until("the evaluation", func(*session.State) bool { return !p.evaluate.running })
}

// golden compares the page with its master, with figures by hand: those that are measured may differ from one processor to another.
func (p *Page) golden(h *pagetest.Host, name string, n int, confusion [][]int64, whole metric.Values, classes map[string][]float64) {
	e := &p.evaluate
	before, shown := e.result, *e.result
	shown.Report = metric.Report{Values: whole, Classes: classes, Confusion: confusion}
	shown.Loss = .25
	if shown.Task == data.Classification {
		shown.Missed = []int{2}
	}
	shown.Scores = slices.Clone(shown.Scores)
	for i := range shown.Scores {
		shown.Scores[i].Right = float64(i%10) / 10
	}
	e.result = &shown
	e.showResult()
	h.Until("the list of images", func(*session.State) bool { return e.source.Load() != nil && e.source.Load().list[0] == e.wrong[0] })
	pictured(h, e, n)
	h.Golden(name)
	e.result = before
	e.showResult()
}

// pictured waits until so many images of the grid are drawn.
func pictured(h *pagetest.Host, e *evaluate, n int) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(e.grid)
	h.Until("the images", func(*session.State) bool {
		window, shades := h.Window().Canvas().Capture(), 0
		for i := range n {
			seen := map[color.Color]bool{}
			for x := range wrongSide {
				seen[window.At(int(at.X)+i*(wrongSide+1)+x, int(at.Y)+wrongSide/2)] = true
			}
			if len(seen) > 4 {
				shades++
			}
		}
		return shades == n
	})
}

func TestEvaluateSegmentation(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	imported(h, streets(t, 16), "streets", 3)
	p, run := ran(t, h)
	e := &p.evaluate
	if e.matrix.Visible() || !e.messages.Visible() || !e.start.Visible() {
		t.Fatal("something is shown of a run that was not evaluated")
	}
	measured(h, p)
	r := e.result
	if r == nil {
		t.Fatal(e.failed, h.Faults)
	}
	pixels := 0
	for _, row := range e.matrix.Data().Counts {
		for _, n := range row {
			pixels += n
		}
	}
	if want := 4 * 24 * 15; pixels != want || r.Images != 4 || len(e.matrix.Data().Names) != 3 { // a row of each image is void
		t.Errorf("%d pixels in the matrix, want %d; %d images", pixels, want, r.Images)
	}
	if got := e.counted.Text(); !strings.HasSuffix(got, "pixels") {
		t.Errorf("the cells count %q", got)
	}
	p.golden(h, "evaluate-segmentation", 4, [][]int64{{702, 18, 0}, {31, 654, 0}, {4, 22, 9}}, metric.Values{metric.MeanIoU: .7, metric.PixelAccuracy: .948, metric.MeanDice: .78}, map[string][]float64{
		metric.IoU: {.93, .9, .257}, metric.Dice: {.964, .949, .409},
	})

	figures := e.matrix.Data().Figures
	e.figures.OnChosen(1)
	if d := e.matrix.Data(); &d.Figures[0] == &figures[0] || d.Figures[0] != r.Classes[metric.Dice][0] || d.FigureHead != "Dice" {
		t.Errorf("another figure is not shown: %+v", d)
	}
	e.matrix.Resize(fyne.NewSize(400, 300))
	if right, wrong := e.hovered(0, 0), e.hovered(0, 1); !strings.Contains(right, "pixels of sky are right") || !strings.Contains(wrong, "pixels of sky were taken for road") {
		t.Errorf("cells say %q, %q", right, wrong)
	}

	e.open(0)
	h.Until("the image in the maps", func(*session.State) bool {
		return p.maps.Visible() && strings.HasPrefix(p.imgName, "images/") && p.Shown() == 3
	})
	if p.pages.Chosen() != pageMaps || p.evaluate.tools.Visible() {
		t.Error("the row of pages shows another page")
	}
	p.pages.OnChosen(pageEvaluate)
	h.Rebuild("ko")
	if !e.matrix.Visible() || e.matrix.Data().TotalHead != "픽셀" || !e.object.Visible() {
		t.Error("after a change of language the evaluation is gone")
	}

	// What was measured is kept by split, and is not measured again.
	e.splits.Pick(2)
	h.Until("nothing yet of the training split", func(*session.State) bool { return e.result == nil && e.messages.Visible() })
	measured(h, p)
	if e.result == nil || e.result.Images != 12 || !e.noteBox.Visible() {
		t.Fatalf("of the training split: %+v, %v", e.result, e.failed)
	}
	e.splits.Pick(0)
	h.Until("what was measured before", func(*session.State) bool { return e.result != nil && e.result.Images == 4 })

	e.splits.Pick(1)
	measured(h, p)
	if fault.Code(e.failed) != "train.eval.empty" || e.matrix.Visible() || !strings.Contains(e.message.Text(), "streets") {
		t.Errorf("a split without images: %v; it says %q", e.failed, e.message.Text())
	}

	// A data set for another task, one that is gone; a run without weights.
	imported(h, folder(t, "sky", "road"), "animals", 3)
	h.Session().ChooseRun(run)
	h.Until("the run", func(s *session.State) bool { return s.Run == run })
	e.sets.Pick(slices.Index(e.sets.Options(), "animals"))
	e.splits.Pick(0)
	measured(h, p)
	if fault.Code(e.failed) != "train.eval.task" {
		t.Errorf("a data set for another task: %v", e.failed)
	}
	e.sets.Pick(0)
	h.Session().DeleteDataset("streets")
	h.Until("the data set's end", func(s *session.State) bool { return len(s.Datasets) == 1 && s.Run == run })
	measured(h, p)
	if fault.Code(e.failed) != "session.evaluate.gone" {
		t.Errorf("a data set that is gone: %v", e.failed)
	}
	if err := os.Remove(filepath.Join(h.Session().Home(), "runs", run, "weights.safetensors")); err != nil {
		t.Fatal(err)
	}
	measured(h, p)
	if fault.Code(e.failed) != "session.weights.none" {
		t.Errorf("a run without weights: %v", e.failed)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestEvaluateClassification(t *testing.T) {
	h := pagetest.New(t, "ko", true, New)
	imported(h, folder(t, "ant", "bee", "cat"), "animals", 3)
	p, run := ran(t, h)
	e := &p.evaluate
	measured(h, p)
	if e.result == nil {
		t.Fatal(e.failed, h.Faults)
	}
	images := 0
	for _, row := range e.matrix.Data().Counts {
		for _, n := range row {
			images += n
		}
	}
	if images != 15 || e.result.Images != 15 || len(e.wrong) == 0 || !e.wrongBox.Visible() {
		t.Fatalf("%d images in the matrix, %d wrong", images, len(e.wrong))
	}
	p.golden(h, "evaluate-classification-ko-dark", 6, [][]int64{{4, 1, 0}, {2, 2, 1}, {0, 5, 0}}, metric.Values{metric.Accuracy: .4, metric.Top5: 1}, map[string][]float64{metric.Accuracy: {.8, .4, 0}})
	e.shares = true
	e.showMatrix()
	if !e.matrix.Data().Shares {
		t.Error("the shares of the rows are not shown")
	}

	// The same number of classes, but called otherwise: the figures would be wrong without a word.
	imported(h, folder(t, "ant", "cat", "dog"), "others", 3)
	h.Session().ChooseRun(run)
	h.Until("the run", func(s *session.State) bool { return s.Run == run })
	e.sets.Pick(1)
	measured(h, p)
	if fault.Code(e.failed) != "train.eval.classes" {
		t.Errorf("other classes: %v", e.failed)
	}
	imported(h, folder(t, "ant", "bee", "cat"), "grey", 1)
	h.Session().ChooseRun(run)
	h.Until("the run", func(s *session.State) bool { return s.Run == run })
	e.sets.Pick(slices.Index(e.sets.Options(), "grey"))
	measured(h, p)
	if fault.Code(e.failed) != "train.eval.input" {
		t.Errorf("images of another kind: %v", e.failed)
	}
	// Cancelled: nothing arrives, and it can be asked for again.
	e.sets.Pick(0)
	e.splits.Pick(2)
	e.begin()
	e.cancel()
	h.Pump()
	if e.running || e.result != nil || !e.start.Visible() {
		t.Error("a cancelled evaluation goes on")
	}
	// Another tab has a run measured in place of this one: what it finds is shown here too.
	e.begin()
	other := false
	h.Session().Evaluate(*e.request, func(int, int) {}, func(train.Evaluation, error) { other = true })
	p.Hide()
	h.Until("the figures of the other tab", func(*session.State) bool { return other })
	p.Show()
	h.Until("them in this one", func(*session.State) bool { return !e.running && e.result != nil })
	if e.result.Images != 45 {
		t.Errorf("after a cancelled evaluation: %v", e.failed)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}
