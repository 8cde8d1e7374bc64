package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/metric"
)

// EventsVersion is the version of the lines that EncodeEvent writes. Lines of version 1 have no "v", "rate" for "lr", and accuracy alone.
const EventsVersion = 2

// A line is the JSON of an event, in events.jsonl and wherever else a run is told of. Probes, pauses and what comes before the start have none.
type line struct {
	Event      string   `json:"event"`
	Version    int      `json:"v,omitempty"`
	Iteration  int      `json:"iteration"`
	Iterations int      `json:"iterations,omitempty"`
	PerEpoch   int      `json:"iterations_per_epoch,omitempty"`
	Parameters int64    `json:"parameters,omitempty"`
	Device     string   `json:"device,omitempty"`
	Threads    int      `json:"threads,omitempty"`
	Epoch      float64  `json:"epoch"`
	Loss       *float64 `json:"loss,omitempty"`
	Rate       *float64 `json:"lr,omitempty"`
	RateV1     *float64 `json:"rate,omitempty"`
	PerSecond  *float64 `json:"images_per_second,omitempty"`
	Best       bool     `json:"best,omitempty"`
	Missed     []int    `json:"ignored,omitempty"`
	Layers     []layer  `json:"layers,omitempty"`

	Weights   []Transfer `json:"weights,omitempty"`
	Classes   []string   `json:"classes,omitempty"`
	ByClass   []float32  `json:"class_weights,omitempty"`
	Path      string     `json:"path,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Seconds   float64    `json:"seconds,omitempty"`
	BestEpoch *float64   `json:"best_epoch,omitempty"`
	Code      string     `json:"code,omitempty"`
	Text      string     `json:"text,omitempty"`
	Args      []any      `json:"args,omitempty"`

	train, val metric.Values // of an epoch: "train_KEY" and "val_KEY" of each figure, the loss among them
}

// A layer of a line.
type layer struct {
	Name     string   `json:"name"`
	Gradient *float64 `json:"gradient,omitempty"`
	Weight   *float64 `json:"weight,omitempty"`
	Update   *float64 `json:"update,omitempty"`
	Dead     *float64 `json:"dead,omitempty"`
}

// What the keys of figures begin with.
const (
	trainPrefix = "train_"
	valPrefix   = "val_"
	lossKey     = "loss"
)

// with returns the figures with another one.
func with(values metric.Values, key string, v float64) metric.Values {
	all := metric.Values{key: v}
	maps.Copy(all, values)
	return all
}

// takeOut returns the figures without one, and that one.
func takeOut(values metric.Values, key string) (rest metric.Values, v float64) {
	v = values.Get(key)
	delete(values, key)
	return values, v
}

// kept returns a number for JSON: nothing where it is not one.
func kept(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// value reads it back.
func value(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

// EncodeEvent returns an event as a line of JSON, or nothing for one that is not kept.
func EncodeEvent(e Event) ([]byte, error) {
	l, ok := lineOf(e)
	if !ok {
		return nil, nil
	}
	l.Version = EventsVersion
	b, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return append(withFigures(b, l.train, l.val), '\n'), nil
}

// lineOf fills in a line.
func lineOf(e Event) (l line, ok bool) {
	switch e := e.(type) {
	case Started:
		l = line{Event: "start", Iteration: e.Iteration, Iterations: e.Iterations, PerEpoch: e.IterationsPerEpoch, Parameters: e.Parameters, Device: e.Device, Threads: e.Threads}
	case Step:
		l = line{Event: "step", Iteration: e.Iteration, Epoch: e.Epoch, Loss: kept(e.Loss), Rate: kept(e.Rate), PerSecond: kept(e.ImagesPerSecond)}
	case Epoch:
		l = line{
			Event: "epoch", Iteration: e.Iteration, Epoch: e.Epoch, Best: e.Best, Missed: e.Missed,
			train: with(e.Train, lossKey, e.TrainLoss), val: with(e.Val, lossKey, e.ValLoss),
		}
	case RateChanged:
		l = line{Event: "rate", Iteration: e.Iteration, Epoch: e.Epoch, Rate: kept(e.Rate)}
	case Transferred:
		l = line{Event: "weights", Path: e.From, Weights: e.Weights}
	case Weighed:
		l = line{Event: "class-weights", Classes: e.Classes, ByClass: e.Weights}
	case Health:
		l = line{Event: "health", Iteration: e.Iteration, Epoch: e.Epoch}
		for _, h := range e.Layers {
			l.Layers = append(l.Layers, layer{h.Name, kept(h.Gradient), kept(h.Weight), kept(h.Update), kept(h.Dead)})
		}
	case Snapshot:
		l = line{Event: "snapshot", Iteration: e.Iteration, Epoch: e.Epoch, Path: e.Path}
	case Warning:
		l = line{Event: "warning", Iteration: e.Iteration, Epoch: e.Epoch, Code: e.Fault.Code, Text: e.Fault.Sentence(), Args: e.Fault.Args}
	case Done:
		l = line{Event: "done", Iteration: e.Iteration, Epoch: e.Epoch, Reason: e.Reason, Seconds: e.Seconds, BestEpoch: &e.BestEpoch}
	default:
		return l, false
	}
	return l, true
}

// withFigures adds figures to the end of a JSON object, in the order of their keys. One that is not a number is null.
func withFigures(object []byte, train, val metric.Values) []byte {
	b := bytes.NewBuffer(bytes.TrimSuffix(object, []byte("}")))
	addFigures(b, trainPrefix, train)
	addFigures(b, valPrefix, val)
	b.WriteByte('}')
	return b.Bytes()
}

func addFigures(b *bytes.Buffer, prefix string, values metric.Values) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		number := []byte("null")
		if v := kept(values[key]); v != nil {
			number, _ = json.Marshal(*v) // a finite number
		}
		fmt.Fprintf(b, ",%q:%s", prefix+key, number)
	}
}

// figures collects the figures of an epoch's line.
func figures(object []byte) (train, val metric.Values, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, nil, err
	}
	train, val = metric.Values{}, metric.Values{}
	for key, raw := range all {
		of, name := train, ""
		if after, ok := strings.CutPrefix(key, trainPrefix); ok {
			name = after
		} else if after, ok := strings.CutPrefix(key, valPrefix); ok {
			of, name = val, after
		}
		var v *float64
		if name == "" || json.Unmarshal(raw, &v) != nil {
			continue
		}
		of[name] = value(v)
	}
	return train, val, nil
}

// newerEvents is the code of the fault of a line that a newer version can read.
const newerEvents = "train.events.newer"

// DecodeEvent reads a line of JSON back. A line of a newer version is refused.
func DecodeEvent(b []byte) (Event, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, err
	}
	if l.Version > EventsVersion {
		return nil, fault.New("train.events.newer", "The log of the run was written by a newer version (format %d; this one reads up to %d). Update Convscope.", l.Version, EventsVersion)
	}
	if l.Rate == nil {
		l.Rate = l.RateV1
	}
	switch l.Event {
	case "start":
		return Started{l.Parameters, l.Iterations, l.PerEpoch, l.Iteration, l.Device, l.Threads}, nil
	case "step":
		return Step{l.Iteration, l.Epoch, value(l.Loss), value(l.Rate), value(l.PerSecond)}, nil
	case "epoch":
		train, val, err := figures(b)
		e := Epoch{Iteration: l.Iteration, Epoch: l.Epoch, Best: l.Best, Missed: l.Missed}
		e.Train, e.TrainLoss = takeOut(train, lossKey)
		e.Val, e.ValLoss = takeOut(val, lossKey)
		return e, err
	case "rate", "steered": // as it was called until version 2
		return RateChanged{l.Iteration, l.Epoch, value(l.Rate)}, nil
	case "weights":
		return Transferred{l.Path, l.Weights}, nil
	case "class-weights":
		if len(l.Classes) != len(l.ByClass) {
			return nil, fmt.Errorf("train: %d weights of %d classes", len(l.ByClass), len(l.Classes))
		}
		return Weighed{l.Classes, l.ByClass}, nil
	case "health":
		e := Health{Iteration: l.Iteration, Epoch: l.Epoch}
		for _, h := range l.Layers {
			e.Layers = append(e.Layers, LayerHealth{h.Name, value(h.Gradient), value(h.Weight), value(h.Update), value(h.Dead)})
		}
		return e, nil
	case "snapshot":
		return Snapshot{l.Iteration, l.Epoch, l.Path}, nil
	case "warning":
		f := fault.New(l.Code, "%s", l.Text)
		f.Args = l.Args
		return Warning{l.Iteration, l.Epoch, f}, nil
	case "done":
		d := Done{Iteration: l.Iteration, Epoch: l.Epoch, Reason: l.Reason, Seconds: l.Seconds}
		if l.BestEpoch != nil {
			d.BestEpoch = *l.BestEpoch
		}
		return d, nil
	}
	return nil, fmt.Errorf("train: unknown event %q", l.Event)
}
