package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/convscope/convscope/nn/data"
	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// reporter turns the events of a run into lines, of steps at most four a second.
type reporter struct {
	out        *output
	bar        *progress
	task       data.Task
	iterations int
	why        string // a device was taken
	last       time.Time
	err        error
}

func (r *reporter) observe(e train.Event) {
	switch e := e.(type) {
	case train.Counting:
		if r.bar == nil {
			r.bar = r.out.progress(e.Images, "counting classes", "images")
		}
		r.bar.set(e.Done, e.Images)
	case train.Started:
		r.close()
		r.iterations = e.Iterations
		r.bar = r.out.progress(e.Iterations, "training", "steps")
		more := map[string]any{}
		if r.why != "" {
			more["why"] = r.why
		}
		r.emit(e, more, func(w io.Writer) {
			fmt.Fprintf(w, "%d parameters, %d iterations from %d, %s, %d threads\n", e.Parameters, e.Iterations, e.Iteration, e.Device, e.Threads)
			if r.why != "" {
				fmt.Fprintf(w, "that device, as %s\n", r.why)
			}
		})
	case train.Step:
		r.bar.set(e.Iteration, r.iterations)
		if now := time.Now(); now.Sub(r.last) >= 250*time.Millisecond {
			r.last = now
			r.emit(e, nil, func(w io.Writer) {
				fmt.Fprintf(w, "iteration %6d  epoch %6.2f  loss %8.4f  lr %.3g  %.0f images/s\n", e.Iteration, e.Epoch, e.Loss, e.Rate, e.ImagesPerSecond)
			})
		}
	case train.Epoch:
		r.emit(e, nil, func(w io.Writer) {
			m := metric.Deciding(r.task)
			fmt.Fprintf(w, "epoch %g  train loss %s  val loss %s  val %s %s\n", e.Epoch, lossText(e.TrainLoss), lossText(e.ValLoss), m.Name, figureText(m, e.Val.Get(m.Key)))
		})
	case train.Weighed:
		r.emit(e, nil, func(w io.Writer) {
			fmt.Fprintln(w, "weights of the classes in the loss, 1 being the mean over the training data:")
			for c, name := range e.Classes {
				fmt.Fprintf(w, "  %s %.3g\n", name, e.Weights[c])
			}
		})
	case train.Transferred:
		r.transferred(e)
	case train.Snapshot:
		r.emit(e, nil, func(w io.Writer) { fmt.Fprintf(w, "snapshot of epoch %.4g: %s\n", e.Epoch, e.Path) })
	case train.Done:
		r.emit(e, nil, func(w io.Writer) {
			best := "nothing was validated"
			if e.BestEpoch > 0 {
				best = fmt.Sprintf("best epoch %.4g", e.BestEpoch)
			}
			fmt.Fprintf(w, "%s after %.1f s, %s\n", e.Reason, e.Seconds, best)
		})
	case train.Warning:
		complain(r.out.stderr, e.Fault, done)
	}
}

// transferred tells what of some weights a run starts from, and why the rest was left out.
func (r *reporter) transferred(e train.Transferred) {
	loaded := 0
	for _, t := range e.Weights {
		if t.Taken() {
			loaded++
		}
	}
	r.emit(e, map[string]any{"loaded": loaded}, func(w io.Writer) {
		fmt.Fprintf(w, "%d weights from %s\n", loaded, e.From)
		for _, t := range e.Weights {
			switch t.State {
			case train.TransferResized:
				fmt.Fprintf(w, "  %s is made to fit: it is %v there, %v here\n", t.Key, t.Has, t.Wants)
			case train.TransferShape:
				fmt.Fprintf(w, "  %s is newly initialised: it is %v there, %v here\n", t.Key, t.Has, t.Wants)
			case train.TransferMissing:
				fmt.Fprintf(w, "  %s is newly initialised: it is not there\n", t.Key)
			case train.TransferUnused:
				fmt.Fprintf(w, "  %s is left out: the network has no such weight\n", t.Key)
			}
		}
	})
}

// emit writes an event as the run's own log has it, with more keys. It keeps the first failure to write: the run itself goes on.
func (r *reporter) emit(e train.Event, more map[string]any, text func(io.Writer)) {
	line, err := train.EncodeEvent(e)
	if err == nil && len(more) > 0 {
		var all map[string]json.RawMessage
		err = json.Unmarshal(line, &all)
		for key, v := range more {
			all[key], _ = json.Marshal(v) // a number or a sentence
		}
		line, _ = json.Marshal(all)
	}
	if err == nil {
		err = r.out.emit(json.RawMessage(line), text)
	}
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *reporter) close() {
	if r.bar != nil {
		r.bar.close()
	}
}
