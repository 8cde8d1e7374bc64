package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of the pages that the system is asked for.
const hugePage = 2 << 20

// hugePages asks for large pages where memory is large: the transforms and products write and read at distances of many pages, and the processor
// remembers where a few dozen pages are. A system that does not give them works as before.
func hugePages(s []float32) {
	s = s[:cap(s)]
	if len(s) < hugePage/4 {
		return
	}
	skip := beforePage(s)
	if whole := (len(s) - skip) * 4 / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&s[skip])), whole), unix.MADV_HUGEPAGE)
	}
}

// beforePage returns how many numbers of s lie before the first large page that begins in it.
func beforePage(s []float32) int {
	return int((hugePage - uintptr(unsafe.Pointer(&s[0]))%hugePage) % hugePage / 4)
}

// scratchMemory is memory for n numbers that is on large pages from its beginning to its end, if it is not small: what is used all the time.
func scratchMemory(n int) []float32 {
	const page = hugePage / 4
	if n < page/16 {
		return memory(n)
	}
	s := memory(ceilDiv(n+slack, page)*page + page)
	skip := beforePage(s)
	return s[skip : skip+n : skip+n+slack]
}
