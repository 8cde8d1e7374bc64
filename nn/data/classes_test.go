package data

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/geometry"
)

// counted checks that the counts, which edits change by difference, are those of the index.
func counted(t *testing.T, d *Dataset) {
	t.Helper()
	got := d.Info()
	want := got
	want.count(d.Index())
	if got.Counts != want.Counts || !reflect.DeepEqual(got.PerClass, want.PerClass) {
		t.Errorf("counted %v %v, there are %v %v", got.Counts, got.PerClass, want.Counts, want.PerClass)
	}
}

// changed edits a data set, and checks that it is read back from the disk as it is in memory.
func changed(t *testing.T, d *Dataset, change func(*Edit) error) {
	t.Helper()
	if err := d.Edit(change); err != nil {
		t.Fatal(err)
	}
	counted(t, d)
	again, err := Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	mine, other := d.Info(), again.Info()
	if !slices.Equal(mine.Classes, other.Classes) || !slices.Equal(mine.Removed, other.Removed) || mine.Background != other.Background || mine.Counts != other.Counts ||
		!slices.Equal(d.Index(), again.Index()) {
		t.Errorf("in memory %+v, on the disk %+v", mine, other)
	}
	told, err := readInfo(d.Path())
	if err != nil || !slices.Equal(told.Classes, mine.Classes) || !slices.Equal(told.Removed, mine.Removed) {
		t.Errorf("dataset.json tells of %q without %v, %v", told.Classes, told.Removed, err)
	}
}

func TestClassesAreEdited(t *testing.T) {
	d := pairs(t, 4)
	truth := func(id uint32) Truth {
		x, err := d.Truth(id)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	changed(t, d, func(e *Edit) error {
		class, err := e.AddClass("  고양이\n")
		if class != 2 {
			t.Errorf("the new class is %d", class)
		}
		everything := Truth{
			Class: 2, Boxes: []Box{{Class: 2, Rect: geometry.Rect{W: 1, H: 1}}, {Class: 0, Rect: geometry.Rect{W: 1, H: 1}}}, Polygons: []Polygon{{Class: 2, Points: [][2]float32{{0, 0}, {1, 0}, {1, 1}}}},
			Masks: []Mask{{Class: 2, Runs: []uint32{3, 13}}, {Class: 2, Void: true, Runs: []uint32{16}}},
		}
		return errors.Join(err, e.SetTruth(0, everything), e.SetTruth(1, Truth{Class: class}))
	})
	if got := d.Info().Classes; !slices.Equal(got, []string{"a", "b", "고양이"}) || d.Info().PerClass[Train][2]+d.Info().PerClass[Val][2] != 2 {
		t.Errorf("%q, %v", got, d.Info().PerClass)
	}
	changed(t, d, func(e *Edit) error { return e.RenameClass(2, "cat") })
	if got := d.Info().Classes; got[2] != "cat" || truth(1).Class != 2 {
		t.Errorf("%q", got)
	}

	before := d.Index()
	changed(t, d, func(e *Edit) error {
		n, err := e.MergeClasses(2, 1)
		if n != 2 {
			t.Errorf("%d images merged", n)
		}
		return err
	})
	want := Truth{
		Class: 1, Boxes: []Box{{Class: 1, Rect: geometry.Rect{W: 1, H: 1}}, {Class: 0, Rect: geometry.Rect{W: 1, H: 1}}}, Polygons: []Polygon{{Class: 1, Points: [][2]float32{{0, 0}, {1, 0}, {1, 1}}}},
		Masks: []Mask{{Class: 1, Runs: []uint32{3, 13}}, {Class: 2, Void: true, Runs: []uint32{16}}},
	}
	if got := truth(0); !reflect.DeepEqual(got, want) || truth(1).Class != 1 || before[1].Class != 2 {
		t.Errorf("merged to %+v", got)
	}
	if i := d.Info(); !slices.Equal(i.Removed, []int{2}) || i.Classes[2] != "cat" {
		t.Errorf("%+v", i)
	}
	changed(t, d, func(e *Edit) error {
		n, err := e.RemoveClass(1)
		if n != 6 { // the four of b, and the two that were merged into it
			t.Errorf("%d images lost the class", n)
		}
		return err
	})
	want = Truth{Class: -1, Boxes: []Box{{Class: 0, Rect: geometry.Rect{W: 1, H: 1}}}, Masks: []Mask{{Class: 2, Void: true, Runs: []uint32{16}}}}
	if got := truth(0); !reflect.DeepEqual(got, want) || d.Index()[0].Class != -1 || d.Index()[0].Kinds != KindBoxes|KindMasks {
		t.Errorf("left %+v, %+v", got, d.Index()[0])
	}

	// A class has the number that it always had; no other one gets it.
	changed(t, d, func(e *Edit) error {
		dog, err := e.AddClass("dog")
		cat, err2 := e.AddClass("cat")
		if dog != 3 || cat != 2 {
			t.Errorf("dog is %d and cat %d", dog, cat)
		}
		return errors.Join(err, err2)
	})
	if i := d.Info(); !slices.Equal(i.Classes, []string{"a", "b", "cat", "dog"}) || !slices.Equal(i.Removed, []int{1}) {
		t.Errorf("%+v", i)
	}
}

func TestWrongClasses(t *testing.T) {
	d := pairs(t, 4)
	changed(t, d, func(e *Edit) error {
		_, err := e.AddClass("각")
		_, err2 := e.AddClass("gone")
		_, err3 := e.RemoveClass(3)
		return errors.Join(err, err2, err3)
	})
	before := d.Info()
	add := func(name string) func(*Edit) error {
		return func(e *Edit) error { _, err := e.AddClass(name); return err }
	}
	for what, c := range map[string]struct {
		change func(*Edit) error
		code   string
	}{
		"no name":          {add(" \n\t"), "data.class.name"},
		"long":             {add(strings.Repeat("가", 86)), "data.class.long"},
		"there already":    {add("a"), "data.class.exists"},
		"letters taken up": {add("\u1100\u1161\u11a8"), "data.class.exists"},
		"renamed to one":   {func(e *Edit) error { return e.RenameClass(0, " b ") }, "data.class.exists"},
		"renamed to gone":  {func(e *Edit) error { return e.RenameClass(0, "gone") }, "data.class.was"},
		"renamed gone":     {func(e *Edit) error { return e.RenameClass(3, "x") }, "data.class.removed"},
		"renamed none":     {func(e *Edit) error { return e.RenameClass(4, "x") }, "data.truth.class"},
		"merged from gone": {func(e *Edit) error { _, err := e.MergeClasses(3, 0); return err }, "data.class.removed"},
		"merged into gone": {func(e *Edit) error { _, err := e.MergeClasses(0, 3); return err }, "data.class.removed"},
		"removed twice":    {func(e *Edit) error { _, err := e.RemoveClass(3); return err }, "data.class.removed"},
		"labelled as gone": {func(e *Edit) error { return e.SetTruth(0, Truth{Class: 3}) }, "data.class.removed"},
		"boxes of the gone": {func(e *Edit) error {
			return e.SetTruth(0, Truth{Class: -1, Boxes: []Box{{Class: 3, Rect: geometry.Rect{W: 1, H: 1}}}})
		}, "data.class.removed"},
		"then a mistake": {func(e *Edit) error {
			_, err := e.AddClass("new")
			_, err2 := e.RemoveClass(0)
			return errors.Join(err, err2, e.SetSplit(99, Test))
		}, "data.id"},
	} {
		t.Run(what, func(t *testing.T) { datatest.WantFault(t, d.Edit(c.change), c.code) })
	}
	if got := d.Info(); !reflect.DeepEqual(got, before) {
		t.Errorf("%+v, want %+v", got, before)
	}
	for name, want := range map[string]string{" a\x00b ": "a b", "x\xffy": "xy", "\u1100\u1161": "가"} {
		if got, err := className(name); err != nil || got != want {
			t.Errorf("%q becomes %q, want %q; %v", name, got, want, err)
		}
	}
	if err := d.Edit(func(e *Edit) error { return errors.Join(e.RenameClass(0, "a"), e.RenameClass(2, "\u1100\u1161\u11a8")) }); err != nil {
		t.Errorf("renamed to what it is: %v", err)
	}
}

// A crash between the commit and dataset.json: the database is right, and Open repairs the copy.
func TestDatasetJSONIsRepaired(t *testing.T) {
	d := pairs(t, 4)
	path := filepath.Join(d.Path(), InfoFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed(t, d, func(e *Edit) error {
		_, err := e.AddClass("c")
		return errors.Join(err, e.SetTruth(0, Truth{Class: 2}), e.SetSplit(1, Test), e.RenameClass(0, "A"))
	})
	want := d.Info()
	if err := errors.Join(d.Close(), os.WriteFile(path, before, 0o666)); err != nil {
		t.Fatal(err)
	}
	again := reopened(t, d.Path())
	if got := again.Info(); !reflect.DeepEqual(got, want) {
		t.Errorf("opened as %+v, want %+v", got, want)
	}
	if told, err := readInfo(d.Path()); err != nil || !reflect.DeepEqual(told, want) {
		t.Errorf("repaired to %+v, %v", told, err)
	}
}

// Counts change by what an edit changes: one that counted all images would find what is wrong here.
func TestCountsChangeByDifference(t *testing.T) {
	d := pairs(t, 4)
	d.info.Counts[Train] += 1000
	d.info.PerClass[Train][1] += 1000
	train := d.Info()
	id := d.IDs(Train)[0]
	if err := d.Edit(func(e *Edit) error { return errors.Join(e.SetSplit(id, Test), e.SetTruth(id, Truth{Class: 1})) }); err != nil {
		t.Fatal(err)
	}
	got := d.Info()
	if got.Counts != [Splits]int{train.Counts[Train] - 1, train.Counts[Val], 1} || got.PerClass[Train][0] != train.PerClass[Train][0]-1 ||
		got.PerClass[Train][1] != train.PerClass[Train][1] || got.PerClass[Test][1] != 1 {
		t.Errorf("%v %v, before %v %v", got.Counts, got.PerClass, train.Counts, train.PerClass)
	}
}

// An edit writes the chunks of the index that it changed and no other.
func TestEditWritesItsChunks(t *testing.T) {
	d := pairs(t, 1100)
	read := func() (first, second, third []byte) {
		err := d.view(func(tx *bolt.Tx) error {
			b := tx.Bucket(indexBucket)
			first, second, third = slices.Clone(b.Get(key(0))), slices.Clone(b.Get(key(1))), slices.Clone(b.Get(key(2)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return first, second, third
	}
	if err := d.Edit(func(e *Edit) error { return e.tx.Bucket(indexBucket).Put(key(0), []byte("not written")) }); err != nil {
		t.Fatal(err)
	}
	_, _, last := read()
	if err := d.Edit(func(e *Edit) error { return e.SetSplit(1500, Test) }); err != nil {
		t.Fatal(err)
	}
	first, second, third := read()
	if string(first) != "not written" || !slices.Equal(third, last) || Split(second[(1500-chunkImages)*entryBytes+4]) != Test {
		t.Errorf("%d bytes, %d bytes, %d bytes", len(first), len(second), len(third))
	}
}

// What another process edited, after the data set was closed to be opened for the edit, stays.
func TestEditAfterAnotherProcess(t *testing.T) {
	d := pairs(t, 4)
	if err := d.closeDB(); err != nil {
		t.Fatal(err)
	}
	other, err := Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Edit(func(e *Edit) error {
		_, err := e.AddClass("c")
		return errors.Join(err, e.SetTruth(1, Truth{Class: 2}))
	}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Close(), d.open()); err != nil {
		t.Fatal(err)
	}
	changed(t, d, func(e *Edit) error { return e.SetTruth(0, Truth{Class: 2}) })
	if x := d.Index(); x[0].Class != 2 || x[1].Class != 2 || len(d.Info().Classes) != 3 {
		t.Errorf("%+v, %q", x, d.Info().Classes)
	}
}

func TestClassesWhileReading(t *testing.T) {
	d := pairs(t, 8)
	var group sync.WaitGroup
	for g := range 3 {
		group.Go(func() {
			for i := range 30 {
				if g == 0 && i%10 == 0 {
					if err := d.Edit(func(e *Edit) error {
						class, err := e.AddClass(strings.Repeat("x", i+1))
						return errors.Join(err, e.SetTruth(uint32(i%16), Truth{Class: class}))
					}); err != nil {
						t.Error(err)
					}
				}
				if _, err := d.Record(uint32(i % 16)); err != nil {
					t.Error(err)
				}
				if info := d.Info(); len(info.PerClass[Train]) != len(info.Classes) {
					t.Errorf("%d classes, counts of %d", len(info.Classes), len(info.PerClass[Train]))
				}
				_ = d.Usable(Train)
			}
		})
	}
	group.Wait()
}
