package metric

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/convscope/convscope/nn/data"
)

// answering makes scores C×places in which the class of each place is the highest.
func answering(classes int, answers []int) []float32 {
	scores := make([]float32, classes*len(answers))
	for p, c := range answers {
		scores[c*len(answers)+p] = 1
	}
	return scores
}

// The figures of six pixels by hand: two of class 0 (one taken for 1), two of class 1, one of 2 taken for 0, one void; class 3 never occurs.
func TestOverlapsByHand(t *testing.T) {
	truth := []int{0, 0, 1, 1, 2, -1}
	m := NewPlaces(data.Segmentation, 4, true)
	counted, right := m.Add(answering(4, []int{0, 1, 1, 1, 0, 3}), len(truth), func(p int) int { return truth[p] })
	if counted != 5 || right != 3 {
		t.Errorf("%d of %d", right, counted)
	}
	r := m.Report()
	nan := math.NaN()
	for key, want := range map[string][]float64{IoU: {1. / 3, 2. / 3, 0, nan}, Dice: {2. / 4, 4. / 5, 0, nan}} {
		for c, w := range want {
			if got := r.Classes[key][c]; math.Abs(got-w) > 1e-12 || math.IsNaN(got) != math.IsNaN(w) {
				t.Errorf("%s of class %d is %g, want %g", key, c, got, w)
			}
		}
	}
	want := Values{PixelAccuracy: 3. / 5, MeanIoU: 1. / 3, MeanDice: (.5 + .8) / 3} // over the three classes that occur
	for key, w := range want {
		if got := r.Values[key]; math.Abs(got-w) > 1e-12 {
			t.Errorf("%s is %g, want %g", key, got, w)
		}
	}
	if confusion := [][]int64{{1, 1, 0, 0}, {0, 2, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}}; !reflect.DeepEqual(r.Confusion, confusion) || !reflect.DeepEqual(r.Missed, []int{2}) {
		t.Errorf("confusion %v, missed %v", r.Confusion, r.Missed)
	}
}

// Figures are of all places of a split together: not means over images.
func TestFiguresAreOfTheWholeSplit(t *testing.T) {
	m := NewPlaces(data.Segmentation, 2, false)
	m.Add(answering(2, []int{0, 0, 0, 0}), 4, func(int) int { return 0 })          // all right
	m.Add(answering(2, []int{1, 1}), 2, func(p int) int { return []int{0, 1}[p] }) // one of two
	if got := m.Values()[MeanIoU]; math.Abs(got-(4./5+1./2)/2) > 1e-12 {
		t.Errorf("mean IoU %g", got)
	}
}

// Of equal scores the first class counts, at the first place and among the first five.
func TestTopFiveByHand(t *testing.T) {
	m := NewPlaces(data.Classification, 7, false)
	scores := []float32{1, 1, 1, 1, 1, 1, 2} // order: 6, 0, 1, 2, 3, then 4
	for class, want := range []struct{ right, top5 float64 }{{0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 0}, {0, 0}, {1, 1}} {
		m.Reset()
		m.Add(scores, 1, func(int) int { return class })
		if v := m.Values(); v[Accuracy] != want.right || v[Top5] != want.top5 {
			t.Errorf("class %d: %v", class, v)
		}
	}
	m.Reset()
	if v := m.Values(); !math.IsNaN(v[Accuracy]) {
		t.Errorf("of no images: %v", v)
	}
}

// A meter goes on from its counts as if it had never stopped, and refuses those of another number of classes.
func TestCountsGoOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, task := range []data.Task{data.Classification, data.Segmentation} {
		whole, first, second := NewPlaces(task, 6, false), NewPlaces(task, 6, false), NewPlaces(task, 6, false)
		for i := range 20 {
			scores := make([]float32, 6*5)
			for j := range scores {
				scores[j] = r.Float32()
			}
			truth := func(p int) int { return (i+p)%7 - 1 }
			whole.Add(scores, 5, truth)
			if i < 10 {
				first.Add(scores, 5, truth)
				continue
			}
			if i == 10 {
				if err := second.Restore(first.Counts()); err != nil {
					t.Fatal(err)
				}
			}
			second.Add(scores, 5, truth)
		}
		if !reflect.DeepEqual(whole.Values(), second.Values()) || math.IsNaN(whole.Values()[Deciding(task).Key]) {
			t.Errorf("%s: %v, gone on %v", task, whole.Values(), second.Values())
		}
	}
	if NewPlaces(data.Segmentation, 3, false).Restore(make([]int64, 9)) == nil {
		t.Error("the counts of two classes are taken by a meter of three")
	}
	for _, counts := range [][]int64{ // truth, predicted and right of two classes, top5
		{-1, 3, 1, 1, 0, 1, 0},
		{1, 2, 3, 0, 2, 0, 3},
		{1, 2, 1, 1, 0, 0, 0},
		{1, 2, 2, 1, 1, 1, 4},
		{1, 2, 2, 1, 1, -1, 0},
		{1, 2, 2, 1, 1, 1, -1},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, 0, 0, 0},
	} {
		m := NewPlaces(data.Classification, 2, false)
		if m.Restore(counts) == nil {
			t.Errorf("the counts %v are taken", counts)
		}
		if slices.Max(m.Counts()) != 0 {
			t.Errorf("%v are refused, and counted: %v", counts, m.Counts())
		}
	}
	if err := NewPlaces(data.Classification, 2, false).Restore([]int64{1, 2, 2, 1, 1, 1, 3}); err != nil {
		t.Error(err)
	}
}

func TestRowsAreWhole(t *testing.T) {
	for _, task := range []data.Task{data.Classification, data.Segmentation} {
		r := NewPlaces(task, 2, false).Report()
		for _, m := range Of(task) {
			if _, ok := r.Values[m.Key]; !ok {
				t.Errorf("%s of %s is not measured", m.Key, task)
			}
		}
		for _, m := range OfClasses(task) {
			if len(r.Classes[m.Key]) != 2 {
				t.Errorf("%s of each class of %s is not measured", m.Key, task)
			}
		}
	}
	low := Metric{Lower: true}
	if low.Better(2, 1) || !low.Better(1, 2) || (Metric{}).Better(math.NaN(), 0) || !(Metric{}).Better(0, math.NaN()) {
		t.Error("better is worse")
	}
	if Deciding("a task of later").Key != "" {
		t.Error("a task that nobody knows has figures")
	}
}
