package data

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
)

// Readers take bytes from anywhere. Each must end in a result or in a fault, never in a panic, whatever it is given.

func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"kind":"convscope-dataset","format":1,"task":"classification","classes":["a"],"width":1,"height":1,"channels":1,"counts":[1,0,0]}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":2,"task":"segmentation","classes":["a"],"largest":[9,7],"channels":3,"removed":[0]}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":2,"task":"detection","largest":[9,0],"channels":3}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":9}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":1,"task":"classification","width":-1}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":1,"task":"segmentation","classes":["a"],"background":1,"width":1,"height":1,"channels":1}`))
	f.Add([]byte(`{"kind":"convscope-dataset","format":1,"task":"dreaming"}`))
	f.Add([]byte(`{"kind":`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := readInfo(datatest.Files{InfoFile: b}.Folder(t))
		datatest.WantWords(t, err)
		if err == nil && (max(info.Width, info.Largest[0]) < 1 || max(info.Width, info.Largest[0]) > MaxSide || info.Channels < 1 || info.Background >= len(info.Classes)) {
			t.Errorf("%+v passes", info)
		}
	})
}

func FuzzClasses(f *testing.F) {
	f.Add(Info{Classes: []string{"a", "b"}, Removed: []int{1}, Background: NoBackground}.classesValue())
	f.Add([]byte(`{"names":["a"],"removed":[0,0]}`))
	f.Add([]byte(`{"names":["a"],"removed":[1],"background":7}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		info := Info{Width: 1, Height: 1, Channels: 1}
		if info.setClasses(b) != nil {
			return
		}
		for _, class := range append(slices.Clone(info.Removed), max(info.Background, 0)) {
			if class >= len(info.Classes) && class > 0 {
				t.Errorf("%s passes with the class %d", b, class)
			}
		}
		again := Info{Width: 1, Height: 1, Channels: 1}
		if err := again.setClasses(info.classesValue()); err != nil || !slices.Equal(again.Classes, info.Classes) || !slices.Equal(again.Removed, info.Removed) {
			t.Errorf("%s is read as %+v and then as %+v, %v", b, info, again, err)
		}
	})
}

func FuzzTruth(f *testing.F) {
	b, err := encodeTruth(someTruth(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"class":-1,"masks":[{"class":0,"runs":[4294967295,4294967295]}]}`))
	f.Add([]byte(`{"class":-1,"polygons":[{"class":1,"points":[[-9,1],[3e38,2],[1,-3e38]]}],"masks":[{"class":-7,"void":true,"runs":[16]}]}`))
	f.Add([]byte(`{"class":0,"boxes":[{"class":5,"w":1e38,"h":1e39}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		truth, err := decodeTruth(b)
		if err != nil || truth.Check(2, 4, 4) != nil {
			return
		}
		if m, err := truth.ClassMap(4, 4, NoBackground, nil); err != nil || slices.ContainsFunc(m, func(v uint16) bool { return v != Void && v > 1 }) {
			t.Errorf("%s passes, but its map of classes is %v, %v", b, m, err)
		}
		again, err := encodeTruth(truth, nil)
		if err != nil {
			t.Fatal(err)
		}
		if truth, err = decodeTruth(again); err != nil || truth.Check(2, 4, 4) != nil {
			t.Errorf("%s passes, but not when it was written anew: %s", b, again)
		}
	})
}

func FuzzStored(f *testing.F) {
	for _, encoding := range Encodings() {
		b, err := NewEncoder(encoding).encode(Pixels{W: 2, H: 2, C: 3, Pix: make([]byte, 12)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-3])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeStored(b, 2, 2, 3, "x")
		datatest.WantWords(t, err)
		if err == nil && len(p.Pix) != 12 {
			t.Errorf("%d bytes", len(p.Pix))
		}
	})
}

func FuzzOrientation(f *testing.F) {
	jpg := datatest.JPEG(f, datatest.Plain(8, 4, color.White))
	for o := range byte(10) {
		f.Add(datatest.Turned(jpg, o, o%2 == 0))
	}
	f.Add(datatest.Turned(jpg, 6, true)[:30])
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := orientation(b); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

func FuzzDecode(f *testing.F) {
	img := datatest.Plain(5, 4, color.RGBA{9, 8, 7, 200})
	f.Add(datatest.PNG(f, img))
	f.Add(datatest.PNG(f, img)[:60])
	f.Add(datatest.JPEG(f, img))
	f.Add(datatest.Turned(datatest.JPEG(f, img), 7, true))
	f.Add(datatest.CMYK(1, 2, 3, 4))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("GIF87a\xff\xff\xff\xff\x00\x00\x00"))
	f.Add([]byte("BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x00"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\xff\xff"))
	f.Add([]byte("MM\x00*\xff\xff\xff\xff"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\xff\xff\xff\x0f\x00"))
	f.Add([]byte("RIFF\xff\xff\xff\xffWEBPVP8X"))
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := Decode(bytes.NewReader(b), "x", 1<<20)
		datatest.WantWords(t, err)
		if err != nil {
			return
		}
		if img.Bounds().Empty() {
			t.Fatal("an image without pixels")
		}
		for _, how := range Resizes() {
			if p := Fit(img, 3, 2, 1, how); p.W != 3 || p.H != 2 || len(p.Pix) != 6 {
				t.Errorf("%s gives %d×%d", how, p.W, p.H)
			}
		}
	})
}

func FuzzDatabase(f *testing.F) {
	source := pairs(f, 3)
	about, err := os.ReadFile(filepath.Join(source.Path(), InfoFile))
	if err != nil {
		f.Fatal(err)
	}
	db, err := os.ReadFile(source.file())
	if err != nil {
		f.Fatal(err)
	}
	page := make([]byte, pageBytes)
	for at := 0; at < len(db); at += pageBytes { // each page lost, and the beginning of each changed
		b := bytes.Clone(db)
		copy(b[at:], page)
		f.Add(b)
		b = bytes.Clone(db)
		for i := range 40 {
			b[at+i] ^= byte(i)
		}
		f.Add(b)
	}
	f.Add(db[:len(db)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Open(datatest.Files{InfoFile: about, DataFile: b}.Folder(t))
		datatest.WantWords(t, err)
		if err != nil {
			return
		}
		defer d.Close()
		for _, e := range d.Index()[:min(d.Len(), 8)] {
			_, err := d.Pixels(e.ID)
			datatest.WantWords(t, err)
			_, err = d.Record(e.ID)
			datatest.WantWords(t, err)
		}
		_, err = d.Mean()
		datatest.WantWords(t, err)
		datatest.WantWords(t, d.Edit(func(e *Edit) error { return e.SetSplit(0, Test) }))
	})
}
