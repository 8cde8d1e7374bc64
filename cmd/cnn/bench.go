package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/device"
	"github.com/convscope/convscope/nn/kernel"
)

// benchVerb is `cnn bench`.
type benchVerb struct {
	Nets    string  `default:"lenet,cifar-quick,alexnet,googlenet" help:"Networks to measure."`
	Batch   int     `placeholder:"N" help:"Batch size; 0: the network's own."`
	Seconds float64 `default:"4" help:"Approximate length of each measurement."`
	Kernels bool    `help:"Measure single kernels instead of whole networks."`
	engineFlags
}

// benchLine is what was measured of a network.
type benchLine struct {
	Net         string  `json:"net"`
	Batch       int     `json:"batch"`
	Device      string  `json:"device"`
	Threads     int     `json:"threads"`
	Train       float64 `json:"train_img_s"`
	Infer       float64 `json:"infer_img_s"`
	InferSingle float64 `json:"infer_batch1_img_s"`
	PeakRSS     int64   `json:"peak_rss_mb"`
	GFLOPS      float64 `json:"gflops_train"`
	Work        int64   `json:"step_multiply_adds"` // of a step of training
	Traffic     int64   `json:"step_bytes"`         // that its operations read and write
	*besideLine
}

// besideLine is what the CPU does of the same, where a graphics processor was measured.
type besideLine struct {
	Software  bool    `json:"software"` // the processor plays the graphics processor: there is no other
	CPUTrain  float64 `json:"cpu_train_img_s"`
	CPUInfer  float64 `json:"cpu_infer_img_s"`
	CPUSingle float64 `json:"cpu_infer_batch1_img_s"`
}

// words say it for people.
func (b *besideLine) words() string {
	if b == nil {
		return ""
	}
	s := fmt.Sprintf("\n%-12s the CPU beside it: train %8.1f images/s  use %8.1f images/s, one by one %8.1f", "", b.CPUTrain, b.CPUInfer, b.CPUSingle)
	if b.Software {
		s += "; there is no GPU here: the CPU emulates one, which says nothing about a card's speed"
	}
	return s
}

// kernelLine is what was measured of a kernel.
type kernelLine struct {
	Kernel string  `json:"kernel"`
	GFLOPS float64 `json:"gflops"`
	Peak   float64 `json:"peak_gflops"`
	Share  float64 `json:"share"`
}

// Run measures.
func (v benchVerb) Run(ctx context.Context, o *output) (err error) {
	if !(v.Seconds > 0 && v.Seconds <= 3600) {
		return misused("--seconds must be from just over 0 to 3600 but is %s", plain(v.Seconds))
	}
	if v.Batch < 0 {
		return misused("--batch must be 0 (the network's own) or more but is %d", v.Batch)
	}
	d, err := v.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if v.Kernels {
		return v.kernels(ctx, o, d)
	}
	for _, name := range strings.Split(v.Nets, ",") {
		if !slices.Contains(nn.StandardNames(), name) {
			return misused("--nets lists standard networks (%s) but has %q", strings.Join(nn.StandardNames(), ", "), name)
		}
	}
	var lines []benchLine
	var tooLarge error // the others are measured all the same
	for _, name := range strings.Split(v.Nets, ",") {
		line, err := v.measure(ctx, name, d)
		if device.TooLarge(err) {
			tooLarge = errors.Join(tooLarge, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if err != nil {
			return err
		}
		if d.Kind == device.GPU { // the CPU comes when all is measured, so that its memory is not counted
			lines = append(lines, line)
			continue
		}
		if err := line.emit(o); err != nil {
			return err
		}
	}
	return errors.Join(v.beside(ctx, o, lines, d.Software), tooLarge)
}

// emit writes a line.
func (line benchLine) emit(o *output) error {
	return o.emit(line, func(w io.Writer) {
		fmt.Fprintf(w, "%-12s batch %3d  train %8.1f images/s  use %8.1f images/s, one by one %8.1f  %6.1f GFLOP/s  %d MB  %s; a step: %.3g multiply-adds, %.3g MB moved%s\n",
			line.Net, line.Batch, line.Train, line.Infer, line.InferSingle, line.GFLOPS, line.PeakRSS, line.Device, float64(line.Work), float64(line.Traffic)/1e6, line.words())
	})
}

// beside writes what was measured of a graphics processor, and beside it what the CPU does.
func (v benchVerb) beside(ctx context.Context, o *output, lines []benchLine, software bool) (err error) {
	if len(lines) == 0 {
		return nil
	}
	v.Device = device.CPU
	d, err := v.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	for _, line := range lines {
		cpu, err := v.measure(ctx, line.Net, d)
		if err != nil {
			return err
		}
		line.besideLine = &besideLine{software, cpu.Train, cpu.Infer, cpu.InferSingle}
		if err := line.emit(o); err != nil {
			return err
		}
	}
	return nil
}

func (v benchVerb) kernels(ctx context.Context, o *output, device kernel.Device) error {
	results, err := kernel.BenchKernels(ctx, device, time.Duration(v.Seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	for _, r := range results {
		line := kernelLine{r.Name, r.GFLOPS, r.Peak, r.GFLOPS / r.Peak}
		err := o.emit(line, func(w io.Writer) {
			fmt.Fprintf(w, "%-40s %8.1f GFLOP/s  %5.1f %% of %.1f\n", r.Name, r.GFLOPS, 100*line.Share, r.Peak)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// measure times training and use of a standard network on made-up images.
func (v benchVerb) measure(ctx context.Context, name string, device kernel.Device) (benchLine, error) {
	batch := v.Batch
	if batch <= 0 {
		batch = nn.StandardBatch(name)
	}
	line := benchLine{Net: name, Batch: batch, Device: device.Name(), Threads: device.Threads()}
	spec, err := nn.Standard(name, nn.StandardInput(name), nn.StandardClasses(name))
	if err != nil {
		return line, err
	}
	limit := time.Duration(v.Seconds * float64(time.Second))
	train := nn.Options{Batch: batch, Training: true, Momentum: .9}
	step := kernel.Step{Samples: batch, Training: true, Backward: true, Update: true, Scale: 1 / float32(batch), Rate: 1e-4, Decay: 5e-4, Seed: 1}
	if line.Train, err = imagesPerSecond(ctx, spec, train, step, device, limit); err != nil {
		return line, err
	}
	if line.Infer, err = imagesPerSecond(ctx, spec, nn.Options{Batch: batch}, kernel.Step{Samples: batch}, device, limit); err != nil {
		return line, err
	}
	if line.InferSingle, err = imagesPerSecond(ctx, spec, nn.Options{Batch: 1}, kernel.Step{Samples: 1}, device, limit); err != nil {
		return line, err
	}
	line.PeakRSS = peakRSS()
	// Forward costs two operations a multiply-add, backward twice that: once for the input's gradient, once for the weights'.
	line.Work = 3 * int64(batch) * nn.Analyze(spec, batch).MultiplyAdds
	if network, err := nn.Compile(spec, train); err == nil {
		line.Traffic = network.Program.Traffic()
	}
	line.GFLOPS = 6 * float64(nn.Analyze(spec, batch).MultiplyAdds) * line.Train / 1e9
	return line, nil
}

// imagesPerSecond runs a network for about limit and gives its rate: that of the median step, after two to warm up.
func imagesPerSecond(ctx context.Context, spec nn.Spec, o nn.Options, step kernel.Step, device kernel.Device, limit time.Duration) (rate float64, err error) {
	network, err := nn.Compile(spec, o)
	if err != nil {
		return 0, err
	}
	inst, err := network.Open(device)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, inst.Close()) }()
	if err := inst.Initialize(1); err != nil {
		return 0, err
	}
	images := make([]float32, o.Batch*spec.Input.Len())
	for i := range images {
		images[i] = float32(i%251) / 251
	}
	var truths [][]float32
	if step.Training {
		classes := make([]int, o.Batch)
		for i := range classes {
			classes[i] = i % spec.Classes
		}
		truths = network.ClassTruths(classes)
	}
	var times []time.Duration
	for start := time.Now(); len(times) < 5 || time.Since(start) < limit; step.Iteration++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		if _, err := inst.Run(images, truths, step); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	times = times[2:]
	slices.Sort(times)
	return float64(o.Batch) / times[len(times)/2].Seconds(), nil
}
