package formats_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestIDX(t *testing.T) {
	plain := datatest.Digits()
	packed := datatest.Files{}
	for name, b := range plain {
		packed[name+".gz"] = datatest.Gzip(t, b)
	}
	want := importtest.Imported(t, plain.Folder(t), nil)
	i := want.Info()
	if i.Counts != [3]int{6, 2, 3} || !slices.Equal(i.Classes, []string{"0", "1", "2"}) || i.Width != 2 || i.Channels != 1 {
		t.Errorf("%+v", i)
	}
	test := want.IDs(data.Test)
	if p, err := want.Pixels(test[1]); err != nil || !bytes.Equal(p.Pix, []byte{101, 101, 101, 101}) {
		t.Errorf("the second test image: %v, %v", p.Pix, err)
	}
	if e := want.Index()[test[0]]; e.Class != 2 {
		t.Errorf("the first test image has the class %d", e.Class)
	}
	got := importtest.Imported(t, packed.Folder(t), nil)
	for _, e := range got.Index() {
		p, err := got.Pixels(e.ID)
		q, err2 := want.Pixels(e.ID)
		if err != nil || err2 != nil || !bytes.Equal(p.Pix, q.Pix) || e != want.Index()[e.ID] {
			t.Errorf("image %d differs when packed", e.ID)
		}
	}
	one := importtest.Imported(t, filepath.Join(plain.Folder(t), "t10k-images-idx3-ubyte"), func(o *imports.Options) { o.ValPercent = 0 })
	if c := one.Info().Counts; c != [3]int{3, 0, 0} {
		t.Errorf("one images file alone: %v", c)
	}
	named := importtest.Imported(t, plain.Folder(t), func(o *imports.Options) { o.ClassesFile = datatest.Saved(t, "names", []byte("zero\none\ntwo\n")) })
	if c := named.Info().Classes; !slices.Equal(c, []string{"zero", "one", "two"}) {
		t.Errorf("classes %q", c)
	}
}

func TestColourIDX(t *testing.T) {
	d := importtest.Imported(t, datatest.Files{
		"x-images-idx4-ubyte": datatest.IDX([]byte{1, 2, 3, 4, 5, 6}, 2, 1, 1, 3), "x-labels-idx4-ubyte": datatest.IDX([]byte{0, 1}, 2),
	}.Folder(t), nil)
	if p, err := d.Pixels(1); err != nil || p.C != 3 || !bytes.Equal(p.Pix, []byte{4, 5, 6}) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDamagedIDX(t *testing.T) {
	const images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	change := func(name string, b []byte) datatest.Files {
		f := datatest.Digits()
		delete(f, "t10k-images-idx3-ubyte")
		f[name] = b
		return f
	}
	whole := datatest.Digits()[images]
	several := change("other-images-idx3-ubyte", whole)
	several["other-labels-idx1-ubyte"] = several[labels]
	packed := datatest.Gzip(t, whole)
	packed[len(packed)-5] ^= 1
	for what, c := range map[string]struct {
		f    datatest.Files
		code string
	}{
		"cut images":    {change(images, whole[:40]), "idx.truncated"},
		"cut header":    {change(images, whole[:6]), "idx.truncated"},
		"more than all": {change(images, append(slices.Clone(whole), 1)), "idx.long"},
		"huge":          {change(images, datatest.IDX(nil, 1<<27, 8000, 8000)), "idx.size"},
		"overflowing":   {change(images, datatest.IDX(nil, 1<<31, 1<<31, 1<<31, 1<<31)), "idx.size"},
		"two":           {change(images, datatest.IDX(nil, 1, 2)), "idx.dimensions"},
		"checksum":      {change(images, packed), "idx.damaged"},
		"few labels":    {change(labels, datatest.IDX([]byte{1}, 1)), "idx.labels.count"},
		"cut labels":    {change(labels, datatest.IDX([]byte{1}, 8)), "idx.truncated"},
		"no labels":     {datatest.Files{images: whole}, "idx.labels.missing"},
		"foreign":       {change(labels, []byte(strings.Repeat("x", 100))), "idx.foreign"},
		"one class":     {change(labels, datatest.IDX(make([]byte, 8), 8)), "data.classes.one"},
		"several":       {several, "idx.several"},
	} {
		t.Run(what, func(t *testing.T) {
			parent := t.TempDir()
			told := 0
			_, err := imports.Import(context.Background(), c.f.Folder(t), filepath.Join(parent, "set"), imports.Default(), func(p imports.Progress) {
				if p.Skipped != nil {
					told++
				}
			})
			datatest.WantFault(t, err, c.code)
			if told > 0 {
				t.Errorf("told of %d images one by one", told)
			}
			datatest.WantOnly(t, parent)
		})
	}
}
