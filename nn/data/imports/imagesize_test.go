package imports_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/geometry"
)

// photos are two class folders with grey images of different sizes, the first ones alike, each all of one value.
func photos(t *testing.T, sizes ...[2]int) datatest.Files {
	t.Helper()
	f := datatest.Files{}
	for i, size := range sizes {
		for c, class := range []string{"a", "b"} {
			f[class+"/"+string(rune('a'+i))+".png"] = datatest.PNG(t, datatest.Grey(size[0], size[1], byte(10*i+100*c)))
		}
	}
	return f
}

func TestImagesKeepTheirSize(t *testing.T) {
	source := photos(t, [2]int{40, 20}, [2]int{10, 30}, [2]int{64, 64}, [2]int{1, 2}).Folder(t)
	for what, c := range map[string]struct {
		max     int
		stored  [][2]int // of the four sizes
		largest [2]int
	}{
		"keep":   {imports.KeepSize, [][2]int{{40, 20}, {10, 30}, {64, 64}, {1, 2}}, [2]int{64, 64}},
		"max:30": {30, [][2]int{{30, 15}, {10, 30}, {30, 30}, {1, 2}}, [2]int{30, 30}},
	} {
		for _, encoding := range data.Encodings() {
			d := importtest.Imported(t, source, func(o *imports.Options) { o.Max, o.Encoding, o.Resize = c.max, encoding, data.Crop })
			info := d.Info()
			if info.SameSize() || info.Width != 0 || info.Height != 0 || info.Largest != c.largest || info.Resize != data.Crop {
				t.Errorf("%s: %+v", what, info)
			}
			total, pixels := 0, 0
			for _, e := range d.Index() {
				i := int(e.ID % 4)
				px, err := d.Pixels(e.ID)
				again, err2 := d.Pixels(e.ID) // from the cache
				r, err3 := d.Record(e.ID)
				if err := errors.Join(err, err2, err3); err != nil {
					t.Fatal(err)
				}
				want := c.stored[i]
				if px.W != want[0] || px.H != want[1] || len(px.Pix) != px.W*px.H || again.W != px.W || r.StoredW != px.W || r.StoredH != px.H {
					t.Errorf("%s: image %d has %d×%d pixels, %+v, want %v", what, e.ID, px.W, px.H, r, want)
				}
				if size := [][2]int{{40, 20}, {10, 30}, {64, 64}, {1, 2}}[i]; r.W != size[0] || r.H != size[1] {
					t.Errorf("%s: image %d was %d×%d, want %v", what, e.ID, r.W, r.H, size)
				}
				if e.Split == data.Train {
					for _, v := range px.Pix {
						total += int(v)
					}
					pixels += len(px.Pix)
				}
			}
			m, err := d.Mean()
			if err != nil || m.Image != nil || m.W != 0 || len(m.Pixel) != 1 || math.Abs(float64(m.Pixel[0])-float64(total)/float64(pixels)) > 1e-4 {
				t.Errorf("%s: mean %+v of %d, %v", what, m, pixels, err)
			}
			if p := m.Pixels(); p.W != 1 || p.H != 1 || len(p.Pix) != 1 {
				t.Errorf("%s: the picture of the mean is %+v", what, p)
			}
			kept := m.Pixel[0]
			if err := d.Edit(func(e *data.Edit) error {
				return errors.Join(e.SetSplit(d.IDs(data.Train)[0], data.Test), e.SetSplit(d.IDs(data.Val)[0], data.Train))
			}); err != nil {
				t.Fatal(err)
			}
			if m, err := d.Mean(); err != nil || m.Pixel[0] == kept {
				t.Errorf("%s: after images moved the mean is %+v, %v", what, m, err)
			}
			if got := importtest.Reopened(t, d.Path()).Info(); got.Largest != c.largest {
				t.Errorf("%s: opened as %+v", what, got)
			}
		}
	}
}

// nearlyAlike are two class folders of images of 8×8, but for one of 16×8 that is not among those that an import looks at first.
func nearlyAlike(t *testing.T) datatest.Files {
	t.Helper()
	const looked = 64 // images of which an import reads the headers first
	f := datatest.Files{}
	for i := range 2 * looked {
		w := 8
		if i == 1 {
			w = 16
		}
		f[fmt.Sprintf("%c/%02d.png", 'a'+i/looked, i%looked)] = datatest.PNG(t, datatest.Grey(w, 8, byte(i)))
	}
	return f
}

// A source whose images are all alike keeps one size and its mean image; one that seemed to be is begun again.
func TestKeptImagesThatAreAlike(t *testing.T) {
	alike := make([][2]int, 3)
	for i := range alike {
		alike[i] = [2]int{40, 20}
	}
	for limit, want := range map[int][2]int{imports.KeepSize: {40, 20}, 10: {10, 5}} {
		d := importtest.Imported(t, photos(t, alike...).Folder(t), func(o *imports.Options) { o.Max = limit })
		m, err := d.Mean()
		if i := d.Info(); err != nil || i.Width != want[0] || i.Height != want[1] || i.Largest != [2]int{} || m.W != want[0] || len(m.Image) != want[0]*want[1] {
			t.Errorf("%d×%d, %+v, %v", i.Width, i.Height, m, err)
		}
	}
	f := nearlyAlike(t)
	d := importtest.Imported(t, f.Folder(t), func(o *imports.Options) { o.Max = imports.KeepSize })
	if i := d.Info(); i.SameSize() || i.Largest != [2]int{16, 8} || i.Images() != len(f) {
		t.Errorf("%+v", i)
	}
}

// What is true of images is brought to their size with them, once, also where an import began with a wrong guess.
func TestTruthIsPlacedOnce(t *testing.T) {
	tree, err := source.Open(context.Background(), nearlyAlike(t).Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := formats.Read(context.Background(), tree, "folders")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Task = data.Detection
	for i := range c.Items {
		c.Items[i].Truth = data.Truth{Class: -1, Boxes: []data.Box{{Class: i % 2, Rect: geometry.Rect{X: 2, Y: 4, W: 4, H: 4}}}}
	}
	o := imports.Default()
	o.Max = 4
	out := filepath.Join(t.TempDir(), "set")
	if _, err := imports.FromCollection(context.Background(), c, out, o, nil); err != nil {
		t.Fatal(err)
	}
	d := importtest.Reopened(t, out)
	if i := d.Info(); i.SameSize() || i.Largest != [2]int{4, 4} || i.Counts != [data.Splits]int{96, 32, 0} {
		t.Errorf("%+v", i)
	}
	for id := range uint32(3) {
		want := data.Box{Class: int(id) % 2, Rect: geometry.Rect{X: 1, Y: 2, W: 2, H: 2}}
		if id == 1 { // 16×8 became 4×2
			want = data.Box{Class: 1, Rect: geometry.Rect{X: .5, Y: 1, W: 1, H: 1}}
		}
		if x, err := d.Truth(id); err != nil || len(x.Boxes) != 1 || x.Boxes[0] != want {
			t.Errorf("image %d: %+v, %v, want %+v", id, x, err, want)
		}
	}
}

func TestImagesTooLargeToKeep(t *testing.T) {
	f := photos(t, [2]int{20, 20}, [2]int{30, 20})
	f["a/long.png"] = datatest.PNG(t, image.NewGray(image.Rect(0, 0, data.MaxSide+1, 2)))
	source := f.Folder(t)
	out := filepath.Join(t.TempDir(), "set")
	o := imports.Default()
	o.Max = imports.KeepSize
	info, err := imports.Import(context.Background(), source, out, o, nil)
	if err != nil || len(info.Skipped) != 1 || info.Skipped[0].Code != "data.side" || info.Images() != 4 || info.Largest != [2]int{30, 20} {
		t.Errorf("%+v, %v", info, err)
	}
	o.Max, o.Force = data.MaxSide, true
	info, err = imports.Import(context.Background(), source, out, o, nil)
	if err != nil || len(info.Skipped) != 0 || info.Largest != [2]int{data.MaxSide, 20} {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := os.Stat(out); err != nil {
		t.Error(err)
	}
}
