package data_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/samples"
)

// A data set's content is what its masks show: each image counts for every class that it has a pixel of.
func TestContent(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shapes")
	if _, err := samples.Import(t.Context(), "shapes", folder, samples.Options{Task: data.Segmentation, Count: 12, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Edit(func(e *data.Edit) error { return e.SetTruth(3, data.Truth{Class: -1}) }); err != nil { // one without masks
		t.Fatal(err)
	}
	c, err := d.Content(t.Context())
	if err != nil || c.Labelled != 11 {
		t.Fatalf("%d images are labelled, %v", c.Labelled, err)
	}
	info := d.Info()
	images, pixels := [data.Splits][]int{}, make([]int64, len(info.Classes))
	for s := range images {
		images[s] = make([]int, len(info.Classes))
	}
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		has := map[int]bool{}
		if e.ID != 3 {
			classes, err := r.Truth.ClassMap(r.StoredW, r.StoredH, info.Background, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, class := range classes {
				if class != data.Void {
					has[int(class)] = true
					pixels[class]++
				}
			}
		}
		for class := range info.Classes {
			if c.Has(e.ID, class) != has[class] {
				t.Errorf("image %d has class %d: %v", e.ID, class, !has[class])
			}
			if has[class] {
				images[e.Split][class]++
			}
		}
	}
	for class := range pixels {
		if c.Pixels[class] != pixels[class] {
			t.Errorf("class %d has %d pixels, not %d", class, c.Pixels[class], pixels[class])
		}
		for s := range images {
			if c.Images[s][class] != images[s][class] {
				t.Errorf("%d images of split %d have class %d, not %d", c.Images[s][class], s, class, images[s][class])
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Content(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
