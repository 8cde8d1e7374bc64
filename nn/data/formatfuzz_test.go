package data

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"
)

// inMemory gives a tree of files in memory.
func inMemory(f files) *tree {
	t := &tree{name: "source", close: func() error { return nil }}
	for _, p := range f.paths() {
		t.files = append(t.files, treeFile{p, int64(len(f[p])), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f[p])), nil }})
	}
	return t
}

func FuzzIDX(f *testing.F) {
	images := idxOf([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
	labels := idxOf([]byte{0, 1}, 2)
	f.Add(images, labels)
	f.Add(gz(f, images), gz(f, labels))
	f.Add(images[:9], labels[:3])
	f.Add(idxOf(nil, 1<<30, 1<<13, 1<<13), labels)
	f.Add(gz(f, images)[:20], labels)
	f.Add(idxOf([]byte{1, 2, 3}, 1, 1, 1, 3), idxOf([]byte{255}, 1))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		source := inMemory(files{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels})
		claimIDX(source)
		c, err := readIDX(context.Background(), source)
		if err != nil {
			wantWords(t, err)
			return
		}
		for _, i := range spread(len(c.items), 2) {
			o, err := c.items[i].from.open(c.items[i].ref)
			wantWords(t, err)
			if err == nil {
				_, err = o.decode()
				wantWords(t, err)
			}
		}
	})
}

func FuzzMasks(f *testing.F) {
	mask := maskOf(someMask)
	good := pngOf(f, mask)
	f.Add(good, []byte("a\nb\nc"))
	f.Add(good[:50], []byte("a 1 2 3\nb 3 2 1"))
	f.Add(pngOf(f, plain(4, 3, color.NRGBA{1, 2, 3, 9})), []byte("1 2 3 a\n3 2 1 void"))
	f.Add(pngOf(f, image.NewGray16(mask.Rect)), []byte("void\nvoid"))
	f.Add(pngOf(f, image.NewPaletted(mask.Rect, color.Palette{color.White, color.Black})), []byte("\ufeffx,r,g,b\n#\n\xff 1 2 3"))
	f.Add([]byte("BM"), []byte(strings.Repeat("n\n", 9)))
	image := pngOf(f, grey(4, 3, 90))
	f.Fuzz(func(t *testing.T, mask, names []byte) {
		for _, folder := range []string{"masks", "instances"} {
			source := inMemory(files{"images/a.png": image, folder + "/a.png": mask, "classes.txt": names})
			read := readMasks
			if folder == "instances" {
				read = readInstances
			}
			c, err := read(context.Background(), source)
			if err != nil {
				wantWords(t, err)
				continue
			}
			o, err := c.items[0].from.open(c.items[0].ref)
			if err != nil {
				t.Fatal(err)
			}
			truth, err := c.items[0].labels.truth(0, o)
			wantWords(t, err)
			wantWords(t, c.labels.finish(c))
			if err == nil {
				err = truth.check(len(c.classes), o.w, o.h)
			}
			if err != nil && truth.Masks != nil {
				t.Errorf("%+v of the classes %q: %v", truth, c.classes, err)
			}
		}
	})
}
