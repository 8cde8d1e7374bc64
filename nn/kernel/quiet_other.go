//go:build !linux

package kernel

// GiveWay puts the calling goroutine's thread behind others where the system has a way to do that for one thread; here it has none.
func GiveWay() {}
