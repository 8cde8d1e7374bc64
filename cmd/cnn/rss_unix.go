//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// peakRSS returns the most memory that this process has held, in megabytes; 0 if the system does not tell.
func peakRSS() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" { // there it is in bytes, elsewhere in kilobytes
		return int64(u.Maxrss) >> 20
	}
	return (int64(u.Maxrss) + childrenRSS()) >> 10
}
