//go:build cgo

package gpu

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogentcore/webgpu/wgpu"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// Open makes the device that runs on the machine's graphics processor: Vulkan on Linux and Windows, Metal on macOS, Direct3D 12 on Windows. With software
// it takes one that is drawn by the processor too, as for tests.
func Open(software bool) (kernel.Device, error) {
	defer quietly()()
	instance := newInstance()
	adapter, err := choose(instance, software)
	if err != nil {
		instance.Release()
		return nil, err
	}
	d := &device{instance: instance, adapter: adapter, info: adapter.GetInfo(), limits: adapter.GetLimits().Limits, pipelines: map[string]*wgpu.ComputePipeline{}, layouts: map[int]*layout{}}
	d.limits.MaxPushConstantSize = 0 // none are used, and some adapters give a number that is none
	if d.wgpu, err = adapter.RequestDevice(&wgpu.DeviceDescriptor{RequiredLimits: &wgpu.RequiredLimits{Limits: d.limits}}); err != nil {
		adapter.Release()
		instance.Release()
		return nil, Unusable(d.name(), err)
	}
	d.queue = d.wgpu.GetQueue()
	return d, nil
}

// Adapter returns the name of the adapter that Open takes, "" without one that is more than software.
func Adapter() string {
	defer quietly()()
	instance := newInstance()
	defer instance.Release()
	adapter, err := choose(instance, false)
	if err != nil {
		return ""
	}
	defer adapter.Release()
	d := &device{info: adapter.GetInfo()}
	return d.Name()
}

// choose takes the adapter that computes best: a card of its own, one within the processor, and only if asked for one that is software.
func choose(instance *wgpu.Instance, software bool) (*wgpu.Adapter, error) {
	rank := map[wgpu.AdapterType]int{wgpu.AdapterTypeDiscreteGPU: 3, wgpu.AdapterTypeIntegratedGPU: 2, wgpu.AdapterTypeUnknown: 1}
	if software {
		rank[wgpu.AdapterTypeCPU] = 1
	}
	var best *wgpu.Adapter
	for _, a := range instance.EnumerateAdapters(nil) {
		if r := rank[a.GetInfo().AdapterType]; r > 0 && (best == nil || r > rank[best.GetInfo().AdapterType]) {
			if best != nil {
				best.Release()
			}
			best = a
			continue
		}
		a.Release()
	}
	if best == nil {
		return nil, NoAdapter()
	}
	return best, nil
}

// device is a graphics processor.
type device struct {
	instance *wgpu.Instance
	adapter  *wgpu.Adapter
	wgpu     *wgpu.Device
	queue    *wgpu.Queue
	info     wgpu.AdapterInfo
	limits   wgpu.Limits

	mu        sync.Mutex                       // held while commands are recorded and waited for
	pipelines map[string]*wgpu.ComputePipeline // by the text of their shaders
	layouts   map[int]*layout                  // by the number of buffers
	closed    bool

	submissions, readbacks atomic.Int64
}

// layout says what a shader of so many buffers is bound to.
type layout struct {
	group    *wgpu.BindGroupLayout
	pipeline *wgpu.PipelineLayout
}

// name returns the adapter's own, as far as the driver tells it.
func (d *device) name() string {
	for _, s := range []string{d.info.Name, d.info.DriverDescription, d.info.VendorName} {
		if s != "" && !strings.HasPrefix(s, "0x") {
			return s
		}
	}
	return "GPU"
}

// Name implements kernel.Device.
func (d *device) Name() string { return "GPU · " + d.name() }

// Patience returns how long a step may take before the driver counts as hung. A processor that plays the graphics processor is allowed more.
func (d *device) Patience() time.Duration {
	if d.info.AdapterType == wgpu.AdapterTypeCPU {
		return 10 * time.Minute
	}
	return 10 * time.Second
}

// Threads implements kernel.Device: how many threads a graphics processor has it does not tell.
func (d *device) Threads() int { return 1 }

// Counts gives how often commands were submitted and numbers read back since the device was opened.
func (d *device) Counts() (submissions, readbacks int64) {
	return d.submissions.Load(), d.readbacks.Load()
}

// Close implements kernel.Device.
func (d *device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	for _, p := range d.pipelines {
		p.Release()
	}
	for _, l := range d.layouts {
		l.pipeline.Release()
		l.group.Release()
	}
	d.queue.Release()
	d.wgpu.Release()
	d.adapter.Release()
	d.instance.Release()
	return nil
}

// layout returns the layout of so many buffers, after that of the step.
func (d *device) layout(buffers int) (*layout, error) {
	if l := d.layouts[buffers]; l != nil {
		return l, nil
	}
	entries := []wgpu.BindGroupLayoutEntry{{Visibility: wgpu.ShaderStageCompute, Buffer: wgpu.BufferBindingLayout{Type: wgpu.BufferBindingTypeReadOnlyStorage}}}
	for i := range buffers {
		entries = append(entries, wgpu.BindGroupLayoutEntry{Binding: uint32(i + 1), Visibility: wgpu.ShaderStageCompute, Buffer: wgpu.BufferBindingLayout{Type: wgpu.BufferBindingTypeStorage}})
	}
	group, err := d.wgpu.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Entries: entries})
	if err != nil {
		return nil, err
	}
	pipeline, err := d.wgpu.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{BindGroupLayouts: []*wgpu.BindGroupLayout{group}})
	if err != nil {
		group.Release()
		return nil, err
	}
	d.layouts[buffers] = &layout{group, pipeline}
	return d.layouts[buffers], nil
}

// pipeline makes a shader of so many buffers ready, once.
func (d *device) pipeline(code string, buffers int) (*wgpu.ComputePipeline, *layout, error) {
	l, err := d.layout(buffers)
	if err != nil {
		return nil, nil, err
	}
	if p := d.pipelines[code]; p != nil {
		return p, l, nil
	}
	module, err := d.wgpu.CreateShaderModule(&wgpu.ShaderModuleDescriptor{WGSLDescriptor: &wgpu.ShaderModuleWGSLDescriptor{Code: code}})
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: %w in\n%s", err, code)
	}
	defer module.Release()
	p, err := d.wgpu.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Layout: l.pipeline, Compute: wgpu.ProgrammableStageDescriptor{Module: module, EntryPoint: "main"}})
	if err != nil {
		return nil, nil, fmt.Errorf("gpu: %w in\n%s", err, code)
	}
	d.pipelines[code] = p
	return p, l, nil
}

// full gives an error with words for a person if it is one of memory that ran out in the middle, as when another program took it.
func (d *device) full(err error) error {
	if err != nil && strings.Contains(err.Error(), "Not enough memory") {
		return fault.New("gpu.full", "The memory of %s is full: other programs use it too. Close some of them, choose a smaller batch, or use the CPU.", d.name()).Because(err)
	}
	return err
}

var errClosed = errors.New("gpu: use of a closed executor")
