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

// first is the first value of a flag that takes several, nil if it was not given.
func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// combinations are the configurations that the flags ask for, by the name of their run; of one run the name is "".
func (v trainVerb) combinations(c train.Config) (names []string, configs []train.Config) {
	rates, batches := v.LR, v.Batch
	if len(rates) == 0 {
		rates = []float64{c.Rate}
	}
	if len(batches) == 0 {
		batches = []int{c.Batch}
	}
	for _, rate := range rates {
		for _, batch := range batches {
			for k := range v.Seeds {
				one := c
				one.Rate, one.Batch, one.Seed = rate, batch, c.Seed+uint64(k)
				var parts []string
				add := func(several bool, key, value string) {
					if several {
						parts = append(parts, key+"-"+value)
					}
				}
				add(len(rates) > 1, "lr", plain(rate))
				add(len(batches) > 1, "batch", strconv.Itoa(batch))
				add(v.Seeds > 1, "seed", strconv.FormatUint(one.Seed, 10))
				names, configs = append(names, strings.Join(parts, "-")), append(configs, one)
			}
		}
	}
	return names, configs
}

// sweeps tells whether several runs are asked for.
func (v trainVerb) sweeps() bool { return len(v.LR) > 1 || len(v.Batch) > 1 || v.Seeds > 1 }

// checkSweep tells what is wrong with lists.
func (v trainVerb) checkSweep() error {
	flag := "--seeds"
	switch {
	case len(v.LR) > 1:
		flag = "--lr"
	case len(v.Batch) > 1:
		flag = "--batch"
	}
	switch rates, batches := max(1, len(v.LR)), max(1, len(v.Batch)); {
	case v.Seeds < 1 || v.Seeds > mostSweep || rates > mostSweep || batches > mostSweep || rates*batches*v.Seeds > mostSweep:
		return misused("--seeds is 1 or more, and all combinations of --lr, --batch and --seeds are at most %d runs", mostSweep)
	case v.sweeps() && (v.Resume || v.FindLR):
		return misused("%s takes one value with --resume or --find-lr: these are for one run", flag)
	case repeats(v.LR):
		return misused("--lr takes each value once")
	case repeats(v.Batch):
		return misused("--batch takes each value once")
	}
	return nil
}

func repeats[T cmp.Ordered](list []T) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// sweep trains the runs one after the other, each in a folder of its own below --out, and lists them by what they came to. One that diverges does not keep the others
// from their turn.
func (v trainVerb) sweep(ctx context.Context, o *output, job train.Job) error {
	var list []swept
	var failed error
	names, configs := v.combinations(job.Config)
	for i, c := range configs {
		job.Folder, job.Config = filepath.Join(v.Out, names[i]), c
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
		for _, s := range list {
			fmt.Fprintf(w, "%-32s %10s  best epoch %g  %s\n", s.Run, figureText(s.figure, s.best), s.BestEpoch, s.State)
		}
	})
	return cmp.Or(failed, err)
}
