// Command peers compares the engine with PyTorch and ONNX Runtime, where these are installed, and writes docs/performance.md: speeds as ratios of
// medians of interleaved runs, since machines are noisy, and the speed of single layers beside what the processor's vector units can do at best.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/convscope/convscope/nn/device"
)

type flags struct {
	Cnn     string  `arg:"" help:"The command line to measure."`
	Out     string  `arg:"" help:"File to write."`
	Rounds  int     `default:"3" help:"Runs of each, interleaved."`
	Seconds float64 `default:"3" help:"Approximate length of each measurement."`
	Node    string  `default:"build/peers" help:"Folder in which onnxruntime-node is installed."`
	Python  string  `default:"/usr/bin/python3" help:"Python that has torch."`
}

// A net is a row of the table: batches as in the peers' own benchmarks.
type net struct {
	name         string
	input        [3]int
	train, infer int
}

var nets = []net{
	{"lenet", [3]int{1, 28, 28}, 64, 64},
	{"cifar-quick", [3]int{3, 32, 32}, 100, 100},
	{"alexnet", [3]int{3, 227, 227}, 32, 8},
	{"googlenet", [3]int{3, 224, 224}, 16, 8},
}

// line is what a measurement prints.
type line struct {
	Train  float64 `json:"train_img_s"`
	Infer  float64 `json:"infer_img_s"`
	Single float64 `json:"infer_batch1_img_s"`
	RSS    float64 `json:"peak_rss_mb"`
	Device string  `json:"device"`

	Net      string  `json:"net"`
	Batch    int     `json:"batch"`
	Work     float64 `json:"step_multiply_adds"`
	Traffic  float64 `json:"step_bytes"`
	CPUTrain float64 `json:"cpu_train_img_s"`
	CPUInfer float64 `json:"cpu_infer_img_s"`
}

// series are the results of one thing over all rounds.
type series []float64

func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// measured of a network.
type measured struct{ train, infer, single, rss, torchTrain, torchInfer, torchRSS, ortInfer, ortSingle series }

func main() {
	device.Isolate()
	var f flags
	kong.Parse(&f, kong.Description("Compares cnn with PyTorch and ONNX Runtime."))
	if err := f.run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// output runs a command and reads the last line that it prints as JSON.
func output(dir string, v any, name string, args ...string) error {
	c := exec.Command(name, args...)
	var said bytes.Buffer
	c.Dir, c.Stderr = dir, io.MultiWriter(os.Stderr, &said)
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(said.Bytes()))
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return json.Unmarshal(lines[len(lines)-1], v)
}

func (f flags) run() error {
	torch := exec.Command(f.Python, "-c", "import torch").Run() == nil
	_, err := os.Stat(filepath.Join(f.Node, "node_modules", "onnxruntime-node"))
	ort := err == nil && torch // the networks for it come from torch
	if !torch {
		fmt.Fprintln(os.Stderr, "PyTorch is not here: apt-get install python3-torch")
	}
	if !ort {
		fmt.Fprintln(os.Stderr, "ONNX Runtime is not here: npm install --ignore-scripts --prefix", f.Node, "onnxruntime-node; it also needs PyTorch")
	}
	models, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(models)
	device, results := "", make([]measured, len(nets))
	for i, n := range nets {
		if device, err = f.measure(n, models, torch, ort, &results[i]); err != nil {
			return err
		}
	}
	text := f.table(device, results)
	graphics, err := f.graphics()
	if err != nil {
		return err
	}
	text += graphics
	kernels, err := f.kernels()
	if err != nil {
		return err
	}
	fmt.Print(text)
	return errors.Join(os.WriteFile(f.Out, []byte(text+kernels), 0o666))
}

// measure runs all of a network in rounds.
func (f flags) measure(n net, models string, torch, ort bool, m *measured) (device string, err error) {
	seconds := strconv.FormatFloat(f.Seconds, 'g', -1, 64)
	script := func(name string) string {
		path, _ := filepath.Abs(filepath.Join("scripts", "peers", name))
		return path
	}
	model := filepath.Join(models, n.name+".onnx")
	if ort {
		if out, err := exec.Command(f.Python, script("torch_nets.py"), n.name, "1", "--onnx", model).CombinedOutput(); err != nil {
			return "", fmt.Errorf("writing %s: %w: %s", model, err, out)
		}
	}
	run := func(batch int) (line, error) {
		var l line
		err := output("", &l, f.Cnn, "bench", "--json", "--device", "cpu", "--nets", n.name, "--batch", strconv.Itoa(batch), "--seconds", seconds)
		return l, err
	}
	for round := range f.Rounds {
		fmt.Fprintf(os.Stderr, "%s, round %d of %d\n", n.name, round+1, f.Rounds)
		l, err := run(n.train)
		if err != nil {
			return "", err
		}
		device = l.Device
		m.train, m.rss, m.single = append(m.train, l.Train), append(m.rss, l.RSS), append(m.single, l.Single)
		if n.infer != n.train {
			if l, err = run(n.infer); err != nil {
				return "", err
			}
		}
		m.infer = append(m.infer, l.Infer)
		if torch {
			var p line
			if err := output("", &p, f.Python, script("torch_nets.py"), n.name, strconv.Itoa(n.train), "--seconds", seconds); err != nil {
				return "", err
			}
			m.torchTrain, m.torchInfer, m.torchRSS = append(m.torchTrain, p.Train), append(m.torchInfer, p.Infer), append(m.torchRSS, p.RSS)
		}
		if !ort {
			continue
		}
		for batch, to := range map[int]*series{n.infer: &m.ortInfer, 1: &m.ortSingle} {
			var p line
			args := []string{script("onnx.mjs"), model, strconv.Itoa(batch)}
			for _, d := range n.input {
				args = append(args, strconv.Itoa(d))
			}
			if err := output(f.Node, &p, "node", append(args, seconds)...); err != nil {
				return "", err
			}
			*to = append(*to, p.Infer)
		}
	}
	return device, nil
}

// ratio of two series of which the second may not have been measured.
func ratio(a, b series) string {
	if b.median() == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f ×", a.median()/b.median())
}

// rate writes images a second.
func rate(s series) string {
	switch v := s.median(); {
	case v == 0:
		return "–"
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func (f flags) table(device string, results []measured) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Performance\n\nWritten by `make bench` on %s, %d cores: %s. Images a second, medians of %d interleaved runs of %g s; ratios count, the machine is noisy.\n\n",
		time.Now().Format("2 January 2006"), runtime.NumCPU(), device, f.Rounds, f.Seconds)
	fmt.Fprintln(&b, "| training | batch | Convscope | PyTorch | ratio | peak memory | PyTorch's | ratio |\n|---|---|---|---|---|---|---|---|")
	for i, n := range nets {
		m := results[i]
		fmt.Fprintf(&b, "| %s | %d | %s | %s | **%s** | %.0f MB | %s MB | %s |\n", n.name, n.train, rate(m.train), rate(m.torchTrain), ratio(m.train, m.torchTrain),
			m.rss.median(), rate(m.torchRSS), ratio(m.rss, m.torchRSS))
	}
	fmt.Fprintln(&b, "\n| use | batch | Convscope | ONNX Runtime | ratio | one by one | ONNX Runtime | ratio |\n|---|---|---|---|---|---|---|---|")
	for i, n := range nets {
		m := results[i]
		fmt.Fprintf(&b, "| %s | %d | %s | %s | **%s** | %s | %s | **%s** |\n", n.name, n.infer, rate(m.infer), rate(m.ortInfer), ratio(m.infer, m.ortInfer),
			rate(m.single), rate(m.ortSingle), ratio(m.single, m.ortSingle))
	}
	return b.String()
}

// graphics measures the graphics processor beside the CPU; without one it says so, and what a step asks for.
func (f flags) graphics() (string, error) {
	fmt.Fprintln(os.Stderr, "the graphics processor")
	bench := func(device, net string) (l line, err error) {
		err = output("", &l, f.Cnn, "bench", "--json", "--device", device, "--nets", net, "--seconds", strconv.FormatFloat(f.Seconds, 'g', -1, 64))
		return l, err
	}
	use := "gpu"
	if device.Adapter(context.Background()) == "" {
		use = "cpu"
	}
	var lines []line
	var failed []string
	name := ""
	for _, n := range nets {
		l, err := bench(use, n.name)
		if err != nil && use == "gpu" { // it may not fit
			failed = append(failed, fmt.Sprintf("%s: %v", n.name, err))
			continue
		}
		if err != nil {
			return "", err
		}
		if use == "gpu" {
			name = l.Device
		}
		lines = append(lines, l)
	}
	if use == "gpu" && len(lines) == 0 {
		return "\nThe graphics processor was not measured:\n- " + strings.Join(failed, "\n- ") + "\n", nil
	}
	text := graphicsTable(name, lines)
	if len(failed) > 0 {
		text += "\nNot measured on it:\n- " + strings.Join(failed, "\n- ") + "\n"
	}
	return text, nil
}

// graphicsTable returns the section of the graphics processor, by its name; "" says that there is none.
func graphicsTable(device string, lines []line) string {
	var b strings.Builder
	if device == "" {
		fmt.Fprint(&b, "\nThere is no graphics processor in this machine. What a step of training asks of one, for estimates: it takes at least the time of its multiply-adds, and that in which its bytes\npass through memory.\n\n| network | batch | multiply-adds | bytes |\n|---|---|---|---|\n")
		for _, l := range lines {
			fmt.Fprintf(&b, "| %s | %d | %.3g G | %.0f MB |\n", l.Net, l.Batch, l.Work/1e9, l.Traffic/1e6)
		}
		return b.String()
	}
	fmt.Fprintf(&b, "\n%s beside the CPU:\n\n| network | batch | training | CPU | ratio | use | CPU | ratio |\n|---|---|---|---|---|---|---|---|\n", device)
	for _, l := range lines {
		train, infer, onCPU, inferOnCPU := series{l.Train}, series{l.Infer}, series{l.CPUTrain}, series{l.CPUInfer}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | **%s** | %s | %s | **%s** |\n", l.Net, l.Batch, rate(train), rate(onCPU), ratio(train, onCPU), rate(infer), rate(inferOnCPU), ratio(infer, inferOnCPU))
	}
	return b.String()
}

// kernels measures single layers.
func (f flags) kernels() (string, error) {
	fmt.Fprintln(os.Stderr, "single layers")
	out, err := exec.Command(f.Cnn, "bench", "--kernels", "--json", "--seconds", ".5").Output()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprint(&b, "\nSingle layers, as shares of what the vector units can do in multiply-adds on registers alone. A convolution by Winograd's way does fewer of them than are counted, so it may\nexceed all of it. Weights are packed when they change, which these runs do not count.\n\n| layer | GFLOP/s | share |\n|---|---|---|\n")
	for text := range strings.Lines(string(out)) {
		var k struct {
			Kernel string  `json:"kernel"`
			GFLOPS float64 `json:"gflops"`
			Share  float64 `json:"share"`
		}
		if err := json.Unmarshal([]byte(text), &k); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.0f %% |\n", k.Kernel, k.GFLOPS, 100*k.Share)
	}
	return b.String(), nil
}
