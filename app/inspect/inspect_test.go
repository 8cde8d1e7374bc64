package inspect

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/train"
)

// trained opens the tab on a run of LeNet that was stopped after its first epoch.
func trained(t *testing.T, while func(h *pagetest.Host, p *Page)) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("shapes")
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
	h.Session().Stop()
	h.Until("the end", func(s *session.State) bool { return s.Training == nil })
	return h, p
}

func TestLookInside(t *testing.T) {
	h, p := trained(t, func(h *pagetest.Host, p *Page) {
		h.Until("layers while it trains", func(*session.State) bool { return p.Shown() > 5 && p.probe > 0 })
	})
	h.Until("layers of the stopped run", func(*session.State) bool {
		return p.view != nil && p.probe > 0 && len(p.view.Top) == 5 && p.view.Layers[1].Biases != nil
	})
	if p.layer != p.view.Layers[1].Name {
		t.Errorf("the layer shown first is %q", p.layer)
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

func TestDroppedImage(t *testing.T) {
	h, p := trained(t, nil)
	img, err := data.SamplePhoto("shapes", 90, 60, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "사진 1.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
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
