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

// Every reader, given any three files, ends in a collection or in words, and so do its images and what is true of them.
func FuzzReaders(f *testing.F) {
	picture, mask := datatest.PNG(f, datatest.Grey(4, 3, 90)), datatest.PNG(f, datatest.Mask("0012 0012 2211"))
	f.Add("a/1.png", picture, "b/2.png", picture, "classes.txt", []byte("a\nb"))
	f.Add("train/a/1.png", picture, "val/b/2.png", picture[:30], "../b/3.png", []byte{})
	f.Add("images/a.png", picture, "masks/a.png", mask, "instances/a.png", mask)
	f.Add("train/a.png", picture, "trainannot/a.png", mask, "colours.txt", []byte("a 0 0 0\nb 1 1 1"))
	f.Add("x-images-idx3-ubyte", datatest.IDX([]byte{1, 2, 3, 4}, 2, 1, 2), "x-labels-idx1-ubyte", datatest.IDX([]byte{0, 1}, 2), "x", []byte("text"))
	f.Fuzz(func(t *testing.T, a string, first []byte, b string, second []byte, c string, third []byte) {
		from := inMemory(datatest.Files{a: first, b: second, c: third})
		for _, r := range Readers() {
			if claim := r.Claim(from); claim.Score < 0 || claim.Score > 100 || (claim.Score > 0) != (claim.Why.Text != "") {
				t.Errorf("%s claims %+v", r.Name, claim)
			}
			read, err := r.Read(context.Background(), from)
			datatest.WantWords(t, err)
			if err != nil {
				continue
			}
			for _, i := range source.Spread(len(read.Items), 3) {
				it := &read.Items[i]
				img, err := it.From.Open(it.Ref)
				datatest.WantWords(t, err)
				if err != nil {
					continue
				}
				if _, err = img.Decode(); err == nil && it.Labels != nil {
					_, err = it.Labels.Truth(it.Ref, img)
				}
				datatest.WantWords(t, err)
			}
		}
	})
}
