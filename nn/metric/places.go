package metric

import (
	"errors"
	"math"

	"github.com/convscope/convscope/nn/data"
)

// Keys of the figures of classes at places.
const (
	Accuracy      = "accuracy"       // share of images whose class got the highest score
	Top5          = "top5"           // share of images whose class is among the five highest
	PixelAccuracy = "pixel_accuracy" // share of pixels whose class got the highest score
	MeanIoU       = "miou"           // mean over the classes of IoU
	MeanDice      = "mean_dice"      // mean over the classes of Dice
	IoU           = "iou"            // TP/(TP+FP+FN), the Jaccard index, over all pixels of a split
	Dice          = "dice"           // 2TP/(2TP+FP+FN)
)

// A Places meter measures answers that give scores to classes at places: an image as a whole, or each of its pixels. Places without a class (void)
// are left out; figures are of all places of a split together, never means over images. It is used by one goroutine at a time.
type Places struct {
	task   data.Task
	counts placeCounts
	matrix [][]int64
	best   []float32
	answer []int32
}

// placeCounts are sums over places, each by class.
type placeCounts struct {
	truth, predicted, right []int64
	top5                    int64
}

// NewPlaces makes a meter for a task that tells so many classes apart. With confusion it counts which class is taken for which.
func NewPlaces(task data.Task, classes int, confusion bool) *Places {
	m := &Places{task: task}
	m.counts = placeCounts{make([]int64, classes), make([]int64, classes), make([]int64, classes), 0}
	if confusion {
		m.matrix = make([][]int64, classes)
		for i := range m.matrix {
			m.matrix[i] = make([]int64, classes)
		}
	}
	return m
}

// Add measures one sample: scores are C×H×W of so many places, truth returns a place's class or −1. It returns how many places counted, and at how many of them
// the true class got the highest score; the first of equal ones counts.
func (m *Places) Add(scores []float32, places int, truth func(place int) int) (counted, right int) {
	answers := m.highest(scores, places)
	classes := len(m.counts.truth)
	for p := range places {
		t := truth(p)
		if t < 0 || t >= classes {
			continue
		}
		a := int(answers[p])
		counted++
		m.counts.truth[t]++
		m.counts.predicted[a]++
		if a == t {
			right++
			m.counts.right[t]++
		}
		if m.matrix != nil {
			m.matrix[t][a]++
		}
		if m.task == data.Classification && above(scores, places, p, t) < 5 {
			m.counts.top5++
		}
	}
	return counted, right
}

// highest finds the class with the highest score at each place. It goes through the scores in the order in which they lie.
func (m *Places) highest(scores []float32, places int) []int32 {
	if len(m.answer) < places {
		m.best, m.answer = make([]float32, places), make([]int32, places)
	}
	best, answer := m.best[:places], m.answer[:places]
	copy(best, scores)
	clear(answer)
	for c := 1; c < len(m.counts.truth); c++ {
		for p, v := range scores[c*places:][:places] {
			if v > best[p] {
				best[p], answer[p] = v, int32(c)
			}
		}
	}
	return answer
}

// above counts the classes that come before one in the order of their scores at a place.
func above(scores []float32, places, place, class int) (n int) {
	own := scores[class*places+place]
	for c := place; c < len(scores); c += places {
		if v := scores[c]; v > own || v == own && c/places < class {
			n++
		}
	}
	return n
}

// Values returns the figures of the task so far.
func (m *Places) Values() Values {
	var all, right int64
	for c, n := range m.counts.truth {
		all += n
		right += m.counts.right[c]
	}
	share := float64(right) / float64(all) // of no places: not a number
	if m.task == data.Classification {
		return Values{Accuracy: share, Top5: float64(m.counts.top5) / float64(all)}
	}
	iou, dice := m.overlaps()
	return Values{PixelAccuracy: share, MeanIoU: mean(iou), MeanDice: mean(dice)}
}

// overlaps are IoU and Dice of each class; not a number of one that neither occurs nor was predicted.
func (m *Places) overlaps() (iou, dice []float64) {
	for c, n := range m.counts.truth {
		tp, both := float64(m.counts.right[c]), float64(n+m.counts.predicted[c])
		iou, dice = append(iou, tp/(both-tp)), append(dice, 2*tp/both)
	}
	return iou, dice
}

// mean is that of the numbers among v.
func mean(v []float64) float64 {
	sum, n := 0., 0
	for _, x := range v {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	return sum / float64(n)
}

// Report returns all that was measured.
func (m *Places) Report() Report {
	r := Report{Values: m.Values(), Confusion: m.matrix}
	var recall []float64
	for c, n := range m.counts.truth {
		recall = append(recall, float64(m.counts.right[c])/float64(n))
		if n > 0 && m.counts.right[c] == 0 {
			r.Missed = append(r.Missed, c)
		}
	}
	if m.task == data.Classification {
		r.Classes = map[string][]float64{Accuracy: recall}
		return r
	}
	iou, dice := m.overlaps()
	r.Classes = map[string][]float64{IoU: iou, Dice: dice}
	return r
}

// Counts returns what the meter remembers, but for the confusion, to go on from another time.
func (m *Places) Counts() []int64 {
	var list []int64
	for _, v := range [][]int64{m.counts.truth, m.counts.predicted, m.counts.right} {
		list = append(list, v...)
	}
	return append(list, m.counts.top5)
}

// Restore goes on from Counts of a meter of as many classes. Counts that no meter has are an error, and leave this one as it is.
func (m *Places) Restore(counts []int64) error {
	n := len(m.counts.truth)
	if len(counts) != 3*n+1 {
		return errors.New("metric: the counts of another number of classes")
	}
	if !possible(counts[:n], counts[n:2*n], counts[2*n:3*n], counts[3*n]) {
		return errors.New("metric: the counts of the classes contradict each other")
	}
	copy(m.counts.truth, counts[:n])
	copy(m.counts.predicted, counts[n:2*n])
	copy(m.counts.right, counts[2*n:3*n])
	m.counts.top5 = counts[3*n]
	return nil
}

// possible reports whether a meter can have counted so: each place has one true and one predicted class, and where they agree it is right.
func possible(truth, predicted, right []int64, top5 int64) bool {
	sum := func(of []int64) (n int64) {
		for _, v := range of {
			if v < 0 || n > math.MaxInt64-v {
				return -1
			}
			n += v
		}
		return n
	}
	for c, v := range right {
		if v < 0 || v > min(truth[c], predicted[c]) {
			return false
		}
	}
	places := sum(truth)
	return places >= 0 && sum(predicted) == places && top5 >= 0 && top5 <= places
}

// Reset forgets what was measured.
func (m *Places) Reset() {
	for _, v := range append(m.matrix, m.counts.truth, m.counts.predicted, m.counts.right) {
		clear(v)
	}
	m.counts.top5 = 0
}
