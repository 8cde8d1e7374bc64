package model

import (
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
)

// A class map is fitted and cut as the pixels of its image are: what is white in the image is of class 1 in the map.
func TestClassMapIsFittedAsItsImage(t *testing.T) {
	for _, how := range data.Resizes() {
		for _, crop := range []int{0, 6} {
			pre, err := NewPreprocessor(Preprocess{Width: 12, Height: 8, Channels: 1, Resize: how, Crop: crop, Mean: MeanNone, Scale: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			const w, h = 24, 48
			px, classes := data.Pixels{W: w, H: h, C: 1, Pix: make([]byte, w*h)}, make([]uint16, w*h)
			for i := range classes {
				if i%w >= 12 && i/w >= 12 && i/w < 36 {
					px.Pix[i], classes[i] = 255, 1
				}
			}
			values := make([]float32, pre.Len())
			pre.Tensor(pre.Fit(px), values)
			seen := pre.SeenMap(classes, w, h)
			if len(seen) != len(values) || !slices.Contains(seen, 1) || crop == 0 && (how == data.Fill || how == data.HalfCrop) != slices.Contains(seen, data.Void) {
				t.Fatalf("%s, cut to %d: %v", how, crop, seen)
			}
			for i, class := range seen {
				if v := values[i]; class == 1 && v < 127 || class == 0 && v > 128 || class == data.Void && v != 0 {
					t.Errorf("%s, cut to %d: pixel %d is %g and of class %d", how, crop, i, v, class)
				}
			}
		}
	}
}
