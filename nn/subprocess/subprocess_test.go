package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/kernel/kerneltest"
	"github.com/convscope/convscope/nn/subprocess"
)

// served is the environment's name for what the process of a test does.
const served = "SUBPROCESS_TEST"

func TestMain(m *testing.M) {
	if what := os.Getenv(served); what != "" {
		if err := subprocess.Serve(func() (kernel.Device, error) { return faulty(what) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// faulty returns the CPU, with a fault.
func faulty(what string) (kernel.Device, error) {
	if what == "closed" {
		return nil, fault.New("gpu.open", "The GPU %s cannot be used.", "X").Because(errors.New("it is out"))
	}
	cpu, err := kernel.NewCPU(1)
	return device{cpu, what}, err
}

type device struct {
	kernel.Device
	what string
}

func (d device) Patience() time.Duration { return time.Minute }

func (d device) Close() error {
	if d.what == "ends badly" {
		os.Exit(4)
	}
	return d.Device.Close()
}

func (d device) Prepare(p *kernel.Program) (kernel.Executor, error) {
	if d.what == "talks" {
		fmt.Println("a driver says something")
	}
	x, err := d.Device.Prepare(p)
	return executor{x, d.what}, err
}

type executor struct {
	kernel.Executor
	what string
}

// Patience returns a moment for what takes a while.
func (x executor) Patience() time.Duration {
	if x.what == "slow" {
		return 300 * time.Millisecond
	}
	return 0
}

func (x executor) Run(s kernel.Step) error {
	switch x.what {
	case "crashes":
		fmt.Fprintln(os.Stderr, "a driver's last words")
		os.Exit(3)
	case "hangs", "slow":
		time.Sleep(time.Hour)
	}
	return x.Executor.Run(s)
}

func (x executor) Buffer(id kernel.ID) kernel.HostAccess {
	return access{x.Executor.Buffer(id), x.what}
}

type access struct {
	kernel.HostAccess
	what string
}

func (a access) Upload(src []float32) error {
	if a.what == "full" {
		return fault.New("gpu.memory", "It needs %d MB of %s.", 7, "X")
	}
	return a.HostAccess.Upload(src)
}

var (
	errEnded  = errors.New("ended")
	errSilent = errors.New("silent")
)

func open(t *testing.T, what string, patience time.Duration) (kernel.Device, error) {
	t.Helper()
	c, err := subprocess.Self(context.Background(), "test", served+"="+what)
	if err != nil {
		t.Fatal(err)
	}
	return subprocess.Open(subprocess.Config{
		Command: c, Patience: patience,
		Ended: func(name string, cause error) error { return fmt.Errorf("%s %w: %w", name, errEnded, cause) },
		Silent: func(name string, waited time.Duration) error {
			return fmt.Errorf("%s %w for %v", name, errSilent, waited)
		},
	})
}

func mustOpen(t *testing.T, what string, patience time.Duration) kernel.Device {
	t.Helper()
	d, err := open(t, what, patience)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A device in a process of its own is a device like any other: every part of a program arrives there.
func TestConform(t *testing.T) {
	kerneltest.Conform(t, func() kernel.Device { return mustOpen(t, "talks", 0) })
}

// copying returns a program that copies its input.
func copying() *kernel.Program {
	return &kernel.Program{
		Batch:   1,
		Buffers: []kernel.Buffer{{Name: "x", Shape: kernel.Shape{N: 1, C: 3, H: 1, W: 1}}, {Name: "y", Shape: kernel.Shape{N: 1, C: 3, H: 1, W: 1}, Role: kernel.Value, Kept: true}},
		Forward: []kernel.Op{kernel.Activation{X: 0, Y: 1}},
	}
}

func prepare(t *testing.T, d kernel.Device) kernel.Executor {
	t.Helper()
	x, err := d.Prepare(copying())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// A process that ends takes nothing with it: each call returns an error that says so, and closing does no harm.
func TestAProcessThatEnds(t *testing.T) {
	for what, want := range map[string]error{"crashes": errEnded, "hangs": errSilent, "slow": errSilent} {
		patience := 300 * time.Millisecond
		if what == "slow" { // its executor says so
			patience = 0
		}
		d := mustOpen(t, what, patience)
		x := prepare(t, d)
		err := x.Run(kernel.Step{Samples: 1})
		if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "CPU") {
			t.Errorf("a device that %s: %v", what, err)
		}
		if what == "crashes" && (!errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "exit status 3: a driver's last words")) {
			t.Errorf("it does not tell why: %v", err)
		}
		if _, err := d.Prepare(copying()); !errors.Is(err, want) {
			t.Errorf("afterwards: %v", err)
		}
		if err := x.Buffer(0).Upload([]float32{1}); !errors.Is(err, want) {
			t.Errorf("afterwards: %v", err)
		}
		if err := errors.Join(x.Close(), d.Close(), d.Close()); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
}

// A process that ends badly once all was done spoils nothing.
func TestClosingIsNoError(t *testing.T) {
	d := mustOpen(t, "ends badly", 0)
	x := prepare(t, d)
	if err := errors.Join(x.Run(kernel.Step{Samples: 1}), x.Close(), d.Close()); err != nil {
		t.Error(err)
	}
}

// What did not arrive is not worked with, and memory is given back all the same.
func TestAfterAnUploadThatFailed(t *testing.T) {
	d := mustOpen(t, "full", 0)
	defer d.Close()
	x := prepare(t, d)
	upload := func() {
		t.Helper()
		if err := x.Buffer(0).Upload([]float32{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
	upload()
	if _, err := d.Prepare(copying()); fault.Code(err) != "gpu.memory" {
		t.Errorf("another executor: %v", err)
	}
	y := prepare(t, d)
	upload()
	if err := errors.Join(y.Close(), x.Close()); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// The fault of a device arrives as it was: with its code, its words and their values.
func TestFaultsArrive(t *testing.T) {
	_, err := open(t, "closed", 0)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != "gpu.open" || f.Args[0] != "X" || err.Error() != "The GPU X cannot be used. (it is out)" {
		t.Errorf("a device that does not open: %v", err)
	}
	d := mustOpen(t, "full", 0)
	defer d.Close()
	x := prepare(t, d)
	if err := x.Buffer(0).Upload([]float32{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := x.Run(kernel.Step{Samples: 1}); fault.Code(err) != "gpu.memory" {
		t.Errorf("after an upload that failed: %v", err)
	}
	if err := x.Run(kernel.Step{Samples: 1}); err != nil {
		t.Errorf("it is said again: %v", err)
	}
}

// BenchmarkStep is what a step costs that does nothing: the way there and back.
func BenchmarkStep(b *testing.B) {
	c, err := subprocess.Self(context.Background(), "test", served+"=works")
	if err != nil {
		b.Fatal(err)
	}
	d, err := subprocess.Open(subprocess.Config{Command: c})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	const pixels = 1 << 20
	p := copying()
	p.Buffers[0].Shape.C, p.Buffers[1].Shape.C = pixels, pixels
	x, err := d.Prepare(p)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, pixels} {
		b.Run(fmt.Sprintf("%d numbers", n), func(b *testing.B) {
			numbers := make([]float32, n)
			b.SetBytes(int64(4 * n))
			for b.Loop() {
				if err := errors.Join(x.Buffer(0).Upload(numbers), x.Buffer(1).Download(numbers[:1])); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
