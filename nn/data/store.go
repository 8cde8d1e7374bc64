package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"github.com/convscope/convscope/nn/fault"
)

// The database has five buckets. Keys of images, files and truth are the image's ID, 4 bytes, high byte first; IDs run from 0
// without gaps. What never changes (images, files) lies apart from what is edited (truth, index), so that an edit writes a few
// small pages.
var (
	aboutBucket  = []byte("about")  // "format" → version in decimal; "classes" → storedClasses as JSON; "mean" → MeanSum.mean, absent when not known
	imagesBucket = []byte("images") // imageHeader and encoded bytes
	filesBucket  = []byte("files")  // storedFile as JSON
	truthBucket  = []byte("truth")  // Truth as JSON
	indexBucket  = []byte("index")  // number of a chunk (4 bytes) → the entries of chunkImages images, entryBytes each

	formatKey  = []byte("format")
	classesKey = []byte("classes")
	meanKey    = []byte("mean")
)

// The index says of every image its leading class, its split and its kinds of truth, so that a data set opens without reading each truth. It
// is cut into chunks, so that an edit rewrites one.
const (
	chunkImages = 1024
	entryBytes  = 7 // class as int32, split, kinds as uint16
	entryBytes1 = 5 // of format 1, which had no kinds
)

// storedFile is what is known of the file that an image came from.
type storedFile struct {
	File string `json:"file"` // path within the source, with slashes
	W    int    `json:"w"`    // original size in pixels
	H    int    `json:"h"`
}

// Encodings of images in the database.
const (
	EncodingPNG  = "png"
	EncodingJPEG = "jpeg"
	EncodingRaw  = "raw"
)

// Encodings lists them, the default first.
func Encodings() []string { return []string{EncodingPNG, EncodingJPEG, EncodingRaw} }

// jpegQuality is what Pillow calls 90: small losses, a fifth of PNG's size for photos.
const jpegQuality = 90

// headerBytes precede an image: encoding ('p', 'j', 'r'), channels, width and height as uint16, high byte first.
const headerBytes = 6

func key(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

// formatValue is the value of formatKey.
func formatValue(format int) []byte { return strconv.AppendInt(nil, int64(format), 10) }

// An Encoder makes of images and what is known of them what a Writer writes. It is used by one goroutine.
type Encoder struct {
	encoding string
	png      pngEncoder
	out      bytes.Buffer
	rgba     *image.RGBA // used again for colour
}

// NewEncoder returns an Encoder for one of Encodings.
func NewEncoder(encoding string) *Encoder { return &Encoder{encoding: encoding} }

// An Encoded is a record ready to be written.
type Encoded struct {
	file         storedFile
	value, truth []byte
}

// Encode encodes an image as the data set is to keep it, with its truth and the file that it came from, which had w×h pixels once upright. It also returns the pixels as they are read back,
// which JPEG changes.
func (e *Encoder) Encode(file string, w, h int, p Pixels, t Truth) (Encoded, Pixels, error) {
	r := Encoded{file: storedFile{File: file, W: w, H: h}}
	var err error
	if r.value, err = e.encode(p); err == nil {
		r.truth, err = encodeTruth(t, nil)
	}
	if err == nil && e.encoding == EncodingJPEG {
		p, err = decodeStored(r.value, p.W, p.H, p.C, file)
	}
	return r, p, err
}

// encode returns the value that keeps the pixels; the caller owns it.
func (e *Encoder) encode(p Pixels) ([]byte, error) {
	e.out.Reset()
	e.out.Write([]byte{e.encoding[0], byte(p.C)})
	e.out.Write(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(p.W)), uint16(p.H)))
	var err error
	switch e.encoding {
	case EncodingRaw:
		e.out.Write(p.Pix)
	case EncodingJPEG:
		err = jpeg.Encode(&e.out, e.image(p), &jpeg.Options{Quality: jpegQuality})
	default:
		err = e.png.encode(&e.out, p)
	}
	return bytes.Clone(e.out.Bytes()), err
}

// image returns the pixels as an image that is good until the next call.
func (e *Encoder) image(p Pixels) image.Image {
	if p.C == 1 {
		return p.Image()
	}
	if e.rgba == nil || e.rgba.Rect.Dx() != p.W || e.rgba.Rect.Dy() != p.H {
		e.rgba = image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	}
	p.fill(e.rgba.Pix)
	return e.rgba
}

// storedSize reads the size of an image from its value in the database; false: it cannot be one.
func storedSize(value []byte) (w, h int, ok bool) {
	if len(value) < headerBytes {
		return 0, 0, false
	}
	w, h = int(binary.BigEndian.Uint16(value[2:])), int(binary.BigEndian.Uint16(value[4:]))
	return w, h, sideOf(w) && sideOf(h)
}

// decodeStored reads a value of the bucket of images, which must hold w×h×c pixels; with w and h 0 any size that a data set may have.
func decodeStored(value []byte, w, h, c int, name string) (Pixels, error) {
	damaged := fault.New("data.image.damaged", "An image of the data set %s is damaged. Import the data set again.", name)
	ownW, ownH, ok := storedSize(value)
	if !ok || int(value[1]) != c || (w != 0 || h != 0) && (ownW != w || ownH != h) {
		return Pixels{}, damaged
	}
	w, h = ownW, ownH
	body := value[headerBytes:]
	if value[0] == EncodingRaw[0] {
		if len(body) != w*h*c {
			return Pixels{}, damaged
		}
		return Pixels{W: w, H: h, C: c, Pix: bytes.Clone(body)}, nil
	}
	img, err := decodeBytes(body, name, int64(w)*int64(h))
	if err != nil {
		return Pixels{}, damaged.Because(err)
	}
	p := Flatten(img, c)
	if p.W != w || p.H != h {
		return Pixels{}, damaged
	}
	return p, nil
}

// encodeChunk returns the value of a chunk of the index.
func encodeChunk(index []Entry, chunk int) []byte {
	part := index[chunk*chunkImages : min((chunk+1)*chunkImages, len(index))]
	b := make([]byte, 0, len(part)*entryBytes)
	for _, e := range part {
		b = append(binary.BigEndian.AppendUint32(b, uint32(e.Class)), byte(e.Split))
		b = binary.BigEndian.AppendUint16(b, uint16(e.Kinds))
	}
	return b
}

// decodeIndex reads the chunks of an index with entries of size bytes, or returns false where they cannot be true of so many classes.
func decodeIndex(bucket *bolt.Bucket, size, classes int) ([]Entry, bool) {
	var index []Entry
	ok := true
	err := bucket.ForEach(func(k, v []byte) error {
		whole := len(index)%chunkImages == 0 // only the last chunk may be short
		ok = ok && whole && len(k) == 4 && int(binary.BigEndian.Uint32(k)) == len(index)/chunkImages &&
			len(v)%size == 0 && len(v) > 0 && len(v) <= chunkImages*size
		if !ok {
			return nil
		}
		for ; len(v) > 0; v = v[size:] {
			e := Entry{ID: uint32(len(index)), Class: int32(binary.BigEndian.Uint32(v)), Split: Split(v[4])}
			if size >= entryBytes {
				e.Kinds = Kinds(binary.BigEndian.Uint16(v[5:]))
			}
			ok = ok && e.Split < Splits && e.Class >= -1 && int(e.Class) < classes
			index = append(index, e)
		}
		return nil
	})
	return index, ok && err == nil
}

// addKinds reads from the truths what an index of format 1 does not say.
func addKinds(index []Entry, truths *bolt.Bucket) bool {
	at := 0
	err := truths.ForEach(func(k, v []byte) error {
		if at >= len(index) || !bytes.Equal(k, key(uint32(at))) {
			return errors.New("a key that is no image's")
		}
		if bytes.IndexByte(v, ',') < 0 { // nothing but the class, as an import wrote it
			if index[at].Class >= 0 {
				index[at].Kinds = KindClass
			}
		} else {
			t, err := decodeTruth(v)
			if err != nil {
				return err
			}
			index[at].Kinds = t.Kinds()
		}
		at++
		return nil
	})
	return err == nil && at == len(index)
}
