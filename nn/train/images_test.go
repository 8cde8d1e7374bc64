package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/fault"
)

// edit changes a data set.
func edit(t *testing.T, d *data.Dataset, change func(*data.Edit) error) {
	t.Helper()
	if err := d.Edit(change); err != nil {
		t.Fatal(err)
	}
}

// What is labelled while a run stands still does not change it: it goes on with its own images, in the order that they would have had.
func TestRunGoesOnAfterImagesWereLabelled(t *testing.T) {
	d := digits(t, 60)
	later := []uint32{d.IDs(data.Train)[3], d.IDs(data.Train)[20], d.IDs(data.Val)[1]}
	label := func(class int) {
		edit(t, d, func(e *data.Edit) (err error) {
			for _, id := range later {
				err = errors.Join(err, e.SetTruth(id, data.Truth{Class: class}))
			}
			return err
		})
	}
	label(-1)
	whole, stopped := job(t, d, quick(3)), job(t, d, quick(3))
	must(context.Background(), t, whole, nil)
	requests := make(chan Request, 1)
	stopped.Requests = requests
	result, _ := must(context.Background(), t, stopped, func(e Event) {
		if s, ok := e.(Step); ok && s.Iteration == 4 {
			requests <- Stop{}
		}
	})
	if result.Reason != Stopped {
		t.Fatalf("%+v", result)
	}
	label(7)
	again := resumed(stopped)
	again.Requests = nil
	if result, _ := must(context.Background(), t, again, nil); result.Reason != Finished {
		t.Errorf("%+v", result)
	}
	if !same(weights(t, whole.Folder, "last"), weights(t, stopped.Folder, "last")) {
		t.Error("other weights than of a run that never stopped")
	}
	branch := filepath.Join(t.TempDir(), "branch")
	if err := Branch(stopped.Folder, branch, 3, 0); err != nil {
		t.Fatal(err)
	}
	again.Folder, again.Epochs = branch, 4
	if result, events := must(context.Background(), t, again, nil); result.Reason != Finished || len(of[Step](events)) != 3 {
		t.Errorf("a branch of it: %+v after %d steps", result, len(of[Step](events)))
	}

	edit(t, d, func(e *data.Edit) error { return e.SetTruth(d.IDs(data.Val)[0], data.Truth{Class: -1}) })
	if _, err := Run(context.Background(), resumed(stopped), func(Event) {}); fault.Code(err) != "train.data.unlabelled" {
		t.Errorf("with an image that is no longer labelled: %v", err)
	}
}

// A run that an older version began has its list from when it first goes on.
func TestRunOfAnOlderVersionGetsItsList(t *testing.T) {
	j := older(t)
	label := data.Truth{Class: 2}
	edit(t, j.Data, func(e *data.Edit) error { return e.SetTruth(2, label) })
	if _, err := Run(context.Background(), j, func(Event) {}); fault.Code(err) != "train.data.other" {
		t.Errorf("labelled before: %v", err)
	}
	edit(t, j.Data, func(e *data.Edit) error { return e.SetTruth(2, data.Truth{Class: -1}) })
	must(context.Background(), t, j, nil)
	edit(t, j.Data, func(e *data.Edit) error { return e.SetTruth(2, label) })
	j.Epochs = 5
	if result, events := must(context.Background(), t, j, nil); result.Reason != Finished || len(of[Step](events)) != 3 {
		t.Errorf("%+v after %d steps", result, len(of[Step](events)))
	}
}

func TestListOfImages(t *testing.T) {
	j := job(t, digits(t, 60), quick(1))
	must(context.Background(), t, j, nil)
	list := filepath.Join(j.Folder, imagesFile)
	whole, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	train, val, err := readImages(j.Folder, 60)
	if err != nil || !slices.Equal(train, j.Data.IDs(data.Train)) || !slices.Equal(val, j.Data.IDs(data.Val)) {
		t.Errorf("%v and %v, %v", train, val, err)
	}
	if _, _, err := readImages(j.Folder, 59); !errors.Is(err, errBeyond) {
		t.Errorf("of a smaller data set: %v", err)
	}
	for what, c := range map[string]struct {
		change func([]byte) []byte
		code   string
	}{
		"cut off":      {func(b []byte) []byte { return b[:len(b)/2] }, "train.images.damaged"},
		"other images": {func(b []byte) []byte { return bytes.Replace(b, []byte(`"train": "`), []byte(`"train": "0,`), 1) }, "train.images.damaged"},
		"newer":        {func(b []byte) []byte { return bytes.Replace(b, []byte(`"format": 1`), []byte(`"format": 9`), 1) }, "train.run.newer"},
		"whole":        {func(b []byte) []byte { return b }, ""},
	} {
		if err := os.WriteFile(list, c.change(bytes.Clone(whole)), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), resumed(j), func(Event) {}); fault.Code(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Remove(list); err != nil { // the same images are labelled still
		t.Fatal(err)
	}
	must(context.Background(), t, resumed(j), nil)
	if again, err := os.ReadFile(list); err != nil || !bytes.Equal(again, whole) {
		t.Errorf("it is written again as %s, %v", again, err)
	}
}

// Data are known by their images and which of them are trained on: neither where they lie nor what they are labelled as says more.
func TestIdentityIsOfTheImages(t *testing.T) {
	imported := func(shade uint8, encoding string) *data.Dataset {
		source := t.TempDir()
		for i := range 12 {
			folder := filepath.Join(source, []string{"a", "b"}[i%2])
			img := image.NewGray(image.Rect(0, 0, 4, 4))
			img.Pix[i] = 9
			if i == 0 {
				img.Pix[15] = shade
			}
			var b bytes.Buffer
			if err := errors.Join(os.MkdirAll(folder, 0o777), png.Encode(&b, img)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d.png", i)), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		o := imports.Default()
		o.Encoding = encoding
		folder := filepath.Join(t.TempDir(), "set")
		if _, err := imports.Import(context.Background(), source, folder, o, nil); err != nil {
			t.Fatal(err)
		}
		return set(t, folder)
	}
	identity := func(d *data.Dataset, less int) string {
		r := &run{Job: Job{Data: d}}
		if err := r.choose(RunInfo{}); err != nil {
			t.Fatal(err)
		}
		r.train = r.train[less:]
		if err := r.identify(RunInfo{}); err != nil {
			t.Fatal(err)
		}
		return r.identity
	}
	d := imported(200, data.EncodingPNG)
	own := identity(d, 0)
	if identity(imported(200, data.EncodingRaw), 0) != own {
		t.Error("the same images, stored in another way, are others")
	}
	if identity(imported(201, data.EncodingPNG), 0) == own {
		t.Error("an image with another pixel is the same")
	}
	if identity(d, 1) == own {
		t.Error("fewer images are the same")
	}
	edit(t, d, func(e *data.Edit) error { return e.SetTruth(3, data.Truth{Class: 0}) })
	if identity(d, 0) != own {
		t.Error("with another label they are others")
	}
	jpeg := identity(imported(200, data.EncodingJPEG), 0)
	if jpeg != identity(imported(201, data.EncodingJPEG), 0) {
		t.Error("a JPEG is known by its pixels, not by its file")
	}
}

func TestFormatIDs(t *testing.T) {
	for want, ids := range map[string][]uint32{"": nil, "0": {0}, "3-4": {3, 4}, "0-2,5,7-9": {0, 1, 2, 5, 7, 8, 9}} {
		if got := formatIDs(ids); got != want {
			t.Errorf("%v is written as %s, want %s", ids, got, want)
		}
		if got, err := parseIDs(want, 10); err != nil || !slices.Equal(got, ids) {
			t.Errorf("%s is read as %v, %v", want, got, err)
		}
	}
	for _, text := range []string{",", "1,1", "2-1", "5,3", "a", "-3", "1-", "1--2", " 1", "4294967296"} {
		if got, err := parseIDs(text, 1<<40); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
	if _, err := parseIDs("0-4294967295", 10); !errors.Is(err, errBeyond) {
		t.Errorf("of ten images: %v", err)
	}
}

func FuzzReadImages(f *testing.F) {
	f.Add([]byte(`{"format":1,"checksum":"00000000","train":"0-5,9","val":"6-8"}`))
	f.Add([]byte(`{"format":1,"train":"0-4294967295"}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, imagesFile), b, 0o666); err != nil {
			t.Fatal(err)
		}
		train, val, err := readImages(folder, 100)
		if err == nil && (!slices.IsSorted(train) || !slices.IsSorted(val) || len(train) == 0 || len(train)+len(val) > 200) {
			t.Errorf("%s is read as %v, %v", b, train, val)
		}
		// The text of a list, whatever its checksum.
		if ids, err := parseIDs(string(b), 1000); err == nil {
			if again, err := parseIDs(formatIDs(ids), 1000); err != nil || !slices.Equal(again, ids) {
				t.Errorf("%s is read as %v and then as %v, %v", b, ids, again, err)
			}
		}
	})
}
