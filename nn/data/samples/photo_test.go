package samples

import (
	"bytes"
	"context"
	"image"
	"path/filepath"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/fault"
)

// A photo has images of the data set, the same ones for the same seed.
func TestPhoto(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shapes")
	if _, err := Import(context.Background(), "shapes", folder, Options{Count: 60, Seed: 1}, nil); err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	photo := func(seed uint64) []byte {
		t.Helper()
		img, err := PhotoOf(d, 320, 200, seed)
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds() != image.Rect(0, 0, 320, 200) {
			t.Fatalf("a photo of %v", img.Bounds())
		}
		return img.(*image.RGBA).Pix
	}
	one, again, other := photo(1), photo(1), photo(2)
	if !bytes.Equal(one, again) || bytes.Equal(one, other) {
		t.Error("a seed does not decide the photo")
	}
	colours := map[[3]byte]bool{}
	for i := 0; i < len(one); i += 4 {
		if one[i+3] != 255 {
			t.Fatal("a photo with holes")
		}
		colours[[3]byte(one[i:i+3])] = true
	}
	if len(colours) < 100 {
		t.Errorf("a photo of %d colours shows no images", len(colours))
	}
	if _, err := PhotoOf(d, 10, 200, 1); fault.Code(err) != "sample.photo" {
		t.Errorf("a photo of 10×200: %v", err)
	}
}
