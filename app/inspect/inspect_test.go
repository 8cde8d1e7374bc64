package inspect

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/inspect"
	"github.com/convscope/convscope/nn/train"
)

// trained opens the tab on a run of LeNet that was stopped after its first epoch.
func trained(t *testing.T, while func(h *pagetest.Host, p *Page)) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("shapes", data.Classification)
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	c := train.DefaultsFor(h.State().ChosenNetwork().Spec)
	c.Epochs, c.Batch, c.Rate = 60, 32, .005
	run, err := h.Session().Train(c)
	if err != nil {
		t.Fatal(err)
	}
	if while != nil {
		while(h, p)
	}
	h.Until("the first epoch", func(s *session.State) bool {
		r := s.ChosenRun()
		return r != nil && r.Name == run && len(r.Info.Epochs) > 0
	})
	h.Session().Stop(h.State().Training.Run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })
	return h, p
}

func TestLookInside(t *testing.T) {
	h, p := trained(t, func(h *pagetest.Host, p *Page) {
		h.Until("layers while it trains", func(*session.State) bool { return p.Shown() > 5 && p.watched != "" })
	})
	h.Until("layers of the stopped run", func(*session.State) bool {
		return p.view != nil && p.watched == "" && len(p.view.Top) == 5 && p.view.Layers[1].Biases != nil
	})
	if p.layer != p.view.Layers[1].Name {
		t.Errorf("the layer shown first is %q", p.layer)
	}
	if l := p.view.Layers[1]; p.unit < 0 || p.unit >= l.Shape.C || p.unitTitle.Text() == p.text("unit.none") {
		t.Errorf("no unit is shown first, but %d of %d", p.unit, l.Shape.C)
	}
	p.sheet.OnChosen(3)
	if p.unit != 3 || p.unitRows.sum == nil {
		t.Error("a click on a map does not choose its unit")
	}
	p.ShowFilters()
	p.local = true
	p.showLayer()
	p.hovered(2, 1, 1)
	if p.read.Text() == "" {
		t.Error("the value under the pointer is not read")
	}
	for range p.view.Layers {
		p.Key(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	}
	if last := p.view.Layers[len(p.view.Layers)-1].Name; p.layer != last {
		t.Errorf("page down ends at %q, not %q", p.layer, last)
	}
	p.tensor = true
	p.showImage()
	h.Rebuild("en")
	if p.Shown() == 0 {
		t.Error("nothing is seen after a change of language")
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

// folder writes images of 40×30 pixels in folders of their classes.
func folder(t *testing.T, classes ...string) string {
	t.Helper()
	home, random := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	for _, class := range classes {
		if err := os.Mkdir(filepath.Join(home, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
			for k := range img.Pix {
				img.Pix[k] = uint8(random.Uint32()) | uint8(k%4/3*255)
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(home, class, fmt.Sprint(i, ".png")), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return home
}

// A run that goes on shows an image as the stored model of the same run does: fitted, cut and named in the run's own way, whatever data set is
// chosen, and of a run that was taken up again too.
func TestTheRoadOfARunThatGoesOnIsTheStoredOne(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	options := imports.Default()
	options.Width, options.Height, options.Channels, options.Resize = 28, 28, 3, data.Crop
	h.Session().Import(folder(t, "ant", "bee"), "other", options)
	h.Until("the other data set", func(s *session.State) bool { return s.Import == nil && s.Dataset == "other" })
	h.Session().Import(folder(t, "cat", "dog"), "animals", options)
	h.Until("the data set", func(s *session.State) bool { return s.Import == nil && s.Dataset == "animals" })
	photo := image.NewNRGBA(image.Rect(0, 0, 90, 30))
	for i := range photo.Pix {
		photo.Pix[i] = uint8(i*7) | uint8(i%4/3*255)
	}
	p.own = true
	p.take(photo, "photo")

	c := train.DefaultsFor(h.State().ChosenNetwork().Spec)
	c.Epochs, c.Batch, c.Crop, c.Rate = 5000, 8, 20, .001
	run, err := h.Session().Train(c)
	if err != nil {
		t.Fatal(err)
	}
	seen := func() bool { return p.view != nil && len(p.view.Tensor.Data()) > 0 && len(p.view.Top) == 2 }
	live := func() *inspect.View {
		h.Until("what the run makes of it", func(s *session.State) bool { return s.Live() && p.watched != "" && seen() })
		return p.view
	}
	views := []*inspect.View{live()}
	h.Until("an epoch", func(s *session.State) bool { return s.ChosenRun().Info.BestEpoch > 0 })
	h.Session().Stop(run)
	h.Until("what the stored model makes of it", func(s *session.State) bool {
		return s.Training == nil && p.watched == "" && p.view != views[0] && seen()
	})
	stored := p.view
	p.view = nil
	if err := h.Session().ResumeRun(run); err != nil {
		t.Fatal(err)
	}
	h.Session().ChooseDataset("other")
	views = append(views, live())
	for i, v := range views {
		if !slices.Equal(v.Tensor.Data(), stored.Tensor.Data()) {
			t.Errorf("live view %d: the network is given another image", i)
		}
		if len(v.Layers) != len(stored.Layers) {
			t.Errorf("live view %d: %d layers, not %d", i, len(v.Layers), len(stored.Layers))
		}
		for _, g := range v.Top {
			if g.Label != "cat" && g.Label != "dog" {
				t.Errorf("live view %d: the network takes it for %q", i, g.Label)
			}
		}
	}
	h.Session().Stop(run)
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestDroppedImage(t *testing.T) {
	h, p := trained(t, nil)
	img, err := samples.Photo("shapes", 90, 60, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "사진 1.png")
	pagetest.WritePNG(t, path, img)
	if !p.Dropped([]string{path}) {
		t.Fatal("an image was not taken")
	}
	h.Until("the image", func(*session.State) bool { return p.imgName == "사진 1.png" })
	if p.Dropped([]string{t.TempDir()}) {
		t.Error("a folder was taken for an image")
	}
	broken := filepath.Join(t.TempDir(), "broken.png")
	if err := os.WriteFile(broken, []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	p.Dropped([]string{broken})
	h.Until("an error", func(*session.State) bool { return len(h.Faults) == 1 })
	if p.imgName != "사진 1.png" {
		t.Error("a broken image takes the place of the one before")
	}
}

// What is shown is of the chosen run: a damaged one shows why it cannot be seen, and nothing of the run before.
func TestNothingOfAnotherRunStays(t *testing.T) {
	h, p := trained(t, nil)
	h.Until("layers", func(*session.State) bool { return p.view != nil && len(p.predictions.Rows()) == 5 })
	p.sheet.OnChosen(2)
	damaged := *h.State()
	damaged.Run = "damaged"
	damaged.Runs = append([]session.Run{{Name: "damaged", Err: fault.New("model.file.missing", "%s does not exist. Choose the folder of a model or of a run that has been trained.", "x.json")}}, damaged.Runs...)
	p.Update(&damaged)
	if p.Shown() != 0 || len(p.predictions.Rows()) != 0 || len(p.list.Objects) != 0 || p.title.Text() != "" || p.unit >= 0 {
		t.Error("layers and predictions of another run stay")
	}
	if !p.messages.Visible() || !strings.Contains(p.message.Text(), "x.json") {
		t.Errorf("it says %q", p.message.Text())
	}
	p.Update(h.State())
	h.Until("layers of the run", func(*session.State) bool {
		return p.Shown() > 5 && len(p.predictions.Rows()) == 5 && !p.messages.Visible()
	})

	// Without a data set there is no image, but the network can be seen.
	h.Session().DeleteDataset("shapes")
	h.Until("the network alone", func(*session.State) bool { return p.bare && p.Shown() > 5 })
	if p.img != nil || !p.filters || p.seen.Text() == "" || len(p.predictions.Rows()) != 0 {
		t.Errorf("filters %v, it says %q beside the image", p.filters, p.seen.Text())
	}
	for i := range p.view.Layers {
		p.rows[i].Tapped(nil)
		l := p.view.Layers[i]
		if seen := !p.messages.Visible(); seen != (l.Filters != nil) {
			t.Errorf("%s: filters are seen: %v", l.Name, seen)
		}
		if l.Filters != nil {
			p.sheet.OnChosen(1)
			p.hovered(0, 0, 0)
			p.what.Choose(0)
			p.filters = false
			p.showLayer()
			if !p.messages.Visible() {
				t.Error("maps that there are not are not asked for")
			}
		}
	}
	p.take(image.NewGray(image.Rect(0, 0, 40, 30)), "mine")
	h.Until("maps", func(*session.State) bool { return !p.bare && len(p.predictions.Rows()) == 5 && !p.filters })
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

// In a small window what chooses scale and epoch takes a line of its own.
func TestChoicesAreSeenInASmallWindow(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		h := pagetest.New(t, language, false, New)
		p := h.Page().(*Page)
		p.Update(&session.State{Run: "run 1", Runs: []session.Run{{Name: "run 1"}}})
		p.title.Set("conv1 · " + h.Text("layer.convolution"))
		p.whatBox.Show()
		for _, size := range []fyne.Size{fyne.NewSize(948, 568), fyne.NewSize(1204, 728)} {
			h.Window().Resize(size)
			test.LaidOutObjects(h.Window().Content())
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject
			right := at(p.sheet).X + p.sheet.Size().Width
			for _, o := range []fyne.CanvasObject{p.epochs, p.scaleBox, p.what} {
				if end := at(o).X + o.Size().Width; o.Size().Width < 60 || end > right+1 || at(o).Y+o.Size().Height > at(p.sheet).Y {
					t.Errorf("%s, %v: a choice ends at %g of %g", language, size, end, right)
				}
			}
		}
	}
}
