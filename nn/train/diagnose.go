package train

import (
	"math"
	"slices"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
)

// A History is what a run told, as far as it goes: what Diagnose reads.
type History struct {
	Classes  int
	Loss     string // type of the network's loss; "" is softmax-loss
	Task     data.Task
	PerEpoch int         // iterations of an epoch
	Epochs   int         // planned
	Steps    []StepPoint // losses and rates; may be thinned to the extremes of equal stretches
	Valid    []Epoch     // after each validation
	Health   []Health    // of layers of weights and of ReLUs
	Jumps    []float64   // epochs at which the loss jumped
	State    string      // running, finished, stopped, diverged or interrupted
}

// A StepPoint is a step of a History.
type StepPoint struct{ Epoch, Loss, Rate float64 }

// A Finding is something that the curves say: a code, and the numbers and names of its sentence.
type Finding struct {
	Code string
	Args []any
}

// Codes of findings. What is well too is one.
const (
	FindDiverged  = "diverged"     // rate
	FindVanishing = "vanishing"    // first layer, last layer, how many times smaller its gradient is
	FindExploding = "exploding"    // layer, its gradient
	FindDead      = "dead"         // layer, share of its units in percent
	FindNotLearn  = "not-learning" // loss at chance level
	FindRateHigh  = "rate-high"    // rate
	FindRateLow   = "rate-low"     // rate
	FindPlateau   = "plateau"      // epoch since which nothing moves
	FindOverfit   = "overfit"      // epoch since which validation gets worse, loss then and now
	FindGap       = "gap"          // training loss, validation loss
	FindJump      = "jump"         // how many, epoch of the last
	FindIgnored   = "ignored"      // classes
	FindNoVal     = "no-validation"
	FindWell      = "well" // key and value of the figure that decides, and epoch of the best
)

// rules are asked in this order; each tells at most one thing.
var rules = []func(h *History) *Finding{
	diverging, vanishing, exploding, deadUnits, notLearning, rateTooHigh, rateTooLow, overfitting, plateau, ignoring, jumping,
}

// Diagnose reads what a run told, and says what is wrong; of a run that is well it says so, once it was validated. Rules look at whole epochs: before the
// first validation only diverging and exploding runs are told.
func Diagnose(h History) []Finding {
	var list []Finding
	for _, rule := range rules {
		if f := rule(&h); f != nil {
			list = append(list, *f)
		}
	}
	n := len(h.Valid)
	if n == 0 {
		return list
	}
	if math.IsNaN(h.Valid[n-1].ValLoss) {
		return append(list, Finding{FindNoVal, nil})
	}
	if len(list) == 0 && !h.atChance() {
		best := h.best()
		key := metric.Deciding(h.Task).Key
		list = append(list, Finding{FindWell, []any{key, best.Val.Get(key), best.Epoch}})
	}
	return list
}

// best returns the validation that was marked the best.
func (h *History) best() (best Epoch) {
	for _, e := range h.Valid {
		if e.Best {
			best = e
		}
	}
	return best
}

// chanceLoss returns the loss at chance level.
func (h *History) chanceLoss() float64 {
	kind, _ := nn.KindOf(h.Loss) // of none it is that of a softmax-loss
	return kind.ChanceLoss(h.Classes)
}

// initialLoss returns the loss of an untrained network, whose answers are near zero.
func initialLoss(loss string, classes int) float64 {
	kind, _ := nn.KindOf(loss)
	return kind.InitialLoss(classes)
}

func (h *History) initialLoss() float64 { return initialLoss(h.Loss, h.Classes) }

// atChance reports whether the training loss at the last validation is no better than chance.
func (h *History) atChance() bool {
	n := len(h.Valid)
	return n > 0 && h.Valid[n-1].TrainLoss > .95*h.chanceLoss()
}

// stuck reports whether this is more than a slow start: three epochs are over, or the run is.
func (h *History) stuck() bool { return h.atChance() && (len(h.Valid) >= 3 || h.State != Running) }

// lastEpoch returns how far the run came.
func (h *History) lastEpoch() float64 {
	if n := len(h.Steps); n > 0 {
		return h.Steps[n-1].Epoch
	}
	return 0
}

// mean returns the mean loss of the steps of a stretch of epochs, and how many points it has.
func (h *History) mean(from, to float64) (float64, int) {
	sum, n := 0., 0
	for _, s := range h.Steps {
		if s.Epoch > from && s.Epoch <= to && !math.IsNaN(s.Loss) {
			sum += s.Loss
			n++
		}
	}
	return sum / float64(n), n
}

// layers returns the measurements of layers of weights, and those of ReLUs, in the order of time.
func (h *History) layers() (weights, relus []Health) {
	for _, e := range h.Health {
		if len(e.Layers) == 0 {
			continue
		}
		if math.IsNaN(e.Layers[0].Dead) {
			weights = append(weights, e)
		} else {
			relus = append(relus, e)
		}
	}
	return weights, relus
}

func diverging(h *History) *Finding {
	n := len(h.Steps)
	if h.State != Diverged || n == 0 {
		return nil
	}
	return &Finding{FindDiverged, []any{h.Steps[n-1].Rate}}
}

// vanishing: over the measurements of the last half, the gradient of the first layer is typically less than a thousandth of the last one's, although the loss is far from
// small. (How far the first layer moves tells nothing: decay and momentum move it too.)
func vanishing(h *History) *Finding {
	weights, _ := h.layers()
	weights = weights[len(weights)/2:]
	if len(weights) < 2 || h.small() {
		return nil
	}
	var shares []float64
	var first, last string
	for _, e := range weights {
		if len(e.Layers) < 4 {
			return nil
		}
		a, z := e.Layers[0], e.Layers[len(e.Layers)-1]
		first, last = a.Name, z.Name
		shares = append(shares, a.Gradient/z.Gradient)
	}
	share := median(shares)
	if !(share < 1e-3) {
		return nil
	}
	return &Finding{FindVanishing, []any{first, last, 1 / math.Max(share, 1e-12)}}
}

// small reports whether the loss has come so far down that small gradients mean success.
func (h *History) small() bool {
	end := h.lastEpoch()
	loss, n := h.mean(end-math.Min(1, end/4), end)
	return n == 0 || loss < .5*h.chanceLoss()
}

func exploding(h *History) *Finding {
	weights, _ := h.layers()
	for _, e := range weights {
		for _, l := range e.Layers {
			if l.Gradient > 1e3 || math.IsInf(l.Gradient, 0) || l.Ratio() > 1 && e.Iteration > 1 {
				return &Finding{FindExploding, []any{l.Name, l.Gradient}}
			}
		}
	}
	return nil
}

// deadUnits: more than half of the units of a ReLU answer to no image.
func deadUnits(h *History) *Finding {
	_, relus := h.layers()
	if len(relus) == 0 {
		return nil
	}
	worst := LayerHealth{}
	for _, l := range relus[len(relus)-1].Layers {
		if l.Dead > worst.Dead {
			worst = l
		}
	}
	if worst.Dead < .6 {
		return nil
	}
	return &Finding{FindDead, []any{worst.Name, 100 * worst.Dead}}
}

// notLearning: after an epoch the training loss is still at chance level.
func notLearning(h *History) *Finding {
	if !h.stuck() || rateTooHigh(h) != nil || rateTooLow(h) != nil || vanishing(h) != nil {
		return nil
	}
	return &Finding{FindNotLearn, []any{h.chanceLoss()}}
}

// rateTooHigh: the training loss stays at chance level or above and leaps, or the steps move a layer by more than a tenth of its weights; or it is above where networks
// begin.
func rateTooHigh(h *History) *Finding {
	n := len(h.Valid)
	if n == 0 || h.State == Diverged || n < 3 && h.State == Running {
		return nil
	}
	weights, _ := h.layers()
	var worst float64
	for _, e := range weights[len(weights)/2:] {
		for _, l := range e.Layers {
			worst = math.Max(worst, l.Ratio())
		}
	}
	if !(h.stuck() && (worst > .02 || h.highest() > 3*h.initialLoss())) && !(h.Valid[n-1].TrainLoss > 1.3*h.initialLoss()) {
		return nil
	}
	return &Finding{FindRateHigh, []any{h.rate()}}
}

// highest returns the largest loss after the first hundredth of the run.
func (h *History) highest() (top float64) {
	for _, s := range h.Steps[len(h.Steps)/100:] {
		top = math.Max(top, s.Loss)
	}
	return top
}

// rate returns the largest rate so far: the one that was set, once the warm-up is over.
func (h *History) rate() (most float64) {
	for _, s := range h.Steps {
		most = math.Max(most, s.Rate)
	}
	return most
}

// rateTooLow: a typical layer never moves by more than a ten-thousandth of its weights a step.
func rateTooLow(h *History) *Finding {
	n := len(h.Valid)
	if n == 0 {
		return nil
	}
	weights, _ := h.layers()
	if len(weights) < 3 || h.small() || vanishing(h) != nil {
		return nil
	}
	most := 0.
	for _, e := range weights[:max(len(weights)/3, 1)] { // before the policy lets it fall
		var ratios []float64
		for _, l := range e.Layers {
			ratios = append(ratios, l.Ratio())
		}
		most = math.Max(most, median(ratios))
	}
	if most > 1e-4 {
		return nil
	}
	return &Finding{FindRateLow, []any{h.rate()}}
}

// overfitting: the loss of validation rises for two validations from its least by more than a twelfth, while that of training goes on falling.
func overfitting(h *History) *Finding {
	n := len(h.Valid)
	if n == 0 || math.IsNaN(h.Valid[n-1].ValLoss) {
		return nil
	}
	at, last := 0, h.Valid[n-1]
	for i, e := range h.Valid {
		if e.ValLoss < h.Valid[at].ValLoss {
			at = i
		}
	}
	least := h.Valid[at]
	switch {
	case n-1-at >= 2 && last.ValLoss > 1.08*least.ValLoss && last.TrainLoss < least.TrainLoss && last.ValLoss > 1.1*last.TrainLoss:
		return &Finding{FindOverfit, []any{least.Epoch, least.ValLoss, last.ValLoss}}
	case last.ValLoss > 1.5*last.TrainLoss && last.ValLoss-last.TrainLoss > .12*h.chanceLoss():
		return &Finding{FindGap, []any{last.TrainLoss, last.ValLoss}}
	}
	return nil
}

// plateau: over the last third of at least six epochs the training loss falls by less than a hundredth, at a loss that is far from small, although the rate has not fallen to
// next to nothing.
func plateau(h *History) *Finding {
	n := len(h.Valid)
	if n < 6 || h.small() || h.stuck() || rateTooHigh(h) != nil || rateTooLow(h) != nil || vanishing(h) != nil {
		return nil
	}
	third := h.Valid[n-n/3-1:]
	first, last := third[0], third[len(third)-1]
	if first.TrainLoss-last.TrainLoss > .01*first.TrainLoss {
		return nil
	}
	if steps := h.Steps; len(steps) > 0 && steps[len(steps)-1].Rate < .05*h.rate() {
		return nil
	}
	return &Finding{FindPlateau, []any{first.Epoch, last.TrainLoss}}
}

// ignoring: in the last half of the validations, four at least, the same classes were never recognised, although the network learned others; of a run that has ended two are
// enough.
func ignoring(h *History) *Finding {
	n := len(h.Valid)
	rounds := max(4, n/2)
	if h.State != Running {
		rounds = min(rounds, max(2, n/2))
	}
	if n < rounds+1 || h.atChance() || exploding(h) != nil {
		return nil
	}
	last := h.Valid[n-1]
	if last.Val.Get(metric.Deciding(h.Task).Key) < 1.5/float64(max(h.Classes, 2)) {
		return nil
	}
	always := slices.Clone(last.Missed)
	for _, e := range h.Valid[n-rounds:] {
		always = slices.DeleteFunc(always, func(c int) bool { return !slices.Contains(e.Missed, c) })
	}
	if len(always) == 0 {
		return nil
	}
	return &Finding{FindIgnored, []any{always}}
}

func jumping(h *History) *Finding {
	n := len(h.Jumps)
	if n == 0 || h.State == Diverged {
		return nil
	}
	return &Finding{FindJump, []any{n, h.Jumps[n-1]}}
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// HistoryOf reads the events of a run.
func HistoryOf(info RunInfo, events []Event) History {
	h := History{Task: info.Task, Classes: info.Spec.Classes, Loss: info.Spec.LossType(), PerEpoch: info.PerEpoch, Epochs: info.Config.Epochs, State: info.State}
	for _, e := range events {
		switch e := e.(type) {
		case Step:
			h.Steps = append(h.Steps, StepPoint{e.Epoch, e.Loss, e.Rate})
		case Epoch:
			h.Valid = append(h.Valid, e)
		case Health:
			h.Health = append(h.Health, e)
		case Warning:
			if e.Fault != nil && e.Fault.Code == "train.jump" {
				h.Jumps = append(h.Jumps, e.Epoch)
			}
		}
	}
	return h
}
