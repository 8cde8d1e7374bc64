package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/convscope/convscope/nn/metric"
	"github.com/convscope/convscope/nn/train"
)

// mostSweep is how many runs one call may train.
const mostSweep = 1000

// Lines of a sweep, which trains a run of each combination of what was given as a list.
type (
	runLine struct {
		Event string `json:"event"`
		Run   string `json:"run"`
		Path  string `json:"path"`
	}
	sweptLine struct {
		Event string  `json:"event"`
		Runs  []swept `json:"runs"` // the best first
	}
	// A swept run has beside these keys "val_KEY" of the figure that decides.
	swept struct {
		Run       string  `json:"run"`
		Rate      float64 `json:"lr"`
		Batch     int     `json:"batch"`
		Seed      uint64  `json:"seed"`
		State     string  `json:"state"`
		BestEpoch float64 `json:"best_epoch"`

		figure metric.Metric
		best   float64
	}
)

// MarshalJSON writes the keys and that of the figure.
func (s swept) MarshalJSON() ([]byte, error) {
	type plain swept
	b, err := json.Marshal(plain(s))
	if err != nil {
		return nil, err
	}
	best, err := json.Marshal(number(s.best))
	return fmt.Appendf(bytes.TrimSuffix(b, []byte("}")), ",%q:%s}", "val_"+s.figure.Key, best), err
}

// A sweep is what was given as a list.
type sweep struct {
	rates, batches []float64 // nil: that of the configuration alone
	seeds          int       // runs that differ in their seed alone
	out            string    // folder of the runs' folders
}

// sweep reads the lists.
func (v trainVerb) sweep() (sweep, error) {
	rates, err := v.settings.numbers("rate")
	if err != nil {
		return sweep{}, err
	}
	batches, err := v.settings.numbers("batch")
	return sweep{rates, batches, v.Seeds, v.Out}, err
}

// runs returns how many runs are asked for.
func (s sweep) runs() int { return max(1, len(s.rates)) * max(1, len(s.batches)) * s.seeds }

// check tells what is wrong with lists; alone says that the call is for one run.
func (s sweep) check(alone bool) error {
	flag := "--seeds"
	switch {
	case len(s.rates) > 1:
		flag = "--lr"
	case len(s.batches) > 1:
		flag = "--batch"
	}
	switch {
	case s.seeds < 1 || s.seeds > mostSweep || len(s.rates) > mostSweep || len(s.batches) > mostSweep || s.runs() > mostSweep:
		return misused("--seeds is 1 or more, and all combinations of --lr, --batch and --seeds are at most %d runs", mostSweep)
	case s.runs() > 1 && alone:
		return misused("%s takes one value with --resume or --find-lr: these are for one run", flag)
	case repeats(s.rates):
		return misused("--lr takes each value once")
	case repeats(s.batches):
		return misused("--batch takes each value once")
	}
	return nil
}

func repeats(list []float64) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) < len(list)
}

// combinations returns the configurations that are asked for, with the names of their runs.
func (s sweep) combinations(c train.Config) (names []string, configs []train.Config) {
	rates, batches := s.rates, s.batches
	if len(rates) == 0 {
		rates = []float64{c.Rate}
	}
	if len(batches) == 0 {
		batches = []float64{float64(c.Batch)}
	}
	for _, rate := range rates {
		for _, batch := range batches {
			for k := range s.seeds {
				one := c
				one.Rate, one.Batch, one.Seed = rate, int(batch), c.Seed+uint64(k)
				var parts []string
				add := func(several bool, key, value string) {
					if several {
						parts = append(parts, key+"-"+value)
					}
				}
				add(len(rates) > 1, "lr", plain(rate))
				add(len(batches) > 1, "batch", plain(batch))
				add(s.seeds > 1, "seed", strconv.FormatUint(one.Seed, 10))
				names, configs = append(names, strings.Join(parts, "-")), append(configs, one)
			}
		}
	}
	return names, configs
}

// train trains the runs one after the other, each in a folder of its own below --out, and lists them by what they came to. One that diverges does not keep the others
// from their turn.
func (s sweep) train(ctx context.Context, o *output, job train.Job) error {
	var list []swept
	var failed error
	names, configs := s.combinations(job.Config)
	for i, c := range configs {
		job.Folder, job.Config = filepath.Join(s.out, names[i]), c
		line := runLine{"run", names[i], job.Folder}
		if err := o.emit(line, func(w io.Writer) { fmt.Fprintf(w, "run %d of %d: %s\n", i+1, len(configs), line.Path) }); err != nil {
			return err
		}
		r := &reporter{out: o, task: job.Data.Info().Task, why: why(job.Device)}
		result, err := train.Run(ctx, job, r.observe)
		r.close()
		err = cmp.Or(err, r.err)
		failed = cmp.Or(failed, err)
		if info, err := train.ReadRun(job.Folder); err == nil {
			list = append(list, swept{names[i], c.Rate, c.Batch, c.Seed, info.State, info.BestEpoch, metric.Deciding(info.Task), info.Best})
		}
		if err != nil && !train.HasDiverged(err) || result.Reason == train.Stopped && ctx.Err() != nil {
			break // what else ends a run would end the next one too; those before are listed
		}
	}
	slices.SortStableFunc(list, func(a, b swept) int {
		switch {
		case a.figure.Better(a.best, b.best):
			return -1
		case a.figure.Better(b.best, a.best):
			return 1
		}
		return 0
	})
	err := o.emit(sweptLine{"sweep", list}, func(w io.Writer) {
		for _, r := range list {
			fmt.Fprintf(w, "%-32s %10s  best epoch %g  %s\n", r.Run, figureText(r.figure, r.best), r.BestEpoch, r.State)
		}
	})
	return cmp.Or(failed, err)
}
