package data

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// imported imports a source and opens the data set.
func imported(t testing.TB, source string, change func(*ImportOptions)) *Dataset {
	t.Helper()
	o := DefaultImport()
	if change != nil {
		change(&o)
	}
	out := filepath.Join(t.TempDir(), "set")
	if _, err := Import(context.Background(), source, out, o, nil); err != nil {
		t.Fatalf("import: %v", err)
	}
	return reopened(t, out)
}

// byFile gives the pixels of the image that came from a file.
func byFile(t testing.TB, d *Dataset, file string) Pixels {
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
	return Pixels{}
}

// sameContents compares all that two data sets hold.
func sameContents(t *testing.T, a, b *Dataset) {
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

// seen imports a source as it is and returns the map of classes of each image by its file, as text.
func seen(t *testing.T, source string, change func(*ImportOptions)) (map[string]string, Info) {
	t.Helper()
	d := imported(t, source, change)
	i := d.Info()
	out := map[string]string{}
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		out[r.File] = "unlabelled"
		if len(r.Truth.Masks) > 0 {
			out[r.File] = strings.ReplaceAll(mapOfTruth(t, r.Truth, i.Width, i.Height, i.Background), "\n", " ")
		}
	}
	return out, i
}

func noted(notes []Note) (codes []string) {
	for _, n := range notes {
		codes = append(codes, n.Code)
	}
	return codes
}

func skippedFor(i Info) map[string]string {
	out := map[string]string{}
	for _, s := range i.Skipped {
		out[s.File] = s.Code
	}
	return out
}

// mapOfTruth writes the map of classes of a truth as text: see mapText.
func mapOfTruth(t *testing.T, truth Truth, w, h, background int) string {
	t.Helper()
	m, err := truth.ClassMap(w, h, background, nil)
	if err != nil {
		t.Fatal(err)
	}
	return mapText(m, w)
}
