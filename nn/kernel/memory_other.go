//go:build !linux

package kernel

// hugePages does nothing: only Linux is asked for large pages.
func hugePages([]float32) {}

// scratchMemory is memory for n numbers.
func scratchMemory(n int) []float32 { return memory(n) }
