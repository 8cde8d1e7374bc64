package data

import (
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/widgets"
)

// streets writes n photos of 48×32 pixels, sky above and road below, with masks: in the first of each four a car stands at the right, the line between
// sky and road is void, and the last photo has no mask.
func streets(t *testing.T, n int) string {
	t.Helper()
	root, random := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	colours := []color.RGBA{{120, 170, 230, 255}, {90, 90, 95, 255}, {200, 40, 40, 255}}
	for i := range n {
		photo, mask := image.NewRGBA(image.Rect(0, 0, 48, 32)), image.NewGray(image.Rect(0, 0, 48, 32))
		for y := range 32 {
			for x := range 48 {
				class := min(1, y/16)
				if i%4 == 0 && class == 1 && x >= 36 {
					class = 2
				}
				c, noise := colours[class], uint8(random.IntN(24))
				photo.SetRGBA(x, y, color.RGBA{c.R + noise, c.G + noise, c.B + noise, 255})
				if y == 16 {
					class = 255
				}
				mask.SetGray(x, y, color.Gray{Y: uint8(class)})
			}
		}
		name := string(rune('a'+i)) + ".png"
		pagetest.WritePNG(t, filepath.Join(root, "images", name), photo)
		if i < n-1 {
			pagetest.WritePNG(t, filepath.Join(root, "labels", name), mask)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "classes.txt"), []byte("sky\nroad\ncar\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestImportMasks(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	p.Dropped([]string{streets(t, 9)})
	h.Until("the source", func(*session.State) bool { return p.form != nil && p.form.found != nil })
	f := p.form
	if f.found.Format != "masks" || f.options.Width != 48 || f.options.Height != 32 {
		t.Errorf("recognised %q, to be made %d×%d", f.found.Format, f.options.Width, f.options.Height)
	}
	for _, key := range []string{"min-per-class", "max-per-class"} {
		if f.field(key) != nil {
			t.Errorf("the form asks for %s", key)
		}
	}
	f.name = "streets"
	h.Until("the preview", func(*session.State) bool {
		at, size := fyne.CurrentApp().Driver().AbsolutePositionForObject(f.previews[3][3]), f.previews[3][3].Size()
		return shades(h, at.AddXY(0, size.Height/2), int(size.Width)) > 3
	})
	h.Golden("form-masks")
	f.begin()
	h.Until("the data set", func(s *session.State) bool { return s.Dataset == "streets" && p.Shown() == 9 && p.content != nil })
	if d := h.State().ChosenDataset(); d.Info.Task != data.Segmentation || len(p.notes.Objects) != len(d.Info.Notes) || len(d.Info.Notes) != 2 {
		t.Fatalf("%d notes are shown of %+v", len(p.notes.Objects), d.Info.Notes)
	}
	if said := p.notes.Objects[1].(*widgets.Paragraph).Text(); !strings.Contains(said, "no mask") {
		t.Errorf("a note says %q", said)
	}

	// A class lists the images that contain it.
	if got := p.perClass(p.state.ChosenDataset().Info); sum(got, 0) != 8 || sum(got, 1) != 8 || sum(got, 2) != 2 || p.content.Pixels[2] != 2*12*15 {
		t.Errorf("images of the classes %v, pixels %v", got, p.content.Pixels)
	}
	if p.classed.Text() != p.text("classes.in") || p.unlabelled(p.state.ChosenDataset().Info) != 1 {
		t.Errorf("%q, %d unlabelled", p.classed.Text(), p.unlabelled(p.state.ChosenDataset().Info))
	}
	p.classes.OnSelected(2)
	h.Until("the images with a car", func(*session.State) bool { return p.Shown() == 2 })
	p.classes.OnSelected(-1)
	p.splitBox.Pick(4)
	h.Until("the image without a mask", func(*session.State) bool { return p.Shown() == 1 })
	p.pickItem(0)
	h.Until("it, large", func(*session.State) bool { return p.annotated.panel.Visible() })
	if p.annotated.void.Text() != p.text("masks.none") || p.annotated.view.ClassAt(1, 1) != -1 {
		t.Errorf("an image without masks has the class %d; it says %q", p.annotated.view.ClassAt(1, 1), p.annotated.void.Text())
	}
	p.splitBox.Pick(0)
	h.Until("all", func(*session.State) bool { return p.Shown() == 9 })
	if p.annotated.panel.Visible() {
		t.Error("an image stays that is not chosen any more")
	}
	for i := range p.items {
		if p.content.Has(p.items[i].ID, 2) {
			p.grid.Select(i)
			p.pickItem(i)
			break
		}
	}
	a := &p.annotated
	h.Until("an image with a car", func(*session.State) bool { return a.panel.Visible() && p.selected.box.Visible() })
	v := a.view
	if v.ClassAt(2, 2) != 0 || v.ClassAt(2, 20) != 1 || v.ClassAt(40, 20) != 2 || v.ClassAt(2, 16) != -1 || p.selected.small.Visible() {
		t.Errorf("the masks lie otherwise: %d %d %d %d", v.ClassAt(2, 2), v.ClassAt(2, 20), v.ClassAt(40, 20), v.ClassAt(2, 16))
	}
	if rows := a.legend.Rows(); len(rows) != 3 || rows[0].Share != .5 || rows[2].Share != 12*15/(48*32.) {
		t.Errorf("the legend has %+v", rows)
	}
	if a.view.OnClass(2, 2, 0) != "sky" || a.view.OnClass(2, 16, -1) != p.text("void") || a.view.OnClass(-1, -1, -1) != p.text("void") {
		t.Error("the class under the pointer is not named")
	}
	drawn(h, p)
	h.Golden("annotated")
	a.legend.OnHidden(0, true)
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func sum(of [3][]int, class int) (n int) {
	for _, s := range of {
		n += s[class]
	}
	return n
}

// shades counts the colours of a row of pixels of the window.
func shades(h *pagetest.Host, at fyne.Position, n int) int {
	window, seen := h.Window().Canvas().Capture(), map[color.Color]bool{}
	for x := range n {
		seen[window.At(int(at.X)+x, int(at.Y))] = true
	}
	return len(seen)
}

// drawn waits until the images of the grid are there.
func drawn(h *pagetest.Host, p *Page) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.grid)
	h.Until("the images of the grid", func(*session.State) bool {
		for i := range p.items {
			if shades(h, at.AddXY(float32(i*56), 30), 54) < 4 {
				return false
			}
		}
		return true
	})
}

// The shapes are offered for both of their tasks.
func TestSamplesForTheirTasks(t *testing.T) {
	h := pagetest.New(t, "ko", true, New)
	h.Page().(*Page).samples()
	if h.Dialogs != 1 {
		t.Error("the samples are not offered")
	}
	h.Golden("guide-ko-dark")
	last := offeredSamples()[2]
	h.Session().ImportSample(last.name, last.task)
	h.Until("the sample", func(s *session.State) bool { return s.Dataset == "shapes-segmentation" && s.Import == nil })
	if i := h.State().ChosenDataset().Info; i.Task != data.Segmentation || i.Background != 0 {
		t.Errorf("the sample is for %s", i.Task)
	}
	h.Session().ImportSample(last.name, last.task)
	h.Until("it again", func(s *session.State) bool { return s.Dataset == "shapes-segmentation" })
	if n := len(h.State().Datasets); n != 1 || len(h.Faults) > 0 {
		t.Errorf("%d data sets; %v", n, h.Faults)
	}
}
