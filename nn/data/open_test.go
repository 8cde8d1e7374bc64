package data

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
)

func TestFaultsOfOpening(t *testing.T) {
	d := pairs(t, 2)
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(d.Path(), name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	about, db := read(InfoFile), read(DataFile)
	with := func(change func(m map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(about, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for what, c := range map[string]struct {
		about, db []byte
		code      string
	}{
		"whole":         {about, db, ""},
		"newer":         {with(func(m map[string]any) { m["format"] = Format + 1 }), db, "data.newer"},
		"other task":    {with(func(m map[string]any) { m["task"] = "dreaming" }), db, "data.task.newer"},
		"foreign":       {[]byte(`{"kind":"cocoa"}`), db, "data.info.foreign"},
		"cut info":      {about[:len(about)/2], db, "data.info.damaged"},
		"empty info":    {nil, db, "data.info.damaged"},
		"huge":          {with(func(m map[string]any) { m["width"] = 1e6 }), db, "data.info.wrong"},
		"other size":    {with(func(m map[string]any) { m["channels"] = 2 }), db, "data.info.wrong"},
		"fewer classes": {with(func(m map[string]any) { m["classes"] = []string{} }), db, ""}, // the database has them
		"cut db":        {about, db[:len(db)-4096], "data.damaged"},
		"cut db more":   {about, db[:5000], "data.damaged"},
		"empty db":      {about, nil, "data.damaged"},
		"text for db":   {about, []byte(strings.Repeat("text", 10000)), "data.damaged"},
	} {
		t.Run(what, func(t *testing.T) {
			folder := datatest.Files{InfoFile: c.about, DataFile: c.db}.Folder(t)
			opened, err := Open(folder)
			datatest.WantFault(t, err, c.code)
			if err == nil {
				opened.Close()
			}
		})
	}
	_, err := Open(datatest.Files{InfoFile: about}.Folder(t))
	datatest.WantFault(t, err, "data.incomplete")
	_, err = Open(t.TempDir())
	datatest.WantFault(t, err, "data.foreign")
	_, err = Open(filepath.Join(t.TempDir(), "none"))
	datatest.WantFault(t, err, "data.missing")
}

// Truth is about the image as it is kept.
func TestTruthOfImagesThatKeepTheirSize(t *testing.T) {
	d := made(t, EncodingPNG, picture{"a/1.png", 0, Pixels{W: 4, H: 2, C: 1, Pix: make([]byte, 8)}}, picture{"a/2.png", 0, Pixels{W: 3, H: 3, C: 1, Pix: make([]byte, 9)}},
		picture{"b/1.png", 1, Pixels{W: 4, H: 2, C: 1, Pix: make([]byte, 8)}})
	mask := func(pixels uint32) Truth { return Truth{Class: 0, Masks: []Mask{{Runs: []uint32{pixels}}}} }
	if err := d.Edit(func(e *Edit) error { return errors.Join(e.SetTruth(0, mask(8)), e.SetTruth(1, mask(9))) }); err != nil {
		t.Fatal(err)
	}
	for id := range uint32(2) {
		if _, err := d.Truth(id); err != nil {
			t.Error(err)
		}
	}
	datatest.WantFault(t, d.Edit(func(e *Edit) error { return e.SetTruth(0, mask(9)) }), "data.mask.long")
	for _, value := range []string{"", "r\x01\x00\x00\x00\x02", "r\x01\xff\xff\xff\xff", "r\x03\x00\x02\x00\x02data"} {
		if err := d.Edit(func(e *Edit) error { return e.tx.Bucket(imagesBucket).Put(key(2), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
		_, err := d.Pixels(2)
		datatest.WantFault(t, err, "data.image.damaged")
	}
}
