//go:build cgo && linux

package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convscope/convscope/nn"
	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/train"
)

func TestMain(m *testing.M) {
	Isolate()
	if os.Getenv(stepping) != "" {
		fmt.Fprintln(os.Stderr, step())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// faulty puts a layer between this test's graphics processors and their driver, which reports them as cards, and returns what makes them fail (testdata/faulty.c).
func faulty(t *testing.T) (fail func(how string)) {
	t.Helper()
	dir := t.TempDir()
	library := filepath.Join(dir, "libfaulty.so")
	if said, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, filepath.Join("testdata", "faulty.c")).CombinedOutput(); err != nil {
		t.Fatalf("the layer is not built: %v: %s (make test installs what it needs)", err, said)
	}
	manifest := `{"file_format_version": "1.1.2", "layer": {"name": "VK_LAYER_CONVSCOPE_faulty", "type": "GLOBAL", "library_path": "` + library + `", "api_version": "1.3.0",
		"implementation_version": "1", "description": "fails when it is asked to",
		"functions": {"vkGetInstanceProcAddr": "faultyGetInstanceProcAddr", "vkGetDeviceProcAddr": "faultyGetDeviceProcAddr"}}}`
	if err := os.WriteFile(filepath.Join(dir, "faulty.json"), []byte(manifest), 0o666); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "how")
	t.Setenv("VK_LAYER_PATH", dir)
	t.Setenv("VK_INSTANCE_LAYERS", "VK_LAYER_CONVSCOPE_faulty")
	t.Setenv("FAULTY", file)
	return func(how string) {
		if err := os.WriteFile(file, []byte(how), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// small returns a network for the digits.
func small() nn.Spec {
	return nn.Spec{Format: nn.Format, Name: "small", Input: nn.Shape{C: 1, H: 28, W: 28}, Classes: 10, Layers: []nn.Layer{
		{Name: "conv", Type: "convolution", Inputs: []string{nn.Data}, Settings: map[string]nn.Value{"filters": nn.Num(4), "stride": nn.Num(3)}},
		{Name: "ip", Type: "fully-connected", Inputs: []string{"conv"}},
		{Name: "loss", Type: "softmax-loss", Inputs: []string{"ip"}},
	}}
}

// Whatever becomes of a graphics processor while a run is trained on it, the run ends with words, and goes on from its last snapshot on the CPU.
func TestARunOutlivesItsGraphicsProcessor(t *testing.T) {
	fail := faulty(t)
	set, spec := digits(t, 60), small()
	for how, want := range map[string]string{"submit": "gpu.lost", "wait": "gpu.lost", "hang": "gpu.hung"} {
		fail("")
		d, err := Open(Request{Kind: GPU, patience: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if d.Name() != "GPU · Faulty 9000" {
			t.Fatalf("the layer is not there: %s", d.Name())
		}
		c := train.Defaults()
		c.Epochs, c.Batch = 2, 15
		job := train.Job{Folder: filepath.Join(t.TempDir(), "run"), Config: c, Spec: spec, Data: set, Device: d}
		_, err = train.Run(context.Background(), job, func(e train.Event) {
			if s, ok := e.(train.Snapshot); ok && s.Epoch == 1 {
				fail(how)
			}
		})
		if fault.Code(err) != want || !strings.Contains(err.Error(), "Faulty 9000") {
			t.Errorf("%s: the run ends with %v", how, err)
		}
		fail("")
		if err := d.Close(); err != nil {
			t.Errorf("%s: closing it: %v", how, err)
		}
		info, err := train.ReadRun(job.Folder)
		if err != nil || info.State != train.Interrupted || len(info.Snapshots) != 1 {
			t.Fatalf("%s: it is %s with snapshots of %v, %v", how, info.State, info.Snapshots, err)
		}
		cpu, err := kernel.NewCPU(1)
		if err != nil {
			t.Fatal(err)
		}
		job.Resume, job.Device = true, cpu
		result, err := train.Run(context.Background(), job, func(train.Event) {})
		if err := errors.Join(err, cpu.Close()); err != nil || result.Reason != train.Finished {
			t.Errorf("%s: on the CPU it ends %q, %v", how, result.Reason, err)
		}
	}
}

// A network for which there is no memory says how much it needs.
func TestNoMemory(t *testing.T) {
	fail := faulty(t)
	fail("")
	d, err := Open(Request{Kind: GPU})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	spec, err := nn.Standard("lenet", nn.StandardInput("lenet"), 10)
	if err != nil {
		t.Fatal(err)
	}
	network, err := nn.Compile(spec, nn.Options{Batch: 512, Training: true})
	if err != nil {
		t.Fatal(err)
	}
	fail("memory")
	_, err = d.Prepare(network.Program)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != "gpu.memory" || f.Args[1] != "Faulty 9000" {
		t.Fatalf("it says %v", err)
	}
	fail("")
	x, err := d.Prepare(network.Program)
	if err != nil {
		t.Fatalf("with memory again: %v", err)
	}
	// In the middle it may run out too: what another program does cannot be known beforehand.
	fail("memory")
	err = errors.Join(x.Buffer(0).Upload(make([]float32, x.Buffer(0).Len())), x.Run(kernel.Step{Samples: 2}))
	if fault.Code(err) != "gpu.full" {
		t.Errorf("in the middle it says %v", err)
	}
	fail("")
	if err := errors.Join(x.Run(kernel.Step{Samples: 2}), x.Close()); err != nil {
		t.Errorf("with memory again: %v", err)
	}
}

// A card that cannot even be opened is told of, and auto does without it.
func TestACardThatDoesNotOpen(t *testing.T) {
	fail := faulty(t)
	again := func() { found.Lock(); found.looked = false; found.Unlock() }
	again()
	t.Cleanup(again)
	fail("")
	if name := Adapter(t.Context()); name != "GPU · Faulty 9000" {
		t.Errorf("the adapter is %q", name)
	}
	fail("memory")
	if _, err := Open(Request{Kind: GPU}); fault.Code(err) != "gpu.open" {
		t.Errorf("by its name: %v", err)
	}
	for _, how := range []string{"memory", "submit"} {
		fail(how)
		c, err := Open(Request{Kind: Auto, Program: program})
		if err != nil || c.Kind != CPU || c.Measured {
			t.Errorf("%s: auto takes %s, measured %v, %v", how, c.Kind, c.Measured, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	fail("")
	c, err := Open(Request{Kind: Auto, Program: program})
	if err != nil || !c.Measured || c.CPU <= 0 || c.GPU <= 0 || (c.GPU < c.CPU) != (c.Kind == GPU) {
		t.Errorf("of %v and %v auto takes %s, %v", c.CPU, c.GPU, c.Kind, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// The process of a graphics processor outlives a key that interrupts the program, which first takes from it what it wants to keep, and ends with the program.
func TestTheProcessEndsWithTheProgram(t *testing.T) {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), errand+"="+onSoftware)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it is there
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil { // as when the program is killed
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// stepping is the environment's name for a program that runs steps on a graphics processor until it is killed.
const stepping = "CONVSCOPE_TEST_STEPPING"

// step finds the process in which its graphics processor is used, and goes on.
func step() error {
	d, err := Open(Request{Kind: GPU})
	if err != nil {
		return err
	}
	p, err := program()
	if err != nil {
		return err
	}
	x, err := d.Prepare(p)
	if err != nil {
		return err
	}
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return err
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			return err
		}
		fmt.Print(string(children))
	}
	fmt.Println()
	for err == nil {
		err = x.Run(kernel.Step{Samples: 1})
	}
	return err
}

// A process whose card hangs ends with its program all the same.
func TestAHangingProcessEndsWithTheProgram(t *testing.T) {
	fail := faulty(t)
	fail("")
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), stepping+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	fail("hang")
	time.Sleep(200 * time.Millisecond) // a step hangs
	if !goesOn(pid) {
		t.Fatalf("there is no process %d", pid)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	for end := time.Now().Add(20 * time.Second); goesOn(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the process %d is still there", pid)
		}
	}
}

// goesOn reports whether a process has not ended, though it may not have been buried.
func goesOn(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// Whoever starts a program that has no room for a second process still has graphics processors, in the program itself.
func TestWithinTheProgram(t *testing.T) {
	isolated = false
	t.Cleanup(func() { isolated = true })
	before, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(Request{Kind: GPU})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	after, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	driver := []byte("libvulkan")
	if got := []bool{bytes.Contains(before, driver), bytes.Contains(after, driver)}; !slices.Equal(got, []bool{false, true}) {
		t.Errorf("the driver is in the program before and after: %v", got)
	}
}
