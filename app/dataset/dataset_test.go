package dataset

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// classFolders writes n images of two colours into folders with the names.
func classFolders(t *testing.T, n int, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for c, name := range names {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			img := image.NewRGBA(image.Rect(0, 0, 20+i, 16))
			for k := range img.Pix {
				img.Pix[k] = uint8(40*c + 60 + k%5)
			}
			img.Set(i, i, color.White)
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, img); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestEmptyWorkspaceShowsWhatToDo(t *testing.T) {
	h := pagetest.New(t, "en", false, New)
	p := h.Page().(*Page)
	if p.Shown() != 0 || p.form != nil {
		t.Fatal("an empty workspace shows images")
	}
	h.Golden("guide")
}

func TestDropImportExplore(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	root := classFolders(t, 8, "고양이", "dog")
	if err := os.WriteFile(filepath.Join(root, "dog", "broken.png"), []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	if !p.Dropped([]string{root}) {
		t.Fatal("a folder was not taken")
	}
	h.Until("the source", func(*session.State) bool { return p.form != nil && p.form.found != nil })
	if f := p.form.found; f.Format != "folders" || len(f.Classes) != 2 {
		t.Fatalf("recognised %q with classes %v", f.Format, f.Classes)
	}
	p.form.name = "동물 🐾"
	p.form.options.Width, p.form.options.Height = 24, 24
	p.form.choose(data.Fill)
	p.form.begin()
	h.Until("the data set", func(s *session.State) bool { return s.Dataset == "동물 🐾" && s.Import == nil && p.Shown() == 16 })
	if p.form != nil {
		t.Error("the form stays after the import")
	}
	d := h.State().ChosenDataset()
	if d.Info.Resize != data.Fill || d.Info.Width != 24 || len(d.Info.Skipped) != 1 {
		t.Errorf("the data set is %+v", d.Info)
	}
	p.showSkipped()
	if h.Dialogs != 1 {
		t.Error("the files that were left out are not listed")
	}

	p.classes.OnSelected(0)
	h.Until("one class", func(*session.State) bool { return p.Shown() == 8 })
	p.split = 1 // validation
	p.filter()
	h.Until("validation of one class", func(*session.State) bool { return p.Shown() == 2 })
	p.class, p.split, p.search = -1, -1, "dog/3"
	p.filter()
	h.Until("one file", func(*session.State) bool { return p.Shown() == 1 })
	p.pickItem(0)
	h.Until("details", func(*session.State) bool { return p.selected.box.Visible() })

	h.Rebuild("en")
	h.Until("the same after a change of language", func(*session.State) bool { return p.Shown() == 1 })

	p.delete()
	h.Until("nothing", func(s *session.State) bool { return len(s.Datasets) == 0 })
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}

func TestSourcesThatCannotBeImported(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	one := classFolders(t, 3, "alone")
	for i, source := range []string{t.TempDir(), one, filepath.Join(one, "missing")} {
		p.Dropped([]string{source})
		h.Until("an error", func(*session.State) bool { return len(h.Faults) == i+1 })
		if err := h.Faults[i]; fault.Code(err) == "" {
			t.Errorf("%s: the error is no sentence for people: %v", source, err)
		} else if s := h.FaultText(err); !strings.ContainsAny(s, "가나다라마바사이을를에니") {
			t.Errorf("%s: %q is not Korean", source, s)
		}
		if p.form != nil {
			t.Error("the form stays after an error")
		}
	}
}

func TestCancelledImportLeavesNothing(t *testing.T) {
	h := pagetest.New(t, "en", true, New)
	h.Session().ImportSample("shapes")
	h.Session().CancelImport()
	h.Until("the end", func(s *session.State) bool { return s.Import == nil })
	if n := len(h.State().Datasets); n != 0 {
		t.Errorf("%d data sets after a cancelled import", n)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}
