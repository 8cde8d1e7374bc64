package detect

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/train"
	"github.com/convscope/convscope/nn/vision"
	"github.com/convscope/convscope/widgets"
)

func TestFindDigits(t *testing.T) {
	h := pagetest.New(t, "ko", true, New)
	p := h.Page().(*Page)
	h.Session().ImportSample("digits", data.Classification)
	h.Until("the data set", func(s *session.State) bool { return s.ChosenDataset() != nil })
	c := train.DefaultsFor(h.State().ChosenNetwork().Spec)
	c.Epochs = 2
	if _, err := h.Session().Train(c); err != nil {
		t.Fatal(err)
	}
	p.method.tryExample()
	h.Until("the example", func(*session.State) bool { return p.at == 0 })
	h.Until("the first epoch", func(s *session.State) bool { r := s.ChosenRun(); return r != nil && r.Info.BestEpoch > 0 })
	h.Session().Stop(h.State().Training.Run)
	h.Until("boxes", func(s *session.State) bool { return s.Training == nil && p.Shown() > 3 && !p.looking })

	many := p.Shown()
	p.windows.threshold = .99
	p.showFound()
	if p.Shown() >= many {
		t.Errorf("%d boxes at a threshold of .99, %d at .55", p.Shown(), many)
	}
	p.windows.threshold, p.windows.overlap = .3, .9
	p.showFound()
	if p.Shown() <= many {
		t.Errorf("%d boxes when they may overlap, %d when not", p.Shown(), many)
	}
	p.windows.heat, p.windows.class, p.windows.grid = 1, 3, true
	p.showFound()
	if p.Shown() != 0 {
		t.Error("boxes are shown over the heat map")
	}
	p.hovered(100, 100, true)
	if p.under.Text() == "" {
		t.Error("nothing is read under the pointer")
	}
	p.windows.heat = 0
	h.Rebuild("en")
	if p.Shown() == 0 {
		t.Error("the boxes are gone after a change of language")
	}
	h.Picked = t.TempDir()
	p.windows.save()
	h.Until("the saved picture", func(*session.State) bool {
		files, err := os.ReadDir(h.Picked)
		return err == nil && len(files) == 1 && filepath.Ext(files[0].Name()) == ".png"
	})
	// While a setting cannot be there are no boxes, and neither picture to save; with a right one they are looked for again.
	for _, n := range []*widgets.Number{p.windows.windowN, p.windows.strideN} {
		before := n.Field.Text
		n.Field.SetText("0")
		if p.Shown() != 0 || p.under.Text() == "" || p.windows.saving.Enabled() {
			t.Errorf("with a 0 there are %d boxes, and it says %q", p.Shown(), p.under.Text())
		}
		n.Field.SetText(before)
		h.Until("the boxes again", func(*session.State) bool { return p.Shown() > 0 && p.windows.saving.Enabled() })
	}
	p.windows.window = 4000
	p.search()
	h.Until("an error", func(*session.State) bool { return len(h.Faults) == 1 })
	if p.Shown() != 0 || p.under.Text() == "" {
		t.Errorf("%d boxes of an earlier search stand after an error", p.Shown())
	}
	// Another run has found nothing yet.
	p.windows.window = 0
	p.search()
	h.Until("the boxes again", func(*session.State) bool { return p.Shown() > 0 })
	damaged := *h.State()
	damaged.Runs = append([]session.Run{{Name: "damaged", Err: fault.New("model.file.missing", "%s does not exist.", "x")}}, damaged.Runs...)
	damaged.Run = "damaged"
	p.Update(&damaged)
	if p.Shown() != 0 || p.under.Text() == "" {
		t.Errorf("%d boxes of another run stand", p.Shown())
	}
}

func TestWithoutAPhotoItShowsWhatToDo(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	run := session.Run{Name: "run 1"}
	run.Info.Spec = h.State().ChosenNetwork().Spec
	p.Update(&session.State{Run: "run 1", Runs: []session.Run{run}})
	if !p.empty.Visible() {
		t.Fatal("without a photo the middle is blank")
	}
	h.Golden("empty")
	p.method.tryExample()
	h.Until("the example", func(*session.State) bool { return p.at == 0 })
	if p.empty.Visible() {
		t.Error("the guide lies over the photo")
	}
}

func TestDroppedFolder(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	dir := t.TempDir()
	if p.Dropped([]string{dir}) {
		t.Error("an empty folder was taken")
	}
	img, err := samples.Photo("digits", 64, 64, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "b.png"} {
		var b bytes.Buffer
		if err := errors.Join(png.Encode(&b, img), os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c.png"), []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	if !p.Dropped([]string{dir}) || len(p.photos) != 3 {
		t.Fatalf("%d photos of a folder of three", len(p.photos))
	}
	h.Until("the first photo", func(*session.State) bool { return p.photos[0].img != nil })
	p.show(2)
	h.Until("an error", func(*session.State) bool { return len(h.Faults) == 1 && len(p.photos) == 2 })
}

func TestHeat(t *testing.T) {
	w := &vision.Windows{Size: image.Pt(16, 8), Labels: []string{"a", "b"}, Scales: []vision.Grid{{
		Scale: 1, Width: 8, Height: 8, Stride: 8, Rows: 1, Columns: 2, Probabilities: []float32{.9, .1, .2, .8}, Content: []float32{1, 1},
	}}}
	all, b := heatOf(w, -1), heatOf(w, 1)
	if all.Bounds().Dx() != 2 {
		t.Fatalf("the heat map has %d columns", all.Bounds().Dx())
	}
	_, _, _, strong := all.At(0, 0).RGBA()
	_, _, _, weak := b.At(0, 0).RGBA()
	if weak >= strong {
		t.Errorf("the heat of class b (%d) is not below that of any (%d)", weak, strong)
	}
}

func TestBoxLabelsLeaveThePhoto(t *testing.T) {
	for name, want := range map[string]string{"8": "8 0.50", "아주아주아주아주아주 긴 이름": "아주아주아주아주아주 … 0.50", "twelve chars": "twelve chars 0.50"} {
		if got := boxLabel(vision.Box{Label: name, Score: .5}); got != want {
			t.Errorf("%q is written %q, not %q", name, got, want)
		}
	}
}
