package kernel

import (
	"fmt"
	"sync"

	"github.com/convscope/convscope/nn/fault"
)

// mostThreads is beyond any machine, and bounds what a slip of the finger costs: each worker has memory of its own.
const mostThreads = 1024

// NewCPU makes the device that runs on the processor's cores and vector units, on threads workers (0: all cores, at most 1024). Results
// do not depend on their number.
func NewCPU(threads int) (Device, error) {
	if threads < 0 || threads > mostThreads {
		return nil, fault.New("kernel.threads", "The number of threads is %d. Choose one from 1 to %d, or 0 for all cores.", threads, mostThreads)
	}
	return newCPU(threads, bestTile()), nil
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
	cpu.workers = newWorkers(cpu.workers.n, GiveWay)
	return d, nil
}

// Features names the vector unit that the CPU device uses on this machine: "AVX-512", "AVX2" or "Go".
func Features() string { return bestTile().unit }

type cpuDevice struct {
	tile    tile
	workers *workers
	running sync.Mutex // several executors share the workers; one step runs at a time
}

func newCPU(threads int, t tile) *cpuDevice {
	return &cpuDevice{tile: t, workers: newWorkers(threads, func() {})}
}

func (d *cpuDevice) Name() string {
	return fmt.Sprintf("CPU · %s · %d threads", d.tile.unit, d.workers.n)
}

func (d *cpuDevice) Threads() int { return d.workers.n }

func (d *cpuDevice) Close() error {
	d.workers.close()
	return nil
}

// sliceCount is into how many parts a batch is cut. It is the same for any number of threads, since gradients are summed part by part.
const sliceCount = 8

// A stage is a number of jobs that may run at once; the next stage begins when all are done.
type stage struct {
	jobs func() int
	run  func(worker, job int)
}

// cpuExecutor is a program made ready: its memory and, for each list of operations, stages.
type cpuExecutor struct {
	d   *cpuDevice
	p   *Program
	mem [][]float32

	forward, backward, update []stage

	sliceSize int         // samples of a slice
	scratch   [][]float32 // of each worker
	need      int         // length of scratch
	packed    []float32   // the present product's A
	needA     int         // its length

	step    Step
	changed bool // parameters changed since the filters were packed
	packs   []stage
	keys    map[packKey][]float32 // packed filters, shared by the operations of one convolution
}

// packKey names packed filters: of which weights, in which order, in how many groups.
type packKey struct {
	w            ID
	kind, groups int
}

// Orders in which filters are packed.
const (
	packForward = iota
	packTurned
	packTransposed
)

// Prepare lays out memory and stages.
func (d *cpuDevice) Prepare(p *Program) (Executor, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	e := &cpuExecutor{d: d, p: p, sliceSize: ceilDiv(p.Batch, sliceCount), changed: true, keys: map[packKey][]float32{}}
	e.mem = make([][]float32, len(p.Buffers))
	for i, b := range p.Buffers {
		e.mem[i] = make([]float32, b.Shape.Len())
	}
	e.need = scratchLen(d.tile)
	e.forward, e.backward, e.update = e.stages(p.Forward), e.stages(p.Backward), e.updates(p.Update)
	e.packed = make([]float32, e.needA)
	e.scratch = make([][]float32, d.workers.n)
	for i := range e.scratch {
		e.scratch[i] = make([]float32, e.need)
	}
	return e, nil
}

func (e *cpuExecutor) Close() error {
	e.mem, e.scratch, e.packed, e.keys = nil, nil, nil, nil
	return nil
}

// Buffer gives access from outside; writing to a parameter makes its packed copies stale.
func (e *cpuExecutor) Buffer(id ID) HostAccess {
	if e.p.Buffers[id].Role != Parameter {
		return hostMemory(e.mem[id])
	}
	return cpuMemory{hostMemory(e.mem[id]), e}
}

type cpuMemory struct {
	hostMemory
	e *cpuExecutor
}

func (m cpuMemory) Upload(src []float32) error {
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
		e.d.workers.run(list[i].jobs(), list[i].run)
	}
}

// part is the samples from–to of one slice.
func (e *cpuExecutor) part(slice int) (from, to int) {
	return min(slice*e.sliceSize, e.step.Samples), min((slice+1)*e.sliceSize, e.step.Samples)
}

// activeSlices is how many slices hold samples in this step.
func (e *cpuExecutor) activeSlices() int { return ceilDiv(e.step.Samples, e.sliceSize) }

// fixed is a number of jobs that no step changes.
func fixed(n int) func() int { return func() int { return n } }

// A sliceOp does an operation for the samples from–to. slice names private memory for partial sums.
type sliceOp func(worker, slice, from, to int)

// stages cuts a list of operations: runs of operations that work sample by sample become one stage of slices, so that a slice stays in
// cache through them; fully connected layers become products over the whole batch.
func (e *cpuExecutor) stages(ops []Op) []stage {
	var list []stage
	var run []sliceOp
	var sums []stage
	flush := func() {
		if len(run) == 0 {
			return
		}
		through := run
		list = append(list, stage{e.activeSlices, func(worker, slice int) {
			from, to := e.part(slice)
			for _, op := range through {
				op(worker, slice, from, to)
			}
		}})
		list = append(list, sums...)
		run, sums = nil, nil
	}
	for _, op := range ops {
		switch o := op.(type) {
		case Dense:
			flush()
			list = append(list, e.dense(o)...)
		case DenseGradInput:
			flush()
			list = append(list, e.denseGradInput(o)...)
		case DenseGradWeights:
			flush()
			list = append(list, e.denseGradWeights(o)...)
		case ConvGradWeights:
			do, sum := e.convGradWeights(o)
			run, sums = append(run, do), append(sums, sum...)
		default:
			run = append(run, e.sliceOp(op))
		}
	}
	flush()
	return list
}

// sample is the number of elements of one sample of a buffer.
func (e *cpuExecutor) sample(id ID) int { return e.p.Buffers[id].Shape.Sample() }

// of gives the samples from–to of a buffer.
func (e *cpuExecutor) of(id ID, from, to int) []float32 {
	n := e.sample(id)
	return e.mem[id][from*n : to*n]
}

// reserve makes sure that scratch has room for n numbers.
func (e *cpuExecutor) reserve(n int) { e.need = max(e.need, n) }

// packedFilters gives the memory of filters packed in one order, and has them packed before a step whenever they changed.
func (e *cpuExecutor) packedFilters(key packKey, length, jobs int, pack func(job int, dst, w []float32)) []float32 {
	if dst, ok := e.keys[key]; ok {
		return dst
	}
	dst := make([]float32, length)
	e.keys[key] = dst
	e.packs = append(e.packs, stage{fixed(jobs), func(_, job int) { pack(job, dst, e.mem[key.w]) }})
	return dst
}

func (e *cpuExecutor) conv(o Conv) sliceOp {
	cs, t := newConvShape(e.p.Buffers[o.X].Shape, e.p.Buffers[o.Y].Shape, o.Geometry, o.Groups), e.d.tile
	packed := e.packedFilters(packKey{o.W, packForward, o.Groups}, cs.packedWeights(t), cs.weightJobs(t), func(job int, dst, w []float32) { cs.packWeights(t, job, dst, w) })
	e.reserve(cs.forwardScratch(t))
	return func(worker, _, from, to int) {
		for n := from; n < to; n++ {
			y := e.of(o.Y, n, n+1)
			if o.B == None {
				clear(y)
			} else {
				for f, b := range e.mem[o.B] {
					fill(y[f*cs.places:(f+1)*cs.places], b)
				}
			}
			cs.forward(t, e.of(o.X, n, n+1), packed, y, e.scratch[worker])
		}
	}
}

func (e *cpuExecutor) convGradInput(o ConvGradInput) sliceOp {
	cs, t := newConvShape(e.p.Buffers[o.DX].Shape, e.p.Buffers[o.DY].Shape, o.Geometry, o.Groups), e.d.tile
	var one func(dy, dx, scratch []float32)
	if o.Stride == (Pair{1, 1}) {
		turned := cs.turned()
		packed := e.packedFilters(packKey{o.W, packTurned, o.Groups}, turned.packedWeights(t), turned.weightJobs(t), func(job int, dst, w []float32) { turned.packTurned(t, job, dst, w) })
		e.reserve(turned.forwardScratch(t))
		one = func(dy, dx, scratch []float32) { turned.forward(t, dy, packed, dx, scratch) }
	} else {
		packed := e.packedFilters(packKey{o.W, packTransposed, o.Groups}, cs.packedTransposed(t), cs.transposedJobs(t), func(job int, dst, w []float32) { cs.packTransposed(t, job, dst, w) })
		e.reserve(cs.scatterScratch(t))
		one = func(dy, dx, scratch []float32) { cs.scatter(t, dy, packed, dx, scratch) }
	}
	return func(worker, _, from, to int) {
		for n := from; n < to; n++ {
			dx := e.of(o.DX, n, n+1)
			if !o.Add {
				clear(dx)
			}
			one(e.of(o.DY, n, n+1), dx, e.scratch[worker])
		}
	}
}

// convGradWeights sums each slice into memory of its own, and then the slices in order.
func (e *cpuExecutor) convGradWeights(o ConvGradWeights) (sliceOp, []stage) {
	cs, t := newConvShape(e.p.Buffers[o.X].Shape, e.p.Buffers[o.DY].Shape, o.Geometry, o.Groups), e.d.tile
	e.reserve(cs.gradWeightsScratch(t))
	weights := len(e.mem[o.DW])
	parts := make([][]float32, sliceCount)
	for i := range parts {
		parts[i] = make([]float32, weights+cs.out.C)
	}
	do := func(worker, slice, from, to int) {
		dw, db := parts[slice][:weights], parts[slice][weights:]
		clear(parts[slice])
		for n := from; n < to; n++ {
			dy := e.of(o.DY, n, n+1)
			cs.gradWeights(t, e.of(o.X, n, n+1), dy, dw, e.scratch[worker])
			if o.DB != None {
				for f := range db {
					db[f] += sum(dy[f*cs.places : (f+1)*cs.places])
				}
			}
		}
	}
	total := e.sumParts(o.DW, parts, 0)
	if o.DB == None {
		return do, []stage{total}
	}
	return do, []stage{total, e.sumParts(o.DB, parts, weights)}
}

// chunk is how many numbers a job of a sum or an update takes.
const chunk = 1 << 14

// sumParts adds the parts of the slices, from offset on, to the buffer of a gradient.
func (e *cpuExecutor) sumParts(to ID, parts [][]float32, offset int) stage {
	dst := e.mem[to]
	return stage{fixed(ceilDiv(len(dst), chunk)), func(_, job int) {
		from, end := job*chunk, min((job+1)*chunk, len(dst))
		d := dst[from:end]
		if !e.step.Add {
			clear(d)
		}
		for _, p := range parts[:e.activeSlices()] {
			for i, v := range p[offset+from : offset+end] {
				d[i] += v
			}
		}
	}}
}

// product makes the two stages of a product over the batch. samples names the dimension that is the number of samples of the step.
func (e *cpuExecutor) product(p *product, setSamples func(n int)) []stage {
	p.t = e.d.tile
	e.needA = max(e.needA, packedLen(p.t, p.m, p.k))
	packJobs := func() int {
		setSamples(e.step.Samples)
		p.packed, p.perWorker = e.packed, e.scratch
		return p.packJobs()
	}
	return []stage{
		{packJobs, func(_, job int) { p.packA(job) }},
		{p.jobs, p.multiply},
	}
}

func (e *cpuExecutor) dense(o Dense) []stage {
	in, out := e.sample(o.X), e.sample(o.Y)
	p := &product{m: e.p.Batch, n: out, k: in, a: e.mem[o.X], am: in, ak: 1, b: e.mem[o.W], bk: 1, bn: in, c: e.mem[o.Y]}
	bias := stage{func() int { return e.step.Samples }, func(_, n int) {
		if y := e.of(o.Y, n, n+1); o.B == None {
			clear(y)
		} else {
			copy(y, e.mem[o.B])
		}
	}}
	return append([]stage{bias}, e.product(p, func(n int) { p.m = n })...)
}

func (e *cpuExecutor) denseGradInput(o DenseGradInput) []stage {
	in, out := e.sample(o.DX), e.sample(o.DY)
	p := &product{m: e.p.Batch, n: in, k: out, a: e.mem[o.DY], am: out, ak: 1, b: e.mem[o.W], bk: in, bn: 1, c: e.mem[o.DX], fresh: !o.Add}
	return e.product(p, func(n int) { p.m = n })
}

func (e *cpuExecutor) denseGradWeights(o DenseGradWeights) []stage {
	in, out := e.sample(o.X), e.sample(o.DY)
	p := &product{m: out, n: in, k: e.p.Batch, a: e.mem[o.DY], am: 1, ak: out, b: e.mem[o.X], bk: in, bn: 1, c: e.mem[o.DW]}
	list := e.product(p, func(n int) { p.k, p.fresh = n, !e.step.Add })
	if o.DB == None {
		return list
	}
	dy, db := e.mem[o.DY], e.mem[o.DB]
	return append(list, stage{fixed(1), func(int, int) {
		if !e.step.Add {
			clear(db)
		}
		for n := range e.step.Samples {
			for i, v := range dy[n*out : (n+1)*out] {
				db[i] += v
			}
		}
	}})
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

// sum adds in eight lanes, so that a long sum is both quick and exact; the order is fixed.
func sum(s []float32) float32 {
	var lane [8]float32
	for ; len(s) >= 8; s = s[8:] {
		for i := range lane {
			lane[i] += s[i]
		}
	}
	total := float32(0)
	for _, v := range s {
		total += v
	}
	for _, v := range lane {
		total += v
	}
	return total
}
