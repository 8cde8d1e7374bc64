//go:build unix && !linux

package subprocess

import "golang.org/x/sys/unix"

// duplicate lets one file descriptor stand for what another stands for.
func duplicate(from, to int) error { return unix.Dup2(from, to) }
