package data

import (
	"bytes"
	"encoding/binary"
	"image"

	"github.com/disintegration/imaging"
)

// orientation finds the EXIF orientation of a JPEG, 1 to 8; 1, upright, where there is none or it cannot be read.
// (Exif 2.3, 4.6.4: tag 0x0112 of the first directory.)
func orientation(b []byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		marker, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		end := at + 2 + size
		if marker == 0xda || size < 2 || end > len(b) { // the image data begin
			return 1
		}
		if body := b[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at = end
	}
	return 1
}

// tiffOrientation reads the orientation from EXIF's TIFF directory.
func tiffOrientation(b []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case len(b) < 8:
		return 1
	case string(b[:2]) == "MM":
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	n := uint64(order.Uint16(b[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if o := int(order.Uint16(b[entry+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// upright undoes an EXIF orientation. A grey image stays grey.
func upright(img image.Image, o int) image.Image {
	turn := [...]func(image.Image) *image.NRGBA{
		2: imaging.FlipH, 3: imaging.Rotate180, 4: imaging.FlipV, 5: imaging.Transpose, 6: imaging.Rotate270, 7: imaging.Transverse, 8: imaging.Rotate90,
	}
	if o < 2 || o >= len(turn) {
		return img
	}
	turned := turn[o](img)
	if _, grey := img.(*image.Gray); !grey {
		return turned
	}
	out := image.NewGray(turned.Rect)
	for i := range out.Pix {
		out.Pix[i] = turned.Pix[4*i]
	}
	return out
}
