package samples

import (
	"bytes"
	"context"
	"image"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func sampled(t *testing.T, name string, count int, seed uint64) *data.Dataset {
	t.Helper()
	return sampledFor(t, name, Options{Count: count, Seed: seed})
}

func sampledFor(t *testing.T, name string, o Options) *data.Dataset {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	if _, err := Import(context.Background(), name, out, o, nil); err != nil {
		t.Fatal(err)
	}
	return importtest.Reopened(t, out)
}

func TestDigits(t *testing.T) {
	d := sampled(t, "digits", 0, 1)
	i := d.Info()
	if i.Counts != [3]int{7500, 2500, 0} || len(i.Classes) != 10 || i.Width != 28 || i.Height != 28 || i.Channels != 1 {
		t.Errorf("%+v", i)
	}
	perClass := []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009} // MNIST's test images
	for c, want := range perClass {
		if n := i.PerClass[data.Train][c] + i.PerClass[data.Val][c]; n != want {
			t.Errorf("%d images of the digit %d, want %d", n, c, want)
		}
	}
	if x := d.Index(); x[0].Class != 7 || x[1].Class != 2 || x[9999].Class != 6 {
		t.Errorf("the first digits are %d, %d, the last %d; want 7, 2, 6", x[0].Class, x[1].Class, x[9999].Class)
	}
	p, err := d.Pixels(0)
	if err != nil || p.Pix[0] != 0 || slices.Max(p.Pix) != 255 {
		t.Errorf("the first digit, %v", err)
	}
	few := sampled(t, "digits", 40, 1)
	q, err := few.Pixels(0)
	if err != nil || few.Len() != 40 || !bytes.Equal(p.Pix, q.Pix) {
		t.Errorf("%d digits, %v; want the first 40", few.Len(), err)
	}
}

func TestShapesHaveEveryTruth(t *testing.T) {
	d := sampled(t, "shapes", 50, 7)
	if i := d.Info(); len(i.Classes) != 5 || i.Width != 32 || i.Channels != 3 || i.Images() != 50 {
		t.Fatalf("%+v", i)
	}
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		x := r.Truth
		if len(x.Boxes) != 1 || len(x.Polygons) != 1 || len(x.Masks) != 1 || x.Boxes[0].Class != x.Class || x.Masks[0].Instance != 1 {
			t.Fatalf("%+v", x)
		}
		on := pixelsOf(t, x.Masks[0], 32, 32)
		box, inside := x.Boxes[0], 0
		for i, v := range on {
			px, py := float32(i%32)+.5, float32(i/32)+.5
			if v {
				inside++
				if px < box.X || py < box.Y || px > box.X+box.W || py > box.Y+box.H {
					t.Fatalf("image %d: the mask sticks out of the box", e.ID)
				}
			}
		}
		if inside < 30 || box.X < 0 || box.Y < 0 || box.X+box.W > 32 || box.Y+box.H > 32 {
			t.Errorf("image %d: %d pixels in %+v", e.ID, inside, box)
		}
		p, err := d.Pixels(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		in, out := colourOf(p, on, true), colourOf(p, on, false)
		if difference := math.Abs(in[0]-out[0]) + math.Abs(in[1]-out[1]) + math.Abs(in[2]-out[2]); difference < 100 {
			t.Errorf("image %d: the shape is not seen: %v on %v", e.ID, in, out)
		}
	}
	importtest.SameContents(t, d, sampled(t, "shapes", 50, 7))
	p, _ := d.Pixels(0)
	if q, err := sampled(t, "shapes", 50, 8).Pixels(0); err != nil || bytes.Equal(p.Pix, q.Pix) {
		t.Errorf("another seed draws the same, %v", err)
	}
}

// pixelsOf reports of each pixel of an image whether it lies in the mask of an instance.
func pixelsOf(t *testing.T, m data.Mask, w, h int) []bool {
	t.Helper()
	ids, err := data.Truth{Masks: []data.Mask{m}}.InstanceMap(w, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	on := make([]bool, len(ids))
	for i, id := range ids {
		on[i] = id > 0
	}
	return on
}

// colourOf gives the mean colour where a mask is, or is not.
func colourOf(p data.Pixels, on []bool, want bool) (mean [3]float64) {
	n := 0.
	for i, v := range on {
		if v == want {
			n++
			for c := range mean {
				mean[c] += float64(p.Pix[3*i+c])
			}
		}
	}
	for c := range mean {
		mean[c] /= n
	}
	return mean
}

func TestSamplePhoto(t *testing.T) {
	for _, name := range Names() {
		a, err := Photo(name, 320, 200, 5)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Photo(name, 320, 200, 5)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Photo(name, 320, 200, 6)
		if err != nil {
			t.Fatal(err)
		}
		pix := func(img image.Image) []byte { return data.Fit(img, 320, 200, 3, data.Squash).Pix }
		if a.Bounds() != image.Rect(0, 0, 320, 200) || !bytes.Equal(pix(a), pix(b)) || bytes.Equal(pix(a), pix(c)) {
			t.Errorf("%s: %v; the same seed must give the same photo, another one another", name, a.Bounds())
		}
	}
	digits, err := Photo("digits", 320, 200, 5)
	if err != nil {
		t.Fatal(err)
	}
	bright := 0
	for _, v := range data.Fit(digits, 320, 200, 1, data.Squash).Pix {
		if v > 200 {
			bright++
		}
	}
	if bright < 100 || bright > 320*200/3 {
		t.Errorf("%d bright pixels: no digits, or nothing else", bright)
	}
	for _, size := range [][2]int{{32, 32}, {32, 1000}} {
		if _, err := Photo("shapes", size[0], size[1], 1); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}

func TestWrongSamples(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x")
	_, err := Import(context.Background(), "letters", out, Options{}, nil)
	datatest.WantFault(t, err, "sample.unknown")
	_, err = Import(context.Background(), "shapes", out, Options{Count: -1}, nil)
	datatest.WantFault(t, err, "sample.count")
	_, err = Import(context.Background(), "shapes", out, Options{Count: 1}, nil)
	datatest.WantFault(t, err, "data.classes.one")
	_, err = Import(context.Background(), "digits", out, Options{Task: data.Segmentation}, nil)
	datatest.WantFault(t, err, "sample.task")
	_, err = Scene("shapes", 10, 1<<20, 1)
	datatest.WantFault(t, err, "sample.photo")
	_, err = Scene("letters", 100, 100, 1)
	datatest.WantFault(t, err, "sample.unknown")
	_, err = Photo("letters", 100, 100, 1)
	datatest.WantFault(t, err, "sample.unknown")
	_, err = Photo("shapes", 10, 1<<20, 1)
	datatest.WantFault(t, err, "sample.photo")
}
