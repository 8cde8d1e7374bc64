package samples

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/source"
)

// sceneSide is the side of a picture of the shapes sample with several things, in pixels.
const sceneSide = 96

// Bounds of the things of a scene: how many there are at most on the area of a training picture, their radius in pixels, and how much of a thing
// others may not cover.
const (
	sceneThings           = 8
	leastRadius           = 9
	mostRadius            = 19
	leastVisible          = .6
	rareFigure, rareShare = "star", .05
)

// A thing is a figure of a scene.
type thing struct {
	drawing
	points        [][2]float32 // the outline as truth has it
	area, visible int          // pixels of the figure, and of those the ones that no later thing covers
}

// A scene is a picture with any number of things, later ones over earlier ones.
type scene struct {
	w, h   int
	paper  [3]float64
	seed   uint64 // of the noise of the paper
	things []thing
	owner  []uint32 // by pixel: number of the thing that is seen, from 1 on; 0: paper
	ids    []int    // instances of the things
}

// newScene places from least to most things by chance, fewer where there is no room: they touch and cover each other, but of each enough is seen.
func newScene(w, h, least, most int, r *rand.Rand) *scene {
	s := &scene{w: w, h: h, paper: colourOfChance(r), seed: r.Uint64(), owner: make([]uint32, w*h)}
	kinds := figures()
	want := least + r.IntN(most-least+1)
	taken := map[int]bool{}
	for tries := 8 * want; tries > 0 && len(s.things) < want; tries-- {
		class := figureOfChance(kinds, r)
		radius := min(leastRadius+(mostRadius-leastRadius)*r.Float64(), float64(min(w, h))/2)
		x, y := radius+(float64(w)-2*radius)*r.Float64(), radius+(float64(h)-2*radius)*r.Float64()
		d := drawing{figure: class, outline: kinds[class].at(x, y, radius, 2*math.Pi*r.Float64()), ink: s.inkOfChance(r)}
		if !s.add(d) {
			continue
		}
		id := 1 + r.IntN(math.MaxUint16) // as in files of instances: any number of 16 bits, in no order
		for taken[id] {
			id = 1 + r.IntN(math.MaxUint16)
		}
		taken[id] = true
		s.ids = append(s.ids, id)
	}
	return s
}

// figureOfChance draws a class; one of them is rare.
func figureOfChance(kinds []figure, r *rand.Rand) int {
	rare := r.Float64() < rareShare
	for {
		if class := r.IntN(len(kinds)); (kinds[class].name == rareFigure) == rare {
			return class
		}
	}
}

// inkOfChance draws a colour that differs from the paper and, less, from the things that are there.
func (s *scene) inkOfChance(r *rand.Rand) [3]float64 {
	for tries := 0; ; tries++ {
		ink := colourOfChance(r)
		seen := contrast(ink, s.paper) > .9
		for _, t := range s.things {
			seen = seen && (contrast(ink, t.ink) > .4 || tries > 100) // with many things there is not always such a colour
		}
		if seen {
			return ink
		}
	}
}

// add places a thing over the others and reports whether of each of them enough is still seen; otherwise it is not added.
func (s *scene) add(d drawing) bool {
	t := thing{drawing: d}
	for _, p := range d.outline {
		t.points = append(t.points, [2]float32{float32(p[0]), float32(p[1])})
	}
	covered := make([]int, len(s.things)+1)
	data.EachSpan(t.points, s.w, s.h, nil, func(from, to int) {
		t.area += to - from
		for _, o := range s.owner[from:to] {
			covered[o]++
		}
	})
	for i, other := range s.things {
		if float64(other.visible-covered[i+1]) < leastVisible*float64(other.area) {
			return false
		}
	}
	for i := range s.things {
		s.things[i].visible -= covered[i+1]
	}
	t.visible = t.area
	s.things = append(s.things, t)
	data.EachSpan(t.points, s.w, s.h, nil, func(from, to int) {
		for i := range s.owner[from:to] {
			s.owner[from+i] = uint32(len(s.things))
		}
	})
	return true
}

// truth returns all that is true of the scene: of each thing its outline, the mask of what is seen of it and the box around that. The classes are those of figures, from
// first on. With void, the pixels on both sides of each edge are left out.
func (s *scene) truth(first int, void bool) data.Truth {
	t := data.Truth{Class: -1, Boxes: []data.Box{}, Polygons: []data.Polygon{}, Masks: []data.Mask{}} // none of them is not the same as not known
	for _, r := range data.Regions(s.owner, s.w) {
		i := r.Value - 1
		class, id := first+s.things[i].figure, s.ids[i]
		t.Boxes = append(t.Boxes, r.Box(class))
		t.Polygons = append(t.Polygons, data.Polygon{Class: class, Instance: id, Points: s.things[i].points})
		t.Masks = append(t.Masks, r.Mask(class, id, s.w*s.h))
	}
	if void && len(s.things) > 0 {
		t.Masks = append(t.Masks, data.Mask{Class: -1, Void: true, Runs: data.EncodeRuns(s.edges())})
	}
	return t
}

// edges reports of each pixel whether the one beside, above or below it belongs to another thing.
func (s *scene) edges() []bool {
	on := make([]bool, len(s.owner))
	for i, o := range s.owner {
		if i%s.w+1 < s.w && s.owner[i+1] != o {
			on[i], on[i+1] = true, true
		}
		if i+s.w < len(s.owner) && s.owner[i+s.w] != o {
			on[i], on[i+s.w] = true, true
		}
	}
	return on
}

// draw makes the picture.
func (s *scene) draw() *image.RGBA {
	img := paper(s.w, s.h, s.paper, rand.New(rand.NewPCG(s.seed, 1)))
	for _, t := range s.things {
		t.draw(img)
	}
	return img
}

// scenesOrigin makes the scenes of the shapes sample, and what is true of them, when they are asked for.
type scenesOrigin struct {
	seed  uint64
	first int  // class of the first figure
	void  bool // around each thing
}

func (o *scenesOrigin) scene(ref int) *scene {
	return newScene(sceneSide, sceneSide, 0, sceneThings, rand.New(rand.NewPCG(o.seed, 0x7363656e65+uint64(ref)))) // "scene"
}

func (o *scenesOrigin) Open(ref int) (data.OpenedImage, error) {
	return data.OpenedImage{W: sceneSide, H: sceneSide, Decode: func() (image.Image, error) { return o.scene(ref).draw(), nil }}, nil
}

func (o *scenesOrigin) Truth(ref int, _ data.OpenedImage) (data.Truth, error) {
	return o.scene(ref).truth(o.first, o.void), nil
}

// scenesCollection makes count scenes by seed. For segmentation the paper is a class of its own.
func scenesCollection(task data.Task, count int, seed uint64) *source.Collection {
	o := &scenesOrigin{seed: seed, void: task == data.Segmentation}
	c := &source.Collection{Background: data.NoBackground, Items: make([]source.Item, count)}
	if task == data.Segmentation {
		c.Classes, c.Background, o.first = []string{data.BackgroundName}, 0, 1
	}
	for _, k := range figures() {
		c.Classes = append(c.Classes, k.name)
	}
	for i := range c.Items {
		c.Items[i] = source.Item{File: fmt.Sprintf("shapes/%05d", i), From: o, Labels: o, Ref: i, Truth: data.Truth{Class: -1}, Split: -1}
	}
	return c
}

// shapesScene is a scene of w×h pixels with things as densely and as large as in training.
func shapesScene(w, h int, r *rand.Rand) image.Image {
	most := max(w*h*sceneThings/(sceneSide*sceneSide), 2)
	return newScene(w, h, most/2, most, r).draw()
}
