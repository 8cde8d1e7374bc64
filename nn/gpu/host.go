//go:build cgo

package gpu

import (
	"fmt"
	"math"
	"slices"

	"github.com/cogentcore/webgpu/wgpu"

	"github.com/convscope/convscope/nn/kernel"
)

// Buffer implements kernel.Executor.
func (x *executor) Buffer(id kernel.ID) kernel.HostAccess { return access{x, id} }

// access copies between a buffer and the host.
type access struct {
	x  *executor
	id kernel.ID
}

// Len implements kernel.HostAccess.
func (a access) Len() int { return a.x.p.Buffers[a.id].Shape.Len() }

// Upload implements kernel.HostAccess.
func (a access) Upload(src []float32) error {
	a.x.d.mu.Lock()
	defer a.x.d.mu.Unlock()
	if a.x.mem == nil {
		return errClosed
	}
	if err := kernel.CheckUpload(len(src), a.Len()); err != nil || len(src) == 0 {
		return err
	}
	a.x.reader.forget(a.id)
	return a.x.d.full(a.x.d.queue.WriteBuffer(a.x.piece(a.id), 0, wgpu.ToBytes(src)))
}

// Download implements kernel.HostAccess.
func (a access) Download(dst []float32) error {
	a.x.d.mu.Lock()
	defer a.x.d.mu.Unlock()
	if a.x.mem == nil {
		return errClosed
	}
	if err := kernel.CheckDownload(len(dst), a.Len()); err != nil || len(dst) == 0 {
		return err
	}
	return a.x.d.full(a.x.reader.read(a.x, a.id, dst))
}

// reader brings numbers back. Kept values that were asked for after a step come back with the next ones by themselves, in the same submission.
type reader struct {
	wanted []want
	stage  *wgpu.Buffer // memory that the host can read
	size   uint64       // of it, in bytes
	values []float32    // what came back with the last step
	fresh  bool         // values are those of the last step
}

// want is a value that is asked for after each step.
type want struct {
	id     kernel.ID
	length int // numbers, from the first
	at     int // where they lie in values
}

// find gives a value that came back with the last step, if all of it that is asked for did.
func (r *reader) find(id kernel.ID, length int) (want, bool) {
	i := slices.IndexFunc(r.wanted, func(w want) bool { return w.id == id })
	if i < 0 {
		return want{}, false
	}
	return r.wanted[i], r.wanted[i].length >= length && r.wanted[i].at+r.wanted[i].length <= len(r.values)
}

// read gives the numbers of a buffer.
func (r *reader) read(x *executor, id kernel.ID, dst []float32) error {
	if w, ok := r.find(id, len(dst)); ok && r.fresh {
		copy(dst, r.values[w.at:])
		return nil
	}
	encoder, err := x.d.wgpu.CreateCommandEncoder(nil)
	if err != nil {
		return err
	}
	defer encoder.Release()
	bytes := uint64(4 * len(dst))
	if err := r.room(x.d, bytes); err != nil {
		return err
	}
	if err := encoder.CopyBufferToBuffer(x.piece(id), 0, r.stage, 0, bytes); err != nil {
		return err
	}
	if err := x.submit(encoder); err != nil {
		return err
	}
	if b := x.p.Buffers[id]; b.Role == kernel.Value && b.Kept {
		r.want(id, len(dst))
	}
	return r.bring(x.d, dst)
}

// mostWanted is how many numbers come back with a step at most.
const mostWanted = 1 << 20

// want lets a value come back with each step from the next one on.
func (r *reader) want(id kernel.ID, length int) {
	r.fresh = false
	i := slices.IndexFunc(r.wanted, func(w want) bool { return w.id == id })
	if i < 0 {
		r.wanted = append(r.wanted, want{id: id})
		i = len(r.wanted) - 1
	}
	r.wanted[i].length = max(r.wanted[i].length, length)
	at := 0
	for i := range r.wanted {
		r.wanted[i].at = at
		at += r.wanted[i].length
	}
	if at > mostWanted {
		r.wanted = nil
	}
}

// forget drops a value that was written from outside since.
func (r *reader) forget(id kernel.ID) {
	if _, ok := r.find(id, 0); ok {
		r.fresh = false
	}
}

// record adds to a step that what is wanted comes back, and after it the number of the step.
func (r *reader) record(x *executor, encoder *wgpu.CommandEncoder) error {
	total := 1
	for _, w := range r.wanted {
		total += w.length
	}
	r.values, r.fresh = slices.Grow(r.values[:0], total)[:total], false
	if err := r.room(x.d, uint64(4*total)); err != nil {
		return err
	}
	for _, w := range r.wanted {
		if err := encoder.CopyBufferToBuffer(x.piece(w.id), 0, r.stage, uint64(4*w.at), uint64(4*w.length)); err != nil {
			return err
		}
	}
	return encoder.CopyBufferToBuffer(x.step, 4*serialWord, r.stage, uint64(4*(total-1)), 4)
}

// fetch waits for a step, and takes what came back. Of a device that was lost nothing new comes, and the library may say nothing: the number of the step tells.
func (r *reader) fetch(x *executor) error {
	if err := r.bring(x.d, r.values); err != nil {
		return err
	}
	last := len(r.values) - 1
	if math.Float32bits(r.values[last]) != x.serial {
		return Lost(x.d.name(), fmt.Errorf("step %d came back instead of %d", math.Float32bits(r.values[last]), x.serial))
	}
	r.values, r.fresh = r.values[:last], true
	return nil
}

// room makes sure that the host can read so many bytes.
func (r *reader) room(d *device, bytes uint64) error {
	if r.size >= bytes {
		return nil
	}
	r.release()
	b, err := d.buffer(bytes, wgpu.BufferUsageMapRead|wgpu.BufferUsageCopyDst)
	if err != nil {
		return err
	}
	r.stage, r.size = b, bytes
	return nil
}

// bring waits for what was submitted and reads the first numbers of the stage.
func (r *reader) bring(d *device, dst []float32) error {
	bytes := uint(4 * len(dst))
	if err := d.mapped(r.stage, bytes); err != nil {
		return err
	}
	d.readbacks.Add(1)
	copy(dst, wgpu.FromBytes[float32](r.stage.GetMappedRange(0, bytes)))
	return r.stage.Unmap()
}

func (r *reader) release() {
	if r.stage != nil {
		r.stage.Release()
	}
	r.stage, r.size = nil, 0
}
