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
	if cap(s) == 0 {
		return
	}
	s = s[:cap(s)]
	start := uintptr(unsafe.Pointer(&s[0]))
	skip := (hugePage - start%hugePage) % hugePage / 4
	if whole := (uintptr(len(s)) - min(skip, uintptr(len(s)))) * 4 / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&s[skip])), whole), unix.MADV_HUGEPAGE)
	}
}
