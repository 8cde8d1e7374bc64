package formats_test

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/geometry"
)

func TestInstances(t *testing.T) {
	ids := datatest.Recoloured(datatest.Mask("0012 0012 2233"), image.NewGray16(image.Rect(0, 0, 4, 3)), func(id byte) color.Color { return color.Gray16{Y: uint16(id) * 300} })
	f := datatest.Files{"train/images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "train/instances/a.png": datatest.PNG(t, ids), "val/images/b.png": datatest.PNG(t, datatest.Grey(6, 6, 9)), "val/instances/b.png": datatest.PNG(t, image.NewGray16(image.Rect(0, 0, 6, 6)))}
	for classes, names := range map[string][]string{"": {"background", "object"}, "nucleus": {"background", "nucleus"}, "glass\nnucleus": {"glass", "nucleus"}} {
		if f["classes.txt"] = []byte(classes); classes == "" {
			delete(f, "classes.txt")
		}
		d := importtest.Imported(t, f.Folder(t), func(o *imports.Options) { o.Width, o.Height = 4, 3 })
		i := d.Info()
		if !slices.Equal(i.Classes, names) || i.Background != 0 || i.Counts != [3]int{1, 1, 0} || len(i.Notes) > 0 {
			t.Errorf("%+v", i)
		}
		r, err := d.Record(0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Truth.InstanceMap(4, 3, nil)
		if err != nil || !slices.Equal(got, []uint32{0, 0, 300, 600, 0, 0, 300, 600, 600, 600, 900, 900}) || importtest.ClassMap(t, r.Truth, 4, 3, 0) != "0011\n0011\n1111" {
			t.Errorf("%v, %v", got, err)
		}
		want := []data.Box{{Class: 1, Rect: geometry.Rect{X: 2, Y: 0, W: 1, H: 2}}, {Class: 1, Rect: geometry.Rect{X: 0, Y: 0, W: 4, H: 3}}, {Class: 1, Rect: geometry.Rect{X: 2, Y: 2, W: 2, H: 1}}}
		if !slices.Equal(r.Truth.Boxes, want) {
			t.Errorf("boxes %+v, want %+v", r.Truth.Boxes, want)
		}
	}
}

// Masks of classes with instances beside them tell both.
func TestMasksWithInstances(t *testing.T) {
	f := datatest.Files{
		"images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "labels/a.png": datatest.PNG(t, datatest.Mask("0012 0012 v211")), "instances/a.png": datatest.PNG(t, datatest.Mask("5012 0042 5233")),
		"images/b.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "labels/b.png": datatest.PNG(t, datatest.Mask(someMask)), "instances/b.png": datatest.PNG(t, datatest.Recoloured(datatest.Mask(someMask), image.NewNRGBA(image.Rect(0, 0, 4, 3)), func(id byte) color.Color { return color.NRGBA{id, 9, 8, 255} })),
		"classes.txt": []byte("background\ndisc\nstar"),
	}
	d := importtest.Imported(t, f.Folder(t), func(o *imports.Options) { o.ValPercent = 0 })
	r, err := d.Record(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := importtest.ClassMap(t, r.Truth, 4, 3, d.Info().Background); got != "0012\n0012\n.211" {
		t.Errorf("classes %s", got)
	}
	got, err := r.Truth.InstanceMap(4, 3, nil)
	if err != nil || !slices.Equal(got, []uint32{0, 0, 1, 2, 0, 0, 4, 2, 0, 2, 3, 3}) || len(r.Truth.Boxes) != 4 {
		t.Errorf("instances %v, %+v, %v", got, r.Truth.Boxes, err)
	}
	if got := importtest.Skipped(d.Info()); got["images/b.png"] != "data.instances.colours" {
		t.Errorf("left out: %v", got)
	}
}
