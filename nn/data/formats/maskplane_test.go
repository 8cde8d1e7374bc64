package formats_test

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestKindsOfMasks(t *testing.T) {
	mask := datatest.Mask(someMask)
	palette := color.Palette{color.NRGBA{9, 9, 9, 0}, color.NRGBA{9, 9, 9, 0}, color.NRGBA{200, 0, 0, 10}} // of which only the index counts
	colours := []color.Color{color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 128, 255, 7}}
	coloured := func(id byte) color.Color { return colours[id] }
	names, list := "a\nb\nc\n", "# three\nname,r,g,b\na,0,0,0\nb,255,0,0\nc,0,128,255\n"
	bounds := mask.Rect
	paletted := image.NewPaletted(bounds, palette)
	copy(paletted.Pix, mask.Pix)
	byColour := image.NewPaletted(bounds, color.Palette{colours[2], colours[0], colours[1]})
	for name, c := range map[string]struct {
		mask []byte
		file string
		text string
	}{
		"grey":                  {datatest.PNG(t, mask), "classes.txt", names},
		"4 bits":                {datatest.PNGOfBits(t, mask, 4), "classes.txt", names},
		"2 bits":                {datatest.PNGOfBits(t, mask, 2), "Classes.TXT", names},
		"16 bits":               {datatest.PNG(t, datatest.Recoloured(mask, image.NewGray16(bounds), func(id byte) color.Color { return color.Gray16{Y: uint16(id)} })), "classes.txt", names},
		"palette":               {datatest.PNG(t, paletted), "classes.txt", names},
		"grey as colours":       {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), func(id byte) color.Color { return color.NRGBA{id, id, id, 3} })), "classes.txt", names},
		"grey of 16 bits":       {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA64(bounds), func(id byte) color.Color { v := uint16(id); return color.NRGBA64{v, v, v, 3} })), "classes.txt", names},
		"colours":               {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), coloured)), "class_dict.csv", list},
		"colours first":         {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), coloured)), "label_colors.txt", "0 0 0\ta\n255 0 0\tb\n\n0 128 255\tc"},
		"colours of CVAT":       {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), coloured)), "labelmap.txt", "# label:color_rgb:parts:actions\na:0,0,0::\nb:255,0,0::\nc:0,128,255::\n"},
		"palette and a list":    {datatest.PNG(t, datatest.Recoloured(mask, byColour, coloured)), "colours.txt", list},
		"ids beside a list":     {datatest.PNG(t, mask), "colours.txt", list},
		"shades of grey":        {datatest.PNG(t, datatest.Recoloured(mask, image.NewGray(bounds), func(id byte) color.Color { return color.Gray{Y: id * 120} })), "colours.txt", "a 0 0 0\nb 120 120 120\nc 240 240 240"},
		"shades in colour":      {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), func(id byte) color.Color { return color.NRGBA{id * 120, id * 120, id * 120, 255} })), "colours.txt", "a 0 0 0\nb 120 120 120\nc 240 240 240"},
		"a list as the classes": {datatest.PNG(t, datatest.Recoloured(mask, image.NewNRGBA(bounds), coloured)), "classes.txt", list},
	} {
		source := datatest.Files{"images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "masks/a.png": c.mask, c.file: []byte(c.text)}.Folder(t)
		truths, i := importtest.Seen(t, source, func(o *imports.Options) { o.ValPercent = 0 })
		if got := truths["images/a.png"]; got != someMask || !slices.Equal(i.Classes, []string{"a", "b", "c"}) {
			t.Errorf("%s: %s, %+v", name, got, i)
		}
	}
}
