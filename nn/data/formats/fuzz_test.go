package formats

import (
	"context"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/source"
)

// inMemory gives a tree of files in memory.
func inMemory(f datatest.Files) *source.Tree {
	t := &source.Tree{Name: "source", Close: func() error { return nil }}
	for _, p := range f.Paths() {
		t.Files = append(t.Files, source.InMemory(p, f[p]))
	}
	return t
}

func FuzzIDX(f *testing.F) {
	images := datatest.IDX([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
	labels := datatest.IDX([]byte{0, 1}, 2)
	f.Add(images, labels)
	f.Add(datatest.Gzip(f, images), datatest.Gzip(f, labels))
	f.Add(images[:9], labels[:3])
	f.Add(datatest.IDX(nil, 1<<30, 1<<13, 1<<13), labels)
	f.Add(datatest.Gzip(f, images)[:20], labels)
	f.Add(datatest.IDX([]byte{1, 2, 3}, 1, 1, 1, 3), datatest.IDX([]byte{255}, 1))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		from := inMemory(datatest.Files{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels})
		claimIDX(from)
		c, err := readIDX(context.Background(), from)
		if err != nil {
			datatest.WantWords(t, err)
			return
		}
		for _, i := range source.Spread(len(c.Items), 2) {
			o, err := c.Items[i].From.Open(c.Items[i].Ref)
			datatest.WantWords(t, err)
			if err == nil {
				_, err = o.Decode()
				datatest.WantWords(t, err)
			}
		}
	})
}

func FuzzMasks(f *testing.F) {
	mask := datatest.Mask("0012 0012 2211")
	good := datatest.PNG(f, mask)
	f.Add(good, []byte("a\nb\nc"))
	f.Add(good[:50], []byte("a 1 2 3\nb 3 2 1"))
	f.Add(datatest.PNG(f, datatest.Plain(4, 3, color.NRGBA{1, 2, 3, 9})), []byte("1 2 3 a\n3 2 1 void"))
	f.Add(datatest.PNG(f, image.NewGray16(mask.Rect)), []byte("void\nvoid"))
	f.Add(datatest.PNG(f, image.NewPaletted(mask.Rect, color.Palette{color.White, color.Black})), []byte("\ufeffx,r,g,b\n#\n\xff 1 2 3"))
	f.Add([]byte("BM"), []byte(strings.Repeat("n\n", 9)))
	image := datatest.PNG(f, datatest.Grey(4, 3, 90))
	f.Fuzz(func(t *testing.T, mask, names []byte) {
		for _, folder := range []string{"masks", "instances"} {
			from := inMemory(datatest.Files{"images/a.png": image, folder + "/a.png": mask, "classes.txt": names})
			read := readMasks
			if folder == "instances" {
				read = readInstances
			}
			c, err := read(context.Background(), from)
			if err != nil {
				datatest.WantWords(t, err)
				continue
			}
			o, err := c.Items[0].From.Open(c.Items[0].Ref)
			if err != nil {
				t.Fatal(err)
			}
			truth, err := c.Items[0].Labels.Truth(0, o)
			datatest.WantWords(t, err)
			datatest.WantWords(t, c.Labels.Finish(c))
			if err == nil {
				err = truth.Check(len(c.Classes), o.W, o.H)
			}
			if err != nil && truth.Masks != nil {
				t.Errorf("%+v of the classes %q: %v", truth, c.Classes, err)
			}
		}
	})
}
