package pagetest

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
)

// Golden compares what the window shows with testdata/NAME.png. A picture that differs, or has no master yet, is saved in testdata/failed; if it is
// better, move it to be the new master.
func (h *Host) Golden(name string) {
	h.t.Helper()
	got := h.win.Canvas().Capture()
	want, err := readPNG(filepath.Join("testdata", name+".png"))
	if err == nil && want.Bounds() == got.Bounds() {
		different, total := 0, got.Bounds().Dx()*got.Bounds().Dy()
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				if !near(got.At(x, y).RGBA())(want.At(x, y).RGBA()) {
					different++
				}
			}
		}
		// Rounding in the drawing of curves differs a little from processor to processor.
		if different*2000 <= total {
			return
		}
		h.t.Errorf("%s: %d of %d pixels differ from the master", name, different, total)
	} else {
		h.t.Errorf("%s: there is no master of this size: %v", name, err)
	}
	path := filepath.Join("testdata", "failed", name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		h.t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := png.Encode(f, got); err != nil {
		h.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Logf("the new picture is %s", path)
}

func readPNG(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// near compares two colours as people do.
func near(r, g, b, _ uint32) func(r, g, b, a uint32) bool {
	return func(r2, g2, b2, _ uint32) bool {
		const limit = 24 << 8
		return apart(r, r2) < limit && apart(g, g2) < limit && apart(b, b2) < limit
	}
}

func apart(a, b uint32) uint32 { return max(a, b) - min(a, b) }
