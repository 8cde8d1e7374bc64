package widgettest

import (
	"image"
	"image/color"
	"image/draw"
	"testing"
)

// master returns a picture of a window with two lines of text, a word of which stands at word.
func master(t *testing.T) (img *image.RGBA, word image.Rectangle) {
	t.Helper()
	read, err := readPNG("../../app/train/testdata/wrong-en.png")
	if err != nil {
		t.Fatal(err)
	}
	img = image.NewRGBA(read.Bounds())
	draw.Draw(img, img.Rect, read, read.Bounds().Min, draw.Src)
	return img, image.Rect(470, 391, 510, 405)
}

func TestGoldensSeeSmallChanges(t *testing.T) {
	for name, change := range map[string]func(img *image.RGBA, word image.Rectangle){
		"a word one pixel to the right": func(img *image.RGBA, word image.Rectangle) {
			draw.Draw(img, word.Add(image.Pt(1, 0)), img, word.Min, draw.Src)
		},
		"a word one pixel lower": func(img *image.RGBA, word image.Rectangle) {
			draw.Draw(img, word.Add(image.Pt(0, 1)), img, word.Min, draw.Src)
		},
		"no word": func(img *image.RGBA, word image.Rectangle) {
			draw.Draw(img, word, image.NewUniform(img.At(word.Min.X-3, word.Min.Y)), image.Point{}, draw.Src)
		},
		"a line more": func(img *image.RGBA, word image.Rectangle) {
			draw.Draw(img, image.Rect(word.Min.X, word.Max.Y, word.Max.X, word.Max.Y+1), image.Black, image.Point{}, draw.Src)
		},
		"another shade": func(img *image.RGBA, _ image.Rectangle) {
			for i := range img.Pix {
				if img.Pix[i] >= shadeLimit {
					img.Pix[i] -= shadeLimit
				}
			}
		},
	} {
		got, word := master(t)
		want, _ := master(t)
		change(got, word)
		if len(differing(got, want)) == 0 {
			t.Errorf("%s: no difference is seen", name)
		}
	}
}

func TestGoldensLetRoundingPass(t *testing.T) {
	got, _ := master(t)
	want, _ := master(t)
	for i := range got.Pix {
		got.Pix[i] = max(got.Pix[i], shadeLimit-1) - (shadeLimit - 1)
		want.Pix[i] = max(want.Pix[i], shadeLimit-1)
	}
	tile := image.Rect(2*tileSide, 0, 3*tileSide, tileSide)
	for i := range tileLimit {
		got.Set(tile.Min.X+i, 7*i, color.RGBA{R: 255, A: 255})
	}
	if tiles := differing(got, want); len(tiles) > 0 {
		t.Errorf("%v differ", tiles)
	}
	got.Set(tile.Max.X-1, tile.Max.Y-1, color.RGBA{R: 255, A: 255})
	if tiles := differing(got, want); len(tiles) != 1 || tiles[0] != tile {
		t.Errorf("%v differ, not %v", tiles, tile)
	}
}
