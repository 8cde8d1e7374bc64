package data

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/geometry"
)

// someTruth is a truth of every kind, about an image of 4×4.
func someTruth() Truth {
	mask := make([]bool, 16)
	mask[5], mask[6], mask[15] = true, true, true
	return Truth{
		Class:    1,
		Boxes:    []Box{{Class: 0, Rect: geometry.Rect{X: .5, Y: 1, W: 2, H: 2.25}, Difficult: true}},
		Polygons: []Polygon{{Class: 1, Instance: 2, Points: [][2]float32{{0, 0}, {1, 0}, {1, 1.5}}}},
		Masks:    []Mask{{Class: 1, Instance: 3, Runs: EncodeRuns(mask)}, {Class: -1, Void: true, Runs: []uint32{16}}},
	}
}

func TestEditSurvivesReopening(t *testing.T) {
	d := pairs(t, 4)
	before := d.Index()
	untouched := slices.Clone(before)
	err := d.Edit(func(e *Edit) error {
		return errors.Join(e.SetTruth(0, someTruth()), e.SetTruth(7, Truth{Class: -1}), e.SetSplit(1, Test))
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, untouched) {
		t.Error("an index that was given out has changed")
	}
	check := func(d *Dataset) {
		t.Helper()
		r, err := d.Record(0)
		if err != nil || !reflect.DeepEqual(r.Truth, someTruth()) || r.File != "a/00.png" || r.W != 4 {
			t.Errorf("%+v, %v", r, err)
		}
		x := d.Index()
		if x[0].Class != 1 || x[7].Class != -1 || x[1].Split != Test {
			t.Errorf("%+v", x)
		}
		if i := d.Info(); i.Counts[Test] != 1 || i.PerClass[Test][0] != 1 || i.Images() != 8 {
			t.Errorf("%+v", i)
		}
	}
	check(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := readInfo(d.Path())
	if err != nil || info.Counts[Test] != 1 {
		t.Errorf("dataset.json after closing: %v, %v", info.Counts, err)
	}
	check(reopened(t, d.Path()))
}

func TestFailedEditChangesNothing(t *testing.T) {
	d := pairs(t, 4)
	before, info := d.Index(), d.Info()
	wrong := errors.New("wrong")
	for code, change := range map[string]func(e *Edit) error{
		"data.id":            func(e *Edit) error { return e.SetTruth(8, Truth{}) },
		"data.split":         func(e *Edit) error { return e.SetSplit(0, 3) },
		"data.truth.class":   func(e *Edit) error { return e.SetTruth(0, Truth{Class: 2}) },
		"data.truth.box":     func(e *Edit) error { return e.SetTruth(0, Truth{Boxes: []Box{{Rect: geometry.Rect{W: -1, H: 1}}}}) },
		"data.truth.polygon": func(e *Edit) error { return e.SetTruth(0, Truth{Polygons: []Polygon{{}}}) },
		"data.mask.long":     func(e *Edit) error { return e.SetTruth(0, Truth{Masks: []Mask{{Runs: []uint32{0, 17}}}}) },
		"data.mask.short":    func(e *Edit) error { return e.SetTruth(0, Truth{Masks: []Mask{{Runs: []uint32{3}}}}) },
	} {
		err := d.Edit(func(e *Edit) error {
			return errors.Join(e.SetTruth(1, Truth{Class: -1}), e.SetSplit(2, Test), change(e))
		})
		datatest.WantFault(t, err, code)
	}
	if err := d.Edit(func(*Edit) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	datatest.WantFault(t, d.Edit(func(*Edit) error { panic("a mistake") }), "data.damaged")
	if !slices.Equal(d.Index(), before) || !reflect.DeepEqual(d.Info(), info) {
		t.Error("an edit that failed is seen")
	}
	if r, err := d.Record(1); err != nil || r.Truth.Class != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRuns(t *testing.T) {
	for _, text := range []string{"", "1", "0", "0110", "1001", "111111", "0000"} {
		on := make([]bool, len(text))
		for i := range on {
			on[i] = text[i] == '1'
		}
		got := make([]bool, len(on))
		err := eachRun(EncodeRuns(on), len(on), 1, func(from, to int) { fill(got[from:to], true) })
		if err != nil || !slices.Equal(got, on) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestUnknownImages(t *testing.T) {
	d := pairs(t, 2)
	_, err := d.Pixels(4)
	datatest.WantFault(t, err, "data.id")
	_, err = d.Record(1 << 31)
	datatest.WantFault(t, err, "data.id")
}

func TestClosed(t *testing.T) {
	d := pairs(t, 2)
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	_, err := d.Pixels(0)
	datatest.WantFault(t, err, "data.closed")
	_, err = d.Record(0)
	datatest.WantFault(t, err, "data.closed")
	datatest.WantFault(t, d.Edit(func(*Edit) error { return nil }), "data.closed")
}

func TestDeletedWhileOpen(t *testing.T) {
	d, err := Open(pairs(t, 40).Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(d.Path()); err != nil {
		t.Skip(err) // systems that keep open files
	}
	if _, err := d.Pixels(0); err != nil {
		t.Errorf("what is open can no longer be read: %v", err)
	}
	datatest.WantFault(t, d.Edit(func(e *Edit) error { return e.SetSplit(0, Test) }), "data.damaged")
	if _, err := os.Stat(d.Path()); err == nil {
		t.Error("the edit made a new data set")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// A file that is cut off while it is mapped into memory: reading what is gone kills a program that does not expect it.
func TestCutOffWhileOpen(t *testing.T) {
	d := made(t, EncodingRaw, pictures(40, 64)...)
	if err := os.Truncate(d.file(), 4096); err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, e := range d.Index() {
		if _, err := d.Pixels(e.ID); err != nil {
			failed = true
			datatest.WantFault(t, err, "data.damaged")
		}
	}
	if !failed {
		t.Skip("the system keeps the pages")
	}
	datatest.WantFault(t, d.Edit(func(e *Edit) error { return e.SetSplit(0, Test) }), "data.damaged")
}

func TestDamagedImageInDatabase(t *testing.T) {
	d := pairs(t, 2)
	if err := d.Edit(func(e *Edit) error {
		return errors.Join(
			e.tx.Bucket(imagesBucket).Put(key(0), []byte("p\x01\x00\x04\x00\x04text")),
			e.tx.Bucket(imagesBucket).Put(key(1), []byte("r\x01\x00\x04\x00\x04few")),
			e.tx.Bucket(truthBucket).Put(key(1), []byte(`{"class":99}`)),
			e.tx.Bucket(filesBucket).Delete(key(2)),
		)
	}); err != nil {
		t.Fatal(err)
	}
	for id := range uint32(2) {
		_, err := d.Pixels(id)
		datatest.WantFault(t, err, "data.image.damaged")
	}
	for id := range uint32(2) {
		_, err := d.Record(id + 1)
		datatest.WantFault(t, err, "data.damaged")
	}
}

func TestNewerDatabase(t *testing.T) {
	d := pairs(t, 2)
	if err := d.Edit(func(e *Edit) error { return e.tx.Bucket(aboutBucket).Put(formatKey, formatValue(Format+1)) }); err != nil {
		t.Fatal(err)
	}
	_, err := Open(d.Path())
	datatest.WantFault(t, err, "data.db.newer")
}

func TestBusy(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the lock")
	}
	d := pairs(t, 2)
	other, err := bolt.Open(d.file(), 0, &bolt.Options{ReadOnly: true}) // as another program has it open
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	datatest.WantFault(t, d.Edit(func(e *Edit) error { return e.SetSplit(0, Test) }), "data.busy")
	if _, err := d.Pixels(0); err != nil {
		t.Errorf("after an edit that could not be: %v", err)
	}
}

func TestManyGoroutines(t *testing.T) {
	d := pairs(t, 30)
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 60 {
				id := uint32((i*7 + g) % 60)
				p, err := d.Pixels(id)
				want := byte(id)
				if id >= 30 {
					want = byte(100 + id - 30)
				}
				if err != nil || !bytes.Equal(p.Pix, bytes.Repeat([]byte{want}, 16)) {
					t.Errorf("image %d: %v, %v", id, p.Pix, err)
				}
				if _, err := d.Record(id); err != nil {
					t.Error(err)
				}
				if g == 0 && i%20 == 0 {
					if err := d.Edit(func(e *Edit) error { return e.SetSplit(id, Test) }); err != nil {
						t.Error(err)
					}
				}
				_ = d.Info()
			}
		})
	}
	group.Wait()
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(3, 100+64+10)
	c.put(0, Pixels{Pix: make([]byte, 100)})
	c.put(1, Pixels{Pix: make([]byte, 100)})
	_, first := c.get(0)
	_, second := c.get(1)
	if !first || second {
		t.Error("the cache takes more than its room")
	}
}
