//go:build !linux

package kernel

// hugePages does nothing: only Linux is asked for large pages.
func hugePages([]float32) {}
