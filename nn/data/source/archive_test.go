package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestArchives(t *testing.T) {
	f := datatest.Files{}
	for name, b := range datatest.TwoClasses(t, 3) {
		f["around/"+name] = b
	}
	want := importtest.Imported(t, f.Folder(t), nil)
	for name, b := range map[string][]byte{
		"x.zip": f.Zip(t), "x.tar": f.Tar(t), "x.tar.gz": datatest.Gzip(t, f.Tar(t)), "named wrongly.rar": f.Zip(t),
	} {
		t.Run(name, func(t *testing.T) {
			path := datatest.Saved(t, name, b)
			importtest.SameContents(t, want, importtest.Imported(t, path, nil))
			found, err := imports.Recognize(context.Background(), path)
			if err != nil || found.Format != "folders" || !slices.Equal(found.Classes, []string{"a", "b"}) || found.Images != 6 {
				t.Fatalf("%+v, %v", found, err)
			}
			if images, err := found.Preview(4); err != nil || len(images) != 4 {
				t.Errorf("%d images to look at, %v", len(images), err)
			}
		})
	}
}

func TestArchiveOfIDX(t *testing.T) {
	f := datatest.Files{
		"m/train-images-idx3-ubyte.gz": datatest.Gzip(t, datatest.IDX([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 4, 1, 2)),
		"m/train-labels-idx1-ubyte":    datatest.IDX([]byte{0, 1, 0, 1}, 4),
	}
	for name, b := range map[string][]byte{"x.zip": f.Zip(t), "x.tgz": datatest.Gzip(t, f.Tar(t))} {
		path := datatest.Saved(t, name, b)
		d := importtest.Imported(t, path, nil)
		if i := d.Info(); i.Images() != 4 || i.Width != 2 || i.Height != 1 {
			t.Errorf("%s: %+v", name, i)
		}
		found, err := imports.Recognize(context.Background(), path)
		if err != nil || found.Format != "idx" {
			t.Fatalf("%+v, %v", found, err)
		}
		images, err := found.Preview(8) // read after the archive was closed
		if err != nil || len(images) != 4 {
			t.Fatalf("%d images to look at, %v", len(images), err)
		}
		if p := data.Fit(images[1], 2, 1, 1, data.Squash); !bytes.Equal(p.Pix, []byte{3, 4}) {
			t.Errorf("%v", p.Pix)
		}
	}
}

// Names that lead out of the archive, links and devices are left out, and nothing appears outside.
func TestArchivesCannotLeadOutside(t *testing.T) {
	evil := datatest.PNG(t, datatest.Grey(4, 4, 66))
	f := datatest.TwoClasses(t, 2)
	f["../a/evil.png"] = evil
	f["../../b/evil.png"] = evil
	f["/a/evil.png"] = evil
	f[`a\..\..\evil.png`] = evil
	links := []tar.Header{
		{Name: "a/link.png", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink},
		{Name: "a/hard.png", Linkname: "../../etc/passwd", Typeflag: tar.TypeLink},
		{Name: "a/pipe.png", Typeflag: tar.TypeFifo},
		{Name: "a/device.png", Typeflag: tar.TypeChar},
	}
	for name, b := range map[string][]byte{"x.zip": f.Zip(t), "x.tar": f.Tar(t, links...)} {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			dir := filepath.Join(outer, "1", "2")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", t.TempDir())
			info, err := imports.Import(context.Background(), path, filepath.Join(dir, "set"), imports.Default(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if info.Images() != 4 {
				t.Errorf("%d images, want the 4 that lie inside", info.Images())
			}
			datatest.WantOnly(t, os.TempDir())
			datatest.WantOnly(t, outer, "1")
			datatest.WantOnly(t, filepath.Join(outer, "1"), "2")
			datatest.WantOnly(t, dir, "set", name)
		})
	}
}

func TestBombsAreRefused(t *testing.T) {
	var huge bytes.Buffer
	w := tar.NewWriter(&huge)
	if err := w.WriteHeader(&tar.Header{Name: "a/x.png", Size: 1 << 40, Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"one.zip": datatest.Bomb(t, 1, 1<<62), "many.zip": datatest.Bomb(t, 500, 1<<27), "x.tar": huge.Bytes(), "x.tar.gz": datatest.Gzip(t, huge.Bytes()),
	} {
		_, err := imports.Recognize(context.Background(), datatest.Saved(t, name, b))
		datatest.WantFault(t, err, "archive.bomb")
	}
	// A file that says it is small and is not ends where it said.
	_, err := imports.Recognize(context.Background(), datatest.Saved(t, "lies.zip", datatest.Bomb(t, 3, 10)))
	if err == nil {
		t.Error("a zip that lies about its sizes passes")
	}
}

func TestDamagedArchives(t *testing.T) {
	f := datatest.TwoClasses(t, 3)
	packed := datatest.Gzip(t, f.Tar(t))
	z := f.Zip(t)
	wrong := slices.Clone(packed)
	wrong[len(wrong)-6] ^= 0xff // gzip's checksum
	for name, c := range map[string]struct {
		b    []byte
		code string
	}{
		"cut.tar.gz": {packed[:len(packed)/2], "archive.truncated"},
		"cut.tar":    {f.Tar(t)[:1000], "archive.truncated"},
		"cut.zip":    {z[:len(z)/2], "archive.damaged"},
		"sum.tar.gz": {wrong, "archive.damaged"},
		"empty.zip":  {datatest.Files{}.Zip(t), "data.empty"},
		"empty.tar":  {datatest.Files{"readme.txt": []byte("x")}.Tar(t), "data.empty"},
		"x.gz":       {datatest.Gzip(t, []byte("hello")), "data.source.file"},
		"x.zip":      {[]byte("hello"), "data.source.file"},
		"none.zip":   {nil, "data.source.file"},
	} {
		t.Setenv("TMPDIR", t.TempDir())
		parent := t.TempDir()
		_, err := imports.Import(context.Background(), datatest.Saved(t, name, c.b), filepath.Join(parent, "set"), imports.Default(), nil)
		datatest.WantFault(t, err, c.code)
		datatest.WantOnly(t, parent)
		datatest.WantOnly(t, os.TempDir())
	}
}

func TestZipNamesInKorean(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"\xb0\xad\xbe\xc6\xc1\xf6/1.png", "\xb0\xed\xbe\xe7\xc0\xcc/1.png"} { // 강아지, 고양이 in CP949
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(datatest.PNG(t, datatest.Grey(2, 2, 1)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	d := importtest.Imported(t, datatest.Saved(t, "x.zip", b.Bytes()), nil)
	if c := d.Info().Classes; !slices.Equal(c, []string{"강아지", "고양이"}) {
		t.Errorf("classes %q", c)
	}
}
