package data

import (
	"math"
	"strings"

	"github.com/convscope/convscope/nn/fault"
)

// A Task is what is to be learned from a data set: the name of a row of taskTable.
type Task string

// The tasks.
const (
	Classification Task = "classification" // one class for a whole image
	Detection      Task = "detection"      // a box and a class for each thing
	Segmentation   Task = "segmentation"   // a class for each pixel
)

// A taskRow is all that depends on the task of a data set. A new task is a row.
type taskRow struct {
	name  Task
	least int   // classes that there is something to learn with
	label Kinds // of truth, any of which labels an image, so that it can be trained on
	max   int   // pixels of the longest side of images for which no size is asked; 0: all get one size, as DIGITS does it
	// unlabelled returns the fault of a source that has no labels for the task; nil: there is nothing to say of it that is the task's own
	unlabelled func(source string) error
	// weigh calls add for each thing of a truth that the task is about, with its class and how much of the image it makes.
	weigh func(t Truth, add func(class int, weight float64))
}

// taskTable lists the tasks, the first the one of a source that tells of none.
func taskTable() []taskRow {
	return []taskRow{
		{Classification, 2, KindClass, 0, nil, weighClass},
		{Detection, 1, KindBoxes, photoSide, nil, weighBoxes},
		{Segmentation, 2, KindPolygons | KindMasks, photoSide, noMasks, weighPixels}, // two with the background
	}
}

// photoSide is the longest side of photos that are kept in their proportions: enough to see things in them, and a fifth of a phone's pixels.
const photoSide = 2048

// Tasks lists the tasks.
func Tasks() []Task {
	var names []Task
	for _, r := range taskTable() {
		names = append(names, r.name)
	}
	return names
}

// Listed joins names for a sentence.
func Listed[S ~string](names []S) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(n))
	}
	return b.String()
}

// row returns the row of a task. What is not in the table is not read, so an unknown one is a mistake of the program.
func (t Task) row() taskRow {
	for _, r := range taskTable() {
		if r.name == t {
			return r
		}
	}
	panic("data: there is no task " + string(t))
}

// Known reports whether there is such a task.
func (t Task) Known() bool {
	for _, r := range taskTable() {
		if r.name == t {
			return true
		}
	}
	return false
}

// MinClasses returns how many classes a data set for the task must have at least.
func (t Task) MinClasses() int { return t.row().least }

// DefaultMax returns how many pixels the longest side of an image has at most where an import asks for no size, and all keep their proportions; 0: all get one size.
func (t Task) DefaultMax() int { return t.row().max }

// Usable reports whether an image can be trained on and measured: whether it is labelled as the task needs it.
func (t Task) Usable(e Entry) bool { return e.Kinds&t.row().label != 0 }

// Weigh calls add for each thing of a truth that the task is about, with its class and how much of the image it makes.
func (t Task) Weigh(truth Truth, add func(class int, weight float64)) { t.row().weigh(truth, add) }

// Leading returns the class that makes the most of an image, of several the one with the lowest number; -1 where there is none.
func (t Task) Leading(truth Truth) int32 {
	weights := map[int]float64{}
	t.Weigh(truth, func(class int, weight float64) { weights[class] += weight })
	best := -1
	for class, w := range weights {
		if best < 0 || w > weights[best] || w == weights[best] && class < best {
			best = class
		}
	}
	return int32(best)
}

// Enough returns a fault where a source has a class, but fewer than the task needs.
func (t Task) Enough(source string, classes []string) error {
	if len(classes) != 1 || t.MinClasses() < 2 {
		return nil
	}
	if t == Segmentation {
		return fault.New("data.classes.mask", "The masks of %s have only one class, %s; there must be two or more to tell apart. Add images with another class, or a larger --size if it was lost in scaling down.", source, classes[0])
	}
	return fault.New("data.classes.one", "%s has only one class, %s; there must be two or more to tell apart. Add a folder of images for another class.", source, classes[0])
}

// Unlabelled returns the fault of a source that has no labels for the task; nil where the task has nothing to say of that.
func (t Task) Unlabelled(source string) error {
	if say := t.row().unlabelled; say != nil {
		return say(source)
	}
	return nil
}

func noMasks(source string) error {
	return fault.New("data.masks.none", "%s has no folder of masks beside a folder of images, such as images and masks, or train and trainannot. Arrange it that way.", source)
}

func weighClass(t Truth, add func(int, float64)) {
	if t.Class >= 0 {
		add(t.Class, 1)
	}
}

func weighBoxes(t Truth, add func(int, float64)) {
	for _, b := range t.Boxes {
		add(b.Class, 1)
	}
}

// weighPixels weighs by area, as if nothing lay over another thing.
func weighPixels(t Truth, add func(int, float64)) {
	for _, p := range t.Polygons {
		add(p.Class, p.area())
	}
	for _, m := range t.Masks {
		if !m.Void {
			add(m.Class, float64(m.area()))
		}
	}
}

// area returns the area of the outline in pixels (the shoelace formula).
func (p Polygon) area() float64 {
	sum := 0.
	for i, a := range p.Points {
		b := p.Points[(i+1)%len(p.Points)]
		sum += float64(a[0])*float64(b[1]) - float64(b[0])*float64(a[1])
	}
	return math.Abs(sum) / 2
}

// area returns the number of pixels inside.
func (m Mask) area() int {
	n := 0
	for i := 1; i < len(m.Runs); i += 2 {
		n += int(m.Runs[i])
	}
	return n
}
