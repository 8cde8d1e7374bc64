package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zlib"
)

// A pngEncoder writes images as PNG (W3C, "Portable Network Graphics Specification"). Most of the time of an import goes here: the standard library's
// encoder tries five filters for each row and a slower compression, which takes three times as long for files that are a few per cent smaller.
type pngEncoder struct {
	zlib     *zlib.Writer
	data     bytes.Buffer
	filtered []byte
	trial    []byte
}

// The filters of a row that are tried: the bytes as they are, and their differences from the pixel to the left and the one above.
const (
	pngNone = iota
	pngSub
	pngUp
	pngFilters
)

// WritePNG writes pixels as a PNG of 8 bits a channel, grey or RGB.
func WritePNG(w io.Writer, p Pixels) error {
	var b bytes.Buffer
	if err := new(pngEncoder).encode(&b, p); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// encode appends the pixels as a PNG of 8 bits a channel, grey or RGB.
func (e *pngEncoder) encode(out *bytes.Buffer, p Pixels) error {
	out.WriteString("\x89PNG\r\n\x1a\n")
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(p.W)), uint32(p.H))
	const bits, grey, rgb = 8, 0, 2
	kind := byte(grey)
	if p.C == 3 {
		kind = rgb
	}
	pngChunk(out, "IHDR", append(header, bits, kind, 0, 0, 0))
	e.filter(p)
	e.data.Reset()
	if e.zlib == nil {
		w, err := zlib.NewWriterLevel(&e.data, zlib.BestSpeed)
		if err != nil {
			return err
		}
		e.zlib = w
	} else {
		e.zlib.Reset(&e.data)
	}
	if _, err := e.zlib.Write(e.filtered); err != nil {
		return err
	}
	if err := e.zlib.Close(); err != nil {
		return err
	}
	pngChunk(out, "IDAT", e.data.Bytes())
	pngChunk(out, "IEND", nil)
	return nil
}

// filter writes each row after the number of the filter by which its bytes, taken as signed, have the smallest sum of sizes: that compresses best.
func (e *pngEncoder) filter(p Pixels) {
	line := p.W * p.C
	e.filtered = e.filtered[:0]
	above := make([]byte, line)
	for y := range p.H {
		row := p.Pix[y*line : (y+1)*line]
		e.filtered = append(append(e.filtered, pngNone), row...)
		best := e.filtered[len(e.filtered)-line-1:]
		least := sizes(row)
		for f := byte(pngSub); f < pngFilters && least > 0; f++ {
			e.trial = differences(e.trial[:0], row, above, p.C, f)
			if s := sizes(e.trial); s < least {
				least, best[0] = s, f
				copy(best[1:], e.trial)
			}
		}
		above = row
	}
}

// differences appends the bytes of a row less those of the pixel to the left or above.
func differences(dst, row, above []byte, channels int, filter byte) []byte {
	if filter == pngUp {
		for i, v := range row {
			dst = append(dst, v-above[i])
		}
		return dst
	}
	dst = append(dst, row[:channels]...)
	for i, v := range row[channels:] {
		dst = append(dst, v-row[i])
	}
	return dst
}

// sizes sums the absolute values of bytes taken as signed.
func sizes(b []byte) (sum int) {
	for _, v := range b {
		s := int(int8(v))
		sum += (s ^ s>>63) - s>>63
	}
	return sum
}

// pngChunk writes a chunk with its length and checksum.
func pngChunk(out *bytes.Buffer, kind string, data []byte) {
	var number [4]byte
	put := func(v uint32) {
		binary.BigEndian.PutUint32(number[:], v)
		out.Write(number[:])
	}
	put(uint32(len(data)))
	from := out.Len()
	out.WriteString(kind)
	out.Write(data)
	put(crc32.ChecksumIEEE(out.Bytes()[from:]))
}
