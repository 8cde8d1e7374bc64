package data

import (
	"image"
	"testing"
)

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
