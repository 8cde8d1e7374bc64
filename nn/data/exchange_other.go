//go:build !linux

package data

// exchange swaps two folders.
func exchange(new, old string) error { return exchangeByRename(new, old) }
