package formats_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/imports/importtest"
	"github.com/convscope/convscope/nn/fault"
)

// maskedImages is a source of images of 4×3 pixels and one mask for all of them, of ids up to 2.
const someMask = "0012 0012 2211"

func TestMasksAreFoundInFolders(t *testing.T) {
	img, mask := datatest.PNG(t, datatest.Grey(4, 3, 90)), datatest.PNG(t, datatest.Mask(someMask))
	for name, c := range map[string]struct {
		f      datatest.Files
		counts [3]int
	}{
		"labels":          {datatest.Files{"images/a.png": img, "images/b.jpg": img, "labels/a.png": mask, "labels/b.png": mask}, [3]int{2, 0, 0}},
		"masks, in upper": {datatest.Files{"x/Images/a.PNG": img, "x/Masks/a.png": mask}, [3]int{1, 0, 0}},
		"annotations":     {datatest.Files{"images/a.png": img, "annotations/a.png": mask, "annotations/a.xml": []byte("<x/>")}, [3]int{1, 0, 0}},
		"SegNet's": {datatest.Files{
			"c/train/a.png": img, "c/trainannot/a.png": mask, "c/val/b.png": img, "c/valannot/b.png": mask, "c/test/c.png": img, "c/testannot/c.png": mask,
		}, [3]int{1, 1, 1}},
		"train_labels":     {datatest.Files{"train/a.png": img, "train_labels/a_L.png": mask, "val/b.png": img, "val_labels/b_L.png": mask}, [3]int{1, 1, 0}},
		"splits around":    {datatest.Files{"train/images/a.png": img, "train/masks/a.png": mask, "test/images/b.png": img, "test/masks/b.png": mask}, [3]int{1, 0, 1}},
		"splits within":    {datatest.Files{"images/train/a.png": img, "gt/train/a.png": mask, "images/valid/b.png": img, "gt/valid/b.png": mask}, [3]int{1, 1, 0}},
		"folders within":   {datatest.Files{"images/one/a.png": img, "images/two/a.png": img, "annot/one/a.png": mask, "annot/two/a.png": mask}, [3]int{2, 0, 0}},
		"endings of masks": {datatest.Files{"images/a.png": img, "images/b.png": img, "images/c.jpg": img, "masks/a_mask.png": mask, "masks/b_GT.png": mask, "masks/c.jpg.png": mask}, [3]int{3, 0, 0}},
	} {
		c.f["names/classes.txt"] = []byte("wall\ndoor\nwindow\n")
		for _, source := range []string{c.f.Folder(t), datatest.Saved(t, "x.tar", c.f.Tar(t))} {
			truths, i := importtest.Seen(t, source, func(o *imports.Options) {
				if c.counts[data.Val]+c.counts[data.Test] == 0 {
					o.ValPercent = 0
				}
			})
			if i.Counts != c.counts || i.Task != data.Segmentation || !slices.Equal(i.Classes, []string{"wall", "door", "window"}) || len(i.Skipped)+len(i.Notes) > 0 || i.Background != data.NoBackground {
				t.Errorf("%s: %+v", name, i)
			}
			for file, m := range truths {
				if m != someMask {
					t.Errorf("%s: %s has %s", name, file, m)
				}
			}
		}
	}
}

func TestNamesOfMasks(t *testing.T) {
	img := datatest.PNG(t, datatest.Grey(4, 3, 90))
	for name, c := range map[string]struct {
		mask, classes, option string
		want                  string
		names                 []string
		background            int
		notes                 []string
	}{
		"void within":     {"0123 0123 0123", "sky\nVoid\nroad\ncar", "", "0.12 0.12 0.12", []string{"sky", "road", "car"}, -1, nil},
		"an option first": {"0123 0123 0123", "a\nb\nc", "x\ny\nz\nvoid\n", "012. 012. 012.", []string{"x", "y", "z"}, -1, nil},
		"255 is void":     {"01v0 01v0 01v0", "a\nb", "", "01.0 01.0 01.0", []string{"a", "b"}, -1, []string{"data.masks.void"}},
		"a background":    {"01v0 0120 01v0", "background\nb\nc", "", "01.0 0120 01.0", []string{"background", "b", "c"}, 0, []string{"data.masks.void"}},
		"no names":        {"01v3 01v3 0101", "", "", "01.3 01.3 0101", []string{"0", "1", "2", "3"}, -1, []string{"data.masks.unnamed", "data.masks.void"}},
		"spaces":          {"0010 0000 0000", "\ufeff  Traffic_light \r\n\r\nroad\r\n", "", "0010 0000 0000", []string{"Traffic light", "road"}, -1, nil},
	} {
		f := datatest.Files{"images/a.png": img, "labels/a.png": datatest.PNG(t, datatest.Mask(c.mask))}
		if c.classes != "" {
			f["classes.txt"] = []byte(c.classes)
		}
		truths, i := importtest.Seen(t, f.Folder(t), func(o *imports.Options) {
			o.ValPercent = 0
			if c.option != "" {
				o.ClassesFile = datatest.Saved(t, "names", []byte(c.option))
			}
		})
		if got := truths["images/a.png"]; got != c.want || !slices.Equal(i.Classes, c.names) || i.Background != c.background || !slices.Equal(importtest.Notes(i.Notes), c.notes) {
			t.Errorf("%s: %s, %+v", name, got, i)
		}
	}
}

// Classes without names that only few masks have are found too.
func TestRareIDsAreFound(t *testing.T) {
	f := datatest.Files{}
	for i := range 40 {
		name := string([]byte{'a' + byte(i/26), 'a' + byte(i%26)}) + ".png"
		f["images/"+name] = datatest.PNG(t, datatest.Grey(4, 3, 90))
		f["masks/"+name] = datatest.PNG(t, datatest.Mask("0101 0000 0000"))
	}
	f["masks/ah.png"] = datatest.PNG(t, datatest.Mask("0109 0000 0000"))
	_, i := importtest.Seen(t, f.Folder(t), nil)
	if len(i.Classes) != 10 || i.Classes[9] != "9" || i.Counts[data.Val] != 10 {
		t.Errorf("%+v", i)
	}
}

// What is wrong with single files leaves them out, and is said.
func TestWrongMasksAreLeftOut(t *testing.T) {
	img, good := datatest.PNG(t, datatest.Grey(4, 3, 90)), datatest.PNG(t, datatest.Mask(someMask))
	coloured := datatest.PNG(t, datatest.Plain(4, 3, color.NRGBA{1, 2, 3, 255}))
	deep := image.NewGray16(image.Rect(0, 0, 4, 3))
	deep.SetGray16(1, 1, color.Gray16{Y: 40000})
	f := datatest.Files{
		"images/fine.png": img, "masks/fine.png": good, "masks/fine_mask.png": good, "masks/fine.tif": good,
		"images/bare.png": img, "images/bare2.png": img,
		"masks/alone.png": good,
		"images/size.png": img, "masks/size.png": datatest.PNG(t, datatest.Mask("00 00")),
		"images/id.png": img, "masks/id.png": datatest.PNG(t, datatest.Mask("0003 0000 0000")),
		"images/deep.png": img, "masks/deep.png": datatest.PNG(t, deep),
		"images/colours.png": img, "masks/colours.png": coloured,
		"images/jpeg.png": img, "masks/jpeg.png": datatest.JPEG(t, datatest.Grey(4, 3, 1)),
		"images/cut.png": img, "masks/cut.png": good[:len(good)-20],
		"images/empty.png": img, "masks/empty.png": {},
		"images/other.png": img, "masks/other.png": []byte("no image"),
		"images/huge.png": img, "masks/huge.png": datatest.WithCRC(slices.Concat(good[:16], []byte{0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20}, good[24:])),
		"images/broken.png": img[:40], "masks/broken.png": good,
		"classes.txt": []byte("a\nb\nc"),
	}
	truths, i := importtest.Seen(t, f.Folder(t), func(o *imports.Options) { o.ValPercent = 0 })
	if want := map[string]string{"images/fine.png": someMask, "images/bare.png": "unlabelled", "images/bare2.png": "unlabelled"}; !maps.Equal(truths, want) {
		t.Errorf("%v, want %v", truths, want)
	}
	want := map[string]string{
		"masks/fine_mask.png": "data.masks.noimage", "masks/fine.tif": "data.masks.twice", "masks/alone.png": "data.masks.noimage", "images/size.png": "data.masks.size", "images/id.png": "data.masks.id",
		"images/deep.png": "data.masks.id", "images/colours.png": "data.masks.colours", "images/jpeg.png": "data.masks.jpeg", "images/cut.png": "image.truncated",
		"images/empty.png": "image.empty", "images/other.png": "image.format", "images/huge.png": "image.large", "images/broken.png": "image.truncated",
	}
	if got := importtest.Skipped(i); !maps.Equal(got, want) {
		t.Errorf("left out: %v, want %v", got, want)
	}
	if codes := importtest.Notes(i.Notes); !slices.Equal(codes, []string{"data.masks.bare"}) || fmt.Sprint(i.Notes[0].Args[0]) != "2" {
		t.Errorf("%+v", i.Notes)
	}
}

// What is wrong with a source as a whole.
func TestWrongSourcesOfMasks(t *testing.T) {
	img := datatest.PNG(t, datatest.Grey(4, 3, 90))
	with := func(mask string, names ...string) datatest.Files {
		f := datatest.Files{"images/a.png": img, "masks/a.png": datatest.PNG(t, datatest.Mask(mask))}
		for i := 0; i+1 < len(names); i += 2 {
			f[names[i]] = []byte(names[i+1])
		}
		return f
	}
	for name, c := range map[string]struct {
		f      datatest.Files
		option string
		code   string
	}{
		"black and white":          {with("0v0v 0000 0000"), "", "data.masks.binary"},
		"black and white, named":   {with("0v0v 0000 0000", "classes.txt", "a\nb"), "", "data.masks.binary"},
		"one class":                {with("0000 0000 0000"), "", "data.classes.mask"},
		"no name fits":             {with("7777 7777 7777", "classes.txt", "a\nb"), "", "data.unreadable"},
		"a class twice":            {with(someMask, "classes.txt", "a\nb\na"), "", "data.classes.twice"},
		"an empty list":            {with(someMask, "classes.txt", "\n"), "", "data.masks.names"},
		"an empty option":          {with(someMask), "void", "data.masks.names"},
		"not a list of colours":    {with(someMask, "colours.txt", "red\ngreen"), "", "data.colours.line"},
		"a colour too large":       {with(someMask, "colours.txt", "a 0 0 256"), "", "data.colours.line"},
		"a colour for two":         {with(someMask, "colours.txt", "a 1 2 3\nb 1 2 3"), "", "data.colours.twice"},
		"a colour without class":   {with(someMask, "colours.txt", "d 1 2 3", "classes.txt", "a\nb\nc"), "", "data.colours.unknown"},
		"instances of two classes": {datatest.Files{"images/a.png": img, "instances/a.png": datatest.PNG(t, datatest.Mask(someMask)), "classes.txt": []byte("a\nb\nc")}, "", "data.instances.names"},
	} {
		o := imports.Default()
		if o.ValPercent = 0; c.option != "" {
			o.ClassesFile = datatest.Saved(t, "names", []byte(c.option))
		}
		out := filepath.Join(t.TempDir(), "x")
		_, err := imports.Import(context.Background(), c.f.Folder(t), out, o, nil)
		if fault.Code(err) != c.code {
			t.Errorf("%s: %v, want the fault %s", name, err, c.code)
		}
	}
	for format, code := range map[string]string{"masks": "data.masks.none", "instances": "data.instances.none"} {
		o := imports.Default()
		o.Format = format
		_, err := imports.Import(context.Background(), datatest.TwoClasses(t, 2).Folder(t), filepath.Join(t.TempDir(), "x"), o, nil)
		datatest.WantFault(t, err, code)
	}
}

// Black and white masks are read with a list of two colours.
func TestBlackAndWhiteMasks(t *testing.T) {
	source := datatest.Files{"images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "masks/a.png": datatest.PNG(t, datatest.Mask("0v0v 0000 0000"))}.Folder(t)
	truths, i := importtest.Seen(t, source, func(o *imports.Options) {
		o.ValPercent, o.ClassesFile = 0, datatest.Saved(t, "names", []byte("background 0 0 0\nnucleus 255 255 255\n"))
	})
	if truths["images/a.png"] != "0101 0000 0000" || !slices.Equal(i.Classes, []string{"background", "nucleus"}) || i.Background != 0 {
		t.Errorf("%v, %+v", truths, i)
	}
}

// Masks go with their images through every resize: no new ids, void where the image does not reach.
func TestMasksAreResizedWithTheirImages(t *testing.T) {
	mask := datatest.Mask("00001111 00001111 22223333 22223333")
	source := datatest.Files{"images/a.png": datatest.PNG(t, datatest.Grey(8, 4, 90)), "masks/a.png": datatest.PNG(t, mask), "classes.txt": []byte("a\nb\nc\nd")}.Folder(t)
	for how, want := range map[data.Resize]string{
		data.Squash: "0011 0011 2233 2233", data.Crop: "0011 0011 2233 2233", data.Fill: ".... 0011 2233 ....", data.HalfCrop: "0011 2233 2233 ....",
	} {
		truths, _ := importtest.Seen(t, source, func(o *imports.Options) { o.Width, o.Height, o.Resize, o.ValPercent = 4, 4, how, 0 })
		if got := truths["images/a.png"]; got != want {
			t.Errorf("%s: %s, want %s", how, got, want)
		}
	}
}

// A photo that is turned upright takes its mask along, unless that is upright already.
func TestMasksTurnWithTheirPhotos(t *testing.T) {
	lying := datatest.Mask("012 345")
	light := image.NewGray(lying.Rect) // ids that a JPEG keeps apart
	for i, id := range lying.Pix {
		light.Pix[i] = 40 * id
	}
	for o := byte(1); o <= 8; o++ {
		photo := datatest.Turned(datatest.JPEG(t, light), o, false)
		img, err := data.Decode(bytes.NewReader(photo), "a.jpg", 0)
		if err != nil {
			t.Fatal(err)
		}
		flat := image.NewGray(img.Bounds())
		var want []byte
		for y := range flat.Rect.Dy() {
			for x := range flat.Rect.Dx() {
				id := (color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y + 20) / 40
				flat.SetGray(x, y, color.Gray{Y: id})
				want = append(want, id)
			}
		}
		text := ""
		for i, v := range want {
			if text += string('0' + v); i%flat.Rect.Dx() == flat.Rect.Dx()-1 && i < 5 {
				text += " "
			}
		}
		masks := map[string]image.Image{"lying": lying}
		if o >= 5 {
			masks["upright"] = flat
		}
		for name, mask := range masks {
			source := datatest.Files{"images/a.jpg": photo, "masks/a.png": datatest.PNG(t, mask), "classes.txt": []byte("a\nb\nc\nd\ne\nf")}.Folder(t)
			truths, i := importtest.Seen(t, source, func(o *imports.Options) { o.ValPercent = 0 })
			unsure := len(i.Notes) > 0 && i.Notes[0].Code == "data.masks.turned"
			if got := truths["images/a.jpg"]; got != text || unsure != (o >= 2 && o <= 4) {
				t.Errorf("orientation %d, mask %s: %s, want %s; notes %v", o, name, got, text, i.Notes)
			}
		}
	}
}

func TestMasksAreRecognized(t *testing.T) {
	f := datatest.Files{"c/train/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "c/trainannot/a.png": datatest.PNG(t, datatest.Mask("0012 0054 0000")), "c/val/a.png": datatest.PNG(t, datatest.Grey(4, 3, 9)), "c/valannot/b.png": datatest.PNG(t, datatest.Mask(someMask))}
	found, err := imports.Recognize(context.Background(), f.Folder(t))
	if err != nil || found.Format != "masks" || found.Task != data.Segmentation || len(found.Classes) != 6 || found.Images != 2 || found.Splits != [3]int{1, 1, 0} || found.Skipped != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if codes := importtest.Notes(found.Notes); !slices.Equal(codes, []string{"data.masks.unnamed", "data.masks.bare"}) {
		t.Errorf("%v", codes)
	}
}

// Validation images of another source have the same classes.
func TestMasksOfTwoSources(t *testing.T) {
	source := func(mask, classes string) string {
		f := datatest.Files{"images/a.png": datatest.PNG(t, datatest.Grey(4, 3, 90)), "masks/a.png": datatest.PNG(t, datatest.Mask(mask))}
		if classes != "" {
			f["classes.txt"] = []byte(classes)
		}
		return f.Folder(t)
	}
	for _, c := range []struct {
		first, second, option string
		names                 []string
	}{
		{"a\nb\nc", "a\nb\nc", "", []string{"a", "b", "c"}},
		{"a\nb\nc", "", "", []string{"a", "b", "c"}},
		{"", "a\nb\nc", "", []string{"a", "b", "c"}},
		{"", "", "", []string{"0", "1", "2"}},
		{"a\nb\nc", "", "x\ny\nz", []string{"x", "y", "z"}},
	} {
		truths, i := importtest.Seen(t, source("0101 0000 0000", c.first), func(o *imports.Options) {
			o.ValSource = source(someMask, c.second)
			if c.option != "" {
				o.ClassesFile = datatest.Saved(t, "names", []byte(c.option))
			}
		})
		if i.Counts != [3]int{1, 1, 0} || !slices.Equal(i.Classes, c.names) || truths["images/a.png"] != someMask {
			t.Errorf("%+v: %v, %+v", c, truths, i)
		}
	}
	o := imports.Default()
	o.ValSource = source(someMask, "a\nc\nb")
	_, err := imports.Import(context.Background(), source(someMask, "a\nb\nc"), filepath.Join(t.TempDir(), "x"), o, nil)
	datatest.WantFault(t, err, "data.masks.join")
}
