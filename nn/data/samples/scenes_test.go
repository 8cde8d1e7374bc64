package samples

import (
	"bytes"
	"image"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/data/imports/importtest"
)

func TestShapesForEveryTask(t *testing.T) {
	names := []string{"cross", "disc", "square", "star", "triangle"}
	for task, classes := range map[data.Task][]string{data.Classification: names, data.Detection: names, data.Segmentation: append([]string{"background"}, names...)} {
		background := data.NoBackground
		if task == data.Segmentation {
			background = 0
		}
		i := sampledFor(t, "shapes", Options{Task: task, Count: 40, Seed: 3}).Info()
		if i.Task != task || !slices.Equal(i.Classes, classes) || i.Background != background || i.Images() != 40 || i.Counts[data.Val] != 10 {
			t.Errorf("%s: %+v", task, i)
		}
	}
}

// A scene's truths say the same: outlines, masks, boxes and instances, and the picture shows it.
func TestScenesHaveEveryTruth(t *testing.T) {
	d := sampledFor(t, "shapes", Options{Task: data.Segmentation, Count: 300, Seed: 7})
	counts, perClass, instances := map[int]int{}, make([]int, 6), map[int]bool{}
	touching := false
	for _, e := range d.Index() {
		r, err := d.Record(e.ID)
		if err != nil {
			t.Fatal(err)
		}
		x := r.Truth
		things := len(x.Boxes)
		counts[things]++
		if x.Class != -1 || len(x.Polygons) != things || things > 0 && (len(x.Masks) != things+1 || !x.Masks[things].Void) {
			t.Fatalf("%+v", x)
		}
		px, err := d.Pixels(e.ID)
		if err != nil || px.W != sceneSide || px.H != sceneSide || px.C != 3 {
			t.Fatalf("%d×%d×%d, %v", px.W, px.H, px.C, err)
		}
		for i, b := range x.Boxes {
			perClass[b.Class]++
			m := x.Masks[i]
			if m.Class != b.Class || x.Polygons[i].Class != b.Class || x.Polygons[i].Instance != m.Instance || m.Instance < 1 {
				t.Fatalf("thing %d: %+v", i, x)
			}
			instances[m.Instance] = true
			checkThing(t, px, m, b)
		}
		touching = checkMaps(t, x) || touching
	}
	if !touching || counts[0] == 0 || counts[sceneThings] == 0 || len(counts) != sceneThings+1 {
		t.Errorf("things in a picture: %v, touching: %v", counts, touching)
	}
	rare := perClass[4]
	if perClass[0] != 0 || rare == 0 || rare*2 > min(perClass[1], perClass[2], perClass[3], perClass[5]) {
		t.Errorf("things by class: %v", perClass)
	}
	most := 0
	for id := range instances {
		most = max(most, id)
	}
	if most <= 255 || most > 65535 {
		t.Errorf("the highest instance is %d", most)
	}
}

// checkThing holds a box against the mask of what is seen of its thing, and looks whether the picture has another colour there than around it.
func checkThing(t *testing.T, px data.Pixels, m data.Mask, b data.Box) {
	t.Helper()
	on := pixelsOf(t, m, px.W, px.H)
	around := image.Rectangle{}
	for i, v := range on {
		if v {
			around = around.Union(image.Rect(i%px.W, i/px.W, i%px.W+1, i/px.W+1))
		}
	}
	if around != image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)) {
		t.Errorf("the box %+v is not around the pixels %v", b, around)
	}
	inks := map[bool][3]float64{true: colourOf(px, on, true), false: colourOf(px, on, false)}
	if contrast(inks[true], inks[false]) < 20 {
		t.Errorf("the thing in %+v is not seen: %v", b, inks)
	}
}

// checkMaps compares what outlines, masks and instances say of each pixel, and reports whether things touch each other.
func checkMaps(t *testing.T, x data.Truth) (touching bool) {
	t.Helper()
	const side = sceneSide
	whole, err := x.ClassMap(side, side, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	outlines, err := data.Truth{Polygons: x.Polygons}.ClassMap(side, side, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := data.Truth{Masks: x.Masks[:len(x.Boxes)]}.InstanceMap(side, side, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range whole {
		edge := false
		for _, step := range []int{-1, 1, -side, side} {
			j := i + step
			if j < 0 || j >= len(ids) || (step == 1 || step == -1) && j/side != i/side {
				continue
			}
			edge = edge || ids[j] != ids[i]
			touching = touching || ids[j] != ids[i] && ids[j] != 0 && ids[i] != 0
		}
		if edge != (class == data.Void) || !edge && class != outlines[i] || (ids[i] == 0) != (outlines[i] == 0) {
			t.Fatalf("pixel %d, %d: class %d, by outlines %d, instance %d, at an edge: %v", i%side, i/side, class, outlines[i], ids[i], edge)
		}
	}
	return touching
}

func TestScenesComeFromTheirSeed(t *testing.T) {
	o := Options{Task: data.Detection, Count: 20, Seed: 7}
	d := sampledFor(t, "shapes", o)
	importtest.SameContents(t, d, sampledFor(t, "shapes", o))
	o.Seed = 8
	p, err := d.Pixels(0)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := sampledFor(t, "shapes", o).Pixels(0); err != nil || bytes.Equal(p.Pix, q.Pix) {
		t.Errorf("another seed draws the same, %v", err)
	}
}

func TestSampleScene(t *testing.T) {
	pix := func(name string, seed uint64) []byte {
		img, err := Scene(name, 300, 200, seed)
		if err != nil || img.Bounds() != image.Rect(0, 0, 300, 200) {
			t.Fatalf("%s: %v, %v", name, img.Bounds(), err)
		}
		return data.Fit(img, 300, 200, 3, data.Squash).Pix
	}
	for _, name := range Names() {
		if a := pix(name, 5); !bytes.Equal(a, pix(name, 5)) || bytes.Equal(a, pix(name, 6)) {
			t.Errorf("%s: the same seed must give the same scene, another one another", name)
		}
	}
	if _, err := Scene("shapes", 32, 32, 1); err != nil {
		t.Error(err)
	}
}
