package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
)

// MaxPixels is how many pixels an image may have where a caller of Decode names no other limit.
const MaxPixels = 100_000_000

// MaxFileBytes bounds an image file: more than any image of MaxPixels needs.
const MaxFileBytes = 1 << 30

// imageFormats names what Decode reads, for messages.
const imageFormats = "PNG, JPEG, GIF, BMP, TIFF, WebP"

// A codec reads one format of images, which it knows by how files begin.
type codec struct {
	name   string
	end    string // what a whole file has near its end, whatever else a decoder says of one that is cut off
	sniff  func(b []byte) bool
	config func(r io.Reader) (image.Config, error)
	decode func(r io.Reader) (image.Image, error)
}

// codecs is the table of formats.
var codecs = []codec{
	{"PNG", "IEND", begins("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd9", begins("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", "", begins("GIF87a", "GIF89a"), gif.DecodeConfig, gif.Decode},
	{"BMP", "", begins("BM"), bmp.DecodeConfig, bmp.Decode},
	{"TIFF", "", begins("II*\x00", "MM\x00*"), tiff.DecodeConfig, tiff.Decode},
	{"WebP", "", func(b []byte) bool { return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" }, webp.DecodeConfig, webp.Decode},
}

func begins(with ...string) func([]byte) bool {
	return func(b []byte) bool {
		for _, w := range with {
			if bytes.HasPrefix(b, []byte(w)) {
				return true
			}
		}
		return false
	}
}

// DecodeFile reads an image file of at most MaxPixels; see Decode.
func DecodeFile(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, disk.ReadFault(err, path)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fault.New("image.folder", "%s is a folder. Name an image.", path)
	}
	return Decode(f, path, 0)
}

// Decode reads an image whatever its name says, by how its bytes begin: PNG, JPEG, GIF (the first frame), BMP, TIFF or WebP. A
// JPEG is turned upright as its EXIF orientation says. The size is read from the header first: more than limit pixels (0: MaxPixels)
// are refused before memory is taken for them. Every error is a fault that names the file, even where a codec panics.
func Decode(r io.Reader, name string, limit int64) (image.Image, error) {
	b, err := disk.ReadAll(r, name, MaxFileBytes)
	if err != nil {
		return nil, disk.ReadFault(err, name)
	}
	return decodeBytes(b, name, limit)
}

// decodeBytes is Decode of a file's bytes.
func decodeBytes(b []byte, name string, limit int64) (image.Image, error) {
	o, err := OpenImage(b, name, limit)
	if err != nil {
		return nil, err
	}
	return o.Decode()
}

// An OpenedImage image is one whose header was read: its size and colours are known before memory is taken for it.
type OpenedImage struct {
	Format string // "PNG", "JPEG", …
	W, H   int    // as it will be once upright
	Turn   int    // EXIF orientation that upright undoes; 0 or 1: none
	Grey   bool
	Decode func() (image.Image, error)
}

// OpenImage reads the header of a file's bytes.
func OpenImage(b []byte, name string, limit int64) (OpenedImage, error) {
	c, config, err := readHeader(b, name, limit)
	if err != nil {
		return OpenedImage{}, err
	}
	o := OpenedImage{Format: c.name, W: config.Width, H: config.Height, Grey: isGrey(config.ColorModel)}
	if c.name == "JPEG" {
		if o.Turn = orientation(b); o.Turn >= 5 {
			o.W, o.H = o.H, o.W
		}
	}
	o.Decode = func() (image.Image, error) { return c.read(b, name, config, o.Turn) }
	return o, nil
}

// read decodes a whole file whose header told config, and turns it upright.
func (c *codec) read(b []byte, name string, config image.Config, turn int) (img image.Image, err error) {
	defer recoverCodec(name, &err)
	img, err = c.decode(bytes.NewReader(b))
	if err != nil {
		return nil, c.fault(b, err, name)
	}
	if c.name == "GIF" {
		img = onScreen(img, config.Width, config.Height)
	}
	if got := img.Bounds(); got.Dx() != config.Width || got.Dy() != config.Height {
		return nil, fault.New("image.damaged", "%s is damaged and cannot be read. Replace it or leave it out.", name)
	}
	return upright(img, turn), nil
}

// readHeader finds the codec for a file's bytes and reads the size, which it holds against the limit.
func readHeader(b []byte, name string, limit int64) (c *codec, config image.Config, err error) {
	if limit <= 0 {
		limit = MaxPixels
	}
	for i := range codecs {
		if codecs[i].sniff(b) {
			c = &codecs[i]
		}
	}
	switch {
	case len(b) == 0:
		return nil, config, fault.New("image.empty", "%s is empty. Replace it or leave it out.", name)
	case c == nil:
		return nil, config, fault.New("image.format", "%s is not an image in a format that Convscope reads (%s). Convert it or leave it out.", name, imageFormats)
	}
	defer recoverCodec(name, &err)
	config, err = c.config(bytes.NewReader(b))
	if err != nil {
		return nil, config, c.fault(b, err, name)
	}
	pixels := int64(config.Width) * int64(config.Height)
	switch {
	case config.Width < 1 || config.Height < 1:
		return nil, config, fault.New("image.damaged", "%s is damaged and cannot be read. Replace it or leave it out.", name)
	case config.Width > 1<<30 || config.Height > 1<<30 || pixels > limit:
		return nil, config, fault.New("image.large", "%s has %v×%v pixels, more than the %v that can be read. Scale it down first.", name, config.Width, config.Height, limit)
	case c.name == "PNG" && pixels/8*pngBits(b) > 1100*int64(len(b))+1<<16:
		// Deflate makes at most 1032 bytes of one: so many pixels cannot be in so few bytes.
		return nil, config, fault.New("image.truncated", "%s is cut off. Replace it or leave it out.", name)
	}
	return c, config, nil
}

// pngBits returns the bits of a pixel by a PNG's header.
func pngBits(b []byte) int64 {
	if len(b) < 26 {
		return 0
	}
	samples := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[b[25]]
	return samples * int64(b[24])
}

// recoverCodec turns a codec's panic into a fault: image files are untrusted, and codecs have had such mistakes.
func recoverCodec(name string, err *error) {
	if p := recover(); p != nil {
		*err = fault.New("image.damaged", "%s is damaged and cannot be read. Replace it or leave it out.", name).Because(fmt.Errorf("%v", p))
	}
}

// fault puts an error that the codec met in a file's bytes into words.
func (c *codec) fault(b []byte, err error, name string) error {
	var j jpeg.UnsupportedError
	var p png.UnsupportedError
	var t tiff.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || !bytes.Contains(b, []byte(c.end)):
		return fault.New("image.truncated", "%s is cut off. Replace it or leave it out.", name).Because(err)
	case errors.As(err, &j) || errors.As(err, &p) || errors.As(err, &t) || errors.Is(err, bmp.ErrUnsupported):
		return fault.New("image.unsupported", "%s uses a variant of its format that Convscope does not read. Save it again as PNG.", name).Because(err)
	}
	return fault.New("image.damaged", "%s is damaged and cannot be read. Replace it or leave it out.", name).Because(err)
}

// onScreen lays a GIF's first frame, which may be a part only, onto its whole picture of w×h pixels.
func onScreen(frame image.Image, w, h int) image.Image {
	if frame.Bounds() == image.Rect(0, 0, w, h) {
		return frame
	}
	whole := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole
}
