package session

import (
	"image"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/workspace"
)

func TestImages(t *testing.T) {
	w, err := workspace.Open(withShapes(t))
	if err != nil {
		t.Fatal(err)
	}
	sets := newDatasets(w)
	defer sets.close()
	window := &later{}
	work := newBackground(window.post)
	defer work.close()
	im := newImages(sets.get, work)
	d, err := sets.get("shapes")
	if err != nil {
		t.Fatal(err)
	}
	record, err := d.Record(7)
	if err != nil {
		t.Fatal(err)
	}
	all := d.Info().Images()
	perClass := 0
	for _, split := range d.Info().PerClass {
		perClass += split[2]
	}
	for _, c := range []struct {
		query Query
		want  int
	}{
		{Query{Class: -1, Split: -1}, all},
		{Query{Class: 2, Split: -1}, perClass},
		{Query{Class: -1, Split: int(data.Val)}, len(d.IDs(data.Val))},
		{Query{Class: -1, Split: -1, Unlabelled: true}, 0},
		{Query{Class: -1, Split: -1, Text: " " + record.File + " "}, 1},
	} {
		overtaken := false
		im.FindImages("shapes", Query{Class: -1, Split: -1}, func([]data.Entry, error) { overtaken = true })
		got := -1
		im.FindImages("shapes", c.query, func(found []data.Entry, err error) {
			if got = len(found); err != nil {
				t.Error(err)
			}
		})
		work.work.Wait()
		window.run()
		if got != c.want || overtaken {
			t.Errorf("%+v finds %d images, not %d; the one before is answered: %v", c.query, got, c.want, overtaken)
		}
	}

	answers := 0
	im.ClassesOf("shapes", []uint32{7, 9999}, func(classes []int32, err error) {
		if answers++; err != nil || len(classes) != 2 || classes[0] != d.Index()[7].Class || classes[1] != -1 {
			t.Errorf("the classes are %v, %v", classes, err)
		}
	})
	im.Annotated("shapes", 7, func(a Annotated, err error) {
		if answers++; err != nil || a.Image == nil || a.Record.File != record.File || len(a.Classes) != record.StoredW*record.StoredH {
			t.Errorf("%d pixels of %+v, %v", len(a.Classes), a.Record, err)
		}
	})
	im.UnseenImage("shapes", 3, func(img image.Image, r data.Record, err error) {
		if answers++; err != nil || img == nil || d.Index()[r.ID].Split == data.Train {
			t.Errorf("an unseen image: %+v, %v", r, err)
		}
	})
	missing := func(img image.Image, err error) {
		if answers++; img != nil || err == nil {
			t.Errorf("of a data set that is not there: %v", err)
		}
	}
	im.MeanImage("gone", missing)
	im.Example("", "gone", 9, 9, 1, missing)
	work.work.Wait()
	window.run()
	if answers != 5 {
		t.Errorf("%d answers", answers)
	}
	if _, err := im.Picture("gone", 0); err == nil {
		t.Errorf("a picture of a data set that is not there: %v", err)
	}
}
