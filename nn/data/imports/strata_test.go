package imports

import (
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
)

// A split is balanced by the rarest class of an image: the one image in ten that has it is in every part to the same share.
func TestSplitIsBalancedByTheRarestClass(t *testing.T) {
	items := make([]source.Item, 400)
	for i := range items {
		items[i] = source.Item{Split: -1, Truth: data.Truth{Class: -1, Boxes: []data.Box{{Class: 1}, {Class: 1}}}}
		if i%10 == 0 {
			items[i].Truth.Boxes[0].Class = 0
		}
	}
	strata := strata(data.Detection, items, 2)
	split := shares{val: 25, test: 10, seed: 1}.assign(items, strata, ranks(len(items), 1), func(int) bool { return true })
	var rare, all [data.Splits]int
	for i, s := range split {
		all[s]++
		if i%10 == 0 {
			rare[s]++
		}
	}
	if all != [data.Splits]int{260, 100, 40} || rare != [data.Splits]int{26, 10, 4} {
		t.Errorf("%v, of which %v have the rare class", all, rare)
	}
	if got := imagesOf(data.Detection, items, 2); !slices.Equal(got, []int{40, 400}) {
		t.Errorf("%v images have the classes", got)
	}
}

func TestSizesOfImages(t *testing.T) {
	for _, c := range []struct {
		size         imageSize
		w, h         int
		wantW, wantH int
	}{
		{imageSize{w: 30, h: 20}, 7, 9, 30, 20},
		{imageSize{max: KeepSize}, 7000, 3, 7000, 3},
		{imageSize{max: 100}, 100, 100, 100, 100}, // nothing is enlarged
		{imageSize{max: 100}, 99, 7, 99, 7},
		{imageSize{max: 100}, 400, 300, 100, 75},
		{imageSize{max: 100}, 300, 401, 75, 100},
		{imageSize{max: 10}, 5000, 1, 10, 1},
		{imageSize{guessed: true}, 33, 44, 33, 44},
	} {
		if w, h := c.size.of(c.w, c.h); w != c.wantW || h != c.wantH {
			t.Errorf("%+v makes %d×%d of %d×%d, want %d×%d", c.size, w, h, c.w, c.h, c.wantW, c.wantH)
		}
	}
}

// Of large images few are in memory at once.
func TestChunksOfLargeImages(t *testing.T) {
	for _, c := range []struct {
		size         imageSize
		items, ahead int
	}{
		{imageSize{w: 28, h: 28, c: 1}, chunkItems, 4},
		{imageSize{w: 256, h: 256, c: 3}, chunkItems, 4},
		{imageSize{w: 2048, h: 1536, c: 3}, 1, 4},
		{imageSize{c: 3}, 1, 1},
	} {
		if items, ahead := c.size.chunk(); items != c.items || ahead != c.ahead {
			t.Errorf("%+v: %d images in a chunk, %d chunks ahead", c.size, items, ahead)
		}
	}
}
