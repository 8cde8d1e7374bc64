package data

import (
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/geometry"
)

func TestTasks(t *testing.T) {
	square := Polygon{Class: 2, Points: [][2]float32{{0, 0}, {3, 0}, {3, 3}, {0, 3}}}
	several := Truth{
		Class:    4,
		Boxes:    []Box{{Class: 3, Rect: geometry.Rect{W: 9, H: 9}}, {Class: 1, Rect: geometry.Rect{W: 1, H: 1}}, {Class: 1, Rect: geometry.Rect{W: 1, H: 1}}},
		Polygons: []Polygon{square},
		Masks:    []Mask{{Class: 0, Runs: []uint32{1, 8, 7}}, {Class: -1, Void: true, Runs: []uint32{0, 16}}},
	}
	for task, want := range map[Task]struct {
		classes int
		leading int32
		label   Truth // the least that labels an image
	}{
		Classification: {2, 4, Truth{Class: 0}},
		Detection:      {1, 1, Truth{Class: -1, Boxes: []Box{}}},
		Segmentation:   {2, 2, Truth{Class: -1, Masks: []Mask{}}},
	} {
		if got := task.MinClasses(); got != want.classes {
			t.Errorf("%s needs %d classes, want %d", task, got, want.classes)
		}
		if got := task.Leading(several); got != want.leading {
			t.Errorf("%s: class %d leads, want %d", task, got, want.leading)
		}
		if got := task.Leading(Truth{Class: -1}); got != -1 {
			t.Errorf("%s: class %d leads where there is none", task, got)
		}
		for other := range map[Task]bool{Classification: true, Detection: true, Segmentation: true} {
			if got := other.Usable(Entry{Kinds: want.label.Kinds()}); got != (other == task) {
				t.Errorf("what labels an image for %s is usable for %s: %v", task, other, got)
			}
		}
	}
	if got := Tasks(); !slices.Equal(got, []Task{Classification, Detection, Segmentation}) {
		t.Errorf("%v", got)
	}
	if got := Detection.Leading(Truth{Boxes: []Box{{Class: 2}, {Class: 1}}}); got != 1 {
		t.Errorf("of two classes of one box each %d leads, want the one with the lower number", got)
	}
}

func TestKinds(t *testing.T) {
	for want, truth := range map[Kinds]Truth{
		0:                            {Class: -1},
		KindClass:                    {Class: 0},
		KindBoxes:                    {Class: -1, Boxes: []Box{}},
		KindPolygons:                 {Class: -1, Polygons: []Polygon{{}}},
		KindMasks:                    {Class: -1, Masks: []Mask{{}}},
		KindMasks | KindInstances:    {Class: -1, Masks: []Mask{{}, {Instance: 1}}},
		KindPolygons | KindInstances: {Class: -1, Polygons: []Polygon{{Instance: 2}}},
	} {
		if got := truth.Kinds(); got != want {
			t.Errorf("%+v has the kinds %b, want %b", truth, got, want)
		}
		b, err := encodeTruth(truth, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decodeTruth(b); err != nil || again.Kinds() != want {
			t.Errorf("%s has the kinds %b, want %b; %v", b, again.Kinds(), want, err)
		}
	}
}

// Truth of kinds that a newer version added is told of and stays, whatever is edited here.
func TestUnknownKindsOfTruth(t *testing.T) {
	d := pairs(t, 4)
	if err := d.Newer(); err != nil {
		t.Errorf("without such truth: %v", err)
	}
	const newer = Kinds(1 << 15)
	if err := d.Edit(func(e *Edit) error {
		e.index[2].Kinds |= newer
		e.chunks[0] = true
		return e.tx.Bucket(truthBucket).Put(key(2), []byte(`{"class":0,"keypoints":[[1,2.50]],"pose":{"a":[1e3]}}`))
	}); err != nil {
		t.Fatal(err)
	}
	datatest.WantFault(t, d.Newer(), "data.truth.newer")
	d.Close()
	d = reopened(t, d.Path())
	datatest.WantFault(t, d.Newer(), "data.truth.newer")
	if x, err := d.Truth(2); err != nil || x.Class != 0 || x.Kinds() != KindClass {
		t.Errorf("%+v, %v", x, err)
	}
	if err := d.Edit(func(e *Edit) error {
		if err := e.SetTruth(2, Truth{Class: -1, Boxes: []Box{{Class: 1, Rect: geometry.Rect{W: 2, H: 1}}}}); err != nil {
			return err
		}
		return e.SetSplit(2, Test)
	}); err != nil {
		t.Fatal(err)
	}
	datatest.WantFault(t, d.Newer(), "data.truth.newer")
	if got := d.Index()[2].Kinds; got != KindBoxes|newer {
		t.Errorf("kinds %b", got)
	}
	var raw string
	if err := d.Edit(func(e *Edit) error {
		raw = string(e.tx.Bucket(truthBucket).Get(key(2)))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := `{"boxes":[{"class":1,"x":0,"y":0,"w":2,"h":1}],"class":-1,"keypoints":[[1,2.50]],"pose":{"a":[1e3]}}`; raw != want {
		t.Errorf("%s, want %s", raw, want)
	}
}

func TestUsable(t *testing.T) {
	d := pairs(t, 4)
	train := d.IDs(Train)
	if got := d.Usable(Train); !slices.Equal(got, train) {
		t.Errorf("%v, want %v", got, train)
	}
	if err := d.Edit(func(e *Edit) error {
		return e.SetTruth(train[0], Truth{Class: -1, Boxes: []Box{{Rect: geometry.Rect{W: 1, H: 1}}}})
	}); err != nil {
		t.Fatal(err)
	}
	if got := d.Usable(Train); !slices.Equal(got, train[1:]) {
		t.Errorf("%v, want %v", got, train[1:])
	}
	_, err := d.Truth(99)
	datatest.WantFault(t, err, "data.id")
}
