package imports_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/gif"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestKindsOfImages(t *testing.T) {
	half := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range half.Pix {
		half.Pix[i] = []byte{255, 0, 0, 128}[i%4]
	}
	grey16 := image.NewGray16(image.Rect(0, 0, 8, 8))
	for i := 0; i < len(grey16.Pix); i += 2 {
		grey16.Pix[i], grey16.Pix[i+1] = 200, 77
	}
	colour16 := image.NewNRGBA64(image.Rect(0, 0, 8, 8))
	for i := 0; i < len(colour16.Pix); i += 8 {
		copy(colour16.Pix[i:], []byte{10, 0, 20, 0, 30, 0, 255, 255})
	}
	frame := func(v byte) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.RGBA{v, 0, 0, 255}, color.RGBA{0, v, 0, 255}})
		return p
	}
	var animated bytes.Buffer
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{frame(250), frame(90)}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	upright := image.NewNRGBA(image.Rect(0, 0, 16, 8)) // left half red, right half blue
	for y := range 8 {
		for x := range 16 {
			upright.Set(x, y, color.RGBA{255, 0, 0, 255})
			if x >= 8 {
				upright.Set(x, y, color.RGBA{0, 0, 255, 255})
			}
		}
	}
	source := datatest.Files{
		"a/grey.png":     datatest.PNG(t, datatest.Grey(8, 8, 70)),
		"a/colour.png":   datatest.PNG(t, datatest.Plain(8, 8, color.RGBA{1, 2, 3, 255})),
		"a/alpha.png":    datatest.PNG(t, half),
		"a/grey16.png":   datatest.PNG(t, grey16),
		"a/colour16.png": datatest.PNG(t, colour16),
		"b/cmyk.jpg":     datatest.CMYK(0, 255, 255, 0),
		"b/dark.jpg":     datatest.CMYK(0, 0, 0, 155),
		"b/animated.gif": animated.Bytes(),
		"b/exif.jpg":     datatest.Turned(datatest.JPEG(t, upright), 6, false), // to be turned right: what was left is on top
		"b/exif8.jpg":    datatest.Turned(datatest.JPEG(t, upright), 8, true),
	}.Folder(t)
	d := importtest.Imported(t, source, func(o *imports.Options) { o.Width, o.Height = 8, 8 })
	for file, want := range map[string][]int{
		"a/grey.png": {70, 70, 70}, "a/colour.png": {1, 2, 3}, "a/alpha.png": {255, 127, 127}, "a/grey16.png": {200, 200, 200},
		"a/colour16.png": {10, 20, 30}, "b/cmyk.jpg": {255, 0, 0}, "b/dark.jpg": {100, 100, 100}, "b/animated.gif": {250, 0, 0},
		"b/exif.jpg": {255, 0, 0}, "b/exif8.jpg": {0, 0, 255},
	} {
		t.Run(file, func(t *testing.T) {
			p := importtest.ByFile(t, d, file)
			if p.W != 8 || p.H != 8 || p.C != 3 || len(p.Pix) != 192 {
				t.Fatalf("%d×%d×%d with %d bytes", p.W, p.H, p.C, len(p.Pix))
			}
			datatest.WantNear(t, p.Pix[3:6], want...)
		})
	}
	r, err := d.Record(d.Index()[slices.IndexFunc(d.Index(), func(e data.Entry) bool { r, _ := d.Record(e.ID); return r.File == "b/exif.jpg" })].ID)
	if err != nil || r.W != 8 || r.H != 16 {
		t.Errorf("a turned photo is kept as %d×%d, %v; want 8×16", r.W, r.H, err)
	}
}

func TestGreyStaysGrey(t *testing.T) {
	d := importtest.Imported(t, datatest.TwoClasses(t, 4).Folder(t), nil)
	if i := d.Info(); i.Channels != 1 || i.Width != 4 || i.Height != 4 {
		t.Errorf("all images are grey and 4×4, the data set is %d×%d×%d", i.Width, i.Height, i.Channels)
	}
	d = importtest.Imported(t, datatest.TwoClasses(t, 4).Folder(t), func(o *imports.Options) { o.Channels, o.Width, o.Height = 3, 6, 5 })
	if p := importtest.ByFile(t, d, "b/02.png"); p.C != 3 || p.W != 6 || p.H != 5 || p.Pix[0] != 102 {
		t.Errorf("%d×%d×%d, first value %d", p.W, p.H, p.C, p.Pix[0])
	}
}

// The one that is not like the others comes where the guess does not look.
func TestGuessIsWidened(t *testing.T) {
	f := datatest.TwoClasses(t, 99)
	f["a/01.png"] = datatest.PNG(t, datatest.Plain(5, 4, color.RGBA{200, 0, 0, 255}))
	var skipped []string
	f["a/00.png"] = []byte("no image")
	o := imports.Default()
	out := filepath.Join(t.TempDir(), "set")
	info, err := imports.Import(context.Background(), f.Folder(t), out, o, func(p imports.Progress) {
		if p.Skipped != nil {
			skipped = append(skipped, p.Skipped.File)
		}
	})
	if err != nil || info.Width != data.DefaultSide || info.Channels != 3 {
		t.Fatalf("%d×%d×%d, %v", info.Width, info.Height, info.Channels, err)
	}
	if !slices.Equal(skipped, []string{"a/00.png"}) {
		t.Errorf("told of %q, want a/00.png once", skipped)
	}
}

func TestUnreadableFilesAreListed(t *testing.T) {
	f := datatest.TwoClasses(t, 3)
	huge := datatest.PNG(t, datatest.Grey(1, 1, 0))
	copy(huge[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60}) // 60,000×60,000
	f["a/huge.png"] = datatest.WithCRC(huge)
	f["a/text.png"] = []byte("this is text")
	f["a/cut.jpg"] = datatest.JPEG(t, datatest.Plain(64, 64, color.RGBA{1, 200, 3, 255}))[:600]
	f["a/cut.png"] = f["a/01.png"][:50]
	f["a/empty.png"] = nil
	f["outside.png"] = f["a/01.png"]
	var observed []data.Skipped
	var last imports.Progress
	out := filepath.Join(t.TempDir(), "set")
	info, err := imports.Import(context.Background(), f.Folder(t), out, imports.Default(), func(p imports.Progress) {
		if last = p; p.Skipped != nil {
			observed = append(observed, *p.Skipped)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range info.Skipped {
		got[s.File] = s.Code
		if !strings.Contains(s.Reason, s.File) {
			t.Errorf("the reason %q does not name %s", s.Reason, s.File)
		}
	}
	want := map[string]string{
		"a/huge.png": "image.large", "a/text.png": "image.format", "a/cut.jpg": "image.truncated", "a/cut.png": "image.truncated",
		"a/empty.png": "image.empty", "outside.png": "data.outside",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("left out %v, want %v", got, want)
	}
	if len(observed) != len(want) || last.Done != last.Total || info.Images() != 6 {
		t.Errorf("%d told of, %d of %d done, %d images", len(observed), last.Done, last.Total, info.Images())
	}
	kept := importtest.Reopened(t, out).Info()
	if len(kept.Skipped) != len(want) {
		t.Errorf("dataset.json lists %d files left out, want %d", len(kept.Skipped), len(want))
	}
}

func TestEncodingsKeepTheImage(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for y := range 16 {
		for x := range 16 {
			picture.Set(x, y, color.RGBA{byte(10 * x), byte(10 * y), 90, 255})
		}
	}
	source := datatest.Files{"a/x.png": datatest.PNG(t, picture), "b/y.png": datatest.PNG(t, picture)}.Folder(t)
	for _, encoding := range data.Encodings() {
		d := importtest.Imported(t, source, func(o *imports.Options) { o.Encoding, o.ValPercent = encoding, 0 })
		p := importtest.ByFile(t, d, "a/x.png")
		want := data.Fit(picture, 16, 16, 3, data.Squash)
		if encoding == data.EncodingJPEG {
			if len(p.Pix) != len(want.Pix) {
				t.Errorf("jpeg: %d bytes", len(p.Pix))
			}
		} else if !bytes.Equal(p.Pix, want.Pix) {
			t.Errorf("%s changes the image", encoding)
		}
		m, err := d.Mean()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.Pixels().Pix, p.Pix) { // both images are the same one
			t.Errorf("%s: the mean is not of the images as they are kept", encoding)
		}
	}
}

func TestSameContentsForAnyThreads(t *testing.T) {
	source := datatest.TwoClasses(t, 60).Folder(t)
	one := importtest.Imported(t, source, func(o *imports.Options) { o.Threads = 1 })
	three := importtest.Imported(t, source, func(o *imports.Options) { o.Threads = 3 })
	importtest.SameContents(t, one, three)
}

func TestTaskOfTheSource(t *testing.T) {
	source := datatest.TwoClasses(t, 2).Folder(t)
	for task, code := range map[data.Task]string{data.Detection: "data.task.source", data.Segmentation: "data.masks.none", "dreaming": "data.task"} {
		o := imports.Default()
		o.Task = task
		_, err := imports.Import(t.Context(), source, t.TempDir()+"/set", o, nil)
		datatest.WantFault(t, err, code)
	}
	importtest.Imported(t, source, func(o *imports.Options) { o.Task = data.Classification })
}
