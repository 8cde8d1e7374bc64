package main

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"slices"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/disk"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/model"
	"github.com/convscope/convscope/nn/vision"
	textfont "github.com/convscope/convscope/resources/font"
	"github.com/convscope/convscope/widgets/raster"
)

// segmentVerb is `cnn segment --model MODEL IMAGE…`.
type segmentVerb struct {
	Model     string   `required:"" placeholder:"MODEL" help:"Folder of the model or run."`
	Tiles     bool     `help:"Process each photo in tiles at its own scale, for photos that show things as large as in the training images; without it, each photo as a whole, resized as those were."`
	Draw      string   `placeholder:"OUT.png" help:"Write the photo with its areas in colour and a legend; for several photos, a folder."`
	Mask      string   `placeholder:"OUT.png" help:"Write the class of each pixel: 8-bit PNG with a palette, 255 where there is none; with more than 255 classes, 16-bit greyscale, 65535 where there is none."`
	Instances string   `placeholder:"OUT.png" help:"Write the id of each pixel's segment as 16-bit PNG; 0: none. A segment is a connected area of one class: things of one class that touch are one segment, since a class for each pixel does not tell them apart."`
	Snapshot  string   `default:"best" placeholder:"EPOCH" help:"An epoch, best or last."`
	Force     bool     `help:"Overwrite --draw, --mask and --instances."`
	Images    []string `arg:"" name:"image" help:"Photos, or folders of photos."`
	engineFlags
}

type segmentPart struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
	Area  int    `json:"area"`
	Score number `json:"score"`
}

type segmentLine struct {
	Image    string         `json:"image"`
	Pixels   map[string]int `json:"pixels"`
	Void     int            `json:"void"` // pixels that the network did not see
	Segments []segmentPart  `json:"segments"`
	Seconds  number         `json:"seconds"`
}

// segmentBatch is how many pieces of a photo go through the network at once.
const segmentBatch = 4

// Run looks at each photo.
func (v segmentVerb) Run(ctx context.Context, o *output) error {
	pictures := picturesOf(v.Images)
	many := len(pictures) > 1
	files := segmentFiles{
		draw: pictureFile{v.Draw, ".areas.png", v.Force, many}, mask: pictureFile{v.Mask, ".mask.png", v.Force, many},
		instances: pictureFile{v.Instances, ".instances.png", v.Force, many},
	}
	outputs := []pictureFile{files.draw, files.mask, files.instances}
	for i, f := range outputs {
		if err := f.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(outputs[:i], f.same) {
			return misused("--draw, --mask and --instances each need a file of their own, but two are %s", f.path)
		}
	}
	return withPredictor(v.Model, v.Snapshot, data.Segmentation, v.engineFlags, segmentBatch, func(_ *model.Model, p *model.Predictor) error {
		return eachPicture(ctx, o, pictures, func(path string) error { return v.photo(ctx, o, p, path, files) })
	})
}

// segmentFiles are the pictures that are written of each photo.
type segmentFiles struct{ draw, mask, instances pictureFile }

// photo finds the class of each pixel of one photo.
func (v segmentVerb) photo(ctx context.Context, o *output, p *model.Predictor, path string, files segmentFiles) error {
	var to [3]string
	for i, f := range []pictureFile{files.draw, files.mask, files.instances} {
		var err error
		if to[i], err = f.of(path); err != nil {
			return err
		}
	}
	img, err := data.DecodeFile(path)
	if err != nil {
		return err
	}
	bar := o.progress(-1, "looking", "pieces")
	s, err := vision.Segment(ctx, p, img, vision.SegmentOptions{Tiles: v.Tiles}, bar.set)
	bar.close()
	if err != nil {
		return err
	}
	regions, ids := s.Regions()
	classes := raster.NewClassMap(s.Classes, s.Size.X, s.Size.Y)
	if err := drawAreas(to[0], img, s, classes); err != nil {
		return err
	}
	if err := writePNG(to[1], func() image.Image { return classes.Mask(len(s.Labels)) }); err != nil {
		return err
	}
	if to[2] != "" && len(regions) > math.MaxUint16 {
		return fault.New("cnn.segments.many", "%s has %d segments, but %s has room for only %d. Leave out --instances, or look at a smaller photo.", path, len(regions), to[2], math.MaxUint16)
	}
	if err := writePNG(to[2], func() image.Image { return raster.Numbers(ids, s.Size.X, s.Size.Y) }); err != nil {
		return err
	}
	return v.tell(o, path, s, regions)
}

// tell writes what was found in a photo.
func (v segmentVerb) tell(o *output, path string, s *vision.Segmentation, regions []vision.Region) error {
	line := segmentLine{Image: path, Pixels: map[string]int{}, Void: len(s.Classes), Segments: []segmentPart{}, Seconds: number(s.Seconds)}
	pixels, parts := s.Pixels(), make([]int, len(s.Labels))
	for c, n := range pixels {
		line.Pixels[s.Labels[c]] += n
		line.Void -= n
	}
	for _, r := range regions {
		line.Segments = append(line.Segments, segmentPart{r.ID, r.Label, r.Area, number(r.Score)})
		parts[r.Class]++
	}
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d segments in %.2f s\n", path, len(regions), s.Seconds)
		for c, n := range pixels {
			if n > 0 {
				fmt.Fprintf(w, "  %-16s %5.1f %% of the pixels, %d segments\n", s.Labels[c], 100*float64(n)/float64(len(s.Classes)), parts[c])
			}
		}
	})
}

// areasOpacity is that of areas over a photo that is written.
const areasOpacity = .5

// drawAreas writes the photo with the areas of its classes, but the background, and the names of those that are there; nothing to "".
func drawAreas(to string, photo image.Image, s *vision.Segmentation, classes raster.ClassMap) error {
	if to == "" {
		return nil
	}
	letters, err := raster.NewLetters(textfont.Regular)
	if err != nil {
		return err
	}
	colours, legend := raster.SeenClasses(s.Labels, s.Pixels(), areasOpacity, func(class int) bool { return class == s.Background })
	paint := raster.ClassPaint{Colours: colours, Edge: raster.EdgeColour, Line: 1}
	size := float32(max(10, min(20, s.Size.Y/40)))
	return writePNG(to, func() image.Image { return raster.Areas(photo, classes, paint, legend, letters, size) })
}

// writePNG writes a picture, which is made for it, to a file; nothing to "".
func writePNG(to string, picture func() image.Image) error {
	if to == "" {
		return nil
	}
	made := picture()
	return disk.WriteFile(to, func(w io.Writer) error { return png.Encode(w, made) })
}
