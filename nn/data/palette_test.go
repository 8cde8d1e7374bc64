package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/convscope/convscope/nn/fault"
)

// Palettes of two colours and 2×2 pixels of one index, in each format that has palettes.
var paletted = map[string]func(index byte) []byte{
	"PNG":            func(index byte) []byte { return palettedPNG(index, false) },
	"interlaced PNG": func(index byte) []byte { return palettedPNG(index, true) },
	"GIF":            palettedGIF,
	"BMP":            palettedBMP,
	"TIFF":           palettedTIFF,
}

// The library imaging, which clones and turns photos, looks colours up without a check, on goroutines where nobody can catch the panic
// (CVE-2023-36308, docs/decisions/0016). So what Decode returns must have no pixel outside its palette, whatever the file says.
func TestNoPixelOutsideThePalette(t *testing.T) {
	for format, file := range paletted {
		if _, ok := decodePaletted(t, format, file(1)).(*image.Paletted); !ok {
			t.Errorf("%s: indices inside the palette do not give a picture with a palette", format)
		}
		for _, index := range []byte{2, 3, 200, 255} {
			if format == "GIF" && index > 3 {
				continue // the shortest codes of a GIF have two bits
			}
			img := decodePaletted(t, format, file(index))
			if img == nil {
				continue
			}
			if p, ok := img.(*image.Paletted); ok {
				for _, i := range p.Pix {
					if int(i) >= len(p.Palette) {
						t.Fatalf("%s with index %d: Decode returned index %d of a palette of %d", format, index, i, len(p.Palette))
					}
				}
			}
			imaging.Clone(img)
		}
	}
}

// decodePaletted decodes a file; nil where it is refused with words.
func decodePaletted(t *testing.T, format string, file []byte) image.Image {
	t.Helper()
	img, err := decodeBytes(file, format, 0)
	var f *fault.Fault
	if err != nil && !errors.As(err, &f) {
		t.Errorf("%s: %v is not a fault", format, err)
	}
	return img
}

func palettedPNG(index byte, interlaced bool) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		begin := len(out)
		out = append(append(out, name...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[begin:]))
	}
	header := []byte{0, 0, 0, 2, 0, 0, 0, 2, 8, 3, 0, 0, 0}
	rows := []byte{0, index, index, 0, index, index} // each begins with its filter
	if interlaced {
		header[12] = 1
		rows = []byte{0, index, 0, index, 0, index, index} // passes 1, 6 and 7 of Adam7
	}
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	z.Write(rows)
	z.Close()
	chunk("IHDR", header)
	chunk("PLTE", make([]byte, 6))
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out
}

// palettedGIF writes a GIF with four colours and takes two of them out of the file.
func palettedGIF(index byte) []byte {
	img := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White, color.Black, color.White})
	for i := range img.Pix {
		img.Pix[i] = index
	}
	var b bytes.Buffer
	if err := gif.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	const flags, colours = 10, 13
	out := b.Bytes()
	out[flags] &^= 7 // 2 to the power of 1 + these bits
	return append(out[:colours+6:colours+6], out[colours+12:]...)
}

func palettedBMP(index byte) []byte {
	const start = 14 + 40 + 2*4
	out := []byte("BM")
	for _, v := range []uint32{start + 8, 0, start, 40, 2, 2, 1 | 8<<16, 0, 8, 0, 0, 2, 2, 0, 0xffffff} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return append(out, index, index, 0, 0, index, index, 0, 0) // rows are multiples of four bytes
}

func palettedTIFF(index byte) []byte {
	entries := [][4]uint32{ // tag, type (3: 16 bits, 4: 32 bits), count, value or place
		{256, 3, 1, 2}, {257, 3, 1, 2}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 3}, {273, 4, 1, 0}, {277, 3, 1, 1}, {278, 3, 1, 2}, {279, 4, 1, 4}, {320, 3, 6, 0},
	}
	directory := 8
	colours := uint32(directory + 2 + 12*len(entries) + 4)
	entries[5][3], entries[9][3] = colours+12, colours
	out := append([]byte("II*\x00"), byte(directory), 0, 0, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	for _, e := range entries {
		out = binary.LittleEndian.AppendUint16(out, uint16(e[0]))
		out = binary.LittleEndian.AppendUint16(out, uint16(e[1]))
		out = binary.LittleEndian.AppendUint32(out, e[2])
		out = binary.LittleEndian.AppendUint32(out, e[3])
	}
	out = append(out, make([]byte, 4+12)...) // no further directory; the colours
	return append(out, index, index, index, index)
}
