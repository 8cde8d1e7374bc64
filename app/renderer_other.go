//go:build !linux

package app

// spreadRenderer does nothing: only Linux leaves the threads of a software renderer on one core.
func spreadRenderer() {}
