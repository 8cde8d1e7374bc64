// Package widgettest compares drawn things with their masters.
package widgettest

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// What a window may differ in from its master. On one kind of processor Fyne's painter draws the same bits each time; on another, fused
// multiply-adds may round the edge of a curve to the next shade. Hence a few pixels of each tile may differ, wherever it is: one limit for the
// whole picture would let a word change as long as the rest does not.
const (
	tileSide   = 32 // pixels
	tileLimit  = 4  // pixels of a tile that may differ
	shadeLimit = 8  // of 255: channels nearer than that count as equal
)

// Golden compares a picture with testdata/NAME.png. A picture that differs, or has no master yet, is saved in testdata/failed; if it is
// better, move it to be the new master.
func Golden(t testing.TB, name string, got image.Image) {
	t.Helper()
	want, err := readPNG(filepath.Join("testdata", name+".png"))
	if err == nil && want.Bounds() == got.Bounds() {
		tiles := differing(got, want)
		if len(tiles) == 0 {
			return
		}
		t.Errorf("%s: the picture differs from the master in %d tiles, the first at %v", name, len(tiles), tiles[0])
	} else {
		t.Errorf("%s: there is no master of this size: %v", name, err)
	}
	path := filepath.Join("testdata", "failed", name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, got); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the new picture is %s", path)
}

func readPNG(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// differing returns the tiles in which two pictures with the same bounds differ by more pixels than the limit.
func differing(a, b image.Image) []image.Rectangle {
	var tiles []image.Rectangle
	all := a.Bounds()
	for y := all.Min.Y; y < all.Max.Y; y += tileSide {
		for x := all.Min.X; x < all.Max.X; x += tileSide {
			tile := image.Rect(x, y, x+tileSide, y+tileSide).Intersect(all)
			if differingPixels(a, b, tile) > tileLimit {
				tiles = append(tiles, tile)
			}
		}
	}
	return tiles
}

func differingPixels(a, b image.Image, r image.Rectangle) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if max(distance(r1, r2), distance(g1, g2), distance(b1, b2)) >= shadeLimit<<8 {
				n++
			}
		}
	}
	return n
}

func distance(a, b uint32) uint32 { return max(a, b) - min(a, b) }
