package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// older is an open copy of testdata/v1/shapes: ten images of the sample shapes as the last version before format 2 left them, one of
// them with a box but without a class, one unlabelled and one moved to the test split.
func older(t *testing.T) *Dataset {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "shapes")
	if err := os.CopyFS(folder, os.DirFS("testdata/v1/shapes")); err != nil {
		t.Fatal(err)
	}
	return reopened(t, folder)
}

// An olderRecord is what that version read back of an image: records.json.
type olderRecord struct {
	Class  int32  `json:"class"`
	Split  string `json:"split"`
	File   string `json:"file"`
	Truth  Truth  `json:"truth"`
	Pixels string `json:"pixels"` // SHA-256
}

func olderRecords(t *testing.T) []olderRecord {
	t.Helper()
	b, err := os.ReadFile("testdata/v1/records.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []olderRecord
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func checkOlder(t *testing.T, d *Dataset, want []olderRecord) {
	t.Helper()
	if d.Len() != len(want) {
		t.Fatalf("%d images, want %d", d.Len(), len(want))
	}
	for id, w := range want {
		e := d.Index()[id]
		r, err := d.Record(uint32(id))
		px, err2 := d.Pixels(uint32(id))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if e.Class != w.Class || e.Kinds != w.Truth.Kinds() || e.Split.String() != w.Split || r.File != w.File || r.W != 32 || r.H != 32 || !reflect.DeepEqual(r.Truth, w.Truth) {
			t.Errorf("image %d is %+v, %+v, want %+v", id, e, r, w)
		}
		if sum := sha256.Sum256(px.Pix); hex.EncodeToString(sum[:]) != w.Pixels || px.W != 32 || px.H != 32 || px.C != 3 {
			t.Errorf("image %d has other pixels", id)
		}
	}
}

func TestDataSetOfAnOlderVersion(t *testing.T) {
	want := olderRecords(t)
	d := older(t)
	checkOlder(t, d, want)
	info := d.Info()
	if info.Task != Classification || len(info.Classes) != 5 || info.Classes[3] != "star" || info.Counts != [Splits]int{6, 3, 1} || info.PerClass[Train][4] != 2 {
		t.Errorf("%+v", info)
	}
	mean, err := d.Mean()
	if err != nil || len(mean.Image) != 3*32*32 {
		t.Errorf("%v, mean of %d values", err, len(mean.Image))
	}

	// It stays what it is until it is edited, and is edited like any other.
	before, err := os.ReadFile(d.file())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(d.file()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading has changed the file: %v", err)
	}
	d = reopened(t, d.Path())
	labelled := Truth{Class: 2, Masks: []Mask{{Class: 2, Instance: 1, Runs: []uint32{40, 12, 32*32 - 52}}}}
	if err := d.Edit(func(e *Edit) error { return errors.Join(e.SetTruth(2, labelled), e.SetSplit(3, Train)) }); err != nil {
		t.Fatal(err)
	}
	want[2].Class, want[2].Truth, want[3].Split = 2, labelled, "train"
	checkOlder(t, d, want)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = reopened(t, d.Path())
	checkOlder(t, d, want)
	if d.older || d.Info().Format != Format {
		t.Errorf("after the edit it has format %d still", d.Info().Format)
	}
}
