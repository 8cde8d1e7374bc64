package device

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/gpu"
	"github.com/convscope/convscope/nn/kernel"
	"github.com/convscope/convscope/nn/subprocess"
)

// errand is the environment's name for what a process is started for; its values follow.
const errand = "CONVSCOPE_DEVICE"

const (
	toFind     = "find"     // for an adapter; its name is printed
	onHardware = "hardware" // to run programs on a graphics processor
	onSoftware = "software" // … or on one that is drawn by the processor
)

// isolated reports whether this program can start itself as the process that a graphics processor is used in.
var isolated bool

// Isolate lets graphics processors be used in a process of their own, so that what their drivers do ends a run and not the program: the libraries that speak to them end the process
// when a device is lost. The program that is started for it is this one once more. So main calls Isolate first, and in that process it does not return. In a program that
// does not call it graphics processors are used in the program itself.
func Isolate() {
	open := func(software bool) {
		if err := subprocess.Serve(func() (kernel.Device, error) { return gpu.Open(software) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	switch os.Getenv(errand) {
	case toFind:
		fmt.Println(adapterIs + gpu.Adapter())
	case onHardware:
		open(false)
	case onSoftware:
		open(true)
	default:
		isolated = true
		return
	}
	os.Exit(0)
}

// gpu opens a graphics processor.
func (r Request) gpu(soft bool) (kernel.Device, error) {
	if !isolated {
		return gpu.Open(soft)
	}
	what := onHardware
	if soft {
		what = onSoftware
	}
	c, err := subprocess.Self(context.Background(), "gpu", errand+"="+what)
	if err != nil {
		return nil, gpu.Unusable("GPU", err)
	}
	return subprocess.Open(subprocess.Config{
		Command: c, Patience: r.patience,
		Ended: func(name string, cause error) error { return gone(gpu.Lost, name, cause) },
		Silent: func(name string, waited time.Duration) error {
			return gone(func(name string, _ error) error { return gpu.Hung(name, waited) }, name, fmt.Errorf("no answer for %v", waited))
		},
	})
}

// gone makes the fault of a graphics processor, by the name of its device; without one it was never opened.
func gone(words func(adapter string, cause error) error, device string, cause error) error {
	if _, adapter, opened := strings.Cut(device, "· "); opened {
		return words(adapter, cause)
	}
	return gpu.Unusable("GPU", cause)
}

// Failed reports whether an error is one that a program would not have had on the CPU.
func Failed(err error) bool { return strings.HasPrefix(fault.Code(err), "gpu.") }

// TooLarge reports whether an error is that a program does not fit into a graphics processor's memory.
func TooLarge(err error) bool {
	code := fault.Code(err)
	return code == "gpu.large" || code == "gpu.memory"
}

// found is the adapter, once it was looked for.
var found struct {
	sync.Mutex
	looked bool
	name   string
}

// Adapter returns the name of the machine's graphics processor, "" without one that is more than software. It is looked for once, if ctx does not end before.
func Adapter(ctx context.Context) string {
	found.Lock()
	defer found.Unlock()
	if !found.looked {
		name := findAdapter(ctx)
		if ctx.Err() != nil {
			return ""
		}
		found.name, found.looked = name, true
	}
	return found.name
}

// adapterIs stands before the name of an adapter in what a process says that was started to look for one: drivers may say something too.
const adapterIs = "adapter: "

func findAdapter(ctx context.Context) string {
	if !isolated {
		return gpu.Adapter()
	}
	ctx, stop := context.WithTimeout(ctx, 20*time.Second) // a driver that does not answer counts as none
	defer stop()
	c, err := subprocess.Self(ctx, "gpu", errand+"="+toFind)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(subprocess.Output(ctx, c)) {
		if name, ok := strings.CutPrefix(line, adapterIs); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
