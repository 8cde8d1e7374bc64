package samples

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/formats"
	"github.com/convscope/convscope/nn/data/imports"
	"github.com/convscope/convscope/nn/data/source"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/resources/samples"
)

// A sample is a data set that needs no download.
type sample struct {
	name       string
	tasks      []data.Task
	collection func(task data.Task, count int, seed uint64) (*source.Collection, error)
	// paste draws one of the sample's things of some size in pixels onto a photo with its middle at x, y.
	paste func(photo *image.RGBA, x, y, size float64, r *rand.Rand) error
	// background is a photo without things.
	background func(w, h int, r *rand.Rand) *image.RGBA
	// scene is a photo as the pictures for detection and segmentation are, only larger; nil where there are none.
	scene func(w, h int, r *rand.Rand) image.Image
}

// sampleTable lists the samples.
func sampleTable() []sample {
	return []sample{
		{"digits", []data.Task{data.Classification}, digitsCollection, pasteDigit, darkBackground, nil},
		{"shapes", []data.Task{data.Classification, data.Detection, data.Segmentation}, shapesCollection, pasteShape, shapesBackground, shapesScene},
	}
}

// Names lists the names of the built-in samples.
func Names() []string {
	var names []string
	for _, s := range sampleTable() {
		names = append(names, s.name)
	}
	return names
}

func sampleNamed(name string) (sample, error) {
	for _, s := range sampleTable() {
		if s.name == name {
			return s, nil
		}
	}
	return sample{}, fault.New("sample.unknown", "There is no sample %q; there are %s. Choose one of them.", name, strings.Join(Names(), ", "))
}

// Options say what is made of a sample.
type Options struct {
	Task  data.Task // "": Classification
	Count int       // images; 0: all digits or 2000 shapes. Fewer digits are the first ones
	Seed  uint64    // of the split, and of what is drawn
	Force bool      // replace the data set that is there
}

// Import makes a data set of a built-in sample: "digits", MNIST's 10,000 test images, or "shapes", drawn by seed with boxes, outlines, masks and instances:
// one figure in a picture for classification, any number for detection and segmentation, where one class is rare. A quarter is for validation.
func Import(ctx context.Context, name, out string, o Options, observe func(imports.Progress)) (data.Info, error) {
	s, err := sampleNamed(name)
	if err != nil {
		return data.Info{}, err
	}
	o.Task = cmp.Or(o.Task, data.Classification)
	if !slices.Contains(s.tasks, o.Task) {
		return data.Info{}, fault.New("sample.task", "The sample %s is not made for the task %q, but for %s. Choose another sample or task.", name, string(o.Task), data.Listed(s.tasks))
	}
	if o.Count < 0 || o.Count > maxSamples {
		return data.Info{}, fault.New("sample.count", "%v images cannot be made. Choose a number from 1 to %v, or 0 for the default.", o.Count, maxSamples)
	}
	if err := data.CheckPlace(out, o.Force); err != nil {
		return data.Info{}, err
	}
	c, err := s.collection(o.Task, o.Count, o.Seed)
	if err != nil {
		return data.Info{}, err
	}
	c.Name, c.Format, c.Task, c.Close = name, "sample", o.Task, func() error { return nil }
	i := imports.Default()
	i.Seed, i.Force = o.Seed, o.Force
	return imports.FromCollection(ctx, c, out, i, observe)
}

// maxSamples bounds the images of a sample that is drawn.
const maxSamples = 1_000_000

// digits is the digits sample, unpacked when first asked for: 10,000 items of 28×28.
var digits10k = sync.OnceValues(func() (*source.Collection, error) {
	const images = "t10k-images-idx3-ubyte.gz" // named alone: its images have no split of their own
	t := &source.Tree{Name: "digits", Alone: images, Close: func() error { return nil }, Files: []source.File{
		source.InMemory(images, samples.DigitsImages), source.InMemory("t10k-labels-idx1-ubyte.gz", samples.DigitsLabels),
	}}
	return formats.Read(context.Background(), t, "auto")
})

func digitsCollection(_ data.Task, count int, _ uint64) (*source.Collection, error) {
	all, err := digits10k()
	if err != nil {
		return nil, err
	}
	c := *all
	if count > 0 && count < len(c.Items) {
		c.Items = c.Items[:count:count]
	}
	c.Items = append([]source.Item(nil), c.Items...) // the import changes them
	for i := range c.Items {
		c.Items[i].File = "digits/" + strconv.Itoa(i)
	}
	return &c, nil
}

// Photo returns a picture of w×h pixels with several of a sample's things at places and scales of chance, to try detection on.
// The same arguments give the same picture.
func Photo(name string, w, h int, seed uint64) (image.Image, error) {
	s, err := sampleNamed(name)
	if err != nil {
		return nil, err
	}
	if err := photoSize(w, h); err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 0x70686f746f)) // "photo"
	photo := s.background(w, h, r)
	for _, p := range places(w, h, 28, r) {
		if err := s.paste(photo, p.x, p.y, p.size, r); err != nil {
			return nil, err
		}
	}
	return photo, nil
}

// Scene returns a picture of w×h pixels with many of a sample's things, as densely and as large as in the pictures that it has for detection and segmentation, to try
// those on; of a sample that has none, SamplePhoto. The same arguments give the same picture.
func Scene(name string, w, h int, seed uint64) (image.Image, error) {
	s, err := sampleNamed(name)
	if err != nil || s.scene == nil {
		return Photo(name, w, h, seed)
	}
	if err := photoSize(w, h); err != nil {
		return nil, err
	}
	return s.scene(w, h, rand.New(rand.NewPCG(seed, 0x70686f746f))), nil // as in SamplePhoto
}

// A place is where a thing lies in a photo: its middle, and the side of the square that it fills.
type place struct{ x, y, size float64 }

// places draws places that do not overlap: things of a side of about thing pixels, up to twice it, where there is room.
func places(w, h, thing int, r *rand.Rand) []place {
	var out []place
	thing = max(28, min(thing, min(w, h)/3))
	want := min(max(w*h/(18*thing*thing), 3), 40)
	for range 60 * want {
		if len(out) == want {
			break
		}
		size := min(float64(thing)*(1+r.Float64()), float64(min(w, h))*.9)
		p := place{size/2 + r.Float64()*(float64(w)-size), size/2 + r.Float64()*(float64(h)-size), size}
		free := true
		for _, q := range out {
			gap := (p.size + q.size) / 2 * 1.1
			free = free && (math.Abs(p.x-q.x) >= gap || math.Abs(p.y-q.y) >= gap)
		}
		if free {
			out = append(out, p)
		}
	}
	return out
}

// darkBackground is nearly black, brighter towards one side by a little: as a photo of a blackboard is, not as a file is.
func darkBackground(w, h int, r *rand.Rand) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	dx, dy := r.Float64()*8/float64(w), r.Float64()*8/float64(h)
	for y := range h {
		for x := range w {
			v := byte(dx*float64(x) + dy*float64(y) + 4*r.Float64())
			img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	return img
}

// pasteDigit draws a digit of chance in white.
func pasteDigit(photo *image.RGBA, x, y, size float64, r *rand.Rand) error {
	c, err := digits10k()
	if err != nil {
		return err
	}
	it := c.Items[r.IntN(len(c.Items))]
	o, err := it.From.Open(it.Ref)
	if err != nil {
		return err
	}
	img, err := o.Decode()
	if err != nil {
		return fmt.Errorf("digit %d: %w", it.Ref, err)
	}
	side := int(size)
	px := data.Fit(img, side, side, 1, data.Squash)
	left, top := int(x-size/2), int(y-size/2)
	for row := range side {
		for col := range side {
			at := photo.PixOffset(left+col, top+row)
			for k := range 3 {
				photo.Pix[at+k] = max(photo.Pix[at+k], px.Pix[row*side+col])
			}
		}
	}
	return nil
}
