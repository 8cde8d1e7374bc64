package nn

import (
	"slices"
	"testing"
)

// What Fill writes is what Class reads, of both kinds; a class that there is not is void.
func TestTruthsHoldTheClassesOfPlaces(t *testing.T) {
	classes := []int{0, 2, -1, 1, 3, 2}
	want := []int{0, 2, -1, 1, -1, 2}
	for kind, wrote := range map[TruthKind][]float32{
		ClassIndex: {0, 2, -1, 1, -1, 2},
		OneHot:     {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, // a plane for each class
	} {
		truth := Truth{Kind: kind, Classes: 3, Shape: Shape{1, 2, 3}}
		if kind == OneHot {
			truth.Shape.C = 3
		}
		dst := slices.Repeat([]float32{7}, truth.Shape.Len())
		truth.Fill(dst, func(place int) int { return classes[place] })
		if !slices.Equal(dst, wrote) {
			t.Errorf("kind %d: %v, want %v", kind, dst, wrote)
		}
		for place, class := range want {
			if got := truth.Class(dst, place); got != class {
				t.Errorf("kind %d: the class of place %d is %d, not %d", kind, place, got, class)
			}
		}
	}
}

// Losses that compare with the same share a truth; others have their own, and the output's is that of the loss that counts most.
func TestLossesShareTruths(t *testing.T) {
	s := Spec{Format: Format, Name: "two", Input: Shape{1, 1, 1}, Classes: 2, Layers: []Layer{
		{Name: "ip", Type: "fully-connected", Inputs: []string{Data}},
		{Name: "a", Type: "squared-loss", Inputs: []string{"ip"}},
		{Name: "b", Type: "absolute-loss", Inputs: []string{"ip"}},
		{Name: "c", Type: "softmax-loss", Inputs: []string{"ip"}, Settings: map[string]Value{"weight": Num(2)}},
	}}
	n, err := Compile(s, Options{Batch: 1, Training: true})
	if err != nil {
		t.Fatal(err)
	}
	truths := n.Truths()
	if len(truths) != 2 || truths[n.Outputs()[0].Truth].Kind != ClassIndex || n.Outputs()[0].Shape != (Shape{2, 1, 1}) {
		t.Errorf("truths %+v, the output's is %d of shape %v", truths, n.Outputs()[0].Truth, n.Outputs()[0].Shape)
	}
	use, err := Compile(s, Options{Batch: 1})
	if err != nil || len(use.Truths()) != 0 || use.Outputs()[0].Truth != -1 {
		t.Errorf("a network for use compares with %+v; %v", use.Truths(), err)
	}
}
