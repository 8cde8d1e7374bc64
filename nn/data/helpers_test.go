package data

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"testing"
)

func reopened(t testing.TB, folder string) *Dataset {
	t.Helper()
	d, err := Open(folder)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// A picture is an image of a data set that a test makes.
type picture struct {
	file  string
	class int
	px    Pixels
}

// pictures are n grey images of side×side pixels each of the classes a and b; picture i has the value i, in b from 100 on.
func pictures(n, side int) []picture {
	var all []picture
	for i := range 2 * n {
		class, value := i/n, byte(i%n+100*(i/n))
		all = append(all, picture{fmt.Sprintf("%c/%02d.png", 'a'+class, i%n), class, Pixels{W: side, H: side, C: 1, Pix: bytes.Repeat([]byte{value}, side*side)}})
	}
	return all
}

// pairs makes a data set of pictures of 4×4 pixels.
func pairs(t testing.TB, n int) *Dataset {
	t.Helper()
	return made(t, EncodingPNG, pictures(n, 4)...)
}

// made makes a data set of grey pictures for classification, every fourth of which is for validation, and opens it. Their sizes are kept.
func made(t testing.TB, encoding string, pictures ...picture) *Dataset {
	t.Helper()
	out := filepath.Join(t.TempDir(), "set")
	info := Info{Name: "set", Task: Classification, Classes: []string{"a", "b"}, Background: NoBackground, Channels: 1, Resize: Squash, Encoding: encoding, Skipped: []Skipped{}}
	info.Width, info.Height = pictures[0].px.W, pictures[0].px.H
	for _, p := range pictures {
		info.Largest = [2]int{max(info.Largest[0], p.px.W), max(info.Largest[1], p.px.H)}
		if p.px.W != pictures[0].px.W || p.px.H != pictures[0].px.H {
			info.Width, info.Height = 0, 0
		}
	}
	if info.SameSize() {
		info.Largest = [2]int{}
	}
	draft, err := NewDraft(out)
	if err != nil {
		t.Fatal(err)
	}
	defer draft.Discard()
	w, err := draft.NewWriter(info)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	e, mean := NewEncoder(encoding), NewMeanSum(info.Width, info.Height, 1)
	var index []Entry
	for i, p := range pictures {
		record, px, err := e.Encode(p.file, p.px.W, p.px.H, p.px, Truth{Class: p.class})
		if err == nil {
			err = w.Add(record)
		}
		if err != nil {
			t.Fatal(err)
		}
		entry := Entry{ID: uint32(i), Class: int32(p.class), Kinds: KindClass}
		if i%4 == 3 {
			entry.Split = Val
		} else {
			mean.Add(px, 1)
		}
		index = append(index, entry)
	}
	info, err = w.Finish(info, index, mean)
	if err == nil {
		err = draft.Publish(info, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return reopened(t, out)
}

// outlineOf returns n points on a circle around x, y, by turns at two radii, turned by an angle.
func outlineOf(n int, x, y, even, odd, angle float64) [][2]float64 {
	out := make([][2]float64, n)
	for i := range out {
		radius := even
		if i%2 == 1 {
			radius = odd
		}
		sin, cos := math.Sincos(angle + 2*math.Pi*float64(i)/float64(n))
		out[i] = [2]float64{x + radius*cos, y + radius*sin}
	}
	return out
}

// inOutline reports whether a point lies in an outline, by the number of edges to its right.
func inOutline(outline [][2]float64, x, y float64) bool {
	in := false
	for i, p := range outline {
		q := outline[(i+1)%len(outline)]
		if (p[1] > y) != (q[1] > y) && x < p[0]+(y-p[1])/(q[1]-p[1])*(q[0]-p[0]) {
			in = !in
		}
	}
	return in
}
