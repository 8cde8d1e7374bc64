package data

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/geometry"
)

// A Truth is all that is known to be true of an image. Every kind of it may be there at once, whatever the task. Coordinates
// are in pixels of the image as the data set keeps it, from its top left corner. A list that is nil is not known; one that is empty says that there is none
// of its things in the image.
type Truth struct {
	Class    int       `json:"class"` // index into Info.Classes; -1: unlabelled
	Boxes    []Box     `json:"boxes,omitzero"`
	Polygons []Polygon `json:"polygons,omitzero"`
	Masks    []Mask    `json:"masks,omitzero"`
}

// A Box is a rectangle around a thing.
type Box struct {
	Class int `json:"class"`
	geometry.Rect
	Difficult bool `json:"difficult,omitempty"` // neither helps nor hurts when detections are scored
}

// A Polygon is the outline of a thing. Polygons of one Instance belong to one thing of several parts.
type Polygon struct {
	Class    int          `json:"class"`
	Instance int          `json:"instance,omitempty"` // from 1 on; 0: not told apart
	Points   [][2]float32 `json:"points"`             // x, y; closed by itself
}

// A Mask says pixel by pixel where a thing is.
type Mask struct {
	Class    int      `json:"class"`
	Instance int      `json:"instance,omitempty"` // from 1 on; 0: all things of the class together
	Void     bool     `json:"void,omitempty"`     // pixels that are left out of training and scores
	Runs     []uint32 `json:"runs"`               // lengths of runs in row order, by turns outside and inside, the first one outside
}

// EncodeRuns returns the Mask.Runs of a mask of H×W values in row order.
func EncodeRuns(on []bool) []uint32 {
	var r RunEncoder
	for i, v := range on {
		if v {
			r.Add(i, i+1)
		}
	}
	return r.Finish(len(on))
}

// Sketch returns a truth of the same kinds, classes and areas that takes little memory: enough for the index and for splits.
func (t Truth) Sketch() Truth {
	s := Truth{Class: t.Class, Boxes: t.Boxes}
	if t.Polygons != nil {
		s.Polygons = make([]Polygon, len(t.Polygons))
	}
	for i, p := range t.Polygons {
		side := float32(math.Sqrt(p.area()))
		s.Polygons[i] = Polygon{Class: p.Class, Instance: p.Instance, Points: [][2]float32{{0, 0}, {side, 0}, {side, side}, {0, side}}}
	}
	if t.Masks != nil {
		s.Masks = make([]Mask, len(t.Masks))
	}
	for i, m := range t.Masks {
		s.Masks[i] = Mask{Class: m.Class, Instance: m.Instance, Void: m.Void, Runs: []uint32{0, uint32(m.area())}}
	}
	return s
}

// Check returns what is wrong with a truth about an image of w×h pixels in a data set of so many classes, or nil.
func (t Truth) Check(classes, w, h int) error {
	inside := func(class int) bool { return class >= 0 && class < classes }
	if t.Class < -1 || t.Class >= classes {
		return fault.New("data.truth.class", "There is no class %v: the data set has %v classes.", t.Class, classes)
	}
	finite := func(values ...float32) bool {
		for _, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return false
			}
		}
		return true
	}
	for _, b := range t.Boxes {
		if !inside(b.Class) {
			return fault.New("data.truth.class", "There is no class %v: the data set has %v classes.", b.Class, classes)
		}
		if !finite(b.X, b.Y, b.W, b.H) || b.W <= 0 || b.H <= 0 {
			return fault.New("data.truth.box", "A box of %v×%v pixels at %v, %v is not valid. Draw it again.", b.W, b.H, b.X, b.Y)
		}
	}
	for _, p := range t.Polygons {
		if !inside(p.Class) {
			return fault.New("data.truth.class", "There is no class %v: the data set has %v classes.", p.Class, classes)
		}
		if len(p.Points) < 3 || p.Instance < 0 {
			return fault.New("data.truth.polygon", "A polygon with %v points is not an outline. Draw at least three.", len(p.Points))
		}
		for _, at := range p.Points {
			if !finite(at[0], at[1]) {
				return fault.New("data.truth.point", "A polygon has a point with NaN or infinity. Draw it again.")
			}
		}
	}
	for _, m := range t.Masks {
		if !inside(m.Class) && !m.Void {
			return fault.New("data.truth.class", "There is no class %v: the data set has %v classes.", m.Class, classes)
		}
		if err := eachRun(m.Runs, w, h, func(int, int) {}); err != nil {
			return err
		}
	}
	return nil
}

// encodeTruth and decodeTruth turn a truth into the value kept in the database and back: JSON, which others can read and which takes new kinds of
// truth, each with a name of its own and a bit of Kinds, without a new format. Of before, the value that is replaced, what no name here is
// known for is kept.
func encodeTruth(t Truth, before []byte) ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil || before == nil {
		return b, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(before, &all); err != nil {
		return nil, err
	}
	for f := range reflect.TypeFor[Truth]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		delete(all, name)
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

func decodeTruth(b []byte) (Truth, error) {
	t := Truth{Class: -1}
	err := json.Unmarshal(b, &t)
	return t, err
}
