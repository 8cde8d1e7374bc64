package kernel

import (
	"fmt"
	"runtime/debug"
	"sync"
	"unsafe"

	"github.com/convscope/convscope/nn/fault"
	"github.com/convscope/convscope/nn/machine"
)

// mostThreads is beyond any machine, and bounds what a slip of the finger costs: each worker has memory of its own.
const mostThreads = 1024

// NewCPU makes the device that runs on the processor's cores and vector units, on threads workers (0: all cores, at most 1024). Results
// do not depend on their number.
func NewCPU(threads int) (Device, error) {
	if threads < 0 || threads > mostThreads {
		return nil, fault.New("kernel.threads", "The number of threads is %d. Choose one from 1 to %d, or 0 for all cores.", threads, mostThreads)
	}
	return newCPU(threads, bestUnit()), nil
}

// NewQuietCPU is NewCPU whose workers give way to other threads, such as the one that draws a window. The goroutine that runs steps should call
// GiveWay itself.
func NewQuietCPU(threads int) (Device, error) {
	d, err := NewCPU(threads)
	if err != nil {
		return nil, err
	}
	cpu := d.(*cpuDevice)
	cpu.workers.close()
	cpu.workers = newWorkers(cpu.workers.n, quietPatience, GiveWay)
	return d, nil
}

// Features names the vector unit that the CPU device uses on this machine: "AVX-512", "AVX2" or "Go".
func Features() string { return bestUnit().name }

func bestUnit() *unit {
	list := units()
	return list[len(list)-1]
}

type cpuDevice struct {
	unit    *unit
	workers *workers
	running sync.Mutex // several executors share the workers; one step runs at a time
}

func newCPU(threads int, u *unit) *cpuDevice {
	return &cpuDevice{unit: u, workers: newWorkers(threads, patience, func() {})}
}

func (d *cpuDevice) Name() string {
	return fmt.Sprintf("CPU · %s · %d threads", d.unit.name, d.workers.n)
}

func (d *cpuDevice) Threads() int { return d.workers.n }

func (d *cpuDevice) Close() error {
	d.workers.close()
	return nil
}

// sliceCount is into how many parts a batch is cut. It is the same for any number of threads, since gradients are summed part by part.
const sliceCount = 8

// cached is how many bytes of samples go through a run of operations together, so that they are still in the second-level cache for the next
// operation.
const cached = 1 << 20

// A stage is a number of jobs that may run at once; the next stage begins when all are done.
type stage struct {
	jobs func() int
	run  func(w *worker, job int)
}

// A worker is what a job may use alone.
type worker struct {
	t       tileArgs
	scratch []float32
	_       [256]byte // other workers' arguments are not to share a line of the caches with these: they change with every tile
}

// tile returns the worker's arguments of tiles, of one stretch of B, without a bias and with nothing fetched ahead.
func (w *worker) tile() *tileArgs {
	w.t.skip, w.t.bias = 0, nil
	w.t.ahead, w.t.turn = uintptr(unsafe.Pointer(&w.t)), 0
	return &w.t
}

// cpuExecutor is a program made ready: its memory and, for each list of operations, stages.
type cpuExecutor struct {
	d *cpuDevice
	u *unit
	p *Program
	layout
	mem    [][]float32 // of parameters, gradients and histories
	access []HostAccess

	forward, backward, update []stage

	sliceSize int // the most samples of a slice
	together  int // samples of it that go through operations together
	workers   []worker
	need      int       // length of a worker's scratch
	packed    []float32 // the present product's smaller operand
	needs     struct{ packed, flat, image int }
	flat      []float32 // samples of a fully connected layer in the order of its weights
	image     []float32 // samples with the padding of the present convolution, where workers share them

	step    Step
	changed bool // parameters changed since the filters were packed
	packs   []stage
	keys    map[packKey][]float32 // packed filters, shared by the operations of one convolution
}

// packKey names packed filters: of which weights, in which order, for how many groups and vectors.
type packKey struct {
	w                     ID
	kind, groups, vectors int
}

// Orders in which filters are packed.
const (
	packForward = iota
	packTurned
	packScattered
	packDense
	packWinograd // added to the first two
)

// Prepare lays out memory and stages.
func (d *cpuDevice) Prepare(p *Program) (Executor, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	e := &cpuExecutor{d: d, u: d.unit, p: p, layout: newLayout(p), sliceSize: ceilDiv(p.Batch, sliceCount), changed: true, keys: map[packKey][]float32{}}
	if need, has := 4*int64(e.stride)*int64(p.Batch), machine.Memory(); has > 0 && need > has {
		return nil, fault.New("kernel.memory", "A batch of %d needs %d MB, but this machine has %d MB. Choose a smaller batch, image or network.", p.Batch, need>>20, has>>20)
	}
	e.arena = memory(e.stride * p.Batch)
	e.together = max(cached/4/max(e.stride, 1), 1)
	if e.stride > cached/2 {
		e.together = e.sliceSize // a sample alone is too much: better that the weights stay
	}
	e.mem = make([][]float32, len(p.Buffers))
	e.access = make([]HostAccess, len(p.Buffers))
	for i, b := range p.Buffers {
		switch b.Role {
		case Input, Value:
			e.access[i] = sampleAccess{&e.layout, ID(i)}
		default:
			e.mem[i] = memory(b.Shape.Len())
			e.access[i] = hostMemory(e.mem[i])
			if b.Role == Parameter {
				e.access[i] = parameterAccess{hostMemory(e.mem[i]), e}
			}
		}
	}
	e.forward, e.backward, e.update = e.stages(p.Forward), e.stages(p.Backward), e.updates(p.Update)
	e.packed, e.flat, e.image = memory(e.needs.packed), memory(e.needs.flat), memory(e.needs.image)
	e.workers = make([]worker, d.workers.n)
	for i := range e.workers {
		e.workers[i].scratch = scratchMemory(e.need)
	}
	return e, nil
}

// large is a number of bytes that is worth giving back to the system at once.
const large = 1 << 25

func (e *cpuExecutor) Close() error {
	bytes := 4 * len(e.arena)
	for _, m := range e.mem {
		bytes += 4 * len(m)
	}
	e.access, e.mem, e.arena, e.workers, e.packed, e.flat, e.image, e.keys = nil, nil, nil, nil, nil, nil, nil, nil
	e.forward, e.backward, e.update, e.packs = nil, nil, nil, nil
	if bytes > large {
		debug.FreeOSMemory()
	}
	return nil
}

// Buffer gives access from outside; writing to a parameter makes its packed copies stale.
func (e *cpuExecutor) Buffer(id ID) HostAccess {
	if e.access == nil {
		return closedAccess{}
	}
	return e.access[id]
}

type parameterAccess struct {
	hostMemory
	e *cpuExecutor
}

func (m parameterAccess) Upload(src []float32) error {
	m.e.changed = true
	return m.hostMemory.Upload(src)
}

// Run does one step.
func (e *cpuExecutor) Run(s Step) error {
	if e.mem == nil {
		return errClosed
	}
	if s.Samples < 1 || s.Samples > e.p.Batch {
		return errSamples
	}
	e.d.running.Lock()
	defer e.d.running.Unlock()
	e.step = s
	if e.changed && (!s.NoForward || s.Backward) {
		e.runStages(e.packs)
		e.changed = false
	}
	if !s.NoForward {
		e.runStages(e.forward)
	}
	if s.Backward {
		e.runStages(e.backward)
	}
	if s.Update {
		e.runStages(e.update)
		e.changed = true
	}
	return nil
}

func (e *cpuExecutor) runStages(list []stage) {
	for i := range list {
		e.d.workers.run(list[i].jobs(), e.workers, list[i].run)
	}
}

// part returns the samples from–to of one slice: slices are as alike as can be.
func (e *cpuExecutor) part(slice int) (from, to int) {
	n := e.activeSlices()
	return slice * e.step.Samples / n, (slice + 1) * e.step.Samples / n
}

// activeSlices returns how many slices hold samples in this step.
func (e *cpuExecutor) activeSlices() int { return min(e.step.Samples, sliceCount) }

func (e *cpuExecutor) samples() int { return e.step.Samples }

// fixed returns a number of jobs that no step changes.
func fixed(n int) func() int { return func() int { return n } }

// A sliceOp does an operation for the samples from–to. slice names private memory for partial sums.
type sliceOp func(w *worker, slice, from, to int)

// few is a batch so small that operations are shared out by places and channels instead of samples.
const few = 4

// stages cuts a list of operations: runs of operations that work sample by sample become one stage of slices, so that samples stay in
// cache through them; fully connected layers become products over the whole batch.
func (e *cpuExecutor) stages(ops []Op) []stage {
	var list []stage
	var run []sliceOp
	var sums []stage
	flush := func() {
		if len(run) > 0 {
			list = append(list, e.through(run))
		}
		list = append(list, sums...)
		run, sums = nil, nil
	}
	throughout := func(before sliceOp, merge stage, after sliceOp) {
		run, sums = append(run, before), append(sums, merge)
		flush()
		if after != nil {
			run = append(run, after)
		}
	}
	weights := func(do sliceOp, sum []stage) { run, sums = append(run, do), append(sums, sum...) }
	alone := func(s []stage) {
		flush()
		list = append(list, s...)
	}
	for i := 0; i < len(ops); i++ {
		rectified := func(y ID) bool { // then the ReLU is done by the operation before it
			relu := rectifies(ops[i+1:], y)
			if relu {
				i++
			}
			return relu
		}
		switch o := ops[i].(type) {
		case Conv:
			relu := rectified(o.Y)
			if s := e.shared(o, relu); s != nil {
				alone(s)
				continue
			}
			run = append(run, e.conv(o, relu))
		case Dense:
			alone(e.dense(o, rectified(o.Y)))
		case DenseGradInput:
			alone(e.denseGradInput(o))
		case DenseGradWeights:
			alone(e.denseGradWeights(o))
		case ConvGradWeights:
			weights(e.correlate(o.X, o.DY, o.DW, o.DY, o.DB, o.Geometry, o.Groups))
		case DeconvGradWeights:
			weights(e.correlate(o.DY, o.X, o.DW, o.DY, o.DB, o.Geometry, o.Groups))
		case BatchNorm:
			throughout(e.batchNorm(o, rectified(o.Y)))
		case BatchNormGrad:
			throughout(e.batchNormGrad(o))
		default:
			if s := e.shared(o, false); s != nil {
				alone(s)
				continue
			}
			run = append(run, e.sliceOp(o))
		}
	}
	flush()
	return list
}

// shared makes stages of an operation that workers share where there are too few samples for all of them; nil for what is done sample by sample.
func (e *cpuExecutor) shared(op Op, relu bool) []stage {
	if e.p.Batch >= few {
		return nil
	}
	switch o := op.(type) {
	case Conv:
		return e.convShared(o, relu)
	case Pool:
		return e.poolShared(o)
	case LRN:
		return e.lrnShared(o)
	}
	return nil
}

// rectifies reports whether the next operation is a ReLU in place, which is then done together with the one that writes y.
func rectifies(next []Op, y ID) bool {
	if len(next) == 0 {
		return false
	}
	a, ok := next[0].(Activation)
	return ok && a.Kind == ReLU && a.X == y && a.Y == y
}

// through makes a stage of operations that each slice goes through, some samples together.
func (e *cpuExecutor) through(ops []sliceOp) stage {
	return stage{e.activeSlices, func(w *worker, slice int) {
		from, to := e.part(slice)
		for ; from < to; from += e.together {
			end := min(from+e.together, to)
			for _, op := range ops {
				op(w, slice, from, end)
			}
		}
	}}
}

// begins reports whether a sample is the first of its slice.
func (e *cpuExecutor) begins(slice, sample int) bool {
	from, _ := e.part(slice)
	return sample == from
}

// reserve makes sure that a worker's scratch has room for n numbers.
func (e *cpuExecutor) reserve(n int) { e.need = max(e.need, n) }

// packedFilters returns the memory of filters packed in one order, and has them packed before a step whenever they changed.
func (e *cpuExecutor) packedFilters(key packKey, length, jobs int, pack func(wk *worker, job int, dst, w []float32)) []float32 {
	if dst, ok := e.keys[key]; ok {
		return dst
	}
	dst := memory(length)
	e.keys[key] = dst
	e.packs = append(e.packs, stage{fixed(jobs), func(wk *worker, job int) { pack(wk, job, dst, e.mem[key.w]) }})
	return dst
}

// chunk is how many numbers a job of a sum or an update takes.
const chunk = 1 << 14
