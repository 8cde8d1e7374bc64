package data

import (
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data/datatest"
	"github.com/convscope/convscope/nn/geometry"
)

// mapOf writes a map of classes as text, a row a line: digits, . for void.
func mapOf(t *testing.T, truth Truth, w, h, background int) string {
	t.Helper()
	m, err := truth.ClassMap(w, h, background, nil)
	if err != nil {
		t.Fatal(err)
	}
	return datatest.MapText(m, w)
}

func TestClassMap(t *testing.T) {
	square := func(class int, x, y, side float32) Polygon {
		return Polygon{Class: class, Points: [][2]float32{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}}}
	}
	for _, c := range []struct {
		truth      Truth
		background int
		want       string
	}{
		{Truth{Class: 3, Boxes: []Box{{Class: 1, Rect: geometry.Rect{W: 2, H: 2}}}}, -1, "....\n....\n...."},
		{Truth{Masks: []Mask{}}, 2, "2222\n2222\n2222"},
		// a pixel belongs to a polygon if its centre does, the left and top edges included
		{Truth{Polygons: []Polygon{square(1, .5, .5, 2)}}, 0, "1100\n1100\n0000"},
		{Truth{Polygons: []Polygon{square(1, .6, .4, 2)}}, 0, "0110\n0110\n0000"},
		// what lies outside of the image is cut off
		{Truth{Polygons: []Polygon{square(1, -3e38, -3e38, 3e38), square(2, -5, 1, 7), square(3, 3, 2, 1e30)}}, 0, "0000\n2200\n2203"},
		// a polygon that crosses itself has a hole where it covers twice
		{Truth{Polygons: []Polygon{{Class: 1, Points: [][2]float32{{0, 0}, {4, 0}, {4, 3}, {0, 3}, {0, 0}, {1, 1}, {3, 1}, {3, 2}, {1, 2}, {1, 1}}}}}, -1, "1111\n1..1\n1111"},
		// later over earlier, masks over polygons, void over all
		{Truth{
			Polygons: []Polygon{square(1, 0, 0, 3), square(2, 1, 1, 3)},
			Masks:    []Mask{{Void: true, Class: -1, Runs: []uint32{11, 1}}, {Class: 3, Runs: []uint32{8, 4}}, {Class: 4, Runs: []uint32{0, 1, 9, 1, 1}}},
		}, 0, "4110\n1222\n334."},
	} {
		if got := mapOf(t, c.truth, 4, 3, c.background); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.truth, got, c.want)
		}
	}
}

func TestInstanceMap(t *testing.T) {
	truth := Truth{
		Polygons: []Polygon{{Instance: 70000, Points: [][2]float32{{0, 0}, {3, 0}, {3, 1}, {0, 1}}}},
		Masks:    []Mask{{Void: true, Runs: []uint32{0, 1, 3}}, {Class: 5, Runs: []uint32{2, 1, 1}}, {Instance: 2, Runs: []uint32{3, 1}}},
	}
	got, err := truth.InstanceMap(4, 1, nil)
	if want := []uint32{0, 70000, 0, 2}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

func TestMapsUseTheMemoryThatTheyAreGiven(t *testing.T) {
	truth := Truth{Masks: []Mask{{Class: 1, Runs: []uint32{2, 3, 1}}, {Class: 2, Runs: []uint32{0, 1, 5}}}}
	dst, ids := make([]uint16, 6), make([]uint32, 9)
	var err error
	allocated := testing.AllocsPerRun(10, func() {
		if _, err = truth.ClassMap(3, 2, 0, dst); err == nil {
			_, err = truth.InstanceMap(3, 2, ids)
		}
		if err == nil {
			err = truth.Check(3, 3, 2)
		}
	})
	if err != nil || allocated != 0 || !slices.Equal(dst, []uint16{2, 0, 1, 1, 1, 0}) {
		t.Errorf("%v allocations, %v, %v", allocated, dst, err)
	}
}

func TestWrongMaps(t *testing.T) {
	_, err := Truth{Masks: []Mask{{Runs: []uint32{3, 4}}}}.ClassMap(3, 2, 0, nil)
	datatest.WantFault(t, err, "data.mask.long")
	_, err = Truth{Masks: []Mask{{Runs: []uint32{3, 2}}}}.InstanceMap(3, 2, nil)
	datatest.WantFault(t, err, "data.mask.short")
	_, err = Truth{Masks: []Mask{{Class: 65535, Runs: []uint32{6}}}}.ClassMap(3, 2, 0, nil)
	datatest.WantFault(t, err, "data.classmap.class")
	_, err = Truth{Polygons: []Polygon{{Class: -1}}}.ClassMap(3, 2, 0, nil)
	datatest.WantFault(t, err, "data.classmap.class")
}

// The fast way to draw a polygon agrees with the test of each pixel's centre.
func TestPolygonsAreFilledAsTheyLie(t *testing.T) {
	const w, h = 40, 30
	for name, points := range map[string][][2]float64{"star": outlineOf(10, 0, 0, 1, .42, 0), "disc": outlineOf(32, 0, 0, 1, 1, 0), "square": outlineOf(4, 0, 0, 1, 1, 0), "triangle": outlineOf(3, 0, 0, 1, 1, 0)} {
		var outline [][2]float64
		polygon := Polygon{Class: 1}
		for _, p := range points {
			at := [2]float32{float32(20.3 + 19*p[0]), float32(14.1 + 17*p[1])} // some stick out
			polygon.Points = append(polygon.Points, at)
			outline = append(outline, [2]float64{float64(at[0]), float64(at[1])})
		}
		m, err := Truth{Polygons: []Polygon{polygon}}.ClassMap(w, h, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range m {
			if (v == 1) != inOutline(outline, float64(i%w)+.5, float64(i/w)+.5) {
				t.Errorf("%s: pixel %d, %d is wrong", name, i%w, i/w)
			}
		}
	}
}

func TestBackground(t *testing.T) {
	about := `{"kind":"convscope-dataset","format":1,"task":"segmentation","classes":["a","b"],"width":1,"height":1,"channels":1}`
	info, err := readInfo(datatest.Files{InfoFile: []byte(about)}.Folder(t))
	if err != nil || info.Background != NoBackground {
		t.Errorf("without a background it is %v, %v", info.Background, err)
	}
	for _, wrong := range []string{"2", "-2"} {
		_, err = readInfo(datatest.Files{InfoFile: []byte(about[:len(about)-1] + `,"background":` + wrong + "}")}.Folder(t))
		datatest.WantFault(t, err, "data.info.wrong")
	}
}

// An image of which no pixels are labelled is not all background: that is one in which there is none of the things.
func TestClassMapOfWhatIsNotKnown(t *testing.T) {
	for _, c := range []struct {
		truth Truth
		want  uint16
	}{
		{Truth{Class: 2, Boxes: []Box{}}, Void}, {Truth{Masks: []Mask{}}, 0}, {Truth{Polygons: []Polygon{}}, 0},
	} {
		got, err := c.truth.ClassMap(2, 1, 0, nil)
		if err != nil || got[0] != c.want || got[1] != c.want {
			t.Errorf("%+v: %v, %v", c.truth, got, err)
		}
	}
}
