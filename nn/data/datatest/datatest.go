// Package datatest makes files for tests of data sets and of what they are imported from: images, masks, IDX files, archives.
package datatest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convscope/convscope/nn/fault"
)

// Plain returns a picture of one colour.
func Plain(w, h int, c color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

// Grey returns a grey picture whose pixels are all v.
func Grey(w, h int, v byte) *image.Gray {
	return &image.Gray{Pix: bytes.Repeat([]byte{v}, w*h), Stride: w, Rect: image.Rect(0, 0, w, h)}
}

func PNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func JPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Turned puts an EXIF orientation into a JPEG.
func Turned(jpg []byte, o byte, bigEndian bool) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	exif := []byte("Exif\x00\x00II*\x00")
	if bigEndian {
		order, exif = binary.BigEndian, []byte("Exif\x00\x00MM\x00*")
	}
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 1)
	exif = order.AppendUint16(exif, 0x0112)
	exif = order.AppendUint16(exif, 3)
	exif = order.AppendUint32(exif, 1)
	exif = order.AppendUint16(exif, uint16(o))
	exif = append(exif, make([]byte, 6)...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(exif)+2))
	return slices.Concat(head, exif, jpg[2:])
}

// CMYK makes a JPEG of 8×8 pixels of one colour in four channels, as Photoshop writes them (inverted, marked by Adobe's
// segment): one block a channel with nothing but its mean.
func CMYK(c, m, y, k byte) []byte {
	var b bytes.Buffer
	segment := func(marker byte, body ...byte) {
		b.Write([]byte{0xff, marker, 0, byte(len(body) + 2)})
		b.Write(body)
	}
	b.Write([]byte{0xff, 0xd8})
	segment(0xee, append([]byte("Adobe"), 0, 100, 0, 0, 0, 0, 0)...)
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	segment(0xc0, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	segment(0xc4, append(append([]byte{0x00}, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...)
	segment(0xc4, append(append([]byte{0x10}, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0)...)
	segment(0xda, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	bits, n := uint64(0), 0
	put := func(v, width int) { bits, n = bits<<width|uint64(v), n+width }
	flush := func() {
		for n >= 8 {
			v := byte(bits >> (n - 8))
			b.WriteByte(v)
			if v == 0xff {
				b.WriteByte(0)
			}
			n -= 8
		}
	}
	for _, v := range []byte{c, m, y, k} {
		dc := (255 - int(v) - 128) * 8
		width := 0
		for a := max(dc, -dc); a > 0; a >>= 1 {
			width++
		}
		put(width, 4)
		if dc < 0 {
			dc += 1<<width - 1
		}
		put(dc, width)
		put(0, 1) // nothing but the mean
		flush()
	}
	put(1<<7-1, 7)
	flush()
	b.Write([]byte{0xff, 0xd9})
	return b.Bytes()
}

// IDX makes an IDX file of bytes.
func IDX(values []byte, dims ...int) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, values...)
}

func Gzip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Files are the contents of a folder or an archive by path.
type Files map[string][]byte

func (f Files) Paths() []string {
	var out []string
	for p := range f {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Folder writes the files into a new folder.
func (f Files) Folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "source")
	for _, p := range f.Paths() {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, f[p], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f Files) Zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range f.Paths() {
		w, err := z.Create(p)
		if err == nil {
			_, err = w.Write(f[p])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (f Files) Tar(t testing.TB, more ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range more {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range f.Paths() {
		err := w.WriteHeader(&tar.Header{Name: p, Size: int64(len(f[p])), Mode: 0o644, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(f[p])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Saved writes one file into a new folder.
func Saved(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TwoClasses returns n small grey pictures each of classes a and b; picture i has the value i, in b from 100 on.
func TwoClasses(t testing.TB, n int) Files {
	t.Helper()
	f := Files{}
	for i := range n {
		name := string([]byte{'0' + byte(i/10), '0' + byte(i%10)}) + ".png"
		f["a/"+name] = PNG(t, Grey(4, 4, byte(i)))
		f["b/"+name] = PNG(t, Grey(4, 4, byte(100+i)))
	}
	return f
}

// WantFault holds an error against a fault's code.
func WantFault(t testing.TB, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got the error %v (%q), want the fault %q", err, fault.Code(err), code)
	}
}

// WantNear compares a pixel's channels, which codecs may change by a little.
func WantNear(t testing.TB, got []byte, want ...int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("pixel %v, want %v", got, want)
	}
	for i := range want {
		if d := int(got[i]) - want[i]; d < -3 || d > 3 {
			t.Errorf("pixel %v, want %v", got, want)
			return
		}
	}
}

// WantOnly reports an error unless a folder has nothing but these names in it.
func WantOnly(t testing.TB, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("%s has %q, want %q", folder, got, names)
	}
}

// WithCRC corrects the checksum of a PNG's header after it was changed.
func WithCRC(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// Mask makes a mask of ids, one character a pixel, rows apart by spaces; "v" is 255.
func Mask(rows string) *image.Gray {
	lines := strings.Fields(rows)
	img := image.NewGray(image.Rect(0, 0, len(lines[0]), len(lines)))
	for y, line := range lines {
		for x, c := range line {
			v := byte(c - '0')
			if c == 'v' {
				v = 255
			}
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return img
}

// Recoloured makes another kind of image of a mask: what is true of each id.
func Recoloured(mask *image.Gray, img interface {
	image.Image
	Set(x, y int, c color.Color)
}, colours func(id byte) color.Color,
) image.Image {
	for y := range mask.Rect.Dy() {
		for x := range mask.Rect.Dx() {
			img.Set(x, y, colours(mask.GrayAt(x, y).Y))
		}
	}
	return img
}

// PNGOfBits makes a grey PNG whose ids take so many bits.
func PNGOfBits(t *testing.T, mask *image.Gray, bits int) []byte {
	t.Helper()
	w, h := mask.Rect.Dx(), mask.Rect.Dy()
	line := (w*bits + 7) / 8
	packed := make([]byte, line*h)
	for i, id := range mask.Pix {
		at := i % w * bits
		packed[i/w*line+at/8] |= id << (8 - bits - at%8)
	}
	out := PNG(t, &image.Gray{Pix: packed, Stride: line, Rect: image.Rect(0, 0, line, h)})
	// only the header tells of pixels of fewer bits
	out[19], out[24] = byte(w), byte(bits)
	return WithCRC(out)
}

// WantWords reports an error that is not one for people.
func WantWords(t *testing.T, err error) {
	t.Helper()
	if err != nil && fault.Code(err) == "" && !errors.Is(err, context.Canceled) {
		t.Errorf("the error %v has no words", err)
	}
}

// Bomb makes a zip whose directory tells of n files of size bytes each.
func Bomb(t testing.TB, n int, size uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range n {
		w, err := z.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprintf("a/%d.png", i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(nil), UncompressedSize64: size, CompressedSize64: 2,
		})
		if err == nil {
			_, err = w.Write([]byte{3, 0})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Digits are four IDX files: eight training images of 2×2 whose values are their number, and three for the test.
func Digits() Files {
	train, test := make([]byte, 8*4), make([]byte, 3*4)
	for i := range train {
		train[i] = byte(i / 4)
	}
	for i := range test {
		test[i] = byte(100 + i/4)
	}
	return Files{
		"train-images-idx3-ubyte": IDX(train, 8, 2, 2), "train-labels-idx1-ubyte": IDX([]byte{0, 1, 2, 0, 1, 2, 0, 1}, 8),
		"t10k-images-idx3-ubyte": IDX(test, 3, 2, 2), "t10k-labels-idx1-ubyte": IDX([]byte{2, 1, 0}, 3),
	}
}

// MapText writes a map of classes as text, a row of w a line: digits, . for 0xffff, which is void.
func MapText(m []uint16, w int) string {
	var text []byte
	for i, v := range m {
		if i%w == 0 && i > 0 {
			text = append(text, '\n')
		}
		if v == 0xffff {
			text = append(text, '.')
		} else {
			text = append(text, '0'+byte(v))
		}
	}
	return string(text)
}
