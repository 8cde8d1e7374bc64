package kernel

import (
	"cmp"
	"reflect"
	"slices"
)

// layout is where the CPU device keeps inputs and values. Each sample has a stretch of one arena with all its buffers, so that they lie together
// in the caches; buffers that are not alive at the same time share places. Within a buffer the channels of a place lie side by
// side (height × width × channels): a vector then holds channels, whatever the stride of a window, and a kernel's row is one run of memory.
type layout struct {
	shapes []Shape
	arena  []float32
	stride int   // from sample to sample
	at     []int // of each buffer within a sample's stretch
}

// newLayout places the buffers of a program; their arena is still to be allocated.
func newLayout(p *Program) layout {
	l := layout{at: make([]int, len(p.Buffers))}
	for _, b := range p.Buffers {
		l.shapes = append(l.shapes, b.Shape)
	}
	first, last := lifetimes(p)
	var order []int
	for i, b := range p.Buffers {
		if b.Role == Input || b.Role == Value {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(l.room(b), l.room(a)) })
	var placed []int // by where they lie
	for _, i := range order {
		at := 0
		for _, j := range placed {
			if last[i] < first[j] || last[j] < first[i] || l.at[j]+l.room(j) <= at {
				continue
			}
			if at+l.room(i) <= l.at[j] {
				break
			}
			at = l.at[j] + l.room(j)
		}
		l.at[i] = at
		l.stride = max(l.stride, at+l.room(i))
		where, _ := slices.BinarySearchFunc(placed, at, func(j, at int) int { return cmp.Compare(l.at[j], at) })
		placed = slices.Insert(placed, where, i)
	}
	// Samples a multiple of a page apart would meet in the same places of the caches.
	if l.stride%1024 == 0 {
		l.stride += 16
	}
	return l
}

// room returns how many numbers a buffer takes of a sample, rounded up to a line of the caches.
func (l *layout) room(i int) int { return ceilDiv(l.shapes[i].Sample(), 16) * 16 }

// lifetimes returns the first and last operation that touches each buffer, counted through forward and backward; what is seen from outside lives
// through all of them.
func lifetimes(p *Program) (first, last []int) {
	end := len(p.Forward) + len(p.Backward)
	first, last = make([]int, len(p.Buffers)), make([]int, len(p.Buffers))
	for i, b := range p.Buffers {
		first[i], last[i] = end, -1
		if b.Role == Input || b.Kept {
			first[i], last[i] = -1, end
		}
	}
	for i, op := range slices.Concat(p.Forward, p.Backward) {
		for _, id := range buffersOf(op) {
			first[id], last[id] = min(first[id], i), max(last[id], i)
		}
	}
	return first, last
}

// buffersOf lists the buffers that an operation names.
func buffersOf(op Op) (ids []ID) {
	v := reflect.ValueOf(op)
	for i := range v.NumField() {
		if id, ok := v.Field(i).Interface().(ID); ok && id != None {
			ids = append(ids, id)
		}
	}
	return ids
}

// sample returns the number of elements of one sample of a buffer.
func (l *layout) sample(id ID) int { return l.shapes[id].Sample() }

// of gives a buffer of one sample.
func (l *layout) of(id ID, n int) []float32 {
	at := n*l.stride + l.at[id]
	return l.arena[at : at+l.shapes[id].Sample()]
}

// ofAll gives a buffer of the samples from–to, which lie stride numbers apart.
func (l *layout) ofAll(id ID, from, to int) []float32 {
	return l.arena[from*l.stride+l.at[id] : (to-1)*l.stride+l.at[id]+l.shapes[id].Sample()]
}

// spatial reports whether the order of a sample's numbers differs from that of the host: several channels of several places.
func spatial(s Shape) bool { return s.C > 1 && s.H*s.W > 1 }

// toPlaces writes a sample given channel by channel (all of it, or the beginning) place by place.
func toPlaces(s Shape, dst, src []float32) {
	plane := s.H * s.W
	for c := 0; c*plane < len(src); c++ {
		row := src[c*plane : min((c+1)*plane, len(src))]
		for i, at := 0, c; i < len(row); i, at = i+1, at+s.C {
			dst[at] = row[i]
		}
	}
}

// toChannels writes a sample given place by place channel by channel, as much as fits.
func toChannels(s Shape, dst, src []float32) {
	plane := s.H * s.W
	for c := 0; c*plane < len(dst); c++ {
		row := dst[c*plane : min((c+1)*plane, len(dst))]
		for i, at := 0, c; i < len(row); i, at = i+1, at+s.C {
			row[i] = src[at]
		}
	}
}

// sampleAccess copies between the host's order and the arena's.
type sampleAccess struct {
	l  *layout
	id ID
}

func (m sampleAccess) Len() int { return m.l.shapes[m.id].Len() }

func (m sampleAccess) Upload(src []float32) error {
	s := m.l.shapes[m.id]
	if err := CheckUpload(len(src), s.Len()); err != nil {
		return err
	}
	for n := 0; len(src) > 0; n++ {
		part := src[:min(s.Sample(), len(src))]
		src = src[len(part):]
		if spatial(s) {
			toPlaces(s, m.l.of(m.id, n), part)
		} else {
			copy(m.l.of(m.id, n), part)
		}
	}
	return nil
}

func (m sampleAccess) Download(dst []float32) error {
	s := m.l.shapes[m.id]
	if err := CheckDownload(len(dst), s.Len()); err != nil {
		return err
	}
	for n := 0; len(dst) > 0; n++ {
		part := dst[:min(s.Sample(), len(dst))]
		dst = dst[len(part):]
		if spatial(s) {
			toChannels(s, part, m.l.of(m.id, n))
		} else {
			copy(part, m.l.of(m.id, n))
		}
	}
	return nil
}
