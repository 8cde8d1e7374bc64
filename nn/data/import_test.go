package data

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
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
	source := files{
		"a/grey.png":     pngOf(t, grey(8, 8, 70)),
		"a/colour.png":   pngOf(t, plain(8, 8, color.RGBA{1, 2, 3, 255})),
		"a/alpha.png":    pngOf(t, half),
		"a/grey16.png":   pngOf(t, grey16),
		"a/colour16.png": pngOf(t, colour16),
		"b/cmyk.jpg":     cmykJPEG(0, 255, 255, 0),
		"b/dark.jpg":     cmykJPEG(0, 0, 0, 155),
		"b/animated.gif": animated.Bytes(),
		"b/exif.jpg":     turned(jpegOf(t, upright), 6, false), // to be turned right: what was left is on top
		"b/exif8.jpg":    turned(jpegOf(t, upright), 8, true),
	}.folder(t)
	d := imported(t, source, func(o *ImportOptions) { o.Width, o.Height = 8, 8 })
	for file, want := range map[string][]int{
		"a/grey.png": {70, 70, 70}, "a/colour.png": {1, 2, 3}, "a/alpha.png": {255, 127, 127}, "a/grey16.png": {200, 200, 200},
		"a/colour16.png": {10, 20, 30}, "b/cmyk.jpg": {255, 0, 0}, "b/dark.jpg": {100, 100, 100}, "b/animated.gif": {250, 0, 0},
		"b/exif.jpg": {255, 0, 0}, "b/exif8.jpg": {0, 0, 255},
	} {
		t.Run(file, func(t *testing.T) {
			p := byFile(t, d, file)
			if p.W != 8 || p.H != 8 || p.C != 3 || len(p.Pix) != 192 {
				t.Fatalf("%d×%d×%d with %d bytes", p.W, p.H, p.C, len(p.Pix))
			}
			wantNear(t, p.Pix[3:6], want...)
		})
	}
	r, err := d.Record(d.Index()[slices.IndexFunc(d.Index(), func(e Entry) bool { r, _ := d.Record(e.ID); return r.File == "b/exif.jpg" })].ID)
	if err != nil || r.W != 8 || r.H != 16 {
		t.Errorf("a turned photo is kept as %d×%d, %v; want 8×16", r.W, r.H, err)
	}
}

func TestGreyStaysGrey(t *testing.T) {
	d := imported(t, twoClasses(t, 4).folder(t), nil)
	if i := d.Info(); i.Channels != 1 || i.Width != 4 || i.Height != 4 {
		t.Errorf("all images are grey and 4×4, the data set is %d×%d×%d", i.Width, i.Height, i.Channels)
	}
	d = imported(t, twoClasses(t, 4).folder(t), func(o *ImportOptions) { o.Channels, o.Width, o.Height = 3, 6, 5 })
	if p := byFile(t, d, "b/02.png"); p.C != 3 || p.W != 6 || p.H != 5 || p.Pix[0] != 102 {
		t.Errorf("%d×%d×%d, first value %d", p.W, p.H, p.C, p.Pix[0])
	}
}

// The one that is not like the others comes where the guess does not look.
func TestGuessIsWidened(t *testing.T) {
	f := twoClasses(t, 99)
	f["a/01.png"] = pngOf(t, plain(5, 4, color.RGBA{200, 0, 0, 255}))
	var skipped []string
	f["a/00.png"] = []byte("no image")
	o := DefaultImport()
	out := filepath.Join(t.TempDir(), "set")
	info, err := Import(context.Background(), f.folder(t), out, o, func(p Progress) {
		if p.Skipped != nil {
			skipped = append(skipped, p.Skipped.File)
		}
	})
	if err != nil || info.Width != defaultSide || info.Channels != 3 {
		t.Fatalf("%d×%d×%d, %v", info.Width, info.Height, info.Channels, err)
	}
	if !slices.Equal(skipped, []string{"a/00.png"}) {
		t.Errorf("told of %q, want a/00.png once", skipped)
	}
}

func TestResizing(t *testing.T) {
	// 40×20: a white frame of 2 around grey, on the left half brighter.
	img := image.NewGray(image.Rect(0, 0, 40, 20))
	for i := range img.Pix {
		if img.Pix[i] = 100; i%40 < 20 {
			img.Pix[i] = 200
		}
	}
	at := func(how Resize, x, y int) byte { return Fit(img, 20, 20, 1, how).Pix[y*20+x] }
	for _, c := range []struct {
		how  Resize
		x, y int
		want byte
	}{
		{Squash, 2, 10, 200},
		{Squash, 17, 10, 100},
		{Squash, 0, 0, 200},
		{Crop, 8, 0, 200},
		{Crop, 11, 19, 100},
		{Fill, 10, 4, 0},
		{Fill, 2, 6, 200},
		{Fill, 17, 13, 100},
		{Fill, 10, 15, 0},
		// ratios 2 and 1, their mean 1.5: 27×13, cut to 20 and padded by 3 and 4
		{HalfCrop, 10, 2, 0},
		{HalfCrop, 5, 3, 200},
		{HalfCrop, 14, 15, 100},
		{HalfCrop, 10, 16, 0},
	} {
		if got := at(c.how, c.x, c.y); got != c.want {
			t.Errorf("%s: pixel %d,%d is %d, want %d", c.how, c.x, c.y, got, c.want)
		}
	}
	same := Fit(img, 40, 20, 1, Crop)
	same.Pix[0] = 1
	if img.Pix[0] != 200 {
		t.Error("Fit shares memory with its image")
	}
}

func TestNestedFoldersAndNames(t *testing.T) {
	long := strings.Repeat("가", 83) + "abcdef" // 255 bytes
	picture := pngOf(t, grey(3, 3, 1))
	source := files{
		"around/빨간 사과/하나.png":                   picture,
		"around/빨간 사과/deep/deeper/two.png":      picture,
		"around/golden_retriever/x.png":         picture,
		"around/🐕 dog/x.png":                    picture,
		"around/class 10/x.png":                 picture,
		"around/class 9/x.png":                  picture,
		"around/" + long + "/x.png":             picture,
		"around/class 9/" + long[:251] + ".png": picture,
		"around/class 9/.hidden.png":            picture,
		"around/class 9/__MACOSX/x.png":         picture,
		"around/class 9/Thumbs.db":              picture,
		"around/class 9/readme.txt":             []byte("hello"),
		"around/empty/readme.txt":               []byte("hello"),
	}.folder(t)
	d := imported(t, source, nil)
	want := []string{"class 9", "class 10", "golden retriever", long, "빨간 사과", "🐕 dog"}
	if got := d.Info().Classes; !slices.Equal(got, want) {
		t.Errorf("classes %q, want %q", got, want)
	}
	if n := d.Len(); n != 8 {
		t.Errorf("%d images, want 8", n)
	}
	if s := d.Info().Skipped; len(s) != 1 || s[0].Code != "data.notimage" || s[0].File != "around/class 9/readme.txt" {
		t.Errorf("left out: %+v", s)
	}
}

func TestUnreadableFilesAreListed(t *testing.T) {
	f := twoClasses(t, 3)
	huge := pngOf(t, grey(1, 1, 0))
	copy(huge[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60}) // 60,000×60,000
	f["a/huge.png"] = withCRC(huge)
	f["a/text.png"] = []byte("this is text")
	f["a/cut.jpg"] = jpegOf(t, plain(64, 64, color.RGBA{1, 200, 3, 255}))[:600]
	f["a/cut.png"] = f["a/01.png"][:50]
	f["a/empty.png"] = nil
	f["outside.png"] = f["a/01.png"]
	var observed []Skipped
	var last Progress
	out := filepath.Join(t.TempDir(), "set")
	info, err := Import(context.Background(), f.folder(t), out, DefaultImport(), func(p Progress) {
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
	kept := reopened(t, out).Info()
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
	source := files{"a/x.png": pngOf(t, picture), "b/y.png": pngOf(t, picture)}.folder(t)
	for _, encoding := range Encodings() {
		d := imported(t, source, func(o *ImportOptions) { o.Encoding, o.ValPercent = encoding, 0 })
		p := byFile(t, d, "a/x.png")
		want := Fit(picture, 16, 16, 3, Squash)
		if encoding == EncodingJPEG {
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
	source := twoClasses(t, 60).folder(t)
	one := imported(t, source, func(o *ImportOptions) { o.Threads = 1 })
	three := imported(t, source, func(o *ImportOptions) { o.Threads = 3 })
	sameContents(t, one, three)
}

// sameContents compares all that two data sets hold.
func sameContents(t *testing.T, a, b *Dataset) {
	t.Helper()
	if !slices.Equal(a.Index(), b.Index()) {
		t.Fatal("the indices differ")
	}
	for _, e := range a.Index() {
		p, err := a.Pixels(e.ID)
		q, err2 := b.Pixels(e.ID)
		r, err3 := a.Record(e.ID)
		s, err4 := b.Record(e.ID)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Pix, q.Pix) || !reflect.DeepEqual(r, s) {
			t.Fatalf("image %d differs", e.ID)
		}
	}
	m, err := a.Mean()
	n, err2 := b.Mean()
	if err := errors.Join(err, err2); err != nil || !reflect.DeepEqual(m, n) {
		t.Errorf("the means differ, %v", err)
	}
}
