package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestArchives(t *testing.T) {
	f := files{}
	for name, b := range twoClasses(t, 3) {
		f["around/"+name] = b
	}
	want := imported(t, f.folder(t), nil)
	for name, b := range map[string][]byte{
		"x.zip": f.zip(t), "x.tar": f.tar(t), "x.tar.gz": gz(t, f.tar(t)), "named wrongly.rar": f.zip(t),
	} {
		t.Run(name, func(t *testing.T) {
			path := saved(t, name, b)
			sameContents(t, want, imported(t, path, nil))
			found, err := Recognize(context.Background(), path)
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
	f := files{
		"m/train-images-idx3-ubyte.gz": gz(t, idxOf([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 4, 1, 2)),
		"m/train-labels-idx1-ubyte":    idxOf([]byte{0, 1, 0, 1}, 4),
	}
	for name, b := range map[string][]byte{"x.zip": f.zip(t), "x.tgz": gz(t, f.tar(t))} {
		path := saved(t, name, b)
		d := imported(t, path, nil)
		if i := d.Info(); i.Images() != 4 || i.Width != 2 || i.Height != 1 {
			t.Errorf("%s: %+v", name, i)
		}
		found, err := Recognize(context.Background(), path)
		if err != nil || found.Format != "idx" {
			t.Fatalf("%+v, %v", found, err)
		}
		images, err := found.Preview(8) // read after the archive was closed
		if err != nil || len(images) != 4 {
			t.Fatalf("%d images to look at, %v", len(images), err)
		}
		if p := Fit(images[1], 2, 1, 1, Squash); !bytes.Equal(p.Pix, []byte{3, 4}) {
			t.Errorf("%v", p.Pix)
		}
	}
}

// Names that lead out of the archive, links and devices are left out, and nothing appears outside.
func TestArchivesCannotLeadOutside(t *testing.T) {
	evil := pngOf(t, grey(4, 4, 66))
	f := twoClasses(t, 2)
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
	for name, b := range map[string][]byte{"x.zip": f.zip(t), "x.tar": f.tar(t, links...)} {
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
			info, err := Import(context.Background(), path, filepath.Join(dir, "set"), DefaultImport(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if info.Images() != 4 {
				t.Errorf("%d images, want the 4 that lie inside", info.Images())
			}
			wantOnly(t, os.TempDir())
			wantOnly(t, outer, "1")
			wantOnly(t, filepath.Join(outer, "1"), "2")
			wantOnly(t, dir, "set", name)
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
		"one.zip": bomb(t, 1, 1<<62), "many.zip": bomb(t, 500, 1<<27), "x.tar": huge.Bytes(), "x.tar.gz": gz(t, huge.Bytes()),
	} {
		_, err := Recognize(context.Background(), saved(t, name, b))
		wantFault(t, err, "archive.bomb")
	}
	// A file that says it is small and is not ends where it said.
	_, err := Recognize(context.Background(), saved(t, "lies.zip", bomb(t, 3, 10)))
	if err == nil {
		t.Error("a zip that lies about its sizes passes")
	}
}

func TestDamagedArchives(t *testing.T) {
	f := twoClasses(t, 3)
	packed := gz(t, f.tar(t))
	z := f.zip(t)
	wrong := slices.Clone(packed)
	wrong[len(wrong)-6] ^= 0xff // gzip's checksum
	for name, c := range map[string]struct {
		b    []byte
		code string
	}{
		"cut.tar.gz": {packed[:len(packed)/2], "archive.truncated"},
		"cut.tar":    {f.tar(t)[:1000], "archive.truncated"},
		"cut.zip":    {z[:len(z)/2], "archive.damaged"},
		"sum.tar.gz": {wrong, "archive.damaged"},
		"empty.zip":  {files{}.zip(t), "data.empty"},
		"empty.tar":  {files{"readme.txt": []byte("x")}.tar(t), "data.empty"},
		"x.gz":       {gz(t, []byte("hello")), "data.source.file"},
		"x.zip":      {[]byte("hello"), "data.source.file"},
		"none.zip":   {nil, "data.source.file"},
	} {
		t.Setenv("TMPDIR", t.TempDir())
		parent := t.TempDir()
		_, err := Import(context.Background(), saved(t, name, c.b), filepath.Join(parent, "set"), DefaultImport(), nil)
		wantFault(t, err, c.code)
		wantOnly(t, parent)
		wantOnly(t, os.TempDir())
	}
}

func TestZipNamesInKorean(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"\xb0\xad\xbe\xc6\xc1\xf6/1.png", "\xb0\xed\xbe\xe7\xc0\xcc/1.png"} { // 강아지, 고양이 in CP949
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(pngOf(t, grey(2, 2, 1)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	d := imported(t, saved(t, "x.zip", b.Bytes()), nil)
	if c := d.Info().Classes; !slices.Equal(c, []string{"강아지", "고양이"}) {
		t.Errorf("classes %q", c)
	}
}
