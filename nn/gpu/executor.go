//go:build cgo

package gpu

import (
	"fmt"
	"slices"
	"time"

	"github.com/cogentcore/webgpu/wgpu"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/kernel"
)

// executor is a program made ready.
type executor struct {
	d      *device
	p      *kernel.Program
	plan   planner
	mem    []*wgpu.Buffer // pieces of memory
	of     []int          // the piece of each buffer
	step   *wgpu.Buffer   // what the step is
	words  []uint32
	serial uint32 // of the step
	reader reader // brings numbers back

	forward, backward, update []command
	now                       []command // of the step
}

// command is a pass made ready.
type command struct {
	pipeline *wgpu.ComputePipeline
	group    *wgpu.BindGroup
	groups   [3]uint32
	work     int
}

// part returns how many of the first commands are submitted together: one, and more while they are not too much work.
func part(commands []command) int {
	work := 0
	for i, c := range commands {
		if work += c.work; i > 0 && work > mostWork {
			return i
		}
	}
	return len(commands)
}

// Prepare implements kernel.Device.
func (d *device) Prepare(p *kernel.Program) (kernel.Executor, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	x := &executor{d: d, p: p, plan: planner{p: p}}
	var lists [3][]pass
	for i, ops := range [][]kernel.Op{p.Forward, p.Backward, p.Update} {
		var err error
		if lists[i], err = x.plan.list(ops); err != nil {
			return nil, err
		}
	}
	if err := x.allocate(lists[0], lists[1]); err != nil {
		return nil, errorsWith(err, x.release())
	}
	for i, to := range []*[]command{&x.forward, &x.backward, &x.update} {
		for _, pass := range lists[i] {
			c, err := x.command(pass)
			if err != nil {
				return nil, errorsWith(err, x.release())
			}
			*to = append(*to, c)
		}
	}
	return x, nil
}

// errorsWith gives the first error that there is.
func errorsWith(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// allocate provides the memory.
func (x *executor) allocate(forward, backward []pass) error {
	var sizes []int
	x.of, sizes = places(x.p, forward, backward)
	sizes = append(sizes, max(x.plan.need, 1)) // the scratch buffer, last
	largest, sum := uint64(0), uint64(0)
	for _, n := range sizes {
		largest, sum = max(largest, 4*uint64(n)), sum+4*uint64(n)
	}
	if most := min(x.d.limits.MaxBufferSize, x.d.limits.MaxStorageBufferBindingSize); largest > most {
		return fault.New("gpu.large", "The network needs %d MB on %s, one buffer of it %d MB; that GPU allows buffers of at most %d MB. Choose a smaller batch or network, or the CPU.",
			sum>>20, x.d.name(), largest>>20, most>>20)
	}
	const usage = wgpu.BufferUsageStorage | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst
	for _, n := range sizes {
		b, err := x.d.buffer(4*uint64(n), usage)
		if err != nil {
			return fault.New("gpu.memory", "The network needs %d MB on %s, which does not have that much left. Choose a smaller batch or network, or the CPU.", sum>>20, x.d.name()).Because(err)
		}
		x.mem = append(x.mem, b)
	}
	x.words = make([]uint32, fixedWords+len(x.plan.words))
	var err error
	x.step, err = x.d.buffer(uint64(4*len(x.words)), usage)
	return err
}

// buffer makes a buffer of zeros.
func (d *device) buffer(bytes uint64, usage wgpu.BufferUsage) (*wgpu.Buffer, error) {
	return d.wgpu.CreateBuffer(&wgpu.BufferDescriptor{Size: bytes, Usage: usage})
}

// piece returns the memory of a buffer.
func (x *executor) piece(id kernel.ID) *wgpu.Buffer {
	if id == scratch {
		return x.mem[len(x.mem)-1]
	}
	return x.mem[x.of[id]]
}

// command makes a pass ready.
func (x *executor) command(p pass) (command, error) {
	pipeline, layout, err := x.d.pipeline(p.code, len(p.buffers))
	if err != nil {
		return command{}, err
	}
	entries := []wgpu.BindGroupEntry{{Binding: 0, Buffer: x.step, Size: wgpu.WholeSize}}
	for i, id := range p.buffers {
		entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(i + 1), Buffer: x.piece(id), Size: wgpu.WholeSize})
	}
	group, err := x.d.wgpu.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: layout.group, Entries: entries})
	if err != nil {
		return command{}, fmt.Errorf("gpu: %w for\n%s", err, p.code)
	}
	return command{pipeline, group, p.groups, p.work}, nil
}

// Patience returns how long a step may take: the device's own for each submission.
func (x *executor) Patience() time.Duration {
	submissions := time.Duration(0)
	for rest := slices.Concat(x.forward, x.backward, x.update); len(rest) > 0; rest = rest[part(rest):] {
		submissions++
	}
	return max(1, submissions) * x.d.Patience()
}

// Run implements kernel.Executor: one submission, or a few of a step that is much work.
func (x *executor) Run(s kernel.Step) error {
	x.d.mu.Lock()
	defer x.d.mu.Unlock()
	if x.mem == nil {
		return errClosed
	}
	if s.Samples < 1 || s.Samples > x.p.Batch {
		return fmt.Errorf("gpu: a step of %d samples with a batch of %d", s.Samples, x.p.Batch)
	}
	return x.d.full(x.run(s))
}

// run records a step, submits it and takes what comes back.
func (x *executor) run(s kernel.Step) error {
	x.reader.fresh = false
	x.plan.words.of(s, x.words)
	x.serial++
	x.words[serialWord] = x.serial
	if err := x.d.queue.WriteBuffer(x.step, 0, wgpu.ToBytes(x.words)); err != nil {
		return err
	}
	x.now = x.now[:0]
	for _, list := range []struct {
		run      bool
		commands []command
	}{{!s.NoForward, x.forward}, {s.Backward, x.backward}, {s.Update, x.update}} {
		if list.run {
			x.now = append(x.now, list.commands...)
		}
	}
	rest := x.now
	for {
		n := part(rest)
		last := n == len(rest)
		if err := x.send(rest[:n], last); err != nil {
			return err
		}
		if last {
			return x.reader.fetch(x)
		}
		rest = rest[n:]
	}
}

// send records commands and submits them; the last of a step with what comes back.
func (x *executor) send(commands []command, last bool) error {
	encoder, err := x.d.wgpu.CreateCommandEncoder(nil)
	if err != nil {
		return err
	}
	defer encoder.Release()
	pass := encoder.BeginComputePass(nil)
	for _, c := range commands {
		pass.SetPipeline(c.pipeline)
		pass.SetBindGroup(0, c.group, nil)
		pass.DispatchWorkgroups(c.groups[0], c.groups[1], c.groups[2])
	}
	err = pass.End()
	pass.Release()
	if err != nil {
		return err
	}
	if last {
		if err := x.reader.record(x, encoder); err != nil {
			return err
		}
	}
	return x.submit(encoder)
}

// submit sends what was recorded.
func (x *executor) submit(encoder *wgpu.CommandEncoder) error {
	commands, err := encoder.Finish(nil)
	if err != nil {
		return err
	}
	defer commands.Release()
	x.d.queue.Submit(commands)
	x.d.submissions.Add(1)
	return nil
}

// Close implements kernel.Executor.
func (x *executor) Close() error {
	x.d.mu.Lock()
	defer x.d.mu.Unlock()
	return x.release()
}

func (x *executor) release() error {
	for _, list := range [][]command{x.forward, x.backward, x.update} {
		for _, c := range list {
			c.group.Release()
		}
	}
	for _, b := range append(slices.Clone(x.mem), x.step) {
		if b != nil {
			b.Release()
		}
	}
	x.reader.release()
	x.forward, x.backward, x.update, x.now, x.mem, x.step = nil, nil, nil, nil, nil, nil
	return nil
}
