package gpu

import (
	"slices"

	"github.com/convscope/convscope/nn/kernel"
)

// places lays the buffers of a program into as few and as small pieces of memory as their lives allow: values that are not kept share a piece one after the other.
// It gives the piece of each buffer, and the sizes of the pieces in numbers.
func places(p *kernel.Program, forward, backward []pass) (of []int, sizes []int) {
	const never = 1 << 30
	begin, end := make([]int, len(p.Buffers)), make([]int, len(p.Buffers))
	for i := range begin {
		begin[i], end[i] = never, -1
	}
	for at, pass := range slices.Concat(forward, backward) {
		for _, id := range pass.buffers {
			if id >= 0 {
				begin[id], end[id] = min(begin[id], at), at
			}
		}
	}
	of = make([]int, len(p.Buffers))
	type piece struct{ number, free int }
	var shared []piece
	order := make([]int, len(p.Buffers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return begin[a] - begin[b] })
	for _, i := range order {
		b, need := p.Buffers[i], p.Buffers[i].Shape.Len()
		if b.Role != kernel.Value || b.Kept {
			of[i], sizes = len(sizes), append(sizes, need)
			continue
		}
		// The free piece that fits best: the smallest that is large enough, else the largest, which grows.
		best := -1
		for k, s := range shared {
			if s.free > begin[i] {
				continue
			}
			if best < 0 || better(sizes[s.number], sizes[shared[best].number], need) {
				best = k
			}
		}
		if best < 0 {
			shared, sizes = append(shared, piece{len(sizes), 0}), append(sizes, 0)
			best = len(shared) - 1
		}
		s := &shared[best]
		s.free = end[i] + 1
		of[i], sizes[s.number] = s.number, max(sizes[s.number], need)
	}
	return of, sizes
}

func better(a, b, need int) bool {
	if (a >= need) != (b >= need) {
		return a >= need
	}
	return a >= need && a < b || a < need && a > b
}
