// Package importtest imports sources for tests and compares data sets.
package importtest

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
)

// Imported imports a source and opens the data set.
func Imported(t testing.TB, source string, change func(*imports.Options)) *data.Dataset {
	t.Helper()
	o := imports.Default()
	if change != nil {
		change(&o)
	}
	out := filepath.Join(t.TempDir(), "set")
	if _, err := imports.Import(context.Background(), source, out, o, nil); err != nil {
		t.Fatalf("import: %v", err)
	}
	return Reopened(t, out)
}

// ByFile returns the pixels of the image that came from a file.
func ByFile(t testing.TB, d *data.Dataset, file string) data.Pixels {
	t.Helper()
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.File == file {
			p, err := d.Pixels(e.ID)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	t.Fatalf("no image of %s", file)
	return data.Pixels{}
}

// SameContents compares all that two data sets hold.
func SameContents(t *testing.T, a, b *data.Dataset) {
	t.Helper()
	if !slices.Equal(a.Index(), b.Index()) {
		t.Fatal("the indices differ")
	}
	for _, e := range a.Index() {
		p, err := a.Pixels(e.ID)
		q, err2 := b.Pixels(e.ID)
		r, err3 := a.Record(e.ID)
		s, err4 := b.Record(e.ID)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Pix, q.Pix) || !reflect.DeepEqual(r, s) {
			t.Fatalf("image %d differs", e.ID)
		}
	}
	m, err := a.Mean()
	n, err2 := b.Mean()
	if err := errors.Join(err, err2); err != nil || !reflect.DeepEqual(m, n) {
		t.Errorf("the means differ, %v", err)
	}
}

// Seen imports a source as it is and returns the map of classes of each image by its file, as text.
func Seen(t *testing.T, source string, change func(*imports.Options)) (map[string]string, data.Info) {
	t.Helper()
	d := Imported(t, source, change)
	i := d.Info()
	out := map[string]string{}
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		out[r.File] = "unlabelled"
		if len(r.Truth.Masks) > 0 {
			out[r.File] = strings.ReplaceAll(ClassMap(t, r.Truth, i.Width, i.Height, i.Background), "\n", " ")
		}
	}
	return out, i
}

func Notes(notes []data.Note) (codes []string) {
	for _, n := range notes {
		codes = append(codes, n.Code)
	}
	return codes
}

func Skipped(i data.Info) map[string]string {
	out := map[string]string{}
	for _, s := range i.Skipped {
		out[s.File] = s.Code
	}
	return out
}

// ClassMap writes the map of classes of a truth as text: see mapText.
func ClassMap(t *testing.T, truth data.Truth, w, h, background int) string {
	t.Helper()
	m, err := truth.ClassMap(w, h, background, nil)
	if err != nil {
		t.Fatal(err)
	}
	return datatest.MapText(m, w)
}

// Reopened opens a data set until the end of the test.
func Reopened(t testing.TB, folder string) *data.Dataset {
	t.Helper()
	d, err := data.Open(folder)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}
