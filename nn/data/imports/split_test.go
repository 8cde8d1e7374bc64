package imports_test

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestSplitPerClassBySeed(t *testing.T) {
	source := datatest.TwoClasses(t, 40).Folder(t)
	with := func(seed uint64) *data.Dataset {
		return importtest.Imported(t, source, func(o *imports.Options) { o.Seed, o.ValPercent, o.TestPercent = seed, 25, 10 })
	}
	d := with(1)
	i := d.Info()
	if i.Counts != [3]int{52, 20, 8} {
		t.Errorf("counts %v", i.Counts)
	}
	for s, want := range [3]int{26, 10, 4} {
		if !slices.Equal(i.PerClass[s], []int{want, want}) {
			t.Errorf("%s: %v of each class, want %d", data.Split(s), i.PerClass[s], want)
		}
	}
	if !slices.Equal(d.Index(), with(1).Index()) {
		t.Error("the same seed splits in another way")
	}
	if slices.Equal(d.Index(), with(2).Index()) {
		t.Error("another seed splits in the same way")
	}
}

func TestDefaultSplit(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 10).Folder(t), nil)
	if c := d.Info().Counts; c != [3]int{15, 5, 0} {
		t.Errorf("by default %v, want 25 %% for validation", c)
	}
}

func TestSeparateSources(t *testing.T) {
	source, val, test := datatest.TwoClasses(t, 6).Folder(t), datatest.TwoClasses(t, 2).Folder(t), datatest.TwoClasses(t, 1).Folder(t)
	d := importtest.Imported(t, source, func(o *imports.Options) { o.ValSource, o.TestSource = val, test })
	if c := d.Info().Counts; c != [3]int{12, 4, 2} {
		t.Errorf("%v, want 12, 4, 2", c)
	}
	other := datatest.Files{"c/x.png": datatest.PNG(t, datatest.Grey(4, 4, 0)), "a/x.png": datatest.PNG(t, datatest.Grey(4, 4, 0))}.Folder(t)
	o := imports.Default()
	o.ValSource = other
	_, err := imports.Import(context.Background(), source, filepath.Join(t.TempDir(), "x"), o, nil)
	datatest.WantFault(t, err, "data.join")
}

func TestBoundsPerClass(t *testing.T) {
	f := datatest.TwoClasses(t, 10)
	for i := range 4 {
		f[fmt.Sprintf("c/%d.png", i)] = datatest.PNG(t, datatest.Grey(4, 4, 0))
	}
	source := f.Folder(t)
	d := importtest.Imported(t, source, func(o *imports.Options) { o.MinPerClass, o.MaxPerClass, o.ValPercent = 5, 7, 0 })
	i := d.Info()
	if !slices.Equal(i.Classes, []string{"a", "b"}) || !slices.Equal(i.PerClass[data.Train], []int{7, 7}) {
		t.Errorf("%v with %v", i.Classes, i.PerClass[data.Train])
	}
	if len(i.Skipped) != 1 || i.Skipped[0].Code != "data.class.small" {
		t.Errorf("left out: %+v", i.Skipped)
	}
	o := imports.Default()
	o.MinPerClass = 100
	_, err := imports.Import(context.Background(), source, filepath.Join(t.TempDir(), "x"), o, nil)
	datatest.WantFault(t, err, "data.classes.small")
}

// A source of validation or test images is counted for itself.
func TestBoundsPerClassOfEachSource(t *testing.T) {
	source, more := datatest.TwoClasses(t, 10).Folder(t), datatest.TwoClasses(t, 6).Folder(t)
	for _, c := range []struct {
		least, most int
		want        [3]int // of each class
	}{{0, 0, [3]int{10, 6, 6}}, {0, 5, [3]int{5, 5, 5}}, {0, 8, [3]int{8, 6, 6}}, {9, 8, [3]int{8, 6, 6}}} {
		d := importtest.Imported(t, source, func(o *imports.Options) {
			o.ValSource, o.TestSource, o.MinPerClass, o.MaxPerClass = more, more, c.least, c.most
		})
		for split, n := range c.want {
			if got := d.Info().PerClass[split]; !slices.Equal(got, []int{n, n}) {
				t.Errorf("from %d to %d a class: %v for %v, want %d each", c.least, c.most, got, data.Split(split), n)
			}
		}
	}
	o := imports.Default()
	o.TestSource, o.MinPerClass = more, 11 // sixteen with the test's
	_, err := imports.Import(context.Background(), source, filepath.Join(t.TempDir(), "x"), o, nil)
	datatest.WantFault(t, err, "data.classes.small")
}

func TestClassesFile(t *testing.T) {
	source := datatest.TwoClasses(t, 3).Folder(t)
	d := importtest.Imported(t, source, func(o *imports.Options) {
		o.ClassesFile = datatest.Saved(t, "classes.txt", []byte("\ufeffb\r\n\r\na\r\nextra\tone\r\n"))
	})
	if c := d.Info().Classes; !slices.Equal(c, []string{"b", "a", "extra one"}) {
		t.Errorf("classes %q", c)
	}
	for text, code := range map[string]string{"a\na\nb\n": "data.classes.twice", "a\n": "data.classes.unknown"} {
		o := imports.Default()
		o.ClassesFile = datatest.Saved(t, "classes.txt", []byte(text))
		_, err := imports.Import(context.Background(), source, filepath.Join(t.TempDir(), "x"), o, nil)
		datatest.WantFault(t, err, code)
	}
}

func TestMeanIsOfTheTrainingSplit(t *testing.T) {
	f := datatest.Files{}
	for i, v := range []byte{10, 11, 40, 200} {
		f[fmt.Sprintf("train/a/%d.png", i)] = datatest.PNG(t, datatest.Plain(2, 1, color.RGBA{v, v + 1, 255 - v, 255}))
	}
	f["train/b/x.png"] = datatest.PNG(t, datatest.Plain(2, 1, color.RGBA{1, 1, 0, 255}))
	f["val/a/x.png"] = datatest.PNG(t, datatest.Plain(2, 1, color.RGBA{255, 255, 255, 255}))
	f["val/b/x.png"] = f["val/a/x.png"]
	d := importtest.Imported(t, f.Folder(t), func(o *imports.Options) { o.Channels = 3 })
	m, err := d.Mean()
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{52, 53, 152} // 262/5 = 52.4, 266/5 = 53.2, 759/5 = 151.8
	for c := range 3 {
		if m.Image[2*c] != want[c] || m.Image[2*c+1] != want[c] || m.Pixel[c] != want[c] {
			t.Errorf("channel %d: %v, pixel %v, want %v", c, m.Image[2*c:2*c+2], m.Pixel[c], want[c])
		}
	}
	// Moved to train, the white image counts.
	val := d.IDs(data.Val)
	err = d.Edit(func(e *data.Edit) error {
		for _, x := range val {
			if err := e.SetSplit(x, data.Train); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if m, err = d.Mean(); err != nil || m.Image[0] != 110 { // (262+510)/7 = 110.3
		t.Errorf("after the move %v, %v", m.Image, err)
	}
	if !bytes.Equal(m.Pixels().Pix[:1], []byte{110}) {
		t.Error("the picture of the mean is another one")
	}
}

// The mean is corrected where images that cannot be read change the split.
func TestMeanWithUnreadableImages(t *testing.T) {
	f := datatest.TwoClasses(t, 20)
	for i := range 6 {
		f[fmt.Sprintf("a/1%d.png", i)] = []byte("no image")
	}
	d := importtest.Imported(t, f.Folder(t), nil)
	got, err := d.Mean()
	if err != nil {
		t.Fatal(err)
	}
	total, ids := 0, d.IDs(data.Train)
	for _, id := range ids {
		p, err := d.Pixels(id)
		if err != nil {
			t.Fatal(err)
		}
		total += int(p.Pix[0])
	}
	if want := float32((2*total + len(ids)) / (2 * len(ids))); got.Image[0] != want {
		t.Errorf("mean %v, want %v", got.Image[0], want)
	}
	if i := d.Info(); i.PerClass[data.Val][0] != 4 && i.PerClass[data.Val][0] != 3 || i.Counts[data.Val] != 9 { // of 14 and 20
		t.Errorf("split %v", i.PerClass)
	}
}

func TestNoMeanWithoutTraining(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 3).Folder(t), func(o *imports.Options) { o.ValPercent = 100 })
	_, err := d.Mean()
	datatest.WantFault(t, err, "data.mean.empty")
}

func TestWrongOptions(t *testing.T) {
	source := datatest.TwoClasses(t, 2).Folder(t)
	parent := t.TempDir()
	for code, change := range map[string]func(*imports.Options){
		"data.percent":  func(o *imports.Options) { o.ValPercent, o.TestPercent = 60, 50 },
		"data.channels": func(o *imports.Options) { o.Channels = 2 },
		"data.size":     func(o *imports.Options) { o.Width = 5 },
		"data.max":      func(o *imports.Options) { o.Max = data.MaxSide + 1 },
		"data.resize":   func(o *imports.Options) { o.Resize = "stretch" },
		"data.encoding": func(o *imports.Options) { o.Encoding = "gif" },
		"data.format":   func(o *imports.Options) { o.Format = "lmdb" },
		"data.task":     func(o *imports.Options) { o.Task = "dreaming" },
		"file.missing":  func(o *imports.Options) { o.ValSource = filepath.Join(source, "none") },
	} {
		o := imports.Default()
		change(&o)
		_, err := imports.Import(context.Background(), source, filepath.Join(parent, "set"), o, nil)
		datatest.WantFault(t, err, code)
	}
	datatest.WantOnly(t, parent)
	if _, err := os.Stat(source); err != nil {
		t.Error(err)
	}
}
