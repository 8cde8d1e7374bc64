package data

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"github.com/convscope/convscope/app/pagetest"
	"github.com/convscope/convscope/app/session"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/widgets"
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
			pagetest.WritePNG(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), img)
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

// prepared opens the form of an import of n images of each of two classes.
func prepared(t *testing.T, language string, n int) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.New(t, language, false, New)
	p := h.Page().(*Page)
	p.Dropped([]string{classFolders(t, n, "a", "b")})
	h.Until("the source", func(*session.State) bool { return p.form != nil && p.form.found != nil })
	return h, p
}

// field finds a number of the form.
func (f *form) field(key string) *widgets.Number {
	for _, x := range f.fields {
		if x.key == key {
			return x.number
		}
	}
	return nil
}

func TestWhatCannotBeIsNotImported(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		h, p := prepared(t, language, 8)
		f := p.form
		if !f.start.Enabled() || f.refusal.Visible() {
			t.Fatalf("the form refuses at once: %s", f.refusal.Text())
		}
		for _, key := range []string{"width", "height", "val", "test", "min-per-class", "max-per-class"} {
			before := f.field(key).Field.Text
			for _, text := range []string{"-1", "x", "1e12"} {
				f.field(key).Field.SetText(text)
				if f.start.Enabled() || !f.field(key).Wrong() || !strings.Contains(f.refusal.Text(), p.text(key)) {
					t.Errorf("%s %q: refused %v: %s", key, text, !f.start.Enabled(), f.refusal.Text())
				}
			}
			f.begin()
			if h.State().Import != nil || f.started {
				t.Fatal("it is imported all the same")
			}
			f.field(key).Field.SetText(before)
			if !f.start.Enabled() {
				t.Fatalf("%s %s is refused: %s", key, before, f.refusal.Text())
			}
		}
		f.nameRow.Field.SetText("")
		if f.start.Enabled() || !strings.Contains(f.refusal.Text(), p.text("name")) {
			t.Errorf("a data set without a name: %s", f.refusal.Text())
		}
		f.nameRow.Field.SetText("x")
		f.field("width").Field.SetText("0")
		h.Rebuild(map[string]string{"en": "ko", "ko": "en"}[language])
		if !p.form.start.Enabled() || p.form.field("width").Wrong() {
			t.Error("after a change of language the form refuses what it shows")
		}
	}
}

func TestSplitThatLeavesNothingToTrainOn(t *testing.T) {
	_, p := prepared(t, "en", 8)
	f := p.form
	if got := f.split.Text(); got != "expected: train 12 · validation 4 · test 0" {
		t.Errorf("the split is told as %q", got)
	}
	f.field("val").Field.SetText("80")
	f.field("test").Field.SetText("10")
	if f.start.Enabled() || !strings.Contains(f.refusal.Text(), "No image of a ") {
		t.Errorf("a class without an image to train on: %q", f.refusal.Text())
	}
	f.field("test").Field.SetText("30")
	if f.start.Enabled() || !strings.Contains(f.refusal.Text(), "110") {
		t.Errorf("more than there is: %q", f.refusal.Text())
	}
	f.field("val").Field.SetText("5")
	f.field("test").Field.SetText("0")
	if !f.start.Enabled() || !strings.Contains(f.split.Text(), "for validation") {
		t.Errorf("a class without validation images: %q, %q", f.split.Text(), f.refusal.Text())
	}
	f.field("min-per-class").Field.SetText("9")
	f.field("min-per-class").Field.SetText("0")
	if !f.start.Enabled() {
		t.Error(f.refusal.Text())
	}
}

// What the form foresees is what an import makes.
func TestForesight(t *testing.T) {
	root := t.TempDir()
	for c, n := range []int{1, 3, 8, 13} {
		if err := os.Rename(filepath.Join(classFolders(t, n, "x"), "x"), filepath.Join(root, string(rune('a'+c)))); err != nil {
			t.Fatal(err)
		}
	}
	found, err := imports.Recognize(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		val, test   float64
		least, most int
	}{{25, 0, 0, 0}, {80, 10, 0, 0}, {33, 33, 0, 0}, {10, 20, 2, 9}, {0, 0, 0, 4}, {95, 5, 3, 0}} {
		o := imports.Default()
		o.Width, o.Height, o.ValPercent, o.TestPercent, o.MinPerClass, o.MaxPerClass = 8, 8, c.val, c.test, c.least, c.most
		shares, known := foresee(&found, o)
		info, err := imports.Import(t.Context(), root, filepath.Join(t.TempDir(), fmt.Sprint(i)), o, nil)
		if err != nil || !known {
			t.Fatal(known, err)
		}
		for k, class := range info.Classes {
			want := share{class, info.PerClass[data.Train][k], info.PerClass[data.Val][k], info.PerClass[data.Test][k]}
			if shares[k] != want {
				t.Errorf("%+v: foreseen %+v, made %+v", c, shares[k], want)
			}
		}
	}
}

// Which files cannot be read is known after an import only: the data set tells then which classes cannot be learned.
func TestClassesThatCannotBeLearned(t *testing.T) {
	h := pagetest.New(t, "ko", false, New)
	p := h.Page().(*Page)
	root := classFolders(t, 8, "a", "b")
	o := imports.Default()
	o.Width, o.Height, o.ValPercent, o.TestPercent = 8, 8, 80, 10
	h.Session().Import(root, "few", o)
	h.Until("the data set", func(s *session.State) bool { return s.Dataset == "few" && p.Shown() == 16 })
	if !p.warning.Visible() || !strings.HasPrefix(p.warning.Text(), "a은(는)") {
		t.Errorf("it says %q", p.warning.Text())
	}
	h.Session().ImportSample("shapes", data.Classification)
	h.Until("the sample", func(s *session.State) bool { return s.Dataset == "shapes" && p.Shown() > 16 })
	if p.warning.Visible() {
		t.Errorf("of the sample it says %q", p.warning.Text())
	}
}

func TestDamagedDatasetShowsWhatIsWrong(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		h := pagetest.New(t, language, false, New)
		p := h.Page().(*Page)
		damaged := fault.New("data.info.damaged", "%s cannot be read: it is damaged or cut off. Import the data set again.", "/x/dataset.json")
		p.Update(&session.State{Datasets: []session.Dataset{{Name: "cut", Err: damaged}}, Dataset: "cut"})
		var said []string
		for _, o := range test.LaidOutObjects(h.Window().Content()) {
			switch x := o.(type) {
			case *widgets.Text:
				said = append(said, x.Text())
			case *widgets.Paragraph:
				said = append(said, x.Text())
			}
		}
		all := strings.Join(said, "\n")
		if !strings.Contains(all, "/x/dataset.json") || strings.Contains(all, "0×0") || strings.Contains(all, "task.") || strings.Contains(all, "kB") {
			t.Errorf("a damaged data set says:\n%s", all)
		}
		p.delete()
		if len(h.Asked) != 1 {
			t.Error("a damaged data set cannot be deleted")
		}
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
	h.Session().ImportSample("shapes", data.Classification)
	h.Session().CancelImport()
	h.Until("the end", func(s *session.State) bool { return s.Import == nil })
	if n := len(h.State().Datasets); n != 0 {
		t.Errorf("%d data sets after a cancelled import", n)
	}
	if len(h.Faults) > 0 {
		t.Error(h.Faults)
	}
}
